"""One page for the tests of a file, one after the other: its process has read our scripts before.

A page of its own for each test takes nearly twice the processor, for the scripts are compiled anew.
"""

from typing import Any

from playwright.sync_api import Browser, Error, Page

_FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"
_MEDIA: dict[str, Any] = {"color_scheme": "null", "reduced_motion": "null", "media": "null"}


class Lender:
    """Lends a page that is as new, in a browser profile with these `options` of Playwright's."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self._browser, self._options = browser, options
        self._page: Page | None = None

    def lend(self) -> Page:
        """Return a page with the cookies of the options, and no others."""
        if self._page is None:
            self._page = self._browser.new_context(**self._options).new_page()
        else:
            self._page.context.clear_cookies()
            self._page.context.add_cookies(self._options["storage_state"]["cookies"])
        return self._page

    def take_back(self, page: Page) -> None:
        """Make a page as new; where that cannot be, the next test gets another one."""
        try:
            page.unroute_all(behavior="ignoreErrors")
            for other in page.context.pages:
                if other is not page:
                    other.close()
            # Of our origin, whose storage it empties, without a script that could write there.
            page.goto("/health")
            page.evaluate(_FORGET)
            page.set_viewport_size(self._options["viewport"])
            page.emulate_media(**_MEDIA)
            page.mouse.move(-1, -1)
        except Error:
            self.close()

    def close(self) -> None:
        """Close the page, and its profile."""
        if self._page is not None:
            self._page.context.close()
            self._page = None
