"""The page of scalars: which names, in what order, and their values as lines and as a table."""

import json

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.auth.identity import Identity
from app.data import scalars as data
from app.data.scalars import key_of
from app.export.tables import scalar_lines
from app.view import PageContext
from app.views.scalars.layout import layout
from db.models import scalar
from db.permissions import Role
from db.queries.runs.runs import get_run
from tests.stored_runs import StoredRun, store_run

NAMES = ("val/f1", "val/recall", "lr-head", "gpu/memory", "iteration", "=cmd|' /C calc'!A0")


def log(session: Session, run_id: int, name: str, iterations, values) -> None:
    session.execute(
        insert(scalar).values(
            run_id=run_id,
            name=name,
            iteration=int(iterations[-1]),
            iterations=np.asarray(iterations, "<i4"),
            values=np.asarray(values, "<f8"),
        )
    )


@pytest.fixture
def run(session: Session, noise) -> StoredRun:
    stored = store_run(session, seed=5, snapshots=4)
    for place, name in enumerate(NAMES):
        log(session, stored.run_id, name, [5, 10, 25], [place, np.nan, 2.5])
    return stored


def asked(*names: str, **more: str) -> Arguments:
    return Arguments({"names": ",".join(map(key_of, names)), **more})


def test_names_that_views_know_come_first_then_those_without_a_group(session, run):
    assert data.names_of(session, run.run_id) == [
        "train_loss", "iteration", "lr-head", "momentum <of> mine",
        "=cmd|' /C calc'!A0", "gpu/memory", "val/f1", "val/recall",
    ]  # fmt: skip
    assert data.group_of("val/f1/macro") == "val"
    assert data.group_of("loss") == ""


def test_the_list_has_names_and_where_the_snapshots_lie(session, run):
    arrays, meta = data.listed(session, run.run_id, Arguments({}))
    assert [name for _, name, _ in meta["names"]] == data.names_of(session, run.run_id)
    assert [key_of("val/f1"), "val/f1", "val"] in meta["names"]
    np.testing.assert_array_equal(arrays["iteration"], run.iterations)
    assert arrays["epoch"].shape == arrays["recorded_at"].shape == run.iterations.shape


def test_lines_are_what_was_logged(session, run):
    arrays, meta = data.lines(session, run.run_id, asked("val/f1", "train_loss"))
    key = key_of("val/f1")
    np.testing.assert_array_equal(arrays[f"series.{key}.iterations"], [5, 25])
    np.testing.assert_array_equal(arrays[f"series.{key}.values"], [NAMES.index("val/f1"), 2.5])
    np.testing.assert_array_equal(arrays[f"series.{key}.odd"], [10])
    assert meta["series"][key] == {"total": 3, "shown": 2, "odd": 1}
    # At each snapshot (10, 20, 30, 40) the last value up to it.
    np.testing.assert_array_equal(arrays["iteration"], run.iterations)
    np.testing.assert_array_equal(arrays[f"snapshot.{key}"], [np.nan, np.nan, 2.5, 2.5])
    iterations, values = run.scalars["train_loss"]
    key = key_of("train_loss")
    np.testing.assert_array_equal(arrays[f"series.{key}.iterations"], iterations)
    np.testing.assert_array_equal(arrays[f"series.{key}.values"], values)
    arrays, _ = data.lines(session, run.run_id, asked("val/f1", **{"from": "20", "to": "30"}))
    np.testing.assert_array_equal(arrays[f"series.{key_of('val/f1')}.iterations"], [25])


def test_a_long_series_comes_with_the_means_of_what_it_leaves_out(session, run):
    values = np.random.default_rng(8).normal(size=5_000)
    values[[7, 4_000]] = np.nan, np.inf
    log(session, run.run_id, "long", np.arange(5_000), values)
    key = key_of("long")
    arrays, meta = data.lines(session, run.run_id, asked("long", pixels="256"))
    shown = meta["series"][key]
    assert shown["total"] == 5_000
    assert shown["shown"] <= 4 * 256
    counts = arrays[f"mean.{key}.counts"]
    assert len(counts) <= 256
    assert counts.sum() == 4_998
    finite = np.flatnonzero(np.isfinite(values))
    ends = np.cumsum(counts)
    np.testing.assert_array_equal(arrays[f"mean.{key}.iterations"], finite[ends - 1])
    for mean, end, count in zip(arrays[f"mean.{key}.values"], ends, counts, strict=True):
        np.testing.assert_allclose(mean, values[finite[end - count : end]].mean(), atol=1e-12)
    # Zoomed: every value in view, and the means of what came before.
    arrays, _ = data.lines(
        session, run.run_id, asked("long", pixels="256", **{"from": "3000", "to": "3050"})
    )
    at, counts = arrays[f"mean.{key}.iterations"], arrays[f"mean.{key}.counts"]
    np.testing.assert_array_equal(at[at >= 3000], np.arange(3000, 3052))
    assert (counts[at >= 3000] == 1).all()
    assert counts.sum() == 3052 - 1
    # A short one is its own.
    arrays, _ = data.lines(session, run.run_id, asked("val/f1"))
    assert not any(name.startswith("mean.") for name in arrays)
    with pytest.raises(BadArgument, match="pixels"):
        data.lines(session, run.run_id, asked("val/f1", pixels="300"))


def test_the_table_has_every_value_and_a_scalar_called_iteration(session, run):
    columns = scalar_lines(session, run.run_id, asked("val/f1", "iteration"))
    assert list(columns) == ["iteration", "val/f1", "iteration (logged)"]
    np.testing.assert_array_equal(columns["iteration"], [5, 10, 25])
    np.testing.assert_array_equal(
        columns["val/f1"].to_numpy(zero_copy_only=False), [0, np.nan, 2.5]
    )


@pytest.mark.parametrize("keys", ["abc", f"{key_of('val/f1')},x", ",", ",".join(["a"] * 25)])
def test_what_is_no_key_is_refused(session, run, keys):
    with pytest.raises(BadArgument, match="names"):
        data.lines(session, run.run_id, Arguments({"names": keys}))


def test_most_of_an_answer(session, run):
    for number in range(data.MOST + 1):
        log(session, run.run_id, f"more/{number}", [5], [1.0])
    with pytest.raises(BadArgument, match=f"{data.MOST} keys at most"):
        data.lines(session, run.run_id, asked(*(f"more/{n}" for n in range(data.MOST + 1))))


class TestPage:
    def test_the_names_of_a_run_are_for_those_who_may_read_it(self, web, clients):
        with Session(web.engine) as session:
            number = store_run(session, seed=6, snapshots=3).run_id
            for name in ("val/a", "<b>"):
                log(session, number, name, [5, 10], [1.0, 2.0])
            session.commit()
        answer = clients[Role.VIEWER].get(f"/data/run/{number}/scalar-names")
        assert answer.status_code == 200
        assert b"val/a" in answer.data
        assert clients[Role.VIEWER].get("/data/run/100000000/scalar-names").status_code == 404

    def test_a_run_without_scalars_says_how_to_have_some(self, web):
        with Session(web.engine) as session:
            empty = store_run(session, seed=7, layers=0, classes=0, snapshots=0).run_id
            session.execute(scalar.delete().where(scalar.c.run_id == empty))
            session.commit()
            run = get_run(session, run_id=empty)
        with web.app.server.test_request_context("/"):
            page = layout(PageContext(Identity(1, "Ann", "a@b.c", Role.VIEWER, b""), run=run))
        assert "This run has no scalars" in json.dumps(page, cls=PlotlyJSONEncoder)
