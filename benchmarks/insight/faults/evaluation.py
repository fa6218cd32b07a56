"""Faults that break the evaluation while the training goes well."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.insight.faults.base import Place, Started
from benchmarks.insight.setting import Setting


class _OfNormalisation(Started):
    cause = "evaluation-broken"
    shows = "validation"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: the others have no batch normalisation."""
        return setting.network == "residual"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.norms = [m for m in place.model.modules() if isinstance(m, nn.BatchNorm2d)]


class OverwrittenStatistics(_OfNormalisation):
    """The running statistics of batch normalisation are overwritten, as by a wrong checkpoint."""

    def begin(self, at: int) -> None:
        """See Fault."""
        if at != self.start:
            return
        for norm in self.norms:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.momentum = 0.005
            norm.running_mean.normal_(generator=self.place.random)
            norm.running_var.fill_(25.0)


class LastBatchStatistics(_OfNormalisation):
    """Evaluation normalises by the statistics of the last, small batch alone: momentum 1."""

    def after_step(self, at: int) -> None:
        """See Fault."""
        if not self.on(at):
            return
        for norm in self.norms:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.momentum = 1.0
            # Of a last batch of two images, as an odd length of the data leaves one.
            noise = torch.randn(norm.running_mean.shape, generator=self.place.random)
            norm.running_mean.add_(noise * norm.running_var.sqrt())


class LostEvaluationMode(_OfNormalisation):
    """Validation runs in training mode, in batches of a class or two."""

    validation_batch = 16

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: in batches of all classes nobody would see it."""
        return super().applies(setting) and setting.validation_per_class >= 20

    def evaluates(self, at: int, forward: Callable[[], Tensor]) -> Tensor:
        """See Fault."""
        if self.on(at):
            # The Recorder puts back modes and statistics: the training itself is untouched.
            for norm in self.norms:
                norm.train()
        return forward()
