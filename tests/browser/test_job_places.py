"""The path fields of the jobs page: folders that a real worker sees, offered while one types."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from db.engine import session_scope
from db.models import IngestJob, IngestSchedule, IngestWatch, IngestWorker
from db.permissions import Role
from tests.browser.test_jobs import tab
from tests.jobs.conftest import running_worker


@pytest.fixture
def roots(site_engine, log, tmp_path):
    """A worker's folder: two runs, one of them deeper, and a link that leads out."""
    with session_scope(site_engine) as session:
        for table in (IngestJob, IngestSchedule, IngestWatch, IngestWorker):
            session.execute(delete(table))
    folder = tmp_path / "runs"
    (folder / "team" / "old").mkdir(parents=True)
    for place in ("first-run", "team/second-run"):
        made = log(name=place.rpartition("/")[2])
        made.grow(3)
        made.end()
        made.path.rename(folder / place)
    (tmp_path / "secret" / "third-run").mkdir(parents=True)
    (folder / "way-out").symlink_to(tmp_path / "secret")
    return folder


def offered(page: Page):
    return page.get_by_role("option")


def test_folders_are_offered_and_taken_by_keyboard(page: Page, site, roots):
    page.goto("/jobs")
    with running_worker(site.database_url, roots):
        expect(page.get_by_text("1 worker alive on 1 host")).to_be_visible()
        field = page.get_by_role("textbox", name="Run directory")
        _type_until(page, field, "run", f"{roots}/team/second-run")
        # Runs first, and nothing behind the link.
        assert offered(page).all_text_contents()[:2] == [
            f"{roots}/first-run",
            f"{roots}/team/second-run",
        ]
        field.fill("second")
        expect(offered(page)).to_have_text([f"{roots}/team/second-run"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        # Enter fills the field, and asks for nothing yet; the next one does.
        expect(field).to_have_value(f"{roots}/team/second-run")
        expect(page.get_by_text("No log has been loaded by a job yet")).to_be_visible()
        page.keyboard.press("Enter")
        jobs = page.get_by_role("table", name="Ingest jobs").locator("tbody tr")
        expect(jobs).to_contain_text("3 snapshots new")
        expect(jobs).to_have_count(1)
        expect(field).to_have_value("")
        _dialog(page, roots)
        _watch(page, roots)


def _type_until(page: Page, field, typed: str, there: str) -> None:
    """Type until what the worker has told by then is offered."""
    for _ in range(40):
        field.fill("")
        field.fill(typed)
        try:
            expect(page.get_by_role("option", name=there, exact=True)).to_be_visible(timeout=2_000)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{there} was never offered")


def _dialog(page: Page, roots) -> None:
    tab(page, "Schedules")
    page.get_by_role("button", name="New schedule").click()
    dialog = page.get_by_role("dialog", name="New schedule")
    dialog.get_by_role("textbox", name="Run directory").fill(f"{roots}/fi")
    offered(page).filter(has_text="first-run").click()
    expect(dialog.get_by_role("textbox", name="Run directory")).to_have_value(f"{roots}/first-run")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def _watch(page: Page, roots) -> None:
    """Folders that hold runs, not runs; and what is typed beside the offers stays."""
    tab(page, "Watched folders")
    field = page.get_by_role("textbox", name="Folder to watch")
    field.fill(str(roots))
    expect(offered(page)).to_have_text([f"{roots}/team", f"{roots}/team/old"])
    field.fill(f"{roots}/team/ol")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"{roots}/team/old")
    field.fill(f"{roots}/to come")
    page.keyboard.press("Enter")
    row = page.get_by_role("table", name="Watched folders").locator("tbody tr")
    expect(row).to_contain_text(f"{roots}/to come")
    expect(row).to_contain_text(re.compile("cannot be watched"))


def test_a_viewer_is_offered_nothing(browser, site, roots):
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    page.goto(site.new_link(role=Role.VIEWER))
    page.fill("#password", "a password for looking")
    page.fill("#again", "a password for looking")
    page.click("button[type=submit]")
    page.wait_for_selector("#shell-page > *")
    page.goto("/jobs")
    expect(page.get_by_text("Your role may view jobs")).to_be_visible()
    expect(page.get_by_role("textbox", name="Run directory")).to_have_count(0)
    context.close()
