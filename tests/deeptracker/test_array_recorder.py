"""Trainings whose parameters are plain arrays: of numpy, and of JAX."""

import collections
import subprocess
import sys

import numpy as np
import pytest

import deeptracker
from deeptracker.errors import NothingToRecord, RecordingError
from deeptracker.format import BAND_THRESHOLDS, STATISTICS
from tests.deeptracker.logs import read
from tests.packaging.environments import ROOT

pytestmark = pytest.mark.timeout(400)
L2 = STATISTICS.index("l2")
STEPS = 8  # of jax_training


def weights(seed=0):
    numbers = np.random.default_rng(seed)
    return {
        "encoder": {"weight": numbers.normal(size=(5, 3)), "bias": np.zeros(3)},
        "heads": [numbers.normal(size=(3, 4)).astype(np.float32)],
        "count": np.array(3),
    }


def stepped(parameters, numbers):
    """Steps of a training that writes into its own arrays."""
    slopes = {
        "encoder": {"weight": numbers.normal(size=(5, 3))},
        "heads": [numbers.normal(size=(3, 4))],
    }
    parameters["encoder"]["weight"] -= 0.1 * slopes["encoder"]["weight"]
    parameters["heads"][0] -= (0.1 * slopes["heads"][0]).astype(np.float32)
    return slopes


def test_what_a_step_did_to_arrays_that_are_changed_in_place(tmp_path):
    parameters, numbers = weights(), np.random.default_rng(1)
    seen = {}
    with deeptracker.record(tmp_path / "run", parameters, every=3) as recorder:
        for step in range(1, 7):
            before = parameters["encoder"]["weight"].copy()
            slopes = stepped(parameters, numbers)
            seen[step] = before, slopes, parameters["encoder"]["weight"].copy()
            recorder.step(parameters, gradients=slopes, train_loss=step / 2)
    manifest, found = read(tmp_path / "run")
    assert [(layer.name, layer.filters, layer.inputs) for layer in manifest.layers] == [
        ("encoder", 3, 5),
        ("heads.0", 4, 3),
    ]
    assert [(x.names, x.tensors, x.parameters) for x in manifest.unrecorded] == [
        (("encoder.bias",), 1, 3)
    ]
    assert [snapshot.iteration for snapshot in found] == [3, 6]
    assert manifest.remarks == ()
    for snapshot in found:
        before, slopes, after = seen[snapshot.iteration]
        slope = slopes["encoder"]["weight"]
        of = {name: snapshot.filters[name][:3] for name in snapshot.filters}
        assert of["weight_l2"] == pytest.approx(np.linalg.norm(after, axis=0), rel=1e-6)
        assert of["gradient_l2"] == pytest.approx(np.linalg.norm(slope, axis=0), rel=1e-6)
        ratio = np.linalg.norm(after - before, axis=0) / np.linalg.norm(before, axis=0)
        assert of["update_ratio"] == pytest.approx(ratio, rel=1e-5)
        update = np.linalg.norm(after - before)
        assert snapshot.statistics["update"][0, L2] == pytest.approx(update, rel=1e-5)
        size = np.abs(after - before) / np.abs(before)
        bands = [(size <= limit).mean() for limit in BAND_THRESHOLDS]
        assert snapshot.bands[0] == pytest.approx(bands, abs=1e-6)
    moved = np.linalg.norm(seen[6][2] - seen[3][2], axis=0) / np.linalg.norm(seen[3][2], axis=0)
    assert found[1].filters["relative_change"][:3] == pytest.approx(moved, rel=1e-5)
    assert found[1].scalars["train_loss"].values.tolist() == [2.0, 2.5, 3.0]


def test_filters_of_another_axis(tmp_path):
    parameters = {"kernel": np.arange(24.0).reshape(2, 3, 4)}
    with deeptracker.record(
        tmp_path / "run", parameters, every=1, filter_axis=0, gradients=False
    ) as recorder:
        recorder.step(parameters)
    manifest, (snapshot,) = read(tmp_path / "run")
    assert (manifest.layers[0].filters, manifest.layers[0].inputs) == (2, 12)
    rows = np.arange(24.0).reshape(2, 12)
    assert snapshot.filters["weight_l2"] == pytest.approx(np.linalg.norm(rows, axis=1))
    # Nothing moved, and that was seen.
    assert snapshot.filters["update_ratio"].tolist() == [0.0, 0.0]


def test_what_is_missing_is_not_zero(tmp_path):
    parameters, numbers = weights(), np.random.default_rng(1)
    with pytest.warns(RuntimeWarning) as said:  # noqa: PT031, SIM117
        with deeptracker.record(tmp_path / "run", parameters, every=1) as recorder:
            stepped(parameters, numbers)
            recorder.step(parameters)
            del parameters["heads"]
            recorder.step(parameters, gradients={"encoder": {"weight": np.full((5, 3), np.nan)}})
            recorder.step({"encoder": "nonsense"})
            recorder.step(weights())
    texts = [str(one.message) for one in said]
    assert any("pass gradients= there, or gradients=False" in text for text in texts)
    assert any("layer 'heads.0' is no longer in the network" in text for text in texts)
    assert any("encoder is a str, not an array" in text for text in texts)
    _, found = read(tmp_path / "run")
    assert len(found) == 4
    assert np.isnan(found[0].statistics["gradient"][0, L2])
    assert found[0].statistics["update"][0, L2] > 0
    assert np.isnan(found[1].statistics["weight"][1, L2])
    assert found[1].statistics["gradient"][0, STATISTICS.index("nan_count")] == 15
    assert np.isfinite(found[3].statistics["weight"][:, L2]).all()


def test_a_run_that_never_has_gradients_says_so(tmp_path):
    parameters = weights()
    options = {"every": 1, "gradients": False}
    with deeptracker.record(tmp_path / "run", parameters, **options) as recorder:
        recorder.step(parameters)
    manifest, _ = read(tmp_path / "run")
    assert "gradient" in manifest.lacks
    assert "update" not in manifest.lacks
    assert manifest.remarks == ()


def test_steps_that_nobody_saw(tmp_path):
    parameters, numbers = weights(), np.random.default_rng(1)
    options = {"every": 3, "gradients": False, "updates": False}
    due = []
    with deeptracker.record(tmp_path / "run", parameters, **options) as recorder:
        for _ in range(4):  # two at once
            stepped(parameters, numbers)
            stepped(parameters, numbers)
            recorder.passed(1)
            due.append(recorder.due)
            recorder.step(parameters, train_loss=1.0)
    manifest, found = read(tmp_path / "run")
    # Iteration 3 is seen with the fourth; the sixth is seen itself.
    assert due == [False, True, True, False]
    assert [snapshot.iteration for snapshot in found] == [4, 6]
    assert found[1].scalars["train_loss"].iterations.tolist() == [6, 8]
    assert {"gradient", "update"} <= set(manifest.lacks)
    # Readers miss no snapshot of a grid that there is not.
    assert manifest.sampling.every is None
    assert manifest.remarks == ()
    assert found[1].filters["relative_change"].min() > 0
    assert np.isnan(found[1].filters["update_ratio"]).all()


def test_a_run_of_arrays_goes_on(tmp_path):
    for options in ({}, {"start_iteration": 2}):
        parameters, numbers = weights(), np.random.default_rng(1)
        with deeptracker.record(tmp_path / "run", parameters, every=1, **options) as recorder:
            for _ in range(3):
                recorder.step(parameters, gradients=stepped(parameters, numbers))
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5]
    assert len(manifest.generations) == 2


Pair = collections.namedtuple("Pair", "kernel bias")


def test_trees_of_all_kinds_have_names(tmp_path):
    square = np.ones((2, 2))
    tree = {
        "block/~/conv": Pair(square, np.ones(2)),
        "a": {"kernel": square},
        "a.b": {"kernel": square, "embedding": square},
        "numbers": np.ones((2, 2), int),
        "none": None,
    }
    with deeptracker.record(tmp_path / "run", tree, every=1, gradients=False) as recorder:
        recorder.step(tree)
    assert [layer.name for layer in recorder.manifest.layers] == [
        "block.~.conv",
        "a",
        "a.b.kernel",
        "a.b.embedding",
    ]


@pytest.mark.parametrize(
    ("parameters", "options", "error", "text"),
    [
        ({"bias": np.ones(3)}, {}, NothingToRecord, "two axes or more"),
        ({"w": object()}, {}, RecordingError, "w is a object, not an array"),
        ({"w": np.ones((2, 2))}, {"filter_axis": 2}, RecordingError, "filter_axis= is 2"),
        ({"a": {"b": np.ones((2, 2))}, "a.b": np.ones((2, 2))}, {}, RecordingError, "called 'a.b'"),
        ({"w": np.ones((2, 2))}, {"every": None}, RecordingError, "either every="),
    ],
)
def test_what_cannot_be_recorded_is_said_at_the_start(parameters, options, error, text, tmp_path):
    with pytest.raises(error, match=text):
        deeptracker.record(tmp_path / "run", parameters, **({"every": 1} | options))
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def jax_runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jax")
    command = [sys.executable, "-m", "tests.deeptracker.jax_training", folder]
    subprocess.run(command, check=True, timeout=380, cwd=ROOT)
    return folder


class TestJax:
    def test_every_layer_is_there_with_what_the_step_did(self, jax_runs):
        manifest, found = read(jax_runs / "recorded")
        assert [(layer.name, layer.filters) for layer in manifest.layers] == [
            ("conv", 4),
            ("dense.0", 10),
        ]
        assert [snapshot.iteration for snapshot in found] == [2, 4, 6, 8]
        assert (manifest.state, manifest.remarks) == ("complete", ())
        true = np.load(jax_runs / "recorded.npz")
        for snapshot in found:
            at = snapshot.iteration
            change = (true[f"after-{at}"] - true[f"before-{at}"]).reshape(-1, 4)
            before = true[f"before-{at}"].reshape(-1, 4)
            ratio = np.linalg.norm(change, axis=0) / np.linalg.norm(before, axis=0)
            assert snapshot.filters["update_ratio"][:4] == pytest.approx(ratio, rel=1e-4)
            slope = np.linalg.norm(true[f"gradient-{at}"].reshape(-1, 4), axis=0)
            assert snapshot.filters["gradient_l2"][:4] == pytest.approx(slope, rel=1e-5)
            # In bfloat16, and still moving.
            assert snapshot.statistics["update"][1, L2] > 0
            assert len(snapshot.prediction) >= 40

    def test_scalars_and_the_scripts_own_validation(self, jax_runs):
        _, found = read(jax_runs / "recorded")
        last = found[-1].scalars
        assert last["validation_loss"].values.tolist() == [1.5]
        assert last["train_loss"].iterations.tolist() == [STEPS - 1, STEPS]
        assert 0 <= last["train_error"].values[-1] <= 1

    def test_the_training_is_the_same_without_it(self, jax_runs):
        plain, recorded = (np.load(jax_runs / f"{way}.npz") for way in ("plain", "recorded"))
        assert all(np.array_equal(plain[name], recorded[name]) for name in plain.files)
