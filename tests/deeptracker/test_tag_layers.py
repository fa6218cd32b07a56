"""Histograms by tag become layers: names, bins and statistics, of files that libraries wrote."""

from pathlib import Path

import numpy as np
import pytest
import tensorboardX
import torch
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.collected import Collected, Histogram
from deeptracker.conversion.course import course_of
from deeptracker.conversion.readers.known import collect
from deeptracker.conversion.rebinned import rebinned, statistics_of
from deeptracker.conversion.scalar_run import convert_scalars
from deeptracker.conversion.tag_layers import ONE_AXIS, UNKNOWN, tag_layers
from deeptracker.conversion.tag_names import named
from deeptracker.format import HISTOGRAM_EDGES, STATISTICS, read_manifest
from deeptracker.format.snapshot_file import read_snapshot


@pytest.mark.parametrize(
    ("tag", "layer", "quantity"),
    [
        ("layer1.0.conv1.weight", "layer1.0.conv1", "weight"),
        ("layer1.0.conv1.weight.grad", "layer1.0.conv1", "gradient"),
        ("layer1.0.conv1.weight_grad", "layer1.0.conv1", "gradient"),
        ("layer1/0/conv1/weight/grad", "layer1.0.conv1", "gradient"),
        ("gradients/fc.weight", "fc", "gradient"),
        ("parameters/fc.weight", "fc", "weight"),
        ("grads/fc.weight.grad", "fc", "gradient"),
        ("weights/fc", "fc", "weight"),
        ("updates/fc.weight", "fc", "update"),
        ("fc.weight/update", "fc", "update"),
        ("conv2d/kernel/histogram", "conv2d", "weight"),
        ("conv2d/kernel_0", "conv2d", "weight"),
        ("sequential/dense/kernel/histogram", "sequential.dense", "weight"),
        ("lstm.weight_hh_l0", "lstm.weight_hh_l0", "weight"),
        ("fc/grad", "fc", "gradient"),
    ],
)
def test_names_that_say_what_they_are_of(tag: str, layer: str, quantity: str) -> None:
    assert named(tag) == (layer, quantity, False)


@pytest.mark.parametrize(
    "tag",
    [
        "fc.bias", "grads/fc.bias", "bn1.weight", "dense/bias/histogram",
        "encoder.layers.0.norm1.weight.grad", "model/layer_norm/gamma",
    ],
)  # fmt: skip
def test_names_of_weights_of_one_axis(tag: str) -> None:
    found = named(tag)
    assert found is not None
    assert found.one_axis


@pytest.mark.parametrize("tag", ["weights", "loss", "loss_weight", "activations/conv1", "grad",
                                 "logits/histogram", "policy/entropy", "", "///"])  # fmt: skip
def test_names_that_say_nothing_for_certain(tag: str) -> None:
    assert named(tag) is None


def test_bins_and_statistics_are_those_of_evenly_spread_values() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        edges = np.sort(random.choice([-1.0, 1.0], 9) * 10.0 ** random.uniform(-7, 1, 9))
        counts = random.integers(0, 6, 8) * 1000.0
        counts[[0, -1]] = 1000
        # The slow way: so many values as counted, evenly in each bucket.
        spread = np.concatenate(
            [low + (high - low) * (np.arange(n) + 0.5) / n
             for low, high, n in zip(edges[:-1], edges[1:], counts.astype(int), strict=True) if n]
        )  # fmt: skip
        found = rebinned(edges, counts)
        assert found.sum() == counts.sum()
        assert np.abs(np.histogram(spread, HISTOGRAM_EDGES)[0] - found.astype(int)).max() <= 1
        told = dict(zip(STATISTICS, statistics_of(edges, counts), strict=True))
        size = np.abs(edges).max()
        for name, value in {
            "mean": spread.mean(), "std": spread.std(), "l2": np.linalg.norm(spread),
            "l1": np.abs(spread).sum(), "total": spread.sum(),
        }.items():  # fmt: skip
            assert told[name] == pytest.approx(value, rel=1e-3, abs=1e-3 * size), name
        assert (told["minimum"], told["maximum"]) == pytest.approx((edges[0], edges[-1]))
        # As many values below a quartile as it says, within one bucket's spacing.
        for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
            assert (spread <= told[name] + 1e-12).mean() == pytest.approx(share, abs=2e-3), name
        assert np.isnan(told["zero_share"])


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)
    )


@pytest.mark.parametrize("kind", [SummaryWriter, tensorboardX.SummaryWriter])
def test_what_a_script_logs_of_its_parameters(tmp_path: Path, kind: type) -> None:
    model = network()
    kept: dict[tuple[str, str, int], np.ndarray] = {}
    with kind(str(tmp_path / "run")) as writer:
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for step in (10, 20, 30):
            optimizer.zero_grad()
            loss = cross_entropy(model(torch.randn(8, 1, 4, 4)), torch.arange(8) % 3)
            loss.backward()
            optimizer.step()
            writer.add_scalar("loss", loss.item(), step)
            for name, weight in model.named_parameters():
                writer.add_histogram(name, weight.detach(), step)
                writer.add_histogram(f"{name}.grad", weight.grad, step)
                kept[name, "weight", step] = weight.detach().numpy().copy()
                kept[name, "gradient", step] = weight.grad.numpy().copy()
        writer.add_histogram("logits", np.arange(5.0), 30)
    target = tmp_path / "made"
    done = convert_scalars(tmp_path / "run", target)
    assert (done.snapshots, done.layers) == (3, 2)
    manifest = read_manifest(target / "run.json")
    assert [(layer.name, layer.kind, layer.parameters) for layer in manifest.layers] == [
        ("0", "Histogram", 36), ("4", "Histogram", 48),
    ]  # fmt: skip
    assert set(manifest.contents.capabilities) == {
        "scalars", "layers", "weight", "gradient", "histogram",
    }  # fmt: skip
    assert manifest.origin is not None
    dropped = {one.reason: one.times for one in manifest.origin.dropped}
    # Biases, and weights of as many values as the biases beside them.
    assert dropped == {ONE_AXIS: 3 * 8, UNKNOWN: 1}
    assert "mean, standard deviation, sum and L2 are exact" in " ".join(manifest.origin.notes)
    for step in (10, 20, 30):
        snapshot = read_snapshot(target / "snapshots" / f"{step:09}.safetensors", manifest)
        for layer, name in enumerate(("0.weight", "4.weight")):
            for quantity in ("weight", "gradient"):
                values = kept[name, quantity, step].astype(np.float64).ravel()
                told = dict(zip(STATISTICS, snapshot.statistics[quantity][layer], strict=True))
                exact = {
                    "minimum": values.min(), "maximum": values.max(), "mean": values.mean(),
                    "std": values.std(), "l2": np.linalg.norm(values), "total": values.sum(),
                }  # fmt: skip
                for statistic, value in exact.items():
                    assert told[statistic] == pytest.approx(value, rel=1e-4, abs=1e-7), statistic
                # Buckets of TensorBoard's are a tenth wide.
                assert told["l1"] == pytest.approx(np.abs(values).sum(), rel=0.06)
                assert snapshot.histogram[quantity][layer].sum() == len(values)
        assert np.isnan(snapshot.statistics["update"]).all()
        assert np.isnan(snapshot.filters["weight_l2"]).all()


def test_buckets_alone_as_tensorflow_and_keras_write_them(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = {step: random.normal(0, 0.1, 5000) for step in (0, 1, 2)}
    with SummaryWriter(str(tmp_path)) as writer:
        for step, one in values.items():
            found = histogram_pb("dense/kernel/histogram", one)
            writer._get_file_writer().add_summary(found, step)
    layers = tag_layers(collect(tmp_path).histograms)
    assert layers is not None
    assert not layers.exact
    rows, bins = layers.arrays(0, 1)
    told = dict(zip(STATISTICS, rows["weight"][0], strict=True))
    assert bins["weight"][0].sum() == 5000
    assert told["maximum"] == pytest.approx(values[1].max())
    assert told["std"] == pytest.approx(values[1].std(), rel=0.02)
    assert told["median"] == pytest.approx(np.median(values[1]), abs=0.01)


def test_a_snapshot_has_the_last_of_each_since_the_one_before() -> None:
    def of(number: int) -> Histogram:
        return Histogram(np.array([0.0, 1.0]), np.array([float(number)]))

    steps = range(0, 4000, 2)
    found = Collected(
        histograms={
            "a.weight": {at: of(at + 1) for at in steps},
            "a.weight.grad": {at + 1: of(at + 1) for at in steps},
        }
    )
    course = course_of(found)
    # At most a thousand snapshots; what lies between is counted.
    assert len(course.iterations) == 800
    assert course.dropped == {
        "a histogram between two snapshots, of which the last one stands": 2 * (2000 - 800)
    }
    shown = course.snapshot(10)
    until = course.iterations[10]
    last = max(at for at in steps if at <= until)
    assert shown.histogram["weight"][0].sum() == last + 1
    assert shown.histogram["gradient"][0].sum() == max(at for at in steps if at + 1 <= until) + 1
