"""Ticked runs: what a search or a page hides is not acted upon; trash names, undoes, asks."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app.views.runs.rows import PAGE
from benchmarks.browser import log_in
from db.engine import session_scope
from db.models import Run
from db.permissions import Role
from db.queries.runs import run_upkeep, runs
from db.queries.runs.runs import Shelf
from db.queries.team import people
from tests.browser.waiting import rest
from tests.stored_runs import store_run

NAMES = ("maple", "oak one", "oak two", "willow")


@pytest.fixture
def trees(site_engine: Engine) -> dict[str, int]:
    """Four runs of the test's own, by name; those of other tests are gone."""
    with session_scope(site_engine) as session:
        for shelf in Shelf:
            for run in runs.list_runs(session, shelf=shelf):
                run_upkeep.trash(session, by=_admin(session), run_id=run.id)
                run_upkeep.purge(session, run_id=run.id)
        return {
            name: store_run(session, seed=at, snapshots=0, title=name).run_id
            for at, name in enumerate(NAMES)
        }


def _admin(session: Session) -> int:
    return next(person.id for person in people.list_people(session) if person.role == Role.ADMIN)


def box(page: Page, run_id: int):
    return page.locator(f"[data-compare-run='{run_id}']")


def shelf(page: Page, text: str) -> None:
    page.locator("#runs-shelf label", has_text=text).click()


def on_shelf(engine: Engine, shelf: Shelf) -> set[str]:
    with Session(engine) as session:
        return {run.name for run in runs.list_runs(session, shelf=shelf)}


def bar(page: Page):
    return page.locator("#runs-bulk")


def test_what_a_search_hides_is_not_thrown_away(page: Page, trees, site_engine: Engine) -> None:
    page.goto("/")
    for name in ("maple", "oak one", "willow"):
        box(page, trees[name]).click()
    expect(bar(page)).to_contain_text("3 runs ticked")
    page.get_by_label("Search the runs").fill("oak")
    expect(box(page, trees["maple"])).to_have_count(0)
    expect(bar(page)).to_contain_text("1 run ticked: oak one")
    expect(bar(page)).to_contain_text("2 more ticked, hidden by the search")
    bar(page).get_by_role("button", name="Move to trash").click()
    expect(page.locator("#runs-done")).to_contain_text("Moved to trash: “oak one”.")
    expect(box(page, trees["oak one"])).to_have_count(0)
    assert on_shelf(site_engine, Shelf.TRASH) == {"oak one"}
    # Nothing in sight is ticked: nothing to act upon, and the hidden ones are still told.
    expect(bar(page)).to_contain_text("2 runs ticked, hidden by the search")
    expect(bar(page).get_by_role("button", name="Archive")).to_be_hidden()
    # Shown, they are those that the bar is about.
    bar(page).get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_label("Search the runs")).to_have_value("")
    expect(page.locator("#runs-body tr")).to_have_count(2)
    expect(bar(page)).to_contain_text("2 runs ticked: willow, maple")
    bar(page).get_by_role("button", name="Show all runs").click()
    expect(page.locator("#runs-body tr")).to_have_count(3)
    # Undo brings back exactly what went.
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#runs-done")).to_contain_text("Undone: “oak one”.")
    expect(box(page, trees["oak one"])).to_be_visible()
    assert on_shelf(site_engine, Shelf.TRASH) == set()


def test_hidden_ticks_can_be_taken_off_and_survive_a_sort(page: Page, trees) -> None:
    page.goto("/")
    box(page, trees["oak two"]).click()
    box(page, trees["maple"]).click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#runs-sort-name-cell")).to_have_attribute("aria-sort", "ascending")
    expect(bar(page)).to_contain_text("2 runs ticked: maple, oak two")
    page.get_by_label("Search the runs").fill("oak")
    expect(page.locator("#runs-compare")).to_have_text("Compare 2 runs, 1 hidden")
    bar(page).get_by_role("button", name="Deselect").click()
    expect(page.locator(".runs-bulk-hidden")).to_be_hidden()
    page.get_by_label("Search the runs").fill("")
    expect(box(page, trees["maple"])).to_have_attribute("aria-checked", "false")
    expect(box(page, trees["oak two"])).to_have_attribute("aria-checked", "true")


def test_what_another_page_hides_is_not_archived(page: Page, trees, site_engine: Engine) -> None:
    with session_scope(site_engine) as session:
        for seed in range(PAGE):
            store_run(session, seed=seed, snapshots=0, title=f"sapling {seed:02}")
    page.goto("/")
    expect(page.locator("#runs-body tr")).to_have_count(PAGE)
    page.get_by_role("checkbox", name="Select all runs shown").click()
    expect(bar(page)).to_contain_text(f"{PAGE} runs ticked")
    page.locator("#runs-pager").get_by_role("button", name="2", exact=True).click()
    expect(page.locator("#runs-body tr")).to_have_count(len(NAMES))
    expect(bar(page)).to_contain_text(f"{PAGE} runs ticked, on another page")
    box(page, trees["willow"]).click()
    bar(page).get_by_role("button", name="Archive", exact=True).click()
    expect(page.locator("#runs-done")).to_contain_text("Archived: “willow”.")
    assert on_shelf(site_engine, Shelf.ARCHIVED) == {"willow"}


def test_the_trash_restores_and_deletes_many_at_once(
    page: Page, trees, site_engine: Engine
) -> None:
    with session_scope(site_engine) as session:
        for run_id in trees.values():
            run_upkeep.trash(session, by=_admin(session), run_id=run_id)
    page.goto("/")
    shelf(page, "Trash")
    for name in ("maple", "willow"):
        box(page, trees[name]).click()
    bar(page).get_by_role("button", name="Restore").click()
    expect(page.locator("#runs-done")).to_contain_text("Restored: “willow” and “maple”.")
    assert on_shelf(site_engine, Shelf.ACTIVE) == {"maple", "willow"}
    page.get_by_role("checkbox", name="Select all runs shown").click()
    bar(page).get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text(
        [re.compile("^oak two"), re.compile("^oak one")]
    )
    dialog.get_by_role("button", name="Keep in the trash").click()
    expect(dialog).to_be_hidden()
    with Session(site_engine) as session:
        assert run_upkeep.being_deleted(session) == set()
    page.get_by_role("checkbox", name="Select all runs shown").click()
    bar(page).get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.locator("#runs-done")).to_contain_text("Being deleted for good: “oak two” and")
    expect(page.locator("#runs-body")).to_contain_text("a worker is deleting it")
    with Session(site_engine) as session:
        assert run_upkeep.being_deleted(session) == {trees["oak one"], trees["oak two"]}
    # A run that is about to go cannot be ticked, and no column of boxes is left.
    expect(page.locator("[data-compare-run], [data-choose-all]:visible")).to_have_count(0)


def test_ticks_of_the_trash_are_none_elsewhere(page: Page, trees, site_engine: Engine) -> None:
    with session_scope(site_engine) as session:
        run_upkeep.trash(session, by=_admin(session), run_id=trees["maple"])
    page.goto("/")
    box(page, trees["willow"]).click()
    shelf(page, "Trash")
    expect(box(page, trees["maple"])).to_be_visible()
    expect(bar(page)).to_be_hidden()
    box(page, trees["maple"]).click()
    expect(bar(page)).to_contain_text("1 run ticked: maple")
    expect(page.locator("#runs-compare")).to_be_hidden()
    shelf(page, "In use")
    expect(box(page, trees["willow"])).to_have_attribute("aria-checked", "false")


def test_who_may_not_change_the_runs_is_told_which(browser, site, trees) -> None:
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    log_in(page, site.new_link(role=Role.MEMBER))
    box(page, trees["maple"]).click()
    bar(page).get_by_role("button", name="Move to trash").click()
    expect(page.locator("#runs-done")).to_contain_text(
        "Unchanged: “maple”. Only the owner of a run and administrators may do this."
    )
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    expect(box(page, trees["maple"])).to_be_visible()
    context.close()


def test_a_filter_and_chosen_columns_are_in_the_address(
    page: Page, trees, site_engine: Engine
) -> None:
    with session_scope(site_engine) as session:
        for at, run_id in enumerate(trees.values()):
            session.execute(
                update(Run)
                .where(Run.id == run_id)
                .values(hyperparameters={"learning_rate": 10.0**-at}, tags=["wood"] * (at > 1))
            )
    page.goto("/")
    search, rows = page.get_by_label("Search the runs"), page.locator("#runs-body tr")
    expect(rows).to_have_count(4)
    search.fill("lr < and tag:wood")
    problem = page.get_by_text("Expected a number after `<` at character 6")
    expect(problem).to_be_visible()
    expect(search).to_have_attribute("aria-invalid", "true")
    expect(rows).to_have_count(4)  # the table stays
    search.fill("lr < 0.1 and tag:wood")
    expect(rows).to_have_count(2)
    expect(problem).to_have_count(0)
    # Columns are typed, and stand in their order; by the keyboard they move.
    page.locator("#runs-columns-open").click()
    page.locator("#runs-columns").fill("learning_rate")
    page.locator("#runs-columns").press("Enter")
    page.keyboard.press("Escape")
    head = page.locator("#runs-head [data-column='learning_rate'] button")
    expect(head).to_be_visible()
    head.click()
    expect(page.locator("#runs-body tr a").first).to_have_text("willow")
    rest(page)  # a heading that is about to be written again takes no key
    head.press("Alt+ArrowLeft")
    expect(page.locator("#runs-head [data-column]").nth(8)).to_have_text("learning_rate")
    expect(head).to_be_focused()
    page.wait_for_url("**sort=learning_rate&columns=state**")
    # The address opens the same table elsewhere.
    page.reload()
    expect(search).to_have_value("lr < 0.1 and tag:wood")
    expect(rows).to_have_count(2)
    expect(page.locator("#runs-body tr a").first).to_have_text("willow")
    expect(page.locator("#runs-head [data-column]").nth(8)).to_have_text("learning_rate")


def test_all_that_match_are_ticked_on_every_page(page: Page, trees, site_engine: Engine) -> None:
    with session_scope(site_engine) as session:
        for seed in range(PAGE + 2):
            store_run(session, seed=seed, snapshots=0, title=f"sapling {seed:02}")
    page.goto("/?q=sapling")
    expect(page.locator("#runs-body tr")).to_have_count(PAGE)
    page.get_by_role("checkbox", name="Select all runs shown").click()
    bar(page).get_by_role("button", name=f"Select all {PAGE + 2} that match").click()
    expect(bar(page)).to_contain_text(f"{PAGE + 2} runs ticked, on all pages")
    expect(page.locator("#runs-compare")).to_have_text(f"Compare {PAGE + 2} runs")
    # Another search, and the acts are again about what is in sight.
    page.get_by_label("Search the runs").fill("sapling 0")
    expect(bar(page)).to_contain_text("15 runs ticked: ")
    page.get_by_label("Search the runs").fill("sapling")
    expect(page.locator("#runs-body tr")).to_have_count(PAGE)
    bar(page).get_by_role("button", name=f"Select all {PAGE + 2} that match").click()
    expect(bar(page)).to_contain_text("on all pages")
    bar(page).get_by_role("button", name="Archive", exact=True).click()
    # Every run is archived by itself.
    said = f"and {PAGE + 2 - 10} more"
    expect(page.locator("#runs-done")).to_contain_text(said)
    assert on_shelf(site_engine, Shelf.ACTIVE) == set(NAMES)


def test_groups_fold_and_columns_widen_and_stay(page: Page, trees, site_engine: Engine) -> None:
    with session_scope(site_engine) as session:
        for at, run_id in enumerate(trees.values()):
            kind = {"optimizer": ("sgd", "adam")[at % 2]}
            changed = update(Run).where(Run.id == run_id)
            session.execute(changed.values(hyperparameters=kind, last_error=at / 8))
    page.goto("/")
    page.get_by_placeholder("Group by").click()
    page.get_by_role("option", name="optimizer").click()
    rows = page.locator("#runs-body tr")
    expect(rows).to_have_count(2)
    expect(page.locator("#runs-count")).to_have_text("4 in 2 groups")
    adam = page.get_by_role("button", name="optimizer: adam")
    expect(rows.filter(has=adam)).to_contain_text("25.00 % ± 17.68 %")
    adam.click()
    expect(rows).to_have_count(4)
    expect(box(page, trees["willow"])).to_be_visible()
    expect(box(page, trees["maple"])).to_have_count(0)
    page.wait_for_url("**group=optimizer&open=%3Dadam**")
    # The edge of a head is dragged; the keyboard widens, too, and keeps a column in sight.
    head = page.locator("#runs-head [data-column='model']")
    grip = head.locator(".dt-grip").bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 4, grip["y"] + 9)
    page.mouse.down()
    page.mouse.move(grip["x"] + 64, grip["y"] + 9, steps=4)
    page.mouse.up()
    page.wait_for_url("**width=*model**")
    width = round(head.bounding_box()["width"])
    head.locator("button").press("Alt+Shift+ArrowRight")
    expect(head).to_have_attribute("data-width", str(width + 16))
    head.locator("button").press("Alt+KeyP")
    page.wait_for_url("**pin=model**")
    assert head.evaluate("one => getComputedStyle(one).position") == "sticky"
    page.reload()
    expect(head).to_have_attribute("data-width", str(width + 16))
    expect(head).to_have_attribute("data-pinned", "true")
    expect(page.get_by_role("button", name="optimizer: adam")).to_have_attribute(
        "aria-expanded", "true"
    )
    # A filter that an address brings and that is none shows its place.
    page.goto("/?q=lr+<+and+x")
    expect(page.get_by_role("heading", name="This filter is not understood")).to_be_visible()
    page.get_by_label("Search the runs").fill("")
    expect(rows).to_have_count(4)


def test_the_activity_log_sorts_as_the_runs_do(page: Page, site) -> None:
    page.goto("/people")
    head = page.locator("#people-head [data-column='who']")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").press("Alt+ArrowLeft")
    expect(page.locator("#people-head [data-column]").first).to_have_attribute("data-column", "who")
