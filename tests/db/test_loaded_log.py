"""What was loaded from a log comes back from the store as it stands in the log's files."""

import json

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.make_log import write_log
from db.engine import make_engine, read_scope
from db.measured_rows import Shape
from db.queries.measurements import (
    class_results,
    filter_stats,
    layer_stats,
    peaks,
    scalars,
    snapshots,
)
from db.queries.runs import runs, structure
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import FILTER_QUANTITIES, QUANTITIES, STATISTICS, RunDirectory
from ingest.pipeline import load_log
from tests.db.arrays import same


def uneven(log):
    """Let classes of a log differ in size, those of equal size apart: 4, 3, 5, 4 and 4 images."""
    manifest = json.loads((log / "run.json").read_text())
    of_image = manifest["images"]["class"]
    of_image[of_image.index(1)] = 2
    assert np.bincount(of_image).tolist() == [4, 3, 5, 4, 4]
    (log / "run.json").write_text(json.dumps(manifest))


@pytest.fixture
def loaded(database_url, tmp_path):
    """An engine, the run's id, its manifest and its snapshots as read from the files."""
    write_log(tmp_path / "run", scale=1.0, snapshots=7, classes=5, images_per_class=4)
    uneven(tmp_path / "run")
    write_log(tmp_path / "other", scale=0.05, seed=3)
    engine = make_engine(database_url)
    for name in ("run", "other"):
        assert not load_log(engine, tmp_path / name).bad
    log = RunDirectory(tmp_path / "run")
    manifest = log.manifest()
    files = [log.snapshot(manifest, iteration) for iteration in log.iterations()]
    with Session(engine) as session:
        run_id = runs.get_run_by_uuid(session, uuid=manifest.run).id
    yield engine, run_id, manifest, files
    engine.dispose()


def over_time(files, pick):
    return np.stack([pick(snapshot) for snapshot in files], axis=-1)


def test_every_number_of_the_log_comes_back(loaded):
    engine, run_id, manifest, files = loaded
    with read_scope(engine) as session:
        key = {"run_id": run_id}
        layers = structure.layers(session, **key)
        assert layers.names == tuple(layer.name for layer in manifest.layers)
        assert layers.kernels == tuple(layer.kernel for layer in manifest.layers)
        same(layers.filter_offset, manifest.filter_offsets[:-1], "i4")
        assert structure.classes(session, **key).names == manifest.classes
        same(structure.image_classes(session, **key), manifest.images.class_id, "i4")
        found = snapshots.snapshots(session, **key)
        same(found.iteration, [file.iteration for file in files], "i4")
        same(found.epoch, [file.epoch for file in files], "f8")
        check_layers(session, key, manifest, files)
        check_filters(session, key, manifest, files)
        check_classes(session, key, manifest, files)
        for name in files[0].scalars:
            series = scalars.scalar(session, name=name, **key)
            values = np.concatenate([file.scalars[name].values for file in files])
            same(series.values, values, "f8")


def check_layers(session, key, manifest, files):
    for quantity in QUANTITIES:
        values = over_time(files, lambda file: file.statistics[quantity])  # noqa: B023
        bins = over_time(files, lambda file: file.histogram[quantity])  # noqa: B023
        for at in (0, 17, len(manifest.layers) - 1):
            found = layer_stats.layer_stat(session, layer_id=at, quantity=quantity, **key)
            same(found.values, values[at], "f4")
            same(found.histogram, bins[at], "u4")
            if found.bands is not None:
                same(found.bands, over_time(files, lambda file: file.bands)[at], "f4")
        for place, statistic in enumerate(STATISTICS):
            found = layer_stats.layer_profile(
                session, quantity=quantity, statistic=statistic, **key
            )
            same(found, values[:, place], "f4")


def check_filters(session, key, manifest, files):
    offsets = manifest.filter_offsets
    for quantity in FILTER_QUANTITIES:
        values = over_time(files, lambda file: file.filters[quantity])  # noqa: B023
        for at in (0, 30, len(manifest.layers) - 1):
            of_layer = values[offsets[at] : offsets[at + 1]]
            request = {"layer_id": at, "quantity": quantity, **key}
            same(filter_stats.layer_filters(session, **request), of_layer, "f4")
            last = len(of_layer) - 1
            same(filter_stats.one_filter(session, filter=last, **request), of_layer[last], "f4")
        for t, file in enumerate(files) if quantity in PEAK_QUANTITIES else ():
            found = peaks.top_filters(
                session, iteration=file.iteration, quantity=quantity, limit=100, **key
            )
            known = np.flatnonzero(~np.isnan(values[:, t]))
            order = known[np.argsort(-values[known, t], kind="stable")][:100]
            same(found.value, values[order, t], "f4")
            same(offsets[found.layer_id] + found.filter, order, "i8")


def check_classes(session, key, manifest, files):
    image_class = manifest.images.class_id
    prediction = over_time(files, lambda file: file.prediction)
    probability = over_time(files, lambda file: file.probability)
    wrong = prediction != image_class[:, None]
    for class_id in range(len(manifest.classes)):
        members = image_class == class_id
        found = class_results.class_images(session, class_id=class_id, **key)
        same(found.images, np.flatnonzero(members), "i4")
        same(found.prediction, prediction[members], "u2")
        same(found.probability, probability[members], "f2")
        error = snapshots.class_error(session, class_id=class_id, **key)
        same(error, wrong[members].mean(axis=0).astype("f4"), "f4")
        same(snapshots.class_errors(session, **key)[class_id], error, "f4")
    flips = snapshots.flips(session, **key)
    expected = np.nonzero((wrong[:, 1:] != wrong[:, :-1]).T)
    assert set(zip(flips.snapshot - 1, flips.image, strict=True)) == set(
        zip(*expected, strict=True)
    )
    same(snapshots.correct_now(session, **key), ~wrong[:, -1], "u1")


def test_a_reader_sees_one_state_while_more_is_loaded(loaded, tmp_path):
    engine, *_ = loaded
    short = tmp_path / "short"
    run = write_log(short, scale=0.05, seed=9, snapshots=60, state="recording")
    paths = sorted((short / "snapshots").iterdir())
    held_back = [(path, path.read_bytes()) for path in paths[2:]]
    for path, _ in held_back:
        path.unlink()
    load_log(engine, short)
    with read_scope(engine) as session:
        found = runs.get_run_by_uuid(session, uuid=run.manifest.run)
        for path, data in held_back:
            path.write_bytes(data)
        load_log(engine, short)
        assert len(snapshots.iterations(session, run_id=found.id)) == 2
        assert runs.run_version(session, run_id=found.id) == found.version
    with read_scope(engine) as session:
        assert len(snapshots.iterations(session, run_id=found.id)) == len(paths) > 2
        assert runs.run_version(session, run_id=found.id) > found.version


def test_the_size_of_a_row_of_results_is_known_before_it_is_stored(loaded):
    engine, run_id, manifest, files = loaded
    size = text(
        "SELECT pg_column_size(c.*) FROM class_result AS c WHERE run_id = :run AND class_id = 0"
    )
    with Session(engine) as session:
        [stored] = session.scalars(size, {"run": run_id})
    # Lengths of arrays take 4 bytes, those of short ones 1.
    beforehand = Shape(manifest).result_bytes(len(files))
    assert 0 <= beforehand - stored <= 9
