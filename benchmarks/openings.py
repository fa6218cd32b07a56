"""Opens pages as a person does, and notes what that took: used by benchmarks/ten_times.py.

Times, processor time of the web processes and of the page, answers, memory, and two steps: the
cursor moves, and a part of the run is zoomed into.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, Response, StorageState, ViewportSize

from benchmarks.browser import PAINTED, act_to_painted

VIEWPORT = ViewportSize(width=1280, height=900)
# Pages with a single chart count too: it is drawn with the rest of what they say.
_PAINTED = PAINTED.replace("charts.length > 1", "charts.length > 0")
# What a page still asks for once it is painted, and draws.
REST_MS = 1_500
_DRAWN = (
    '[...document.querySelectorAll("[data-chart]")]'
    '.every((chart) => ["drawn", "message"].includes(chart.dataset.state))'
)


@dataclass
class Opening:
    """What opening a page took: milliseconds, the answers by path, and the browser's memory."""

    painted: float = float("nan")
    settled: float = float("nan")
    answers: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    browser_mb: float = 0.0
    heap_mb: float = 0.0
    elements: int = 0
    server_cpu: float = 0.0
    page_cpu: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def largest(self) -> tuple[str, float]:
        """Return the path of the largest answer, and its MB."""
        path = max(self.answers, key=self.answers.__getitem__, default="")
        return path, self.answers.get(path, 0) / 1e6


@dataclass(frozen=True)
class Opener:
    """Opens pages of a server, each in a profile of its own."""

    browser: Browser
    state: StorageState
    address: str
    server: psutil.Process

    def open(self, path: str, moments: Sequence[int]) -> Opening:
        """Open a page, by a click on its link where there is one; then take two steps on it."""
        context = self.browser.new_context(storage_state=self.state, viewport=VIEWPORT)
        try:
            return self._open_in(context, path, moments)
        finally:
            context.close()

    def _open_in(self, context: BrowserContext, path: str, moments: Sequence[int]) -> Opening:
        page, found = context.new_page(), Opening()
        by_link = "?" not in path
        self._stand_before(page, path, by_link=by_link)
        page.on("response", lambda response: _note(found, response))
        begun = time.perf_counter()
        server, renderer = _spent(self.server), _page_spent(self.browser)
        try:
            if by_link:
                handle = page.wait_for_selector(f'a[href="{path}"], a[href^="{path}?"]')
                found.painted = float(page.evaluate(_PAINTED, handle))
            else:
                page.goto(self.address + path, wait_until="commit")
                page.evaluate(_PAINTED, None)
                found.painted = (time.perf_counter() - begun) * 1000
        except Exception as error:
            found.failed.append(str(error).splitlines()[0][:200])
        found.server_cpu = _spent(self.server) - server
        found.page_cpu = _page_spent(self.browser) - renderer
        page.wait_for_load_state("networkidle")
        found.settled = (time.perf_counter() - begun) * 1000
        page.wait_for_timeout(REST_MS)
        if not found.failed:
            _step(page, found, "cursor moved", f"{{cursor: {moments[1]}}}")
            _step(page, found, "zoomed", f"{{zoom: [{moments[1]}, {moments[2]}]}}")
        _weigh(self.browser, page, found)
        return found

    def _stand_before(self, page: Page, path: str, *, by_link: bool) -> None:
        """Go where a person comes from: another page of the run, with its data kept."""
        run_page = path.rpartition("/")[0]
        first = by_link and not path.endswith("/overview")
        page.goto(f"{self.address}{run_page}/annotations" if first else self.address)
        page.wait_for_selector("#shell-page > *")
        if first:
            before = "machine" if path.endswith("/findings") else "findings"
            page.goto(f"{self.address}{run_page}/{before}")
            if before == "findings":
                # Else its list comes while the next page is being opened, and is paid for there.
                page.wait_for_selector("#findings-status:not(:empty)")
        page.wait_for_load_state("networkidle")


def _step(page: Page, found: Opening, name: str, choice: str) -> None:
    """Choose something as a hand does, and note how long it is until all charts show it."""
    try:
        action = f"deeptracker.selection.set({choice})"
        found.steps[name] = act_to_painted(page, action, _DRAWN)
    except Exception as error:
        found.failed.append(f"{name}: {str(error).splitlines()[0][:200]}")


def _spent(process: psutil.Process) -> float:
    """Return the milliseconds of processor time of a process and those below it."""
    spent = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.Error:
            continue
        spent += 1000 * (times.user + times.system)
    return spent


def _page_spent(browser: Browser) -> float:
    """Return the milliseconds of processor time of the processes that draw pages."""
    return sum(1000 * float(one["cpuTime"]) for one in _renderers(browser))


def _renderers(browser: Browser) -> list[dict[str, Any]]:
    session = browser.new_browser_cdp_session()
    info: Any = session.send("SystemInfo.getProcessInfo")
    session.detach()
    return [one for one in info["processInfo"] if one["type"] == "renderer"]


def _note(found: Opening, response: Response) -> None:
    """Note how long an answer is once it is uncompressed."""
    parts = urlsplit(response.url)
    if response.status >= 400:
        found.failed.append(f"{parts.path} {response.status}")
        return
    if not parts.path.startswith(("/data/", "/_dash-update-component", "/run/")):
        return
    try:
        found.answers[f"{parts.path}?{parts.query}"[:120]] = len(response.body())
    except Exception:
        return


def _weigh(browser: Browser, page: Page, found: Opening) -> None:
    """Note the memory of the page, and of the largest process that draws pages."""
    heap: Any = page.evaluate("performance.memory.usedJSHeapSize")
    found.heap_mb = heap / 1e6
    found.elements = int(page.evaluate("document.querySelectorAll('*').length"))
    for one in _renderers(browser):
        try:
            held = psutil.Process(one["id"]).memory_full_info().uss / 1e6
        except psutil.Error:
            continue
        found.browser_mb = max(found.browser_mb, held)
