"""What a rule says: findings, their severity, and rules with a threshold and a source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.history import History
from ingest.analysis.health.needs import Need
from ingest.analysis.health.sentences import Said

CHART_POINTS = 200


class Severity(StrEnum):
    """How much a finding matters; INFO is evidence for the answer alone and no finding."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def weight(self) -> int:
        """Return a number that rises with severity."""
        return _WEIGHTS[self]


_WEIGHTS = {Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1, Severity.INFO: 0}


@dataclass(frozen=True)
class Chart:
    """A small chart of the evidence: `label` of the values, at most CHART_POINTS of them.

    `limit` is the threshold in the unit of the values, None where it has none there. `lower` and
    `upper` are the edges of a band, one for each value; empty where there is none.
    """

    label: str
    iterations: tuple[int, ...]
    values: tuple[float, ...]
    limit: float | None = None
    log: bool = False
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One verdict of one rule: what, how bad, from when to when, where.

    `start` and `end` are iterations of snapshots, both included; `end` is None while it lasts.
    `strength` tells how far beyond usual it is, about 1 at the threshold; it ranks findings.
    `layers` and `classes` are ids, the most affected first; `filters` are (layer, filter). `once`:
    the rule gives one verdict on the whole run, wherever its start or worst layer moves meanwhile;
    one for each `part`, where it judges several things. `exact` is the iteration at which it began,
    where a series that was logged at every iteration tells: after the snapshot before `start`, and
    at most `start`. None: not known.
    """

    rule: str
    severity: Severity
    start: int
    end: int | None
    strength: float
    text: Said
    value: float | None = None
    layers: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    filters: tuple[tuple[int, int], ...] = ()
    chart: Chart | None = None
    once: bool = False
    exact: int | None = None
    part: str = ""

    @property
    def key(self) -> str:
        """Return what identifies the finding from one evaluation of the run to the next."""
        if self.once:
            return f"{self.rule}:{self.part}" if self.part else self.rule
        layer = str(self.layers[0]) if self.layers else ""
        class_id = str(self.classes[0]) if self.classes else ""
        return f"{self.rule}@{self.start}:{layer}:{class_id}"


@dataclass(frozen=True)
class Names:
    """What layers and classes are called, for the texts of findings."""

    layers: Sequence[str] = ()
    classes: Sequence[str] = ()

    def layer(self, layer_id: int) -> str:
        """Return a layer's name, or its number where it has none.

        Layers of `nn.Sequential` are called "0" or "2.1": a sentence says "layer 2.1" of them,
        since "0 steps more than usual" would be read as a number.
        """
        name = self._called(layer_id)
        return f"layer {name}" if name.replace(".", "").isdecimal() else name

    def _called(self, layer_id: int) -> str:
        return self.layers[layer_id] if layer_id < len(self.layers) else str(layer_id)

    def class_name(self, class_id: int) -> str:
        """Return a class's name, or its number where it has none."""
        return self.classes[class_id] if class_id < len(self.classes) else str(class_id)

    def of_classes(self, ids: Sequence[int], *, most: int = 4) -> str:
        """Return classes in words, such as "class 3" or "classes 3, 5 and 2 more"."""
        named = [self.class_name(i) for i in ids]
        return _listed("class", "classes", named, most)

    def of_layers(self, ids: Sequence[int], *, most: int = 3) -> str:
        """Return layers in words, such as "layer conv1", or "layer1.0" where that says it."""
        named = [self._called(i) for i in ids]
        said = all(name.startswith("layer") for name in named)
        return _listed("", "", named, most) if said else _listed("layer", "layers", named, most)


def _listed(one: str, many: str, names: list[str], most: int) -> str:
    if len(names) < 2:
        return " ".join([one, *names]).strip()
    if len(names) > most + 1:
        return f"{many} {', '.join(names[:most])} and {len(names) - most} more".strip()
    return f"{many} {', '.join(names[:-1])} and {names[-1]}".strip()


Check = Callable[[History, float, Names], list[Finding]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A named check. `check(history, threshold, names)` is pure; it fires on `example()`.

    `low` and `high` limit what a team may set the threshold to; `view` is the view that shows it.
    `meaning` is one sentence, `looks_at` what exactly is looked at, `severities` when it has which,
    `advice` what to do; what is evidence for the answer alone has none of these. `lasting`: its
    verdict is over a long stretch, and tells how a training went rather than what happened at once.
    `needs` is what a run must have to be judged by it, in whole.
    `may_cause`: it can come ahead of what happens to classes and images; never the other way round.
    """

    name: str
    title: str
    meaning: str
    looks_at: str = ""
    needs: tuple[Need, ...] = ()
    threshold: float
    unit: str
    low: float
    high: float
    severities: str = ""
    advice: str = ""
    source: str
    view: str
    lasting: bool = False
    may_cause: bool = False
    check: Check
    example: Callable[[], History]

    @property
    def needed(self) -> str:
        """Return what a run must have to be judged, in words."""
        return ", ".join(need.title for need in self.needs) or "nothing besides a snapshot"


def chart_of(
    label: str,
    history: History,
    values: NDArray[np.floating],
    *,
    limit: float | None = None,
    log: bool = False,
) -> Chart:
    """Return a chart of `values` [T]; of many snapshots, those at even distances and extremes."""
    at = np.arange(len(values))
    if len(values) > CHART_POINTS:
        parts = np.array_split(at, CHART_POINTS // 2)
        finite = np.where(np.isfinite(values), values, -np.inf)
        low = np.where(np.isfinite(values), values, np.inf)
        kept = {int(p[i]) for p in parts for i in (finite[p].argmax(), low[p].argmin())}
        at = np.array(sorted(kept))
    return Chart(
        label,
        tuple(int(i) for i in history.iteration[at]),
        tuple(float(v) for v in values[at]),
        limit,
        log,
    )
