"""Which iterations become snapshots."""

from dataclasses import dataclass

from deeptracker.errors import RecordingError
from deeptracker.format import Sampling


@dataclass(frozen=True)
class SamplingRule:
    """Snapshots on a fixed grid of iterations, or a number of them in every epoch.

    Exactly one of `every` (iterations between two snapshots) and `per_epoch` is set; the latter
    needs `iterations_per_epoch`.
    """

    every: int | None = None
    per_epoch: int | None = None
    iterations_per_epoch: int | None = None

    def __post_init__(self) -> None:
        if (self.every is None) == (self.per_epoch is None):
            raise RecordingError(
                "say how often to record: either every= (iterations) or per_epoch= (snapshots)"
            )
        for name in ("every", "per_epoch", "iterations_per_epoch"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise RecordingError(f"{name} must be a whole number of at least 1, not {value!r}")
        if self.per_epoch is None:
            return
        if self.iterations_per_epoch is None:
            raise RecordingError("per_epoch= needs iterations_per_epoch=, such as len(loader)")
        if self.per_epoch > self.iterations_per_epoch:
            raise RecordingError(
                f"per_epoch is {self.per_epoch}, but an epoch has only "
                f"{self.iterations_per_epoch} iterations"
            )

    def due(self, iteration: int) -> bool:
        """Say whether iteration (counted from 1) becomes a snapshot.

        With `per_epoch`, the last iteration of every epoch does and the others are spread evenly.
        """
        if self.every is not None:
            return iteration % self.every == 0
        assert self.per_epoch is not None
        assert self.iterations_per_epoch is not None
        before = (iteration - 1) * self.per_epoch // self.iterations_per_epoch
        return iteration * self.per_epoch // self.iterations_per_epoch > before

    def epoch(self, iteration: int) -> float:
        """Return how many epochs are over after `iteration`; NaN: not known."""
        if self.iterations_per_epoch is None:
            return float("nan")
        return iteration / self.iterations_per_epoch

    def for_manifest(self, planned_iterations: int | None, *, even: bool = True) -> Sampling:
        """Return what the manifest says; `every` only where the grid is even.

        It is not (`even`) where several iterations end at once: the last of them is taken then.
        """
        every = self.every if even else None
        if even and every is None and self.per_epoch and self.iterations_per_epoch:
            whole, rest = divmod(self.iterations_per_epoch, self.per_epoch)
            every = whole if rest == 0 else None
        return Sampling(every, self.iterations_per_epoch, planned_iterations)
