"""Training loss swings: the training loss goes up and down by a factor, again and again."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import TRAIN_LOSS, snapshots
from ingest.analysis.health.rules.losses import CLEAR_RISE, LOSS, first_loss, log_loss
from ingest.analysis.health.rules.schedule import rate_rises, settling
from ingest.analysis.health.rules.sources import PAPER
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

declare(
    {
        "loss-swings": (
            "From snapshot to snapshot the training loss rose or fell {times}, again and again."
        ),
    }
)


def loss_swings(history: History, threshold: float, names: Names) -> list[Finding]:
    """Stretches in which the training loss goes up and down by a factor, again and again."""
    logged = log_loss(history)
    length = max(8, robust.window(history.snapshots, share=0.1))
    step = np.diff(logged, prepend=np.nan)
    recent = robust.before(np.append(step, np.nan), length)[1:]  # up to and with each snapshot
    known = np.count_nonzero(np.isfinite(recent), axis=-1)
    # Half of the steps in a stretch are as large as this one; a quarter must go each way.
    typical = robust.quiet_median(np.abs(recent))
    with np.errstate(invalid="ignore"):
        upward = np.count_nonzero(recent > 0, axis=-1)
    both_ways = (upward >= length // 4) & (known - upward >= length // 4)
    level = robust.smooth(history.train_loss, length)
    with np.errstate(invalid="ignore"):
        swinging = (10**typical >= threshold) & (known >= length) & both_ways
        # A loss near nothing swings by what single images add to it.
        swinging &= level >= CLEAR_RISE * first_loss(history)
    found = []
    rates, early = rate_rises(history), settling(history)
    for first, last in robust.stretches(swinging, gap=length // 2):
        low = max(0, first - length + 1)
        large = np.abs(step[low : first + 1]) >= np.log10(threshold)
        began = low + int(np.argmax(large))
        passes = last < history.snapshots - 1
        value = float(10 ** np.nanmax(typical[first : last + 1]))
        found.append(
            Finding(
                "loss-swings",
                Severity.LOW if passes and (rates[began] or early[began]) else Severity.MEDIUM,
                start=int(history.iteration[began]),
                end=robust.last_iteration(history.iteration, last),
                strength=value / threshold,
                value=value,
                text=say("loss-swings", times=as_times(value)),
                chart=chart_of(LOSS, history, history.train_loss, log=True),
            )
        )
    return found


def _example() -> History:
    """A loss that goes to and fro by a factor of five."""
    loss = healthy().train_loss.copy()
    loss[AT:] = np.where(np.arange(SNAPSHOTS - AT) % 2, 2.0, 0.4)
    return healthy(train_loss=loss)


RULE = Rule(
    name="loss-swings",
    title="Training loss swings",
    meaning="The training loss goes up and down by a factor, again and again.",
    looks_at=(
        "The median |step| of log10 of the training loss over 10 % of the run (8 snapshots at "
        "least), with at least a quarter of the steps each way, while the loss is not near "
        "nothing."
    ),
    needs=(TRAIN_LOSS, snapshots(8)),
    threshold=2,
    unit="times",
    low=1.2,
    high=100,
    severities=(
        "medium; low where it ended and began in the first fifth or with a schedule's rise of the "
        "learning rate"
    ),
    advice="Lower the learning rate or use larger batches.",
    source="Goodfellow et al., Deep Learning, 2016, 11.4 and 8.3; " + PAPER,
    view="overview",
    lasting=True,
    check=loss_swings,
    example=_example,
)
