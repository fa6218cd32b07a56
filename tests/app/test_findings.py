"""The findings page: what it shows, who may mute and set thresholds, and what others see of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete, select, text, update

from app.components.run_links import place_link
from app.factory import FIELDS
from app.views.findings import callbacks as page
from app.views.findings.cards import answer_entry, card, when
from app.views.findings.good import good_part
from app.views.findings.ids import CHANGES, Ids, Item
from app.views.findings.layout import rule_table
from db.engine import session_scope
from db.models import Finding, FindingMute, RuleThreshold, RunHealth
from db.permissions import Role
from db.queries.runs import findings
from db.queries.runs.findings import ThresholdRow
from db.queries.runs.good_runs import Mark
from ingest.analysis.health import sentences
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.sentences import say
from tests.app.finding_rows import finding_row
from tests.app.web import BASE, CALLBACK, callback_body, callback_key

NAMES = Names(("conv1", "conv2", "layer1.0"), ("cat", "dog", "cow", "hen"))
ANSWER = {
    "iteration": 20,
    "end": 40,
    "severity": "high",
    "layers": [2],
    "classes": [1],
    "filters": [[2, 7]],
    "text": "The training loss rose.",
    "evidence": [
        {
            "key": "loss-jump@20::",
            "rule": "loss-jump",
            "severity": "high",
            "start": 20,
            "end": 40,
            "text": "It rose.",
        }
    ],
}


def written(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


@pytest.fixture
def found(web, app_run):
    """The run with one finding of high severity, and one answer; mutes and thresholds end."""
    with session_scope(web.engine) as session:
        save(session, app_run.run_id)
    yield app_run.run_id
    with session_scope(web.engine) as session:
        for table in (FindingMute, RuleThreshold):
            session.execute(delete(table))
        session.execute(text("DELETE FROM procrastinate_jobs"))


def save(session, run_id, *, keys=(None,)):
    """Let a run have one answer, and a finding for each key (None: its own)."""
    row = finding_row()
    stored = {
        name: getattr(row, name)
        for name in row.__dataclass_fields__
        if name not in ("run_id", "found_at") and not name.startswith("muted")
    }
    findings.save_findings(
        session,
        run_id=run_id,
        findings=[stored | {"key": key or row.key, "rank": at} for at, key in enumerate(keys)],
        answers={"answers": [ANSWER]},
        snapshots=6,
        last_iteration=60,
        seconds=0.1,
    )


def show(client, run_id, *, triggered=None, **changes):
    values = {
        f"{Ids.SEVERITY}.value": "all",
        f"{Ids.WITH_MUTED}.checked": False,
        f"{Ids.RUN}.data": run_id,
    }
    key = callback_key(client.web.app, f"{Ids.ANSWERS}.children")
    return client.update(key, values | changes, triggered=triggered)


class TestLinks:
    def test_a_link_sets_fields_of_the_selection_only(self, web):
        with web.app.server.test_request_context("/"):
            link = place_link(
                3, "validation", start=10, end=40, classes=[1, 2], layers=[4], filters=[(4, 7)]
            )
        parts = urlsplit(link)
        given = parse_qs(parts.query)
        assert parts.path == "/run/3/validation"
        assert set(given) <= set(FIELDS)
        assert given == {
            "cursor": ["10"],
            "pins": ["10"],
            "range": ["10-40"],
            "classes": ["1,2"],
            "openclasses": ["1,2"],
            "layers": ["4"],
            "filters": ["4.7"],
        }

    @pytest.mark.parametrize(
        ("start", "end", "words"),
        [
            (1600, None, "since iteration 1,600"),
            (10, 10, "at iteration 10"),
            (10, 1200, "iterations 10 to 1,200"),
        ],
    )
    def test_iterations_in_words(self, start, end, words):
        assert when(start, end) == words


class TestCards:
    def test_a_card_says_what_where_and_what_to_do(self, web):
        with web.app.server.test_request_context("/"):
            shown = written(card(finding_row(), NAMES, may_mute=True))
        for part in ("Training loss jumped", "iterations 10 to 15", "class dog", "class hen"):
            assert part in shown
        assert "layer1.0, filters 7, 9" in shown
        assert "What to do" in shown
        assert Item.MUTE in shown

    def test_a_viewer_has_no_button_and_a_muted_one_says_who_and_why(self, web):
        muted = finding_row(
            muted_by="Bo", muted_reason="Known.", muted_at=datetime(2026, 5, 4, tzinfo=UTC)
        )
        with web.app.server.test_request_context("/"):
            shown = written(card(muted, NAMES, may_mute=False))
            own = written(card(muted, NAMES, may_mute=True))
        assert "Muted by Bo" in shown
        assert "Known." in shown
        assert Item.UNMUTE not in shown
        assert Item.UNMUTE in own

    @pytest.mark.parametrize("chart", [{}, {**finding_row().chart, "values": [None] * 3}])
    def test_a_card_without_numbers(self, web, chart):
        with web.app.server.test_request_context("/"):
            assert "Training loss jumped" in written(
                card(replace(finding_row(), chart=chart), NAMES, may_mute=False)
            )

    def test_an_annotation_of_a_card_is_about_what_the_finding_is_about(self, web):
        def about(**changes):
            with web.app.server.test_request_context("/"):
                shown = card(finding_row(**changes), NAMES, may_mute=False, may_annotate=True)
            notes, button = (
                json.loads(getattr(part, "data-finding-about"))
                for part in shown._traverse()
                if getattr(part, "className", None) in ("finding-notes", "finding-annotate")
            )
            assert notes == button
            return button["when"], [(t["kind"], t["name"]) for t in button["things"]]

        assert about() == (
            [10, 15],
            [
                ("layer", "layer1.0"),
                ("class", "dog"),
                ("class", "hen"),
                ("filter", "filter 7 of layer1.0"),
                ("filter", "filter 9 of layer1.0"),
            ],
        )
        # What lasts has no end that would stay; a single filter is more than its layer.
        when_, things = about(end_iteration=None, classes=[9], filters=[2, 7])
        assert when_ == [10, 10]
        assert things[0] == ("filter", "filter 7 of layer1.0")
        assert things[-1] == ("class", "9")

    def test_an_answer_leads_to_its_place(self, web):
        with web.app.server.test_request_context("/"):
            shown = written(answer_entry(3, ANSWER, 1, NAMES))
        assert "/run/3/layers?cursor=20&pins=20&range=20-40" in shown
        assert "/run/3/validation?cursor=20&pins=20&classes=1&openclasses=1" in shown
        assert "1 piece of evidence" in shown

    @pytest.mark.parametrize(
        ("rules", "places", "view"),
        [
            (["loss-jump", "class-collapse", "filter-jump"], {"classes": [1]}, "validation"),
            (["filter-jump", "class-collapse"], {"classes": [1]}, "layers"),
            (["loss-jump"], {"classes": [1], "layers": []}, "validation"),
            (["loss-jump", "class-collapse"], {"classes": [], "layers": []}, "overview"),
        ],
    )
    def test_an_answer_opens_the_view_of_its_strongest_evidence(self, web, rules, places, view):
        evidence = [ANSWER["evidence"][0] | {"rule": rule} for rule in rules]
        with web.app.server.test_request_context("/"):
            shown = written(answer_entry(3, ANSWER | places | {"evidence": evidence}, 1, NAMES))
        assert f"/run/3/{view}?cursor=20&pins=20&range=20-40" in shown

    def test_every_rule_stands_in_the_table(self, web):
        team = ThresholdRow("loss-jump", 9.0, "Bo", datetime(2026, 5, 4, tzinfo=UTC))
        shown = written(rule_table({"loss-jump": team}, may_set=False))
        assert all(rule.title in shown and rule.source[:20] in shown for rule in RULES)
        assert "set by Bo" in shown


class TestPage:
    @pytest.mark.parametrize("role", Role)
    def test_shows_answers_and_findings(self, clients, found, role):
        shown = show(clients[role], found)
        assert "The training loss rose." in written(shown[Ids.ANSWERS]["children"])
        assert "Training loss jumped" in written(shown[Ids.LIST]["children"])
        assert shown[Ids.STATUS]["children"].startswith("1 high")
        for button in (Item.MUTE, "finding-annotate"):
            assert (button in written(shown[Ids.LIST]["children"])) == (role is not Role.VIEWER)
        assert "Nothing serious" not in written(shown[Ids.ANSWERS]["children"])

    def test_many_come_some_at_a_time(self, clients, found, web, monkeypatch):
        with session_scope(web.engine) as session:
            save(session, found, keys=("a", "b", "c"))
        whole = show(clients[Role.VIEWER], found)
        number = len(whole[Ids.LIST]["children"])
        assert whole[Ids.MORE]["style"] == {"display": "none"}
        assert number == 3
        monkeypatch.setattr(page, "CARDS", 1)
        for clicks in range(number):
            shown = show(clients[Role.VIEWER], found, **{f"{Ids.MORE}.n_clicks": clicks})
            cards = shown[Ids.LIST]["children"]
            assert cards == whole[Ids.LIST]["children"][: clicks + 1]
            further = number - clicks - 1
            assert (shown[Ids.MORE]["style"] == {}) == (further > 0)
            assert not further or shown[Ids.MORE]["children"] == f"Show 1 of {further} more"

    def test_a_quiet_run_says_so(self, clients, found, web):
        with session_scope(web.engine) as session:
            session.execute(text("UPDATE finding SET severity = 'low'"))
        shown = show(clients[Role.VIEWER], found)
        first, *others = shown[Ids.ANSWERS]["children"]
        assert "Nothing serious" in written(first)
        assert "The training loss rose." in written(others)
        with session_scope(web.engine) as session:
            session.execute(text("DELETE FROM finding"))
            session.execute(text("UPDATE run_health SET answers = '{}'"))
        shown = show(clients[Role.VIEWER], found)
        assert "Nothing unusual: no rule fired" in written(shown[Ids.ANSWERS]["children"])
        assert "No rule fired." in written(shown[Ids.LIST]["children"])

    def test_says_what_could_not_be_judged_and_what_to_log(self, clients, found, web):
        shown = show(clients[Role.VIEWER], found)
        assert shown[Ids.NOT_JUDGED]["children"]["props"]["hidden"]
        lacks = {
            "plateau": ["train_loss"],
            "loss-jump": ["train_loss"],
            "overfitting": ["epochs-5"],
        }
        with session_scope(web.engine) as session:
            session.execute(update(RunHealth).values(answers={"not_judged": lacks}))
        shown = show(clients[Role.VIEWER], found)[Ids.NOT_JUDGED]["children"]
        assert not shown["props"]["hidden"]
        said = written(shown)
        assert f"Not judged: 3 of {len(RULES)} rules" in said
        assert "Training loss jumped, Nothing is learned" in said
        assert " need the training loss: log train_loss=... in recorder.step()." in said
        assert " needs 5 epochs: train longer." in said

    def test_filters_by_severity(self, clients, found):
        shown = show(clients[Role.VIEWER], found, **{f"{Ids.SEVERITY}.value": "low"})
        assert "No findings of low severity." in written(shown[Ids.LIST]["children"])

    def test_a_timer_that_meets_nothing_new_changes_nothing(self, clients, found):
        client = clients[Role.VIEWER]
        state = show(client, found)[Ids.SHOWN]["data"]
        key = callback_key(client.web.app, f"{Ids.ANSWERS}.children")
        values = {
            f"{Ids.SEVERITY}.value": "all",
            f"{Ids.WITH_MUTED}.checked": False,
            f"{Ids.RUN}.data": found,
            f"{Ids.SHOWN}.data": state,
        }
        answer = client.call(key, values, triggered=f"{Ids.TIMER}.n_intervals")
        assert answer.status_code == 204

    def test_a_run_that_was_never_judged_says_so(self, clients, found, web):
        with session_scope(web.engine) as session:
            session.execute(text("DELETE FROM run_health"))
        shown = show(clients[Role.VIEWER], found)
        assert "not been evaluated yet" in written(shown[Ids.ANSWERS]["children"])

    @pytest.mark.parametrize("run", [None, "1", -3, True, 2**40, 10**8])
    def test_a_run_that_a_browser_made_up(self, clients, found, run):
        client = clients[Role.VIEWER]
        key = callback_key(client.web.app, f"{Ids.ANSWERS}.children")
        answer = client.call(key, {f"{Ids.RUN}.data": run})
        # An error is told in the page's frame; nothing of the page changes.
        assert answer.status_code == 204 or Ids.LIST not in answer.json["response"]

    def test_the_marks_of_the_time_axis(self, clients, found):
        answer = clients[Role.VIEWER].get(f"/data/run/{found}/findings")
        [mark] = answer.json["findings"]
        assert (mark["severity"], mark["start"], mark["end"]) == ("high", 10, 15)
        assert mark["link"].startswith(f"/run/{found}/overview?cursor=10")
        assert clients[Role.VIEWER].get("/data/run/99999/findings").status_code == 404

    def test_the_table_of_runs_has_the_worst_severity(self, clients, found, web):
        key = callback_key(web.app, "runs-body.children")
        shown = clients[Role.VIEWER].update(key, {"runs-search.value": ""})
        assert "1 high" in written(shown["runs-body"]["children"])


class TestMuting:
    def mute(self, client, run_id, reason="Known."):
        key = callback_key(client.web.app, CHANGES.by("mute"))
        values = {
            f"{Ids.ASKED}.data": "loss-jump@10::",
            f"{Ids.REASON}.value": reason,
            f"{Ids.RUN}.data": run_id,
        }
        return client.call(key, values, triggered=f"{Ids.CONFIRM}.n_clicks")

    def test_it_is_hidden_until_asked_for_and_back_when_unmuted(self, clients, found, web):
        client = clients[Role.MEMBER]
        # Closed by the answer itself: new cards, which follow, undo what else was on its way.
        assert self.mute(client, found).json["response"][Ids.DIALOG] == {"opened": False}
        shown = show(client, found)
        assert "1 muted are not shown" in written(shown[Ids.LIST]["children"])
        assert "The one finding of high or medium severity is muted" in written(
            shown[Ids.ANSWERS]["children"][0]
        )
        shown = show(client, found, **{f"{Ids.WITH_MUTED}.checked": True})
        assert "Known." in written(shown[Ids.LIST]["children"])
        assert clients[Role.VIEWER].get(f"/data/run/{found}/findings").json["findings"] == []
        button = {"type": Item.UNMUTE, "key": "loss-jump@10::"}
        answer = client.click(button, values={f"{Ids.RUN}.data": found})
        assert answer.status_code == 200
        assert "Training loss jumped" in written(show(client, found)[Ids.LIST]["children"])

    def test_needs_a_reason(self, clients, found):
        answer = self.mute(clients[Role.MEMBER], found, reason=" ").json["response"]
        assert "Enter a reason" in answer[Ids.PROBLEM]["children"]
        assert Ids.DIALOG not in answer  # which stays open, with what was written

    def test_a_viewer_may_not(self, clients, found, web):
        assert self.mute(clients[Role.VIEWER], found).status_code == 403
        with session_scope(web.engine) as session:
            assert session.scalars(select(FindingMute.key)).all() == []


class TestThresholds:
    def save(self, client, shown=None, **values):
        given = {rule.name: rule.threshold for rule in RULES} | values
        key = callback_key(client.web.app, f"{Ids.SAVED}.children")
        pattern = json.dumps(
            {"rule": ["ALL"], "type": Item.THRESHOLD}, separators=(",", ":"), sort_keys=True
        )
        # Two states share the pattern: the values and the ids.
        entry = client.web.app.callback_map[key]
        ids = [{"type": Item.THRESHOLD, "rule": name} for name in given]
        body_items = {
            pattern: [{"id": one, "property": "value", "value": given[one["rule"]]} for one in ids]
        }
        assert [spec["property"] for spec in entry["state"]] == ["value", "id", "data"]
        body = callback_body(client.web.app, key, {}, f"{Ids.SAVE}.n_clicks", body_items)
        body["state"][1] = [{"id": one, "property": "id", "value": one} for one in ids]
        body["state"][2]["value"] = shown
        return client.http.post(CALLBACK, json=body, base_url=BASE, headers={"Origin": BASE})

    def test_what_somebody_else_has_set_meanwhile_stays(self, clients, found, web):
        key = callback_key(web.app, f"{Ids.ANSWERS}.children")
        values = {f"{Ids.RUN}.data": found, f"{Ids.SEVERITY}.value": "all"}
        shown = clients[Role.MEMBER].update(key, values)[Ids.LIMITS]["data"]
        self.save(clients[Role.ADMIN], shown, **{"loss-jump": 9.0})
        answer = self.save(clients[Role.MEMBER], shown, **{"plateau": 0.35})
        assert "1 threshold saved" in answer.json["response"][Ids.SAVED]["children"]
        with session_scope(web.engine) as session:
            limits = findings.thresholds(session)
            assert (limits["loss-jump"].threshold, limits["plateau"].threshold) == (9.0, 0.35)

    def test_a_member_sets_one_for_the_team_and_runs_are_judged_anew(self, clients, found, web):
        answer = self.save(clients[Role.MEMBER], **{"loss-jump": 9.0})
        assert "1 threshold saved" in answer.json["response"][Ids.SAVED]["children"]
        with session_scope(web.engine) as session:
            assert findings.thresholds(session)["loss-jump"].threshold == 9.0
            waiting = session.execute(text("SELECT task_name FROM procrastinate_jobs")).scalars()
            assert set(waiting) == {"deeptracker:evaluate"}
        self.save(clients[Role.MEMBER])
        with session_scope(web.engine) as session:
            assert findings.thresholds(session) == {}

    @pytest.mark.parametrize("value", [0, 1e9, None, "3", True])
    def test_one_out_of_its_limits_is_refused(self, clients, found, web, value):
        answer = self.save(clients[Role.MEMBER], **{"loss-jump": value})
        assert "Training loss jumped" in answer.json["response"][Ids.SAVE_PROBLEM]["children"]
        with session_scope(web.engine) as session:
            assert findings.thresholds(session) == {}

    def test_a_viewer_may_not(self, clients, found, web):
        assert self.save(clients[Role.VIEWER], **{"loss-jump": 9.0}).status_code == 403


def test_words_are_made_of_stored_facts_wherever_they_are_shown(clients, found, web, monkeypatch):
    """Reworded since the evaluation: cards, answers, marks, report and API have the new words."""
    stored = say("plateau", level="97%").stored
    entry = ANSWER | {
        "text": stored,
        "evidence": [e | {"text": stored} for e in ANSWER["evidence"]],
    }
    with session_scope(web.engine) as session:
        session.execute(update(Finding).where(Finding.run_id == found).values(text=stored))
        health = session.get(RunHealth, found)
        health.answers = {"answers": [entry]}
    monkeypatch.setattr(sentences, "SENTENCES", {"plateau": "Reworded: {level}."})
    viewer = clients[Role.VIEWER]
    shown = show(viewer, found)
    assert written(shown[Ids.ANSWERS]["children"]).count("Reworded: 97%.") == 2
    assert written(shown[Ids.LIST]["children"]).count("Reworded: 97%.") == 1
    for address in ("data/run/{}/findings", "data/run/{}/report.html", "api/v1/runs/{}/findings"):
        page = viewer.get(f"/{address.format(found)}").text
        assert "Reworded: 97%." in page
        assert "said" not in page


def test_members_mark_good_runs_and_viewers_read_of_them(clients, found, web, app_run):
    key = callback_key(web.app, f"{Ids.ANSWERS}.children")

    def said(role):
        values = {f"{Ids.RUN}.data": found, f"{Ids.SEVERITY}.value": "all"}
        return written(clients[role].update(key, values)[Ids.GOOD]["children"])

    assert "0 of 5 runs marked" in said(Role.VIEWER)
    assert Item.MARK not in said(Role.VIEWER)
    assert Item.MARK in said(Role.MEMBER)
    button = {"run": found, "type": str(Item.MARK)}
    assert clients[Role.VIEWER].click(button).status_code == 403
    assert clients[Role.MEMBER].click(button).status_code == 200
    assert "This run was marked as good by" in said(Role.VIEWER)
    assert Item.UNMARK in said(Role.MEMBER)
    unmark = {"run": found, "type": str(Item.UNMARK)}
    assert clients[Role.MEMBER].click(unmark).status_code == 200
    assert "was marked" not in said(Role.VIEWER)


def test_what_good_runs_say_of_a_run():
    at = datetime(2026, 5, 4, tzinfo=UTC)
    marks = [Mark(number, f"good {number}", "Ann", at) for number in (2, 3, 4, 5)]
    few = written(good_part(1, marks, [], may_mark=False))
    assert "4 of 5 runs marked" in few
    assert "/run/4/overview" in few
    marks += [Mark(6, "good 6", "Ann", at), Mark(1, "itself", "Bo", at)]
    inside = written(good_part(1, marks, [finding_row()], may_mark=False))
    assert "judged by 5 good runs of its recipe. It stays within their bands." in inside
    assert "itself" not in inside
    outside = [finding_row(rule="outside-band"), finding_row()]
    assert "1 kind of series lies outside" in written(good_part(1, marks, outside, may_mark=True))
