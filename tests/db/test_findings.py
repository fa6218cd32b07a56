"""Each evaluation of a run replaces its findings, which keep when first seen and can be muted."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.engine import make_engine
from db.errors import Conflict, Forbidden, NotFound
from db.models import Finding
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import findings, runs
from db.queries.team import accounts
from ingest.analysis.health.rules import RULES
from ingest.evaluate import evaluate_anew, evaluate_run
from ingest.pipeline import load_log
from tests.browser.logs import Log
from tests.db.spoiled import spoil


@pytest.fixture
def account(session) -> int:
    return accounts.add_account(session, email="ann@example.org", role="member").id


def row(key="loss-jump@10::", rank=0, **changes):
    given = {
        "key": key,
        "rank": rank,
        "rule": "loss-jump",
        "severity": "high",
        "start_iteration": 10,
        "end_iteration": None,
        "strength": 5.0,
        "value": float("nan"),
        "text": "It jumped.",
        "layers": [1],
        "classes": [],
        "filters": [1, 7],
        "chart": {"label": "loss", "values": [1.0, None]},
    }
    return given | changes


def save(session, run_id, *rows):
    return findings.save_findings(
        session,
        run_id=run_id,
        findings=rows,
        answers={"answers": [{"iteration": 10}]},
        snapshots=7,
        last_iteration=70,
        seconds=0.1,
    )


def listed(session, run_id):
    return findings.list_findings(session, run_id=run_id)


class TestSaving:
    def test_an_evaluation_replaces_those_before_and_tells_the_new_ones(self, session, run):
        assert save(session, run.run_id, row("a"), row("b", 1)) == ["a", "b"]
        since = listed(session, run.run_id)[0].found_at
        assert save(session, run.run_id, row("c"), row("a", 1, text="More.")) == ["c"]
        found = listed(session, run.run_id)
        assert [(f.key, f.rank) for f in found] == [("c", 0), ("a", 1)]
        assert (found[1].text, found[1].found_at) == ("More.", since)
        assert found[1].filter_pairs == [(1, 7)]

    def test_other_runs_keep_theirs(self, session, run, noise):
        save(session, noise[0].run_id, row("a"))
        save(session, run.run_id, row("a"))
        save(session, run.run_id)
        assert listed(session, run.run_id) == []
        assert [f.key for f in listed(session, noise[0].run_id)] == ["a"]

    def test_the_same_again_writes_no_row(self, session, run):
        save(session, run.run_id, row("a"))
        before = session.execute(text("SELECT xmin::text, ctid::text FROM finding")).all()
        assert save(session, run.run_id, row("a")) == []
        assert session.execute(text("SELECT xmin::text, ctid::text FROM finding")).all() == before

    def test_the_evaluation_itself(self, session, run):
        assert findings.run_health(session, run_id=run.run_id) is None
        save(session, run.run_id)
        health = findings.run_health(session, run_id=run.run_id)
        assert (health.snapshots, health.answers) == (7, {"answers": [{"iteration": 10}]})

    @pytest.mark.parametrize("ask", [findings.list_findings, findings.run_health])
    def test_there_is_no_such_run(self, session, run, ask):
        with pytest.raises(NotFound):
            ask(session, run_id=10**8)


class TestMuting:
    def test_it_stays_muted_when_judged_again_and_counts_no_more(self, session, run, account):
        save(session, run.run_id, row("a"), row("b", 1, severity="low"))
        assert findings.worst_by_run(session)[run.run_id] == ("high", 1)
        by = {"account_id": account, "account_name": "Ann"}
        findings.mute_finding(session, run_id=run.run_id, key="a", reason="  known ", **by)
        save(session, run.run_id, row("a"), row("b", 1, severity="low"))
        first = listed(session, run.run_id)[0]
        assert (first.muted, first.muted_reason, first.muted_by) == (True, "known", "Ann")
        assert findings.worst_by_run(session)[run.run_id] == ("low", 1)
        accounts.set_role(session, account_id=account, role="viewer")
        with pytest.raises(Forbidden):
            findings.unmute_finding(session, run_id=run.run_id, key="a", account_id=account)
        with pytest.raises(Forbidden):
            findings.mute_finding(session, run_id=run.run_id, key="b", reason="no", **by)
        with pytest.raises(Forbidden):
            findings.set_threshold(session, rule="loss-jump", threshold=4.0, **by)
        accounts.set_role(session, account_id=account, role="member")
        findings.unmute_finding(session, run_id=run.run_id, key="a", account_id=account)
        assert not listed(session, run.run_id)[0].muted

    def test_the_reason_of_who_came_first_stays(self, session, run, account):
        save(session, run.run_id, row("a"))
        bo = accounts.add_account(session, email="bo@example.org", role="member").id
        for by, reason in (("Ann", "known"), ("Ann", "known since May")):
            findings.mute_finding(
                session, run_id=run.run_id, key="a", reason=reason, account_id=account,
                account_name=by,
            )  # fmt: skip
        with pytest.raises(Conflict, match=r"Ann has muted .*known since May”\. To"):
            findings.mute_finding(
                session, run_id=run.run_id, key="a", reason="no", account_id=bo, account_name="Bo"
            )
        assert listed(session, run.run_id)[0].muted_reason == "known since May"

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_needs_a_reason(self, session, run, account, reason):
        save(session, run.run_id, row("a"))
        with pytest.raises(Conflict):
            findings.mute_finding(
                session,
                run_id=run.run_id,
                key="a",
                reason=reason,
                account_id=account,
                account_name="Ann",
            )

    def test_there_is_no_such_finding(self, session, run, noise, account):
        save(session, noise[0].run_id, row("a"))
        with pytest.raises(NotFound):
            findings.mute_finding(
                session,
                run_id=run.run_id,
                key="a",
                reason="why",
                account_id=account,
                account_name="Ann",
            )


def test_thresholds_of_the_team(session, account):
    by = {"account_id": account, "account_name": "Ann"}
    findings.set_threshold(session, rule="loss-jump", threshold=4.0, **by)
    findings.set_threshold(session, rule="loss-jump", threshold=5.0, **by)
    assert {k: v.threshold for k, v in findings.thresholds(session).items()} == {"loss-jump": 5.0}
    findings.set_threshold(session, rule="loss-jump", threshold=None, **by)
    assert findings.thresholds(session) == {}


def test_runs_wait_once_to_be_judged(session, run, noise):
    assert findings.ask_for_evaluation(session, run_ids=[run.run_id]) == 1
    assert findings.ask_for_evaluation(session, run_ids=[run.run_id]) == 0
    assert (
        findings.ask_for_evaluation(session) == session.scalar(text("SELECT count(*) FROM run")) - 1
    )


def test_the_last_filters_and_predictions(session, run, noise):
    whole = run.filters["gradient_l2"]
    found = findings.last_filters(session, run_id=run.run_id, quantity="gradient_l2", snapshots=3)
    assert np.array_equal(found, whole[:, -3:], equal_nan=True)
    more = findings.last_filters(session, run_id=run.run_id, quantity="gradient_l2", snapshots=99)
    assert more.shape == whole.shape
    predictions = SnapshotPredictions(session, run_id=run.run_id)
    order = np.argsort(run.image_class, kind="stable")
    for at, iteration in enumerate(run.iterations.tolist()):
        label, prediction = predictions.at(iteration)
        assert np.array_equal(label, run.image_class[order])
        assert np.array_equal(prediction, run.prediction[order, at])
    assert predictions.at(3) is None


def test_every_stored_run_can_be_judged(session, run, noise):
    for run_id in (run.run_id, noise[0].run_id, noise[1].run_id):
        evaluate_run(session, run_id=run_id)
        assert findings.run_health(session, run_id=run_id).snapshots > 0


@pytest.fixture
def loaded(database_url, recorded_run):
    """An engine and the id of a real recorded run, loaded by the ingest."""
    engine = make_engine(database_url)
    yield engine, load_log(engine, recorded_run).run_id
    engine.dispose()


class TestRealRun:
    def test_loading_judges_it_and_loading_again_changes_nothing(self, loaded, recorded_run):
        engine, run_id = loaded
        with Session(engine) as session:
            health = findings.run_health(session, run_id=run_id)
            before = listed(session, run_id)
            version = runs.run_version(session, run_id=run_id)
        assert (health.snapshots, health.last_iteration) == (13, 65)
        load_log(engine, recorded_run)
        with Session(engine) as session:
            assert listed(session, run_id) == before
            assert findings.run_health(session, run_id=run_id) == health
            assert runs.run_version(session, run_id=run_id) == version

    def test_what_could_not_be_judged_is_known_also_of_a_run_of_an_earlier_release(
        self, loaded, recorded_run
    ):
        engine, run_id = loaded
        with Session(engine) as session, session.begin():
            before = findings.run_health(session, run_id=run_id).answers["not_judged"]
            session.execute(text("UPDATE run_health SET answers = answers - 'not_judged'"))
        load_log(engine, recorded_run)
        with Session(engine) as session:
            assert findings.run_health(session, run_id=run_id).answers["not_judged"] == before
        assert before["overfitting"] == ["epochs-5"]
        assert set(before) <= {rule.name for rule in RULES} - {"loss-jump", "class-collapse"}

    def test_it_has_nothing_of_high_severity(self, loaded):
        engine, run_id = loaded
        with Session(engine) as session:
            assert [f for f in listed(session, run_id) if f.severity == "high"] == []

    def test_judged_again_and_again_while_it_grows_it_is_judged_as_in_one_go(
        self, database_url, recorded_run, tmp_path
    ):
        """By thresholds so low that nearly every rule has something to say."""
        engine = make_engine(database_url)
        with Session(engine) as session, session.begin():
            by = {"account_name": "Ann"}
            by["account_id"] = accounts.add_account(session, email="a@example.org", role="admin").id
            for rule in RULES:
                findings.set_threshold(session, rule=rule.name, threshold=rule.low, **by)
        judged = []
        for name, looks in (("grows", (1, 3, 6, 9, 12)), ("whole", ())):
            log = Log(tmp_path / name, recorded_run, change=spoil, state="recording")
            for snapshots in looks:
                log.grow(snapshots)
                run_id = load_log(engine, log.path).run_id
                with Session(engine) as session:
                    health = findings.run_health(session, run_id=run_id)
                assert health.snapshots == snapshots
            log.grow(13)
            log.end()
            run_id = load_log(engine, log.path).run_id
            with Session(engine) as session:
                rows = [replace(row, run_id=0, found_at=None) for row in listed(session, run_id)]
                judged.append((rows, findings.run_health(session, run_id=run_id).answers))
        engine.dispose()
        assert judged[0] == judged[1]
        silent = {rule.name for rule in RULES} - {row.rule for row in judged[0][0]}
        assert silent <= {
            # 13 snapshots of few images: chance explains it, or there are too few of them.
            *("class-collapse", "class-worse", "class-stays-wrong", "validation-jump"),
            *("evaluation-broke", "training-broke", "validation-worse", "validation-too-good"),
            *("norms-together", "steps-together", "periodic-loss", "mass-forgetting"),
            *("softmax-twice", "rate-ends-early"),
            # Nothing is told of the machine.
            *("waiting-for-data", "gpu-idle", "memory-grows", "slow-rank"),
            # The schedule is plain, and no gradient is lost.
            *("schedule-restarted", "zero-gradient"),
            "exploding-gradient-depth",
            "not-sparser",
            "outside-band",  # nobody marked good runs
            "overfitting",
            "plateau",
            "saturated-activation",
        }

    def test_thresholds_count_when_it_is_judged_again(self, loaded):
        engine, run_id = loaded
        with Session(engine) as session, session.begin():
            account = accounts.add_account(session, email="ann@example.org", role="admin").id
            for rule, threshold in (("rate-too-high", 1.0), ("class-collapse", 1.0)):
                findings.set_threshold(
                    session, rule=rule, threshold=threshold, account_id=account, account_name="Ann"
                )
        evaluate_anew(engine, run_id=run_id)
        with Session(engine) as session:
            [high] = [f for f in listed(session, run_id) if f.rule == "rate-too-high"]
        assert len(high.layers) > 5
        assert high.chart["limit"] == pytest.approx(1e-3)

    def test_a_run_that_is_gone_or_busy_is_left_alone(self, loaded):
        from db.load import sole_loader

        engine, run_id = loaded
        evaluate_anew(engine, run_id=10**6)
        with Session(engine) as session, session.begin():
            session.execute(text("DELETE FROM run_health"))
            uuid = runs.get_run(session, run_id=run_id).uuid.hex
        with sole_loader(engine, run=uuid):
            evaluate_anew(engine, run_id=run_id)
        with Session(engine) as session:
            assert findings.run_health(session, run_id=run_id) is None

    def test_a_rule_that_fails_costs_no_snapshot(self, database_url, recorded_run, monkeypatch):
        from ingest import evaluate

        def fail(*_arguments, **_options):
            raise ZeroDivisionError

        monkeypatch.setattr(evaluate, "evaluate", fail)
        engine = make_engine(database_url)
        report = load_log(engine, recorded_run)
        with Session(engine) as session:
            assert session.scalar(select(func.count()).select_from(Finding)) == 0
        engine.dispose()
        assert (len(report.new), report.bad) == (13, [])
