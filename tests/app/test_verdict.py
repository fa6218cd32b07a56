"""A run's badge says healthy, not judged, unexplained or fault; a dead run never looks complete."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import select

from app.components.verdict import Verdict, verdict, verdicts
from app.data import run_state
from app.views.runs.row import row
from db.models import FindingMute, Run
from db.queries.runs import findings, runs
from db.queries.runs.verdicts import Judged
from ingest.analysis.named_cause import UNEXPLAINED
from tests.stored_runs import store_run


def finding(rule, severity, *, end=None, value=1.0):
    return {
        "key": f"{rule}@20::",
        "rank": 0,
        "rule": rule,
        "severity": severity,
        "start_iteration": 20,
        "end_iteration": end,
        "strength": 2.0,
        "value": value,
        "text": "It is so.",
        "layers": [],
        "classes": [],
        "filters": [],
        "chart": {},
    }


def judge(session, run_id, *found, causes=(), lacks=None):
    """Store an evaluation; `causes` are the probable ones of the answer, the first one first."""
    evidence = [{"key": one["key"]} for one in found]
    answer = {"evidence": evidence, "causes": [{"cause": c, "probability": 0.5} for c in causes]}
    findings.save_findings(
        session,
        run_id=run_id,
        findings=found,
        answers={"answers": [answer], "not_judged": lacks or {}, "too_few": bool(lacks)},
        snapshots=6,
        last_iteration=60,
        seconds=0.1,
    )


@pytest.fixture
def run(session, noise):
    """A run among others, which have findings of their own."""
    judge(session, noise[0].run_id, finding("not-finite", "high"), causes=["rate-jump"])
    return runs.get_run(session, run_id=store_run(session, seed=5).run_id)


def badge(session, run):
    return verdicts(session, [run])[run.id]


class TestStored:
    def test_before_it_was_judged(self, session, run):
        assert badge(session, run) == Verdict(None)

    @pytest.mark.parametrize(
        ("found", "causes", "name", "cause"),
        [
            ((), (), "healthy", None),
            ((("plateau", "low"),), (), "healthy", None),
            ((("plateau", "medium"),), (), "unexplained", None),
            ((("plateau", "high"),), (), "fault", None),
            ((("plateau", "high"),), ("unexplained", "leak"), "unexplained", None),
            ((("plateau", "medium"),), ("leak", "unexplained"), "fault", "leak"),
            ((("plateau", "low"),), ("leak",), "healthy", None),
        ],
    )
    def test_by_findings_and_causes(self, session, run, found, causes, name, cause):
        judge(session, run.id, *(finding(*one) for one in found), causes=causes)
        assert badge(session, run) == Verdict(name, cause)

    def test_what_is_muted_counts_for_nothing(self, session, run):
        judge(session, run.id, finding("plateau", "high"), causes=["leak"])
        mute = {"reason": "known", "account_name": "Ann"}
        session.add(FindingMute(run_id=run.id, key="plateau@20::", **mute))
        session.flush()
        assert badge(session, run) == Verdict("healthy")

    @pytest.mark.parametrize(
        ("found", "name"),
        [
            ((), "not judged"),
            ((("plateau", "low"),), "not judged"),
            ((("plateau", "medium"),), "unexplained"),
            ((("plateau", "high"),), "fault"),
        ],
    )
    def test_too_few_rules_that_find_nothing_call_nothing_healthy(self, session, run, found, name):
        lacks = {"class-collapse": ["validation"], "overfitting": ["validation", "train_error"]}
        judge(session, run.id, *(finding(*one) for one in found), lacks=lacks)
        told = badge(session, run)
        assert told.name == name
        why = (
            "Only 38 of 40 rules could judge it, too few to call it healthy. It lacks a validation "
            "set (2 rules), the training error (1 rule)."
        )
        assert told.why == (why if name == "not judged" else "")
        facts = run_state.state(session, run.id)["facts"]
        assert (facts["verdict"], facts["verdict_why"]) == (name, told.why)

    @pytest.mark.parametrize(
        ("rule", "end", "value", "died"),
        [
            ("not-finite", None, 3.0, "NaN"),
            ("not-finite", 30, 3.0, ""),
            ("no-prediction", None, 22.0, "no prediction"),
            ("no-prediction", None, 3.0, ""),
        ],
    )
    def test_how_it_ended_also_where_that_is_muted(self, session, run, rule, end, value, died):
        judge(session, run.id, finding(rule, "high", end=end, value=value))
        mute = {"reason": "known", "account_name": "Ann"}
        session.add(FindingMute(run_id=run.id, key=f"{rule}@20::", **mute))
        session.flush()
        assert badge(session, run).died == died
        assert badge(session, run).name == ("fault" if died else "healthy")


NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.usefixtures("web")  # rows have links, whose addresses begin as the application says
class TestDying:
    @pytest.mark.parametrize(
        ("changes", "died"),
        [
            ({"state": "failed"}, "failed"),
            ({"last_error": float("nan")}, "NaN"),
            ({"state": "recording", "created_at": NOW - timedelta(days=9)}, "lost"),
            ({"state": "recording", "created_at": NOW}, ""),
            ({"state": "stopped"}, ""),
        ],
    )
    def test_how(self, run, changes, died):
        found = verdict(replace(run, **changes), Judged(run.id, None), now=NOW)
        assert found.died == died
        assert (found.name == "healthy") == (not died)

    def test_a_log_that_gives_no_heartbeats_is_quiet_and_not_lost(self, session, run):
        stored = select(Run).where(Run.id == run.id)
        session.scalars(stored).one().state = "recording"
        session.flush()
        assert runs.get_run(session, run_id=run.id).heartbeats
        one = session.scalars(stored).one()
        one.manifest = {**one.manifest, "origin": {"kinds": ["CSV"]}}
        session.flush()
        found = runs.get_run(session, run_id=run.id)
        assert [one.heartbeats for one in runs.list_runs(session) if one.id == run.id] == [False]
        told = run_state.state(session, run.id)
        assert (told["state"], told["live"]) == ("quiet", True)
        assert told["facts"]["state"].startswith("recording; no news since 2")
        shown = json.dumps(row(found, thought=badge(session, found)), cls=PlotlyJSONEncoder)
        assert "no news" in shown
        assert "six hours without news" in shown
        assert not any(word in shown for word in ("heartbeat", "lost", '"color": "red"'))

    @pytest.mark.parametrize("died", ["NaN", "no prediction", "lost", "failed"])
    def test_it_is_nowhere_shown_as_complete_in_green(self, session, run, died):
        state = "failed" if died == "failed" else "complete"
        shown = row(replace(run, state=state), thought=Verdict(UNEXPLAINED, None, died))
        drawn = json.dumps(shown, cls=PlotlyJSONEncoder)
        assert '"color": "teal"' not in drawn
        assert '"color": "red"' in drawn
        assert died in drawn

    def test_the_header_says_it(self, session, run):
        judge(session, run.id, finding("not-finite", "high"))
        told = run_state.state(session, run.id)
        assert told["state"] == "failed"
        assert told["facts"]["state"] == "complete, ended in NaN"
        assert told["facts"]["verdict"] == "fault"
