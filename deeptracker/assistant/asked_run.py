"""One run as a tool asks for it: found by its name, layers and classes by theirs."""

from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urljoin

import numpy as np
from numpy.typing import NDArray

from deeptracker.connection import Connection
from deeptracker.errors import ClientError, NotOnServer
from deeptracker.named import number_of

Arrays = dict[str, NDArray[Any]]


class AskedRun:
    """One run on a server, read as its tools need it; `name` is unique among all runs."""

    def __init__(self, connection: Connection, facts: Mapping[str, Any], name: str) -> None:
        self._connection, self.facts, self.name = connection, facts, name
        self.id: int = facts["id"]

    def json(self, path: str, **arguments: Any) -> Any:
        """Return what the API says of it below its address; ClientError."""
        return self._connection.json(f"/runs/{self.id}{path}", **arguments)

    def arrays(self, path: str, **arguments: Any) -> tuple[Arrays, dict[str, Any]]:
        """Return the arrays and the meta that the API says of it; ClientError."""
        return self._connection.arrays(f"/runs/{self.id}{path}", **arguments)

    def page(self, view: str = "overview", **fields: Any) -> str:
        """Return the address of a page of it, with what is selected there."""
        given = {name: value for name, value in fields.items() if value is not None}
        query = f"?{urlencode(given, safe=',')}" if given else ""
        return self.address(f"/run/{self.id}/{view}{query}")

    def address(self, path: str) -> str:
        """Return the whole address of a page that the API names."""
        return urljoin(f"{self._connection.url}/", path)

    @cached_property
    def layers(self) -> list[str]:
        """The names of its layers in the order of the network."""
        return [layer["name"] for layer in self.json("/layers")]

    @cached_property
    def classes(self) -> list[str]:
        """The names of its validation classes."""
        return [one["name"] for one in self.json("/classes")]

    @cached_property
    def snapshots(self) -> Arrays:
        """Its snapshots as the API has them: iteration, losses and errors, each [T]."""
        return self.arrays("/snapshots")[0]

    def layer(self, name: str) -> int:
        """Return the number of a layer; NotOnServer."""
        return number_of("layer", name, self.layers, self.name)

    def class_number(self, name: str) -> int:
        """Return the number of a class; NotOnServer."""
        return number_of("class", name, self.classes, self.name)

    def validated(self) -> NDArray[np.int32]:
        """Return the iterations of the snapshots that were validated, rising."""
        seen = np.isfinite(self.snapshots["validation_error"])
        return np.asarray(self.snapshots["iteration"][seen], np.int32)


def all_runs(connection: Connection, *, archived: bool = False) -> list[dict[str, Any]]:
    """Return the runs in use, or those put away, each with `called`: a name that it alone has."""
    found = connection.json("/runs", shelf="archived" if archived else "active")
    often = Counter(run["name"] for run in found)
    for run in found:
        run["called"] = f"{run['name']} #{run['id']}" if often[run["name"]] > 1 else run["name"]
    return list(found)


def find_run(connection: Connection, name: str) -> AskedRun:
    """Return the run of a name, of "name #id" or of "#id"; NotOnServer, ClientError for several."""
    begin, mark, end = name.strip().rpartition("#")
    if mark and end.isascii() and end.isdigit():
        facts = connection.json(f"/runs/{int(end)}")
        if begin.strip() in ("", facts["name"]):
            return AskedRun(connection, facts, str(facts["name"]))
    known: list[dict[str, Any]] = []
    for archived in (False, True):
        runs = all_runs(connection, archived=archived)
        known += runs
        found = [run for run in runs if run["name"] == name.strip()]
        if len(found) == 1:
            return AskedRun(connection, found[0], found[0]["called"])
        if found:
            called = " or ".join(repr(run["called"]) for run in found[:10])
            raise ClientError(f"{len(found)} runs are called {name!r}: ask for {called}.")
    alike = get_close_matches(name, [run["called"] for run in known], 3, 0.5)
    hint = f" Alike: {', '.join(map(repr, alike))}." if alike else ""
    raise NotOnServer(f"There is no run called {name!r}.{hint} list_runs has all names.")
