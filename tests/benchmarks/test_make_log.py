"""The synthetic log has the reference structure, and its numbers agree with each other."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.log_structure import resnet50, wide
from benchmarks.make_log import SyntheticRun, append_snapshot, synthetic_run, write_log
from deeptracker.format import QUANTITIES, STATISTICS, RunDirectory
from tests.deeptracker.small_logs import assert_same

SCALE = 0.1


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SyntheticRun]:
    path = tmp_path_factory.mktemp("logs") / "run"
    return path, write_log(path, scale=SCALE, thumbnails=True)


def test_the_structure_is_that_of_resnet_50() -> None:
    layers = resnet50()
    assert len(layers) == 54
    assert sum(layer.filters for layer in layers) == 27_560
    # Parameters of all convolutions and of the last layer's weights, as torchvision counts them.
    assert sum(layer.parameters for layer in layers) == 25_502_912
    names = [layer.name for layer in layers]
    assert names[:5] == [
        "conv1",
        "layer1.0.conv1",
        "layer1.0.conv2",
        "layer1.0.conv3",
        "layer1.0.downsample.0",
    ]
    assert names[-2:] == ["layer4.2.conv3", "fc"]
    assert sum(layer.branch == "shortcut" for layer in layers) == 4
    assert sum(layer.filters for layer in resnet50(classes=10_000)) == 36_560


def test_the_wide_network_is_as_large_as_asked_for() -> None:
    layers = wide(layers=500, filters=200_000)
    assert len({layer.name for layer in layers}) == 500
    assert sum(layer.filters for layer in layers) == 200_000


def test_all_that_is_written_can_be_read(written: tuple[Path, SyntheticRun]) -> None:
    path, run = written
    log = RunDirectory(path)
    manifest = log.manifest()
    assert manifest.dataset == "synthetic"
    assert manifest.state == "complete"
    assert len(log.iterations()) == 84
    for index, iteration in enumerate(log.iterations()):
        assert_same(log.snapshot(manifest, iteration), run.snapshot(index))
    assert all(log.contact_sheet(class_id) for class_id in range(len(manifest.classes)))


def test_numbers_agree_with_each_other(written: tuple[Path, SyntheticRun]) -> None:
    _, run = written
    manifest = run.manifest
    parameters = [layer.parameters for layer in manifest.layers]
    begin = manifest.filter_offsets[:-1]
    for index in (0, 40, 83):
        taken = run.snapshot(index)
        wrong = np.mean(taken.prediction != manifest.images.class_id)
        assert taken.scalars["validation_error"].values == pytest.approx([wrong])
        for quantity in QUANTITIES:
            assert taken.histogram[quantity].sum(axis=1).tolist() == parameters
        squares = taken.filters["weight_l2"].astype("f8") ** 2
        l2 = taken.statistics["weight"][:, STATISTICS.index("l2")]
        np.testing.assert_allclose(l2, np.sqrt(np.add.reduceat(squares, begin)), rtol=1e-5)
        assert np.isnan(taken.filters["relative_change"]).all() == (index == 0)


def test_filters_change_most_at_the_planted_iterations() -> None:
    run = synthetic_run(scale=SCALE)
    for event in run.plan.planted:
        there, before = (run.snapshot(event.index - back) for back in (0, 1))
        largest, usual = (
            np.quantile(taken.filters["relative_change"], 0.99) for taken in (there, before)
        )
        assert largest > usual


def test_a_log_can_go_on(tmp_path: Path) -> None:
    run = write_log(tmp_path / "run", scale=0.02, state="recording")
    log = RunDirectory(tmp_path / "run")
    assert log.manifest().state == "recording"
    iteration = append_snapshot(tmp_path / "run", run=run)
    assert log.iterations()[-1] == iteration == run.iteration(run.plan.snapshots)
    assert_same(log.snapshot(log.manifest(), iteration), run.snapshot(run.plan.snapshots))


def test_no_log_is_written_over_another(tmp_path: Path) -> None:
    write_log(tmp_path / "run", scale=0.02)
    with pytest.raises(FileExistsError, match="already holds a log"):
        write_log(tmp_path / "run", scale=0.02)
