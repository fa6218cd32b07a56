"""A network that FSDP2 shards over two processes is recorded as in one, and trains as without."""

import json
import re
import time

import numpy as np
import pytest
import torch
import torch.multiprocessing as multiprocessing

from deeptracker.format import RunDirectory
from deeptracker.lockstep import OneProcess
from deeptracker.shard_quartiles import ordered_keys, shared_quartiles
from tests.deeptracker.sharded_training import ITERATIONS, Loop, attentive, poisoned, worker

PATIENCE = 200.0
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Everything that two processes recorded; they are ended where they wait for each other."""
    path = tmp_path_factory.mktemp("sharded")
    context = multiprocessing.spawn(worker, (str(path),), nprocs=2, join=False)
    until = time.monotonic() + PATIENCE
    try:
        while not context.join(timeout=1):
            assert time.monotonic() < until, "the processes wait for each other"
    finally:
        for process in context.processes:
            if process.is_alive():
                process.kill()
    Loop().record(path / "alone", activations=True)
    Loop(attentive).record(path / "attention-alone")
    poisoned(path / "poisoned-alone", lambda network: network, 1)
    return path


@pytest.fixture(scope="module")
def found(folder):
    """What the two processes have seen."""
    return [json.loads((folder / f"found-{rank}.json").read_text()) for rank in (0, 1)]


def snapshots(path):
    directory = RunDirectory(path)
    manifest = directory.manifest()
    return manifest, [directory.snapshot(manifest, i) for i in directory.iterations()]


def assert_close(one, other):
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert other[name].shape == values.shape, name
        np.testing.assert_allclose(other[name], values, rtol=1e-4, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    ("sharded", "alone"),
    [
        ("sharded", "alone"),
        ("hybrid", "alone"),
        ("parts", "alone"),
        ("attention", "attention-alone"),
        ("poisoned", "poisoned-alone"),
    ],
)
def test_the_numbers_are_those_of_one_process(folder, sharded, alone):
    expected, before = snapshots(folder / alone)
    manifest, recorded = snapshots(folder / sharded)
    assert manifest.layers == expected.layers
    assert manifest.modules == expected.modules
    assert manifest.unrecorded == expected.unrecorded
    assert (manifest.model, manifest.state) == (expected.model, "complete")
    assert manifest.images.digest == expected.images.digest
    assert [s.iteration for s in recorded] == list(range(2, ITERATIONS + 1, 2))
    for one, other in zip(before, recorded, strict=True):
        assert_close(one.statistics, other.statistics)
        assert_close(one.filters, other.filters)
        for quantity, counts in one.histogram.items():
            # A number that lies on an edge may fall to its other side.
            assert np.abs(counts.astype(int) - other.histogram[quantity]).sum() <= 4
        np.testing.assert_allclose(other.bands, one.bands, atol=0.02)
        assert (one.prediction == other.prediction).all()
        np.testing.assert_allclose(other.probability, one.probability, rtol=1e-2)
        assert one.scalars.keys() == other.scalars.keys()


def test_what_is_not_finite_is_counted_once(folder):
    manifest, recorded = snapshots(folder / "poisoned")
    names = [layer.name for layer in manifest.layers]
    table = recorded[-1].statistics["weight"]
    counts = table[:, list(manifest.contents.statistics).index("inf_count")]
    assert dict(zip(names, counts.tolist(), strict=True))["fc"] == 1
    assert counts.sum() == 1


def test_the_training_is_the_same_with_and_without(found):
    for process in found:
        for case in ("recorded", "hybrid", "failed", "resumed", "later", "late"):
            assert process[case] == process["alone"], case
        assert process["parts"] == process["parts alone"]


def test_a_validation_that_fails_in_one_process_is_missing(folder):
    manifest, (first, second) = snapshots(folder / "failed")
    assert first.prediction is None
    assert second.prediction is not None
    assert [remark.kind for remark in manifest.remarks] == ["validation"]
    assert "rank 1: ValueError: one process has lost its loss" in manifest.remarks[0].text
    # All else of it is there.
    assert np.isfinite(first.filters["weight_l2"]).all()


def test_a_run_goes_on(folder, found):
    assert [process["resumed at"] for process in found] == [2, 2]
    manifest, recorded = snapshots(folder / "resumed")
    assert [g.start_iteration for g in manifest.generations] == [0, 2]
    scalars = recorded[-1].scalars
    assert scalars["whole"].values.tolist() != []
    assert np.isfinite(scalars["norm"].values).all()
    # The share of one process in a sum is not the sum.
    assert "part" not in scalars
    assert [(r.kind, r.subject) for r in manifest.remarks] == [("scalar", "part")]
    assert "full_tensor()" in manifest.remarks[0].text


def test_what_the_page_shows_records_a_run(folder):
    manifest, recorded = snapshots(folder / "page" / "runs" / "my-run")
    assert manifest.state == "complete"
    assert [s.iteration for s in recorded] == [2]
    assert recorded[0].prediction is not None
    assert np.isfinite(recorded[0].filters["update_ratio"]).all()


def test_an_optimizer_of_before_the_sharding_is_told_of(folder):
    manifest, (only,) = snapshots(folder / "before")
    assert "other parameters" in [remark.subject for remark in manifest.remarks]
    assert np.isnan(only.filters["update_ratio"]).all()
    assert np.isfinite(only.filters["weight_l2"]).all()


def test_a_network_that_is_sharded_later_is_let_alone(folder):
    manifest, recorded = snapshots(folder / "later")
    assert (manifest.state, recorded) == ("stopped", [])
    assert "call fully_shard() before" in manifest.remarks[0].text


def test_who_does_not_step_is_not_waited_for(folder):
    manifest, recorded = snapshots(folder / "late")
    assert (manifest.state, recorded) == ("stopped", [])
    assert "step() must be called in all of them" in manifest.remarks[0].text


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("fsdp1", "fully_shard"),
        ("computed", "layer 'fc' is computed"),
        (
            "images",
            r"^RecordingError: rank 1: the validation set fails .* \(OSError: image 7 is gone\);",
        ),
        ("ranks", "2 of the 2 processes .* have rank 0.* leave rank= out"),
        ("every", "when a snapshot is due differs"),
        ("option", "every= .* or per_epoch="),
        ("folder", "^ForeignRunDirectory: .*rank 0: "),
    ],
)
def test_what_is_not_supported_is_refused_by_all(found, case, said):
    assert found[0][case] == found[1][case]
    assert re.search(said, found[0][case])


def test_who_makes_no_recorder_is_not_waited_for(found):
    assert "not all of them made a Recorder within 1 s" in found[0]["missing"]


def test_nothing_is_left_of_what_was_refused(folder):
    assert not (folder / "refused").exists()


def test_quartiles_are_exact():
    draw = np.random.default_rng(0)
    sets = [
        draw.normal(size=1_001).astype(np.float32),
        np.array([0.0, -0.0, 3e-45, -1e38, 1e38, 2.0], dtype=np.float32),
        np.array([-7.0], dtype=np.float32),
        np.array([np.nan, np.inf], dtype=np.float32),
    ]
    keys = [ordered_keys(torch.from_numpy(values)) for values in sets]
    quartiles = shared_quartiles(OneProcess(), keys)
    for values, row in zip(sets[:3], quartiles, strict=False):
        expected = np.quantile(values.astype(np.float64), (0.25, 0.5, 0.75))
        np.testing.assert_allclose(row, expected, rtol=1e-12)
    assert np.isnan(quartiles[3]).all()
