"""Arguments of every kind that a script may have at hand: taken, or refused by their names."""

import argparse
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from deeptracker import Recorder
from deeptracker.errors import RecordingError
from tests.deeptracker.small_sets import IMAGES, PLAIN, Net


@dataclass
class Settings:
    """Hyperparameters as many scripts keep them."""

    rate: float = 0.1


def make(run_dir, **options):
    network = options.pop("model", None) or Net()
    trained = network if isinstance(network, torch.nn.Module) else Net()
    optimizer = torch.optim.SGD(trained.parameters())
    return Recorder(network, optimizer, run_dir, **{"every": 2, "validation": PLAIN, **options})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"every": "often"}, "every must be a whole number of at least 1, not 'often'"),
        ({"every": True}, "every must be a whole number"),
        ({"planned_iterations": 100.5}, "pass planned_iterations="),
        ({"planned_iterations": float("inf")}, "pass planned_iterations="),
        ({"start_iteration": -3}, "start_iteration must be a whole number of at least 0"),
        ({"rank": "first"}, "rank must be a whole number"),
        ({"validation_batch": 0}, "pass validation_batch="),
        ({"classes": 3}, "classes must be a list of names"),
        ({"classes": {"cat": 1, "dog": 2, "cow": 7}}, "classes must be a list of names"),
        ({"hyperparameters": ["rate", 0.1]}, "pass hyperparameters="),
        ({"model": [Net(), Net()]}, "model is a list, not a torch.nn.Module"),
        ({"model": lambda x: x}, "model is a function, not a torch.nn.Module"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else " ".join(value),
)
def test_what_does_not_fit_is_refused_by_its_name(options, said, tmp_path):
    with pytest.raises(RecordingError) as refused:
        make(tmp_path / "run", **options)
    assert said in str(refused.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("run_dir", [None, "", 3], ids=repr)
def test_a_folder_that_is_none(run_dir):
    with pytest.raises(RecordingError, match="run_dir must be a folder"):
        make(run_dir)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("how", ["script", "trace"])
def test_a_network_that_torch_jit_made(how, tmp_path):
    network = torch.jit.script(Net().linear) if how == "script" else torch.jit.trace(Net(), IMAGES)
    with pytest.raises(RecordingError, match="pass model= and optimizer= the network as it was"):
        make(tmp_path / "run", model=network)


@pytest.mark.filterwarnings("ignore:iteration 4 is a snapshot, but no step")
@pytest.mark.parametrize(
    "two", [np.int64(2), torch.tensor(2), "2", 2.0], ids=["numpy", "tensor", "text", "decimal"]
)
def test_whole_numbers_of_every_kind(two, tmp_path):
    options = dict.fromkeys(("every", "planned_iterations", "start_iteration"), two)
    options |= {"validation_batch": two, "validation_every": two}
    # As os.environ["RANK"] gives it.
    with make(tmp_path / "run", **options, rank="0") as recorder:
        recorder.step()
        recorder.step()
    assert recorder.iteration == 4
    assert recorder.manifest.sampling.planned_iterations == 2
    assert recorder.manifest.sampling.every == 2


@pytest.mark.parametrize(
    "classes",
    [
        {"cow": 2, "cat": 0, "dog": 1},
        {0: "cat", 2: "cow", 1: "dog"},
        {"2": "cow", "0": "cat", "1": "dog"},
    ],
    ids=["class_to_idx", "id2label", "id2label of JSON"],
)
def test_names_of_classes_by_their_numbers(classes, tmp_path):
    with make(tmp_path / "run", classes=classes) as recorder:
        assert recorder.manifest.classes == ("cat", "dog", "cow")


@pytest.mark.parametrize("given", [Settings(), argparse.Namespace(rate=0.1), {"rate": 0.1}])
def test_hyperparameters_as_scripts_keep_them(given, tmp_path):
    with make(tmp_path / "run", hyperparameters=given) as recorder:
        assert recorder.manifest.hyperparameters == {"rate": 0.1}
