"""A story of two people in two browsers: schedule, arrival, annotation, answer, compare, export."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from benchmarks.browser import Served, log_in, wait_until_painted
from db.engine import session_scope
from db.models import IngestSchedule
from db.permissions import Role
from db.queries.measurements import snapshots
from tests.browser.conftest import VIEWPORT, Watch
from tests.browser.logs import Log
from tests.browser.test_export import keep
from tests.jobs.conftest import running_worker
from tests.recorded_runs import SNAPSHOTS

CARD, FORM = ".annotation-card", ".annotation-new-form"
SVG = "{http://www.w3.org/2000/svg}"
RUN = "tuesday"


@pytest.fixture
def people(browser: Browser, site: Served, watch: Watch) -> Iterator[tuple[Page, Page]]:
    """Ada, an administrator, and Ben, a member, each in a browser of their own."""
    contexts, pages = [], []
    for name, role in (("ada", Role.ADMIN), ("ben", Role.MEMBER)):
        context = browser.new_context(base_url=site.address, viewport=VIEWPORT)
        page = context.new_page()
        log_in(page, site.new_link(role=role, email=f"{name}@example.org"))
        watch.over(page)
        contexts.append(context)
        pages.append(page)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()


@pytest.fixture
def roots(tmp_path: Path, recorded_run_again: Path) -> Path:
    """A folder with the log of a real training, called RUN."""
    folder = tmp_path / "runs"
    whole = Log(folder / RUN, recorded_run_again, name=RUN)
    whole.grow(SNAPSHOTS)
    whole.end()
    return folder


def test_a_story_of_two(
    people: tuple[Page, Page],
    site: Served,
    site_engine: Engine,
    digits: int,
    roots: Path,
    watch: Watch,
) -> None:
    ada, ben = people
    _mark(ben.goto("/") and ben)
    with running_worker(site.database_url, roots):
        _schedule(ada, site_engine)
        ada.get_by_role("link", name="Runs", exact=True).click()
        _mark(ada)
        for page in people:
            row = page.locator("tbody tr", has=page.get_by_role("link", name=RUN, exact=True))
            expect(row.locator("td").nth(5)).to_have_text(str(SNAPSHOTS))
            assert page.evaluate("window.notReloaded === true")
    with session_scope(site_engine) as session:
        session.execute(delete(IngestSchedule))
    href = ada.get_by_role("link", name=RUN, exact=True).get_attribute("href") or ""
    run_id = int(re.findall(r"/run/(\d+)/", href)[0])
    iteration = _annotate(ada)
    _answer(ben, run_id, iteration)
    replies = ada.locator(f"{CARD} .annotation-reply")
    expect(replies).to_contain_text("It has a higher error in")
    ada.locator(CARD).get_by_role("button", name="Resolve").click()
    expect(ben.locator(f"{CARD}.annotation-open")).to_contain_text("✓ resolved")

    _compare(ada, digits, run_id)
    ben.goto(ada.url)
    _painted(ben)
    assert _drawn(ben) == _drawn(ada)
    _export(ada, site_engine, digits, run_id)
    assert watch.troubles == []


def _mark(page: Page) -> None:
    page.evaluate("window.notReloaded = true")


def _schedule(page: Page, engine: Engine) -> None:
    """Have RUN loaded every weekday at six, which was a moment ago."""
    page.get_by_role("link", name="Ingest jobs").click()
    page.get_by_role("tab", name="Schedules").click()
    page.get_by_role("button", name="New schedule").click()
    dialog = page.get_by_role("dialog", name="New schedule")
    dialog.get_by_role("textbox", name="Run directory").fill(RUN)
    dialog.get_by_label("When (cron expression)").fill("0 6 * * 1-5")
    expect(dialog.get_by_text("At 06:00 on Monday through Friday.")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("table", name="Schedules")).to_contain_text(RUN)
    with session_scope(engine) as session:
        past = datetime.now(UTC) - timedelta(minutes=1)
        session.execute(update(IngestSchedule).values(next_due=past))


def _annotate(page: Page) -> int:
    """Write to Ben about the largest anomaly, from its row in the list of them."""
    page.get_by_role("link", name=RUN, exact=True).click()
    page.get_by_role("link", name="Validation").click()
    wait_until_painted(page)
    row = page.locator("#validation-table tbody tr").first
    row.locator("td[data-class]").click()
    iteration = int(row.get_attribute("data-iteration") or -1)
    page.keyboard.press("a")
    about = page.locator(f"{FORM} .annotation-about")
    expect(about).to_have_text(re.compile(rf"^class \d at iteration {iteration}$"))
    page.keyboard.type("Forgotten here, @be")
    expect(page.locator(".annotation-person").first).to_have_text("ben")
    page.keyboard.press("Enter")
    page.keyboard.type("do you know why?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(CARD)).to_contain_text("Forgotten here, @ben do you know why?")
    expect(page.locator("#validation-rows .annotation-mark").first).to_be_visible()
    return iteration


def _answer(page: Page, run_id: int, iteration: int) -> None:
    """Ben is told, without reloading; the link leads to what Ada saw, where he replies."""
    page.locator(".annotation-mentions").click()
    lines = page.locator("#annotations-body tr")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(f"at iteration {iteration}")
    page.locator("#annotations-body .annotations-text").click()
    card = page.locator(f"{CARD}.annotation-open")
    expect(card).to_contain_text("Forgotten here")
    assert f"/run/{run_id}/validation" in page.url
    assert page.evaluate("deeptracker.selection.get().cursor") == iteration
    assert page.evaluate("window.notReloaded === true")
    expect(page.locator(".annotation-mentions")).to_have_count(0)
    card.get_by_role("button", name="Reply", exact=True).click()
    page.keyboard.type("It has a higher error in the run before, too.")
    page.keyboard.press("Control+Enter")


def _painted(page: Page) -> None:
    page.wait_for_selector("#compare-layers")
    page.wait_for_function(
        """() => [...document.querySelectorAll("[data-chart]")].every(
          (chart) => ["drawn", "message"].includes(chart.dataset.state))"""
    )


def _drawn(page: Page) -> list[float]:
    return page.evaluate(  # type: ignore[no-any-return]
        "Array.from(deeptracker.charts.of(document.getElementById('compare-map-difference'))"
        ".handler.values)"
    )


def _compare(page: Page, earlier: int, run_id: int) -> None:
    """Tick both runs in the table and compare them by epoch."""
    page.get_by_role("link", name="Runs", exact=True).click()
    for run in (earlier, run_id):
        page.locator(f"[data-compare-run='{run}']").click()
    page.get_by_role("link", name="Compare 2 runs").click()
    _painted(page)
    page.get_by_text("Epoch", exact=True).click()
    page.wait_for_function("() => location.search.includes('align=epoch')")
    _painted(page)
    # Annotations of both stand on the axis; this one is resolved.
    page.locator("#compare-events summary").click()
    expect(page.locator("#compare-events")).to_contain_text("Forgotten here")


def _export(page: Page, engine: Engine, earlier: int, run_id: int) -> None:
    """Keep the figure as PNG and SVG, and its data; read what was kept."""
    heading = page.locator("#compare-map-difference-title").inner_text()
    name, data = keep(page, heading, "Picture, SVG")
    root = ET.fromstring(data)
    assert name.endswith(".svg")
    assert len(list(root.iter(f"{SVG}image"))) >= 1
    name, data = keep(page, heading, "Picture, PNG")
    picture = Image.open(BytesIO(data))
    assert (picture.width, picture.height) == tuple(
        2 * int(root.get(side) or 0) for side in ("width", "height")
    )
    assert len(picture.convert("RGB").getcolors(2**24) or []) > 20
    name, data = keep(page, heading, "Data, CSV")
    frame = pd.read_csv(StringIO(data.decode()), dtype={"error": "f4"})
    assert sorted(frame["run_id"].unique()) == sorted([earlier, run_id])
    with Session(engine) as session:
        for run in (earlier, run_id):
            own = frame[frame["run_id"] == run]
            found = own.pivot(index="class_id", columns="iteration", values="error")
            expected = snapshots.class_errors(session, run_id=run)
            np.testing.assert_array_equal(found.to_numpy(), expected)
