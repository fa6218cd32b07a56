"""Outside the band of good runs: a series departs from what the team's good runs have in common."""

from collections.abc import Sequence

import numpy as np

from ingest.analysis.bands import (
    LEAST_RUNS,
    Bands,
    Course,
    Departure,
    Floats,
    at_places,
    learn,
    leave,
)
from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Chart, Finding, Names, Rule, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.measured import FAMILY, Family, course
from ingest.analysis.health.sentences import Said, declare, join, say
from ingest.analysis.health.words import as_times

# A departure of fewer places is no more than a note.
_LASTS, _FAR = 4, 2.0
declare(
    {
        "outside-band": (
            "The {what} lies {side} the band of {runs} good runs from iteration {iteration}: up to "
            "{times} its half width from the middle."
        ),
        "outside-band-back": (
            "The {what} lay {side} the band of {runs} good runs from iteration {iteration} to "
            "{last}: up to {times} its half width from the middle."
        ),
        "outside-band-others": "So do {number} others of this kind.",
    }
)


def outside_band(history: History, threshold: float, names: Names) -> list[Finding]:
    """Of each kind of series, the one that left the band of good runs farthest, and since when."""
    if history.good is None or history.position is None or not history.snapshots:
        return []
    own = course(history, history.position)
    left: dict[str, list[Departure]] = {}
    for one in leave(history.good, own, threshold=threshold):
        left.setdefault(one.family, []).append(one)
    return [
        _finding(history, history.good, own, FAMILY[name], found, names, threshold)
        for name, found in left.items()
    ]


def _finding(
    history: History,
    good: Bands,
    own: Course,
    family: Family,
    left: Sequence[Departure],
    names: Names,
    threshold: float,
) -> Finding:
    worst = left[0]
    start = _iteration(history, good, worst.first)
    end = None if worst.last is None else _iteration(history, good, worst.last)
    ids = tuple(one.series for one in left)
    return Finding(
        "outside-band",
        _severity(family, worst, len(good.position)),
        start=start,
        end=end,
        strength=worst.excess,
        value=worst.excess,
        layers=ids if family.of == "layer" else (),
        classes=ids if family.of == "class" else (),
        text=_said(family, worst, good.runs, (start, end), len(left) - 1, names),
        chart=_chart(history, good, own, family, worst, names, threshold),
        once=True,
        part=family.name,
    )


def _iteration(history: History, good: Bands, place: int) -> int:
    """Return the first snapshot at or after a place of the bands' axis."""
    assert history.position is not None
    at = int(np.searchsorted(history.position, good.position[place]))
    return int(history.iteration[min(at, history.snapshots - 1)])


def _severity(family: Family, worst: Departure, places: int) -> Severity:
    if worst.side not in family.bad:
        return Severity.LOW
    last = places if worst.last is None else worst.last
    if last - worst.first < _LASTS:
        return Severity.LOW
    harmful = family.name in ("loss", "class-error")
    return Severity.HIGH if harmful and worst.excess >= _FAR else Severity.MEDIUM


def _said(
    family: Family,
    worst: Departure,
    runs: int,
    when: tuple[int, int | None],
    others: int,
    names: Names,
) -> Said:
    facts = {
        "what": family.named(worst.series, names),
        "side": "above" if worst.side > 0 else "below",
        "runs": str(runs),
        "iteration": f"{when[0]:,}",
        "times": as_times(worst.excess),
    }
    if when[1] is None:
        said = say("outside-band", **facts)
    else:
        said = say("outside-band-back", **facts, last=f"{when[1]:,}")
    if not others:
        return said
    return join([said, say("outside-band-others", number=f"{others:,}")])


def _chart(
    history: History,
    good: Bands,
    own: Course,
    family: Family,
    worst: Departure,
    names: Names,
    threshold: float,
) -> Chart:
    """Return the run's line and the band, at the places of the axis that the run has reached."""
    assert history.position is not None
    band = good.families[family.name]
    reached = good.position <= history.position[-1]
    line = at_places(own, family.name, good.position)[worst.series][reached]
    centre, spread = band.centre[worst.series][reached], band.spread[worst.series][reached]
    half = spread * band.width * threshold
    iterations = np.interp(good.position[reached], history.position, history.iteration)
    _, kept = np.unique(np.round(iterations).astype(int), return_index=True)

    def drawn(values: Floats) -> tuple[float, ...]:
        return tuple(float(value) for value in family.measured(values)[kept])

    return Chart(
        family.named(worst.series, names),
        tuple(int(i) for i in np.round(iterations)[kept]),
        drawn(line),
        log=family.log,
        lower=drawn(centre - half),
        upper=drawn(centre + half),
    )


def example_bands(runs: int = LEAST_RUNS) -> Bands:
    """Return the bands of made-up good runs: the healthy one of the examples, each a little off."""
    noise = np.random.default_rng(1)
    made = []
    for _ in range(runs):
        factor = np.exp(noise.normal(0, 0.05) + noise.normal(0, 0.05, len(healthy().train_loss)))
        one = healthy(train_loss=healthy().train_loss * factor)
        made.append(course(one, one.iteration.astype(np.float64)))
    found = learn(made)
    assert found is not None
    return found


def _example() -> History:
    """A training loss that goes up halfway and stays there."""
    history = healthy(train_loss=changed("train_loss", slice(AT, None), 1.0))
    position = history.iteration.astype(np.float64)
    return healthy(train_loss=history.train_loss, good=example_bands(), position=position)


RULE = Rule(
    name="outside-band",
    title="Outside the band of good runs",
    meaning="A loss, class, layer or the time per iteration departs from what good runs have in "
    "common.",
    looks_at=(
        f"At least {LEAST_RUNS} runs of the same network and data set that the team marked as "
        "good: at each place of the run (its progress where the planned iterations are known, else "
        "epoch, else iteration) the median over them and their spread, of the losses, the error of "
        "every class, each layer's change ||update|| / ||weight||, norm and share of zeros in its "
        "output, and the time per iteration. How wide a band is follows from leaving one good run "
        "out at a time, so that one more good run leaves any band of all, anywhere, one time in "
        "twenty. Outside is what lies there for two places on end."
    ),
    threshold=1.0,
    unit="times the calibrated width",
    low=0.5,
    high=20,
    severities=(
        "high for losses and class errors above twice the band, medium for what lasts four places "
        "on the bad side, else low"
    ),
    advice=(
        "Compare the run with one of the good ones: what differs in data, settings or code? Mark "
        "it as good, too, where the band is too narrow."
    ),
    source=(
        "Leave-one-out calibration as in Vovk et al., Algorithmic Learning in a Random World, 2005 "
        "(jackknife); Smyth, Statistical Applications in Genetics 3, 2004 (moderated variances)"
    ),
    view="overview",
    check=outside_band,
    example=_example,
)
