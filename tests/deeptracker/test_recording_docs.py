"""The blocks of docs/recording.md are trainings that run, and leave the run that they promise."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from deeptracker.demo import load_digits
from deeptracker.format import RunDirectory
from tests.deeptracker.recording_page import block
from tests.deeptracker.test_huggingface import NAMES, Pictures, vit
from tests.deeptracker.test_lightning import Digits
from tests.deeptracker.trainings import SmallNet, seed_all


def for_lightning():
    train, validation = (DataLoader(part, batch_size=64) for part in load_digits())
    return {
        "module": Digits(),
        "train_loader": train,
        "validation_loader": validation,
        "class_names": NAMES,
    }


def for_huggingface():
    train, validation = (Pictures(part[:48]) for part in load_digits())
    return {"model": vit(), "train_set": train, "eval_set": validation}


def for_arrays():
    """A linear classifier of digits in plain numpy."""
    images, labels = (tensor[:128].numpy() for tensor in load_digits()[0].tensors)
    held_out, truth = (tensor[:40].numpy() for tensor in load_digits()[1].tensors)

    def chances(parameters, images):
        scores = images.reshape(len(images), -1) @ parameters["dense"]["kernel"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def loss_and_gradients(parameters, images, labels):
        found = chances(parameters, images)
        loss = -np.log(found[np.arange(len(labels)), labels]).mean()
        slope = (found - np.eye(10)[labels]) / len(labels)
        flat = images.reshape(len(images), -1)
        return loss, found, {"dense": {"kernel": flat.T @ slope}}

    def predict(parameters):
        found = chances(parameters, held_out)
        return found.argmax(axis=1), found[np.arange(len(truth)), truth]

    def update(parameters, gradients):
        return {
            "dense": {"kernel": parameters["dense"]["kernel"] - 0.1 * gradients["dense"]["kernel"]}
        }

    numbers = np.random.default_rng(0)
    return {
        "parameters": {"dense": {"kernel": numbers.normal(size=(64, 10)) * 0.1}},
        "batches": [(images[at : at + 16], labels[at : at + 16]) for at in range(0, 128, 16)],
        "validation_labels": truth,
        "class_names": NAMES,
        "loss_and_gradients": loss_and_gradients,
        "predict": predict,
        "update": update,
    }


def for_batches():
    train, validation = load_digits()
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    return {
        "training_set": TensorDataset(*(tensor[:480] for tensor in train.tensors)),
        "validation_set": validation,
        "class_names": NAMES,
        "network": network,
        "optimizer": torch.optim.SGD(network.parameters(), lr=0.1),
    }


def for_probes():
    train, validation = load_digits()
    network = SmallNet()
    return {
        "training_set": TensorDataset(*(tensor[:480] for tensor in train.tensors)),
        "validation_set": validation,
        "class_names": NAMES,
        "network": network,
        "optimizer": torch.optim.SGD(network.parameters(), lr=0.1),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "make", [for_lightning, for_huggingface, for_arrays, for_batches, for_probes]
)
def test_what_the_page_shows_records_a_run(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seed_all(0)
    names = make()
    exec(block(make.__name__.removeprefix("for_")), names)
    log = RunDirectory(tmp_path / "runs" / "my-run")
    manifest = log.manifest()
    assert manifest.state == "complete"
    assert list(manifest.classes) == NAMES
    iterations = log.iterations()
    assert len(iterations) >= 2
    last = log.snapshot(manifest, iterations[-1])
    assert last.prediction is not None
    for quantity in ("weight", "gradient", "update"):
        assert np.isfinite(last.statistics[quantity]).any()
    assert ("ledger" in manifest.contents.capabilities) == (make is for_batches)
    assert bool(log.probe_iterations()) == (make is for_probes)
