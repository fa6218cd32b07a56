"""The jobs page in a browser, with a real worker: schedule, watch, follow, cancel."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select, update

from db.engine import session_scope
from db.models import Account, IngestJob, IngestSchedule, IngestWatch, IngestWorker
from db.permissions import Role
from db.queries.jobs import schedules
from db.queries.team import accounts
from tests.browser.waiting import rest
from tests.jobs.conftest import running_worker


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def test_a_log_is_scheduled_and_a_folder_is_watched(page: Page, site, site_engine, log, tmp_path):
    with session_scope(site_engine) as session:
        for table in (IngestJob, IngestSchedule, IngestWatch, IngestWorker):
            session.execute(delete(table))
    roots = tmp_path / "runs"
    roots.mkdir()
    nightly = log(name="nightly")
    nightly.grow(4)
    nightly.end()
    nightly.path.rename(roots / "nightly")
    page.goto("/jobs")
    expect(page.get_by_text("No worker is running", exact=True)).to_be_visible()
    expect(page.get_by_text("No log has been loaded by a job yet")).to_be_visible()
    with running_worker(site.database_url, roots):
        expect(page.get_by_text("1 worker alive on 1 host")).to_be_visible()
        expect(page.get_by_text("No worker is running", exact=True)).to_be_hidden()
        expect(page.locator("#jobs-roots")).to_contain_text(str(roots))
        _schedule(page, site_engine)
        _watch(page, log, roots)
        tab(page, "Workers")
        row = page.get_by_role("table", name="Workers").locator("tbody tr")
        expect(row).to_contain_text("loads job")
        _cancel(page)


def held_back(page: Page, what: str) -> list:
    """Hold the first callback that says `what` until the test lets it go on."""
    held = []

    def hold(route) -> None:
        if what in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.fallback()

    page.route("**/_dash-update-component*", hold)
    return held


def plan(engine, location: str) -> None:
    """Somebody else adds a schedule."""
    with session_scope(engine) as session:
        admin = session.scalar(select(Account.id).where(Account.role == Role.ADMIN).limit(1))
        schedules.add_schedule(
            session, location=location, mode="once", cron="0 7 * * *", time_zone="UTC", by=admin
        )


@pytest.mark.parametrize(
    ("button", "call", "dialog"),
    [
        ("New schedule", "jobs-schedule-new.n_clicks", "New schedule"),
        (re.compile("^Edit: schedule"), "jobs-schedule-edit-clicked.data", "Schedule "),
    ],
)
def test_rows_that_come_swallow_no_click(page: Page, site_engine, button, call, dialog):
    """Another's schedule appears while the server is asked for the dialog."""
    with session_scope(site_engine) as session:
        session.execute(delete(IngestSchedule))
        accounts.add_account(session, email=f"{call}@example.org", role=Role.ADMIN)
    plan(site_engine, "of-the-first")
    page.goto("/jobs")
    tab(page, "Schedules")
    listed = page.get_by_role("table", name="Schedules")
    expect(listed).to_contain_text("of-the-first")
    rest(page)
    held = held_back(page, call)
    page.get_by_role("button", name=button).click()
    plan(site_engine, "of-another")
    expect(listed).to_contain_text("of-another")
    assert held
    held[0].continue_()
    expect(page.get_by_role("dialog", name=dialog)).to_be_visible()


def _schedule(page: Page, engine) -> None:
    tab(page, "Schedules")
    page.get_by_role("button", name="New schedule").click()
    dialog = page.get_by_role("dialog", name="New schedule")
    expect(dialog.locator("#jobs-schedule-zone")).to_have_value(re.compile("."))
    dialog.get_by_label("When (cron expression)").fill("61 * * * *")
    expect(dialog.get_by_text("Bad minute")).to_be_visible()
    dialog.get_by_label("When (cron expression)").fill("0 6 * * 1-5")
    expect(dialog.get_by_text("At 06:00 on Monday through Friday.")).to_be_visible()
    expect(dialog.locator("#jobs-schedule-preview li")).to_have_count(4)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert").first).to_contain_text("must be the path")
    dialog.get_by_role("textbox", name="Run directory").fill("nightly")
    page.keyboard.press("Tab")
    # What was refused stands there no more.
    expect(dialog.locator("#jobs-schedule-problem")).to_have_text("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("table", name="Schedules").locator("tbody tr")
    expect(row).to_contain_text("06:00")
    with session_scope(engine) as session:
        session.execute(
            update(IngestSchedule).values(next_due=datetime.now(UTC) - timedelta(days=20))
        )
    expect(row).to_contain_text("missed before")
    expect(row).to_contain_text("succeeded")
    row.get_by_role("button", name=re.compile("^Pause")).click()
    expect(row).to_contain_text("paused")
    tab(page, "Jobs")
    jobs = page.get_by_role("table", name="Ingest jobs").locator("tbody tr")
    expect(jobs).to_have_count(1)
    expect(jobs).to_contain_text("4 snapshots new")
    jobs.get_by_role("button", name=re.compile("^Log: job")).click()
    drawer = page.get_by_role("dialog", name=re.compile("^Ingest job"))
    expect(drawer).to_contain_text("schedule ")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def _watch(page: Page, log, roots) -> None:
    tab(page, "Watched folders")
    page.get_by_role("textbox", name="Folder to watch").fill(str(roots))
    page.get_by_role("button", name="Watch", exact=True).click()
    row = page.get_by_role("table", name="Watched folders").locator("tbody tr")
    expect(row).to_contain_text("1 run")  # what the schedule has loaded
    live = log(name="found alive", state="recording")
    live.grow(3)
    live.path.rename(roots / "live")
    live.path = roots / "live"
    expect(row).to_contain_text("2 runs")
    tab(page, "Jobs")
    jobs = page.get_by_role("table", name="Ingest jobs").locator("tbody tr")
    expect(jobs.first).to_contain_text("found alive")
    expect(jobs.first).to_contain_text("running")
    live.grow(5)
    expect(jobs.first).to_contain_text("5 / 13")


def _cancel(page: Page) -> None:
    tab(page, "Jobs")
    jobs = page.get_by_role("table", name="Ingest jobs").locator("tbody tr")
    jobs.first.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(jobs.first).to_contain_text("cancelled")
    page.get_by_label("Search the jobs").fill("found alive")
    expect(jobs).to_have_count(1)
    expect(page.locator("#jobs-count")).to_have_text("1 job")
    page.locator("#jobs-states").get_by_text("Failed", exact=True).click()
    expect(page.get_by_text("No job matches")).to_be_visible()
