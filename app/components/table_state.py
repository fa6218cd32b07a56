"""What a browser asks of a table: its order, how wide its columns are, which stay in sight."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

LEAST_WIDTH, MOST_WIDTH = 40, 1_200


@dataclass(frozen=True)
class Order:
    """A column, and the direction."""

    by: str
    descending: bool = True


@dataclass(frozen=True)
class Look:
    """How wide columns are where somebody set it, in pixels by name, and which stay in sight."""

    widths: Mapping[str, int] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()


def read_order(given: object, sortable: Container[str], otherwise: Order) -> Order:
    """Return the order that a browser sent; `otherwise` where it sent none that there is."""
    by = given.get("by") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(by, str) or by not in sortable:
        return otherwise
    return Order(by, bool(given.get("descending")))


def read_widths(given: object, columns: Container[str]) -> dict[str, int]:
    """Return the widths that a browser sent of columns that there are, each within bounds."""
    listed = given if isinstance(given, dict) else {}
    return {
        name: min(max(round(width), LEAST_WIDTH), MOST_WIDTH)
        for name, width in listed.items()
        if name in columns and isinstance(width, int | float) and abs(width) <= 10**6
    }


def read_names(given: object, columns: Sequence[str]) -> tuple[str, ...]:
    """Return those of the columns that a browser sent, in its order, each once."""
    listed = given if isinstance(given, list | tuple) else ()
    return tuple(dict.fromkeys(name for name in listed if name in columns))
