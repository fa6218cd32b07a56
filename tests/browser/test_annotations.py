"""Annotations in real browsers: written where a thing is seen, seen by others, answered, kept."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy import Engine

from benchmarks.browser import Served, wait_until_painted
from db.engine import session_scope
from db.permissions import Role
from db.queries.runs import run_upkeep
from db.queries.team import accounts, annotations
from db.queries.team.annotation_rows import Target
from ingest.pipeline import load_log
from tests.browser.conftest import VIEWPORT, Watch, logged_in
from tests.browser.logs import Log
from tests.browser.waiting import rest

CARDS, MARKS, FORM = ".annotation-card", ".annotation-lane .annotation-mark", ".annotation-new-form"


@pytest.fixture
def run_id(log: Callable[..., Log], site_engine: Engine) -> int:
    """A run of the test's own with 8 snapshots of digits."""
    annotated = log(name="annotated")
    annotated.grow(8)
    return load_log(site_engine, annotated.path).run_id


@pytest.fixture(scope="module")
def states(browser: Browser, site: Served) -> dict[Role, Any]:
    """The cookies of a member called lo and of a viewer called vi."""
    names = {Role.MEMBER: "lo", Role.VIEWER: "vi"}
    return {
        role: logged_in(browser, site.new_link(role=role, email=f"{name}@example.org"))
        for role, name in names.items()
    }


@pytest.fixture
def other(
    browser: Browser, site: Served, states: dict[Role, Any], watch: Watch
) -> Iterator[Callable[[Role], Page]]:
    """A function that opens the browser of somebody else."""
    contexts = []

    def opened(role: Role = Role.MEMBER) -> Page:
        context = browser.new_context(
            base_url=site.address, viewport=VIEWPORT, storage_state=states[role]
        )
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def write(site_engine: Engine, run_id: int, states: dict[Role, Any]) -> Callable[..., list[int]]:
    """A function that writes annotations, {target, body, tag} each, as lo."""

    def written(*given: dict[str, Any]) -> list[int]:
        with session_scope(site_engine) as session:
            by = accounts.find_by_email(session, email="lo@example.org").id
            defaults = {"session": session, "run_id": run_id, "by": by, "target": Target("run")}
            return [annotations.create(**{**defaults, **one}) for one in given]

    return written


def open_view(page: Page, run_id: int, view: str, query: str = "") -> None:
    page.goto(f"/run/{run_id}/{view}{query and '?' + query}")
    wait_until_painted(page)
    expect(page.locator(".annotation-toggle")).to_be_visible()


def point_at_class(page: Page, class_id: int, column: int) -> None:
    """Move the pointer over a class of the validation view."""
    x, y = page.evaluate(
        """([id, column]) => {
          const chart = deeptracker.charts.of(document.querySelector("#validation-rows"));
          const { blocks, place, offset } = chart.handler;
          const block = blocks.find(({ kind }) => kind === "class");
          const box = chart.element.getBoundingClientRect();
          const row = block.order.indexOf(id) + 0.5;
          return [box.left + place.left + chart.axis.x(column + 0.5, place.width),
            box.top + block.top + row * block.rowHeight - offset];
        }""",
        [class_id, column],
    )
    page.mouse.move(x, y)
    rest(page)


def selection(page: Page) -> dict[str, Any]:
    return page.evaluate("deeptracker.selection.get()")


def test_what_one_annotates_and_resolves_the_other_sees_without_reloading(
    page: Page, other: Callable[[Role], Page], run_id: int, watch: Watch
) -> None:
    bo = other(Role.MEMBER)
    open_view(bo, run_id, "overview")
    expect(bo.locator(MARKS)).to_have_count(0)
    open_view(page, run_id, "validation")
    point_at_class(page, 3, 4)
    page.keyboard.press("a")
    about = page.locator(f"{FORM} .annotation-about")
    iteration = selection(page)["cursor"]
    expect(about).to_have_text(f"class 3 at iteration {iteration}")
    text = page.locator(f"{FORM} textarea")
    expect(text).to_be_focused()
    page.keyboard.type("Forgotten here, @l")
    expect(page.locator(".annotation-person").first).to_have_text("lo")
    page.keyboard.press("Enter")
    expect(text).to_have_value("Forgotten here, @lo ")
    page.keyboard.type("do you see it?")
    page.locator(f"{FORM} .annotation-tag-input").fill("anomaly")
    page.keyboard.press("Control+Enter")
    expect(page.locator(CARDS)).to_contain_text("Forgotten here, @lo do you see it?")
    expect(page.locator(f"{CARDS} .annotation-mention")).to_have_text("@lo")
    expect(page.locator(MARKS)).to_have_count(1)
    expect(page.locator("#validation-rows .annotation-mark")).to_have_count(1)
    page.locator("#validation-rows .annotation-mark").hover()
    for shown in (".annotation-band", ".annotation-rowframe"):
        expect(page.locator(f"#validation-rows {shown}")).to_have_count(1)

    # Nothing was reloaded in the other's browser.
    expect(bo.locator(MARKS)).to_have_count(1)
    expect(bo.locator("#overview-classes .annotation-mark")).to_have_count(1)
    expect(bo.locator(".annotation-toggle")).to_have_text("✎ 1")
    bo.locator(MARKS).hover()
    expect(bo.locator(".dt-tooltip")).to_contain_text("Forgotten here")
    # How bo is told, and answers, is in test_story.py.
    page.locator(CARDS).get_by_role("button", name="Resolve").click()
    expect(page.locator(f"{CARDS}")).to_contain_text("✓ resolved")
    expect(page.locator(MARKS)).to_have_count(0)
    expect(bo.locator(MARKS)).to_have_count(0)


def test_a_run_that_is_thrown_away_under_its_readers_is_said_to_be(
    page: Page, run_id: int, site_engine: Engine, watch: Watch
) -> None:
    open_view(page, run_id, "overview")
    toggle = page.locator(".annotation-toggle")
    expect(toggle).to_have_text("✎ 0")
    with session_scope(site_engine) as session:
        admin = accounts.list_accounts(session)[0].id
        run_upkeep.trash(session, by=admin, run_id=run_id)
    # What it drew stays; nothing can be written about it.
    expect(page.get_by_text(f"Run {run_id} is in the trash. Restore it")).to_have_count(1)
    expect(toggle).to_have_count(0)
    expect(page.locator("#overview-classes")).to_have_attribute("data-state", "drawn")
    with session_scope(site_engine) as session:
        run_upkeep.restore(session, by=admin, run_id=run_id)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(toggle).to_have_text("✎ 0")
    expect(page.get_by_text("is in the trash")).to_have_count(0)
    # The answer that it is not there was awaited.
    watch.troubles[:] = [one for one in watch.troubles if "404" not in one]


def test_who_changes_the_same_text_second_is_told_and_loses_nothing(
    page: Page,
    other: Callable[[Role], Page],
    run_id: int,
    write: Callable[..., list[int]],
    watch: Watch,
) -> None:
    (key,) = write({"body": "The first words", "tag": "old"})
    bo = other(Role.MEMBER)
    for who in (page, bo):
        open_view(who, run_id, "overview", f"annotation={key}")
        who.locator(CARDS).get_by_role("button", name="Edit").click()
        expect(who.locator(f"{CARDS} textarea")).to_have_value("The first words")
    bo.locator(f"{CARDS} textarea").fill("What bo wrote")
    bo.keyboard.press("Control+Enter")
    expect(bo.locator(f"{CARDS} .annotation-body")).to_have_text("What bo wrote")
    mine = page.locator(f"{CARDS} textarea")
    mine.fill("What I wrote")
    page.wait_for_function("() => deeptracker.annotations.list()[0].version === 2")
    expect(mine).to_have_value("What I wrote")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"{CARDS} .annotation-problem")).to_contain_text("in the meantime")
    expect(page.locator(f"{CARDS} .annotation-theirs")).to_have_text("What bo wrote")
    expect(mine).to_have_value("What I wrote")
    # The browser itself says that the server refused; nothing else may be wrong.
    assert [trouble for trouble in watch.troubles if "409" not in trouble] == []
    watch.troubles.clear()
    mine.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"{CARDS} .annotation-body")).to_have_text("What I wrote")
    expect(bo.locator(f"{CARDS} .annotation-body")).to_have_text("What I wrote")


def test_a_thread_that_is_answered_while_it_is_deleted(
    page: Page,
    other: Callable[[Role], Page],
    run_id: int,
    write: Callable[..., list[int]],
    watch: Watch,
) -> None:
    """The answer stops the deletion; an answer that comes after it becomes an annotation."""
    (key,) = write({"body": "Who knows why?", "tag": "odd"})
    bo = other(Role.MEMBER)
    for who in (page, bo):
        open_view(who, run_id, "overview", f"annotation={key}")
    card = bo.locator(CARDS)
    card.get_by_role("button", name="Delete").click()
    expect(card.get_by_role("button", name="Delete annotation?")).to_be_visible()
    replies = page.locator(f'{CARDS} [data-action="reply"]')
    written = page.locator(f"{CARDS} textarea")
    replies.click()
    written.fill("I do")
    page.keyboard.press("Control+Enter")
    expect(written).to_have_count(0)
    replies.click()
    written.fill("And one more thing")
    expect(card.locator(".annotation-reply")).to_contain_text("I do")
    # What was asked about a thread without replies is not answered about one with a reply.
    expect(card.get_by_role("button", name="Delete annotation?")).to_have_count(0)
    card.locator('[data-action="delete"]').click()
    card.get_by_role("button", name="Delete annotation and its reply?").click()
    expect(bo.locator(".annotation-panel")).to_contain_text(f"Annotation {key} is not there")
    written.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"{CARDS} .annotation-problem")).to_contain_text("deleted this annotation")
    assert [trouble for trouble in watch.troubles if "404" not in trouble] == []
    watch.troubles.clear()
    page.get_by_role("button", name="Save it as a new annotation").click()
    expect(written).to_have_count(0)
    expect(bo.locator(CARDS)).to_contain_text("And one more thing")
    expect(page.locator(CARDS).filter(has_text="And one more thing")).to_be_visible()
    expect(page.locator(CARDS)).to_have_count(1)  # the deleted one is gone here, too


def test_a_text_stays_text_and_links_lead_only_where_they_may(
    page: Page, run_id: int, write: Callable[..., list[int]]
) -> None:
    text = (
        "<img src=x onerror=alert(1)> javascript:alert(1) [x](javascript:alert(2)) "
        "data:text/html,x //evil.example/x https://example.org/a?b=1. and /run/1/layers?cursor=5"
    )
    (key,) = write({"body": text, "tag": "<b>tag</b>"})

    def ran(dialog: Dialog) -> None:
        pytest.fail(dialog.message)

    page.on("dialog", ran)
    open_view(page, run_id, "overview", f"annotation={key}")
    body = page.locator(f"{CARDS} .annotation-body")
    expect(body).to_have_text(text)
    links = body.locator("a").evaluate_all("all => all.map((a) => [a.textContent, a.href, a.rel])")
    origin = page.evaluate("location.origin")
    assert links == [
        ["https://example.org/a?b=1", "https://example.org/a?b=1", "noopener noreferrer nofollow"],
        ["/run/1/layers?cursor=5", f"{origin}/run/1/layers?cursor=5", ""],
    ]
    assert page.locator(f"{CARDS} :is(img, b.tag, script)").count() == 0
    page.goto("/annotations?state=all")
    expect(page.locator("#annotations-body")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#annotations-body :is(img, script)").count() == 0
    page.remove_listener("dialog", ran)


def test_by_menu_by_keyboard_and_by_a_brushed_range(
    page: Page, other: Callable[[Role], Page], run_id: int, write: Callable[..., list[int]]
) -> None:
    open_view(page, run_id, "overview", "range=10-25&cursor=25")
    page.locator(".annotation-write").click()
    about = page.locator(f"{FORM} .annotation-about")
    expect(about).to_have_text("iterations 10 – 25")
    page.locator(f"{FORM} .annotation-iteration").nth(1).fill("30")
    expect(about).to_have_text("iterations 10 – 30")
    page.locator(f"{FORM} textarea").fill("the warm-up")
    page.locator(f"{FORM} button[type=submit]").click()
    expect(page.locator(".annotation-lane .annotation-bar")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#annotation-panel")).to_be_hidden()

    page.locator("#overview-layers .dt-plot").click(button="right", position={"x": 200, "y": 5})
    menu = page.get_by_role("menuitem")
    expect(menu.nth(0)).to_have_text("layer conv1 at iterations 10 – 25")
    expect(menu.last).to_have_text("this run")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(about).to_have_text("layer conv1")
    page.keyboard.press("Escape")

    open_view(page, run_id, "layers")
    page.locator("#layers-multiples .layers-tree").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    expect(about).to_have_text("layer conv1")
    page.keyboard.type("by keys alone")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#layers-multiples .annotation-mark")).to_have_count(1)
    card = page.locator(f"{CARDS}.annotation-open")
    expect(card).to_contain_text("by keys alone")
    card.get_by_role("button", name="Delete").click()
    card.get_by_role("button", name="Delete annotation?").click()
    expect(page.locator("#layers-multiples .annotation-mark")).to_have_count(0)
    expect(page.locator(CARDS)).to_have_count(1)

    vi = other(Role.VIEWER)
    open_view(vi, run_id, "overview")
    expect(vi.locator(MARKS)).to_have_count(1)
    vi.locator(MARKS).click()
    expect(vi.locator(CARDS)).to_contain_text("the warm-up")
    for name in ("Reply", "Resolve", "Edit", "Delete"):
        expect(vi.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(vi.locator(".annotation-write")).to_be_hidden()
    vi.keyboard.press("Escape")
    vi.keyboard.press("a")
    expect(vi.locator(FORM)).to_be_empty()


ON_A_FACE = """
() => {
  const { input } = deeptracker.charts.of(document.querySelector("#cube-faces")).handler;
  return [...document.querySelectorAll(".cube-annotations .annotation-mark")].filter((mark) => {
    const { left, right, top, bottom } = mark.getBoundingClientRect();
    return [[left, top], [right, top], [left, bottom], [right, bottom]]
      .some(([clientX, clientY]) => input.hit({ clientX, clientY }));
  }).map((mark) => mark.getAttribute("aria-label"));
}
"""


def test_the_cube_shows_them_along_its_edges(
    page: Page, run_id: int, write: Callable[..., list[int]]
) -> None:
    write(
        {"body": "this layer", "target": Target("layer", 3)},
        {"body": "one filter", "target": Target("filter", 8, 1)},
        {"body": "this class, then", "target": Target("class", 7, None, 10, 20)},
    )
    for mode, number in (("turned", 4), ("top", 2), ("unfolded", 5)):
        open_view(page, run_id, "cube", f"cubeface={mode}")
        page.wait_for_selector(f"#cube-faces[data-view={mode}]")
        marks = page.locator(".cube-annotations .annotation-mark")
        # The layer and the filter's; the class along its edges; the iterations, with a bar.
        expect(marks).to_have_count(number)
        expect(page.locator(".cube-annotations .annotation-bar")).to_have_count(1)
        assert page.evaluate(ON_A_FACE) == []
    mark = page.locator(".cube-annotations [aria-label^='Annotation on layer']")
    mark.hover()
    frames = page.locator(".cube-mark-annotated")
    expect(frames).to_have_count(2)  # on the front and on the right
    for at in range(2):
        expect(frames.nth(at)).to_have_attribute("data-at", "3")
    mark.click()
    expect(page.locator(f"{CARDS}.annotation-open")).to_contain_text("this layer")
    page.keyboard.press("Escape")
    box = page.locator(".cube-front").bounding_box() or {}
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    expect(frames).to_have_count(0)
    page.keyboard.press("a")
    about = page.locator(f"{FORM} .annotation-about")
    expect(about).to_have_text("layer conv1 at iteration 5")


def test_five_hundred_stay_apart_and_can_be_read(
    page: Page, run_id: int, site_engine: Engine, write: Callable[..., list[int]]
) -> None:
    at = [5 + number % 35 for number in range(500)]
    write(
        *(
            {"body": f"note {number}", "target": Target("class", number % 10, None, first, first)}
            for number, first in enumerate(at)
        )
    )
    open_view(page, run_id, "overview")
    expect(page.locator(".annotation-toggle")).to_have_text("✎ 500")
    marks = page.locator(MARKS)
    boxes = marks.evaluate_all("all => all.map((mark) => mark.getBoundingClientRect().toJSON())")
    assert all(box["right"] <= after["left"] for box, after in pairwise(boxes))
    numbers = marks.evaluate_all(
        "all => all.map((mark) => mark.dataset.annotations.split(',').length)"
    )
    assert sum(numbers) == 500
    assert marks.evaluate_all("all => all.filter((mark) => mark.tabIndex === 0).length") == 1
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(CARDS)).to_have_count(min(100, numbers[1]))
    page.get_by_role("button", name="All of the run").click()
    expect(page.locator(CARDS)).to_have_count(100)
    page.locator(".annotation-search").fill("note 123")
    expect(page.locator(CARDS)).to_have_count(1)
