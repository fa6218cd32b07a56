"""The fields of the selection: their kinds and checks, and those that several views share.

A field of one view alone stands in its own fields.py and is called by that view's name for it;
`joined` puts them together. The scripts have them as types: app/web/core/fields.ts, and fields.ts
of each view.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


SHARED: Mapping[str, Field] = {
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
    # The image that is shown large.
    "image": Field(Kind.INTEGER, passing=True),
    # Anomalies: window and threshold (of images, or a share of the class), direction.
    "k": Field(Kind.INTEGER, passing=True),
    "m": Field(Kind.NUMBER, passing=True),
    "share": Field(Kind.FLAG, False),
    "direction": Field(Kind.TEXT, "both"),
    # Classes: their order, the colours of their error, only those with anomalies.
    "classorder": Field(Kind.TEXT, "similarity"),
    "palette": Field(Kind.TEXT, "accuracy"),
    "onlyanomalous": Field(Kind.FLAG, False),
    # What is shown of layers, and on which scale; losses on a logarithmic one.
    "measure": Field(Kind.TEXT, "ratio"),
    "statistic": Field(Kind.TEXT, "std"),
    "scale": Field(Kind.TEXT, "log"),
    "log": Field(Kind.FLAG, False),
    # The most changed filters: by what, how many of an iteration; what their cells are coloured by.
    "topquantity": Field(Kind.TEXT, "relative_change"),
    "top": Field(Kind.INTEGER, 50, passing=True),
    "cellcolour": Field(Kind.TEXT, "count"),
    # The number of the run that this one is held against.
    "otherrun": Field(Kind.TEXT, "none"),
}

# How addresses have listed fields so far: one selection keeps one address, whoever declares its
# fields. A new field needs no place here; it follows.
ADDRESS_ORDER = [
    "cursor", "pins", "range", "zoom", "annotation", "classes", "images", "layers", "filters",
    "panes", "arrange", "sizes", "k", "m", "share", "direction", "clusters", "open", "order",
    "search", "group", "openclasses", "classorder", "rowheight", "imagelist", "find", "quantity",
    "statistic", "scaling", "log", "palette", "measure", "encoding", "scale", "same", "height",
    "level", "toggled", "nodes", "normalised", "sort", "limit", "limitof", "filterquantity",
    "filterscaling", "filterorder", "topquantity", "topsort", "top", "cell", "cellcolour",
    "significance", "weight", "split", "splitlayers", "splitclasses", "roworder", "columnorder",
    "cubeface", "cubeturn", "cubefront", "cubetop", "cubetied", "slicelayer", "sliceclass",
    "sliceiteration", "layerrange", "classrange", "align", "grouping", "members", "firstrun",
    "secondrun", "compareorder",
]  # fmt: skip


def joined(declared: Mapping[str, Mapping[str, Field]]) -> dict[str, Field]:
    """Return the shared fields and those that views declare, {name of the view: its fields}.

    They stand in the order of addresses. Raises ValueError where two declare one name: both would
    write it.
    """
    fields, owners = dict(SHARED), dict.fromkeys(SHARED, "SHARED of app/fields.py")
    for view, own in declared.items():
        owner = f"the view {view}"
        for name, field in own.items():
            if name in owners:
                raise ValueError(
                    f"{owners[name]} and {owner} both declare the field {name!r} of the selection; "
                    "rename one, or move it to SHARED of app/fields.py where they mean the same"
                )
            fields[name], owners[name] = field, owner
    places = {name: place for place, name in enumerate(ADDRESS_ORDER)}
    return dict(sorted(fields.items(), key=lambda item: places.get(item[0], len(places))))


def read_text(kind: Kind, text: str) -> Any:
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


def fits(kind: Kind, value: object) -> bool:
    """Return whether a value is of this kind; texts and lists of reasonable length."""
    return bool(_CHECKS[kind](value))
