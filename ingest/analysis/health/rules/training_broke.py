"""Training data broke: the training loss jumps towards guessing while validation stays."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import TRAIN_LOSS, VALIDATION
from ingest.analysis.health.rules.losses import LOSS, exact_rise
from ingest.analysis.health.sentences import declare, join, say
from ingest.analysis.health.words import percents

# The loss must last so many snapshots; validation is looked at over the first of them, before what
# is learned of broken data tells there too.
_LASTING = 3
# Of the way that the training loss goes from its level to that of guessing, in its share of error.
_MOVES = 0.25
# Of that way the training error, where it is known, must go at least so much.
_ERRS = 0.5
declare(
    {
        "training-broke": (
            "The training loss rose from {before} to {after}, near that of guessing among "
            "{classes} classes ({guessing}), while the validation error stayed at {error}."
        ),
        "training-broke-follows": (
            "The training loss rose from {before} to {after}, near that of guessing among "
            "{classes} classes ({guessing}), ahead of the validation error, which was still "
            "{error}."
        ),
    }
)


def training_broke(history: History, threshold: float, names: Names) -> list[Finding]:
    """A training loss that jumps by a part of the way to ln C and stays; validation lags behind."""
    classes = int(np.count_nonzero(history.class_size > 0))
    if classes < 2:
        return []
    guessing = float(np.log(classes))
    loss, length = history.train_loss, robust.window(history.snapshots)
    usual = robust.usual(loss, length)
    lasting = _lasting(history)
    with np.errstate(invalid="ignore", divide="ignore"):
        way = (lasting - usual) / (guessing - usual)
        steps = robust.noise(loss, 4 * length, floor=0.02 * guessing)
        flag = (way >= threshold) & (usual <= 0.6 * guessing) & (lasting - usual >= 4 * steps)
        flag &= (loss - usual >= (lasting - usual) / 2) & (lasting <= 2 * guessing)
    found = []
    for first, last in robust.stretches(flag, gap=length):
        one = _broke(history, first, last, (float(usual[first]), float(lasting[first]), guessing))
        if one is not None:
            found.append(one)
    return found


def _lasting(history: History) -> Floats:
    """Return the median of each loss and the next ones, _LASTING in all, f8 [T].

    While a run records, nobody knows yet whether its last loss is that of one batch, and of the
    last two the lower one counts.
    """
    loss = history.train_loss
    found = robust.quiet_median(
        np.lib.stride_tricks.sliding_window_view(
            np.concatenate([loss, np.full(_LASTING - 1, np.nan)]), _LASTING
        )
    )
    if history.recording:
        found[-1:] = np.nan
        found[-2:-1] = loss[-2:].min(initial=np.inf)
    return found


def _broke(
    history: History, first: int, last: int, losses: tuple[float, float, float]
) -> Finding | None:
    """Return the finding, None where validation fell with the training, or nobody knows."""
    before, after, guessing = losses
    error = history.validation_error
    length = robust.window(history.snapshots)
    was = float(robust.quiet_median(error[max(0, first - length) : first]))
    soon = error[first : first + 2]
    later = float(robust.quiet_median(error[first : min(last + 1, first + 2 * length)]))
    if not np.isfinite(was) or not np.isfinite(soon).any():
        return None
    worst = 1 - 1 / max(2, round(float(np.exp(guessing))))
    if float(np.nanmin(soon)) - was > _MOVES * (worst - was):
        return None
    training = history.train_error[max(0, first - length) : first + 2]
    rose = float(np.nanmax(training[-2:])) if np.isfinite(training[-2:]).any() else np.nan
    usual = float(robust.quiet_median(training[:-2]))
    # A few classes whose labels are wrong make a large loss too, but not errors everywhere.
    if rose - usual < _ERRS * (worst - usual):
        return None
    follows = later - was > _MOVES * (worst - was)
    [error_then] = percents(float(np.nanmin(soon)) if follows else later)
    exact, dated = exact_rise(history, first)
    text = say(
        "training-broke-follows" if follows else "training-broke",
        before=f"{before:.3g}",
        after=f"{after:.3g}",
        guessing=f"{guessing:.3g}",
        classes=f"{round(float(np.exp(guessing))):,}",
        error=error_then,
    )
    return Finding(
        "training-broke",
        Severity.HIGH,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=5 * (after - before) / max(guessing - before, 1e-9),
        value=after,
        text=join([text, *dated]),
        chart=chart_of(LOSS, history, history.train_loss, limit=guessing),
        exact=exact,
    )


def _example() -> History:
    """A training loss that jumps to ln 5 while validation stays."""
    return healthy(
        train_loss=changed("train_loss", slice(AT, None), 1.55),
        train_error=changed("train_error", slice(AT, None), 0.78),
    )


RULE = Rule(
    name="training-broke",
    title="Training data broke",
    meaning="The training loss jumps towards that of guessing while validation is still right.",
    looks_at=(
        "The median training loss over three snapshots less its median over the window before, as "
        "part of the way to ln(classes), the loss of guessing; four of its usual steps at least. "
        "The validation error of the first two snapshots rose by less than a quarter of its own "
        "way to guessing, the training error (where it is known) by half of it: the weights still "
        "know what the batches no longer show."
    ),
    needs=(TRAIN_LOSS, VALIDATION),
    threshold=0.5,
    unit="part of the way to ln(classes)",
    low=0.1,
    high=1,
    severities="high",
    advice=(
        "Look at what the batches hold from that iteration on: inputs and labels that no longer "
        "belong together, a broken transformation, a shard of another data set."
    ),
    source="Shannon, A Mathematical Theory of Communication, 1948 (ln C of C equal classes)",
    view="overview",
    may_cause=True,
    check=training_broke,
    example=_example,
)
