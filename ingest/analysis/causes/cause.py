"""What a cause and a mark are: causes differ by the marks that they leave, each so or so often."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ingest.analysis.causes.event import Event

# How often a cause leaves a mark. What a cause says nothing of, it leaves as often as others do.
ALWAYS, OFTEN, HALF, SELDOM, NEVER = 0.95, 0.75, 0.5, 0.12, 0.03
# What no data do to single layers.
NO_LAYER = {
    "norm-jumps": SELDOM,
    "layer-scaled": NEVER,
    "layer-still": NEVER,
    "norms-shrink": NEVER,
}


@dataclass(frozen=True)
class Mark:
    """Something that is so, or not, around an event.

    `seen(event)` tells it; None: the run does not have what it takes to tell. `usual` is how often
    events of any cause have it; `there` and `missing` say it in words, `view` shows it.
    """

    name: str
    there: str
    missing: str
    view: str
    seen: Callable[[Event], bool | None]
    usual: float = 0.2


@dataclass(frozen=True)
class Place:
    """Where a cause sits: classes and layers by id, the most affected first."""

    classes: tuple[int, ...] = ()
    layers: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that goes wrong in trainings.

    `says` tells it of `{classes}` or `{layers}`, `counter_test` what to do that would refute it;
    `marks` are how often it leaves each mark; `place(event)` is where it sits, None: nowhere in
    particular. `shown_by` are marks that its words claim: where none of them was seen, it is no
    suspect, whatever else fits. `prior` is how common it is against the others. `source` is where
    it is described.
    """

    name: str
    title: str
    says: str
    counter_test: str
    marks: Mapping[str, float]
    place: Callable[[Event], Place] | None = None
    shown_by: tuple[str, ...] = ()
    prior: float = 1.0
    source: str


@dataclass(frozen=True)
class Suspect:
    """A cause of an event with its probability, 0..1, and the marks for and against it.

    Marks are (name, whether it is there), the most telling first. `place` is where it would sit.
    """

    cause: str
    probability: float
    evidence_for: tuple[tuple[str, bool], ...]
    evidence_against: tuple[tuple[str, bool], ...]
    place: Place
