"""The callback in real trainings of Lightning: what it counts, logs, and leaves as it was."""

import warnings

import lightning.pytorch as lightning
import numpy as np
import pytest
import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

import deeptracker.lightning
from deeptracker.conversion.joining import convert
from deeptracker.conversion.readers import tensorboard
from deeptracker.demo import load_digits
from deeptracker.errors import RecordingError
from deeptracker.format import STATISTICS, RunDirectory
from tests.deeptracker.logs import read, series
from tests.deeptracker.trainings import SmallNet, seed_all, validation_set, weights

BATCH = 16
L2 = STATISTICS.index("l2")


class Digits(lightning.LightningModule):
    """A network of digits with a forward of its own."""

    def __init__(self, *, lr=0.05):
        super().__init__()
        self.save_hyperparameters()
        self.net = SmallNet()
        self.losses, self.gradients = [], []

    def forward(self, images):
        return self.net(images)

    def training_step(self, batch, batch_idx):
        images, labels = batch
        loss = nn.functional.cross_entropy(self.net(images), labels)
        self.losses.append(float(loss.detach()))
        self.log("train_grade", loss.detach() * 2)
        return loss

    def on_before_optimizer_step(self, optimizer):
        # Ahead of clipping.
        self.gradients.append(float(self.net.conv1.weight.grad.norm()))

    def validation_step(self, batch, batch_idx):
        images, labels = batch
        self.log("val_loss", nn.functional.cross_entropy(self.net(images), labels))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)


class NoForward(Digits):
    """A module that calls its network in its steps only."""

    forward = lightning.LightningModule.forward


class TwoNetworks(NoForward):
    """A module of which nobody can say what gives the scores."""

    def __init__(self):
        super().__init__()
        self.other = nn.Linear(3, 3)


class Manual(Digits):
    """Two optimizers, stepped by the module itself."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        first, second = self.optimizers()
        loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.manual_backward(loss)
        first.step()
        second.step()
        first.zero_grad()
        second.zero_grad()
        return loss

    def configure_optimizers(self):
        heads = [p for name, p in self.net.named_parameters() if name.startswith("fc")]
        rest = [p for name, p in self.net.named_parameters() if not name.startswith("fc")]
        return torch.optim.SGD(rest, lr=0.05), torch.optim.SGD(heads, lr=0.02)


def trainer(folder, *callbacks, **options):
    defaults = {
        "max_epochs": 2,
        "limit_train_batches": 5,
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 1,
    }
    return lightning.Trainer(
        default_root_dir=folder, callbacks=list(callbacks), **(defaults | options)
    )


def loaders(validation=None):
    train = DataLoader(load_digits()[0], batch_size=BATCH, shuffle=True)
    return train, validation or DataLoader(validation_set(), batch_size=20)


def fit(folder, module=None, *, validation=None, ckpt_path=None, record=None, **options):
    load_digits()
    seed_all(0)
    module = Digits() if module is None else module()
    callback = deeptracker.lightning.Callback(folder / "run", **({"every": 1} | (record or {})))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PossibleUserWarning)
        trainer(folder, callback, **options).fit(module, *loaders(validation), ckpt_path=ckpt_path)
    return module


def test_every_step_of_a_training(tmp_path):
    module = fit(tmp_path, gradient_clip_val=0.05)
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == list(range(1, 11))
    assert (manifest.state, manifest.model) == ("complete", "Digits")
    assert manifest.hyperparameters == {"lr": 0.05}
    assert manifest.sampling.planned_iterations == 10
    assert manifest.sampling.iterations_per_epoch == 5
    assert [layer.name for layer in manifest.layers] == ["net.conv1", "net.conv2", "net.fc"]
    assert manifest.remarks == ()
    losses = series(found, "train_loss")
    assert list(losses.values()) == pytest.approx(module.losses, rel=1e-6)
    assert list(series(found, "train_grade").values()) == pytest.approx(
        [2 * loss for loss in module.losses], rel=1e-6
    )
    assert set(series(found, "learning_rate").values()) == {0.05}
    # The gradient of this very step, as clipped, not the one that stood there before.
    seen = [float(snapshot.statistics["gradient"][0, L2]) for snapshot in found]
    assert all(0 < norm <= 0.0501 for norm in seen)
    assert min(module.gradients) > 0.05
    assert len(set(seen)) == 10
    assert all(snapshot.statistics["update"][0, L2] > 0 for snapshot in found)
    # The module's validation follows the epoch's last step; its sanity check is none.
    assert list(series(found, "val_loss")) == [5, 10]
    assert all(np.isfinite(snapshot.probability).all() for snapshot in found)


def test_the_training_is_the_same_without_it(tmp_path):
    recorded = fit(tmp_path)
    load_digits()
    seed_all(0)
    plain = Digits()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PossibleUserWarning)
        trainer(tmp_path).fit(plain, *loaders())
    assert plain.losses == recorded.losses
    for (name, one), other in zip(weights(plain).items(), weights(recorded).values(), strict=True):
        assert torch.equal(one, other), name


class Moved(lightning.Callback):
    """How far the first layer really moved in each batch."""

    def __init__(self):
        self.by = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.before = pl_module.net.conv1.weight.detach().double().clone()

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.by.append(float((pl_module.net.conv1.weight.detach().double() - self.before).norm()))


@pytest.mark.parametrize(
    "options",
    [
        {"precision": "bf16-true"},
        {"precision": "bf16-mixed"},
        {"precision": "64-true"},
        {"callbacks": [EMAWeightAveraging]},
    ],
    ids=["bfloat16", "autocast", "float64", "averages"],
)
def test_precisions_and_averaged_weights(options, tmp_path):
    averaging = [kind() for kind in options.get("callbacks", ())]
    precision = options.get("precision", "32-true")
    moved = Moved()
    callback = deeptracker.lightning.Callback(tmp_path / "run", every=1)
    load_digits()
    seed_all(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PossibleUserWarning)
        own = trainer(tmp_path, *averaging, moved, callback, precision=precision, max_epochs=1)
        own.fit(Digits(), *loaders())
    manifest, found = read(tmp_path / "run")
    assert manifest.remarks == ()
    updates = [snapshot.statistics["update"][0, L2] for snapshot in found]
    assert updates == pytest.approx(moved.by, rel=1e-4)
    assert all(np.isfinite(snapshot.probability).all() for snapshot in found)
    # Averages take the place of the weights while the module itself validates, and only then.
    weight = float(own.lightning_module.net.fc.weight.detach().float().norm())
    last = found[-1].statistics["weight"][2, L2]
    assert (last == pytest.approx(weight, rel=1e-4)) == (not averaging)


def test_windows_of_batches_are_iterations(tmp_path):
    # Five batches in windows of two: the last is short, and steps all the same.
    module = fit(tmp_path, accumulate_grad_batches=2)
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5, 6]
    assert manifest.sampling.iterations_per_epoch == 3
    windows = [(0, 2), (2, 4), (4, 5), (5, 7), (7, 9), (9, 10)]
    expected = [np.mean(module.losses[start:end]) for start, end in windows]
    assert list(series(found, "train_loss").values()) == pytest.approx(expected, rel=1e-6)
    assert manifest.state == "complete"


def test_several_optimizers_of_a_manual_loop(tmp_path):
    fit(tmp_path, Manual, max_epochs=1)
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5]
    updates = np.stack([snapshot.statistics["update"][:, L2] for snapshot in found])
    assert (updates > 0).all()
    assert set(series(found, "learning_rate/1").values()) == {0.02}
    assert manifest.state == "complete"


def test_a_module_without_forward(tmp_path):
    fit(tmp_path, NoForward, max_epochs=1)
    _, found = read(tmp_path / "run")
    assert len(found[-1].prediction) == 60
    with pytest.raises(RecordingError, match=r"no forward of its own.*pass validation_forward="):
        fit(tmp_path / "two", TwoNetworks, record={"validation": validation_set()})


def test_the_trainings_own_validation_set_is_left_out_where_it_does_not_fit(tmp_path):
    with pytest.warns(
        RuntimeWarning, match=r"not recorded: .*validation_forward=.*validation=None"
    ):
        fit(tmp_path, TwoNetworks, max_epochs=1)
    manifest, found = read(tmp_path / "run")
    assert "validation" in manifest.lacks
    assert found[-1].prediction is None


def test_every_image_of_a_distributed_sampler(tmp_path):
    images = validation_set()
    sampler = DistributedSampler(images, num_replicas=2, rank=0, shuffle=False)
    fit(tmp_path, validation=DataLoader(images, batch_size=20, sampler=sampler), max_epochs=1)
    assert len(read(tmp_path / "run")[1][0].prediction) == 60


def test_a_training_that_goes_on_from_a_checkpoint(tmp_path):
    saving = {"enable_checkpointing": True, "max_epochs": 1}
    fit(tmp_path, **saving)
    (checkpoint,) = (tmp_path / "checkpoints").glob("*.ckpt")
    fit(tmp_path, ckpt_path=checkpoint, max_epochs=2)
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == list(range(1, 11))
    assert [generation.start_iteration for generation in manifest.generations] == [0, 5]
    assert not (tmp_path / "run-2").exists()


class Breaks(lightning.Callback):
    """Ends the training by itself."""

    def __init__(self, error):
        self.error = error

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if batch_idx == 3:
            raise self.error


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError("odd"), "failed"), (KeyboardInterrupt(), "stopped")]
)
def test_how_a_training_ended(tmp_path, error, state):
    callback = deeptracker.lightning.Callback(tmp_path / "run", every=1)
    with pytest.raises((ValueError, SystemExit, KeyboardInterrupt)):
        trainer(tmp_path, callback, Breaks(error)).fit(Digits(), *loaders())
    manifest, found = read(tmp_path / "run")
    assert manifest.state == state
    assert len(found) == 3


def test_one_snapshot_an_epoch_where_nothing_is_said(tmp_path):
    fit(tmp_path, record={"every": None})
    assert RunDirectory(tmp_path / "run").iterations() == [5, 10]


def test_an_argument_that_there_is_not():
    with pytest.raises(RecordingError, match=r"has no argument evry=; it takes .*every"):
        deeptracker.lightning.Callback("run", evry=3)


def test_what_a_training_left_becomes_a_run(tmp_path):
    load_digits()
    seed_all(0)
    module = Digits()
    saving = ModelCheckpoint(
        tmp_path / "out",
        "{epoch}-{step}",
        save_top_k=-1,
        every_n_train_steps=4,
        save_last=True,
    )
    both = [
        kind(tmp_path, name="", version=version)
        for kind, version in ((CSVLogger, "out"), (TensorBoardLogger, "events"))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer(tmp_path, saving, logger=both, enable_checkpointing=True, log_every_n_steps=1).fit(
            module, *loaders()
        )
    done = convert(tmp_path / "out", tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    manifest = run.manifest()
    assert run.iterations() == [4, 8]
    assert [layer.name for layer in manifest.layers] == ["net.conv1", "net.conv2", "net.fc"]
    found = [run.snapshot(manifest, iteration) for iteration in (4, 8)]
    # Its table counts steps from 0, its checkpoints from 1.
    assert series(found, "train_grade") == pytest.approx(
        {at: 2 * loss for at, loss in enumerate(module.losses, start=1)}, rel=1e-5
    )
    assert list(series(found, "validation_loss")) == [5, 10]
    # What the file says of itself; of its name, "last", it is the step that is known by another.
    assert manifest.hyperparameters["lr"] == 0.05
    assert done.remarks == ("last.ckpt is of iteration 8, as epoch=1-step=8.ckpt is: left out",)
    # So do its event files.
    (reader,) = tensorboard.find(tmp_path / "events")
    events = reader.read()
    assert events.values["train_grade"] == pytest.approx(
        {at: 2 * loss for at, loss in enumerate(module.losses, start=1)}, rel=1e-5
    )
    assert list(events.values["validation_loss"]) == [5, 10]
    assert events.hyperparameters == {"lr": 0.05}
