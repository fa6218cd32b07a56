"""Schedules fire once for each time, whoever looks; the clock is moved by the data."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from db.cron import read_cron
from db.engine import session_scope
from db.errors import Conflict, Forbidden, NotFound
from db.models import IngestSchedule
from db.permissions import Role
from db.queries.jobs import job_requests, jobs, schedules
from db.queries.jobs.schedule_changes import number_paused
from db.queries.team import accounts
from tests.jobs.conftest import running_worker, wait_until

HOURLY = {"location": "log", "mode": "once", "cron": "0 * * * *", "time_zone": "UTC"}


@pytest.fixture
def people(store):
    with session_scope(store) as session:
        return {
            role: accounts.add_account(session, email=f"{role}@example.org", role=role).id
            for role in Role
        }


def add(engine, **changes):
    with session_scope(engine) as session:
        return schedules.add_schedule(session, **{**HOURLY, "by": None, **changes})


def make_due(engine, schedule_id, *, hours=0):
    """Let the next time be the last full hour, or one `hours` before it; return it."""
    due = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    with session_scope(engine) as session:
        session.execute(
            update(IngestSchedule).where(IngestSchedule.id == schedule_id).values(next_due=due)
        )
    return due


def fire(engine):
    with session_scope(engine) as session:
        return schedules.fire_due(session)


def job_list(engine):
    with session_scope(engine) as session:
        return jobs.list_jobs(session)


def get(engine, schedule_id):
    with session_scope(engine) as session:
        return schedules.get_schedule(session, schedule_id=schedule_id)


class TestCron:
    @pytest.mark.parametrize(
        ("text", "words", "times"),
        [
            ("0 6 * * 1-5", "At 06:00 on Monday through Friday", ["02 06:00", "03 06:00"]),
            ("@daily", "At 00:00 every day", ["01 00:00", "02 00:00"]),
            (" */30  8 * * * ", "Every 30th minute from 08:00 through 08:59", ["28 08:00"]),
            ("0 0 29 2 *", "At 00:00 on the 29th day of month in February", ["29 00:00"]),
        ],
    )
    def test_words_and_times(self, text, words, times):
        cron = read_cron(text, "Europe/Berlin")
        assert words.split()[0] in cron.words
        after = datetime(2026, 2, 28, 5, tzinfo=UTC)
        found = cron.next_times(after, count=len(times))
        assert [f"{time:%d %H:%M}" for time in found] == times

    @pytest.mark.parametrize(
        ("text", "zone"),
        [
            ("", "UTC"),
            ("* * * *", "UTC"),
            ("* * * * * *", "UTC"),
            ("60 * * * *", "UTC"),
            ("*/0 * * * *", "UTC"),
            ("0 0 30 2 *", "UTC"),
            ("a b c d e", "UTC"),
            ("0 0 * * 1; x", "UTC"),
            ("0 " * 500, "UTC"),
            ("0 6 * * *", "Mars/Base"),
            ("0 6 * * *", "../../etc/passwd"),
            ("0 6 * * *", ""),
        ],
    )
    def test_what_makes_no_sense_is_said(self, text, zone):
        with pytest.raises(Conflict):
            read_cron(text, zone)

    def test_a_skipped_hour_is_made_up_for_and_a_repeated_one_comes_once(self):
        cron = read_cron("30 2 * * *", "Europe/Berlin")
        spring = cron.next_times(datetime(2026, 3, 28, 12, tzinfo=UTC), count=2)
        assert [f"{time:%d %H:%M}" for time in spring] == ["29 03:00", "30 02:30"]
        autumn = cron.next_times(datetime(2026, 10, 24, 12, tzinfo=UTC), count=2)
        assert [f"{time:%d %H:%M}" for time in autumn] == ["25 02:30", "26 02:30"]

    @pytest.mark.parametrize(
        "text", ["30 2 * * *", "30 2 1-31 * *", "15 1,2,3 * * *", "0 * * * *", "*/15 * * * *"]
    )
    def test_asked_at_any_moment_of_an_hour_that_comes_twice(self, text):
        """The next time lies ahead, and the last one is the one that the times before led to."""
        cron, night = read_cron(text, "Europe/Berlin"), datetime(2026, 10, 25, tzinfo=UTC)
        coming = cron.next_times(night - timedelta(days=1), count=200)
        times = [time.astimezone(UTC) for time in coming]
        for minutes in range(0, 180, 6):
            now = night + timedelta(minutes=minutes)
            [coming] = cron.next_times(now)
            assert coming.astimezone(UTC) == min(time for time in times if time > now)
            assert [cron.latest(now).astimezone(UTC)] == [t for t in times if t <= now][-1:]


def test_a_time_that_has_come_becomes_one_job(store):
    schedule_id = add(store)
    assert fire(store) == []
    due = make_due(store, schedule_id)
    (job_id,) = fire(store)
    (job,) = job_list(store)
    assert (job.id, job.location, job.schedule_id, job.state) == (
        job_id,
        "log",
        schedule_id,
        "queued",
    )
    found = get(store, schedule_id)
    assert (found.last_due, found.last_job_id, found.last_missed) == (due, job_id, 0)
    assert found.next_due > datetime.now(UTC)
    # The same time again, as after a clock that was set back.
    with session_scope(store) as session:
        job_requests.cancel(session, job_id=job_id)
    make_due(store, schedule_id)
    assert fire(store) == []
    assert len(job_list(store)) == 1


def test_after_a_pause_the_last_missed_time_is_caught_up_with_once(store):
    schedule_id = add(store)
    make_due(store, schedule_id, hours=72)
    last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    assert len(fire(store)) == 1
    assert fire(store) == []
    found = get(store, schedule_id)
    assert (found.last_due, found.last_missed) == (last, 72)


def test_many_workers_that_look_at_once_make_one_job(store):
    ids = [add(store, location=f"log-{number}") for number in range(6)]
    for schedule_id in ids:
        make_due(store, schedule_id, hours=3)
    start, fired, lock = threading.Barrier(8), [], threading.Lock()

    def look():
        start.wait()
        for _ in range(3):
            found = fire(store)
            with lock:
                fired.extend(found)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fired) == len(set(fired)) == len(job_list(store)) == 6


def test_a_claim_that_is_rolled_back_was_never_made(store):
    schedule_id = add(store)
    make_due(store, schedule_id)
    with Session(store) as session, session.begin() as transaction:
        assert schedules.fire_due(session)
        transaction.rollback()
    assert job_list(store) == []
    assert len(fire(store)) == 1


def test_a_log_that_is_still_loading_is_not_loaded_twice(store):
    schedule_id = add(store)
    with session_scope(store) as session:
        job_requests.request(session, location="log")
    make_due(store, schedule_id)
    assert fire(store) == []
    assert "loading this log already" in get(store, schedule_id).last_note
    assert len(job_list(store)) == 1


def test_two_workers_fire_a_schedule_that_a_page_adds_while_they_run(
    store, database_url, make_log, roots
):
    make_log("log", snapshots=12)
    with running_worker(database_url, roots), running_worker(database_url, roots):
        schedule_id = add(store)
        make_due(store, schedule_id, hours=5)
        wait_until(lambda: [job.state for job in job_list(store)] == ["succeeded"])
        with store.connect() as connection:
            wait_until(
                lambda: connection.execute(text("SELECT count(*) FROM ingest_worker")).scalar() == 2
            )
    assert get(store, schedule_id).last_job_state == "succeeded"
    assert len(job_list(store)) == 1


def test_a_paused_one_rests_and_goes_on_from_now(store):
    schedule_id = add(store)
    make_due(store, schedule_id, hours=5)
    with session_scope(store) as session:
        schedules.pause_schedule(session, schedule_id=schedule_id, paused=True, by=None)
    assert fire(store) == []
    with session_scope(store) as session:
        schedules.edit_schedule(session, schedule_id=schedule_id, **HOURLY, by=None)
        assert schedules.get_schedule(session, schedule_id=schedule_id).next_due is None
        schedules.pause_schedule(session, schedule_id=schedule_id, paused=False, by=None)
    assert fire(store) == []
    assert get(store, schedule_id).next_due > datetime.now(UTC)


def test_one_whose_time_zone_has_vanished_says_why_it_rests(store, people):
    owner = people[Role.MEMBER]
    schedule_id = add(store, by=owner)
    with session_scope(store) as session:
        session.execute(update(IngestSchedule).values(time_zone="Mars/Base"))
    make_due(store, schedule_id)
    assert fire(store) == []
    found = get(store, schedule_id)
    assert found.next_due is None
    assert "'Mars/Base' is not a time zone" in found.paused_because
    assert "Edit the schedule, then resume it." in found.paused_because
    with session_scope(store) as session:
        assert number_paused(session, owner_id=owner) == 1
        one = {"schedule_id": schedule_id, "by": owner}
        schedules.edit_schedule(session, **one, **HOURLY)
        schedules.pause_schedule(session, **one, paused=False)
        assert number_paused(session, owner_id=owner) == 0
    assert get(store, schedule_id).paused_because is None


def test_who_paused_it_is_told_to_its_owner_alone(store, people):
    schedule_id = add(store, by=people[Role.MEMBER])
    for role, said in ((Role.MEMBER, None), (Role.ADMIN, "Paused by ")):
        with session_scope(store) as session:
            one = {"schedule_id": schedule_id, "by": people[role]}
            schedules.pause_schedule(session, **one, paused=True)
            found = schedules.get_schedule(session, schedule_id=schedule_id).paused_because
            schedules.pause_schedule(session, **one, paused=False)
        assert (found or "")[:10] == (said or "")


def test_edit_run_now_and_delete(store):
    schedule_id = add(store)
    with session_scope(store) as session:
        changes = {"location": "other", "mode": "follow", "cron": "@weekly"}
        schedules.edit_schedule(session, schedule_id=schedule_id, **{**HOURLY, **changes}, by=None)
        job_id = schedules.run_schedule(session, schedule_id=schedule_id, by=None)
        found = schedules.get_schedule(session, schedule_id=schedule_id)
    assert (found.location, found.mode, found.cron) == ("other", "follow", "0 0 * * 0")
    (job,) = job_list(store)
    assert (job.id, job.mode, job.schedule_id) == (job_id, "follow", schedule_id)
    with session_scope(store) as session:
        schedules.delete_schedule(session, schedule_id=schedule_id, by=None)
        assert schedules.list_schedules(session) == []
    assert job_list(store)[0].schedule_id is None
    with session_scope(store) as session:
        for function in (schedules.delete_schedule, schedules.run_schedule):
            with pytest.raises(NotFound):
                function(session, schedule_id=schedule_id, by=None)


def test_whose_it_is_decides_who_may_change_it(store, people):
    with session_scope(store) as session:
        other = accounts.add_account(session, email="b@example.org", role=Role.MEMBER).id
    member, admin, viewer = people[Role.MEMBER], people[Role.ADMIN], people[Role.VIEWER]
    schedule_id = add(store, by=member)
    with pytest.raises(Forbidden):
        add(store, by=viewer)
    for by in (viewer, other, 10**6):
        for change in (
            lambda s, by=by: schedules.edit_schedule(s, schedule_id=schedule_id, **HOURLY, by=by),
            lambda s, by=by: schedules.run_schedule(s, schedule_id=schedule_id, by=by),
            lambda s, by=by: schedules.delete_schedule(s, schedule_id=schedule_id, by=by),
            lambda s, by=by: schedules.pause_schedule(
                s, schedule_id=schedule_id, paused=True, by=by
            ),
        ):
            with pytest.raises(Forbidden), session_scope(store) as session:
                change(session)
    for by in (member, admin):
        with session_scope(store) as session:
            schedules.edit_schedule(session, schedule_id=schedule_id, **HOURLY, by=by)
    with session_scope(store) as session:
        accounts.set_active(session, account_id=member, active=False)
    with pytest.raises(Forbidden), session_scope(store) as session:
        schedules.delete_schedule(session, schedule_id=schedule_id, by=member)


@pytest.mark.parametrize(
    "changes",
    [
        {"location": " "},
        {"location": "a\nb"},
        {"mode": "daily"},
        {"cron": "every day"},
        {"time_zone": "Nowhere"},
    ],
)
def test_what_cannot_be_kept_is_said(store, changes):
    with pytest.raises(Conflict):
        add(store, **changes)
