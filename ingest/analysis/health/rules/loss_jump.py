"""Training loss jumped: the training loss is suddenly far above what it was."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import TRAIN_LOSS
from ingest.analysis.health.rules.losses import (
    CLEAR_RISE,
    LARGE_RISE,
    LOSS,
    SMALL_RISE,
    exact_rise,
    first_loss,
    log_loss,
)
from ingest.analysis.health.rules.schedule import passes, rate_rises, settling
from ingest.analysis.health.rules.sources import ROBUST
from ingest.analysis.health.sentences import declare, join, say
from ingest.analysis.health.words import as_times

# Of the first loss: below it a network that has learned all still swings by single batches.
_MEDIUM_RISE = 0.1
declare(
    {
        "loss-jump": (
            "The training loss rose to {times} what it was: {loss} by iteration {iteration}."
        ),
        "loss-jump-with-rate": "It came with a rise of the learning rate.",
        "loss-jump-early": "That was in the first phase, in which the loss swings.",
    }
)


def loss_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Sudden rises of the training loss, in usual steps of its logarithm."""
    logged = log_loss(history)
    length = robust.window(history.snapshots)
    usual = robust.usual(logged, length)
    steps = robust.noise(logged, 4 * length, floor=0.1)
    loss = 10**logged  # NaN where it is none
    with np.errstate(invalid="ignore", divide="ignore"):
        height = (logged - usual) / steps
        part = (loss - 10**usual) / first_loss(history)
        # What is large against the first loss need not stand out as much from the noise.
        flag = (height >= threshold) & (part >= SMALL_RISE)
        flag |= (height >= threshold * 2 / 3) & (part >= CLEAR_RISE)
        flag &= logged - usual >= np.log10(2)
    found = []
    rates, early = rate_rises(history), settling(history)
    for first, last in robust.stretches(flag, gap=2):
        part_of = slice(first, last + 1)
        # What lasts is told from noise by less than what is seen at one snapshot or two.
        needed = (4 / 3 if last - first < 2 else 1.0) * threshold
        if not np.nanmax(height[part_of]) >= needed * (2 / 3 if last - first >= 2 else 1.0):
            continue
        peak = first + int(np.nanargmax(loss[first : last + 1]))
        times = float(10 ** (logged[peak] - usual[first]))
        rise = float(np.nanmax(part[first : last + 1]))
        severity = _by(rise, high=LARGE_RISE, medium=_MEDIUM_RISE)
        passing = passes(history, last, first)
        with_rate, too_early = passing and bool(rates[first]), passing and bool(early[first])
        small = rise < LARGE_RISE and _recovers(loss, 10 ** float(usual[first]), first, length)
        if with_rate or too_early or (small and _learned_all(history, usual[first])):
            severity = Severity.LOW
        exact, dated = exact_rise(history, first)
        text = say(
            "loss-jump",
            times=as_times(times),
            loss=f"{history.train_loss[peak]:.3g}",
            iteration=f"{history.iteration[peak]:,}",
        )
        risen = height[first : last + 1]  # written in the call, it takes mypy nine seconds
        aside = [say("loss-jump-with-rate")] if with_rate else []
        aside = [say("loss-jump-early")] if too_early and not with_rate else aside
        found.append(
            Finding(
                "loss-jump",
                severity,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, last),
                strength=float(np.nanmax(risen)),
                value=float(height[peak]),
                text=join([text, *dated, *aside]),
                chart=chart_of(LOSS, history, history.train_loss, log=True),
                exact=exact,
            )
        )
    return found


def _recovers(loss: Floats, level: float, first: int, length: int) -> bool:
    """Return whether half of a rise from a level is gone again within the window."""
    part = loss[first : first + length + 1]
    peak = int(np.nanargmax(part))
    return bool((part[peak:] <= (level + part[peak]) / 2).any())


def _learned_all(history: History, usual: float) -> bool:
    """Return whether hardly any loss was left: then single images make it many times as large."""
    return bool(10**usual <= SMALL_RISE * first_loss(history))


def _by(value: float, *, high: float, medium: float) -> Severity:
    if value >= high:
        return Severity.HIGH
    return Severity.MEDIUM if value >= medium else Severity.LOW


def _example() -> History:
    """A loss that is 3 for three snapshots."""
    return healthy(train_loss=changed("train_loss", slice(AT, AT + 3), 3.0))


RULE = Rule(
    name="loss-jump",
    title="Training loss jumped",
    meaning="The training loss is suddenly far above what it was.",
    looks_at=(
        "log10 of the mean training loss since the snapshot before, less its median over the "
        "window, in usual steps of it (1.4826 x median |step| over four windows, at least 0.1). "
        "It must at least have doubled."
    ),
    needs=(TRAIN_LOSS,),
    threshold=3,
    unit="usual steps of its logarithm",
    low=2,
    high=100,
    severities=(
        "high from a rise of 25 % of the first loss, medium from 10 %, low from 1 % and where less "
        "than 25 % pass within the window and hardly any loss was left before; a rise of 5 % "
        "that lasts three snapshots needs two thirds of the threshold, one that lasts two at most "
        "four thirds; low with a rise of the learning rate "
        "(a schedule's) or in the first fifth, where it passes or, while the run records, has not "
        "lasted for a window yet"
    ),
    advice=(
        "Look at what changed there: data, labels, learning rate, code. The classes and layers "
        "beside it tell which."
    ),
    source=ROBUST,
    view="overview",
    may_cause=True,
    check=loss_jump,
    example=_example,
)
