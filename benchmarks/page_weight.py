"""What each tab of a run weighs: bytes of script, style and data of a first and a second visit.

`python -m benchmarks.page_weight`. Sizes are those that went over the wire, compressed, as Chromium
counts them; the reference of a tab is the overview in the same run. Plotly is larger than all else
together: a tab that draws nothing with it must not load it.
"""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ViewportSize

from app.factory import VIEWS
from benchmarks.browser import Served, chromium, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from ingest.pipeline import load_log

KINDS = ("script", "style", "data")
# Tabs that draw with Plotly.
DRAWS: frozenset[str] = frozenset()
VIEWPORT = ViewportSize(width=1280, height=900)
REST_MS = 1_500
KB = 1_024


@dataclass
class Weight:
    """Bytes by kind, and whether Plotly was among them."""

    bytes: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    plotly: bool = False

    @property
    def whole(self) -> float:
        """Return all bytes together."""
        return sum(self.bytes.values())


def measure(scale: float) -> Iterator[Row]:
    """Open every tab of a run in a browser of its own, then once more in the same one."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        log = Path(folder) / "log"
        write_log(log, scale=scale)
        run_id = load_log(engine, log).run_id
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            yield from _rows(browser, served, run_id)


def _rows(browser: Browser, served: Served, run_id: int) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state: Any = login.storage_state()
    login.close()
    tabs = [(view.title, view.path) for view in VIEWS if view.of_run]
    tabs.sort(key=lambda tab: "overview" not in tab[1])  # the reference comes first
    reference: dict[str, float] = {}
    for title, path in tabs:
        address = served.address + path.replace("<run_id>", str(run_id))
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        for visit in ("first", "second"):
            found = _visit(context, address)
            for kind in KINDS:
                name = f"{kind}, {visit} visit"
                figure = found.bytes[kind] / KB
                yield Row(f"{title}: {name}", figure, "KB", reference.setdefault(name, figure))
            holds = title in DRAWS or not found.plotly
            loaded = float(found.plotly)
            yield Row(f"{title}: Plotly loaded, {visit} visit", loaded, "", bar="0", holds=holds)
        context.close()


def _visit(context: BrowserContext, address: str) -> Weight:
    """Open an address, and count what comes until nothing more does."""
    page = context.new_page()
    weight = Weight()
    kinds: dict[str, str] = {}
    session = context.new_cdp_session(page)
    session.send("Network.enable")

    def came(event: dict[str, Any]) -> None:
        url = event["response"]["url"]
        kinds[event["requestId"]] = kind_of(url)
        weight.plotly |= "plotly" in url.rpartition("/")[2]

    def ended(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "")
        if kind in weight.bytes:
            weight.bytes[kind] += event["encodedDataLength"]

    session.on("Network.responseReceived", came)
    session.on("Network.loadingFinished", ended)
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(REST_MS)
    page.close()
    return weight


def kind_of(url: str) -> str:
    """Return what an address is: "script", "style" or "data"; "" for pictures and fonts."""
    path = re.sub(r"[?#].*", "", url)
    for ending, kind in ((".js", "script"), (".css", "style")):
        if path.endswith(ending):
            return kind
    return "" if re.search(r"\.(svg|png|webp|woff2?)$", path) else "data"


if __name__ == "__main__":
    main("page weight", measure)
