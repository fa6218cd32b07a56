"""What the store says of images without a prediction, and of snapshots that were not validated."""

import weakref

import numpy as np
import pytest
from sqlalchemy.orm import Session

from db.engine import make_engine
from db.predictions import read_predictions
from db.queries.measurements import class_results, snapshots
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import compare, findings, runs
from deeptracker.format import NO_PREDICTION, NOT_VALIDATED, snapshot_path
from ingest.analysis.health.sentences import worded
from ingest.pipeline import load_log
from tests import servers
from tests.deeptracker.small_logs import write_predicted_log

NONE = NO_PREDICTION
# Images 0 and 3 are of class 0, 1 and 4 of class 1, 2 of class 2.
PREDICTIONS = [
    None,
    [0, 1, 2, 0, 2],
    None,
    [0, NONE, 2, 1, 1],
    [0, 1, 2, 0, 1],
    None,
    [NONE] * 5,
    None,
]
LABELS = np.array([0, 1, 2, 0, 1])


@pytest.fixture(scope="module")
def engine(server_url, template_url):
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


def load(engine, path):
    report = load_log(engine, path)
    assert not report.bad
    return report.run_id


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture(scope="module")
def run_id(engine, tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "run"
    write_predicted_log(path, PREDICTIONS)
    return load(engine, path)


def test_it_is_no_class_and_counts_as_wrong(session, run_id):
    found = class_results.class_images(session, run_id=run_id, class_id=1)
    missing = NOT_VALIDATED
    assert found.prediction.tolist() == [
        [missing, 1, missing, NONE, 1, missing, NONE, missing],
        [missing, 2, missing, 1, 1, missing, NONE, missing],
    ]
    without = found.prediction < 0
    assert (np.isnan(found.probability) == without).all()
    error = snapshots.class_errors(session, run_id=run_id)
    nan = np.nan
    expected = [
        [nan, 0, nan, 0.5, 0, nan, 1, nan],
        [nan, 0.5, nan, 0.5, 0, nan, 1, nan],
        [nan, 0, nan, 0, 0, nan, 1, nan],
    ]
    np.testing.assert_array_equal(error, expected)
    one = snapshots.class_error(session, run_id=run_id, class_id=1)
    np.testing.assert_array_equal(one, expected[1])
    counts = snapshots.class_no_predictions(session, run_id=run_id)
    assert counts[:, 3].tolist() == [0, 1, 0]
    assert counts[:, 6].tolist() == [2, 2, 1]
    assert counts.sum() == 6


def test_one_snapshot_of_all_images(session, run_id):
    found = compare.results_at(session, run_id=run_id, iteration=40)
    assert found.prediction.tolist() == PREDICTIONS[3]
    assert found.correct.tolist() == [True, False, True, False, True]
    assert found.validated
    missing = compare.results_at(session, run_id=run_id, iteration=30)
    assert (missing.prediction == NOT_VALIDATED).all()
    assert np.isnan(missing.probability).all()
    assert not missing.validated
    predictions = SnapshotPredictions(session, run_id=run_id)
    labels, prediction = predictions.at(40)
    assert dict(zip(labels.tolist(), prediction.tolist(), strict=True))[2] == 2
    assert sorted(prediction) == sorted(PREDICTIONS[3])
    assert predictions.at(30) is None
    assert predictions.at(31) is None
    left = weakref.ref(predictions)
    del predictions
    assert left() is None  # nothing of it refers to it: its blocks go at once


def course(session, run_id):
    """Return what depends on the snapshots before: flips, transitions, last values."""
    flips = snapshots.flips(session, run_id=run_id)
    found = snapshots.snapshots(session, run_id=run_id)
    columns = zip(flips.snapshot, flips.image, flips.before, flips.learned, strict=True)
    return (
        sorted(tuple(int(value) for value in row) for row in columns),
        found.transitions.tolist(),
        [None if np.isnan(value) else round(value, 6) for value in found.validation_error],
        snapshots.correct_now(session, run_id=run_id).tolist(),
    )


COURSE = (
    [
        (3, 1, 1, 0), (3, 3, 1, 0), (3, 4, 1, 1),
        (4, 1, 1, 1), (4, 3, 1, 1),
        (6, 0, 3, 0), (6, 1, 1, 0), (6, 2, 3, 0), (6, 3, 1, 0), (6, 4, 2, 0),
    ],
    [[-1] * 4, [-1] * 4, [-1] * 4, [1, 2, 2, 0], [2, 0, 3, 0], [-1] * 4, [0, 5, 0, 0], [-1] * 4],
    [None, 0.2, None, 0.4, 0.0, None, 1.0, None],
    [0] * 5,
)  # fmt: skip


def test_flips_and_last_values_pass_over_what_was_not_validated(session, run_id):
    assert course(session, run_id) == COURSE
    assert runs.get_run(session, run_id=run_id).last_error == 1.0


@pytest.mark.parametrize("late", [[10], [20], [30, 40], [20, 40, 50, 70]])
def test_snapshots_that_come_late_change_nothing(engine, tmp_path, late):
    write_predicted_log(tmp_path / "run", PREDICTIONS)
    kept = {at: snapshot_path(tmp_path / "run", at).read_bytes() for at in late}
    for at in late:
        snapshot_path(tmp_path / "run", at).unlink()
    load(engine, tmp_path / "run")
    for at in late:
        snapshot_path(tmp_path / "run", at).write_bytes(kept[at])
        run_id = load(engine, tmp_path / "run")
    with Session(engine) as session:
        assert course(session, run_id) == COURSE


def test_nothing_was_validated_until_more_comes(engine, tmp_path):
    write_predicted_log(tmp_path / "run", [None, None, [0, 1, 2, 0, 2], [0, 1, 2, 0, 1]])
    paths = [snapshot_path(tmp_path / "run", at) for at in (30, 40)]
    data = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    run_id = load(engine, tmp_path / "run")
    with Session(engine) as session:
        assert np.isnan(snapshots.class_errors(session, run_id=run_id)).all()
        assert runs.get_run(session, run_id=run_id).last_error is None
    for path, content in zip(paths, data, strict=True):
        path.write_bytes(content)
    load(engine, tmp_path / "run")
    with Session(engine) as session:
        assert course(session, run_id)[0] == [(3, 4, 1, 1)]


@pytest.mark.parametrize(
    ("dtype", "none"), [("<u2", 65535), ("<i4", -1)], ids=["few classes", "many"]
)
def test_both_widths_are_read(dtype, none):
    rows = [np.array(row, dtype).tobytes() for row in ([1, 2], [none, 7])]
    assert read_predictions(rows, images=2).tolist() == [[1, 2], [NO_PREDICTION, 7]]
    assert read_predictions([*rows, b""], images=2).tolist()[-1] == [NOT_VALIDATED] * 2
    assert read_predictions(rows[:1], images=2).dtype == dtype
    assert read_predictions([b"", b""], images=0).shape == (2, 0)
    assert read_predictions([], images=3).shape == (0, 3)


def test_a_finding_says_from_when_and_for_how_many(session, run_id):
    [found] = [
        f for f in findings.list_findings(session, run_id=run_id) if f.rule == "no-prediction"
    ]
    assert found.start_iteration == 40
    assert found.end_iteration is None
    assert worded(found.text) == (
        "The network's output is NaN: no prediction for 1 of 5 validation images from "
        "iteration 40, for 5 from 70."
    )
