"""Faults of the learning rate, the optimizer's state and weight decay."""

from benchmarks.insight.faults.base import Fault, Place, Started
from benchmarks.insight.optimizers import SCHEDULES
from benchmarks.insight.setting import Setting


class JumpedRate(Started):
    """The learning rate is many times higher for some steps, or from some iteration on."""

    cause = "rate-jump"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        lasting = place.whole(0, 2) == 0
        self.times = 15.0 if lasting else float(place.whole(30, 60))
        self.truth.end = None if lasting else self.start + place.whole(3, 10)

    def rate(self, at: int, factor: float) -> float:
        """See Fault."""
        return factor * self.times if self.on(at) else factor


class HighRate(Fault):
    """The learning rate is far too high from the start."""

    cause = "rate-too-high"
    rate_scale = 60.0

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault."""
        return setting.takes_learning


class LowRate(Fault):
    """The learning rate is far too low from the start."""

    cause = "rate-too-low"
    rate_scale = 1 / 500.0

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault."""
        return setting.takes_learning


class LostSchedule(Started):
    """At a resume the schedule begins anew: the rate is again what it was at first."""

    cause = "schedule-lost"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: where the schedule had lowered the rate much before."""
        return setting.schedule in ("step", "cosine")

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        iterations = place.setting.iterations
        self.start = place.whole(iterations * 6 // 10, iterations * 8 // 10)
        self.truth.iteration, self.resumes_after = self.start, self.start - 1

    def rate(self, at: int, factor: float) -> float:
        """See Fault."""
        setting = self.place.setting
        if not self.on(at):
            return factor
        return SCHEDULES[setting.schedule]((at - self.start) / setting.iterations)


class LostState(Started):
    """At a resume the state of the optimizer is empty."""

    cause = "optimizer-state-lost"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: of plain momentum nobody would see it."""
        return setting.optimizer != "sgd"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.resumes_after = self.start - 1

    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            for optimizer in self.place.optimizers:
                optimizer.state.clear()


class StrongDecay(Started):
    """Weight decay is far too strong from some iteration on."""

    cause = "decay-too-strong"

    def begin(self, at: int) -> None:
        """See Fault."""
        if at != self.start:
            return
        for optimizer in self.place.optimizers:
            for group in optimizer.param_groups:
                # Per step, 3 % of the weights at the rate that the schedule begins with.
                coupled = "momentum" in group and "betas" not in group and "ns_steps" not in group
                group["weight_decay"] = (0.003 if coupled else 0.03) / group["base_lr"]
