"""All layers step differently: the step size of the whole network changes at once."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import UPDATES, snapshots
from ingest.analysis.health.rules.schedule import rate_rises, settling
from ingest.analysis.health.rules.sources import ROBUST
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

# The part of the layers that must go along, each by half of what the middle one does.
_ALL = 0.8
_STEPS = 5.0
_LEAST_LAYERS = 3
_LEAST_RATE = 0.02
declare(
    {
        "steps-together-more": (
            "From one snapshot to the next all layers step {times} as far for the same learning "
            "rate."
        ),
        "steps-together-less": (
            "From one snapshot to the next all layers step {times} less far for the same learning "
            "rate."
        ),
    }
)


def steps_together(history: History, threshold: float, names: Names) -> list[Finding]:
    """Snapshots at which ||update|| / (learning rate x ||weight||) of all layers changes at once.

    Where no learning rate is known, ||update|| / ||weight||.
    """
    logged = _log_steps(history, history.update_ratio())
    if len(logged) < _LEAST_LAYERS:
        return []
    length = robust.window(history.snapshots)
    change = logged - robust.usual_kept(history.kept, "steps-together", logged, length)
    middle = robust.quiet_median(change, axis=0)
    with np.errstate(invalid="ignore"):
        along = np.count_nonzero(change * np.sign(middle) >= np.abs(middle) / 2, axis=0)
        known = np.count_nonzero(np.isfinite(change), axis=0)
        steps = robust.noise(robust.quiet_median(logged, axis=0), 4 * length, floor=0.03)
        flag = (np.abs(middle) >= np.log10(threshold)) & (np.abs(middle) >= _STEPS * steps)
        flag &= (along >= _ALL * known) & (known >= _LEAST_LAYERS)
        flag &= ~settling(history) & ~rate_rises(history)
        flag &= ~_by_gradient(history, middle, length, threshold)
    found = []
    for first, last in robust.stretches(flag, gap=1):
        part = middle[first : last + 1]
        value = float(part[np.nanargmax(np.abs(part))])
        found.append(_changed(history, first, last, value, threshold))
    return found


def _changed(history: History, first: int, last: int, value: float, threshold: float) -> Finding:
    times = float(10 ** abs(value))
    return Finding(
        "steps-together",
        Severity.MEDIUM if times >= 1.5 * threshold and last - first >= 4 else Severity.LOW,
        start=int(history.iteration[first]),
        end=int(history.iteration[last]),
        strength=2 * abs(value) / np.log10(threshold),
        value=times if value > 0 else 1 / times,
        text=say(
            "steps-together-more" if value > 0 else "steps-together-less", times=as_times(times)
        ),
        chart=chart_of(
            "||update|| / ||weight||, middle layer",
            history,
            robust.quiet_median(history.update_ratio(), axis=0),
            log=True,
        ),
    )


def _by_gradient(
    history: History, middle: Floats, length: int, threshold: float
) -> NDArray[np.bool_]:
    """Return where the steps change no more than the gradients do, [T]; where known.

    Those of SGD are as large as the gradient, those of Adam are not: a state that was lost shows
    against both.
    """
    gradient = history.layer("gradient", "l2")
    with np.errstate(invalid="ignore", divide="ignore"):
        logged = _log_steps(history, history.layer("update", "l2") / gradient)
        usual = robust.usual_kept(history.kept, "steps by gradient", logged, length)
        change = robust.quiet_median(logged - usual, axis=0)
        return np.asarray(change * np.sign(middle) < np.log10(threshold) / 2)


def _log_steps(history: History, steps: Floats) -> Floats:
    """Return log10 of [L, T] of the layers of usual scale by learning rate, f8 [n, T]."""
    ratio = steps[~history.apart]
    rate = history.learning_rate
    known = np.isfinite(rate).any()
    # At the end of a schedule, where the rate is (almost) 0, a step says nothing.
    least = _LEAST_RATE * float(np.nanmax(rate)) if known else 0.0
    by = np.where(rate > least, rate, np.nan) if known else 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        return robust.log10(ratio / by)


def _example() -> History:
    """Layers that all step five times as far."""
    update = layer_statistic("update", "l2")
    update[:, AT:] *= 5
    return healthy(layers={("update", "l2"): update})


RULE = Rule(
    name="steps-together",
    title="All layers step differently",
    meaning="The step size of all layers changes at once, and the learning rate does not say why.",
    looks_at=(
        "log10 of ||update|| / (learning rate x ||weight||) of each layer less its median over the "
        "window: the middle layer by the threshold and five usual steps, and four fifths of the "
        "layers with it, and against their gradients by half of that; after the first fifth of the "
        "run, and not where a schedule raises the rate."
    ),
    needs=(UPDATES, snapshots(8)),
    threshold=2,
    unit="times",
    low=1.2,
    high=100,
    severities="medium from 1.5 times the threshold where it lasts five snapshots, else low",
    advice=(
        "Look at what the optimizer had to begin again there: a resume without its state (moments, "
        "momentum), another optimizer or other betas, clipping, gradient accumulation."
    ),
    source=f"{ROBUST}; Kingma and Ba, Adam, ICLR 2015 (bias correction of the first steps)",
    view="layers",
    may_cause=True,
    check=steps_together,
    example=_example,
)
