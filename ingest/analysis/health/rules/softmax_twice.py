"""Loss stops at the floor of a second softmax: scores were probabilities before they reached it."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import CLASSES, SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import TRAIN_ERROR, TRAIN_LOSS, VALIDATION, snapshots
from ingest.analysis.health.rules.losses import LOSS
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

_LEAST = 20
# Of two classes other losses come to rest as high; where many are wrong, no floor is seen.
_FEWEST, _MOST_WRONG = 3, 0.1
declare(
    {
        "softmax-twice": (
            "The training loss stops at {loss} while {error} of the training images are wrong: "
            "{floor} is the least that a loss can be which takes the softmax of probabilities of "
            "{classes} classes."
        ),
    }
)


def softmax_floor(classes: int) -> float:
    """Return the cross entropy of scores that are the right probabilities, 1 and 0 else."""
    return float(np.log(np.e + classes - 1) - 1)


def softmax_twice(history: History, threshold: float, names: Names) -> list[Finding]:
    """A loss that ends within a part `threshold` above the floor, and never was below it."""
    classes = int(np.count_nonzero(history.class_size))
    if history.snapshots < _LEAST or classes < _FEWEST:
        return []
    length = max(5, history.snapshots // 5)
    loss = robust.smooth(history.train_loss, 3)
    last = float(robust.quiet_median(history.train_loss[-length:]))
    with np.errstate(invalid="ignore"):
        error = float(robust.quiet_mean(history.train_error[-length:]))
    floor = softmax_floor(classes)
    known = loss[np.isfinite(loss)]
    # A wrong image costs 1 more.
    if not (error <= _MOST_WRONG and floor <= last <= (1 + threshold) * floor + error):
        return []
    if not len(known) or known.min() < 0.99 * floor:
        return []
    text = say(
        "softmax-twice", loss=f"{last:.2f}", floor=f"{floor:.2f}", error=percent(error),
        classes=classes,
    )  # fmt: skip
    return [
        Finding(
            "softmax-twice",
            Severity.HIGH,
            start=int(history.iteration[0]),
            end=None,
            strength=5.0,
            value=last / floor,
            text=text,
            once=True,
            chart=chart_of(LOSS, history, history.train_loss, limit=floor),
        )
    ]


def _example() -> History:
    """A loss that comes to rest at the floor while the training error goes to 1 %."""
    floor = softmax_floor(CLASSES)
    return healthy(train_loss=floor + 0.01 + 0.5 * np.exp(-np.arange(SNAPSHOTS) / 10))


RULE = Rule(
    name="softmax-twice",
    title="Softmax taken twice",
    meaning="The training loss stops at what a softmax of probabilities costs at least.",
    looks_at=(
        "The training loss over the last fifth of the run against ln(e + classes - 1) - 1, which "
        "the cross entropy of probabilities (1 for the right class, 0 else) costs, of three "
        "classes or more: never below it, within the threshold above it, a wrong image counted as "
        "1, and at most a tenth of the training images wrong."
    ),
    needs=(TRAIN_LOSS, TRAIN_ERROR, VALIDATION, snapshots(_LEAST)),
    threshold=0.05,
    unit="part above the floor",
    low=0.01,
    high=0.5,
    severities="high",
    advice=(
        "Give the loss the scores: torch's cross_entropy takes the softmax itself. Or use nll_loss "
        "on a log_softmax."
    ),
    source="PyTorch documentation, CrossEntropyLoss: the input holds unnormalised logits",
    view="overview",
    lasting=True,
    check=softmax_twice,
    example=_example,
)
