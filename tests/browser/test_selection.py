"""One selection in a real browser: history, long links, saved views, and nobody sees another's."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import Served, control, wait_until_painted
from db.permissions import Role
from db.queries.measurements import snapshots
from tests.browser.conftest import VIEWPORT, Watch, logged_in
from tests.browser.waiting import REST_MS, rest

ROWS = "#validation-rows"
# So many that no address holds them.
FILTERS = [[layer, number] for layer in range(10) for number in range(12)]


def selection(page: Page) -> dict[str, Any]:
    return page.evaluate("deeptracker.selection.get()")


def choose(page: Page, **fields: Any) -> None:
    page.evaluate("fields => deeptracker.selection.set(fields)", fields)
    rest(page)


def open_view(page: Page, run_id: int, view: str, query: str = "") -> None:
    page.goto(f"/run/{run_id}/{view}{query and '?' + query}")
    wait_until_painted(page)


def pick(page: Page, control: str, option: str) -> None:
    page.locator(control).click()
    page.get_by_role("option", name=option, exact=True).click()
    rest(page)


def over(page: Page, chart: str, column: int, columns: int) -> tuple[float, float]:
    box = page.locator(f"{chart} .dt-plot").first.bounding_box()
    assert box
    return box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + 12


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


@pytest.fixture(scope="module")
def viewer_state(browser: Browser, site: Served) -> dict:
    """The cookies of a viewer."""
    return logged_in(browser, site.new_link(role=Role.VIEWER))


@pytest.fixture
def other(browser: Browser, viewer_state: dict, site: Served, watch: Watch) -> Iterator[Page]:
    """The browser of somebody else: a viewer."""
    context = browser.new_context(
        base_url=site.address, viewport=VIEWPORT, storage_state=viewer_state
    )
    page = context.new_page()
    watch.over(page)
    yield page
    context.close()


def test_back_and_forward_restore_everything_without_reload(
    page: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    open_view(page, digits, "validation")
    page.evaluate("window.sameDocument = true")
    began = page.evaluate("history.length")
    columns = len(iterations)
    for column in (2, 3, 4):  # moves of the cursor make no entry
        page.mouse.move(*over(page, ROWS, column, columns))
        rest(page)
    assert page.evaluate("history.length") == began
    page.mouse.click(*over(page, ROWS, 4, columns))
    rest(page)
    pick(page, control("validation-palette"), "Colour-blind safe")
    page.get_by_role("link", name="Layers", exact=True).click()
    wait_until_painted(page)
    expect(page).to_have_url(re.compile("layers.*palette=safe"))
    pick(page, control("layers-measure"), "Gradients")
    assert page.evaluate("history.length") == began + 4
    posts = [path for path in watch.requests if path.startswith("/data/views")]
    assert posts == []

    page.go_back()
    expect(page.locator(control("layers-measure"))).to_have_value("Update / weight")
    page.go_back()
    expect(page.locator(control("validation-palette"))).to_have_value("Colour-blind safe")
    assert selection(page)["pins"] == [iterations[4]]
    page.go_back()
    expect(page.locator(control("validation-palette"))).to_have_value("Red to green")
    assert selection(page)["pins"] == [iterations[4]]
    page.go_back()
    rest(page)
    assert selection(page)["pins"] == []
    for _ in range(4):
        page.go_forward()
        rest(page)
    expect(page.locator(control("layers-measure"))).to_have_value("Gradients")
    now = selection(page)
    assert (now["pins"], now["palette"], now["measure"]) == ([iterations[4]], "safe", "gradient")
    assert page.evaluate("window.sameDocument")


def test_controls_follow_the_address_and_each_other_whenever_they_appear(
    page: Page, digits: int
) -> None:
    def shown(name: str, value: str) -> None:
        expect(page.locator(control(name))).to_have_value(value)

    open_view(page, digits, "workspace", "panes=overview,validation&palette=safe&find=3")
    for name in ("overview-palette", "validation-palette"):
        shown(name, "Colour-blind safe")
    shown("validation-search", "3")
    pick(page, control("overview-palette"), "Red to green")
    shown("validation-palette", "Red to green")
    assert "palette" not in page.url
    log = page.locator(control("overview-log-loss"))
    log.evaluate("element => element.click()")
    expect(page).to_have_url(re.compile("log=1"))
    page.go_back()
    expect(log).not_to_be_checked()
    page.go_back()
    for name in ("overview-palette", "validation-palette"):
        shown(name, "Colour-blind safe")
    page.go_forward()
    page.go_forward()
    expect(log).to_be_checked()
    shown("overview-palette", "Red to green")
    # Controls that come later show what is selected by then, and change nothing of it.
    pick(page, control("overview-palette"), "Colour-blind safe")
    choose(page, top=7, cubetied=True)
    page.locator("[data-workspace-switch=cube]").first.click()
    shown("cube-palette", "Colour-blind")
    shown("cube-top-count", "7")
    expect(page.locator(control("cube-tied"))).to_be_checked()
    rest(page)
    now = selection(page)
    assert (now["palette"], now["top"], now["cubetied"], now["log"]) == ("safe", 7, True, True)
    # A link to the page that is there, whose address says nothing: the selection goes along.
    page.get_by_role("link", name="Workspace", exact=True).click()
    expect(page).to_have_url(re.compile("/workspace.*palette=safe"))


def test_a_range_is_drawn_in_every_view_and_stays_in_the_address(
    page: Page, digits: int, iterations: list[int]
) -> None:
    columns = len(iterations)
    open_view(page, digits, "layers")
    rest(page)  # lanes under the axis come later, and move the charts down
    page.mouse.move(*over(page, "#layers-multiples", 2, columns))
    page.mouse.down()
    page.mouse.move(*over(page, "#layers-multiples", 4, columns))
    page.wait_for_timeout(REST_MS)  # a drag that rests is still one change
    page.mouse.move(*over(page, "#layers-multiples", 6, columns))
    page.mouse.up()
    wanted = f"range={iterations[2]}-{iterations[6]}"
    expect(page).to_have_url(re.compile(wanted))
    for view, charts in {
        "Layers": ["layers-multiples", "layers-axis"],
        "Validation": ["validation-rows", "validation-strip", "validation-axis"],
        "Overview": ["overview-classes", "overview-strip", "overview-layers", "overview-axis"],
    }.items():
        tab = page.get_by_role("link", name=view, exact=True)
        if view != "Layers":
            tab.click()
        expect(tab).to_have_attribute("aria-current", "page")
        wait_until_painted(page)
        for chart in charts:
            expect(page.locator(f"#{chart} .dt-range").first).to_be_visible()
        assert wanted in page.url
    page.go_back()
    page.go_back()
    page.go_back()
    rest(page)
    assert selection(page)["range"] is None


def test_a_long_selection_has_a_short_address_that_opens_for_others(
    page: Page, other: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    open_view(page, digits, "layers", f"cursor={iterations[1]}")
    choose(page, filters=FILTERS, k=3, pins=iterations)
    expect(page).to_have_url(
        re.compile(r"/layers\?view=[A-Za-z0-9]{12}&cursor=\d+&of=[0-9a-f]{8}$")
    )
    assert len(page.url) < 200
    asked = len(watch.requests)
    page.mouse.move(*over(page, "#layers-multiples", 3, len(iterations)))
    rest(page)
    assert watch.requests[asked:] == []
    assert f"cursor={iterations[3]}" in page.url
    sent = {name: selection(page)[name] for name in ("filters", "k", "pins", "cursor")}
    link = page.url

    page.reload()
    wait_until_painted(page)
    assert {name: selection(page)[name] for name in sent} == sent
    other.goto(link)
    wait_until_painted(other)
    assert {name: selection(other)[name] for name in sent} == sent
    # What one changes the other does not see, nor does a second tab of the same person.
    choose(other, filters=FILTERS[1:], pins=[])
    expect(other).not_to_have_url(link)
    tab = page.context.new_page()
    open_view(tab, digits, "layers", "pins=" + str(iterations[5]))
    choose(tab, filters=FILTERS[2:])
    assert {name: selection(page)[name] for name in sent} == sent
    assert selection(other)["pins"] == []
    assert selection(tab)["pins"] == [iterations[5]]
    page.reload()
    wait_until_painted(page)
    assert page.url == link
    assert {name: selection(page)[name] for name in sent} == sent
    # Back to the short selection, which needs nobody's help.
    page.go_back()
    rest(page)
    assert selection(page)["filters"] == []
    assert "view=" not in page.url


def test_a_link_that_leads_nowhere_explains_itself(page: Page, digits: int, watch: Watch) -> None:
    open_view(page, digits, "layers", "view=nothinghere1&pins=")
    expect(page.get_by_text("There is no saved view under this link")).to_be_visible()
    assert selection(page)["filters"] == []
    page.goto("/v/nothinghere1")
    expect(page.get_by_text("Ask whoever sent it for a new link")).to_be_visible()
    assert all("404" in trouble for trouble in watch.troubles)
    watch.troubles.clear()


def save(page: Page, name: str, choice: str) -> str:
    page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Enter a name")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label(choice).check()
    with page.expect_response("**/data/views") as answer:
        page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    return answer.value.json()["id"]


def test_saved_views_are_found_opened_renamed_shared_and_deleted(
    page: Page, other: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    open_view(page, digits, "layers")
    choose(page, pins=[iterations[3]], measure="gradient", layers=[2])
    shared, private = save(page, "Gradient bursts", "Shared"), save(page, "Mine alone", "Private")
    other.goto("/views")
    expect(other.locator("#views-body")).to_contain_text("Gradient bursts")
    expect(other.locator("#views-body")).not_to_contain_text("Mine alone")
    other.get_by_role("link", name="Gradient bursts").click()
    wait_until_painted(other)
    seen = selection(other)
    assert (seen["pins"], seen["measure"], seen["layers"]) == ([iterations[3]], "gradient", [2])
    expect(other.locator(control("layers-measure"))).to_have_value("Gradients")
    # A viewer saves for itself alone.
    other.get_by_role("button", name="Save view").click()
    expect(other.get_by_label("Shared with the team")).to_be_disabled()
    other.keyboard.press("Escape")
    other.goto(f"/v/{private}")
    expect(other.get_by_text("There is no saved view under this link")).to_be_visible()
    assert all("404" in trouble for trouble in watch.troubles)
    watch.troubles.clear()

    page.goto(f"/v/{private}")
    wait_until_painted(page)
    assert selection(page)["pins"] == [iterations[3]]
    # Its address may be sent on: it does not name what only its owner may open.
    rest(page)
    assert private not in page.url
    page.goto("/views")
    page.get_by_role("button", name="Change or delete Gradient bursts").click()
    page.get_by_label("Name").fill("Bursts")
    page.locator("#views-apply").click()
    expect(page.locator("#views-body")).to_contain_text("Bursts")
    page.get_by_label("Search the saved views").fill("alone")
    expect(page.locator("#views-count")).to_have_text("1 of 2")
    page.get_by_role("button", name="Change or delete Mine alone").click()
    page.locator("#views-delete").click()
    expect(page.get_by_role("heading", name="No saved view matches")).to_be_visible()
    other.goto(f"/v/{shared}")
    wait_until_painted(other)
    assert selection(other)["measure"] == "gradient"
