"""Tells, step by step as a training goes on, whose loss or share of copies is above the usual."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import COPIES, JUMP, NOT_FINITE

# The last losses, whose median is what is usual; the last steps from one to the next, which tell
# how large usual deviations are, also while the losses fall; and how many losses it takes.
LOSSES, STEPS, LEAST = 9, 64, 16
# A jump is so many usual deviations (1.4826 x median |step| / sqrt(2)) above the usual loss, one
# and a half times it, and more than this part of the first losses.
HEIGHT, FACTOR, PART = 5.0, 1.5, 0.02
# Deviations are found again after so many losses: at each it would cost more than it tells.
_EVERY = 8
# Images of a step that are there already in it: so much more of them than usual stand out.
MORE_COPIES = 0.25


class LossJumps:
    """Judges the training losses of a run in their order; costs a comparison each.

    Robust, so that a jump does not hide the next one (Hampel, "The Influence Curve and its Role in
    Robust Estimation", JASA 1974).
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=LOSSES)
        self._steps: deque[float] = deque(maxlen=STEPS)
        self._seen = 0
        self._first = self._deviation = math.nan
        self._finite, self._high = True, False

    def judge(self, loss: float, *, stricter: float = 1.0) -> str | None:
        """Return why a loss stands out, or None; `stricter` multiplies the height of a jump.

        Of a stretch of losses that are high, or not finite, only the first does.
        """
        was, self._finite = self._finite, math.isfinite(loss)
        if not self._finite:
            return NOT_FINITE if was else None
        before, self._high = self._high, self._is_high(loss, 1.0)
        found = JUMP if was and not before and self._is_high(loss, stricter) else None
        if self._recent:
            self._steps.append(abs(loss - self._recent[-1]))
        self._recent.append(loss)
        self._seen += 1
        if self._seen % _EVERY == 0 and self._seen >= LEAST:
            self._deviation = 1.4826 / math.sqrt(2) * float(np.median(self._steps))
            if math.isnan(self._first):
                self._first = abs(self._usual)
        return found

    @property
    def _usual(self) -> float:
        return sorted(self._recent)[len(self._recent) // 2]

    def _is_high(self, loss: float, stricter: float) -> bool:
        if math.isnan(self._deviation):
            return False
        rise = loss - self._usual
        return (
            rise > HEIGHT * stricter * self._deviation
            and rise > (FACTOR - 1) * abs(self._usual)
            and rise > PART * self._first
        )


class Copies:
    """Judges how many images of each step are there several times; some samplers draw so always."""

    def __init__(self) -> None:
        self._usual = math.nan
        self._standing_out = False

    def judge(self, index: NDArray[np.int64]) -> str | None:
        """Return why the images of a step stand out, or None; of a stretch only the first do."""
        share = 1 - len(np.unique(index)) / len(index)
        if math.isnan(self._usual):
            self._usual = share
        was, self._standing_out = self._standing_out, share >= self._usual + MORE_COPIES
        if not self._standing_out:
            self._usual += (share - self._usual) / LEAST
        return COPIES if self._standing_out and not was else None
