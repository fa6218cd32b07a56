"""How a training ended, told from what left the Recorder's context."""

import sys
import sysconfig
from pathlib import Path
from types import TracebackType

from deeptracker.format import Failure
from deeptracker.format.entries import fit_text

_LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib")})
_OWN = str(Path(__file__).parent)
_LONGEST = 500


def ending_of(error: BaseException | None) -> tuple[str, Failure | None]:
    """Return the state, and what failed: "complete" without an exception.

    Ctrl-C, `sys.exit(0)` and requests to stop that are no errors end as "stopped".
    """
    if error is None:
        return "complete", None
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "stopped", None
    if isinstance(error, (Exception, SystemExit)):
        return "failed", _failure(error)
    return "stopped", None


def last_uncaught() -> BaseException | None:
    """Return the exception that ended the script, as far as Python tells at exit."""
    found = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return found if isinstance(found, BaseException) else None


def _failure(error: BaseException) -> Failure:
    file, line = _place(error.__traceback__)
    return Failure(fit_text(type(error).__name__)[:_LONGEST], fit_text(file)[:_LONGEST], line)


def _place(traceback: TracebackType | None) -> tuple[str, int]:
    """Return file and line of the innermost frame that is the script's own."""
    found = ("", 0)
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        library = file.startswith((*_LIBRARIES, _OWN, "<frozen"))
        if not library or not found[0]:
            found = (Path(file).name, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found
