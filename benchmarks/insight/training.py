"""One training of the insight benchmark: as it was drawn, recorded, with what is planted."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import Dataset

from benchmarks.insight.faults import CONTROL, FAULTS, Fault, Place, Truth
from benchmarks.insight.images import load_images
from benchmarks.insight.networks import NETWORKS
from benchmarks.insight.optimizers import SCHEDULES, make_optimizers
from benchmarks.insight.plan import Plan
from benchmarks.insight.setting import Setting
from deeptracker import Recorder
from deeptracker.validation import BATCH

TRUTH = "truth.json"
# A healthy training whose validation loss ends so far above its lowest is overfitting too.
_OVERFITS, _LEAST_RISE = 1.15, 0.05
# Near enough to the lowest validation loss to be taken for it.
_LOWEST = 1.02
# What is known of them follows from the validation loss.
_JUDGED = (CONTROL, "overfitting")


@dataclass(frozen=True)
class _Data:
    """Normalised images f4 [n, ...] and labels [n]: `trained` of training, the rest validation."""

    images: Tensor
    labels: Tensor
    trained: int
    names: tuple[str, ...]


class _Validation(Dataset[tuple[Tensor, Tensor]]):
    """The validation images, of which a fault may corrupt a class while the training goes on."""

    def __init__(self, data: _Data) -> None:
        self.images, self.labels = data.images[data.trained :], data.labels[data.trained :]
        self._noise = torch.randn(self.images.shape, generator=torch.Generator().manual_seed(1))
        self.corrupted: int | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        label = self.labels[index]
        noise = int(label) == self.corrupted
        return (self._noise if noise else self.images)[index], label


def train(folder: Path, plan: Plan) -> Truth:
    """Train and record into `folder`, or only return what was planted where that was done before.

    All is determined by the plan. Whatever is interrupted leaves nothing at `folder`.
    """
    if not folder.exists():
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory(prefix=".training-", dir=folder.parent) as aside:
            run = Path(aside) / folder.name
            training = _Training(run, plan)
            training.train()
            truth = training.truth()
            told = {"truth": asdict(truth), "setting": asdict(plan.setting), "fault": plan.fault}
            (run / TRUTH).write_text(json.dumps(told, indent=1))
            os.replace(run, folder)
    return Truth(**json.loads((folder / TRUTH).read_text())["truth"])


def _data(setting: Setting, seed: int) -> _Data:
    """Draw classes and images without replacement; the validation images do not follow training."""
    rng = np.random.default_rng(seed)
    every = load_images(setting.data)
    count = np.bincount(every.labels)
    enough = np.flatnonzero(count >= np.sort(count)[::-1][setting.classes - 1])
    chosen = np.sort(rng.permutation(enough)[: setting.classes])
    training, validation = [], []
    for class_id in chosen:
        mine = rng.permutation(np.flatnonzero(every.labels == class_id))
        validation.append(mine[: setting.validation_per_class])
        training.append(mine[setting.validation_per_class :][: setting.train_per_class])
    both = np.concatenate([*training, *validation])
    images = torch.from_numpy(every.pixels[both])
    trained = sum(len(part) for part in training)
    images = (images - images[:trained].mean()) / images[:trained].std()
    labels = torch.from_numpy(np.searchsorted(chosen, every.labels[both]))
    return _Data(images, labels, trained, tuple(every.names[i] for i in chosen))


class _Training:
    def __init__(self, folder: Path, plan: Plan) -> None:
        fault = FAULTS[plan.fault]
        self.folder, self.plan = folder, plan
        self.setting = setting = fault.adapted(plan.setting)
        torch.manual_seed(plan.seed)
        self.data = _data(setting, plan.seed)
        self.validation = _Validation(self.data)
        channels, size = self.data.images.shape[1:3]
        self.model = NETWORKS[setting.network](channels, size, setting.classes)
        self.optimizers: list[Optimizer] = make_optimizers(
            setting.optimizer,
            setting.network,
            self.model,
            scale=fault.rate_scale,
            weight_decay=setting.weight_decay,
        )
        for group in self._groups():
            group["base_lr"] = group["lr"]
        self.place = Place(
            self.model,
            self.optimizers,
            setting,
            torch.Generator().manual_seed(plan.seed + 1),
            self.data.labels,
            self.data.trained,
            self._learned,
        )
        self.fault: Fault = fault(self.place)
        self.at = 0
        self._losses: dict[int, float] = {}

    def _groups(self) -> Iterator[dict]:
        for optimizer in self.optimizers:
            yield from optimizer.param_groups

    def train(self) -> None:
        """Train from the first iteration to the last, in one stretch or in two."""
        total = self.setting.iterations
        stop = self.fault.resumes_after
        if stop is None and self.setting.resumed:
            stop = self.place.whole(total * 3 // 10, total * 7 // 10)
        batches = self._batches()
        for last, resume in ((stop, False), (total, stop is not None)):
            if last is not None:
                with self._recorder(resume=resume) as recorder:
                    while self.at < last:
                        self._iterate(recorder, next(batches))

    def _recorder(self, *, resume: bool) -> Recorder:
        setting, batch = self.setting, self.fault.validation_batch
        return Recorder(
            self.model,
            self.optimizers,
            self.folder,
            validation=self.validation,
            validation_forward=self._validate,
            validation_batch=batch or BATCH,
            classes=self.data.names,
            every=setting.every,
            iterations_per_epoch=max(1, self.data.trained // setting.batch),
            planned_iterations=setting.iterations,
            resume=resume,
            start_iteration=self.at if resume else None,
            name=self.folder.name,
            dataset=setting.data,
            hyperparameters={"batch_size": setting.batch, "optimizer": setting.optimizer},
            activations=setting.activations,
        )

    def _batches(self) -> Iterator[Tensor]:
        order = torch.Generator().manual_seed(self.plan.seed + 2)
        size = min(self.setting.batch, self.data.trained)
        while True:
            shuffled = torch.randperm(self.data.trained, generator=order)
            for first in range(0, self.data.trained - size + 1, size):
                yield shuffled[first : first + size]

    def _iterate(self, recorder: Recorder, indices: Tensor) -> None:
        self.at = at = self.at + 1
        fault, setting = self.fault, self.setting
        self.model.train()
        fault.begin(at)
        part = (at - 1) / setting.iterations
        factor = fault.rate(at, SCHEDULES[setting.schedule](part))
        for group in self._groups():
            group["lr"] = group["base_lr"] * factor
        indices = fault.indices(at, indices)
        images = self._augmented(self.data.images[indices])
        images, labels = fault.batch(at, images, self.data.labels[indices])
        with torch.autocast("cpu", torch.bfloat16, enabled=setting.bf16):
            scores = self.model(images)
        loss = nn.functional.cross_entropy(scores.float(), labels)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        fault.before_step(at)
        for optimizer in self.optimizers:
            optimizer.step()
        fault.after_step(at)
        self.validation.corrupted = fault.corrupted_class if fault.corrupts(at) else None
        logged = {"train_loss": loss.detach()}
        if setting.logs_error:
            logged["train_error"] = (scores.argmax(dim=1) != labels).float().mean()
        if self.plan.fault in _JUDGED and recorder.due:
            self._losses[at] = self._validation_loss()
        recorder.step(logged)

    def _augmented(self, images: Tensor) -> Tensor:
        """Shift by a pixel at most, and brighten, as augmentation usually does."""
        if not self.setting.augmented:
            return images
        random = self.place.random
        down, right = torch.randint(-1, 2, (2,), generator=random).tolist()
        light = 0.1 * torch.randn(len(images), 1, 1, 1, generator=random)
        return torch.roll(images, (down, right), (2, 3)) + light

    def _validate(self, images: Tensor) -> Tensor:
        return self.fault.evaluates(self.at, lambda: self.model(images))

    def _validation_loss(self) -> float:
        """Return the mean validation loss by a way that is not the Recorder's."""
        self.model.eval()
        with torch.no_grad():
            scores = self.model(self.validation.images)
        return float(nn.functional.cross_entropy(scores, self.validation.labels))

    def _learned(self) -> list[int]:
        labels = self.data.labels[: self.data.trained]
        some = torch.arange(len(labels))[:: max(1, len(labels) // 2000)]
        self.model.eval()
        with torch.no_grad():
            right = self.model(self.data.images[some]).argmax(dim=1) == labels[some]
        self.model.train()
        number = torch.bincount(labels[some], minlength=self.setting.classes)
        known = torch.bincount(labels[some][right], minlength=self.setting.classes)
        return ((known * 2 > number) & (number > 0)).nonzero().flatten().tolist()

    def truth(self) -> Truth:
        """Return what was planted, with what is known of it after the training alone."""
        truth = self.fault.truth
        if self.plan.fault not in _JUDGED:
            return truth
        at, loss = list(self._losses), list(self._losses.values())
        lowest = int(np.argmin(loss))
        near = [i for i, one in enumerate(loss) if one <= _LOWEST * loss[lowest]]
        rises = loss[-1] > max(_OVERFITS * loss[lowest], loss[lowest] + _LEAST_RISE)
        if not rises:
            return Truth()
        if self.plan.fault == CONTROL:
            return Truth(tolerated=["overfitting"])
        truth.iteration, truth.latest = at[near[0]], at[near[-1]]
        return truth
