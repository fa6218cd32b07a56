"""How soon an open page says that the server, its database or the network is away, and goes on.

`python -m benchmarks.connection`. From a request that fails to the banner; in a page that asks
nothing, from the moment of the harm. The reference of the former is the same request while all is
well, of the latter a page that asks as pages do.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from benchmarks import outages
from benchmarks.browser import chromium, log_in
from benchmarks.database import benchmark_engine
from benchmarks.outages import Site, free_port
from benchmarks.report import Row, main

NEXT_REQUEST_SECONDS = 2.0
IDLE_SECONDS = 15.0
REPEATS = 5

# Seconds until the page says that something is wrong, from a request that this makes.
_ASKED = """
() => new Promise((resolve) => {
  const start = performance.now();
  const look = () => {
    if (deeptracker.connection.state === "online") requestAnimationFrame(look);
    else resolve((performance.now() - start) / 1000);
  };
  deeptracker.fetchJson("/data/annotations/mentions");
  look();
})
"""
_ANSWERED = """
async () => {
  const start = performance.now();
  await deeptracker.fetchJson("/data/annotations/mentions");
  return (performance.now() - start) / 1000;
}
"""
# A page that asks for nothing: its questions are never sent.
_SILENCE = "() => { deeptracker.fetchJson = () => new Promise(() => {}); }"
_TROUBLE = "() => deeptracker.connection.state !== 'online'"
_WELL = "() => deeptracker.connection.state === 'online'"


def measure(scale: float) -> Iterator[Row]:
    """Hurt the application again and again under an open page."""
    repeats = max(1, round(REPEATS * scale))
    with (
        benchmark_engine() as engine,
        outages.serve(engine.url, port=free_port(), database_port=free_port()) as site,
        chromium() as browser,
    ):
        context = browser.new_context(base_url=site.address)
        page = context.new_page()
        log_in(page, site.served.new_link())
        harms = {
            "server stopped": (site.stop, site.start),
            "database cut off": (site.database.refuse, site.database.answer),
            "no network": (lambda: context.set_offline(True), lambda: context.set_offline(False)),
        }
        back: list[float] = []
        for name, (begin, end) in harms.items():
            found = [_next_request(page, begin, end, back) for _ in range(repeats)]
            worst, answered = max(seconds for seconds, _ in found), [ok for _, ok in found]
            yield Row(
                f"{name}: said after the next request, the worst of {repeats}", worst, "s",
                statistics.median(answered), f"below {NEXT_REQUEST_SECONDS:g} s",
                worst < NEXT_REQUEST_SECONDS,
            )  # fmt: skip
        yield Row("all is well: seen after, the worst", max(back), "s")
        asking = max(_unasked(page, site, silent=False) for _ in range(repeats))
        idle = max(_unasked(page, site, silent=True) for _ in range(repeats))
        yield Row(
            "server stopped: said in a page that asks nothing, the worst", idle, "s", asking,
            f"below {IDLE_SECONDS:g} s", idle < IDLE_SECONDS,
        )  # fmt: skip
        yield Row("server frozen: said after the next request", _frozen(page, site), "s")


def _next_request(
    page: Page, begin: Callable[[], None], end: Callable[[], None], back: list[float]
) -> tuple[float, float]:
    """Return the seconds until a harm is said, and those of the same request without it."""
    page.goto("/account")
    page.wait_for_selector("#account-sessions tbody tr")
    answered = float(page.evaluate(_ANSWERED))
    begin()
    said = float(page.evaluate(_ASKED))
    page.wait_for_timeout(2_000)
    end()
    with _stopwatch() as seconds:
        page.wait_for_function(_WELL)
    back.append(seconds[0])
    return said, answered


def _unasked(page: Page, site: Site, *, silent: bool) -> float:
    """Return the seconds until a stopped server is said in a page that nobody touches."""
    page.goto("/account")
    page.wait_for_selector("#account-sessions tbody tr")
    if silent:
        page.evaluate(_SILENCE)
    page.wait_for_timeout(1_000)
    site.stop()
    with _stopwatch() as seconds:
        page.wait_for_function(_TROUBLE, timeout=60_000)
    site.start()
    page.wait_for_function(_WELL)
    return seconds[0]


def _frozen(page: Page, site: Site) -> float:
    page.goto("/account")
    page.wait_for_selector("#account-sessions tbody tr")
    site.freeze()
    try:
        return float(page.evaluate(_ASKED))
    finally:
        site.thaw()


@contextmanager
def _stopwatch() -> Iterator[list[float]]:
    """Yield a list that gets the seconds of the block at its end."""
    found: list[float] = []
    start = time.monotonic()
    yield found
    found.append(time.monotonic() - start)


if __name__ == "__main__":
    main("connection", measure)
