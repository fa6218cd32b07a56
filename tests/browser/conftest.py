"""A live server with real recorded runs, and a browser that is logged in."""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from benchmarks import outages
from benchmarks.browser import PASSWORD, Served, chromium, serve
from db.engine import make_engine
from ingest.pipeline import load_log
from tests import servers, warm
from tests.browser.lending import Lender
from tests.browser.logs import Log
from tests.browser.waiting import LONGEST_MS, watch_rest
from tests.ports import free_port

VIEWPORT = {"width": 1280, "height": 900}
# Chromium looks for the icon again whenever the address changes, and every open page asks now and
# then, whatever is done to it: for the late script, for new annotations and findings, for the state
# of its run, whether the server is there.
BY_ITSELF = re.compile(
    r"(mark\.svg|favicon\.ico|/late-\w+\.js|/annotations|/annotations/mentions|/connection"
    r"|/data/run/\d+/(findings|state))$"
)
# Scripts of a page that stands for some seconds are not worth being compiled well, and of painting
# threads one is enough: loading a page takes a sixth less of the processor.
SHORT_LIVED = ("--js-flags=--no-opt --no-maglev", "--num-raster-threads=1")
# The one limit of all waits for what comes by itself: four servers and browsers share two cores.
# How soon it comes is measured by benchmarks.
expect.set_options(timeout=LONGEST_MS)


@pytest.fixture(scope="module")
def site(server_url: URL, template_url: URL) -> Iterator[Served]:
    """The application on a database of the file's own: none sees another's runs and people."""
    with (
        servers.database(server_url, template=str(template_url.database)) as url,
        serve(servers.plain(url), start=warm.start) as served,
    ):
        yield served


@pytest.fixture(scope="module")
def site_engine(site: Served) -> Iterator[Engine]:
    """An engine on the site's database."""
    engine = make_engine(site.database_url, statement_timeout_ms=None)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def digits(site_engine: Engine, recorded_run: Path) -> int:
    """The id of a complete run on digits, loaded from the log of a real training."""
    return load_log(site_engine, recorded_run).run_id


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium whose pages know when they are at rest."""
    with chromium(*SHORT_LIVED) as browser:
        watch_rest(browser)
        yield browser


@dataclass
class Watch:
    """What a page did that it should not have: console errors, exceptions, foreign requests."""

    host: str
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._heard: dict[Any, Callable[[Any], None]] = {
            "console": lambda message: self._said(message.type, message.text),
            "pageerror": lambda error: self.troubles.append(f"exception: {error}"),
            "request": lambda request: self._asked(request.url),
        }

    def over(self, page: Page) -> None:
        """Watch a page from now on."""
        for event, hear in self._heard.items():
            page.on(event, hear)

    def leave(self, page: Page) -> None:
        """Watch it no longer."""
        for event, hear in self._heard.items():
            page.remove_listener(event, hear)

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.troubles.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            if parts.netloc != self.host:
                self.troubles.append(f"request to another host: {url}")
            if not BY_ITSELF.search(parts.path):
                self.requests.append(parts.path + (f"?{parts.query}" if parts.query else ""))


def logged_in(browser: Browser, link: str) -> Any:
    """Return the cookies of who has chosen a password by a one-time link: no page is drawn."""
    context = browser.new_context()
    enter(context, link)
    state = context.storage_state()
    context.close()
    return state


def enter(context: BrowserContext, link: str) -> None:
    """Log a browser profile in by a one-time link, without drawing a page."""
    parts = urlsplit(link)
    answer = context.request.post(
        link,
        form={"password": PASSWORD, "again": PASSWORD},
        headers={"Origin": f"{parts.scheme}://{parts.netloc}"},
        max_redirects=0,
    )
    assert answer.status == 303, answer.text()


@pytest.fixture(scope="module")
def login_state(browser: Browser, site: Served) -> Any:
    """The cookies of somebody who has logged in by a one-time link."""
    return logged_in(browser, site.new_link())


@pytest.fixture
def context(browser: Browser, login_state: dict, site: Served) -> Iterator[BrowserContext]:
    """A browser profile of the test's own, logged in."""
    context = browser.new_context(
        base_url=site.address, viewport=VIEWPORT, storage_state=login_state
    )
    yield context
    context.close()


@pytest.fixture
def watch(site: Served) -> Watch:
    """What the test's page does."""
    return Watch(urlsplit(site.address).netloc)


@pytest.fixture(scope="module")
def lender(browser: Browser, login_state: dict, site: Served) -> Iterator[Lender]:
    """What lends the file's page to its tests."""
    lender = Lender(browser, base_url=site.address, viewport=VIEWPORT, storage_state=login_state)
    yield lender
    lender.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, lender: Lender, watch: Watch) -> Iterator[Page]:
    """A page that is logged in; the test fails where it complained or asked another host.

    It is lent: take away what listens to it and would do more than listen.
    """
    failed = request.session.testsfailed
    page = lender.lend()
    watch.over(page)
    yield page
    watch.leave(page)
    if request.session.testsfailed > failed:
        lender.close()
    else:
        lender.take_back(page)
    assert watch.troubles == []


@pytest.fixture
def log(recorded_run: Path, tmp_path: Path) -> Callable[..., Log]:
    """A function that begins a log of its own: `log(name=..., state=..., change=...)`."""
    return lambda **changes: Log(tmp_path / secrets.token_hex(4), recorded_run, **changes)


@pytest.fixture(scope="module")
def hurt(server_url: URL, template_url: URL) -> Iterator[outages.Site]:
    """An application that may be hurt, on a database of its own."""
    with (
        servers.database(server_url, template=str(template_url.database)) as url,
        outages.serve(url, port=free_port(), database_port=free_port(), start=warm.start) as site,
    ):
        yield site


@pytest.fixture(scope="module")
def hurt_engine(hurt: outages.Site) -> Iterator[Engine]:
    """An engine on its database, which no harm reaches."""
    engine = make_engine(hurt.served.database_url, statement_timeout_ms=None)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def hurt_run(hurt_engine: Engine, recorded_run: Path) -> int:
    """The id of a complete run on digits in it."""
    return load_log(hurt_engine, recorded_run).run_id


@pytest.fixture(scope="module")
def hurt_login(browser: Browser, hurt: outages.Site) -> Any:
    """The cookies of somebody who has logged in there."""
    return logged_in(browser, hurt.served.new_link(email="ann@example.org"))
