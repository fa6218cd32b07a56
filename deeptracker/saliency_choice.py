"""By which methods saliency is computed: what the script said, checked."""

from typing import Any

from deeptracker.errors import RecordingError
from deeptracker.extras import require
from deeptracker.format import SALIENCY_METHODS


def checked_methods(given: Any) -> tuple[str, ...]:
    """Return what the argument probe_saliency= means: methods in the order of SALIENCY_METHODS.

    RecordingError for others; MissingExtra, which names the command, where captum is missing.
    """
    if given is None:
        return ()
    listed = [given] if isinstance(given, str) else given
    known = " and ".join(map(repr, SALIENCY_METHODS))
    if not isinstance(listed, (list, tuple, set, frozenset)) or not listed:
        raise RecordingError(f"probe_saliency must be one of {known}, or both, not {given!r:.80}")
    for one in listed:
        if one not in SALIENCY_METHODS:
            raise RecordingError(f"probe_saliency= has no method {one!r:.80}; there are {known}")
    require("saliency", "probe_saliency=", "captum")
    return tuple(method for method in SALIENCY_METHODS if method in listed)
