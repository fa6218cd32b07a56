"""Server, database and network fail under every page: it says so, loses nothing, and goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from benchmarks.outages import Site
from tests.browser.conftest import VIEWPORT
from tests.browser.outages import Tab, expect_trouble, expect_well, open_all, view_of

# Every page of the application is opened, each in a tab.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def everywhere(browser: Browser, hurt: Site, hurt_login: dict) -> Iterator[BrowserContext]:
    """A browser profile that is logged in, for all tests of this file."""
    context = browser.new_context(
        base_url=hurt.address, viewport=VIEWPORT, storage_state=hurt_login
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def tabs(everywhere: BrowserContext, hurt_run: int) -> list[Tab]:
    """Every page of the application, each in a tab of its own."""
    return open_all(everywhere, hurt_run)


@dataclass(frozen=True)
class Harm:
    """What is done to the application, and undone."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


HARMS = ("database", "network", "server")


@pytest.fixture(params=HARMS)
def harm(request: pytest.FixtureRequest, hurt: Site, everywhere: BrowserContext) -> Iterator[Harm]:
    """One of the harms; it has ended after the test whatever happened."""
    found = {
        "server": Harm("server", hurt.stop, hurt.start),
        "database": Harm("database", hurt.database.refuse, hurt.database.answer),
        "network": Harm(
            "network",
            lambda: everywhere.set_offline(True),
            lambda: everywhere.set_offline(False),
        ),
    }[request.param]
    yield found
    everywhere.set_offline(False)
    hurt.database.answer()
    if hurt.process.poll() is not None:
        hurt.start()


def test_every_page_says_it_keeps_what_was_typed_and_goes_on(tabs: list[Tab], harm: Harm) -> None:
    harm.begin()
    typed = []
    for tab in tabs:
        expect_trouble(tab.page, harm.name)
        typed += [found] if (found := tab.type()) else []
    assert len(typed) >= 5
    harm.end()
    for tab in tabs:
        expect_well(tab.page)
        tab.expect_whole()
        # What was searched for while nothing could be asked is what is shown now.
        if tab.view.name == "runs":
            expect(tab.page.get_by_role("heading", name="No run matches")).to_be_visible()
    for place, text in typed:
        expect(place).to_have_value(text)
        place.fill("")
    assert [tab.troubles for tab in tabs] == [[]] * len(tabs)


def test_every_page_can_be_left_for_another_one_meanwhile(tabs: list[Tab], harm: Harm) -> None:
    """Every page with one of the harms: what stands there until a page comes knows nothing of it.

    That every page says each of them is seen above.
    """
    tabs = tabs[HARMS.index(harm.name) :: len(HARMS)]
    for tab in tabs:
        tab.expect_whole()
    harm.begin()
    for tab in tabs:
        expect_trouble(tab.page, harm.name)
        before = tab.page.url
        tab.turn()
        expect(tab.page.locator(".connection-cover")).to_contain_text("opens as soon as")
        wanted = tab.view
        assert wanted != view_of(before)
        # Address, tab and title are those of the page to come, and its place says so.
        tab.expect_tab(wanted)
        expect(tab.page).to_have_title(
            f"{wanted.title if wanted.of_run else wanted.menu} · DeepTracker"
        )
        expect(tab.page.locator("#shell-page")).to_be_hidden()
    harm.end()
    for tab in tabs:
        expect_well(tab.page)
        tab.expect_whole()
    assert [tab.troubles for tab in tabs] == [[]] * len(tabs)
