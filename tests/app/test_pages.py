"""The frame and the pages of runs, jobs and account, as a logged-in client gets them."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import dash_mantine_components as dmc
import numpy as np
import pytest
from dash import Dash, html
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete, insert

from app.auth.identity import Identity
from app.components.compare_with import compare_with
from app.components.saved_view import view_tools
from app.components.tables import percent
from app.components.times import ago, duration
from app.data.outcomes import Outcome
from app.factory import FIELDS, VIEWS
from app.ids import Shell
from app.selection import page_parts
from app.shell import find_view, layout, selection_of
from app.view import PageContext, View
from app.views.account.layout import browser
from app.views.account.tokens import token_table
from app.views.alerts.layout import channels as alert_channels
from app.views.alerts.layout import row as alert_row
from app.views.compare.charts import detail, overview
from app.views.compare.explore import Choice, drawn, explore_panel
from app.views.compare.layout import layout as compare_layout
from app.views.compare.settings import settings_panel
from app.views.findings.cards import card as finding_card
from app.views.findings.good import good_part
from app.views.findings.layout import rule_table
from app.views.jobs.job_rows import row as job_row
from app.views.jobs.schedule_rows import schedule_row, watch_row
from app.views.people.layout import people_table
from app.views.review.cards import card as image_card
from app.views.runs import rows
from app.views.runs.details import acts as drawer_acts
from app.views.runs.ids import Ids as Runs
from app.views.runs.layout import first_steps
from app.views.runs.row import row as run_table_row
from app.views.trainings.form import fields
from app.views.trainings.rows import row as training_row
from db.engine import session_scope
from db.models import Run
from db.permissions import Role
from db.queries.runs.good_runs import Mark
from db.queries.runs.runs import RunRow, Shelf
from db.queries.team.alerts import AlertRow, ChannelRow
from db.queries.team.api_tokens import TokenRow
from db.queries.team.people import Person
from ingest.analysis.health.finding import Names
from tests.app.finding_rows import finding_row
from tests.app.job_rows import job, schedule, watch
from tests.app.review_images import review_images
from tests.app.training_rows import SCRIPT, training
from tests.app.web import PASSWORD, callback_key, ids_in, make_web

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def run_row(number=1, **changes) -> RunRow:
    values = dict.fromkeys(RunRow.__dataclass_fields__)
    values |= {
        "id": number,
        "uuid": uuid4(),
        "name": f"run {number}",
        "model": "ResNet",
        "dataset": "digits",
        "state": "complete",
        "version": 1,
        "owner": "Ann",
        "location": "/x",
        "hyperparameters": {},
        "class_count": 10,
        "layer_count": 3,
        "image_count": 400,
        "filter_count": 30,
        "snapshot_count": 5,
        "last_iteration": 50,
        "last_error": 0.25,
        "lost_snapshots": 0,
        "created_at": NOW + timedelta(minutes=number),
        "loaded_at": NOW,
        "recorded_name": f"run {number}",
        "tags": [],
        "notes": "",
    }
    return RunRow(**{**values, **changes})


def text_of(answer: object) -> str:
    return json.dumps(answer, cls=PlotlyJSONEncoder)


def open_page(client, path, stands=None):
    key = callback_key(client.web.app, f"{Shell.PAGE}.children")
    asked = {f"{Shell.LOCATION}.pathname": path, f"{Shell.STANDS}.data": stands}
    return client.update(key, asked)


class TestViews:
    @pytest.mark.parametrize(
        ("path", "name", "ids"),
        [
            ("/", "runs", {}),
            ("/jobs", "jobs", {}),
            ("/jobs/", "jobs", {}),
            ("/run/3", "overview", {"run_id": 3}),
            ("/run/3/overview", "overview", {"run_id": 3}),
            ("/account", "account", {}),
            ("/run/x", None, {}),
            ("/run/-1", None, {}),
            ("/run/\u00b2", None, {}),
            ("/run/9999999999", None, {}),
            ("/run/3/nothing", None, {}),
            ("/run", None, {}),
            ("/a/b/c/d", None, {}),
        ],
    )
    def test_addresses(self, path, name, ids):
        view, found = find_view(VIEWS, path)
        assert (view.name if view else None, found) == (name, ids)

    def test_an_address_leads_back(self):
        for view in VIEWS:
            ids = {"run_id": 12} if view.of_run else {}
            assert view.match(view.address(**ids)) == ids

    def test_names_and_addresses_are_unique(self):
        assert len({view.name for view in VIEWS}) == len(VIEWS)
        paths = [path for view in VIEWS for path in (view.path, *view.aliases)]
        assert len(set(paths)) == len(paths)


def every_id(web, run: RunRow) -> set[str]:
    """The ids on all pages, and in the rows that callbacks write into them."""
    identity = Identity(1, "Ann", "ann@example.org", Role.ADMIN, b"")
    found = ids_in(layout()) | ids_in(html.Div([*page_parts(FIELDS), *view_tools(identity)]))
    with web.app.server.test_request_context("/"):
        for view in VIEWS:
            context = PageContext(identity=identity, run=run if view.of_run else None)
            here = ids_in(view.layout(context))
            own = {at(name) for name in here if not name.startswith(("selection", "shell-"))}
            assert all(name.startswith(f"{view.name}-") for name in own), own
            found |= here
        for finding in (finding_row(), finding_row(muted_reason="known", muted_by="Bo")):
            found |= ids_in(finding_card(finding, Names(), may_mute=True))
        image = {"score": 1.0, "votes": 1, "guess": 1, "decided": None, "ticked": False}
        found |= ids_in(image_card(3, review_images(), 0, may_decide=True, **image))
    found |= ids_in(rule_table({}, may_set=True))
    told = ChannelRow(1, "webhook", "https://example.org", "high", "Ann")
    found |= ids_in(alert_channels([told], may_manage=True))
    alert = AlertRow(1, 3, "run", "plateau", "high", 10, "It stands.", NOW, True)
    snoozed = replace(alert, snoozed_by="Bo", run_snoozed_until=NOW, run_snoozed_by="Bo")
    for one in (alert, snoozed):
        found |= ids_in(alert_row(one, may_snooze=True))
    for marked in ([], [Mark(run.id, "run", "Bo", NOW)]):
        found |= ids_in(html.Div(good_part(run.id, marked, [], may_mark=True)))
    with web.app.server.app_context():
        found |= ids_in(html.Div([*compared(run), *compare_with(run)]))
    for state in ("queued", "failed"):
        found |= ids_in(job_row(job(state=state), changeable=True))
    for on in (True, False):
        found |= ids_in(schedule_row(schedule(next_due=NOW if on else None), changeable=True))
        found |= ids_in(watch_row(watch(active=on), changeable=True))
    found |= ids_in(html.Div(fields(SCRIPT, "one", {}, typed={})))
    found |= ids_in(training_row(training(), stoppable=True))
    for put in ({}, {"archived_at": NOW}, {"trashed_at": NOW}):
        placed = replace(run, **put)
        found |= ids_in(drawer_acts(placed, identity)) | ids_in(run_table_row(placed))
    for active in (True, False):
        person = Person(2, "Bo", "bo@example.org", Role.MEMBER, active, True, NOW, NOW, 1)
        found |= ids_in(people_table([person], present=1))
    return found | ids_in(token_table([TokenRow(3, "script", NOW, None, None)]))


def compared(run: RunRow) -> list[Any]:
    """What the compare page shows of three runs that differ in one setting, besides its head."""
    runs = [replace(run, hyperparameters={"rate": at}) for at in range(3)]
    error = Outcome("last:validation_error", "Last", "percent", True, np.array([0.1, 0.2, 0.3]))
    panel = settings_panel(runs, [error], None)
    figure = drawn(runs, [error], Choice())
    return [*overview(runs), panel, *detail(runs, explore_panel(runs, [error])), *figure]


def pattern(name: str) -> str:
    return json.loads(name)["type"] if name.startswith("{") else name


def at(name: str) -> str:
    """What a control that is bound to the selection is called in its view; else the id."""
    return json.loads(name)["at"] if '"selection-control"' in name else pattern(name)


def test_every_control_shows_the_default_of_its_field_at_first(web):
    run = run_row()
    identity = Identity(1, "Ann", "ann@example.org", Role.ADMIN, b"")
    written = set()
    with web.app.server.test_request_context("/"):
        context = PageContext(identity=identity, run=run)
        parts = [view.layout(context) for view in VIEWS if view.fields and view.of_run]
        parts += [compare_layout(PageContext(identity=identity)), *compared(run)]
        (store, _) = selection_of(VIEWS, context)
    for part in html.Div(parts)._traverse():
        name = getattr(part, "id", None)
        if isinstance(name, dict) and name["type"] == "selection-control":
            shown = part.checked if isinstance(part, dmc.Switch) else part.value
            assert shown == store.data[name["field"]], name
            written.add(name["at"])
    assert len(written) == 104


def test_every_id_of_a_callback_is_on_a_page(web):
    known = {pattern(name) for name in every_id(web, run_row())} | {
        "account-end",
        "views-edit",
        "runs-view-delete",
    }
    assert isinstance(web.app, Dash)
    for entry in web.app._callback_list:
        outputs = re.findall(r"([^.@]+)\.[^.@]+(?:@\w+)?", entry["output"].strip("."))
        named = [spec["id"] for spec in entry["inputs"] + entry["state"]]
        if "." in entry["output"]:
            named += outputs
        for name in named:
            assert pattern(name) in known, (name, entry["output"])


def test_a_view_that_needs_two_permissions_for_a_callback_is_a_mistake():
    from app.auth.permission_map import callback_needs
    from db.permissions import Permission

    view = View(
        "x",
        "X",
        "/x",
        lambda context: None,
        lambda app: None,
        permissions={"x-a": Permission.MANAGE_RUNS, "x-b": Permission.ANNOTATE},
    )
    assert callback_needs(view, ["x-c.data"]) == {"x-c.data": Permission.READ_RUNS}
    assert callback_needs(view, ["x-b.data@0f"])["x-b.data@0f"] == Permission.ANNOTATE
    pattern = '..{"by":"save","type":"x-b"}.data...x-c.children..'
    assert callback_needs(view, [pattern])[pattern] == Permission.ANNOTATE
    with pytest.raises(ValueError, match="two permissions"):
        callback_needs(view, ["..x-a.data...x-b.data.."])


class TestFrame:
    def test_pages(self, clients, app_run):
        client = clients[Role.VIEWER]
        for path, title in (("/", "Runs"), ("/jobs", "Ingest jobs"), ("/account", "Account")):
            assert open_page(client, path)[Shell.TITLE]["data"] == title
        page = open_page(client, f"/run/{app_run.run_id}")
        assert page[Shell.TITLE]["data"].endswith("· Overview")
        assert page[Shell.STANDS]["data"]["path"] == f"/run/{app_run.run_id}/overview"
        assert "Validation" in text_of(page[Shell.TABS])

    def test_from_one_page_of_a_run_to_the_next_the_frame_stays(self, clients, app_run):
        frame = (Shell.PATH, Shell.TABS, Shell.TOOLS, Shell.ACCOUNT, Shell.MENU)
        client, of_run = clients[Role.MEMBER], f"/run/{app_run.run_id}"
        stands = open_page(client, f"{of_run}/overview")[Shell.STANDS]["data"]
        page = open_page(client, f"{of_run}/validation", stands)
        assert not set(frame) & set(page)
        assert page[Shell.STANDS]["data"] == {**stands, "path": f"{of_run}/validation"}
        # The two menus of the header: that of the account alone stays.
        assert set(frame) - set(open_page(client, "/", stands)) == {Shell.ACCOUNT}
        # Another person, or anything that is no frame of ours, gets all of it.
        others = ((clients[Role.VIEWER], stands), (client, {"parts": [1]}), (client, 7))
        for who, before in others:
            assert set(frame) <= set(open_page(who, f"{of_run}/layers", before))

    @pytest.mark.parametrize("path", ["/nothing", "/run/123456", "/run/0", "/<script>", None, 7])
    def test_what_is_not_there(self, clients, path):
        page = open_page(clients[Role.VIEWER], path)
        if isinstance(path, str):
            assert page[Shell.TITLE]["data"] == "Not found"
            assert "To the runs" in text_of(page)

    def test_the_menu_says_who_one_is(self, clients):
        menu = text_of(open_page(clients[Role.MEMBER], "/")[Shell.ACCOUNT])
        assert "member@example.org" in menu
        assert "Log out" in menu


class TestRuns:
    def show(self, client, **values):
        key = callback_key(client.web.app, f"{Runs.BODY}.children")
        given = {
            f"{Runs.SEARCH}.value": values.get("search", ""),
            f"{Runs.ORDER}.data": values.get("order"),
            f"{Runs.PAGER}.value": values.get("page", 1),
            f"{Runs.SHOWN}.data": values.get("shown"),
            f"{Runs.COLUMNS}.value": values.get("columns"),
            f"{Runs.GROUP}.value": values.get("group"),
            f"{Runs.UNFOLDED}.data": values.get("unfolded"),
            f"{Runs.WIDTHS}.data": values.get("widths"),
            f"{Runs.PINNED}.value": values.get("pinned"),
        }
        return client.call(key, given, triggered=values.get("triggered"))

    def test_the_table_shows_the_run(self, clients, app_run):
        answer = self.show(clients[Role.VIEWER])
        shown = answer.json["response"]
        assert f"/run/{app_run.run_id}/overview" in text_of(shown[Runs.BODY])
        assert shown[Runs.TABLE]["hidden"] is False
        sorts = {
            head["props"].get("id"): head["props"].get("aria-sort")
            for head in shown[Runs.HEAD]["children"]["props"]["children"]
        }
        assert sorts.pop(f"{Runs.SORT_CREATED}-cell") == "descending"
        assert set(sorts.values()) == {"none", None}

    def test_the_timer_changes_nothing_while_nothing_changes(self, clients):
        client = clients[Role.VIEWER]
        shown = self.show(client).json["response"][Runs.SHOWN]["data"]
        tick = f"{Runs.TIMER}.n_intervals"
        assert self.show(client, shown=shown, triggered=tick).status_code == 204
        assert self.show(client, shown="old", triggered=tick).status_code == 200

    @pytest.mark.parametrize(
        "values",
        [
            {"search": "no such run"},
            {"search": 7},
            {"search": {"x": 1}},
            {"page": "x"},
            {"page": -5},
            {"page": 10**30},
            {"order": "x"},
            {"order": {"by": "x"}},
            {"order": {"by": [], "descending": 3}},
        ],
    )
    def test_what_a_browser_sends_is_not_trusted(self, clients, values):
        assert self.show(clients[Role.VIEWER], **values).status_code == 200

    def test_without_runs_it_says_how_to_get_one(self):
        assert "deeptracker ingest" in text_of(first_steps())

    def test_names_are_text(self, web, clients):
        name = "<img src=x onerror=alert(1)> [a](javascript:alert(1))"
        with session_scope(web.engine) as session:
            run_id = session.scalar(
                insert(Run)
                .values(
                    uuid=uuid4(),
                    name=name,
                    model="m",
                    dataset="d",
                    hyperparameters={},
                    manifest={},
                    location="/x",
                    state="recording",
                    class_count=0,
                    layer_count=0,
                    image_count=0,
                    filter_count=0,
                    planned_iterations=100,
                    created_at=NOW,
                )
                .returning(Run.id)
            )
        try:
            shown = self.show(clients[Role.VIEWER]).json["response"]
            assert json.dumps(name) in text_of(shown[Runs.BODY])
            assert shown[Runs.TIMER]["interval"] == 2_000
        finally:
            with session_scope(web.engine) as session:
                session.execute(delete(Run).where(Run.id == run_id))

    @pytest.mark.parametrize("by", [*rows.USUAL, "learning_rate", "best(train_loss)", rows.CURVE])
    def test_every_column_sorts(self, clients, by):
        order = {"by": by, "descending": False}
        shown = self.show(clients[Role.VIEWER], order=order, columns=["name", by]).json["response"]
        assert shown[Runs.HEAD]["children"]["props"]["children"][-2]["props"]["aria-sort"] == (
            "ascending"
        )
        assert shown[Runs.TABLE]["hidden"] is False

    def test_groups_fold_open_to_their_runs(self, clients, app_run):
        client = clients[Role.VIEWER]
        closed = self.show(client, group="dataset", columns=["name", "error", "snapshots"])
        body = closed.json["response"][Runs.BODY]["children"]
        tokens = [json.dumps(row).split('"data-fold": "')[1].split('"')[0] for row in body]
        assert all(token.startswith("=") for token in tokens)
        assert f"/run/{app_run.run_id}/overview" not in text_of(body)
        opened = self.show(client, group="dataset", unfolded=tokens[-1:], columns=["name"])
        text = text_of(opened.json["response"][Runs.BODY])
        assert "/overview" in text  # others of the tests' runs may be in the group
        address = opened.json["response"][Runs.TABLE]["data-address"]
        assert rows.read_state(address).unfolded == tuple(tokens[-1:])
        # What runs cannot be grouped by is none.
        alone = self.show(client, group="created").json["response"]
        assert "data-fold" not in text_of(alone[Runs.BODY])

    def test_widths_and_columns_in_sight_are_in_the_address(self, clients):
        widths = {"name": 9_999, "error": 88.4, "nothing": 5, "state": "x"}
        shown = self.show(clients[Role.VIEWER], widths=widths, pinned=["error", "error", 7])
        state = rows.read_state(shown.json["response"][Runs.TABLE]["data-address"])
        assert state.look.widths == {"name": 1_200, "error": 88}
        assert state.look.pinned == ("error",)
        assert rows.read_state("?width=80&width=1e3:name&pin=x&group=best(a)&open=y") == (
            rows.State()
        )

    def test_all_that_match_are_told_by_name(self, clients, app_run):
        client = clients[Role.VIEWER]
        key = callback_key(client.web.app, f"{Runs.BULK}.data-matched")
        clicked = f"{Runs.MATCHING}.data"
        shown = self.show(client, search=f"id = {app_run.run_id}").json["response"][Runs.BULK]
        values = {clicked: {"at": 7}, f"{Runs.SEARCH}.value": f"id = {app_run.run_id}"}
        told = client.call(key, values, triggered=clicked).json["response"][Runs.BULK]
        matched = json.loads(told["data-matched"])
        assert [run_id for run_id, _ in matched["runs"]] == [str(app_run.run_id)]
        assert (matched["match"], shown["data-matching"]) == (shown["data-match"], "1")
        bad = client.call(key, {**values, f"{Runs.SEARCH}.value": "id <"}, triggered=clicked)
        assert bad.status_code == 204

    def test_a_filter_that_cannot_be_meant_leaves_the_table(self, clients):
        typed = {"search": "lr < and x", "triggered": f"{Runs.SEARCH}.value"}
        shown = self.show(clients[Role.VIEWER], **typed).json["response"]
        problem = "Expected a number after `<` at character 6"
        assert shown == {Runs.SEARCH: {"error": problem}, Runs.SHOWN: {"data": None}}
        # An address that brings it opens no table: the place is shown instead.
        opened = self.show(clients[Role.VIEWER], search="lr < and x").json["response"]
        assert opened[Runs.SEARCH] == {"error": problem}
        assert "lr < and x\\n     " in text_of(opened[Runs.EMPTY])
        assert Runs.BODY not in opened
        shown = self.show(clients[Role.VIEWER], search="lr > 0").json["response"]
        assert shown[Runs.SEARCH] == {"error": None}

    def test_chosen_columns_stand_in_their_order(self, clients, app_run):
        columns = ["best(train_loss)", "name", '"none such"', "best(x)", 7, rows.CURVE, "name"]
        shown = self.show(clients[Role.VIEWER], columns=columns).json["response"]
        heads = [
            head["props"].get("data-column")
            for head in shown[Runs.HEAD]["children"]["props"]["children"]
        ]
        assert heads == [None, "best(train_loss)", "name", '"none such"', rows.CURVE, None]
        assert "Whether less or more of `x` is better" in shown[Runs.COLUMNS]["error"]
        assert '"data-curve": "0.' in json.dumps(shown[Runs.BODY])

    @pytest.mark.parametrize(
        "state",
        [
            rows.State(),
            rows.State("lr < 0.1 & ü", Shelf.TRASH, rows.Order("best(train_loss)", True), page=7),
            rows.State(columns=("name", '"a, b"', "duration"), order=rows.Order("name", False)),
        ],
    )
    def test_the_address_says_what_the_table_shows(self, state):
        assert rows.read_state(f"?{state.query()}") == state
        assert bool(state.query()) == (state != rows.State())

    @pytest.mark.parametrize("search", ["?page=x&sort=best(x&shelf=y&columns=%00&columns=(", "?="])
    def test_an_address_that_says_nothing_sensible_is_as_usual(self, search):
        assert rows.read_state(search).order == rows.Order()
        assert rows.read_state(search).page == 1

    def test_planned_snapshots(self):
        run = run_row(planned_iterations=100, last_iteration=50, snapshot_count=5)
        assert rows.planned_snapshots(run) == 10
        assert rows.planned_snapshots(replace(run, snapshot_count=0)) is None
        assert rows.planned_snapshots(replace(run, planned_iterations=None)) is None


class TestAccount:
    def change(self, client, present, chosen, again):
        key = callback_key(client.web.app, "account-said.children")
        values = {
            "account-save.n_clicks": 1,
            "account-present.value": present,
            "account-chosen.value": chosen,
            "account-again.value": again,
        }
        return client.update(key, values, triggered="account-save.n_clicks")

    @pytest.mark.usefixtures("no_attempts")
    def test_changing_the_password_ends_the_other_sessions(self, web):
        account_id = web.account("changer@example.org")
        here, there = web.logged_in(account_id), web.logged_in(account_id)
        said = self.change(here, PASSWORD, "quite another phrase", "quite another phrase")
        assert "1 other session" in said["account-said"]["children"]
        assert here.get("/account").status_code == 200
        assert there.get("/account").status_code == 303
        assert web.client().log_in("changer@example.org").status_code == 403
        answer = web.client().log_in("changer@example.org", "quite another phrase")
        assert answer.status_code == 303

    @pytest.mark.usefixtures("no_attempts")
    @pytest.mark.parametrize(
        ("present", "chosen", "again", "said"),
        [
            ("wrong", "quite another phrase", "quite another phrase", "current password"),
            (PASSWORD, "short", "short", "12 characters"),
            (PASSWORD, "quite another phrase", "quite another", "do not match"),
            (None, None, None, "12 characters"),
            (7, {"x": 1}, [], "12 characters"),
        ],
    )
    def test_what_is_wrong_is_said(self, clients, present, chosen, again, said):
        answer = self.change(clients[Role.MEMBER], present, chosen, again)
        assert said in answer["account-said"]["children"]
        assert not any("account-changed" in key for key in answer)

    def test_a_session_is_ended_by_its_owner_only(self, web, people):
        mine, other = web.logged_in(people[Role.MEMBER]), web.logged_in(people[Role.MEMBER])
        stranger = web.logged_in(people[Role.VIEWER])
        listed = text_of(mine.update("account-sessions.children"))
        assert "Firefox on Linux" in listed
        hashes = re.findall(r'"session": "([0-9a-f]{64})"', listed)

        def end(client, session):
            return client.click({"type": "account-end", "session": session})

        for session in hashes:
            end(stranger, session)
        assert other.get("/account").status_code == 200
        for session in hashes:
            end(mine, session)
        assert other.get("/account").status_code == 303
        assert mine.get("/account").status_code == 200
        assert end(mine, "no hash").status_code == 204

    @pytest.mark.parametrize(
        ("agent", "name"),
        [
            ("Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10) Chrome/140 Safari/5", "Chrome on macOS"),
            ("curl/8.0", "curl"),
            ("", "unknown"),
        ],
    )
    def test_browsers(self, agent, name):
        assert browser(agent) == name


def test_an_error_that_nobody_foresaw_has_a_number_and_no_traceback(app_engine, caplog):
    web = make_web(app_engine)
    client = web.client()

    @web.app.server.get("/health/broken")
    def broken():
        raise RuntimeError("the secret reason")

    web.app.server.view_functions["health"] = broken
    answer = client.get("/health")
    assert answer.status_code == 500
    assert "the secret reason" not in answer.text
    number = re.search(r"error ([0-9a-f]{8})", answer.text)
    assert number
    assert number[1] in caplog.text


def test_an_error_in_a_callback_becomes_a_notice(web, clients):
    key = callback_key(web.app, "jobs-details.children")
    answer = clients[Role.VIEWER].call(
        key, {"jobs-opened.data": 987654}, triggered="jobs-opened.data"
    )
    assert "There is no ingest job 987654." in text_of(answer.json["sideUpdate"])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (90, "2 minutes"),
        (7_200, "2 hours"),
        (200_000, "2 days"),
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (-1, ""),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_ago():
    assert ago(NOW, now=NOW + timedelta(seconds=3)) == "just now"
    assert ago(NOW + timedelta(hours=1), now=NOW) == "just now"
    assert ago(NOW, now=NOW + timedelta(minutes=3)) == "3 minutes ago"
    assert ago(NOW, now=NOW + timedelta(days=90)) == "2026-05-01"


def test_percentages():
    assert [percent(share) for share in (0.1234, None, float("nan"))] == ["12.34 %", "–", "NaN"]
