"""Addresses that open a view with what a finding or an answer is about selected: page and API."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import get_relative_path

from ingest.analysis.health.rules import BY_NAME

# More ids make an address that nobody can read, and mark everything.
MOST_CLASSES, MOST_FILTERS = 10, 30


def place_link(
    run_id: int,
    view: str,
    *,
    start: int | None = None,
    end: int | None = None,
    classes: Sequence[int] = (),
    layers: Sequence[int] = (),
    filters: Sequence[tuple[int, int]] = (),
    image: int | None = None,
) -> str:
    """Return the address of a page of the run; the fields are those of the selection.

    The start is under the cursor and pinned; where there is an end, the stretch is brushed. The
    image is shown large.
    """
    fields: dict[str, str] = {}
    if start is not None:
        fields["cursor"] = str(start)
        fields["pins"] = str(start)
        if end is not None and end > start:
            fields["range"] = f"{start}-{end}"
    if classes:
        chosen = ",".join(map(str, classes[:MOST_CLASSES]))
        fields["classes"] = chosen
        if view == "validation":
            fields["openclasses"] = chosen
    if layers:
        fields["layers"] = str(layers[0])
    if filters:
        fields["filters"] = ",".join(f"{layer}.{one}" for layer, one in filters[:MOST_FILTERS])
    if image is not None:
        fields["image"] = str(image)
    query = f"?{urlencode(fields, safe=',')}" if fields else ""
    return f"{get_relative_path(f'/run/{run_id}/{view}')}{query}"


def _best_view(rule_views: Sequence[str], *, classes: Sequence[int], layers: Sequence[int]) -> str:
    """Return the page that shows an answer best, by the views of its evidence, the strongest first.

    That of the strongest that is about more than the whole run (a loss that jumps says nothing of
    where), if the answer names something to see there; else that of whatever it names.
    """
    named = [view for view, ids in (("layers", layers), ("validation", classes)) if ids]
    told = [view for view in rule_views if view in named]
    return next(iter([*told, *named]), "overview")


def answer_link(run_id: int, answer: Mapping[str, Any]) -> str:
    """Return the address that shows a stored answer best."""
    views = [BY_NAME[e["rule"]].view for e in answer["evidence"] if e["rule"] in BY_NAME]
    return place_link(
        run_id,
        _best_view(views, classes=answer["classes"], layers=answer["layers"]),
        start=answer["iteration"],
        end=answer["end"],
        classes=answer["classes"],
        layers=answer["layers"],
        filters=[(int(layer), int(one)) for layer, one in answer["filters"]],
    )


def mark_link(run_id: int, answer: Mapping[str, Any], view: str) -> str:
    """Return the address that shows what speaks for or against a cause of a stored answer."""
    return place_link(
        run_id,
        view,
        start=answer["iteration"],
        end=answer["end"],
        classes=answer["classes"] if view == "validation" else (),
        layers=answer["layers"] if view == "layers" else (),
    )


def compare_link(run_ids: Sequence[int]) -> str:
    """Return the address that compares runs."""
    return f"{get_relative_path('/compare')}?runs={','.join(map(str, run_ids))}"
