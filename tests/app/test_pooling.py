"""Answers that would be too large: fewer columns than snapshots, each with the most of its own."""

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import pack
from app.data import compare, compare_classes, correlation, filters, layer_pieces, overview, pooling
from app.data.pooling import read_columns
from app.export.layer_tables import correlation as exported
from ingest.analysis.class_errors import MISSING, ClassErrors
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


@pytest.mark.parametrize("most", [1, 3, 100])
@pytest.mark.parametrize("asked", [{}, {"from": "20", "to": "75"}, {"from": "900"}])
def test_columns_of_some_snapshots_are_those_that_have_any(
    most: int, asked: dict[str, str]
) -> None:
    iteration = 10 * np.arange(1, 12)
    values = np.random.default_rng(most).normal(size=(2, 11)).astype("f4")
    there = np.array([0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1], bool)
    shown = read_columns(Arguments(asked), iteration, bytes_a_column=1, most_bytes=most)
    found, column = shown.among(there), shown.column()[there]
    kept = [one for one in np.unique(column) if one >= 0]
    places = [kept.index(one) if one >= 0 else -1 for one in column]
    assert found.column().tolist() == places
    wanted = [[max(row[there][column == one]) for one in kept] for row in values]
    np.testing.assert_array_equal(
        found.pooled(values[:, there], np.fmax), np.array(wanted, "f4").reshape(2, len(kept))
    )


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


def test_errors_of_two_runs_are_the_highest_and_differences_the_furthest_from_0() -> None:
    # At ticks 10, 20, ..., 60 the second run has no snapshot at first, and then twice the same.
    first = ClassErrors(np.array([[4, 3, 0, 1], [0, 0, MISSING, 2]], "i1"), np.array([4, 2], "i4"))
    second = ClassErrors(np.array([[1, 2], [2, 0]], "i1"), np.array([4, 2], "i4"))
    held = [np.array([0, 1, 2, 3, -1, -1], "i4"), np.array([-1, 0, 0, 1, 1, 1], "i4")]
    ticks = np.arange(10, 70, 10, dtype="i4")
    shown = read_columns(NOTHING, ticks, bytes_a_column=1, most_bytes=2)
    arrays, ends = compare_classes.class_arrays([first, second], held, ticks, shown)
    assert arrays["ticks.first"].tolist() == [10, 20, 30, 40]
    assert arrays["ticks.difference"].tolist() == [20, 30, 40]
    assert arrays["column"].tolist() == [0, 0, 0, 1, 1, 1]
    assert arrays["column.first"].tolist() == [0, 0, 0, 1]
    assert arrays["column.second"].tolist() == [0, 0, 1, 1, 1]
    assert arrays["column.difference"].tolist() == [0, 0, 1]
    assert arrays["first"].tolist() == [[1, 0.25], [0, 1]]
    assert arrays["second"].tolist() == [[0.25, 0.5], [1, 0]]
    # -2/4 and 1/4, then 1/4; 1 and unknown, then -1.
    assert arrays["difference"].tolist() == [[-0.5, 0.25], [1, -1]]
    np.testing.assert_allclose(arrays["mean"], [0, 0])
    assert ends == [1, 1]


def test_a_comparison_of_many_classes_is_bounded() -> None:
    rng = np.random.default_rng(3)
    errors = [
        ClassErrors(rng.integers(0, 6, (10_000, 300), dtype="u1"), np.full(10_000, 5, "i4"))
        for _ in range(2)
    ]
    held = [np.arange(300, dtype="i4")] * 2
    for asked, most in (({}, 3), ({"from": "20", "to": "100"}, 1)):
        shown = read_columns(Arguments(asked), held[0], bytes_a_column=6 * 10_000)
        arrays, _ = compare_classes.class_arrays(errors, held, held[0], shown)
        assert len(pack(arrays, {})) < 8e6
        assert shown.most == most
    np.testing.assert_array_equal(
        arrays["first"][:, 5], (errors[0].wrong[:, 25] / 5).astype(np.float16)
    )


def test_a_comparison_is_pooled_and_finer_in_a_range(
    session: Session, run: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store_run(session, seed=45, layers=4, classes=6, images=60, snapshots=20)
    runs = (run.run_id, other.run_id)
    whole, about = compare_classes.classes(session, runs, NOTHING)
    assert "column" not in whole
    assert "pooled" not in about
    monkeypatch.setattr(pooling, "MOST_BYTES", 6 * 6 * 5)
    arrays, meta = compare_classes.classes(session, runs, NOTHING)
    pack(arrays, meta)
    assert meta["pooled"] == 4
    for name in ("first", "second"):
        wanted = whole[name].reshape(6, 5, 4).max(axis=2)
        np.testing.assert_array_equal(arrays[name], wanted)
    parts = whole["difference"].reshape(6, 5, 4)
    wanted = np.array([[largest(part) for part in row] for row in parts], np.float16)
    np.testing.assert_array_equal(np.abs(arrays["difference"]), np.abs(wanted))
    np.testing.assert_allclose(arrays["mean"], whole["difference"].mean(axis=1), atol=1e-6)
    assert meta["ends"][1] == np.abs(whole["difference"]).max()
    first, last = run.iterations[[3, 6]]
    asked = Arguments({"from": str(first), "to": str(last)})
    some, seen = compare_classes.classes(session, runs, asked)
    asked.check_all_read()
    np.testing.assert_array_equal(some["first"], whole["first"][:, 3:7])
    assert some["column"].tolist() == [-1] * 3 + [0, 1, 2, 3] + [-1] * 13
    assert (seen["pooled"], seen["ends"]) == (1, meta["ends"])


@pytest.mark.parametrize("grouped", [False, True])
def test_layers_of_runs_come_in_pieces(
    session: Session, run: StoredRun, monkeypatch: pytest.MonkeyPatch, *, grouped: bool
) -> None:
    other = store_run(session, seed=46, layers=5, classes=0, snapshots=20)
    runs = (run.run_id, other.run_id)
    asked = {"measure": "weight", **({"group": "seeds"} if grouped else {})}
    whole, about = compare.layers(session, runs, Arguments(asked))
    assert (about["piece"], about["measured"]) == (compare.PIECE, True)
    assert whole["values"].shape == (2, 4, 20)
    monkeypatch.setattr(compare, "PIECE", 3)
    first, meta = compare.layers(session, runs, Arguments(asked))
    rest, _ = compare.layers(session, runs, Arguments({**asked, "from": "3", "to": "6"}))
    assert meta["names"] == about["names"]
    for name in ("values", *(("mean", "deviation") if grouped else ())):
        both = np.concatenate([first[name], rest[name]], axis=1)
        np.testing.assert_array_equal(both, whole[name])


def test_a_piece_of_the_layers_of_runs_is_bounded() -> None:
    assert compare.piece_of(840, 2) == compare.PIECE
    for ticks, count, groups in ((2_000, 10, 0), (4_096, 10, 5), (10**9, 2, 0)):
        piece = compare.piece_of(ticks, count, groups)
        assert piece == 1 or piece * ticks * 4 * (count + 4 * groups) < 8e6


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
    assert sum(map(len, exported(session, run.run_id, Arguments(asked)))) == rows * classes


def test_fewer_layers_come_at_once_of_a_long_run() -> None:
    assert layer_pieces.piece_of(840) > 2_000 * layer_pieces.piece_of(2_000) / 2_500
    assert layer_pieces.piece_of(0) == layer_pieces.PIECE
    assert layer_pieces.piece_of(2_000) * 2_000 * 83 < 8e6
    assert layer_pieces.piece_of(10**9) == 1
