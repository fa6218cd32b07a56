"""Recorder: what a training loop in torch calls; it measures at the sampled iterations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeptracker.extras import needed

with needed("record", "deeptracker.Recorder"):
    import torch
    from torch import nn
    from torch.optim import Optimizer
    from torch.utils.data import DataLoader, Dataset

from deeptracker.errors import RecordingError
from deeptracker.given import maybe_whole, whole
from deeptracker.layers import find_layers, unwrap
from deeptracker.probe_choice import checked_choice
from deeptracker.rank_machine import RankMachine
from deeptracker.ranks import group_of, layers_here
from deeptracker.recorder_base import RunRecorder
from deeptracker.run_manifest import Description
from deeptracker.validation import BATCH, Forward, Loss
from deeptracker.validation_labels import Unpack


class Recorder(RunRecorder):
    """Records a run into a directory while it trains, without changing the training.

    Use as a context manager around the training loop and call `step()` once after every
    `optimizer.step()`. Leaving the context closes the run as complete, an exception as failed.

    model: the network; data-parallel and compiled wrappers are looked through.
    optimizer: a torch optimizer, or several.
    run_dir: a new directory. One that holds a run is refused, and a directory beside it taken
        (`run_dir` then says which), unless the run should go on:
    resume, start_iteration: the run in `run_dir` goes on, after its last snapshot or after the
        iteration `start_iteration` (that of the checkpoint from which the script resumed). Its
        UUID, description and sampling stay; what it had recorded after that iteration is set
        aside. The first snapshot after that has no change against a previous one. `resume=True`
        in a new directory begins a run.
    validation: a data set or loader of (image, label), which the Recorder runs through the network
        in evaluation mode at every snapshot, with a loader of its own in a fixed order.
        `validation_unpack(batch)` gives (images, labels) of a batch of another form,
        `validation_forward(images)` the scores [n, C] (default: the model),
        `validation_loss(output, labels)` the loss of a batch, as its mean, its sum or one of each
        image: the mean is recorded (default: cross entropy of the scores; labels are class
        numbers, or floats as the set gives them where the loss wants those). `validation_batch`
        images at a time where no loader is given. Every `validation_every`-th snapshot is
        validated, the others have statistics only: where the set is large, or a part of it is
        given and the snapshots are many.
    labels: instead of `validation`, the true classes [N] of images that the script's own loop
        validates: whenever `due` holds, call `validated()` before `step()`.
    classes: the names of the classes; default: their numbers.
    image_names: optionally a name for every validation image.
    every, per_epoch, iterations_per_epoch: a snapshot every so many iterations, or so many an
        epoch; one of the two is needed, unless `iterations_per_epoch` alone gives one an epoch.
    planned_iterations: how long the training should be, for showing progress.
    thumbnails: also store a small picture of every validation image.
    normalisation: also record normalisation layers.
    activations: also record what the layers put out on the validation set.
    training_activations: also record what the layers put out for the batches of a snapshot's
        iteration, in training mode, as dropout and batch statistics make it. Not of the first
        iteration, nor where something is compiled.
    attention: also log, as scalars, entropy and largest logit of each attention on the validation
        set.
    probes: also store what the network sees of a few validation images, given by their indices or
        by how many (spread over the set, at most 64): at every `probe_every`-th snapshot what each
        filter of the layers called `probe_layers` (default: a few convolutions and the last layer)
        puts out for them, as a small map of bytes, and the kernels of the first layer. The maps
        are as large as 15 % of the snapshots' bytes allow, at most 16 x 16, at least 4 x 4.
    probe_saliency: "grad-cam", "integrated-gradients" or both: also store what in these images
        spoke for the class that is predicted, and for the true one. It takes at most a tenth of
        the training's time (30 s are always allowed): a probe beyond has none. Needs the extra
        `saliency`.
    machine: also log, as scalars, what the machine does: processor, memory, disk, network, GPUs,
        iterations a second and what the time is spent on, a few times a minute; of the other ranks,
        too. Until it is closed, hooks see when the network is called; see also `loading()`.
    rank: the process of rank 0 records, `step()` of the others tells it of their machines alone;
        default: as the process group or the launcher's environment says. Where the network is
        sharded (FSDP2), every process makes a Recorder and calls `step()`; that of rank 0 writes.

    All that is wrong with what it is given raises here: NothingToRecord, ValidationSetChanged,
    ForeignRunDirectory, RunLocked, and RecordingError for anything else. Later nothing raises:
    what cannot be recorded is warned of once, and counted in the manifest.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        run_dir: str | Path,
        *,
        validation: Dataset[Any] | DataLoader[Any] | None = None,
        labels: Any = None,
        classes: Sequence[object] | None = None,
        image_names: Sequence[object] | None = None,
        every: int | None = None,
        per_epoch: int | None = None,
        iterations_per_epoch: int | None = None,
        planned_iterations: int | None = None,
        resume: bool = False,
        start_iteration: int | None = None,
        name: str | None = None,
        model_name: str | None = None,
        dataset: str = "",
        hyperparameters: Mapping[str, Any] | None = None,
        thumbnails: bool = False,
        normalisation: bool = False,
        activations: bool = False,
        training_activations: bool = False,
        attention: bool = False,
        probes: int | Sequence[int] | None = None,
        probe_layers: Sequence[str] | None = None,
        probe_every: int = 10,
        probe_saliency: str | Sequence[str] | None = None,
        validation_loss: Loss | None = None,
        validation_forward: Forward | None = None,
        validation_unpack: Unpack | None = None,
        validation_batch: int = BATCH,
        validation_every: int = 1,
        machine: bool = True,
        rank: int | None = None,
    ) -> None:
        network = unwrap(model)
        group = group_of(network, maybe_whole("rank", rank, least=0))
        with group.starting():
            super().__init__(
                run_dir,
                every=every,
                per_epoch=per_epoch,
                iterations_per_epoch=iterations_per_epoch,
                planned_iterations=planned_iterations,
                start_iteration=start_iteration,
                rank=rank,
                group=group,
            )
            if self._closed:
                if machine:
                    self._rank_machine = RankMachine(model, network, own=True)
                return
            layers = layers_here(find_layers(network, normalisation=normalisation), group)
            self._begin(
                network,
                layers,
                _listed(optimizer),
                Description(name, model_name or None, dataset, hyperparameters, self._planned),
                resume=resume,
                machine=machine,
                pictures=thumbnails,
                source=validation,
                labels=labels,
                classes=classes,
                image_names=image_names,
                batch=whole("validation_batch", validation_batch),
                validation_every=whole("validation_every", validation_every),
                loss=validation_loss,
                forward=validation_forward,
                unpack=validation_unpack,
                activations=activations,
                training_activations=training_activations,
                attention=attention,
                probes=checked_choice(
                    probes,
                    probe_layers,
                    probe_every,
                    probe_saliency,
                    validates=validation is not None,
                    shared=group.shared,
                ),
            )
            self._watch_machine(model, network, machine=machine)

    @torch.compiler.disable  # where the script compiles its whole iteration
    def step(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        scores: Any = None,
        labels: Any = None,
        **scalars: Any,
    ) -> None:
        """End an iteration: call it after every `optimizer.step()`, with scalars to be logged.

        Scalars are numbers, or tensors and arrays of one element; `values` holds some whose names
        are no Python names. `train_loss`, the mean of a batch, and `train_error` are names that the
        views know; `train_error` is computed where `scores` [n, C] and `labels` [n] (or [n, C]) of
        the batch are given; one score [n] an image is of class 1, and of two classes. The learning
        rate and the validation's results are added by themselves.
        """
        if self._rank_machine is not None:
            self._rank_machine.enter()
        if self._closed:
            self._tell_if_forked()
        else:
            self._end_iteration(values, scalars, scores=scores, labels=labels)
        if self._rank_machine is not None:
            self._rank_machine.leave()

    def _end_iteration(
        self, values: object, scalars: dict[str, Any], *, scores: Any, labels: Any
    ) -> None:
        machine = self._recording.machine
        if machine is not None:
            machine.clock.enter()
        due, self.iteration = self.due, self.iteration + 1
        if self._group.leads:
            self._recording.log(self.iteration, values, scalars, scores=scores, labels=labels)
        if due:
            self._recording.take_snapshot(self.iteration)
        if self.due:
            self._recording.await_snapshot()
        if self._recording.writer.lost_to_another or self._group.broken:
            self.close("stopped")
        if machine is not None:
            machine.clock.leave()

    def _watch_machine(self, model: nn.Module, network: nn.Module, *, machine: bool) -> None:
        """See the forward passes; of a sharded network they wait for the other ranks."""
        alone = not self._group.shared
        if machine and not self._group.leads:
            self._rank_machine = RankMachine(model, network, own=alone)
        elif self._recording.machine is not None:
            others = torch.distributed.is_available() and torch.distributed.is_initialized()
            self._recording.machine.clock.watch(model, network, passes=alone and others)


def _listed(optimizers: object) -> Sequence[object]:
    if isinstance(optimizers, (list, tuple)) and optimizers:
        return optimizers
    if isinstance(optimizers, (list, tuple, dict, str)) or optimizers is None:
        raise RecordingError(
            "optimizer must be a torch optimizer or a list of them, not "
            f"{' '.join(repr(optimizers).split()):.80}"
        )
    return [optimizers]
