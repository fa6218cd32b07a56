"""What the training machine does meanwhile, as scalars: processor, memory, disk, network, GPUs.

Read a few times a minute; what is a rate is the mean since the time before.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import psutil
import torch

FIRST_SECONDS = 10.0
EVERY_SECONDS = 10.0
PREFIX = "machine/"

Batch = TypeVar("Batch")

_GB = 2.0**30
_MB = 2.0**20


class Machine:
    """Reads the machine and the tree of this process, whose workers load data.

    `values` gives, by scalar name after PREFIX: `cpu_percent` of all cores, `process_cpu_percent`
    of one core (above 100 on several), `memory_percent`, `process_memory_gb`, disk and network in
    MB/s; of each GPU n that this process uses `gpu<n>_memory_gb` and, with NVML (the extra
    gpu), `gpu<n>_percent`; `iterations_per_second`, `images_per_second` and `loading_percent`,
    the share of time spent waiting for data, where the script says what it takes to know them. What
    cannot be read is left out.
    """

    def __init__(self, iteration: int = 0) -> None:
        self._process = psutil.Process()
        self._told = {"images": False, "loading": False}
        self._mark(self._counts(self._tree()), iteration, FIRST_SECONDS)

    @property
    def due(self) -> bool:
        """Say whether it is time to read again."""
        return time.monotonic() >= self._next

    def note_images(self, number: int) -> None:
        """Count the images of a batch."""
        self._images += number
        self._told["images"] = True

    def note_loading(self, seconds: float) -> None:
        """Add time in which the training waited for data."""
        self._loading += seconds
        self._told["loading"] = True

    def values(self, iteration: int) -> dict[str, float]:
        """Return what is known of the time since the last reading, which ends with `iteration`."""
        tree = self._tree()
        now = self._counts(tree)
        passed = max(now["time"] - self._before["time"], 1e-9)
        rates = {
            name: (now[name] - self._before[name]) / passed
            for name in now
            if name in self._before and name != "time" and now[name] >= self._before[name]
        }
        found = {name: value for name, value in rates.items() if not name.startswith("cpu_")}
        if {"cpu_busy", "cpu_all"} <= rates.keys() and rates["cpu_all"] > 0:
            found["cpu_percent"] = 100 * rates["cpu_busy"] / rates["cpu_all"]
        if iteration > self._iteration:
            found["iterations_per_second"] = (iteration - self._iteration) / passed
        if self._told["images"]:
            found["images_per_second"] = self._images / passed
        if self._told["loading"]:
            found["loading_percent"] = min(100.0, 100 * self._loading / passed)
        found |= {**_read(_memory), **_read(lambda: _memory_of(tree)), **_read(_gpus)}
        self._mark(now, iteration, EVERY_SECONDS)
        return {PREFIX + name: value for name, value in found.items()}

    def _mark(self, now: dict[str, float], iteration: int, seconds: float) -> None:
        self._before, self._iteration = now, iteration
        self._images, self._loading = 0, 0.0
        self._next = now["time"] + seconds

    def _counts(self, tree: Sequence[psutil.Process]) -> dict[str, float]:
        """Return the counters that only grow, and the time at which they were read."""
        counts = {**_read(_cpu), **_read(_disk), **_read(_network), **_read(lambda: _cpu_of(tree))}
        return {**counts, "time": time.monotonic()}

    def _tree(self) -> list[psutil.Process]:
        """Return this process and its workers; to find them is what a reading costs."""
        try:
            return [self._process, *self._process.children(recursive=True)]
        except (psutil.Error, OSError):
            return [self._process]


def _cpu_of(tree: Sequence[psutil.Process]) -> dict[str, float]:
    used = 0.0
    for process in tree:
        with contextlib.suppress(psutil.Error):  # it may just have ended
            times = process.cpu_times()
            used += times.user + times.system
    return {"process_cpu_percent": 100 * used}


def _memory_of(tree: Sequence[psutil.Process]) -> dict[str, float]:
    used = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            used += process.memory_info().rss
    return {"process_memory_gb": used / _GB}


def timed(loader: Iterable[Batch], note: Callable[[float], None]) -> Iterator[Batch]:
    """Yield what `loader` yields, and tell how many seconds each took to come."""
    batches = iter(loader)
    while True:
        began = time.monotonic()
        try:
            batch = next(batches)
        except StopIteration:
            return
        note(time.monotonic() - began)
        yield batch


def _read(what: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    """Return what can be read; containers and other systems hide some of it."""
    try:
        return what()
    except (psutil.Error, OSError, RuntimeError, ValueError, AttributeError, NotImplementedError):
        return {}


def _cpu() -> dict[str, float]:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Time of guests is counted as the user's already.
    every = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return {"cpu_busy": every - idle, "cpu_all": every}


def _memory() -> dict[str, float]:
    return {"memory_percent": psutil.virtual_memory().percent}


def _disk() -> dict[str, float]:
    counts = psutil.disk_io_counters()
    if counts is None:
        return {}
    return {
        "disk_read_mb_per_second": counts.read_bytes / _MB,
        "disk_write_mb_per_second": counts.write_bytes / _MB,
    }


def _network() -> dict[str, float]:
    counts = psutil.net_io_counters()
    if counts is None:
        return {}
    return {
        "network_received_mb_per_second": counts.bytes_recv / _MB,
        "network_sent_mb_per_second": counts.bytes_sent / _MB,
    }


def _gpus() -> dict[str, float]:
    """Return memory and utilisation of the GPUs, without waiting for what they compute."""
    found: dict[str, float] = {}
    if not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return found
    for device in range(torch.cuda.device_count()):
        if not torch.cuda.memory_reserved(device):
            continue  # to ask a device that is not used would take some hundred MB of it
        free, total = torch.cuda.mem_get_info(device)
        found[f"gpu{device}_memory_gb"] = (total - free) / _GB
        with contextlib.suppress(Exception):  # NVML is not there, or has no such number
            found[f"gpu{device}_percent"] = float(torch.cuda.utilization(device))
    return found
