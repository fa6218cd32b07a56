"""What the machine does, rank by rank: the other processes of a distributed training tell it.

They leave it in the store by which torch.distributed's processes found each other. Nobody waits for
anybody: each writes its own entry, and the process that records reads those that are there.
"""

import contextlib
import itertools
import json
import math
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from torch import distributed, nn

from deeptracker.machine import OF_HOST, PREFIX, Machine

# Of so many ranks: each has about ten scalars.
MOST_RANKS = 64
# A training may be recorded after another one in the same processes.
_recorders = itertools.count()


class RankMachine:
    """The machine of a process that does not record, told every few seconds."""

    def __init__(self, model: nn.Module, network: nn.Module, *, own: bool) -> None:
        self.machine = Machine()
        self.machine.clock.watch(model, network, passes=own)
        self._store = _Store(next(_recorders))
        self._iteration = self._number = 0

    def enter(self) -> None:
        """Note that an iteration ends."""
        self._iteration += 1
        self.machine.clock.enter()

    def leave(self) -> None:
        """Note that the next one begins; tell what the machine does where it is time."""
        if self.machine.due:
            self._number += 1
            values = self.machine.values(self._iteration)
            self._store.put(
                {"number": self._number, "host": socket.gethostname(), "values": values}
            )
        self.machine.clock.leave()

    def close(self) -> None:
        """Look on no longer."""
        self.machine.clock.close()


class Machines:
    """The machines of all ranks, as the process that records asks for them."""

    def __init__(self, own: Machine) -> None:
        self._own, self._others = own, _OtherRanks()

    def values(self, iteration: int) -> dict[str, float]:
        """Return the scalars of an iteration by name; none where it is not time to say them."""
        if not self._own.due:
            return {}
        found = {**self._others.values(), **self._own.values(iteration)}
        return {PREFIX + name: value for name, value in found.items()}


class _OtherRanks:
    """What the processes that do not record have told."""

    def __init__(self) -> None:
        self._store = _Store(next(_recorders))
        self._numbers: dict[int, int] = {}
        self._hosts: dict[int, str] = {}

    def values(self) -> dict[str, float]:
        """Return what was told since this was asked last, by `rank<r>/<name>`.

        What is of a host is given once, for its lowest rank, and not for this process's own.
        """
        found: dict[str, float] = {}
        for rank, told in self._store.others():
            number, values = told.get("number"), told.get("values")
            if not isinstance(number, int) or not isinstance(values, Mapping):
                continue
            if self._numbers.get(rank) == number:
                continue
            self._numbers[rank] = number
            self._hosts[rank] = str(told.get("host"))
            first = self._is_first(rank)
            found |= {
                f"rank{rank}/{name}": float(value)
                for name, value in values.items()
                if (first or name not in OF_HOST) and isinstance(value, (int, float))
            }
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _is_first(self, rank: int) -> bool:
        host = self._hosts[rank]
        lower = (other for one, other in self._hosts.items() if one < rank)
        return host != socket.gethostname() and host not in lower


class _Store:
    """The store of the process group, once there is one, with a place of its own in it."""

    def __init__(self, number: int) -> None:
        self._prefix = f"deeptracker-machine-{number}"
        self._found: Any = None
        self._there: set[int] = set()

    def put(self, told: Mapping[str, Any]) -> None:
        """Leave what this process tells in place of what it told before; nobody needs it."""
        with contextlib.suppress(Exception):
            store = self._get()
            if store is not None:
                store.set(str(distributed.get_rank()), json.dumps(told))

    def others(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield ranks and what they have told; those that have told nothing are not waited for."""
        with contextlib.suppress(Exception):
            store = self._get()
            if store is None:
                return
            own = distributed.get_rank()
            for rank in range(min(MOST_RANKS, distributed.get_world_size())):
                if rank == own or not (rank in self._there or store.check([str(rank)])):
                    continue
                self._there.add(rank)
                told = json.loads(store.get(str(rank)))
                if isinstance(told, dict):
                    yield rank, told

    def _get(self) -> Any:
        if not (distributed.is_available() and distributed.is_initialized()):
            return None
        if self._found is None:
            whole: Any = distributed.distributed_c10d._get_default_store()
            # A connection of its own where there can be one: none waits for the other's answers.
            with contextlib.suppress(Exception):
                whole = whole.clone()
            self._found = distributed.PrefixStore(self._prefix, whole)
        return self._found
