"""The jobs page as clients of every role get it: jobs, schedules, watched folders, workers."""

import json
from dataclasses import replace
from datetime import timedelta

import dash_mantine_components as dmc
import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete, func, update

from app.auth.identity import Identity
from app.view import PageContext
from app.views.jobs.ids import CHANGES, Button, ScheduleButton, WatchButton, button_id
from app.views.jobs.job_rows import asked_by, details, may_change, pace
from app.views.jobs.job_rows import row as job_row
from app.views.jobs.layout import layout
from app.views.jobs.schedule_dialog import preview
from app.views.jobs.schedule_rows import schedule_row
from app.views.jobs.times import moment, until
from app.views.jobs.worker_rows import none_alive, roots, summary
from db.engine import session_scope
from db.models import IngestJob, IngestSchedule, IngestWatch, IngestWorker
from db.permissions import Role
from db.queries.jobs import job_notes, job_requests, jobs, schedules, watches, workers
from tests.app.job_rows import NOW, job, schedule
from tests.app.web import callback_key


def text_of(answer: object) -> str:
    return json.dumps(answer, cls=PlotlyJSONEncoder)


@pytest.fixture(autouse=True)
def _nothing_left(web):
    yield
    with session_scope(web.engine) as session:
        for table in (IngestJob, IngestSchedule, IngestWatch, IngestWorker):
            session.execute(delete(table))


def load(client, location, mode="once"):
    key = callback_key(client.web.app, CHANGES.by("load"))
    return client.update(
        key,
        {"jobs-location.value": location, "jobs-mode.value": mode, "jobs-load.n_clicks": 1},
        triggered="jobs-load.n_clicks",
    )


def click(client, button, number, *, clicks=1):
    """Click a button of a row."""
    return client.click(button_id(button, number), clicks)


def all_jobs(web):
    with session_scope(web.engine) as session:
        return jobs.list_jobs(session)


def shown(client, **values):
    key = callback_key(client.web.app, "jobs-body.children")
    return client.update(key, {f"jobs-{name}": value for name, value in values.items()})


class TestJobs:
    def test_the_table_sorts_and_has_the_columns_asked_for(self, web, clients):
        client = clients[Role.MEMBER]
        for name in ("sort-b", "sort-a", "sort-c"):
            load(client, name, "once")
        asked = {"search.value": "sort-", "columns.value": ["log", "state", "log", "no"]}
        asked["widths.data"] = {"log": 300}
        ordered = {**asked, "order.data": {"by": "log", "descending": False}}
        answer = shown(client, **ordered)
        text = json.dumps(answer["jobs-body"])
        assert text.index("sort-a") < text.index("sort-b") < text.index("sort-c")
        heads = answer["jobs-head"]["children"]["props"]["children"]
        assert [one["props"].get("data-column") for one in heads] == ["log", "state", None]
        assert heads[0]["props"]["aria-sort"] == "ascending"
        assert heads[0]["props"]["data-width"] == "300"
        newest = json.dumps(shown(client, **asked)["jobs-body"])
        assert newest.index("sort-c") < newest.index("sort-a") < newest.index("sort-b")
        for found in all_jobs(web):
            if found.location.startswith("sort-"):
                click(client, Button.CANCEL, found.id)

    def test_a_member_loads_cancels_and_retries(self, web, clients, people):
        client = clients[Role.MEMBER]
        assert load(client, "my-run", "follow")["jobs-problem"]["children"] == ""
        (found,) = all_jobs(web)
        assert (found.location, found.mode, found.state) == ("my-run", "follow", "queued")
        assert found.requested_by == people[Role.MEMBER]
        answer = click(client, Button.CANCEL, found.id)
        assert answer.status_code == 200
        assert all_jobs(web)[0].state == "cancelled"
        click(client, Button.RETRY, found.id)
        assert all_jobs(web)[0].state == "queued"

    @pytest.mark.parametrize(
        ("location", "mode"),
        [
            ("", "once"),
            ("  ", "once"),
            (None, "once"),
            (7, "once"),
            ("x\x00y", "once"),
            ("x" * 9_000, "once"),
            ("ok", "daily"),
            ("ok", None),
            ("\ud800", "once"),
        ],
    )
    def test_what_cannot_be_is_said(self, web, clients, location, mode):
        answer = load(clients[Role.MEMBER], location, mode)
        assert answer["jobs-problem"]["children"]
        assert all_jobs(web) == []

    def test_the_same_log_twice_is_said(self, clients):
        load(clients[Role.MEMBER], "my-run")
        assert "already" in load(clients[Role.ADMIN], "my-run")["jobs-problem"]["children"]

    def test_what_stands_in_its_way_is_said(self):
        dead = job(state="running", worker="h, process 7", silent_since=NOW, worker_alive=False)
        for shown in (job_row(dead, changeable=True), details(dead, [], limit=9)):
            assert "(h, process 7) is dead" in text_of(shown)
            assert "2026-05-01 12:00:00 UTC" in text_of(shown)
        hangs = replace(dead, worker_alive=True)
        assert "Cancel ends it" in text_of(job_row(hangs, changeable=True))
        waits = job(awaited_since=NOW, message="Waiting for a log in /logs/my-run.")
        assert '"waiting"' in text_of(job_row(waits, changeable=True))
        assert "Waiting for a log" in text_of(job_row(waits, changeable=True))

    def test_a_viewer_sees_jobs_without_their_buttons(self, web, clients):
        load(clients[Role.MEMBER], "my-run")
        key = callback_key(web.app, "jobs-body.children")
        seen = text_of(clients[Role.VIEWER].update(key))
        assert "my-run" in seen
        assert Button.OPEN in seen
        assert Button.CANCEL not in seen
        assert Button.CANCEL in text_of(clients[Role.MEMBER].update(key))
        (found,) = all_jobs(web)
        for button in (Button.CANCEL, Button.RETRY):
            answer = click(clients[Role.VIEWER], button, found.id)
            assert answer.status_code == 403
        assert all_jobs(web)[0].state == "queued"

    def test_the_drawer_shows_lines_and_error(self, web, clients):
        load(clients[Role.MEMBER], "my-run")
        (found,) = all_jobs(web)
        with session_scope(web.engine) as session:
            job_notes.add_line(session, job_id=found.id, text="Looking at <b>it</b>.")
            job_notes.finish(
                session,
                job_id=found.id,
                state="failed",
                message="",
                error="/x/run.json: is missing",
                error_file="/x/run.json",
            )
        client = clients[Role.VIEWER]
        opened = click(client, Button.OPEN, found.id).json["response"]
        assert opened["jobs-opened"]["data"] == found.id
        key = callback_key(web.app, "jobs-details.children")
        shown = client.update(key, {"jobs-opened.data": found.id}, triggered="jobs-opened.data")
        assert "Looking at <b>it</b>." in text_of(shown)
        assert "/x/run.json" in text_of(shown)

    @pytest.mark.parametrize("job_id", [0, -1, 10**12, "x", None, True, 123456])
    def test_a_job_that_is_not_there(self, clients, job_id):
        key = callback_key(clients[Role.VIEWER].web.app, "jobs-details.children")
        answer = clients[Role.VIEWER].call(
            key, {"jobs-opened.data": job_id}, triggered="jobs-opened.data"
        )
        assert answer.status_code in (200, 204)
        assert "Traceback" not in answer.text

    def test_a_row_of_every_state(self):
        for state in ("queued", "running", "succeeded", "failed", "cancelled"):
            row = job(state=state, rate=3.0, remaining_seconds=90.0, error="bad", total=7)
            assert state in text_of(job_row(row, changeable=True))

    def test_whose_job_it_is_decides_who_may_change_it(self, web, clients):
        load(clients[Role.ADMIN], "my-run")
        (found,) = all_jobs(web)
        member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
        assert Button.CANCEL not in text_of(shown(member)["jobs-body"])
        assert "belongs to somebody else" in click(member, Button.CANCEL, found.id).text
        assert all_jobs(web)[0].state == "queued"
        load(member, "other")
        (other, _) = all_jobs(web)
        click(admin, Button.CANCEL, other.id)
        assert [one.state for one in all_jobs(web)] == ["cancelled", "queued"]

    def test_search_states_and_pages(self, web, clients):
        with session_scope(web.engine) as session:
            ids = [
                job_requests.request(session, location=f"log-{number:02d}") for number in range(30)
            ]
            job_notes.finish(session, job_id=ids[3], state="failed", message="", error="is torn")
        client = clients[Role.VIEWER]
        first = shown(client)
        assert (first["jobs-pager"], first["jobs-count"]["children"]) == (
            {"total": 2, "display": "flex"},
            "30 jobs",
        )
        assert len(first["jobs-body"]["children"]) == 25
        second = shown(client, **{"pager.value": 2})
        assert len(second["jobs-body"]["children"]) == 5
        for values in ({"search.value": "TORN"}, {"states.value": "failed"}):
            found = shown(client, **values)
            assert "log-03" in text_of(found["jobs-body"])
            assert found["jobs-count"]["children"] == "1 job"
        none = shown(client, **{"search.value": "no such thing"})
        assert "No job matches" in text_of(none["jobs-empty"])

    @pytest.mark.parametrize("value", [7, {"x": 1}, [], "\ud800", "\x00", "%" * 900, -1, 10**30])
    def test_what_a_browser_sends_is_not_trusted(self, clients, value):
        for name in ("search.value", "states.value", "pager.value", "shown.data"):
            shown(clients[Role.VIEWER], **{name: value})

    def test_what_is_said_of_a_job(self):
        assert pace(job(position=1)) == "next in the queue"
        assert [pace(job(position=n))[:4] for n in (2, 3, 11, 22)] == [
            "2nd ", "3rd ", "11th", "22nd",
        ]  # fmt: skip
        assert pace(job(state="running", rate=2.0, remaining_seconds=90.0)) == (
            "2.0 per second, 2 minutes left"
        )
        # One that follows a log and has all of it needs no time for the rest.
        follows = {"state": "running", "rate": 2.0, "remaining_seconds": 0.0, "total": 6}
        assert pace(job(mode="follow", done=6, **follows)) == "up to date"
        assert pace(job(mode="follow", done=5, **follows)).startswith("2.0 per second")
        assert pace(job(mode="once", done=6, **follows)).startswith("2.0 per second")
        assert asked_by(job(schedule_id=3, requested_by_name="Ann")) == "schedule 3 of Ann"
        assert asked_by(job(watch_id=3)) == "watched folder"

    def test_the_timer_changes_nothing_while_nothing_changes(self, clients):
        client = clients[Role.VIEWER]
        key = callback_key(client.web.app, "jobs-body.children")
        known = shown(client)["jobs-shown"]["data"]
        tick = {"triggered": "jobs-timer.n_intervals"}
        assert client.call(key, {"jobs-shown.data": known}, **tick).status_code in (200, 204)
        load(clients[Role.MEMBER], "new")
        answer = client.update(key, {"jobs-shown.data": known}, **tick)
        assert "new" in text_of(answer["jobs-body"])
        assert "jobs-workers" not in answer


FIELDS = {
    "jobs-schedule-location.value": "my-run",
    "jobs-schedule-mode.value": "once",
    "jobs-schedule-cron.value": "0 6 * * 1-5",
    "jobs-schedule-zone.value": "Europe/Berlin",
}


def save(client, edited, *, button="save", **changes):
    key = callback_key(client.web.app, CHANGES.by("schedule-dialog"))
    values = FIELDS | {f"jobs-schedule-{name}.value": value for name, value in changes.items()}
    name = f"jobs-schedule-{button}.n_clicks"
    return client.update(
        key, {**values, "jobs-schedule-edited.data": edited, name: 1}, triggered=name
    )


def all_schedules(web):
    with session_scope(web.engine) as session:
        return schedules.list_schedules(session)


class TestSchedules:
    def test_a_member_makes_edits_pauses_runs_and_deletes_one(self, web, clients, people):
        client = clients[Role.MEMBER]
        answer = save(client, {"new": 1})
        assert answer["jobs-schedule-dialog"]["opened"] is False
        (found,) = all_schedules(web)
        assert (found.cron, found.owner_id) == ("0 6 * * 1-5", people[Role.MEMBER])
        opened = click(client, ScheduleButton.EDIT, found.id).json["response"]
        assert opened["jobs-schedule-cron"]["value"] == "0 6 * * 1-5"
        assert opened["jobs-schedule-delete"]["display"] == "block"
        save(client, opened["jobs-schedule-edited"]["data"], cron="@hourly", mode="follow")
        (found,) = all_schedules(web)
        assert (found.cron, found.mode) == ("0 * * * *", "follow")
        click(client, ScheduleButton.PAUSE, found.id)
        assert all_schedules(web)[0].next_due is None
        click(client, ScheduleButton.RESUME, found.id)
        assert all_schedules(web)[0].next_due is not None
        click(client, ScheduleButton.RUN, found.id)
        assert [one.schedule_id for one in all_jobs(web)] == [found.id]
        seen = text_of(shown(clients[Role.VIEWER])["jobs-schedules"])
        assert "At the start of every hour" in seen
        assert ScheduleButton.RUN not in seen
        save(client, {"schedule": found.id}, button="delete")
        assert all_schedules(web) == []

    def test_who_changes_or_deletes_one_second_is_told_and_goes_on(self, web, clients):
        member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
        save(member, {"new": 1})
        (found,) = all_schedules(web)
        edited = [
            click(client, ScheduleButton.EDIT, found.id).json["response"]["jobs-schedule-edited"]
            for client in (admin, member)
        ]
        save(admin, edited[0]["data"], cron="@hourly")
        for button, said in (("delete", "Delete again"), ("save", "Save again to overwrite")):
            told = save(member, edited[1]["data"], button=button, mode="follow")
            assert said in told["jobs-schedule-problem"]["children"]
            assert "0 * * * *" in told["jobs-schedule-problem"]["children"]
            assert all_schedules(web)[0].mode == "once"
        save(member, told["jobs-schedule-edited"]["data"], mode="follow")
        (found,) = all_schedules(web)
        assert (found.cron, found.mode) == ("0 6 * * 1-5", "follow")
        save(admin, {"schedule": found.id}, button="delete")
        told = save(member, {"schedule": found.id}, location="kept")
        assert "deleted this schedule" in told["jobs-schedule-problem"]["children"]
        save(member, told["jobs-schedule-edited"]["data"], location="kept")
        assert [one.location for one in all_schedules(web)] == ["kept"]

    def test_its_owner_is_told_on_the_page_of_runs_that_somebody_paused_it(self, web, clients):
        save(clients[Role.MEMBER], {"new": 1})
        click(clients[Role.ADMIN], ScheduleButton.PAUSE, all_schedules(web)[0].id)
        notice = callback_key(web.app, "runs-alerts.children")
        told = clients[Role.MEMBER].update(notice)["runs-alerts"]["children"]
        assert "1 schedule of yours is paused" in text_of(told)
        assert '"/jobs?tab=schedules"' in json.dumps(told)
        member = Identity(1, "Ann", "ann@example.org", Role.MEMBER, b"")
        for asked, tab in (("?tab=schedules", "schedules"), ("?tab=none", "jobs"), ("", "jobs")):
            with web.app.server.test_request_context("/jobs"):
                page = layout(PageContext(member, search=asked))
            (tabs,) = (one for one in page._traverse() if isinstance(one, dmc.Tabs))
            assert tabs.value == tab
        assert clients[Role.ADMIN].update(notice)["runs-alerts"]["children"] is None
        assert "Paused by " in text_of(shown(clients[Role.VIEWER])["jobs-schedules"])

    def test_others_may_look_and_administrators_may_all(self, web, clients):
        save(clients[Role.ADMIN], {"new": 1})
        (found,) = all_schedules(web)
        for button in ScheduleButton:
            assert click(clients[Role.VIEWER], button, found.id).status_code == 403
        for button in (ScheduleButton.RUN, ScheduleButton.PAUSE):
            answer = click(clients[Role.MEMBER], button, found.id)
            assert "belongs to somebody else" in answer.text
        assert all_jobs(web) == []
        assert all_schedules(web)[0].next_due is not None
        with session_scope(web.engine) as session:
            member = schedules.add_schedule(
                session, location="x", mode="once", cron="@daily", time_zone="UTC", by=None
            )
        save(clients[Role.ADMIN], {"schedule": member}, button="delete")
        assert len(all_schedules(web)) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"cron": "every day"},
            {"cron": ""},
            {"cron": None},
            {"cron": {"x": 1}},
            {"zone": "Mars"},
            {"location": ""},
            {"mode": "x"},
        ],
    )
    def test_what_cannot_be_is_said_in_the_dialog(self, web, clients, changes):
        answer = save(clients[Role.MEMBER], {"new": 1}, **changes)
        assert answer["jobs-schedule-problem"]["children"]
        assert "jobs-schedule-dialog" not in answer
        assert all_schedules(web) == []

    @pytest.mark.parametrize("edited", [None, 7, {"schedule": "x"}, {"schedule": -1}])
    def test_a_dialog_that_was_never_opened_keeps_nothing(self, web, clients, edited):
        key = callback_key(web.app, CHANGES.by("schedule-dialog"))
        answer = clients[Role.MEMBER].call(
            key,
            {**FIELDS, "jobs-schedule-edited.data": edited, "jobs-schedule-delete.n_clicks": 1},
            triggered="jobs-schedule-delete.n_clicks",
        )
        assert answer.status_code == 204
        assert all_schedules(web) == []

    def test_the_preview_says_words_and_times_or_what_is_wrong(self, clients):
        seen = text_of(preview("0 6 * * 1-5", "Europe/Berlin", now=NOW))
        assert "At 06:00 on Monday through Friday." in seen
        assert "Mon 04 May 2026, 06:00" in seen
        key = callback_key(clients[Role.MEMBER].web.app, "jobs-schedule-preview.children")
        for cron, said in (("61 * * * *", "Bad minute"), (None, "appear here"), (["x"], "appear")):
            values = {"jobs-schedule-cron.value": cron, "jobs-schedule-zone.value": "UTC"}
            assert said in text_of(clients[Role.MEMBER].update(key, values))

    def test_rows(self):
        seen = text_of(schedule_row(schedule(), changeable=False))
        assert "Fri 01 May 2026, 14:00" in seen  # 12:00 UTC, in Berlin
        late = schedule(last_due=NOW, last_job_id=4, last_job_state="failed", last_missed=3)
        assert "job 4 failed, 3 missed before" in text_of(schedule_row(late, changeable=True))
        skipped = schedule(last_due=NOW, last_note="Job 2 is loading", last_missed=0)
        assert "no job: Job 2 is loading" in text_of(schedule_row(skipped, changeable=True))
        assert "UTC" in moment(NOW, "Nowhere")
        assert until(NOW, now=NOW) == "any moment"


class TestWatches:
    def add(self, client, folder):
        key = next(key for key in client.web.app.callback_map if "jobs-watch-problem" in key)
        return client.update(
            key,
            {"jobs-watch-folder.value": folder, "jobs-watch-add.n_clicks": 1},
            triggered="jobs-watch-add.n_clicks",
        )

    def all(self, web):
        with session_scope(web.engine) as session:
            return watches.list_watches(session)

    def test_a_member_watches_stops_and_removes(self, web, clients):
        client = clients[Role.MEMBER]
        assert self.add(client, "/data/runs/")["jobs-watch-problem"]["children"] == ""
        assert "watched already" in self.add(client, "/data/runs")["jobs-watch-problem"]["children"]
        (found,) = self.all(web)
        seen = text_of(shown(clients[Role.VIEWER])["jobs-watches"])
        assert "Waiting for a worker" in seen
        assert WatchButton.OFF not in seen
        click(client, WatchButton.OFF, found.id)
        assert self.all(web)[0].active is False
        click(client, WatchButton.ON, found.id)
        assert self.all(web)[0].active is True
        for button in WatchButton:
            assert click(clients[Role.VIEWER], button, found.id).status_code == 403
        click(clients[Role.ADMIN], WatchButton.REMOVE, found.id)
        assert self.all(web) == []

    @pytest.mark.parametrize("folder", ["", None, 7, "a\nb", "x" * 9_000])
    def test_what_is_no_folder_is_said(self, web, clients, folder):
        assert self.add(clients[Role.MEMBER], folder)["jobs-watch-problem"]["children"]
        assert self.all(web) == []


class TestWorkers:
    def test_the_page_says_which_are_alive_and_what_to_do_where_none_is(self, web, clients):
        client = clients[Role.VIEWER]
        assert "deeptracker worker" in text_of(shown(client)["jobs-none-alive"])
        with session_scope(web.engine) as session:
            workers.add_worker(session, host="h1", process=7, concurrency=4, roots=["/a", "s3://b"])
            workers.add_worker(session, host="h2", process=8, concurrency=4, roots=["/a"])
        seen = shown(client)
        assert seen["jobs-alive"]["children"] == "2 workers alive on 2 hosts"
        assert seen["jobs-none-alive"]["children"] is None
        assert seen["jobs-roots"]["children"] == "Workers read logs under /a, s3://b."
        # They live, and take nothing though they have places free: one of them, then both.
        late = func.now() - timedelta(minutes=9)
        for host, words in (("h1", "1 of them takes no jobs"), ("h2", "none takes jobs")):
            with session_scope(web.engine) as session:
                stuck = update(IngestWorker).where(IngestWorker.host == host)
                session.execute(stuck.values(started_at=late, took_at=late))
                session.execute(update(IngestWorker).values(seen_at=func.now()))
            seen = shown(client)
            assert seen["jobs-alive"]["children"] == f"2 workers alive on 2 hosts, {words}"
            assert "takes no jobs" in text_of(seen["jobs-workers"])
        assert "No worker takes jobs" in text_of(seen["jobs-none-alive"])
        with session_scope(web.engine) as session:
            session.execute(update(IngestWorker).values(seen_at=func.now() - timedelta(minutes=5)))
            found = workers.list_workers(session)
        assert "was seen 5 minutes ago" in text_of(none_alive(found))
        assert (summary(found), roots(found)) == ("no worker is running", "")


def test_who_may_change_what():
    def identity(role, account_id=1):
        return Identity(account_id, "Ann", "ann@example.org", role, b"")

    assert may_change(identity(Role.ADMIN), 9)
    assert may_change(identity(Role.MEMBER), 1)
    assert not may_change(identity(Role.MEMBER), 2)
    assert not may_change(identity(Role.MEMBER), None)
    assert not may_change(identity(Role.VIEWER), 1)
