"""What the training machine does meanwhile, as scalars: processor, memory, disk, network, GPUs.

Read a few times a minute; what is a rate is the mean since the time before.
"""

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import torch

from deeptracker.step_clock import Spent, StepClock

FIRST_SECONDS = 10.0
EVERY_SECONDS = 10.0
PREFIX = "machine/"

_GB = 2.0**30
_MB = 2.0**20


# What all processes of a host have in common.
OF_HOST = frozenset(
    (
        "cpu_percent",
        "process_cpu_total_percent",
        "memory_percent",
        "memory_total_gb",
        "disk_read_mb_per_second",
        "disk_write_mb_per_second",
        "network_received_mb_per_second",
        "network_sent_mb_per_second",
    )
)


class Machine:
    """Reads the machine and the tree of this process, whose workers load data.

    `values` gives, by scalar name: `cpu_percent` of all cores, `process_cpu_percent` of one core
    (above 100 on several) of `process_cpu_total_percent`, `memory_percent`, `process_memory_gb` of
    `memory_total_gb`, disk and network in MB/s; of each GPU n that this process uses
    `gpu<n>_memory_gb` of `gpu<n>_total_gb` and, with NVML (the extra gpu), `gpu<n>_percent`;
    `iterations_per_second`, `images_per_second`; `loading_percent`, the share of time spent waiting
    for data, `recording_percent`, that of DeepTracker's own work, and `computing_percent`, the
    rest. GB are 2**30 bytes, MB 2**20. What cannot be read is left out.
    """

    def __init__(self, iteration: int = 0) -> None:
        self.clock = StepClock()
        self._process = psutil.Process()
        self._mark(self._counts(self._tree()), iteration, FIRST_SECONDS)

    @property
    def due(self) -> bool:
        """Say whether it is time to read again."""
        return time.monotonic() >= self._next

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
        found |= _speeds(self.clock.take(), iteration - self._iteration, passed)
        found |= {**_read(_cores), **_read(_memory), **_read(lambda: _memory_of(tree))}
        found |= _read(_gpus)
        self._mark(now, iteration, EVERY_SECONDS)
        return found

    def _mark(self, now: dict[str, float], iteration: int, seconds: float) -> None:
        self._before, self._iteration = now, iteration
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


def _speeds(spent: Spent, iterations: int, passed: float) -> dict[str, float]:
    """Return how fast the training is, and what its time is spent on."""
    found: dict[str, float] = {}
    if iterations > 0:
        found["iterations_per_second"] = iterations / passed
        if spent.until_backward is not None:
            found["until_backward_ms"] = 1000 * spent.until_backward / iterations
    if spent.images is not None:
        found["images_per_second"] = spent.images / passed
    recording = min(100.0, 100 * spent.recording / passed)
    found["recording_percent"] = recording
    if spent.loading is not None:
        # A wait that began before the last reading is told as a whole.
        found["loading_percent"] = loading = min(100 - recording, 100 * spent.loading / passed)
        found["computing_percent"] = 100 - recording - loading
    return found


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


def _cores() -> dict[str, float]:
    """Return what this process may use, by its affinity and its container's quota: 100 a core."""
    allowed = getattr(os, "sched_getaffinity", None)
    cores: float = len(allowed(0)) if allowed else os.cpu_count() or 0
    quota, period = [*_limit("cpu.max").split(), "", ""][:2]
    if quota.isdigit() and period.isdigit() and int(period):
        cores = min(cores, int(quota) / int(period))
    return {"process_cpu_total_percent": 100.0 * cores} if cores else {}


def _memory() -> dict[str, float]:
    found = psutil.virtual_memory()
    limit = _limit("memory.max").strip()
    total = min(found.total, int(limit)) if limit.isdigit() else found.total
    return {"memory_percent": found.percent, "memory_total_gb": total / _GB}


def _limit(name: str) -> str:
    """Return what the container is limited to; "" where it says nothing."""
    try:
        return Path("/sys/fs/cgroup", name).read_text()
    except (OSError, ValueError):
        return ""


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
        found[f"gpu{device}_total_gb"] = total / _GB
        with contextlib.suppress(Exception):  # NVML is not there, or has no such number
            found[f"gpu{device}_percent"] = float(torch.cuda.utilization(device))
    return found
