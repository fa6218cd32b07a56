"""Which iterations become snapshots."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from deeptracker.errors import RecordingError
from deeptracker.format import Sampling
from deeptracker.given import maybe_whole

# Epochs are kept as decimals; closer than this two are the same, and a fraction is as fine.
_SAME_EPOCH = 1e-6
_FINEST = 1_000_000


@dataclass(frozen=True)
class SamplingRule:
    """Snapshots on a fixed grid of iterations, or a number of them in every epoch.

    Exactly one of `every` (iterations between two snapshots) and `per_epoch` is set; the latter
    needs `iterations_per_epoch`. Until iteration `begins_at` there were `epochs_before`, of epochs
    that may have had another length.
    """

    every: int | None = None
    per_epoch: int | None = None
    iterations_per_epoch: int | None = None
    begins_at: int = 0
    epochs_before: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if (self.every is None) == (self.per_epoch is None):
            raise RecordingError(
                "say how often to record: either every= (iterations) or per_epoch= (snapshots)"
            )
        for name in ("every", "per_epoch", "iterations_per_epoch"):
            maybe_whole(name, getattr(self, name))
        if self.per_epoch is None:
            return
        if self.iterations_per_epoch is None:
            raise RecordingError("per_epoch= needs iterations_per_epoch=, such as len(loader)")
        if self.per_epoch > self.iterations_per_epoch:
            raise RecordingError(
                f"per_epoch is {self.per_epoch}, but an epoch has only "
                f"{self.iterations_per_epoch} iterations"
            )

    def going_on(self, iteration: int, epochs: float) -> Self:
        """Return the rule of a training that goes on at an iteration, after so many epochs.

        Where its epochs have as many iterations as before, that is the same rule.
        """
        each = self.iterations_per_epoch
        if each is None or abs(epochs - iteration / each) < _SAME_EPOCH:
            return self
        return replace(
            self,
            begins_at=iteration,
            epochs_before=Fraction(epochs).limit_denominator(_FINEST),
        )

    def due(self, iteration: int) -> bool:
        """Say whether iteration (counted from 1) becomes a snapshot.

        With `per_epoch`, the last iteration of every epoch does and the others are spread evenly.
        """
        if self.every is not None:
            return iteration % self.every == 0
        assert self.per_epoch is not None
        assert self.iterations_per_epoch is not None
        return self._passed(iteration, self.per_epoch) > self._passed(iteration - 1, self.per_epoch)

    def _passed(self, iteration: int, parts: int) -> int:
        """Return how many of the `parts` of an epoch are over after an iteration."""
        each, (over, of) = self.iterations_per_epoch, self.epochs_before.as_integer_ratio()
        assert each is not None
        return (over * each + (iteration - self.begins_at) * of) * parts // (of * each)

    def epoch(self, iteration: int) -> float:
        """Return how many epochs are over after `iteration`; NaN: not known."""
        if self.iterations_per_epoch is None:
            return float("nan")
        since = (iteration - self.begins_at) / self.iterations_per_epoch
        return float(self.epochs_before) + since

    def for_manifest(self, planned_iterations: int | None, *, even: bool = True) -> Sampling:
        """Return what the manifest says; `every` only where the grid is even.

        It is not (`even`) where several iterations end at once: the last of them is taken then.
        """
        every = self.every if even else None
        if even and every is None and self.per_epoch and self.iterations_per_epoch:
            whole, rest = divmod(self.iterations_per_epoch, self.per_epoch)
            every = whole if rest == 0 else None
        return Sampling(every, self.iterations_per_epoch, planned_iterations)
