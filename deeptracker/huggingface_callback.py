"""The callback for transformers: a Recorder whose iterations are the Trainer's `global_step`."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from deeptracker.callback_run import CallbackRun
from deeptracker.huggingface_loss import LossWatch
from deeptracker.huggingface_validation import class_names, forward, validation_loader
from deeptracker.layer_parts import class_name
from deeptracker.recorder import Recorder

_NAME = "deeptracker.huggingface.Callback"
# What the Trainer logs that is recorded already, counts, or is of the whole training.
_NOT_LOGGED = frozenset(("loss", "learning_rate", "epoch", "step", "total_flos", "train_loss"))
_TIMES = ("_runtime", "_per_second")


class Callback(TrainerCallback):
    """Records every training of the Trainer that has it among its callbacks.

    run_dir: as of `deeptracker.Recorder`. `train(resume_from_checkpoint=...)` goes on with the run
        that is in it.
    validation: a data set as of the Trainer's `eval_dataset`, of dictionaries with a label, or a
        loader; the Recorder runs it through the network at every snapshot.
    collator: what makes a batch of them; default: the Trainer's own.
    options: what else `deeptracker.Recorder` takes. Known without being told: a snapshot an epoch
        where neither `every` nor `per_epoch` is given, the planned iterations, the names of the
        classes (`id2label`).

    An iteration is a step of the optimizer. `train_loss` is the mean loss of its images, also where
    it is NaN; `train_error` follows where the model gives class scores. Metrics that the Trainer
    logs are recorded by their names. What cannot be recorded raises RecordingError when the
    training starts, and nothing does later.
    """

    def __init__(
        self, run_dir: str | Path, *, validation: Any = None, collator: Any = None, **options: Any
    ) -> None:
        self._run = CallbackRun(_NAME, run_dir, options, Recorder)
        self._validation, self._collator = validation, collator
        self._losses: LossWatch | None = None
        self._told = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        """Begin the run; RecordingError names the argument to pass."""
        model, loader = given["model"], given.get("train_dataloader")
        found: dict[str, Any] = {
            "model": model,
            "optimizer": [given["optimizer"]],
            "iterations_per_epoch": _iterations_per_epoch(args, loader),
            "planned_iterations": state.max_steps if state.max_steps > 0 else None,
            "model_name": class_name(model),
        }
        if self._validation is not None:
            found |= {
                "validation": validation_loader(
                    self._validation,
                    model,
                    collator=self._collator or getattr(loader, "collate_fn", None),
                    batch=self._run.options.get("validation_batch") or args.eval_batch_size,
                    labels=args.label_names or (),
                ),
                "validation_forward": forward(model),
                "classes": class_names(model),
            }
        self._run.begin(found, start_iteration=state.global_step)
        self._close_losses()
        # What is compiled would compile the watch with it.
        if not args.torch_compile:
            self._losses = LossWatch(model, processes=max(1, args.world_size))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        """End an iteration."""
        recorder = self._run.recorder
        if recorder is None:
            return
        if self._losses is None:
            recorder.step()
            return
        window = self._losses.take()
        if window.summed:
            recorder.remark("optimizer", "summed losses", _SUMMED)
        values = {} if window.loss is None else {"train_loss": window.loss}
        recorder.step(values, scores=window.scores, labels=window.labels)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> None:
        """Take what the Trainer logs of the iteration that has just ended."""
        recorder = self._run.recorder
        if recorder is None or not logs:
            return
        values = {
            name: value
            for name, value in logs.items()
            if name not in _NOT_LOGGED and not name.endswith(_TIMES)
        }
        if "loss" in logs and (self._losses is None or not self._losses.seen):
            if args.logging_nan_inf_filter:
                recorder.remark("scalar", "train_loss", _FILTERED)
            else:
                values["train_loss"] = logs["loss"]
        recorder.log(values)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        """Close the run."""
        self._close_losses()
        self._run.end()

    def _close_losses(self) -> None:
        if self._losses is not None:
            self._losses.close()
            self._losses = None


_SUMMED = (
    "the Trainer sums the losses and gradients of the batches of an accumulation window, because "
    "the model's forward takes **kwargs, but the model's loss is a mean of its own batch: "
    "gradients are as many times too large as there are batches in a window. Divide the loss by "
    "num_items_in_batch, or set accepts_loss_kwargs = False on the model. train_loss is the mean"
)
_FILTERED = (
    "train_loss is not recorded: the model gives no loss of its own, and the Trainer hides NaN in "
    "the loss that it logs; pass TrainingArguments(logging_nan_inf_filter=False)"
)


def _iterations_per_epoch(args: TrainingArguments, loader: Any) -> int | None:
    try:
        batches = len(loader)
    except TypeError:  # without a length
        return None
    return max(1, math.ceil(batches / args.gradient_accumulation_steps))
