"""Findings in a real browser: read, followed, annotated, muted; a threshold changed."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from benchmarks.browser import wait_until_painted
from db.models import Annotation, FindingMute, RuleThreshold
from db.permissions import Role
from db.queries.runs import findings
from db.queries.team import accounts
from ingest.evaluate import evaluate_run


@pytest.fixture
def judged(site_engine: Engine, digits: int):
    """The run on digits, judged by a threshold that its first steps exceed; all is undone."""
    with Session(site_engine) as session, session.begin():
        account = next(row for row in accounts.list_accounts(session) if row.role == Role.ADMIN)
        by = {"account_id": account.id, "account_name": account.name}
        findings.set_threshold(session, rule="rate-too-high", threshold=2.0, **by)
        evaluate_run(session, run_id=digits)
    yield digits
    with Session(site_engine) as session, session.begin():
        session.execute(delete(RuleThreshold))
        session.execute(delete(FindingMute))
        session.execute(delete(Annotation))
        evaluate_run(session, run_id=digits)


def test_a_finding_is_read_followed_muted_and_its_threshold_changed(
    page: Page, judged: int, site_engine: Engine
) -> None:
    page.goto("/")
    page.locator(f'a[href="/run/{judged}/findings"]').first.click()
    card = page.locator('[data-finding^="rate-too-high"]')
    expect(card).to_be_visible()
    expect(page.locator("#findings-answers .finding-answer").first).to_be_visible()
    # The small chart drew more than its ground: the line of the values.
    canvas = card.locator("canvas")
    expect(card.locator("[data-chart]")).to_have_attribute("data-state", "drawn")
    assert canvas.evaluate("canvas => new Set(pixelsOf(canvas)).size > 8")

    card.get_by_role("link", name="Open it in the layer view").click()
    page.wait_for_url(re.compile(rf"/run/{judged}/layers\?.*cursor=5"))
    wait_until_painted(page)
    chosen = page.evaluate("deeptracker.selection.get()")
    assert (chosen["cursor"], chosen["pins"], len(chosen["layers"])) == (5, [5], 1)
    page.go_back()

    card.get_by_role("button", name="Annotate").click()
    expect(page.locator(".annotation-about")).to_have_text(re.compile(r"layer .+ at iterations? 5"))
    page.get_by_role("textbox", name="New annotation").fill("Warm it up.")
    page.keyboard.press("Control+Enter")
    # What was written stands at the card, and opens from there.
    expect(card.locator(".finding-note")).to_contain_text("Warm it up.")
    page.get_by_role("button", name="Close the annotations").click()
    card.locator(".finding-note").click()
    expect(page.locator(".annotation-card.annotation-open")).to_contain_text("Warm it up.")
    page.get_by_role("button", name="Close the annotations").click()

    card.get_by_role("button", name="Mute").click()
    page.get_by_role("dialog").get_by_role("button", name="Mute").click()
    expect(page.locator("#findings-problem")).to_contain_text("Enter a reason")
    page.get_by_label("Why can it be ignored?").fill("A short training.")
    page.get_by_role("dialog").get_by_role("button", name="Mute").click()
    expect(card).to_have_count(0)
    page.get_by_role("switch", name="Show muted").click()
    expect(card).to_contain_text("A short training.")
    card.get_by_role("button", name="Unmute").click()
    expect(card.get_by_role("button", name="Mute", exact=True)).to_be_visible()

    page.get_by_text("Rules and their thresholds").click()
    field = page.get_by_label("Threshold of Steps too large")
    expect(field).to_have_value("2")
    field.fill("30")
    page.get_by_role("button", name="Save thresholds").click()
    expect(page.locator("#findings-saved")).to_contain_text("1 threshold saved")
    with Session(site_engine) as session:
        assert findings.thresholds(session) == {}


def test_marks_under_the_time_axis_lead_to_the_finding(page: Page, judged: int) -> None:
    page.goto(f"/run/{judged}/overview")
    wait_until_painted(page)
    mark = page.locator("#overview-axis .finding-mark").first
    expect(mark).to_be_visible()
    mark.focus()
    expect(page.locator(".dt-tooltip")).to_contain_text("Iteration")
    mark.click()
    page.wait_for_url(re.compile(rf"/run/{judged}/\w+\?.*cursor="))


def test_a_run_is_marked_as_good_and_no_longer(page: Page, judged: int) -> None:
    page.goto(f"/run/{judged}/findings")
    part = page.locator("#findings-good")
    expect(part).to_contain_text("0 of 5 runs marked")
    part.get_by_role("button", name="Mark this run as good").click()
    expect(part).to_contain_text("This run was marked as good by")
    page.goto("/")
    expect(page.locator(f'tr:has(a[href="/run/{judged}/overview"]) .run-verdict')).to_be_visible()
    page.go_back()
    part.get_by_role("button", name="No longer a good run").click()
    expect(part).not_to_contain_text("was marked as good")
