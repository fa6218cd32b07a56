"""What a load did and how far it is, as data and as sentences."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deeptracker.errors import LogError
from deeptracker.format import Manifest


@dataclass(frozen=True)
class Progress:
    """How far a load is. `total` and `rate` (snapshots a second) are None while not known."""

    run_id: int
    done: int
    total: int | None
    rate: float | None
    message: str

    @property
    def remaining_seconds(self) -> float | None:
        """Return about how long it will still take, None while not known."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate


@dataclass
class LoadReport:
    """What a load did.

    `bad` are the snapshots and pictures that could not be used, `off_grid` the stored iterations
    that are no multiple of the sampling step, `gaps` the multiples that are missing. `ended` says
    why it ended: "loaded", "complete", "ended early" or "failed" (the training, followed to its
    end), "stopped" (the load), or "quiet" (followed, and no news for long). `abandoned` counts
    stored snapshots that a later generation of the run replaced.
    """

    run_id: int
    new: list[int] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    unchanged: int = 0
    abandoned: int = 0
    bad: list[LogError] = field(default_factory=list)
    off_grid: list[int] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    seconds: float = 0.0
    ended: str = "loaded"

    @property
    def done(self) -> int:
        """Return how many snapshot files were dealt with."""
        return len(self.new) + len(self.replaced) + self.unchanged + len(self.bad)

    @property
    def written(self) -> int:
        """Return how many snapshots were new or replaced one."""
        return len(self.new) + len(self.replaced)

    @property
    def rate(self) -> float:
        """Return snapshots written per second."""
        return (len(self.new) + len(self.replaced)) / self.seconds if self.seconds else 0.0

    def place_on_grid(self, manifest: Manifest, iterations: list[int]) -> None:
        """Fill `off_grid` and `gaps` from the stored iterations, rising."""
        every = manifest.sampling.every
        if every is None or not iterations:
            return
        # The last one may close a training whose length is no multiple, and 0 precede it.
        self.off_grid = [i for i in iterations[:-1] if i % every]
        have = set(iterations)
        first = -(-iterations[0] // every) * every
        expected = range(first, iterations[-1], every)
        self.gaps = [i for i in expected if i not in have][:10_000]

    @property
    def loaded(self) -> bool:
        """Return whether any snapshot could be used."""
        return self.done > len(self.bad)

    def lines(self, *, bad: bool = True) -> Iterator[str]:
        """Yield sentences for a person, the summary first; `bad`: with what was unusable."""
        others = (
            (len(self.replaced), "replaced"),
            (self.unchanged, "unchanged"),
            (len(self.bad), "unusable"),
        )
        counts = "".join(f", {number:,} {what}" for number, what in others if number)
        rate = f" ({self.rate:.1f} per second)" if self.rate else ""
        one = "snapshot" if len(self.new) == 1 else "snapshots"
        yield f"{len(self.new):,} {one} new{counts} in {self.seconds:.1f} s{rate}."
        if self.replaced:
            yield f"Recorded again, replaced: iterations {shortened(self.replaced)}."
        if self.abandoned:
            yield f"Removed: {self.abandoned:,} snapshots from before the run was resumed."
        if self.gaps:
            yield f"Missing from the sampling grid: iterations {shortened(self.gaps)}."
        if self.off_grid:
            yield f"Off the sampling grid: iterations {shortened(self.off_grid)}."
        if not bad:
            return
        for error in self.bad[:50]:
            yield f"Not loaded: {error}"
        if len(self.bad) > 50:
            yield f"Not loaded: {len(self.bad) - 50} more."


def shortened(numbers: Iterable[int], *, most: int = 10) -> str:
    """Return the numbers in words, the middle of a long list left out."""
    listed = list(numbers)
    if len(listed) <= most:
        return ", ".join(map(str, listed))
    head = ", ".join(map(str, listed[: most - 1]))
    return f"{head}, ... {listed[-1]} ({len(listed)} in all)"


class Pace:
    """Snapshots a second over the last few batches."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=30)

    def mark(self, done: int) -> float | None:
        """Note how many are done now; return the rate, None while nothing moved."""
        self._marks.append((time.monotonic(), done))
        (since, before), (now, count) = self._marks[0], self._marks[-1]
        return (count - before) / (now - since) if count > before and now > since else None
