"""The frame, the login and the pages of tables in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.browser import Served, control, wait_until_painted
from tests.browser.conftest import Watch
from tests.browser.waiting import rest

PASSWORD = "correct horse battery staple"


def scheme(page: Page) -> str | None:
    return page.evaluate("document.documentElement.dataset.mantineColorScheme")


def test_a_link_leads_in_and_logging_out_leads_out(
    browser: Browser, site: Served, watch: Watch
) -> None:
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    watch.over(page)
    page.goto(site.new_link())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    page.get_by_role("button", name="Save and log in").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page).to_have_title("Runs · DeepTracker")
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto("/jobs")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fjobs$"))
    context.close()
    # What the page asked for by itself while it was logged out is refused, and the browser says so.
    assert [trouble for trouble in watch.troubles if "401" not in trouble] == []


def test_the_table_sorts_and_searches(page: Page, digits: int) -> None:
    page.goto("/")
    created = page.locator("th", has_text="Created")
    expect(created).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(created).to_have_attribute("aria-sort", "none")
    expect(page.locator("#runs-sort-name-cell")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Search the runs").fill("no run has these words")
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    expect(page.locator(".dt-table")).to_be_hidden()
    page.get_by_label("Search the runs").fill("digits")
    page.get_by_role("link", name="digits-seed-0").first.click()
    expect(page).to_have_url(re.compile(r"/run/\d+/overview"))
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    expect(page).to_have_title(re.compile("digits-seed-0 · Overview"))
    page.go_back()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_a_log_that_may_not_be_read_is_asked_for_and_cancelled(page: Page) -> None:
    page.goto("/jobs")
    page.get_by_role("button", name="Load now").click()
    expect(page.locator("#jobs-problem")).to_contain_text("Enter the folder of a run")
    page.get_by_role("textbox", name="Run directory").fill("no-such-run")
    page.get_by_role("button", name="Load now").click()
    row = page.locator("#jobs-body tr", has_text="no-such-run")
    expect(row).to_contain_text("queued")
    row.get_by_role("button", name="Log").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("no-such-run")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("cancelled")
    expect(row.get_by_role("button", name="Retry")).to_be_visible()


def test_the_colours_are_chosen_kept_and_given_back_to_the_system(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert scheme(page) == "light"
    page.get_by_role("button", name="Switch between light and dark").click()
    assert scheme(page) == "dark"
    page.reload(wait_until="commit")
    page.wait_for_selector("body")
    # Before the frame is there: nothing flashes.
    assert scheme(page) == "dark"
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Colours of the system").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_session_that_ended_leads_to_the_login_and_back(
    browser: Browser, site: Served, login_state: dict
) -> None:
    context = browser.new_context(base_url=site.address, storage_state=login_state)
    page = context.new_page()
    page.goto("/account")
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    context.clear_cookies()
    # The page asks by itself and says so; then it moves on.
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_role("link", name="Ingest jobs").click()
    expect(page.get_by_text("opens as soon as you are logged in again")).to_be_visible()
    page.get_by_role("link", name="Log in here").click()
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fjobs$"))
    context.close()


def test_the_keyboard_skips_to_the_page(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()


def test_help_tells_the_keys_of_the_page_and_leads_through_the_tour(
    page: Page, digits: int
) -> None:
    page.goto(f"/run/{digits}/layers")
    wait_until_painted(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name=re.compile("Help: .* Layers"))
    expect(dialog).to_contain_text("compare the layer with others")
    expect(dialog).to_contain_text("annotate what the pointer is on")
    expect(dialog).not_to_contain_text("unfolded")  # a key of the cube
    expect(dialog).to_contain_text("the weights of one module")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(control("layers-search")).press("?")
    expect(dialog).to_be_hidden()  # there it is a letter
    page.locator(control("layers-measure")).hover()
    expect(page.locator(".dt-tooltip")).to_contain_text("Which quantity of the layers is drawn.")
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Take the tour: five steps").click()
    for number, (path, about) in enumerate(
        (("/", "a[href*='/run/']"), ("overview", "[class^='overview-']"),
         ("validation", "[data-chart='validationrows']"), ("layers", ".layers-tree"),
         ("layers", ".annotation-toggle")), 1
    ):  # fmt: skip
        expect(page.locator(".tour-count")).to_have_text(f"{number} of 5")
        expect(page.locator(f"{about}.help-pointed")).to_be_visible()
        expect(page).to_have_url(re.compile(path))
        expect(page.locator(".tour-next")).to_be_focused()
        # What is pointed at is drawn again by its page.
        page.locator(".help-pointed").evaluate("each => each.classList.remove('help-pointed')")
        if number == 5:
            page.locator(about).evaluate("each => each.replaceWith(each.cloneNode(true))")
        expect(page.locator(f"{about}.help-pointed")).to_be_visible()
        page.keyboard.press("Enter")
    expect(page.locator(".tour-card")).to_have_count(0)
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("button", name="Take the tour again")).to_be_visible()


def test_a_first_visit_asks_for_few_files_of_ours(
    context: BrowserContext, digits: int, watch: Watch
) -> None:
    page = context.new_page()
    watch.over(page)
    page.goto(f"/run/{digits}/overview")
    wait_until_painted(page)
    files = page.evaluate(
        """() => performance.getEntriesByType("resource")
          .filter(({ name }) => /^\\/assets\\/.*\\.(js|css)$/.test(new URL(name).pathname))
          .map(({ name, transferSize }) => [new URL(name).pathname, transferSize])"""
    )
    first = [(name, size) for name, size in files if "/late-" not in name]
    assert len(first) <= 8, first
    assert 0 < sum(size for _, size in first) <= 150_000, first
    # What other pages draw comes when there is nothing else to do, and is there for the next click.
    page.wait_for_function("() => deeptracker.charts.kinds().includes('cube')")
    late = page.evaluate("""() => performance.getEntriesByType("resource")
      .filter(({ name }) => name.includes("/late-")).map(({ transferSize }) => transferSize)""")
    assert len(late) == 1
    assert 0 < late[0] <= 80_000, late
    # Tests and the console of a browser have one handle, and there is no other.
    ours = page.evaluate("Object.keys(window).filter((name) => /tracker/i.test(name))")
    assert ours == ["deeptracker"]
    assert watch.troubles == []


@pytest.mark.parametrize(
    "address",
    ["/", "/jobs", "/annotations", "/people", "/account", "/run/{}/overview", "/run/{}/findings"],
)
def test_a_phone_shows_a_page_whole(page: Page, digits: int, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address.format(digits))
    expect(page.locator("#shell-page :is(h1, h2)").first).to_be_visible()
    rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # A row is a card: what can be done with it is in sight, and its cells say what they hold.
    for act in page.locator("#shell-page .dt-table tbody button:visible").all():
        box = act.bounding_box()
        assert box["x"] + box["width"] <= 390
    said = page.locator(".dt-table[data-cards]:not([data-table]) td:visible").evaluate_all(
        "cells => cells.map((cell) => getComputedStyle(cell, '::before').content)"
    )
    assert not {"none", "normal"} & set(said[:4])
    if address == "/people":
        assert said[:2] == ['"Person"', '"Role"']
    # The name stays readable beside the mark of unread mentions.
    if "/run/" in address:
        page.locator("#annotation-header").evaluate(
            """(holder) => {
                const mark = document.createElement("a");
                mark.className = "annotation-mentions";
                mark.textContent = "@ 12";
                holder.prepend(mark);
            }"""
        )
        assert page.locator(".shell-path").bounding_box()["width"] >= 110
        rows = {
            round(page.locator(part).bounding_box()["y"] / 40)
            for part in (".shell-tabs", ".shell-tools")
        }
        assert len(rows) == 1
    # Nothing of the header lies over something else, or outside.
    for part in (page.locator(".shell-avatar"), page.locator(".shell-tab").first):
        part.click(trial=True)
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_what_a_page_shows_is_asked_for_with_the_pointer_on_its_link(
    page: Page, digits: int
) -> None:
    page.goto(f"/run/{digits}/overview")
    wait_until_painted(page)
    page.wait_for_function("() => deeptracker.charts.kinds().includes('multiples')")
    # What no link says: the answer with the page has the charts, and these say it.
    with page.expect_request(lambda request: "/layer-rows?" in request.url):
        page.locator(f'a.shell-tab[href^="/run/{digits}/layers"]').hover()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(f'a.shell-tab[href^="/run/{digits}/layers"]').click()
    expect(page.locator("#layers-multiples")).to_have_attribute("data-state", "drawn")
    assert not [url for url in asked if "/layer-rows?" in url or "/layer-tree" in url]
