"""What pages ask a server for: recorded once in Chromium, so that many people can repeat it.

A visit is a page, opened and used: every request of its steps, with its time within the step, is
what a browser really sent. Questions that every page repeats by itself (POLLS) are left out; people
ask them at the page's pace.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, StorageState, ViewportSize

from benchmarks.browser import Served, wait_until_painted

VIEWPORT = ViewportSize(width=1280, height=900)
POLLS = re.compile(r"/data/run/\d+/annotations$|/data/annotations/mentions$")
# A step that only looks on: pages ask again by themselves.
STAY = ""
# Time for a page to ask for all that a step needs, in milliseconds; to look on.
_REST_MS, _STAY_MS = 1_200, 5_500


@dataclass(frozen=True)
class Asked:
    """One request: `after` seconds within its step; `body` is JSON, or empty."""

    method: str
    path: str
    body: str
    after: float


@dataclass(frozen=True)
class Visit:
    """A page and what is done on it; `weight` says how often people come, `run` whose page it is.

    `first` and `last` are iterations of the run, and `classes` and `layers` how many it has.
    """

    name: str
    weight: int
    steps: tuple[tuple[Asked, ...], ...]
    run: int | None = None


@dataclass(frozen=True)
class Plan:
    """A page to visit: its address, and what is done there, each a piece of JavaScript."""

    name: str
    weight: int
    address: str
    steps: Sequence[str] = ()


def _set(patch: str) -> str:
    return f"deeptracker.selection.set({{ {patch} }})"


def run_plans(run: int, other: int, *, classes: int, layers: int) -> list[Plan]:
    """Return the pages of a run and what people do on them; `other` is what it is compared with."""
    axis = "deeptracker.timeaxis().iterations"
    at = [f"{axis}[Math.floor({axis}.length * {share})]" for share in (0.13, 0.3, 0.62)]
    k = "deeptracker.selection.get().k"
    page = f"/run/{run}"
    layer, class_id = layers // 2, classes // 2
    return [
        Plan("overview", 6, f"{page}/overview", (
            _set(f"cursor: {at[0]}"), _set(f"zoom: [{at[0]}, {at[2]}]"), _set(f"pins: [{at[1]}]"),
        )),
        Plan("validation", 9, f"{page}/validation", (
            _set(f"k: {k} + 1"), _set(f"k: {k} + 2"), _set("m: 3"), _set(f"cursor: {at[2]}"),
            _set("open: [0]"), _set(f"openclasses: [{class_id}]"), _set("clusters: 6"),
        )),
        Plan("layers", 6, f"{page}/layers", (
            _set("measure: 'weight'"), _set("encoding: 'box'"), _set(f"layers: [{layer}]"),
            _set(f"pins: [{at[0]}, {at[1]}]"), _set("topquantity: 'cosine_change'"),
            _set(f"filters: [[{layer}, 1]]"),
        )),
        Plan("correlation", 4, f"{page}/correlation", (
            _set(f"k: {k} + 1"), _set("top: 60"), _set("split: 'both'"),
        )),
        Plan("cube", 2, f"{page}/cube", (
            _set(f"sliceclass: {class_id}"), _set(f"slicelayer: {layer}"),
        )),
        Plan("findings", 3, f"{page}/findings", (STAY,)),
        Plan("workspace", 1, f"{page}/workspace", (_set(f"cursor: {at[1]}"),)),
        Plan("compare", 2, f"/compare?runs={run},{other}", (
            _set("align: 'epoch'"), _set("measure: 'weight'"), _set(f"cursor: {at[1]}"),
        )),
    ]  # fmt: skip


def team_plans() -> list[Plan]:
    """Return the pages about no run; an administrator sees all of them."""
    return [
        Plan("runs", 4, "/", (STAY,)),
        Plan("annotations", 2, "/annotations", (STAY,)),
        Plan("saved views", 1, "/views"),
        Plan("jobs", 1, "/jobs", (STAY,)),
        Plan("alerts", 1, "/alerts", (STAY,)),
        Plan("account", 1, "/account"),
    ]


def script_visits(run: int, *, classes: int, layers: int, iteration: int) -> list[Visit]:
    """Return what no page asks for when it is opened: the look-ups of scripts, downloads."""
    api, data = f"/api/v1/runs/{run}", f"/data/run/{run}"
    layer, class_id = layers // 2, classes // 2
    look_ups = [
        "/api/v1/runs", api, f"{api}/layers", f"{api}/classes", f"{api}/snapshots",
        f"{api}/layer-stat?layer={layer}&quantity=gradient",
        f"{api}/layer-profile?quantity=gradient&statistic=l2",
        f"{api}/layer-filter?layer={layer}&quantity=cosine_change",
        f"{api}/filter?layer={layer}&filter=1", f"{api}/iteration-filter?iteration={iteration}",
        f"{api}/class-stat", f"{api}/class-image?class={class_id}", f"{api}/scalar?name=train_loss",
        f"{api}/findings", f"{api}/annotations",
    ]  # fmt: skip
    downloads = [
        f"{data}/report.html", f"{data}/series/table.csv", f"{data}/class-error/table.parquet",
    ]  # fmt: skip
    return [
        Visit("script", 1, tuple((Asked("GET", path, "", 0.0),) for path in look_ups), run),
        Visit("downloads", 1, tuple((Asked("GET", path, "", 0.0),) for path in downloads), run),
    ]


def record(
    browser: Browser,
    served: Served,
    state: StorageState,
    chosen: Sequence[Plan],
    run: int | None,
    *,
    pace: float = 1.0,
) -> Iterator[Visit]:
    """Yield what Chromium, with an empty cache for each page, asks `served` for.

    `pace` 1 is that of people; below it what a page asks in a rhythm of its own is missed.
    """
    for plan in chosen:
        context = browser.new_context(
            base_url=served.address, viewport=VIEWPORT, storage_state=state
        )
        page = context.new_page()
        recording = _Recording(page)
        page.goto(plan.address)
        wait_until_painted(page) if run is not None else page.wait_for_selector("#shell-page > *")
        page.wait_for_timeout(_REST_MS * pace)
        for step in plan.steps:
            recording.next_step()
            if step == STAY:
                page.wait_for_timeout(_STAY_MS * pace)
            else:
                page.evaluate(f"() => {{ {step} }}")
                page.wait_for_timeout(_REST_MS * pace)
        yield Visit(plan.name, plan.weight, recording.steps(), run)
        context.close()


class _Recording:
    """The requests of a page, by step."""

    def __init__(self, page: Page) -> None:
        self._steps: list[list[Asked]] = []
        self.next_step()
        page.on("request", self._asked)

    def next_step(self) -> None:
        self._steps.append([])
        self._begun = time.monotonic()

    def steps(self) -> tuple[tuple[Asked, ...], ...]:
        return tuple(map(tuple, self._steps))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or POLLS.search(parts.path):
            return
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        after = time.monotonic() - self._begun
        self._steps[-1].append(Asked(request.method, path, request.post_data or "", after))
