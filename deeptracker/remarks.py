"""What could not be recorded, or is doubtful: told once by name, counted for the manifest."""

import contextlib
import logging
import threading
import warnings
from dataclasses import replace

from deeptracker.format import Remark
from deeptracker.format.entries import fit_text

log = logging.getLogger("deeptracker")

MOST = 900
# A script that logs a thousand bad names should not fill the screen with them.
MOST_WARNINGS = 20
_SUBJECT = 200
_TEXT = 500


class Remarks:
    """Collects remarks; nothing here raises, also where the script turns warnings into errors.

    `news` holds since it was last set to False whether there is anything that was not there before.
    """

    def __init__(self, known: tuple[Remark, ...] = ()) -> None:
        self._found = {(remark.kind, remark.subject): remark for remark in known}
        self._told = 0
        self._lock = threading.Lock()
        self.news = False

    def add(self, kind: str, subject: str, text: str, *, iteration: int) -> None:
        """Count a remark about `subject` at an iteration; say it where it is the first."""
        subject, text = fit_text(subject)[:_SUBJECT], fit_text(text)[:_TEXT]
        with self._lock:
            key = (kind, subject)
            if key not in self._found and len(self._found) >= MOST:
                key = (kind, "others")
            before = self._found.get(key)
            if before is not None:
                again = replace(before, times=before.times + 1, last=max(iteration, before.last))
                self._found[key] = again
                self.news = True
                return
            self._found[key] = Remark(kind, key[1], text, 1, iteration, iteration)
            self.news = True
            self._told += 1
            told = self._told
        if told <= MOST_WARNINGS:
            tell(text if told < MOST_WARNINGS else f"{text}; the run's page lists the rest")

    def listed(self) -> tuple[Remark, ...]:
        """Return all remarks, by the iteration at which they were first made."""
        with self._lock:
            return tuple(sorted(self._found.values(), key=lambda remark: remark.first))


def tell(text: str) -> None:
    """Warn of something, also where the script turns warnings into errors: nothing is raised."""
    log.warning(text)
    # With warnings as errors this would end the training.
    with contextlib.suppress(Warning):
        warnings.warn(text, RuntimeWarning, stacklevel=5)
