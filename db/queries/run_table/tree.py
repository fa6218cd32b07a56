"""A filter of runs as a tree: comparisons of fields, joined by and, or and not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deeptracker.errors import DeepTrackerError


class FilterError(DeepTrackerError):
    """What somebody typed is no filter; `at` is the character where it goes wrong, from 1."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(f"{problem} at character {at}")
        self.at = at


class Part(StrEnum):
    """Which number of a scalar's values is meant."""

    BEST = "best"
    LAST = "last"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True)
class Name:
    """A field of every run ("owner"), or a hyperparameter.

    `quoted`: it stood in quotation marks, and so is a hyperparameter whatever it is called.
    """

    name: str
    quoted: bool = False

    def __str__(self) -> str:
        return quoted(self.name) if self.quoted else self.name


@dataclass(frozen=True)
class ScalarPart:
    """One number of a scalar: "best(val_acc)"."""

    part: Part
    name: str

    def __str__(self) -> str:
        return f"{self.part}({written(self.name)})"


Field = Name | ScalarPart


@dataclass(frozen=True)
class Value:
    """A value as it was typed; `at` is where it stands."""

    text: str
    quoted: bool = False
    at: int = 1


@dataclass(frozen=True)
class Comparison:
    """A field beside values: one, or several after "in"; `at` is where the field stands."""

    field: Field
    operator: str
    values: tuple[Value, ...]
    at: int = 1


@dataclass(frozen=True)
class Word:
    """What must stand in one of a run's texts."""

    text: str


@dataclass(frozen=True)
class Not:
    """What must not be so."""

    part: "Tree"


@dataclass(frozen=True)
class All:
    """Parts that must all be so; none: every run is meant."""

    parts: Sequence["Tree"]


@dataclass(frozen=True)
class Either:
    """Parts of which one must be so."""

    parts: Sequence["Tree"]


Tree = Comparison | Word | Not | All | Either

SPECIAL = "()<>=!:,\"'"
KEYWORDS = ("and", "or", "not", "in")


def quoted(text: str) -> str:
    """Return a text in quotation marks, as the grammar reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(text: str) -> str:
    """Return a name or value as one types it: in quotation marks where it would be misread."""
    plain = text and not any(c in SPECIAL or c.isspace() or c == "\\" for c in text)
    return text if plain and text.casefold() not in KEYWORDS else quoted(text)


def shown(tree: Tree) -> str:
    """Return the filter as one types it: it is read as the same tree again."""
    if isinstance(tree, Word):
        return written(tree.text)
    if isinstance(tree, Comparison):
        values = [quoted(v.text) if v.quoted else v.text for v in tree.values]
        if tree.operator == "in":
            return f"{tree.field} in ({', '.join(values)})"
        return f"{tree.field} {tree.operator} {values[0]}"
    if isinstance(tree, Not):
        return f"not {_inner(tree.part)}"
    joint = " and " if isinstance(tree, All) else " or "
    return joint.join(_inner(part) for part in tree.parts)


def _inner(tree: Tree) -> str:
    return f"({shown(tree)})" if isinstance(tree, All | Either) else shown(tree)
