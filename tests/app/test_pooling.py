"""Answers that would be too large: fewer columns than snapshots, each with the most of its own."""

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import pack
from app.data import correlation, filters, layers, overview, pooling
from app.data.pooling import read_columns
from app.export.layer_tables import correlation as exported
from tests.stored_runs import StoredRun, store_run

NOTHING = Arguments({})


@pytest.fixture
def run(session: Session, noise: tuple[StoredRun, StoredRun]) -> StoredRun:
    return store_run(session, seed=44, layers=4, classes=6, images=60, snapshots=20)


@pytest.mark.parametrize("snapshots", [0, 1, 7, 50])
@pytest.mark.parametrize("most", [1, 3, 7, 100])
@pytest.mark.parametrize(("low", "high"), [(0, 10**6), (20, 35), (10**6, 10**7)])
def test_columns_are_those_of_a_plain_loop(snapshots: int, most: int, low: int, high: int) -> None:
    iteration = 10 * np.arange(1, snapshots + 1)
    values = np.random.default_rng(snapshots).normal(size=(3, snapshots)).astype("f4")
    arguments = Arguments({"from": str(low), "to": str(high)})
    found = read_columns(arguments, iteration, bytes_a_column=3, most_bytes=3 * most)
    arguments.check_all_read()
    inside = [at for at, tick in enumerate(iteration) if low <= tick <= high]
    column = found.column()
    assert [at for at in range(snapshots) if column[at] >= 0] == inside
    assert (np.diff(column[inside]) >= 0).all()
    assert column.max(initial=-1) + 1 == min(most, len(inside)) == len(found.starts)
    sizes = [int((column == at).sum()) for at in range(len(found.starts))]
    assert found.most == max(sizes, default=1)
    assert max(sizes, default=1) - min(sizes, default=1) <= 1
    for pooled, pick in ((found.pooled(values, np.fmax), max), (found.largest(values), largest)):
        wanted = [[pick(row[column == at]) for at in range(len(sizes))] for row in values]
        np.testing.assert_array_equal(pooled, np.array(wanted, "f4").reshape(3, len(sizes)))


def largest(values: np.ndarray) -> float:
    return float(max(values, key=abs))


def test_what_is_not_known_is_no_extreme() -> None:
    found = read_columns(NOTHING, np.arange(4), bytes_a_column=1, most_bytes=2)
    values = np.array([[np.nan, -2.0, np.nan, np.nan]], "f4")
    np.testing.assert_array_equal(found.largest(values), np.array([[-2.0, np.nan]], "f4"))


def test_class_errors_are_pooled_and_finer_in_a_range(
    session: Session, run: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, about = overview.class_error(session, run.run_id, NOTHING)
    assert "column" not in whole
    assert "pooled" not in about
    monkeypatch.setattr(pooling, "MOST_BYTES", 6 * 5)
    arrays, meta = overview.class_error(session, run.run_id, NOTHING)
    pack(arrays, meta)
    assert arrays["wrong"].shape == (6, 5)
    assert meta["pooled"] == 4
    wanted = whole["wrong"].reshape(6, 5, 4).max(axis=2)
    np.testing.assert_array_equal(arrays["wrong"], wanted)
    right = (run.prediction == run.image_class[:, None]).sum(axis=0)
    np.testing.assert_array_equal(arrays["right"], right)
    first, last = run.iterations[[3, 6]]
    some, _ = overview.class_error(
        session, run.run_id, Arguments({"from": str(first), "to": str(last)})
    )
    np.testing.assert_array_equal(some["wrong"], whole["wrong"][:, 3:7])
    assert some["column"].tolist() == [-1] * 3 + [0, 1, 2, 3] + [-1] * 13


def test_filters_of_a_layer_are_pooled(
    session: Session, run: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"layer": "1", "quantity": "weight_mean"}
    whole, _ = filters.filter_rows(session, run.run_id, Arguments(asked))
    monkeypatch.setattr(pooling, "MOST_BYTES", 4 * len(whole["values"]) * 10)
    arrays, meta = filters.filter_rows(session, run.run_id, Arguments(asked))
    assert meta["pooled"] == 2
    pairs = whole["values"].reshape(len(whole["values"]), 10, 2)
    np.testing.assert_array_equal(np.abs(arrays["values"]), np.abs(pairs).max(axis=2))


def test_a_grid_too_large_has_its_strongest_classes_and_its_export_all(
    session: Session, run: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"k": "1", "m": "1", "top": "6", "quantity": "cosine_change"}
    whole, _ = correlation.grid(session, run.run_id, Arguments(asked))
    rows, classes = whole["count"].shape
    monkeypatch.setattr(correlation, "MOST_CELLS", rows * 2)
    arrays, meta = correlation.grid(session, run.run_id, Arguments(asked))
    pack(arrays, meta)
    assert (meta["grid_classes"], arrays["count"].shape) == (classes, (rows, 2))
    assert f"the 2 classes with the strongest cells, of {classes}" in meta["note"]
    places = [whole["class"].tolist().index(one) for one in arrays["class"]]
    assert whole["p"][:, places].min() == whole["p"].min()
    for name in ("count", "q", "lift"):
        np.testing.assert_array_equal(arrays[name], whole[name][:, places])
    for column, place in enumerate(places):
        own, all_ = (
            one["class_iteration"][one["class_start"][at] : one["class_start"][at + 1]]
            for one, at in ((arrays, column), (whole, place))
        )
        np.testing.assert_array_equal(own, all_)
    assert len(exported(session, run.run_id, Arguments(asked))["count"]) == rows * classes


def test_fewer_layers_come_at_once_of_a_long_run() -> None:
    assert layers.piece_of(840) > 2_000 * layers.piece_of(2_000) / 2_500
    assert layers.piece_of(0) == layers.PIECE
    assert layers.piece_of(2_000) * 2_000 * 83 < 8e6
    assert layers.piece_of(10**9) == 1
