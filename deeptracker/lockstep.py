"""The processes of a training whose weights are sharded: all of them take every snapshot together.

What they tell each other goes through a group of their own, on the CPU, so that it never mixes
with what the training sends. Each message says where its process is and what failed there: an error
of one of them is an error of all, at the same place, and nobody waits for who has given up.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, cast

from torch import Tensor, distributed

from deeptracker.errors import RecordingError

# How long the first to make a Recorder waits for the others, and the first at a snapshot.
MEETING = timedelta(minutes=2)
LATE = timedelta(minutes=5)
# A validation set may be read from a slow disk between two messages.
_PATIENCE = timedelta(minutes=10)


class _Message(NamedTuple):
    where: str
    value: Any
    error: tuple[type[RecordingError], str] | None


class OneProcess:
    """A process that records by itself: there is nobody to agree with."""

    shared = False
    leads = True
    broken = ""

    @contextlib.contextmanager
    def together(self, where: str) -> Iterator[None]:
        """Run something that all processes do; what fails on one of them raises on all."""
        yield

    def agree(self, where: str) -> None:
        """Wait until all processes are here; raise where one of them failed before."""

    def same(self, what: str, value: Any) -> None:
        """Raise where the processes do not all give the same value."""

    def on_any(self, where: str, value: bool) -> bool:
        """Say whether it holds on any process."""
        return value

    def of_leader(self, where: str, value: Any) -> Any:
        """Return what the process that writes gives."""
        return value

    def sum(self, numbers: Tensor) -> Tensor:
        """Return the sum i8 [...] over all processes of a tensor on the CPU."""
        return numbers

    def gather(self, value: Any) -> list[Any]:
        """Return everybody's value on the process that writes; an empty list elsewhere."""
        return [value]

    def meet(self, iteration: int) -> None:
        """Wait for the others at a snapshot."""

    def reshard(self) -> None:
        """Let every process hold its share of the weights alone, as between two forward passes."""

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Run what may raise on all processes, and leave them where it does."""
        try:
            with self.together("Recorder()"):
                yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the others, who see it when they next wait for this process."""


class Lockstep(OneProcess):
    """This process among all those of the training, which make one each.

    `leads`: this is the one that writes. `broken` says why they do not find together any more.
    Raises RecordingError where others do not come, or not exactly one of them leads.
    """

    shared = True

    def __init__(self, *, leads: bool, reshard: Callable[[], None]) -> None:
        self.leads, self._reshard = leads, reshard
        self.broken = ""
        self._ranks = range(distributed.get_world_size())
        self._told: BaseException | None = None
        began = time.monotonic()
        try:
            meeting, self._group = _new_group(MEETING), _new_group(_PATIENCE)
        except Exception as error:
            patience = MEETING.total_seconds()
            if time.monotonic() - began < 0.9 * patience:
                raise RecordingError(
                    "the processes over which the network is sharded cannot reach each other by "
                    f"Gloo ({_first_line(error)}); GLOO_SOCKET_IFNAME= names the network interface"
                ) from error
            raise RecordingError(
                f"the network is sharded over {len(self._ranks)} processes, but not all of them "
                f"made a Recorder within {patience:.0f} s; make it, and call its step(), in every "
                f"process, not in rank 0 alone ({_first_line(error)})"
            ) from error
        leaders = [m.value for m in self._exchange("the start", leads)]
        # Not before all are here: who is still connecting would take it for a failure.
        distributed.destroy_process_group(meeting)
        if sum(leaders) != 1:
            self.close()
            raise RecordingError(
                f"{sum(leaders)} of the {len(leaders)} processes over which the network is sharded "
                "have rank 0, which writes the run; give each its own rank=, or leave rank= out"
            )
        self._leader = leaders.index(True)

    @contextlib.contextmanager
    def together(self, where: str) -> Iterator[None]:
        """Run something that all processes do; what fails on one of them raises on all."""
        try:
            yield
        except Exception as error:
            if error is not self._told and not self.broken:
                self._exchange(where, None, error)
            raise
        self._exchange(where, None)

    def agree(self, where: str) -> None:
        """Wait until all processes are here; raise where one of them failed before."""
        self._exchange(where, None)

    def same(self, what: str, value: Any) -> None:
        """Raise where the processes do not all give the same value."""
        values = [message.value for message in self._exchange(what, value)]
        for rank, other in zip(self._ranks, values, strict=True):
            if other != values[0]:
                raise self._tell(
                    RecordingError,
                    f"{what} differs between the processes over which the network is sharded: "
                    f"{str(values[0])[:100]} in rank {self._ranks[0]}, {str(other)[:100]} in rank "
                    f"{rank}; give all of them the same",
                )

    def on_any(self, where: str, value: bool) -> bool:
        """Say whether it holds on any process."""
        return any(message.value for message in self._exchange(where, value))

    def of_leader(self, where: str, value: Any) -> Any:
        """Return what the process that writes gives."""
        return self._exchange(where, value)[self._leader].value

    def sum(self, numbers: Tensor) -> Tensor:
        """Return the sum i8 [...] over all processes of a tensor on the CPU."""
        with self._connected():
            distributed.all_reduce(numbers, group=self._group)
        return numbers

    def gather(self, value: Any) -> list[Any]:
        """Return everybody's value on the process that writes; an empty list elsewhere."""
        found: list[Any] | None = [None] * len(self._ranks) if self.leads else None
        with self._connected():
            distributed.gather_object(value, found, group=self._group, group_dst=self._leader)
        return found or []

    def meet(self, iteration: int) -> None:
        """Wait for the others at a snapshot."""
        with self._connected():
            distributed.monitored_barrier(self._group, timeout=LATE, wait_all_ranks=True)
        self.same("the iteration of a snapshot", iteration)

    def reshard(self) -> None:
        """Let every process hold its share of the weights alone, as between two forward passes."""
        self._reshard()

    def close(self) -> None:
        """Leave the others, who see it when they next wait for this process."""
        if self._group is not None and distributed.is_initialized():
            with contextlib.suppress(Exception):
                distributed.destroy_process_group(self._group)
        self._group = None

    def _exchange(self, where: str, value: Any, error: Exception | None = None) -> list[_Message]:
        """Return everybody's messages; raise where one tells of an error, or is elsewhere."""
        messages: list[Any] = [None] * len(self._ranks)
        own = _Message(where, value, None if error is None else _described(error))
        with self._connected():
            distributed.all_gather_object(messages, own, group=self._group)
        found = cast(list[_Message], messages)
        failed = [(rank, m.error) for rank, m in zip(self._ranks, found, strict=True) if m.error]
        if failed:
            rank, (kind, text) = failed[0]
            everywhere = len(failed) == len(found) and len({e for _, e in failed}) == 1
            raise self._tell(kind, text if everywhere else f"rank {rank}: {text}") from error
        if len({message.where for message in found}) > 1:
            places = [f"rank {r} at {m.where}" for r, m in zip(self._ranks, found, strict=True)]
            raise self._tell(
                RecordingError,
                f"the processes over which the network is sharded are not in step: "
                f"{', '.join(places[:4])}; give all of them the same arguments and validation set",
            )
        return found

    def _tell(self, kind: type[RecordingError], text: str) -> RecordingError:
        """Return an error that all processes know of."""
        self._told = error = kind(text)
        return error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        if self._group is None or self.broken:
            raise RecordingError(f"the processes have parted ({self.broken or 'closed'})")
        try:
            yield
        except Exception as error:
            self.broken = _first_line(error)
            raise RecordingError(
                "the processes over which the network is sharded have lost each other "
                f"({self.broken}); step() must be called in all of them alike. Recording stops, "
                "the training goes on"
            ) from error


def _new_group(patience: timedelta) -> Any:
    # Of all processes: one of some would find the addresses of one before it with the same members.
    return distributed.new_group(timeout=patience, backend="gloo")


def _described(error: Exception) -> tuple[type[RecordingError], str]:
    if isinstance(error, RecordingError):
        return type(error), str(error)
    return RecordingError, f"{type(error).__name__}: {error}"


def _first_line(error: Exception) -> str:
    # Gloo begins with the place in its own source.
    text = re.sub(r"^\[/\S+\] ", "", str(error).strip()) or type(error).__name__
    return text.splitlines()[0][:200]
