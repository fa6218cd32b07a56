"""Errors of the store; their texts are safe to show to a user."""

from deeptracker.errors import DeepTrackerError


class StoreError(DeepTrackerError):
    """Something about the store is wrong; children say what."""


class NotFound(StoreError):  # noqa: N818 - the name that callers read in an except clause
    """The asked run, layer, class, job or account does not exist."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"There is no {what} {key}.")
        self.what = what
        self.key = key


class InTrash(NotFound):
    """The run is in the trash: it is not shown until somebody restores it."""

    def __init__(self, run_id: int) -> None:
        super().__init__("run", run_id)
        self.args = (f"Run {run_id} is in the trash. Restore it on the page of runs to see it.",)


class Conflict(StoreError):  # noqa: N818
    """What is to be written contradicts what is stored."""


class Forbidden(StoreError):  # noqa: N818
    """The account may not do this; the text says why."""


class RunBusy(Conflict):
    """Another process is loading this run right now; wait until it is done, or cancel its job."""


class ServerUnavailable(StoreError):  # noqa: N818
    """The embedded PostgreSQL could not be started; the text says why and what to do."""


class HomeRefused(ServerUnavailable):
    """DEEPTRACKER_HOME belongs to another account; the text says whose, and what to do."""
