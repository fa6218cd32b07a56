"""What the page of what changed does on the server: it follows the cursor, the pins, the run."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app import store
from app.auth.identity import current_identity
from app.components.clicks import is_id
from app.components.other_run import chosen_run
from app.data.change import change, moments
from app.data.change_runs import between, sides
from app.data.matched_filters import matched_filters
from app.reading import reads
from app.selection import STORE, control_id
from app.views.change import two_runs
from app.views.change.ids import Ids
from app.views.change.tables import OneRun, nothing
from app.views.change.words import MOST_CHANGED, OTHER_SNAPSHOTS
from db.permissions import Permission
from db.queries.measurements import snapshots
from db.queries.runs import structure

Choices = list[dict[str, str]]


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    selected = (Input(STORE, "data"), State(Ids.RUN, "data"))
    app.callback(Output(Ids.BODY, "children"), *selected)(show)
    app.callback(Output(control_id(Ids.LAYER, "changelayer"), "data"), *selected)(offer_layers)
    app.callback(
        Output(control_id(Ids.OTHER_AT, "otherat"), "data"),
        Output(Ids.OTHER_AT_HOLDER, "hidden"),
        *selected,
    )(offer_snapshots)


@reads
def show(selection: object, run_id: object) -> list[Component]:
    """Return what changed between the snapshots that are chosen, of this run or of two."""
    if not is_id(run_id):
        raise PreventUpdate
    chosen = selection if isinstance(selection, Mapping) else {}
    other = _other(chosen, run_id)
    with store.transaction() as session:
        if other is None:
            return _of_one(session, chosen, run_id)
        return _of_two(session, chosen, run_id, other)


@reads
def offer_layers(_selection: object, run_id: object) -> Choices:
    """Return the layers to choose from."""
    if not is_id(run_id):
        raise PreventUpdate
    with store.transaction() as session:
        names = structure.layers(session, run_id=run_id).names
    return _choices(MOST_CHANGED, [(str(at), name) for at, name in enumerate(names)])


@reads
def offer_snapshots(selection: object, run_id: object) -> tuple[Choices, bool]:
    """Return the snapshots of the other run to choose from, and whether there is none chosen."""
    if not is_id(run_id):
        raise PreventUpdate
    other = _other(selection if isinstance(selection, Mapping) else {}, run_id)
    if other is None:
        return _choices(OTHER_SNAPSHOTS, []), True
    with store.transaction() as session:
        found = snapshots.iterations(session, run_id=other)
    named = [(str(at), f"Iteration {at:,}") for at in found.tolist()]
    return _choices(OTHER_SNAPSHOTS, named), False


def _choices(first: Mapping[str, str], others: Sequence[tuple[str, str]]) -> Choices:
    return [{"value": value, "label": label} for value, label in (*first.items(), *others)]


def _other(chosen: Mapping[str, Any], run_id: int) -> int | None:
    other = chosen_run(chosen, run_id)
    allowed = other is not None and current_identity().may(Permission.COMPARE)
    return other if allowed else None


def _of_one(session: Session, chosen: Mapping[str, Any], run_id: int) -> list[Component]:
    cursor, pins = chosen.get("cursor"), chosen.get("pins")
    pins = [pin for pin in pins if is_id(pin)] if isinstance(pins, list) else []
    iterations = snapshots.iterations(session, run_id=run_id)
    found = moments(iterations, cursor if is_id(cursor) else None, pins)
    if found is None:
        return nothing(len(iterations))
    changed = change(session, run_id, *found)
    layers = structure.layers(session, run_id=run_id).names
    most = int(changed.layers.layer_id[0]) if len(changed.layers.layer_id) else None
    layer = _layer(chosen, range(len(layers)), most)
    classes = structure.classes(session, run_id=run_id).names
    return OneRun(run_id, changed, layers, classes, layer).page(pinned=bool(pins))


def _of_two(
    session: Session, chosen: Mapping[str, Any], run_id: int, other: int
) -> list[Component]:
    cursor = chosen.get("cursor")
    at = cursor if is_id(cursor) else None
    found = sides(session, run_id, other, at, chosen.get("otherat"))
    if found is None:
        return two_runs.nothing()
    differs = between(session, *found)
    shared = differs.shared.here.tolist()
    most = int(differs.layers.layer_id[0]) if shared else None
    layer = _layer(chosen, shared, most)
    place, pairs = None, None
    if layer is not None:
        place = shared.index(layer)
        there = int(differs.shared.there[place])
        pairs = matched_filters(session, (run_id, other), (layer, there))
    layers = structure.layers(session, run_id=run_id).names
    classes = structure.classes(session, run_id=run_id).names
    return two_runs.TwoRuns(differs, layers, classes, place, pairs).page()


def _layer(chosen: Mapping[str, Any], there: Sequence[int], most: int | None) -> int | None:
    """Return the layer that is chosen where it is there, else the one that changed most."""
    said = str(chosen.get("changelayer"))
    known = said.isascii() and said.isdecimal() and len(said) <= 9
    return int(said) if known and int(said) in there else most
