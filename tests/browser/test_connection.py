"""Server, database and network fail under every page: it says so, loses nothing, and goes on.

Pages of every kind meet each harm, and each page two of them: what says so, keeps what was typed
and goes on is of all pages alike. With DEEPTRACKER_SOAK=1 each page meets each of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from app.factory import VIEWS
from app.view import View
from benchmarks.outages import Site
from tests.browser.conftest import VIEWPORT
from tests.browser.outages import Tab, address_of, expect_trouble, expect_well, view_of
from tests.faults.conftest import SOAK

# Every page of the application is opened, many at once.
pytestmark = pytest.mark.timeout(400)
HARMS = ("database", "network", "server")


@pytest.fixture(scope="module")
def everywhere(browser: Browser, hurt: Site, hurt_login: dict) -> Iterator[BrowserContext]:
    """A browser profile that is logged in, for all tests of this file."""
    context = browser.new_context(
        base_url=hurt.address, viewport=VIEWPORT, storage_state=hurt_login
    )
    yield context
    context.close()


@pytest.fixture(scope="module", params=range(len(HARMS)), ids=["first", "second", "third"])
def part(request: pytest.FixtureRequest) -> int:
    """Which third of the pages is opened: every third one, so that each has lists and charts."""
    return request.param


def views_of(part: int) -> tuple[View, ...]:
    """Return the views of a third."""
    return VIEWS[part :: len(HARMS)]


@pytest.fixture(scope="module")
def opened(everywhere: BrowserContext) -> list[Tab]:
    """As many tabs as the largest third has pages; their processes have read our scripts then."""
    return [Tab(everywhere.new_page()) for _ in views_of(0)]


@pytest.fixture(scope="module")
def tabs(opened: list[Tab], part: int, hurt_run: int) -> list[Tab]:
    """The pages of a third, each in a tab of its own."""
    return [
        tab.open(address_of(view, hurt_run))
        for tab, view in zip(opened, views_of(part), strict=False)
    ]


@dataclass(frozen=True)
class Harm:
    """What is done to the application, and undone."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


@pytest.fixture
def harm(
    request: pytest.FixtureRequest, part: int, hurt: Site, everywhere: BrowserContext
) -> Iterator[Harm]:
    """The harm that stands so many places after the part's own; it has ended after the test."""
    name = HARMS[(part + request.param) % len(HARMS)]
    found = {
        "server": Harm("server", hurt.stop, hurt.start),
        "database": Harm("database", hurt.database.refuse, hurt.database.answer),
        "network": Harm(
            "network",
            lambda: everywhere.set_offline(True),
            lambda: everywhere.set_offline(False),
        ),
    }[name]
    yield found
    everywhere.set_offline(False)
    hurt.database.answer()
    if hurt.process.poll() is not None:
        hurt.start()


def harmed(place: int) -> pytest.MarkDecorator:
    """Ask for the harm at this place after a part's own; for each of them where there is time."""
    return pytest.mark.parametrize("harm", range(len(HARMS)) if SOAK else [place], indirect=True)


@harmed(0)
def test_every_page_says_it_keeps_what_was_typed_and_goes_on(tabs: list[Tab], harm: Harm) -> None:
    harm.begin()
    typed = []
    for tab in tabs:
        expect_trouble(tab.page, harm.name)
        typed += [found] if (found := tab.type()) else []
    assert len(typed) >= 2
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


@harmed(1)
def test_every_page_can_be_left_for_another_one_meanwhile(tabs: list[Tab], harm: Harm) -> None:
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
