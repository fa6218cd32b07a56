"""What a person waits for from one tab of a run to another, from the press to the picture.

`python -m benchmarks.views --scale 0.25 --view layers --openings 3`. Every tab is opened from the
overview in a browser of its own, in turn with the overview from the table of runs, which is the
reference: whatever else the machine does slows both. The first opening of each (the server has
nothing of it yet) is left out.

A mouse opens it, as people do: it comes to rest on the link and presses 120 ms later (few hands are
faster), and the time runs from the press. What the page asks for while the pointer rests counts for
nothing; `--script` clicks without a mouse, so that everything is asked for after the click. The CPU
time is that of the page's main thread, which a loaded machine changes less than the time.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from playwright.sync_api import Browser, CDPSession, Page

from app.cli.after_load import after_load
from app.factory import VIEWS
from benchmarks.browser import (
    Served,
    chromium,
    click_to_painted,
    log_in,
    press_to_painted,
    serve,
    wait_until_painted,
)
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.paint import VIEWPORT
from benchmarks.report import Row, finish, summary
from ingest.pipeline import load_log

BAR_MS = 200
# Pages without two charts that draw: nothing says when they are painted.
_TABLES = frozenset({"findings", "review", "workspace"})


def command(
    scale: Annotated[float, typer.Option(help="Shrink the log, 0 < scale <= 1.")] = 1.0,
    view: Annotated[list[str] | None, typer.Option(help="Only these tabs, by name.")] = None,
    openings: Annotated[int, typer.Option(min=1, help="Of each tab, after the first.")] = 5,
    script: Annotated[bool, typer.Option(help="Click by a script, without a mouse.")] = False,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Load a log of paper scale, open its tabs, and say of each what it took."""
    if not 0 < scale <= 1:
        raise typer.BadParameter("scale must lie in (0, 1]")
    if unknown := set(view or ()) - set(_TABS):
        raise typer.BadParameter(f"no tab {', '.join(unknown)}; there are {', '.join(_TABS)}")
    rows = []
    for row in measure(scale, view or tuple(_TABS), openings, mouse=not script):
        typer.echo(f"{row.what}: {row.figure:,.0f} {row.unit} ({row.reference:,.0f})")
        rows.append(row)
    finish("views", rows, scale=scale, json_path=json_path)


# The overview is measured by benchmarks.paint, and beside each of these.
_TABS = {
    view.name: view
    for view in VIEWS
    if view.of_run and view.name != "overview" and view.name not in _TABLES
}


def measure(
    scale: float, names: Sequence[str], openings: int, *, mouse: bool = True
) -> Iterator[Row]:
    """Load a log of paper scale, and open its tabs of these names."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        write_log(Path(folder) / "log", scale=scale)
        run_id = load_log(engine, Path(folder) / "log", on_loaded=after_load).run_id
        url = engine.url.render_as_string(hide_password=False)
        with chromium() as browser, serve(url) as served:
            visitor = _Visitor(browser, served, run_id, mouse=mouse)
            for name in names:
                yield from _rows(visitor, name, openings)


def _rows(visitor: "_Visitor", name: str, openings: int) -> Iterator[Row]:
    view = _TABS[name]
    pairs = [(visitor.opened(name), visitor.opened("overview")) for _ in range(openings + 1)]
    for what, at, bar in (
        ("press to painted" if visitor.mouse else "click to painted", 0, f"<= {BAR_MS} ms"),
        ("main thread, CPU", 1, ""),
    ):
        found = summary(one[at] for one, _ in pairs[1:]).p50
        reference = summary(other[at] for _, other in pairs[1:]).p50
        holds = found <= BAR_MS if bar else None
        yield Row(f"{view.title}, {what}, p50", found, "ms", reference, bar, holds)


class _Visitor:
    """Somebody who opens pages of one run, each in a browser that has nothing of it."""

    def __init__(self, browser: Browser, served: Served, run_id: int, *, mouse: bool) -> None:
        self._browser, self._served, self._run, self.mouse = browser, served, run_id, mouse
        login = browser.new_context()
        log_in(login.new_page(), served.new_link())
        self._state: Any = login.storage_state()
        login.close()

    def opened(self, name: str) -> tuple[float, float]:
        """Open a tab from the overview, or that from the table; return time and CPU time, in ms."""
        context = self._browser.new_context(storage_state=self._state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            overview = f"/run/{self._run}/overview"
            page.goto(self._served.address + ("" if name == "overview" else overview))
            if name != "overview":
                wait_until_painted(page)
            page.wait_for_timeout(500)
            session = context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = _main_thread(session)
            link = f"/run/{self._run}/{name}"
            time = self._open(page, link)
            return time, _main_thread(session) - before
        finally:
            context.close()

    def _open(self, page: Page, link: str) -> float:
        return press_to_painted(page, link) if self.mouse else click_to_painted(page, link)


def _main_thread(session: CDPSession) -> float:
    """Return the CPU time of the page's main thread so far, in milliseconds."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "TaskDuration") * 1000


if __name__ == "__main__":
    typer.run(command)
