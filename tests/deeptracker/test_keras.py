"""The callback in real trainings of Keras, on torch and on JAX, each in a process of its own."""

import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from deeptracker.format import STATISTICS
from tests.deeptracker.logs import read, series
from tests.packaging.environments import ROOT

pytestmark = pytest.mark.timeout(400)
BACKENDS = ("torch", "jax")
L2 = STATISTICS.index("l2")


class Trainings:
    """What the trainings of a backend left, and the truth about them."""

    def __init__(self, folder, backend):
        command = [sys.executable, "-m", "tests.deeptracker.keras_training", folder]
        # What JAX compiles runs a few times only.
        quick = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
        environment = {**os.environ, **quick, "KERAS_BACKEND": backend}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )
        self.folder = folder

    def end(self):
        try:
            _, self.said = self._process.communicate(timeout=380)
        finally:
            self._process.kill()
        assert (self.folder / "truth.npz").exists(), self.said
        self.true = dict(np.load(self.folder / "truth.npz"))

    def of(self, case, what):
        """Return what was seen in a case, by its steps or names."""
        start = f"{case}/{what}/"
        found = {n.removeprefix(start): v for n, v in self.true.items() if n.startswith(start)}
        return {int(n) if n.isdigit() else n: v for n, v in found.items()}

    def numbers(self, case, what):
        """Return numbers that were seen at the steps of a case, in order."""
        return [float(value) for value in self.of(case, what).values()]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The trainings on each backend, side by side."""
    folder = tmp_path_factory.mktemp("keras")
    found = {backend: Trainings(folder / backend, backend) for backend in BACKENDS}
    for one in found.values():
        one.end()
    return found


@pytest.fixture(params=BACKENDS)
def trainings(both, request):
    return both[request.param]


def read_case(trainings, case):
    return read(trainings.folder / case)


def norms(kernel):
    return np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0)


def test_what_every_step_did(trainings):
    manifest, found = read_case(trainings, "steps")
    assert (manifest.state, manifest.remarks) == ("complete", ())
    assert [
        (layer.name, layer.kind, layer.filters, layer.inputs, layer.kernel, layer.stride)
        for layer in manifest.layers
    ] == [("conv", "Conv2d", 4, 1, (3, 3), (2, 2)), ("head", "Linear", 10, 36, (), ())]
    assert (manifest.sampling.planned_iterations, manifest.sampling.iterations_per_epoch) == (6, 3)
    assert [snapshot.iteration for snapshot in found] == [2, 4, 6]
    before, after = trainings.of("steps", "before"), trainings.of("steps", "after")
    gradients = trainings.of("steps", "gradient")
    assert ("gradient" in manifest.lacks) == (not gradients)
    for snapshot in found:
        at = snapshot.iteration
        assert snapshot.filters["weight_l2"][:4] == pytest.approx(norms(after[at]), rel=1e-5)
        moved = norms(after[at] - before[at]) / norms(before[at])
        assert snapshot.filters["update_ratio"][:4] == pytest.approx(moved, rel=1e-3)
        if gradients:
            expected = norms(gradients[at])
            assert snapshot.filters["gradient_l2"][:4] == pytest.approx(expected, rel=1e-4)
    since = norms(after[6] - after[4]) / norms(after[4])
    assert found[-1].filters["relative_change"][:4] == pytest.approx(since, rel=1e-3)


def test_losses_and_errors_of_single_batches_and_of_epochs(trainings):
    _, found = read_case(trainings, "steps")
    for name, true in (("train_loss", "loss"), ("train_error", "error")):
        values = series(found, name)
        assert list(values) == [1, 2, 3, 4, 5, 6]
        expected = trainings.numbers("steps", true)
        assert list(values.values()) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    rates = series(found, "learning_rate")
    assert list(rates.values()) == pytest.approx([0.1 * 0.5**step for step in range(6)], rel=1e-6)
    whole = series(found, "val_loss")
    assert list(whole) == [3, 6]
    assert list(whole.values()) == pytest.approx(list(trainings.true["steps/val_loss"]), rel=1e-6)


def test_the_validation_of_every_snapshot(trainings):
    manifest, found = read_case(trainings, "steps")
    assert list(manifest.classes) == [f"digit {number}" for number in range(10)]
    chances, labels = trainings.true["steps/chances"], manifest.images.class_id
    assert found[-1].prediction.tolist() == chances.argmax(axis=1).tolist()
    true = chances[np.arange(20), labels]
    assert found[-1].probability == pytest.approx(true, abs=1e-3)
    losses = series(found, "validation_loss")
    assert list(losses) == [2, 4, 6]
    # Keras's own, of the same weights.
    assert losses[6] == pytest.approx(series(found, "val_loss")[6], rel=1e-4)


def test_the_training_is_the_same_without_it(trainings):
    plain, recorded = (trainings.of("same", way) for way in ("plain", "recorded"))
    assert len(plain) > 20
    for name, value in plain.items():
        assert np.array_equal(value, recorded[name]), name
    manifest, found = read_case(trainings, "same")
    assert (len(found), manifest.remarks) == (4, ())
    assert len(found[-1].prediction) == 20


def test_a_training_that_goes_on(trainings):
    manifest, found = read_case(trainings, "goes_on")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5, 6]
    assert [generation.start_iteration for generation in manifest.generations] == [0, 2, 4]
    assert manifest.state == "complete"
    assert list(series(found, "train_loss")) == [1, 2, 3, 4, 5, 6]
    assert not (trainings.folder / "goes_on-2").exists()


def test_an_exception_that_ends_the_script(trainings):
    manifest, found = read_case(trainings, "uncaught")
    assert "ValueError: on purpose" in trainings.said
    assert (manifest.state, manifest.failure.kind) == ("failed", "ValueError")
    assert manifest.failure.file == "keras_networks.py"
    assert len(found) == 1


def test_steps_that_jax_takes_at_once(both):
    manifest, found = read_case(both["jax"], "several")
    # Two epochs of 2, 2 and 1: where a snapshot is due unseen, the next that is seen is taken.
    assert [snapshot.iteration for snapshot in found] == [4, 7, 9]
    assert list(series(found, "train_loss")) == [2, 4, 5, 7, 9, 10]
    assert list(series(found, "loss")) == [5, 10]
    assert {"gradient", "update"} <= set(manifest.lacks)
    assert np.isnan(found[0].filters["update_ratio"]).all()
    assert found[1].filters["relative_change"].min() > 0
    assert (manifest.state, manifest.remarks) == ("complete", ())


class TestOnTorch:
    @pytest.fixture
    def trainings(self, both):
        return both["torch"]

    def test_what_the_page_shows_records_a_run(self, trainings):
        manifest, found = read_case(trainings, "runs/my-run")
        assert manifest.state == "complete"
        assert manifest.classes[3] == "digit 3"
        # An epoch has one batch of Keras's own size.
        assert [snapshot.iteration for snapshot in found] == [1, 2]
        assert found[-1].prediction is not None
        for quantity in ("weight", "gradient", "update"):
            assert np.isfinite(found[-1].statistics[quantity]).all()

    def test_early_stopping(self, trainings):
        manifest, found = read_case(trainings, "early")
        assert [snapshot.iteration for snapshot in found] == [3, 6]
        assert (manifest.state, manifest.sampling.planned_iterations) == ("stopped", 27)

    def test_an_exception_that_the_script_catches(self, trainings):
        manifest, _ = read_case(trainings, "caught")
        assert (manifest.state, manifest.failure.kind) == ("failed", "ValueError")
        assert str(trainings.true["let_go"]) == "failed"

    def test_losses_that_cannot_be_known(self, trainings):
        manifest, found = read_case(trainings, "poisoned")
        losses = series(found, "train_loss")
        # The running mean of an epoch stays NaN; the next one begins anew, and is NaN at once.
        assert list(losses) == [1, 2, 4]
        assert np.isfinite(losses[1])
        assert np.isnan([losses[2], losses[4]]).all()
        assert [remark.subject for remark in manifest.remarks if remark.kind == "scalar"] == [
            "train_loss"
        ]
        # A network whose output is NaN predicts nothing.
        nothing = np.iinfo(found[-1].prediction.dtype).max
        assert set(found[-1].prediction.tolist()) == {nothing}
        assert series(found, "validation_error")[6] == 1.0

    def test_windows_of_batches_are_iterations(self, trainings):
        manifest, found = read_case(trainings, "windows")
        assert [snapshot.iteration for snapshot in found] == [1, 2, 3]
        assert list(series(found, "train_loss")) == [1, 2, 3]
        gradients = trainings.of("windows", "gradient")
        for snapshot in found:
            at = 2 * snapshot.iteration
            expected = norms((gradients[at - 1] + gradients[at]) / 2)
            assert snapshot.filters["gradient_l2"][:4] == pytest.approx(expected, rel=1e-4)
        assert all(snapshot.statistics["update"][0, L2] > 0 for snapshot in found)
        assert (manifest.state, manifest.remarks) == ("complete", ())

    def test_steps_that_a_loss_scale_skips(self, trainings):
        _, found = read_case(trainings, "scaled")
        steps = int(trainings.true["scaled/steps"])
        assert [snapshot.iteration for snapshot in found] == list(range(1, steps + 1))
        assert 0 < steps < 3
        # As small as they are without a scale.
        assert 0 < found[-1].statistics["gradient"][0, L2] < 10

    def test_a_train_step_of_the_scripts_own(self, trainings):
        manifest, found = read_case(trainings, "own")
        losses = list(series(found, "train_loss").values())
        assert losses == pytest.approx(trainings.true["own/losses"].tolist(), rel=1e-6)
        assert [layer.name for layer in manifest.layers] == ["net.conv", "net.head"]
        assert manifest.remarks == ()

    def test_layers_of_all_kinds(self, trainings):
        manifest, (snapshot,) = read_case(trainings, "kinds")
        assert [
            (layer.name, layer.kind, layer.filters, layer.inputs, layer.kernel, layer.groups)
            for layer in manifest.layers
        ] == [
            ("depth", "Conv2d", 6, 1, (3, 3), 2),
            ("separable.depthwise_kernel", "Conv2d", 6, 1, (3, 3), 6),
            ("separable.pointwise_kernel", "Conv2d", 4, 6, (1, 1), 1),
            ("up", "ConvTranspose2d", 6, 4, (2, 2), 1),
            ("grouped", "Conv2d", 4, 3, (1, 1), 2),
            ("block.token", "Block", 4, 1, (), 1),
            ("block.attention.query", "EinsumDense", 6, 4, (), 1),
            ("block.attention.key", "EinsumDense", 6, 4, (), 1),
            ("block.attention.value", "EinsumDense", 6, 4, (), 1),
            ("block.attention.attention_output", "EinsumDense", 4, 6, (), 1),
            ("block.twin", "Linear", 4, 4, (), 1),
            ("block.twin_2", "Linear", 4, 4, (), 1),
            ("of_torch.0", "Linear", 5, 4, (), 1),
            ("dense", "Linear", 4, 5, (), 1),
            ("head.dense", "Linear", 10, 4, (), 1),
        ]
        assert manifest.layers[1].stride == (2, 2)
        ends = np.cumsum([layer.filters for layer in manifest.layers])
        parts = np.split(snapshot.filters["weight_l2"], ends[:-1])
        found = dict(zip([layer.name for layer in manifest.layers], parts, strict=True))
        weights = trainings.of("kinds", "weights")
        # The axes that are no filters.
        for name, kernel, within in (
            ("depth", "depth.kernel", (0, 1)),
            ("up", "up.kernel", (0, 1, 3)),
            ("grouped", "grouped.kernel", (0, 1, 2)),
            ("block.attention.query", "block.attention.query.kernel", (0,)),
            ("block.attention.attention_output", "block.attention.attention_output.kernel", (0, 1)),
        ):
            expected = np.sqrt((weights[kernel] ** 2).sum(axis=within)).ravel()
            assert found[name] == pytest.approx(expected, rel=1e-5), name
        update = dict(zip(found, snapshot.statistics["update"][:, L2], strict=True))
        # One is frozen.
        assert [name for name, size in update.items() if not size > 0] == ["dense"]

    def test_validation_as_people_have_it(self, trainings):
        found, losses = trainings.of("validation", "found"), trainings.of("validation", "loss")
        assert (
            found["arrays"][0].tolist()
            == trainings.true["validation/chances"].argmax(axis=1).tolist()
        )
        for way in ("column", "shares", "names", "batches", "loader", "pairs", "logits", "outputs"):
            assert found[way] == pytest.approx(found["arrays"], abs=1e-5), way
            assert losses[way] == pytest.approx(losses["arrays"], abs=1e-5), way
        # One score for two classes, with the sigmoid and without.
        assert set(found["sigmoid"][0]) <= {0, 1}
        assert found["sigmoid"] == pytest.approx(found["logit"], abs=1e-5)

    @pytest.mark.parametrize(
        ("what", "text"),
        [
            ("two outputs", "the model gave dict for .* pass validation_scores="),
            ("labels", r"a validation label is \d+, but the model tells 10 classes apart"),
            ("lengths", "validation= has 20 images, but 9 labels"),
            ("changed", "the validation set has 16 images, the run was begun with 20"),
            ("empty", "the validation set is empty"),
            ("argument", "has no argument evry=; it takes .*every"),
            ("own", "has no argument parameters="),
            ("source", "validation= is a int; pass arrays"),
            ("start", "per_epoch is 9, but an epoch has only 3"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_start(self, trainings, what, text):
        assert re.search(text, str(trainings.true[f"refused/{what}"]))


def test_nothing_of_keras_is_imported_before_it_is_used():
    code = """
        import sys
        import deeptracker.keras
        print(sorted({"keras", "torch", "jax"} & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout == "[]\n"
