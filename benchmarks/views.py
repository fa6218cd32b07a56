"""What a person waits for from one tab of a run to another, from the click to the picture.

`python -m benchmarks.views --scale 0.25`. Every tab is opened from the overview in a browser of its
own, in turn with the overview from the table of runs, which is the reference: whatever else the
machine does slows both. The first opening of each (the server has nothing of it yet) is left out.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from app.factory import VIEWS
from benchmarks.browser import (
    Served,
    chromium,
    click_to_painted,
    log_in,
    serve,
    wait_until_painted,
)
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.paint import VIEWPORT
from benchmarks.report import Row, main, summary
from ingest.pipeline import load_log

BAR_MS = 200
REPEATS = 5
# Pages without two charts that draw: nothing says when they are painted.
_TABLES = frozenset({"findings", "review", "workspace"})


def measure(scale: float) -> Iterator[Row]:
    """Load a log of paper scale, and open every tab of it."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        write_log(Path(folder) / "log", scale=scale)
        run_id = load_log(engine, Path(folder) / "log").run_id
        url = engine.url.render_as_string(hide_password=False)
        with chromium() as browser, serve(url) as served:
            yield from _rows(browser, served, run_id)


def _rows(browser: Browser, served: Served, run_id: int) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state: Any = login.storage_state()
    login.close()
    overview = f"/run/{run_id}/overview"

    def opened(view: str) -> float:
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            if view == overview:
                page.goto(served.address)
            else:
                page.goto(served.address + overview)
                wait_until_painted(page)
                page.wait_for_timeout(500)
            return click_to_painted(page, view)
        finally:
            context.close()

    for view in VIEWS:
        if not view.of_run or view.name in ("overview", *_TABLES):
            continue
        times = [
            (opened(view.address(run_id=run_id)), opened(overview)) for _ in range(REPEATS + 1)
        ]
        found, reference = (summary(column).p50 for column in zip(*times[1:], strict=True))
        what = f"{view.title}, click to painted, p50"
        yield Row(what, found, "ms", reference, f"<= {BAR_MS} ms", found <= BAR_MS)


if __name__ == "__main__":
    main("views", measure)
