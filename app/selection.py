"""The shared selection: which fields it has, how controls are bound to it, how it is read.

The selection lives in the browser (app/web/core/selection.ts). After a moment of rest it goes to
the address and to the dcc.Store `selection`; server callbacks take that store as their input and
read it with `read_selection`, which trusts nothing. The shell puts it on every page of a run.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

STORE = "selection"
MAX_ITEMS = 500
MAX_NUMBER = 2**31 - 1
MAX_TEXT = 200


class Kind(StrEnum):
    """How a field is written in the address."""

    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    INTEGERS = "integers"  # 1,2,3
    RANGE = "range"  # 1600-8000, both ends included
    PAIRS = "pairs"  # 3.17,4.2: layer and filter


@dataclass(frozen=True)
class Field:
    """One field of the selection; a default stands where nothing is chosen, in no address.

    What changes while one moves or types is `passing`: it makes no entry in the browser's history.
    """

    kind: Kind
    default: Any = None
    passing: bool = False


FIELDS: Mapping[str, Field] = {
    # Iterations: under the cursor, kept, brushed, shown.
    "cursor": Field(Kind.INTEGER, passing=True),
    "pins": Field(Kind.INTEGERS, []),
    "range": Field(Kind.RANGE),
    "zoom": Field(Kind.RANGE),
    # The annotation whose thread is open.
    "annotation": Field(Kind.INTEGER),
    # What is chosen, by id.
    "classes": Field(Kind.INTEGERS, []),
    "images": Field(Kind.INTEGERS, []),
    "layers": Field(Kind.INTEGERS, []),
    "filters": Field(Kind.PAIRS, []),
    # The workspace: which views, how they lie, the parts of the room they take (per mille).
    "panes": Field(Kind.TEXT, "validation,layers"),
    "arrange": Field(Kind.TEXT, "columns"),
    "sizes": Field(Kind.INTEGERS, [], passing=True),
    # Anomalies: window and threshold (of images, or a share of the class), direction.
    "k": Field(Kind.INTEGER, passing=True),
    "m": Field(Kind.NUMBER, passing=True),
    "share": Field(Kind.FLAG, False),
    "direction": Field(Kind.TEXT, "both"),
    # Clusters of classes, order and search of rows.
    "clusters": Field(Kind.INTEGER, 4),
    "open": Field(Kind.INTEGERS, []),
    "order": Field(Kind.TEXT, "recorded"),
    "search": Field(Kind.TEXT, "", passing=True),
    # The validation view: rows by cluster or all, opened classes, their order and height, the list.
    "group": Field(Kind.TEXT, "clusters"),
    "openclasses": Field(Kind.INTEGERS, []),
    "classorder": Field(Kind.TEXT, "similarity"),
    "rowheight": Field(Kind.TEXT, "auto"),
    "imagelist": Field(Kind.TEXT, "forgotten"),
    "find": Field(Kind.TEXT, "", passing=True),
    # What the layers' charts show, and how.
    "quantity": Field(Kind.TEXT, "gradient"),
    "statistic": Field(Kind.TEXT, "std"),
    "scaling": Field(Kind.TEXT, "log"),
    "log": Field(Kind.FLAG, False),
    "palette": Field(Kind.TEXT, "accuracy"),
    # The layer view: what is shown of every node of the network, how, and which nodes are opened,
    # compared (places in the tree); how filters of the opened layer and the most changed are shown.
    "measure": Field(Kind.TEXT, "ratio"),
    "encoding": Field(Kind.TEXT, "line"),
    "scale": Field(Kind.TEXT, "log"),
    "same": Field(Kind.FLAG, True),
    "height": Field(Kind.TEXT, "auto"),
    "level": Field(Kind.INTEGER, 0),
    "toggled": Field(Kind.INTEGERS, []),
    "nodes": Field(Kind.INTEGERS, []),
    "normalised": Field(Kind.FLAG, False),
    "sort": Field(Kind.TEXT, "network"),
    "limit": Field(Kind.NUMBER, 1e-3, passing=True),
    "limitof": Field(Kind.TEXT, "value"),
    "filterquantity": Field(Kind.TEXT, "cosine_change"),
    "filterscaling": Field(Kind.TEXT, "log"),
    "filterorder": Field(Kind.TEXT, "recorded"),
    "topquantity": Field(Kind.TEXT, "relative_change"),
    "topsort": Field(Kind.TEXT, "count"),
    "top": Field(Kind.INTEGER, 50, passing=True),
    # The correlation view: the chosen cell (layer and class), colour and significance of cells, the
    # lightest mini-set shown, what is split ("none", "rows", "columns", "both") and what differs.
    "cell": Field(Kind.PAIRS, [], passing=True),
    "cellcolour": Field(Kind.TEXT, "count"),
    "significance": Field(Kind.TEXT, "0.05"),
    "weight": Field(Kind.INTEGER, 1, passing=True),
    "split": Field(Kind.TEXT, "none"),
    "splitlayers": Field(Kind.INTEGERS, []),
    "splitclasses": Field(Kind.INTEGERS, []),
    "roworder": Field(Kind.TEXT, "network"),
    "columnorder": Field(Kind.TEXT, "strength"),
    # The cube: the face that is seen, its angles (yaw, pitch), what front and top show, whether the
    # right face keeps to what is beyond chance; slices (ids, an iteration); ranges shown, of layers
    # by id and of classes by their place in `classorder` (those of iterations are `zoom`).
    "cubeface": Field(Kind.TEXT, "turned"),
    "cubeturn": Field(Kind.INTEGERS, [34, 27], passing=True),
    "cubefront": Field(Kind.TEXT, "ratio"),
    "cubetop": Field(Kind.TEXT, "accuracy"),
    "cubetied": Field(Kind.FLAG, False),
    "slicelayer": Field(Kind.INTEGER, passing=True),
    "sliceclass": Field(Kind.INTEGER, passing=True),
    "sliceiteration": Field(Kind.INTEGER, passing=True),
    "layerrange": Field(Kind.RANGE, passing=True),
    "classrange": Field(Kind.RANGE, passing=True),
    # The compare page: what runs are aligned by, whether they are grouped ("runs", "seeds",
    # "chosen"), the chosen group of each run (0: none), which two of the runs are shown in detail
    # (by their place), and the order of their classes.
    "align": Field(Kind.TEXT, "iteration"),
    "grouping": Field(Kind.TEXT, "runs"),
    "members": Field(Kind.INTEGERS, []),
    "firstrun": Field(Kind.TEXT, "0"),
    "secondrun": Field(Kind.TEXT, "1"),
    "compareorder": Field(Kind.TEXT, "difference"),
}


def page_parts(
    defaults: Mapping[str, Any] | None = None,
    *,
    run_id: int | None = None,
    of: str = "",
    stored: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the components that a page with the selection needs, once a page.

    `defaults` are those that depend on the run, for instance the window `k`. `of` is what addresses
    say of the run beside its number (app/versions.py short_uuid). `stored` is the view
    that the address names: {"id", "query", "private"}, or {"id", "missing": why it is not there}.
    Raises KeyError for a field that does not exist.
    """
    chosen = dict(defaults or {})
    unknown = set(chosen) - set(FIELDS)
    if unknown:
        raise KeyError(f"the selection has no field {sorted(unknown)}")
    fields = {}
    for name, field in FIELDS.items():
        fields[name] = {"kind": field.kind, "default": chosen.get(name, field.default)}
        if field.passing:
            fields[name]["passing"] = True
        if name in chosen:
            # Another day the default may be another: links write it out.
            fields[name]["varies"] = True
    carried: dict[str, Any] = {
        "data-fields": json.dumps(fields),
        "data-run": str(run_id or ""),
        "data-of": of,
        "data-view": json.dumps(stored) if stored else "",
    }
    values = {name: entry["default"] for name, entry in fields.items()}
    return [
        dcc.Store(id=STORE, data=values),
        html.Div(id="selection-fields", hidden=True, **carried),
    ]


def united(defaults: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the defaults of several views as one: they share one selection.

    Raises ValueError where two views want different defaults of one field.
    """
    found: dict[str, Any] = {}
    for mapping in defaults:
        for name, value in mapping.items():
            if found.setdefault(name, value) != value:
                raise ValueError(f"two views have different defaults of {name}")
    return found


def bind_control(app: Dash, component_id: str, field: str, *, prop: str = "value") -> None:
    """Let a control write a field of the selection, and follow it; all in the browser.

    Both ways know which control it is and what it shows: what it was told, it says back, later.
    """
    if field not in FIELDS:
        raise KeyError(f"the selection has no field {field!r}")
    app.clientside_callback(
        ClientsideFunction("selection", f"write_{field}"),
        Input(component_id, prop),
        State(component_id, "id"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("selection", f"read_{field}"),
        Output(component_id, prop),
        Input(STORE, "data"),
        State(component_id, "id"),
        State(component_id, prop),
        prevent_initial_call=True,
    )


def read_selection(data: object) -> dict[str, Any]:
    """Return every field of what a browser sent, checked; what does not fit takes its default."""
    given = data if isinstance(data, dict) else {}
    read = {}
    for name, field in FIELDS.items():
        value = given.get(name)
        read[name] = value if _fits(field.kind, value) else field.default
    return read


def clean_query(text: str) -> str:
    """Return what of an address's query string is a selection, written as the browser writes it."""
    kept = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=200):
        field = FIELDS.get(name)
        if field is not None and _fits(field.kind, _read(field.kind, value)):
            kept[name] = value
    return urlencode(kept, safe=",")


def _read(kind: Kind, text: str) -> Any:
    """Return the value of a text in the address; None where it is not of this kind."""
    try:
        return _READERS[kind](text)
    except ValueError:
        return None


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _integers(text: str, separator: str = ",") -> list[int]:
    return [_integer(part) for part in text.split(separator)] if text else []


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _finite,
    Kind.FLAG: lambda text: {"0": False, "1": True}.get(text),
    Kind.TEXT: str,
    Kind.INTEGERS: _integers,
    Kind.RANGE: lambda text: _integers(text, "-"),
    Kind.PAIRS: lambda text: [_integers(pair, ".") for pair in text.split(",")],
}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


def _wholes(value: object, length: int | None = None) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_ITEMS
        and (length is None or len(value) == length)
        and all(map(_whole, value))
    )


def _pairs(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_ITEMS
        and all(_wholes(pair, 2) for pair in value)
    )


def _number(value: object) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER
    )


_CHECKS = {
    Kind.INTEGER: _whole,
    Kind.NUMBER: _number,
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.TEXT: lambda value: isinstance(value, str) and len(value) <= MAX_TEXT,
    Kind.INTEGERS: _wholes,
    Kind.RANGE: lambda value: _wholes(value, 2) and value[0] <= value[1],
    Kind.PAIRS: _pairs,
}


def _fits(kind: Kind, value: object) -> bool:
    return bool(_CHECKS[kind](value))
