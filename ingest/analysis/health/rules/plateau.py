"""Nothing is learned: the training loss stays where it began."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import TRAIN_LOSS, snapshots
from ingest.analysis.health.rules.losses import LOSS, first_loss
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

declare(
    {
        "plateau": (
            "The training loss stays at {level} of its first value: the network learns (almost) "
            "nothing."
        ),
    }
)


def plateau(history: History, threshold: float, names: Names) -> list[Finding]:
    """A training loss that stays where it began: less of it gone than the threshold."""
    began = first_loss(history)
    length = max(8, robust.window(history.snapshots, share=0.2))
    loss = history.train_loss
    if history.snapshots < length or not np.isfinite(began) or began <= 0:
        return []
    part = loss[-length:]
    if np.count_nonzero(np.isfinite(part)) < length // 2:
        return []
    level = float(np.nanmedian(part)) / began
    half = length // 2
    moved = abs(robust.quiet_median(part[:half]) - robust.quiet_median(part[-half:])) / began
    if level <= 1 - threshold or not moved <= 0.05:
        return []
    with np.errstate(invalid="ignore"):
        near = np.abs(robust.smooth(loss, 5) / began - level) <= 0.1
    first = next(s[0] for s in reversed([*robust.stretches(near, gap=2), (0, 0)][:1]))
    return [
        Finding(
            "plateau",
            Severity.HIGH if level >= 0.9 else Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None,
            strength=level / (1 - threshold),
            value=1 - level,
            text=say("plateau", level=percent(level)),
            once=True,
            chart=chart_of(LOSS, history, loss),
        )
    ]


def _example() -> History:
    """A loss that stays at ln 10."""
    return healthy(train_loss=np.full(SNAPSHOTS, 2.3))


RULE = Rule(
    name="plateau",
    title="Nothing is learned",
    meaning="The training loss stays where it began.",
    looks_at=(
        "The median training loss of the last fifth of the run, as part of the first loss, while "
        "it hardly moves."
    ),
    needs=(TRAIN_LOSS, snapshots(8)),
    threshold=0.2,
    unit="share of the first loss",
    low=0.01,
    high=0.9,
    severities="high where less than a tenth of the first loss is gone, else medium",
    advice=(
        "Check that gradients reach every layer, the scale of the inputs and weights, and try a "
        "higher learning rate."
    ),
    source="Glorot and Bengio, AISTATS 2010 (plateaus of saturated networks)",
    view="overview",
    lasting=True,
    check=plateau,
    example=_example,
)
