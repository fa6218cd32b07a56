"""Errors whose texts are safe to show: each names what is wrong and says what to do."""

from pathlib import Path


class DeepTrackerError(Exception):
    """The base of all errors that DeepTracker raises on purpose."""


class LogError(DeepTrackerError):
    """Something in a log on disk cannot be used.

    `file` is the path it is about, `field` the entry or array within it ("" for the whole file).
    """

    def __init__(self, file: Path | str, field: str, problem: str) -> None:
        self.file = Path(file)
        self.field = field
        self.problem = problem
        place = f"{self.file}: {field}" if field else f"{self.file}"
        super().__init__(f"{place}: {problem}")


class UnknownVersion(LogError):  # noqa: N818 - the name that callers read in an except clause
    """The log was written in a version of the format that this DeepTracker does not read."""


class RecordingError(DeepTrackerError):
    """The Recorder cannot record what it was given; the text says what to change."""


class NothingToRecord(RecordingError):  # noqa: N818
    """The model has no layer of a kind that can be recorded."""


class ValidationSetChanged(RecordingError):  # noqa: N818
    """The validation set is not the one that the run directory was begun with."""


class ForeignRunDirectory(RecordingError):  # noqa: N818
    """The run directory holds another run, or something that is no run."""
