"""What the rules on the training loss share."""

import numpy as np

from ingest.analysis.health import chance, robust
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import Said, declare, say

LOSS = "training loss"

# What counts: parts of the loss with which the training began.
LARGE_RISE, CLEAR_RISE, SMALL_RISE = 0.25, 0.05, 0.01

# Fewer values have no trend.
_LEAST_TREND = 8
# Iterations before a rise that say what the loss of single batches usually is.
_BATCHES = 200
declare({"exact-rise": "At every iteration it was logged: the rise begins at {iteration}."})


def first_loss(history: History) -> float:
    """Return the loss with which the training began: the largest of its first three; or NaN."""
    finite = history.train_loss[np.isfinite(history.train_loss)][:3]
    return float(finite.max()) if len(finite) else np.nan


def log_loss(history: History) -> Floats:
    """Return log10 of the training loss, f8 [T]; NaN where it is not above 0."""
    return robust.log10(history.train_loss)


def falls(history: History) -> bool:
    """Return whether the training loss falls beyond chance over the last half of the snapshots.

    By Kendall's rank correlation with time (Mann, "Nonparametric Tests Against Trend",
    Econometrica 1945), which asks for no shape of the fall; and by SMALL_RISE of the first loss,
    since a loss that creeps towards that of guessing falls, too.
    """
    half = max(_LEAST_TREND, history.snapshots // 2)
    loss = history.train_loss[-half:]
    at = np.flatnonzero(np.isfinite(loss))
    if len(at) < _LEAST_TREND or np.ptp(loss[at]) == 0:
        return False
    part = loss[at]
    quarter = max(1, len(part) // 4)
    fell = float(np.median(part[:quarter]) - np.median(part[-quarter:]))
    if not fell >= SMALL_RISE * first_loss(history):
        return False
    # It takes half a second to import, which no process should wait for that starts.
    from scipy.stats import kendalltau

    return bool(kendalltau(at, loss[at], alternative="less").pvalue <= chance.FALSE_RUNS)


def exact_rise(history: History, at: int) -> tuple[int | None, list[Said]]:
    """Return the iteration at which a rise of the training loss seen at snapshot `at` began.

    With the sentence that says so; None and none where the loss was not logged more often than
    snapshots were taken, or no single iteration can be told: the first one after the snapshot
    before that is above all but chance of the batches before, and after which most stay above.
    """
    logged = history.logged.get("train_loss")
    if logged is None or at < 1:
        return None, []
    begin, end = np.searchsorted(logged.iterations, history.iteration[[at - 1, at]], side="right")
    past, part = logged.values[max(0, begin - _BATCHES) : begin], logged.values[begin:end]
    if len(part) < 2 or np.count_nonzero(np.isfinite(past)) < 5:
        return None, []
    usual = float(robust.quiet_median(past))
    spread = robust.MAD_TO_STD * float(robust.quiet_median(np.abs(past - usual)))
    limit = max(usual + 4 * spread, float(np.nanmax(past)))
    high = ~(part <= limit)  # NaN is no loss that is usual
    after = np.cumsum(high[::-1])[::-1] / np.arange(len(part), 0, -1)
    stays = np.flatnonzero(high & (after >= 0.5))
    if not len(stays):
        stays = np.flatnonzero(high)
    if not len(stays):
        return None, []
    exact = int(logged.iterations[begin + stays[0]])
    return exact, [say("exact-rise", iteration=f"{exact:,}")]
