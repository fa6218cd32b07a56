"""`deeptracker.connect`: a run's five look-ups as pandas frames, over HTTP.

Needs the extra `client` (pandas, requests), and neither torch nor anything of the server.
"""

from collections.abc import Sequence
from typing import Any

from deeptracker.errors import ClientError, NotOnServer
from deeptracker.extras import needed

with needed("client", "deeptracker.connect"):
    import pandas as pd

    from deeptracker.connection import Connection
    from deeptracker.run_frames import Run

TIMEOUT_SECONDS = 60.0


class Tracker:
    """A server of DeepTracker, as one account sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        me = connection.json("/me")
        self.account: str = me["name"]
        self.role: str = me["role"]

    def runs(self, *, archived: bool = False) -> pd.DataFrame:
        """Return the runs in use, or those put away, the newest first; index: id.

        Columns as Run.facts, hyperparameters as dicts; `last_error` is a share 0..1; times are UTC.
        """
        shelf = "archived" if archived else "active"
        frame = pd.DataFrame(self._connection.json("/runs", shelf=shelf))
        if frame.empty:
            return pd.DataFrame(index=pd.Index([], name="id"))
        for name in ("created_at", "ended_at", "loaded_at", "archived_at"):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
        return frame.set_index("id")

    def run(self, id: int) -> Run:
        """Return one run by its id, that of its address in the browser; NotOnServer."""
        return Run(self._connection, int(id))

    def run_named(self, name: str) -> Run:
        """Return the one run in use with this name; NotOnServer for none, ClientError for many."""
        found = [run["id"] for run in self._connection.json("/runs") if run["name"] == name]
        if not found:
            raise NotOnServer(f"There is no run called {name!r} in use.")
        if len(found) > 1:
            raise ClientError(f"{len(found)} runs are called {name!r}; ask by id: {_list(found)}.")
        return self.run(found[0])

    def __repr__(self) -> str:
        return f"<DeepTracker at {self._connection.url} as {self.account} ({self.role})>"


def connect(url: str, token: str, *, timeout: float = TIMEOUT_SECONDS) -> Tracker:
    """Return the server at `url`, asked with an API token from the account page.

    Raises ServerUnreachable where no server answers within `timeout` seconds, and TokenRefused
    where the token does not work.
    """
    return Tracker(Connection(url, token, timeout=timeout))


def _list(ids: Sequence[Any]) -> str:
    return ", ".join(map(str, ids))
