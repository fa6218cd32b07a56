"""Every page of the application in a tab of its own, and what is seen of a lost connection."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from app.factory import VIEWS
from app.view import View

SAYS = {
    "server": "The server does not answer.",
    "database": "The server cannot reach its database.",
    "network": "There is no network.",
}


def view_of(address: str) -> View:
    """Return the view at an address."""
    path = urlsplit(address).path
    return next(view for view in VIEWS if view.match(path) is not None)


def banner(page: Page) -> Locator:
    """Return the banner of the connection."""
    return page.locator(".connection")


def expect_trouble(page: Page, harm: str) -> None:
    """Wait until the page says what is wrong; benchmarks.connection has how soon it does."""
    expect(banner(page)).to_contain_text(SAYS[harm])


def expect_well(page: Page) -> None:
    """Wait until the page says nothing of the kind any more."""
    expect(banner(page)).not_to_contain_text(re.compile("|".join(SAYS.values())))


@dataclass
class Tab:
    """One page of the browser, and what it complained about."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", self._thrown)
        self.page.on("console", self._said)

    def leave(self) -> None:
        """Listen to it no longer."""
        self.page.remove_listener("pageerror", self._thrown)
        self.page.remove_listener("console", self._said)

    def _thrown(self, error: Error) -> None:
        self.troubles.append(f"exception: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        # The browser's own line about a request that failed.
        ours = not message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and ours:
            self.troubles.append(f"{message.type}: {message.text}")

    @property
    def view(self) -> View:
        return view_of(self.page.url)

    def open(self, address: str) -> "Tab":
        """Open an address, and wait until its page is there."""
        self.page.goto(address)
        self.expect_whole()
        return self

    def expect_whole(self) -> None:
        """Address, tab, title and page are one, and every chart in it is drawn."""
        view, page = self.view, self.page
        expect(page.locator(".connection-cover")).to_have_count(0)
        expect(page.locator(f'#shell-page [id^="{prefix(view)}-"]').first).to_be_attached()
        expect(page).to_have_title(re.compile(re.escape(view.title) + " · DeepTracker$"))
        self.expect_tab(view)
        page.wait_for_function(
            """() => [...document.querySelectorAll("[data-chart]")].every((chart) =>
                !chart.checkVisibility() || chart.getBoundingClientRect().top > innerHeight
                || ["drawn", "message"].includes(chart.dataset.state))"""
        )

    def expect_tab(self, view: View) -> None:
        """The tab of the view is the marked one; of a view without a tab none is."""
        marked = self.page.locator('.shell-header .shell-tab[aria-current="page"]')
        if view.of_run or view.menu:
            expect(marked).to_have_text([view.title if view.of_run else str(view.menu)])
        else:
            expect(marked).to_have_count(0)

    def turn(self) -> None:
        """Click the tab after the marked one; from a page without a tab, the first one."""
        tabs = self.page.locator(".shell-header .shell-tab")
        marks = [tab.get_attribute("aria-current") for tab in tabs.all()]
        at = marks.index("page") if "page" in marks else -1
        self.page.bring_to_front()  # a page behind others is drawn once a second
        tabs.nth((at + 1) % len(marks)).click()

    def type(self) -> tuple[Locator, str] | None:
        """Type into the first field of the page that takes a text, if it has any."""
        fields = self.page.locator(
            "#shell-page textarea:visible, #shell-page input[type=text]:not([readonly]):visible,"
            "#shell-page input[type=password]:visible, #shell-page input:not([type]):visible"
        )
        for place in fields.all():
            if any(place.get_attribute(name) for name in ("aria-haspopup", "inputmode")):
                continue  # a list to choose from, or a number
            text = f"typed on {self.view.name}"
            place.fill(text)
            return place, text
        return None


def prefix(view: View) -> str:
    """Return what the ids of a view's components begin with."""
    return {"saved_views": "views"}.get(view.name, view.name).replace("_", "-")


def address_of(view: View, run_id: int) -> str:
    """Return the address of a view, of this run or naming it where it shows runs."""
    address = view.address(run_id=run_id) if view.of_run else view.path
    return f"{address}?runs={run_id}" if view.name == "compare" else address
