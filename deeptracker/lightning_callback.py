"""The callback for Lightning: a Recorder whose iterations are the Trainer's optimizer steps."""

import math
from pathlib import Path
from typing import Any

import lightning.pytorch
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from deeptracker.callback_run import CallbackRun
from deeptracker.recorder import Recorder

_NAME = "deeptracker.lightning.Callback"


class Callback(lightning.pytorch.Callback):
    """Records every training of the Trainer that has it among its callbacks.

    run_dir: as of `deeptracker.Recorder`. A training that goes on from a checkpoint (`ckpt_path=`)
        goes on with the run that is in it.
    validation: a data set or loader of (image, label); True: the first validation loader of the
        training, left out with a warning where it does not fit; None: none.
    options: what else `deeptracker.Recorder` takes. Known without being told: a snapshot an epoch
        where neither `every` nor `per_epoch` is given, the planned iterations, the
        hyperparameters (`self.hparams`), and `validation_forward` where the module has no
        `forward`, but one network.

    An iteration is a batch, or window of batches, after which an optimizer stepped. `train_loss` is
    the mean loss of its batches; what the module logs is recorded by its name. What cannot be
    recorded raises RecordingError when the training starts, and nothing does later.
    """

    def __init__(self, run_dir: str | Path, *, validation: Any = True, **options: Any) -> None:
        if validation is not True:
            options["validation"] = validation
        self._own_validation = validation is True
        self._run = CallbackRun(_NAME, run_dir, options, Recorder)
        self._restored = 0
        self._steps = 0
        self._losses: list[Tensor] = []
        self._seen: dict[str, Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the iteration, for a checkpoint."""
        recorder = self._run.recorder
        return {"iteration": self._restored if recorder is None else recorder.iteration}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the iteration from a checkpoint, after which the run goes on."""
        self._restored = int(state_dict.get("iteration", 0))

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the run; RecordingError names the argument to pass."""
        self._steps = trainer.global_step
        self._losses, self._seen = [], {}
        found: dict[str, Any] = {
            "model": pl_module,
            "optimizer": list(trainer.optimizers),
            "model_name": type(pl_module).__name__,
            "hyperparameters": dict(pl_module.hparams),
            "rank": trainer.global_rank,
            "iterations_per_epoch": _iterations_per_epoch(trainer),
            "planned_iterations": _planned(trainer, pl_module),
            "validation_forward": _forward(pl_module),
        }
        options = self._run.options
        own = _validation_loader(trainer) if self._own_validation else None
        if own is None and options.get("validation") is None:
            del found["validation_forward"]
        self._run.begin(
            found,
            start_iteration=(self._restored or self._steps) if self._steps else 0,
            validation=None if own is None else {"validation": own},
        )

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """End an iteration where an optimizer has stepped since the last batch."""
        if self._run.recorder is None:
            return
        loss = _loss_in(outputs)
        if loss is not None:
            self._losses.append(loss)
        if trainer.global_step == self._steps:
            return
        self._steps = trainer.global_step
        values = self._news(trainer)
        if self._losses:
            # Lightning has divided each by the number of batches of a full window.
            values["train_loss"] = torch.stack(self._losses).mean() * _window(trainer, pl_module)
        self._losses = []
        self._run.recorder.step(values)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take what the module logged for the epoch before."""
        self._log(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take what the module's own validation logged."""
        if not trainer.sanity_checking:
            self._log(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Close the run."""
        self._log(trainer)
        self._end()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Close the run as failed, or as stopped by Ctrl-C."""
        self._end(exception)

    def _end(self, error: BaseException | None = None) -> None:
        # A checkpoint may still be written, or the Trainer asked to go on.
        self._restored = self.state_dict()["iteration"]
        self._run.end(error)

    def _log(self, trainer: Trainer) -> None:
        if self._run.recorder is not None and (news := self._news(trainer)):
            self._run.recorder.log(news)

    def _news(self, trainer: Trainer) -> dict[str, Any]:
        """Return what was logged since this was asked last; Lightning keeps old values, too."""
        found = {name: v for name, v in trainer.callback_metrics.items() if isinstance(v, Tensor)}
        # Kept here, a tensor's memory is not given to another one.
        before, self._seen = self._seen, found
        return {
            name: value
            for name, value in found.items()
            if name not in before or before[name].data_ptr() != value.data_ptr()
        }


def _loss_in(outputs: Any) -> Tensor | None:
    loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
    return loss.detach().float() if isinstance(loss, Tensor) and loss.numel() == 1 else None


def _window(trainer: Trainer, module: LightningModule) -> int:
    return trainer.accumulate_grad_batches if module.automatic_optimization else 1


def _iterations_per_epoch(trainer: Trainer) -> int | None:
    batches = trainer.num_training_batches
    if not math.isfinite(batches) or batches < 1:
        return None
    return math.ceil(batches / trainer.accumulate_grad_batches)


def _planned(trainer: Trainer, module: LightningModule) -> int | None:
    """Return how long the training should be; not known where the module steps by itself."""
    planned = trainer.estimated_stepping_batches
    known = module.automatic_optimization and math.isfinite(planned) and planned > 0
    return int(planned) if known else None


def _validation_loader(trainer: Trainer) -> DataLoader[Any] | None:
    loaders = trainer.val_dataloaders
    if isinstance(loaders, dict):
        loaders = list(loaders.values())
    if isinstance(loaders, (list, tuple)):
        loaders = loaders[0] if loaders else None
    return loaders if isinstance(loaders, DataLoader) else None


def _forward(module: LightningModule) -> Any:
    """Return None where the module has a forward, else its one network, else what says so."""
    if type(module).forward not in (LightningModule.forward, nn.Module.forward):
        return None
    networks = [part for part in module.children() if any(True for _ in part.parameters())]
    if len(networks) == 1:
        return networks[0]

    def no_forward(images: Any) -> Any:
        raise NotImplementedError(f"{type(module).__name__} has no forward of its own")

    return no_forward
