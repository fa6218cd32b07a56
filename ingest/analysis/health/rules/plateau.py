"""Nothing is learned: the training loss stays where it began."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import TRAIN_LOSS, snapshots
from ingest.analysis.health.rules.losses import LOSS, falls, first_loss
from ingest.analysis.health.rules.schedule import begins
from ingest.analysis.health.sentences import Said, declare, join, say
from ingest.analysis.health.words import percent

# Of the first loss: where so much of it is left, hardly anything was learned.
_HARDLY = 0.9
# Where the loss was lower by so much for as long, the network had learned something.
_LEARNED = 0.7
# Of the loss and of the error that guessing has: where both are as high, the network guesses,
# whatever higher loss it began with.
_GUESSES, _WRONG = 0.95, 0.8
declare(
    {
        "plateau": (
            "The training loss stays at {level} of its first value: the network learns (almost) "
            "nothing."
        ),
        "plateau-guesses": (
            "The training loss is {loss}, and guessing among {classes} classes costs {guessing}; "
            "{error} of the validation images are wrong: the network guesses."
        ),
        "plateau-back": (
            "The training loss is back at {level} of its first value from iteration {iteration} "
            "on: what the network had learned is lost."
        ),
        "plateau-falls": (
            "The training loss is still at {level} of its first value, and falls slowly."
        ),
        "plateau-early": "The training has hardly begun.",
    }
)


def plateau(history: History, threshold: float, names: Names) -> list[Finding]:
    """A training loss that stays where it began: less of it gone than the threshold.

    Or one that guessing has, too, while the validation images are as wrong as guesses.
    """
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
        return _guesses(history)
    first, back = _begins(loss / began, level, length)
    if back:
        severity, iteration = Severity.HIGH, f"{history.iteration[first]:,}"
        text = say("plateau-back", level=percent(level), iteration=iteration)
    else:
        severity, text = _verdict(history, level)
    return [
        Finding(
            "plateau",
            severity,
            start=int(history.iteration[first]),
            end=None,
            strength=level / (1 - threshold),
            value=1 - level,
            text=text,
            once=True,
            chart=chart_of(LOSS, history, loss),
        )
    ]


def _begins(share: Floats, level: float, length: int) -> tuple[int, bool]:
    """Return where the loss, as share of its first value, came to its level, and whether it had
    been clearly below for long: then it is back there.
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(robust.smooth(share, 5) - level) <= 0.1
        high = share >= level - 0.1
    found = [*robust.stretches(near, gap=2)] or [(0, 0)]
    last = found[-1][0]
    while last > 0 and high[last - 1]:
        last -= 1
    back = robust.quiet_median(share[max(0, last - length) : last]) < _LEARNED * level
    return (last, True) if back else (found[0][0], False)


def _guesses(history: History) -> list[Finding]:
    """Return that the network guesses at the end, whether or not it ever knew better."""
    length = max(3, robust.window(history.snapshots, share=0.2))
    sizes = history.class_size[history.class_size > 0]
    if len(sizes) < 2:
        return []
    error = float(robust.quiet_median(history.validation_error[-length:]))
    guessing, chance = float(np.log(len(sizes))), history.guessing_error
    loss = float(robust.quiet_median(history.train_loss[-length:]))
    if not (loss >= _GUESSES * guessing and error >= _WRONG * chance):
        return []
    if falls(history) or begins(history):
        return []
    with np.errstate(invalid="ignore"):
        high = robust.smooth(history.train_loss, 5) >= _GUESSES * guessing
    first = [(0, 0), *robust.stretches(high, gap=2)][-1][0]
    text = say(
        "plateau-guesses", loss=f"{loss:.2f}", classes=len(sizes), guessing=f"{guessing:.2f}",
        error=percent(error),
    )  # fmt: skip
    return [
        Finding(
            "plateau",
            Severity.HIGH,
            start=int(history.iteration[first]),
            end=None,
            strength=loss / guessing,
            value=0.0,
            text=text,
            once=True,
            chart=chart_of(LOSS, history, history.train_loss),
        )
    ]


def _verdict(history: History, level: float) -> tuple[Severity, Said]:
    """Return how bad it is, in words too: what still learns, or has hardly begun, may do well."""
    if falls(history):
        return Severity.LOW, say("plateau-falls", level=percent(level))
    text = say("plateau", level=percent(level))
    if begins(history):
        return Severity.LOW, join([text, say("plateau-early")])
    return Severity.HIGH if level >= _HARDLY else Severity.MEDIUM, text


def _example() -> History:
    """A loss that stays at ln 10."""
    return healthy(train_loss=np.full(SNAPSHOTS, 2.3))


RULE = Rule(
    name="plateau",
    title="Nothing is learned",
    meaning="The training loss stays where it began.",
    looks_at=(
        "The median training loss of the last fifth of the run, as part of the first loss, while "
        "it hardly moves, or is back after it had fallen; or that with the median validation "
        "error, against those of guessing."
    ),
    needs=(TRAIN_LOSS, snapshots(8)),
    threshold=0.2,
    unit="share of the first loss",
    low=0.01,
    high=0.9,
    severities=(
        "high where less than a tenth of the first loss is gone, and where both are as of guessing "
        "(0.95 of ln(classes), 0.8 of the error), else medium; low where it falls "
        "beyond chance over the last half (Kendall's tau), and, while the run records, in its "
        "first two epochs and while the learning rate still warms up"
    ),
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
