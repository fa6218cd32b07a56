"""What matching the filters of two runs takes, and what changed between two snapshots.

`python -m benchmarks.matching --scale 0.1`. The filters of a layer of 2,048 are matched: one
training with its units permuted, two unlike ones, and two with hardly anything in common; the
reference is scipy's own assignment of the same similarities. Then Chromium chooses two snapshots of
a log of paper scale on the page of what changed.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sqlalchemy.orm import Session

from app.data.matched_filters import MOST_ITERATIONS, STATISTICS
from benchmarks.browser import act_to_painted, chromium, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main, summary, timed
from db.queries.measurements import snapshots
from ingest.analysis.matching import assignment, courses, match_courses
from ingest.pipeline import load_log

UNITS = 2_048
REPEATS = 5
OPENINGS = 7
_SHOWN = """
document.querySelector(".change-words h2")?.textContent.includes("{words}")
&& [...document.querySelectorAll("[data-chart]")].every(
  (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""


def measure(scale: float) -> Iterator[Row]:
    """Match layers of `scale` times 2,048 units; open the page at that share of paper scale."""
    yield from _matching(max(2, round(UNITS * scale)))
    yield from _changes(scale)


def _matching(units: int) -> Iterator[Row]:
    rng = np.random.default_rng(0)

    def training() -> NDArray[np.float32]:
        """Return statistics [Q, F, T] that wander from where each filter began."""
        shape = (len(STATISTICS), units, MOST_ITERATIONS)
        steps = rng.normal(size=shape).astype(np.float32).cumsum(axis=2) / 10
        return (steps + rng.normal(size=(*shape[:2], 1))).astype(np.float32)

    first = training()
    noise = rng.normal(size=first.shape).astype(np.float32)
    order = rng.permutation(units)
    for name, second in (
        ("its units permuted", first[:, order]),
        ("another training", training()),
        ("hardly anything in common", first[:, order] + 10 * noise),
    ):
        alike = courses(first) @ courses(second).T
        own = timed(lambda: match_courses(first, second), repeats=REPEATS, warmup=1)  # noqa: B023
        plain = timed(
            lambda: linear_sum_assignment(alike, maximize=True),  # noqa: B023
            repeats=REPEATS,
            warmup=1,
        )
        solved = timed(lambda: assignment(alike), repeats=REPEATS, warmup=1)  # noqa: B023
        what = f"match {units:,} filters, {name}"
        yield Row(what, own.p50, "ms", None, "<= 500 ms", own.p50 <= 500)
        yield Row("  of it, the assignment", solved.p50, "ms", plain.p50)
        rows, best = linear_sum_assignment(alike, maximize=True)
        sums = [alike[rows, one].sum(dtype=np.float64) for one in (assignment(alike), best)]
        same = bool(np.isclose(sums[0], sums[1], rtol=0, atol=1e-6))
        yield Row("  sum of its similarities", sums[0], "", sums[1], "that of scipy", same)


def _changes(scale: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        log = Path(folder) / "log"
        write_log(log, scale=scale, seed=0)
        run_id = load_log(engine, log).run_id
        with Session(engine) as session:
            iterations = snapshots.iterations(session, run_id=run_id).tolist()
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            page = browser.new_context().new_page()
            log_in(page, served.new_link())
            page.goto(f"{served.address}/run/{run_id}/change?pins={iterations[0]}")
            act_to_painted(page, "", _SHOWN.format(words=f"{iterations[-1]:,}"))
            page.wait_for_timeout(500)
            places = np.linspace(1, len(iterations) - 2, OPENINGS).astype(int).tolist()
            times = [
                act_to_painted(
                    page,
                    f"deeptracker.selection.set({{ cursor: {iterations[at]} }})",
                    _SHOWN.format(words=f"to {iterations[at]:,}"),
                )
                for at in dict.fromkeys(places)
            ]
    found = summary(times[1:])
    # The selection rests for 250 ms before it is told to the server, as everywhere.
    what = f"what changed between two of {len(iterations):,} snapshots, chosen to painted"
    yield Row(what, found.p50, "ms", None, "<= 300 ms + 250 ms of rest", found.p50 <= 550)


if __name__ == "__main__":
    main("matching", measure)
