"""The page of scalars: which names, in what order, and their values as lines and as a table."""

import json

import numpy as np
import pytest
from dash import Input
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.data import scalars as data
from app.data.scalars import key_of
from app.export.tables import scalar_lines
from app.selection import control_id
from app.views.scalars.ids import Ids
from db.models import scalar
from db.permissions import Role
from tests.app.web import callback_key
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


def test_every_word_of_a_search_occurs():
    names = ["val/F1", "val/recall_1", "train/f1"]
    assert data.matching(names, "f1") == ["val/F1", "train/f1"]
    assert data.matching(names, "  1 VAL ") == ["val/F1", "val/recall_1"]
    assert data.matching(names, "") == names
    assert data.matching(names, "(") == []


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


@pytest.fixture(scope="module")
def logged(web) -> int:
    with Session(web.engine) as session:
        stored = store_run(session, seed=6, snapshots=3)
        for number in range(30):
            log(session, stored.run_id, f"val/class_{number:02}", [5, 10], [1.0, 2.0])
        session.commit()
    return stored.run_id


class TestPage:
    @staticmethod
    def shown(client, run_id: int, *, search: object = "", page: object = 1, shown: object = None):
        return client.call(
            callback_key(client.web.app, f"{Ids.LIST}.children"),
            {
                f"{Ids.RUN}.data": run_id,
                f"{Ids.SHOWN}.data": shown,
                str(Input(control_id(Ids.SEARCH, "scalars"), "value")): search,
                str(Input(control_id(Ids.PAGER, "scalarpage"), "value")): page,
            },
            triggered=f"{Ids.TIMER}.n_intervals",
        )

    def test_pages_of_names(self, clients, logged):
        answer = self.shown(clients[Role.VIEWER], logged).json["response"]
        assert answer[Ids.COUNT]["children"] == "32 scalars, 1 to 24 shown"
        text = json.dumps(answer[Ids.LIST]["children"])
        assert "val/class_21" in text
        assert "val/class_22" not in text
        last = self.shown(clients[Role.VIEWER], logged, page=99).json["response"]
        assert last[Ids.COUNT]["children"] == "32 scalars, 25 to 32 shown"

    def test_a_search(self, clients, logged):
        answer = self.shown(clients[Role.VIEWER], logged, search="CLASS 07").json["response"]
        assert answer[Ids.COUNT]["children"] == "1 of 32 scalars"
        answer = self.shown(clients[Role.VIEWER], logged, search="<none>").json["response"]
        assert "No scalar has a name with “<none>”" in json.dumps(
            answer[Ids.LIST]["children"], ensure_ascii=False
        )

    def test_nothing_is_sent_where_nothing_is_new(self, clients, logged):
        answer = self.shown(clients[Role.VIEWER], logged).json["response"]
        kept = answer[Ids.SHOWN]["data"]
        assert self.shown(clients[Role.VIEWER], logged, shown=kept).status_code == 204

    def test_odd_arguments(self, clients, logged):
        client = clients[Role.VIEWER]
        assert self.shown(client, logged, search={"x": 1}, page="2").status_code == 200
        assert "There is no run 100000000." in self.shown(client, 10**8).text

    def test_a_run_without_scalars_says_how_to_have_some(self, web, clients):
        with Session(web.engine) as session:
            empty = store_run(session, seed=7, layers=0, classes=0, snapshots=0).run_id
            session.execute(scalar.delete().where(scalar.c.run_id == empty))
            session.commit()
        answer = self.shown(clients[Role.VIEWER], empty).json["response"]
        assert "This run has no scalars" in json.dumps(answer[Ids.LIST]["children"])
