"""Errors whose texts are safe to show: each names what is wrong and says what to do."""

from pathlib import Path


class DeepTrackerError(Exception):
    """The base of all errors that DeepTracker raises on purpose."""


class MissingExtra(DeepTrackerError, ModuleNotFoundError):  # noqa: N818 - what callers read
    """A package that an extra brings is not installed; the text has the command that does it."""


class LogError(DeepTrackerError):
    """Something in a log on disk cannot be used.

    `file` is the path it is about (text for the address of an object, "s3://..."), `field` the
    entry or array within it ("" for the whole file).
    Field and problem are shortened and made printable: they may quote a hostile file.
    """

    def __init__(self, file: Path | str, field: str, problem: str) -> None:
        self.file: Path | str = file if "://" in str(file) else Path(file)
        self.field = _shown(field, 200)
        self.problem = _shown(problem, 500)
        name = _shown(str(self.file), 4_096)
        place = f"{name}: {self.field}" if self.field else name
        super().__init__(f"{place}: {self.problem}")


def _shown(text: str, most: int) -> str:
    """Return at most `most` characters of a text, those that could not be shown as escapes."""
    kept = text if len(text) <= most else f"{text[:most]}..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in kept)


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


class ClientError(DeepTrackerError):
    """A server of DeepTracker did not give what was asked; children say why."""


class ServerUnreachable(ClientError):  # noqa: N818 - the name that callers read
    """No server of DeepTracker answers under the address."""


class TokenRefused(ClientError):  # noqa: N818
    """The API token does not work: wrong, revoked, expired, or of a locked account."""


class NotPermitted(ClientError):  # noqa: N818
    """The account's role does not allow this."""


class NotOnServer(ClientError):  # noqa: N818
    """The server has no such run, layer, class, filter, series or snapshot."""


class ServerFailed(ClientError):  # noqa: N818
    """The server has failed at it; the text has the number under which its log says why."""
