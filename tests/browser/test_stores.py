"""One browser, one address, and another store or another build behind it than before."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from benchmarks.browser import Served, serve, wait_until_painted
from db import backup
from db.engine import make_engine
from db.queries.runs import runs
from deeptracker.format import Snapshot
from ingest.pipeline import load_log
from tests import servers, warm
from tests.browser.conftest import VIEWPORT, enter
from tests.browser.copies import ROOT, copy_code
from tests.browser.logs import Log
from tests.browser.outages import expect_trouble
from tests.browser.waiting import rest
from tests.ports import free_port

# Kept in DEEPTRACKER_HOME, or in the settings, whatever becomes of the database.
KEY = {"DEEPTRACKER_SECRET_KEY": "the same key before and after it"}
NOTICE = '.connection-line:has(button:text-is("Reload"))'

# What every chart of the page has been given, as numbers.
_SHOWN = """
() => Object.fromEntries([...document.querySelectorAll("[data-chart]")]
  .map((element) => [element.id, deeptracker.charts.of(element)?.data])
  .filter(([, data]) => data)
  .map(([id, data]) => [id, JSON.stringify(Object.entries(data.arrays)
    .map(([name, values]) => [name, [...values.slice(0, 400)].map(String)]))]))
"""
PAGES = ("overview", "validation", "layers?layers=0")
# All charts are in sight: those below the window have numbers only where they came to stand in it
# while the page was still growing.
TALL = {**VIEWPORT, "height": 4_000}


@pytest.fixture
def at_port() -> Callable[..., AbstractContextManager[Served]]:
    """A function that serves a database, always at the same address."""
    port = free_port()

    def served(url: str, folder: Path = ROOT) -> AbstractContextManager[Served]:
        start = warm.start if folder == ROOT else subprocess.Popen
        return serve(url, port=port, environment=KEY, folder=folder, start=start)

    return served


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of the test's own, with its cookies and its cache."""
    context = browser.new_context(viewport=TALL)
    yield context
    context.close()


@pytest.fixture
def databases(server_url: URL, template_url: URL) -> Iterator[tuple[str, str]]:
    """Two stores, as empty as each other."""
    template = str(template_url.database)
    with (
        servers.database(server_url, template=template) as one,
        servers.database(server_url, template=template) as other,
    ):
        yield servers.plain(one), servers.plain(other)


def load(url: str, path: Path) -> tuple[int, int]:
    """Load a log; return id and version of its run."""
    engine = make_engine(url, statement_timeout_ms=None)
    try:
        run_id = load_log(engine, path).run_id
        with Session(engine) as session:
            return run_id, runs.run_version(session, run_id=run_id)
    finally:
        engine.dispose()


def shown(page: Page, address: str, *names: str) -> dict[str, dict[str, str]]:
    """The numbers that pages of run 1 show."""
    found = {}
    for name in names:
        page.goto(f"{address}/run/1/{name}")
        wait_until_painted(page)
        rest(page)
        found[name] = page.evaluate(_SHOWN)
        assert len(found[name]) >= 2
    return found


def logged_in(context: BrowserContext, served: Served) -> Page:
    enter(context, served.new_link())
    return context.new_page()


def seen_by_another(browser: Browser, served: Served, *names: str) -> dict[str, dict[str, str]]:
    """The numbers on pages that a browser sees that was never here before."""
    fresh = browser.new_context(viewport=TALL)
    try:
        return shown(logged_in(fresh, served), served.address, *names)
    finally:
        fresh.close()


def test_a_store_begun_anew(
    browser: Browser,
    context: BrowserContext,
    databases: tuple[str, str],
    at_port: Callable,
    recorded_run: Path,
    recorded_run_again: Path,
) -> None:
    """Run 1 at the same version, of another training."""
    before, after = databases
    assert load(before, recorded_run) == load(after, recorded_run_again)
    with at_port(before) as served:
        page = logged_in(context, served)
        first = shown(page, served.address, *PAGES)
        page.goto(f"{served.address}/run/1/layers")
        wait_until_painted(page)
        rest(page)
        address = page.url
    with at_port(after) as served:
        # Who was logged in there is nobody here.
        page.goto(f"{served.address}/run/1/overview")
        expect(page).to_have_url(re.compile("/login"))
        enter(context, served.new_link())
        second = shown(page, served.address, *PAGES)
        assert second == seen_by_another(browser, served, *PAGES)
        for name in PAGES:
            assert second[name] != first[name]
        # A link of before does not pass this run off as that one.
        page.goto(address)
        expect(page.locator("h1")).to_have_text("This link is about another run")
        expect(page.locator("#shell-page")).to_contain_text("That run is not here")
        assert page.locator("[data-chart]").count() == 0


def test_a_restored_backup(
    browser: Browser,
    context: BrowserContext,
    databases: tuple[str, str],
    empty_database_url: str,
    at_port: Callable,
    log: Callable[..., Log],
    tmp_path: Path,
) -> None:
    """From the moment of the backup on, two futures count the same versions.

    That what is kept of the other pages is told apart, too, is seen above.
    """

    def all_wrong(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot, prediction=(snapshot.prediction * 0).astype(snapshot.prediction.dtype)
        )

    first = log(name="first future")
    first.grow(6)
    second = log(name="first future", run=first.manifest.run)
    second.grow(6)
    second.change = all_wrong
    url, _ = databases
    load(url, first.path)
    backup.back_up(tmp_path / "backup", url=url)
    backup.restore(tmp_path / "backup", url=empty_database_url)
    for one in (first, second):
        one.grow(11)
    # Where they lie is part of what is stored: let both lie in one place, one after the other.
    place = first.path
    before = load(url, place)
    shutil.move(place, tmp_path / "away")
    shutil.move(second.path, place)
    assert load(empty_database_url, place) == before
    with at_port(url) as served:
        page = logged_in(context, served)
        seen = shown(page, served.address, "validation")
    with at_port(empty_database_url) as served:
        page.goto(f"{served.address}/run/1/overview")
        expect(page).to_have_url(re.compile("/login"))
        enter(context, served.new_link())
        now = shown(page, served.address, "validation")
        assert now == seen_by_another(browser, served, "validation")
        assert now != seen


def swap(url: str, other: str) -> None:
    """Let another database take the place of the one at a URL, while a server uses it."""
    one, two = (str(make_url(each).database) for each in (url, other))
    between = f"{one}_between"
    admin = make_url(url).set(database="postgres")
    servers.rename(admin, {one: between, two: one, between: two})


def test_a_tab_that_shows_a_store_which_is_replaced(
    context: BrowserContext,
    databases: tuple[str, str],
    at_port: Callable,
    recorded_run: Path,
    recorded_run_again: Path,
) -> None:
    url, other = databases
    assert load(url, recorded_run) == load(other, recorded_run_again)
    with at_port(url) as served:
        page = logged_in(context, served)
        page.goto(f"{served.address}/run/1/overview")
        wait_until_painted(page)
        rest(page)
        before = page.evaluate(_SHOWN)
        page.evaluate("window.untouched = true")
        page.keyboard.press("a")
        form = page.locator(".annotation-form textarea")
        form.fill("this class breaks")
        swap(url, other)
        # Logged in there too, in another tab of the same browser: the cookie is for both.
        other_tab = logged_in(context, served)
        other_tab.goto(served.address)
        notice = page.locator(NOTICE)
        expect(notice).to_contain_text("another database")
        expect(notice).to_have_attribute("role", "alert")
        # What was written about run 1 of the store before goes to no run 1 of this one.
        page.locator(".annotation-form .annotation-save").click()
        expect(page.locator(".annotation-form")).to_contain_text("another database")
        assert form.input_value() == "this class breaks"
        # Nothing of the other store comes into the page, whatever is asked for.
        page.evaluate("deeptracker.selection.set({ quantity: 'weight' })")
        page.wait_for_timeout(3_000)
        now = page.evaluate(_SHOWN)
        assert now == before
        # Its links to runs lead nowhere, for their numbers mean others; all else comes anew.
        page.keyboard.press("Escape")
        tabs = len(context.pages)
        page.get_by_role("link", name="Layers", exact=True).click()
        page.get_by_role("link", name="Layers", exact=True).click(modifiers=["ControlOrMeta"])
        page.get_by_role("link", name="Report", exact=True).click()  # would be kept as a file
        page.wait_for_timeout(500)
        assert page.evaluate("window.untouched && location.pathname") == "/run/1/overview"
        assert len(context.pages) == tabs
        notice.get_by_role("button", name="Reload").click()
        # The address says which run it is about: that one is not here.
        expect(page.locator("h1")).to_have_text("This link is about another run")
        assert not page.evaluate("window.untouched")
        expect(page.locator(NOTICE)).to_have_count(0)
        page.get_by_role("link", name="To the runs").click()
        page.locator('a[href="/run/1/overview"]').first.click()
        wait_until_painted(page)
        rest(page)
        assert page.evaluate(_SHOWN) != before
        other_tab.goto(f"{served.address}/run/1/overview")
        wait_until_painted(other_tab)
        rest(other_tab)
        assert other_tab.evaluate(_SHOWN) == page.evaluate(_SHOWN)


@pytest.fixture
def newer_build(tmp_path: Path) -> Path:
    """The code of a release after this one: a style has changed, but no file's time."""
    folder = tmp_path / "newer"
    copy_code(folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")  # it builds its own bundle
    style = folder / "app" / "web" / "core" / "shell.css"
    written = style.stat()
    style.write_text(style.read_text() + "\n:root { --of-the-newer-build: 1; }\n")
    os.utime(style, ns=(written.st_atime_ns, written.st_mtime_ns))
    return folder


def test_an_upgrade(
    context: BrowserContext,
    databases: tuple[str, str],
    at_port: Callable,
    recorded_run: Path,
    newer_build: Path,
) -> None:
    url, _ = databases
    load(url, recorded_run)
    style = "getComputedStyle(document.documentElement).getPropertyValue('--of-the-newer-build')"
    with at_port(url) as served:
        page = logged_in(context, served)
        page.goto(served.address)
        page.evaluate("window.untouched = true")
        quiet = context.new_page()
        quiet.goto(f"{served.address}/run/1/overview")
        wait_until_painted(quiet)
        rest(quiet)
        assert page.locator(NOTICE).count() == 0
    page.bring_to_front()
    expect_trouble(page, "server")
    page.fill("#runs-search", "dig")
    with at_port(url, folder=newer_build) as served:
        for tab in (page, quiet):
            tab.bring_to_front()
            expect(tab.locator(NOTICE)).to_contain_text("DeepTracker was updated")
        # Nothing happens by itself: what is typed stays, and the page is the one of before.
        page.bring_to_front()
        page.wait_for_timeout(3_000)
        assert page.input_value("#runs-search") == "dig"
        assert page.evaluate("window.untouched")
        # The next page comes whole, of the new build, not from what the browser has kept.
        page.locator('a[href="/run/1/overview"]').first.click()
        wait_until_painted(page)
        assert not page.evaluate("window.untouched")
        assert page.evaluate(style).strip() == "1"
        assert page.locator(NOTICE).count() == 0
        asked: list[str] = []
        quiet.on("request", lambda request: asked.append(request.url))
        quiet.bring_to_front()
        quiet.locator(NOTICE).get_by_role("button", name="Reload").click()
        wait_until_painted(quiet)
        assert quiet.evaluate(style).strip() == "1"
        assert quiet.locator(NOTICE).count() == 0
        assert [address for address in asked if "/class-error" in address and "v=" in address]
