"""The probable causes of an answer in words: for page, report and API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.analysis.causes import BY_NAME, MARK_BY_NAME, UNEXPLAINED
from ingest.analysis.health.finding import Names
from ingest.analysis.health.words import sentence

_UNEXPLAINED = "Unexplained"
# Below it a further cause is not worth a reader's time.
LEAST_PROBABLE = 0.05


@dataclass(frozen=True)
class Seen:
    """What speaks for or against a cause, in words, and the view that shows it."""

    text: str
    view: str


@dataclass(frozen=True)
class Told:
    """One cause in words: its title, what it says of this run, its probability 0..1.

    `counter_test` would refute it; `speaks_for` and `speaks_against` are what was seen, each with
    the view that shows it. Where nothing decides, `cause` is "unexplained", and there is no
    counter-test.
    """

    cause: str
    title: str
    text: str
    probability: float
    counter_test: str
    classes: tuple[int, ...]
    layers: tuple[int, ...]
    speaks_for: tuple[Seen, ...]
    speaks_against: tuple[Seen, ...]


def suspects(answer: Mapping[str, Any], names: Names) -> list[Told]:
    """Return the causes of a stored answer, the most probable first.

    Of an answer that an earlier release stored there are none; a cause of a later one is left out.
    """
    found = [_told(one, names) for one in answer.get("causes", ()) if _known(one)]
    return [one for rank, one in enumerate(found) if not rank or one.probability >= LEAST_PROBABLE]


def _known(document: Mapping[str, Any]) -> bool:
    return document["cause"] == UNEXPLAINED or document["cause"] in BY_NAME


def _told(document: Mapping[str, Any], names: Names) -> Told:
    name, probability = document["cause"], float(document["probability"])
    if name == UNEXPLAINED:
        text = "None of the causes that are known here fits what was recorded."
        return Told(name, _UNEXPLAINED, text, probability, "", (), (), (), ())
    cause = BY_NAME[name]
    classes, layers = tuple(document["classes"]), tuple(document["layers"])
    said = cause.says.format(
        classes=names.of_classes(classes) if classes else "a class",
        layers=names.of_layers(layers) if layers else "a layer",
    )
    return Told(
        name,
        cause.title,
        sentence(said, *(names.layer(i) for i in layers)),
        probability,
        cause.counter_test,
        classes,
        layers,
        _marks(document["for"]),
        _marks(document["against"]),
    )


def _marks(stored: Sequence[tuple[str, bool]]) -> tuple[Seen, ...]:
    known = [(MARK_BY_NAME[name], there) for name, there in stored if name in MARK_BY_NAME]
    return tuple(Seen(mark.there if there else mark.missing, mark.view) for mark, there in known)


def percent(probability: float) -> str:
    """Return a probability in words that claim no more than is known: never 0 % nor 100 %."""
    return f"{min(max(round(100 * probability), 1), 99)} %"
