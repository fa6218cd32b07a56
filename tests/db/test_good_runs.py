"""Runs marked as good, their recipe, and runs that are judged by them; unrelated runs beside."""

import numpy as np
import pytest
from sqlalchemy import delete, update

from db.errors import Forbidden, NotFound
from db.models import Layer, Run, ValidationClass, scalar, snapshot
from db.queries.runs import findings, good_runs
from db.queries.team import accounts, audit
from ingest.evaluate import evaluate_run
from tests.stored_runs import store_run


@pytest.fixture
def by(session):
    account = accounts.add_account(session, email="me@example.org", role="member")
    return {"account_id": account.id, "account_name": account.name}


def alike(session, seed, *, loss=None, **columns):
    """Store a run of the same structure as every other one, 12 snapshots; return its id."""
    run = store_run(session, seed=seed, layers=1, snapshots=12, **columns)
    session.execute(
        update(Layer).where(Layer.run_id == run.run_id).values(filters=9, parameters=100)
    )
    session.execute(update(Run).where(Run.id == run.run_id).values(filter_count=9))
    session.execute(delete(scalar).where(scalar.c.run_id == run.run_id))
    noise = np.random.default_rng(seed)
    for at, iteration in enumerate(run.iterations.tolist()):
        value = 2.0 * np.exp(-at / 4 + noise.normal(0, 0.02))
        where = (snapshot.c.run_id == run.run_id) & (snapshot.c.iteration == iteration)
        values = {"train_loss": value * (loss or {}).get(at, 1.0), "epoch": at / 2}
        session.execute(update(snapshot).where(where).values(**values))
    return run.run_id


class TestRecipe:
    def test_the_same_network_and_data_set(self, session, noise):
        one, same, other, deeper, renamed = (alike(session, seed) for seed in range(5))
        session.execute(update(Run).where(Run.id == other).values(dataset="another"))
        session.execute(update(Layer).where(Layer.run_id == deeper).values(parameters=99))
        session.execute(
            update(ValidationClass)
            .where(ValidationClass.run_id == renamed, ValidationClass.class_id == 0)
            .values(name="something else")
        )
        assert good_runs.runs_of_recipe(session, run_id=one) == [one, same]
        assert good_runs.runs_of_recipe(session, run_id=deeper) == [deeper]


class TestMarks:
    def test_marking_and_taking_it_back(self, session, noise, by):
        one, other = alike(session, 1), alike(session, 2)
        good_runs.mark_good(session, run_id=noise[0].run_id, **by)
        assert good_runs.mark_good(session, run_id=one, **by) == 2  # to be judged anew
        assert good_runs.mark_good(session, run_id=one, **by) == 0
        [mark] = good_runs.good_runs(session, run_id=other)
        assert (mark.run_id, mark.account_name) == (one, by["account_name"])
        assert good_runs.marked(session) == {one, noise[0].run_id}
        good_runs.unmark_good(session, run_id=one, account_id=by["account_id"])
        assert good_runs.good_runs(session, run_id=other) == []
        entries, _ = audit.list_entries(session, search=f"good run {one} ")
        assert [e.action for e in entries] == ["no longer marked as good", "marked as good"]

    def test_who_may(self, session, noise, by):
        viewer = accounts.add_account(session, email="vi@example.org", role="viewer")
        who = {"account_id": viewer.id, "account_name": viewer.name}
        with pytest.raises(Forbidden):
            good_runs.mark_good(session, run_id=noise[0].run_id, **who)
        with pytest.raises(Forbidden):
            good_runs.unmark_good(session, run_id=noise[0].run_id, account_id=viewer.id)
        with pytest.raises(NotFound):
            good_runs.mark_good(session, run_id=10**6, **by)


class TestJudging:
    @pytest.fixture
    def good(self, session, noise, by):
        """Six runs of a recipe that are marked, and one run of another that is."""
        good_runs.mark_good(session, run_id=noise[0].run_id, **by)
        ids = [alike(session, 10 + seed) for seed in range(6)]
        for run_id in ids:
            good_runs.mark_good(session, run_id=run_id, **by)
        return ids

    def outside(self, session, run_id):
        evaluate_run(session, run_id=run_id)
        listed = findings.list_findings(session, run_id=run_id)
        return [f for f in listed if f.rule == "outside-band" and f.key.endswith(":loss")]

    def test_a_run_that_leaves_the_band(self, session, good):
        strange = alike(session, 77, loss={at: 4.0 for at in range(6, 12)})
        [found] = self.outside(session, strange)
        assert (found.start_iteration, found.end_iteration) == (70, None)
        assert found.severity == "high"
        chart = found.chart
        assert len(chart["lower"]) == len(chart["upper"]) == len(chart["values"])
        inside = [
            low <= value <= high
            for low, value, high in zip(
                chart["lower"], chart["values"], chart["upper"], strict=True
            )
        ]
        assert inside == [True] * 6 + [False] * 6

    def test_a_run_like_them_does_not_nor_does_a_good_one(self, session, good):
        assert self.outside(session, alike(session, 78)) == []
        assert self.outside(session, good[0]) == []

    def test_too_few_are_marked(self, session, good, by):
        strange = alike(session, 77, loss={at: 4.0 for at in range(6, 12)})
        for run_id in good[:2]:
            good_runs.unmark_good(session, run_id=run_id, account_id=by["account_id"])
        assert self.outside(session, strange) == []
