"""Nothing that is logged ends a training; every scalar is on disk however the training ends."""

import json
import re
import signal
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import torch

from deeptracker import Recorder
from deeptracker.format import RunDirectory
from tests.deeptracker.trainings import make_training, validation_set

ODD = {
    "None": {"f1": None},
    "text": {"f1": "low"},
    "many": {"f1": torch.zeros(2)},
    "list": {"f1": [1.0, 2.0]},
    "complex": {"f1": 1 + 1j},
    "complex tensor": {"f1": torch.tensor(1 + 1j)},
    "huge": {"f1": 10**400},
    "object": {"f1": object()},
    "line break": {"a\nb": 1.0},
    "long name": {"x" * 600: 1.0},
    "path": {"../up": 1.0},
}


@pytest.mark.parametrize("scalars", ODD.values(), ids=ODD.keys())
def test_an_odd_scalar_is_skipped_told_once_and_counted(scalars, tmp_path):
    training = make_training()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with Recorder(training.model, training.optimizer, tmp_path / "run", every=2) as recorder:
            for _ in range(4):
                training.iterate()
                recorder.step(train_loss=1.0, **scalars)
    (warning,) = said
    assert re.match("scalar .* is not recorded: ", str(warning.message))
    directory = RunDirectory(tmp_path / "run")
    (remark,) = directory.manifest().remarks
    assert (remark.kind, remark.times, remark.first, remark.last) == ("scalar", 4, 1, 4)
    snapshot = directory.snapshot(directory.manifest(), 4)
    assert set(snapshot.scalars) == {"learning_rate", "train_loss"}


def test_also_where_warnings_are_errors(tmp_path):
    training = make_training()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
            training.iterate()
            recorder.step({"a\tb": 1.0}, f1=None, **{f"accuracy/{n}": 0.5 for n in range(1001)})
            recorder.step(7)
            recorder.validated([1], [0.5])
    assert RunDirectory(tmp_path / "run").manifest().state == "complete"


@pytest.mark.parametrize("value", [np.array([0.5]), np.float32(0.5), torch.tensor([[0.5]]), [0.5]])
def test_one_number_is_a_number(value, tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
        training.iterate()
        recorder.step({"val/f1": value})
    directory = RunDirectory(tmp_path / "run")
    assert directory.snapshot(directory.manifest(), 1).scalars["val/f1"].values.tolist() == [0.5]


def test_a_validation_that_fails_once_leaves_a_gap(tmp_path):
    training, now = make_training(), [0]

    def forward(images):
        if now == [2]:
            raise RuntimeError("out of memory")
        return training.model(images)

    recorder = Recorder(
        training.model,
        training.optimizer,
        tmp_path / "run",
        every=1,
        validation=validation_set(),
        validation_forward=forward,
    )
    modes = [module.training for module in training.model.modules()]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for now[0] in (1, 2, 3):
            recorder.step(train_loss=training.iterate())
            assert [module.training for module in training.model.modules()] == modes
    recorder.close()
    (warning,) = said
    assert str(warning.message).startswith("iteration 2 has no validation: RuntimeError")
    directory = RunDirectory(tmp_path / "run")
    found = [directory.snapshot(directory.manifest(), i) for i in (1, 2, 3)]
    assert [s.prediction is None for s in found] == [False, True, False]


def test_the_error_of_a_batch_comes_from_scores_and_labels(tmp_path):
    training = make_training()
    scores = torch.tensor([[2.0, 1.0], [0.0, 3.0], [torch.nan, 1.0], [5.0, 1.0]])
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
        training.iterate()
        recorder.step(train_loss=1.0, scores=scores, labels=torch.tensor([0, 0, 0, 0]))
    directory = RunDirectory(tmp_path / "run")
    error = directory.snapshot(directory.manifest(), 1).scalars["train_error"]
    assert error.values.tolist() == [0.5]


SCRIPT = """
import os, signal, sys
from deeptracker import Recorder
from tests.deeptracker.trainings import make_training
training = make_training()
def train(recorder):
    for number in range(1, 26):
        training.iterate()
        recorder.step(train_loss=float(number))
    recorder.event("now it ends")
    {end}
if {within}:
    with Recorder(training.model, training.optimizer, sys.argv[1], every=10) as recorder:
        train(recorder)
else:
    train(Recorder(training.model, training.optimizer, sys.argv[1], every=10))
"""

ENDS = [
    ("pass", True, "complete"),
    ("pass", False, "complete"),
    ("raise ValueError('no')", True, "failed"),
    ("raise ValueError('no')", False, "failed"),
    ("sys.exit(0)", True, "stopped"),
    ("sys.exit(3)", True, "failed"),
    ("raise KeyboardInterrupt", True, "stopped"),
    ("os._exit(0)", True, "recording"),
    ("os.kill(os.getpid(), signal.SIGKILL)", True, "recording"),
    ("os.kill(os.getpid(), signal.SIGTERM)", True, "recording"),
]


@pytest.mark.parametrize(("end", "within", "state"), ENDS)
def test_every_scalar_is_there_however_it_ends(end, within, state, tmp_path):
    run_dir = tmp_path / "run"
    script = textwrap.dedent(SCRIPT).format(end=end, within=within)
    done = subprocess.run(
        [sys.executable, "-c", script, str(run_dir)], capture_output=True, text=True, check=False
    )
    directory = RunDirectory(run_dir)
    manifest = directory.manifest()
    assert manifest.state == state, done.stderr
    last = directory.snapshot(manifest, directory.iterations()[-1])
    assert last.iteration == 20
    assert last.scalars["train_loss"].values.tolist() == [float(n) for n in range(11, 26)]
    if state == "failed" and "ValueError" in end:
        assert manifest.failure is not None
        assert (manifest.failure.kind, manifest.failure.line) == ("ValueError", 11)
    if state != "recording":
        assert [(e.iteration, e.text) for e in manifest.events] == [(26, "now it ends")]


def test_a_training_shorter_than_planned_was_stopped(tmp_path):
    training = make_training()
    with Recorder(
        training.model, training.optimizer, tmp_path / "run", every=1, planned_iterations=5
    ) as recorder:
        recorder.step(train_loss=training.iterate())
    assert RunDirectory(tmp_path / "run").manifest().state == "stopped"


def test_a_half_written_line_is_passed_over(tmp_path):
    training = make_training()
    recorder = Recorder(training.model, training.optimizer, tmp_path / "run", every=2)
    for _ in range(3):
        recorder.step(train_loss=training.iterate(), odd=float("nan"))
    with (tmp_path / "run" / "scalars.jsonl").open("ab") as file:
        file.write(json.dumps([4, {"train_loss": 1.0}]).encode()[:-5])
    directory = RunDirectory(tmp_path / "run")
    found = directory.snapshot(directory.manifest(), 2).scalars
    assert found["train_loss"].iterations.tolist() == [1, 2, 3]
    assert np.isnan(found["odd"].values).all()
    recorder.close()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("every", [2, 3, 100])
def test_what_is_logged_after_the_step_is_kept(every, tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=every) as recorder:
        for iteration in range(1, 7):
            recorder.step(train_loss=training.iterate())
            if iteration % 2 == 0:
                recorder.log({"eval/loss": float(iteration)}, late=0.5)
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    found = {}
    for at in directory.iterations():
        for name, series in directory.snapshot(manifest, at).scalars.items():
            pairs = zip(series.iterations.tolist(), series.values.tolist(), strict=True)
            found.setdefault(name, []).extend(pairs)
    if every == 100:  # no snapshot at all
        found = {name: list(values.items()) for name, values in directory.tail().items()}
    assert found["eval/loss"] == [(2, 2.0), (4, 4.0), (6, 6.0)]
    assert found["late"] == [(2, 0.5), (4, 0.5), (6, 0.5)]
    assert [at for at, _ in found["train_loss"]] == [1, 2, 3, 4, 5, 6]


def test_what_is_logged_at_a_checkpoint_is_kept_by_who_goes_on(tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=2) as recorder:
        for _ in range(4):
            recorder.step(train_loss=training.iterate())
            recorder.log(eval_loss=recorder.iteration)
    options = {"every": 2, "start_iteration": 2}
    with Recorder(training.model, training.optimizer, tmp_path / "run", **options) as recorder:
        for _ in range(2):
            recorder.step(train_loss=training.iterate())
    directory = RunDirectory(tmp_path / "run")
    series = directory.snapshot(directory.manifest(), 4).scalars
    assert series["eval_loss"].iterations.tolist() == [2]
    assert series["train_loss"].iterations.tolist() == [3, 4]
