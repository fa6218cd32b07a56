"""What the page of what changed asks for: its summary and tables as a tree of elements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.components.tree import tree
from app.data.change import change, moments
from app.data.change_runs import between, sides
from app.data.matched_filters import matched_filters
from app.views.change import two_runs
from app.views.change.tables import OneRun, nothing
from db.queries.measurements import snapshots
from db.queries.runs import structure

Answer = tuple[Arrays, dict[str, Any]]


def of_run(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what changed between two snapshots of a run.

    Arguments: cursor, pins and layer, as the selection has them (layer: "most", or an id). No
    arrays; meta: page, trees of elements (app/components/tree.py).
    """
    cursor, pins = arguments.integer("cursor"), arguments.integers("pins")
    asked = arguments.text("layer")
    iterations = snapshots.iterations(session, run_id=run_id)
    found = moments(iterations, cursor, pins)
    if found is None:
        return _page(nothing(len(iterations)))
    changed = change(session, run_id, *found)
    layers = structure.layers(session, run_id=run_id).names
    most = int(changed.layers.layer_id[0]) if len(changed.layers.layer_id) else None
    layer = _layer(asked, range(len(layers)), most)
    classes = structure.classes(session, run_id=run_id).names
    return _page(OneRun(run_id, changed, layers, classes, layer).page(pinned=bool(pins)))


def of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve how a snapshot of a run differs from one of another.

    Arguments: cursor, otherat and layer, as the selection has them. The answer is as of `of_run`.
    """
    if len(run_ids) != 2:
        raise BadArgument("runs must be two runs here, such as 3,4.")
    run_id, other = run_ids
    cursor, otherat = arguments.integer("cursor"), arguments.text("otherat")
    asked = arguments.text("layer")
    found = sides(session, run_id, other, cursor, otherat)
    if found is None:
        return _page(two_runs.nothing())
    differs = between(session, *found)
    shared = differs.shared.here.tolist()
    most = int(differs.layers.layer_id[0]) if shared else None
    layer = _layer(asked, shared, most)
    place, pairs = None, None
    if layer is not None:
        place = shared.index(layer)
        there = int(differs.shared.there[place])
        pairs = matched_filters(session, (run_id, other), (layer, there))
    layers = structure.layers(session, run_id=run_id).names
    classes = structure.classes(session, run_id=run_id).names
    return _page(two_runs.TwoRuns(differs, layers, classes, place, pairs).page())


def _page(parts: Sequence[Any]) -> Answer:
    return {}, {"page": [tree(part) for part in parts]}


def _layer(said: str, there: Sequence[int], most: int | None) -> int | None:
    """Return the layer that is chosen where it is there, else the one that changed most."""
    known = said.isascii() and said.isdecimal() and len(said) <= 9
    return int(said) if known and int(said) in there else most
