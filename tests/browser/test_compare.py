"""Two real runs are ticked in the table, compared, aligned, averaged; a link reopens it all."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from app.data.compare import PIECE
from benchmarks.browser import control, log_in
from db.models import Run, SavedView
from db.permissions import Role
from db.queries.measurements import snapshots
from db.queries.runs.compare import results_at
from deeptracker.format import STATISTICS
from ingest.pipeline import load_log
from tests.stored_runs import StoredRun, store_run

# The series that each chart of scalars draws.
LINES = """
() => [...document.querySelectorAll("[data-chart=curves]")].map(deeptracker.charts.of)
  .map(({ options }) => options.lines.map((line) => line.series))
"""
DRAWN = """
() => document.getElementById("compare-layers")
  && [...document.querySelectorAll("[data-chart]")].every(
    (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""


@pytest.fixture(scope="module")
def again(site_engine: Engine, recorded_run_again: Path) -> int:
    """The id of the same training with another seed."""
    return load_log(site_engine, recorded_run_again).run_id


def painted(page: Page) -> None:
    page.wait_for_function(DRAWN)


def handler(page: Page, chart: str, expression: str):
    """Evaluate an expression of `h`, what draws a chart."""
    return page.evaluate(
        f"(() => {{ const h = deeptracker.charts.of(document.getElementById('{chart}')).handler;"
        f" return {expression}; }})()"
    )


def test_two_runs_are_ticked_and_compared(page, site, site_engine, digits, again):
    page.goto("/")
    link = page.locator("#runs-compare")
    expect(page.locator(f"[data-compare-run='{digits}']")).to_be_visible()
    expect(link).to_be_hidden()
    page.locator(f"[data-compare-run='{digits}']").click()
    expect(link).to_have_text("Tick another run to compare")
    page.locator("#runs-search").fill("digits")  # the rows come anew, the tick stays
    expect(page.locator(f"[data-compare-run='{digits}']")).to_have_attribute("aria-checked", "true")
    page.locator(f"[data-compare-run='{again}']").press("Enter")
    expect(link).to_have_text("Compare 2 runs")
    link.click()
    painted(page)
    assert re.search(rf"/compare\?runs={digits},{again}&of=[0-9a-f]{{8}},[0-9a-f]{{8}}$", page.url)
    expect(page.locator("#compare-key li")).to_have_count(2)
    expect(page.locator(".compare-settings")).to_contain_text("only in the seed")

    # What is drawn is what was recorded.
    with Session(site_engine) as session:
        errors = [snapshots.class_errors(session, run_id=run) for run in (digits, again)]
    drawn = handler(page, "compare-map-difference", "Array.from(h.values)")
    np.testing.assert_allclose(drawn, (errors[1] - errors[0]).ravel(), atol=1e-6)
    low, high = handler(
        page, "compare-map-difference", "[h.scaleOf(deeptracker.selection.get()).whole]"
        ".map(({ low, high }) => [low, high])[0]"
    )  # fmt: skip
    assert low == -high
    for side in ("first", "second", "difference"):
        expect(page.locator(f"#compare-map-{side}-legend")).to_contain_text("100 %")
    expect(page.locator("#compare-matching")).to_have_text("10 classes matched by name.")
    expect(page.locator("#compare-layers-legend")).to_contain_text("16 layers matched by name")

    # The cursor is one over all charts, and the images follow it.
    plot = page.locator(".scalars-card", has_text="validation_error").locator(".dt-plot")
    plot.hover(position={"x": 150, "y": 90})
    page.wait_for_function("() => deeptracker.selection.get().cursor !== null")
    cursor = page.evaluate("deeptracker.selection.get().cursor")
    expect(page.locator(".dt-tooltip")).to_contain_text("B ")
    with Session(site_engine) as session:
        right = [
            results_at(session, run_id=run, iteration=cursor).correct for run in (digits, again)
        ]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    said = page.locator("#compare-images .compare-note")
    page.locator("#compare-images").scroll_into_view_if_needed()
    expect(said).to_contain_text(f"At iteration {cursor} of both")
    expect(said).to_contain_text(f"only A right {only[0]}, only B right {only[1]}")
    expect(page.locator(".compare-tile")).to_have_count(sum(only))
    for chart in ("compare-layers", "compare-map-first", "compare-events", "compare-axis"):
        assert page.locator(f"#{chart} .dt-cursor").is_visible(), chart

    # By clock, with the seeds as one; the address says it all.
    page.mouse.move(5, 5)
    page.get_by_text("Relative time").click()
    page.get_by_text("Seeds as one").click()
    for part in ("align=clock", "grouping=seeds"):  # each after its own moment of rest
        page.wait_for_function(f"() => location.search.includes('{part}')")
    expect(page.locator("#compare-key")).to_contain_text("group 1")
    painted(page)
    assert all(len(lines) == 1 and ".g0" in lines[0] for lines in page.evaluate(LINES))
    assert handler(page, "compare-axis", "h.chart.axis.columns") > 1
    link = page.evaluate("location.href")
    assert "cursor=" not in link  # a place of the other axis

    other = page.context.new_page()
    other.goto(link)
    painted(other)
    expect(other.locator(control("compare-align") + " input:checked")).to_have_value("clock")
    expect(other.locator(control("compare-grouping") + " input:checked")).to_have_value("seeds")
    assert other.evaluate("deeptracker.selection.get().align") == "clock"
    # Back from a run it is as it was, and the run knows nothing of it.
    other.locator("#compare-key a").first.click()
    other.wait_for_url(re.compile(rf"/run/{digits}"))
    other.wait_for_selector("#overview-strip[data-state=drawn]")
    other.go_back()
    painted(other)
    expect(other.locator(control("compare-align") + " input:checked")).to_have_value("clock")
    other.close()


def test_a_snapshot_against_one_of_another_run(page, site_engine, digits, again, watch):
    with Session(site_engine) as session:
        last = int(snapshots.iterations(session, run_id=digits)[-1])
        first = int(snapshots.iterations(session, run_id=again)[0])
        right = [results_at(session, run_id=run, iteration=last).correct for run in (digits, again)]
    page.goto(f"/run/{digits}/change")
    page.wait_for_selector("#change-histogram[data-state=drawn]")
    expect(page.locator("#change-other-at-holder")).to_be_hidden()
    page.click(control("change-other"))
    page.get_by_role("option", name=f"(run {again})").click()
    page.wait_for_function(f"() => location.search.includes('otherrun={again}')")
    page.wait_for_selector(".change-words h2:has-text(' and ')")
    for side, count in (
        ("Right here, wrong there", (right[0] & ~right[1]).sum()),
        ("Right there, wrong here", (right[1] & ~right[0]).sum()),
    ):
        expect(page.get_by_role("heading", name=f"{side}: {count}")).to_be_visible()
    page.wait_for_selector("#change-histogram[data-state=drawn]")
    page.click(control("change-layer"))
    page.get_by_role("option", name="layer1.0.conv1").click()
    page.wait_for_selector("h2:has-text('Filters with alike courses in layer1.0.conv1')")
    expect(page.get_by_text("pairs are mutual")).to_be_visible()
    page.click(control("change-other-at"))
    page.get_by_role("option", name=f"Iteration {first:,}", exact=True).click()
    page.wait_for_function(f"() => location.search.includes('otherat={first}')")
    page.wait_for_selector(f".change-words h2:has-text(' at {first:,}')")
    page.reload()
    page.wait_for_selector(f".change-words h2:has-text(' at {first:,}')")
    page.wait_for_selector("#change-histogram[data-state=drawn]")
    with page.expect_download() as kept:
        panel = page.locator(".dt-panel", has_text="Filters with alike courses")
        panel.get_by_role("button", name="Download").click()
        page.get_by_role("menuitem", name="Data, CSV").click()
    lines = Path(kept.value.path()).read_text().splitlines()
    assert lines[0].replace('"', "") == "filter_here,filter_there,similarity,next_best,mutual"
    assert len(lines) == 13
    assert watch.troubles == []


def test_little_to_compare_explains_itself(page, site, digits, again):
    page.goto(f"/compare?runs={digits}&measure=weight")
    expect(page.locator(".dt-nothing")).to_contain_text("One run is chosen")
    page.get_by_label("Runs to compare").first.click()
    page.get_by_role("option", name=re.compile(rf"\(run {again}\)")).click()
    painted(page)
    page.wait_for_function(
        f"() => location.search.startsWith('?runs={digits},{again}&measure=weight')"
    )
    expect(page.locator(control("compare-measure"))).to_have_value("Weights")
    page.goto(f"/compare?runs={digits},987654")
    expect(page.locator(".compare-refused")).to_have_text("There is no run 987654.")


def test_a_viewer_ticks_two_runs_and_compares_them(browser, site, digits, again):
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    log_in(page, site.new_link(role=Role.VIEWER))
    expect(page.get_by_role("link", name="Compare", exact=True)).to_be_visible()
    for run in (digits, again):
        page.locator(f"[data-compare-run='{run}']").click()
    page.get_by_role("link", name="Compare 2 runs").click()
    painted(page)
    expect(page.locator("#shell-page")).to_contain_text("What differs")
    context.close()


CANVASES = ("compare-layers", "compare-events")
LOSS = ".scalars-card:has([title=train_loss])"
ALARMS = f"""
() => {{
  const data = pixelsOf(document.querySelector("{LOSS} canvas"));
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {{
    found += data[at] === 0xc4 && data[at + 1] === 0x20 && data[at + 2] === 0x1d;
  }}
  return found;
}}
"""


def test_my_groups_draw_what_each_run_draws(page, site_engine, digits, again, log):
    def spoil(snapshot):
        loss = snapshot.scalars["train_loss"]
        values = np.where(np.arange(len(loss.values)) == len(loss.values) // 2, np.nan, loss.values)
        scalars = {**snapshot.scalars, "train_loss": replace(loss, values=values)}
        return replace(snapshot, scalars=scalars)

    spoilt = log(name="spoilt", change=spoil)
    spoilt.grow(6)
    third = load_log(site_engine, spoilt.path).run_id
    page.emulate_media(color_scheme="light")

    def pictures(query: str) -> dict[str, str]:
        page.goto(f"/compare?runs={digits},{again},{third}&{query}")
        painted(page)
        where = {**{name: f"#{name} canvas" for name in CANVASES}, "loss": f"{LOSS} canvas"}
        return {
            name: page.locator(of).first.evaluate("canvas => canvas.toDataURL()")
            for name, of in where.items()
        }

    # A run that is in no group is drawn as if there were none: every value, in steps, with crosses.
    for more in ("", "&log=1&align=epoch"):
        each = pictures(f"grouping=runs{more}")
        crossed = page.evaluate(ALARMS)
        assert crossed > 0
        assert pictures(f"grouping=chosen{more}") == each
    # Nor does a mean hide where a run of its group was NaN, or the run beside the group.
    grouped = pictures("grouping=chosen&members=1,0,1&log=1&align=epoch")
    assert grouped["loss"] != each["loss"]
    assert page.evaluate(ALARMS) == crossed
    page.locator(f"{LOSS} .dt-plot").hover(position={"x": 150, "y": 60})
    lines = page.locator(".dt-tooltip > div:not(.dt-tooltip-title)")
    expect(lines).to_have_count(2)
    told = sorted(lines.all_inner_texts())
    assert told[0].startswith("A C")
    assert told[1].startswith("B digits-seed-1")


@pytest.fixture
def deep(site_engine: Engine) -> Iterator[list[StoredRun]]:
    """Two runs of more layers than one answer has, which nobody else sees."""
    size = {"layers": PIECE + 4, "classes": 2, "images": 4, "snapshots": 4}
    with Session(site_engine) as session:
        runs = [store_run(session, seed=at, partitions=False, **size) for at in (61, 62)]
        session.commit()
    yield runs
    with Session(site_engine) as session:
        session.execute(delete(Run).where(Run.id.in_([run.run_id for run in runs])))
        session.commit()


def test_many_layers_are_scrolled_and_come_in_pieces(page, deep, watch):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/compare?runs={','.join(str(run.run_id) for run in deep)}&measure=weight")
    painted(page)
    layers = page.locator("#compare-layers")
    box = layers.bounding_box()
    assert box
    assert box["height"] < page.viewport_size["height"]
    assert not [url for url in asked if f"&from={PIECE}" in url]
    # The keyboard scrolls, and what is pointed at in the last layer is what was stored.
    layers.focus()
    page.keyboard.press("PageDown")
    page.wait_for_function("() => document.getElementById('compare-layers').scrollTop > 100")
    with page.expect_request(lambda request: f"&from={PIECE}" in request.url):
        layers.evaluate("layers => layers.scrollTo(0, layers.scrollHeight)")
    painted(page)
    assert len([url for url in asked if f"&from={PIECE}" in url]) == 1
    layers.locator(".dt-plot").hover(position={"x": 3, "y": box["height"] - 10})
    expect(page.locator(".dt-tooltip-title")).to_contain_text(f"layer{PIECE + 3}, iteration 10")
    values = [run.statistics["weight"][-1, STATISTICS.index("std"), 0] for run in deep]
    told = page.locator(".dt-tooltip > div:not(.dt-tooltip-title) b").all_inner_texts()
    assert [float(text.replace("\N{MINUS SIGN}", "-")) for text in told] == pytest.approx(
        values, rel=1e-3
    )
    assert watch.troubles == []


@pytest.fixture
def sweep(site_engine: Engine) -> Iterator[list[int]]:
    """The ids of a dozen runs of two widths, which nobody else sees."""
    with Session(site_engine) as session:
        ids = [
            store_run(
                session,
                seed=at,
                layers=1,
                classes=2,
                images=4,
                snapshots=4,
                partitions=False,
                name=f"a-sweep-of-widths-{at:02}",
                hyperparameters={"width": 8 * (1 + at % 2), "rate": 10.0 ** -(at % 5)},
            ).run_id
            for at in range(12)
        ]
        session.commit()
    yield ids
    with Session(site_engine) as session:
        session.execute(delete(SavedView))
        session.execute(delete(Run).where(Run.id.in_(ids)))
        session.commit()


def test_many_runs_are_hidden_grouped_and_set_against_a_baseline(page, site, sweep):
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # From a run to its comparison with another; Plotly comes only where it draws.
    page.goto(f"/run/{sweep[0]}/overview")
    page.get_by_role("button", name="Compare with another run").click()
    page.get_by_label("The other run").fill("sweep 11")
    page.get_by_role("link", name=re.compile("a-sweep-of-widths-11")).click()
    painted(page)
    assert f"?runs={sweep[0]},{sweep[11]}&of=" in page.url
    assert not [url for url in asked if "plotly" in url]

    page.goto(f"/compare?runs={','.join(map(str, sweep))}&baseline={sweep[1]}")
    painted(page)
    # Plotly is large: where many tests run at once it takes a while to be read.
    expect(page.locator("#compare-figure .xtick")).to_have_count(3)
    assert [url for url in asked if "plotly" in url]
    expect(page.locator("#compare-layers-legend")).to_contain_text("of 12 runs these 10: A, B")
    expect(page.locator("#compare-table tr.compare-base th")).to_contain_text("B ")
    expect(page.locator("#compare-table tbody tr").nth(0)).to_contain_text("−8 (−50 %)")
    page.get_by_role("button", name="width", exact=True).click()
    head = page.locator("#compare-table thead th", has_text="width")
    expect(head).to_have_attribute("aria-sort", "ascending")

    # A line is hidden, seen alone, and lifted; the page's tools bring all of them back.
    said = page.locator("#compare-key .compare-key-tools")
    lines = page.locator("#compare-key .compare-shower")
    lines.nth(2).click()
    expect(said).to_contain_text("11 of 12 runs drawn")
    lines.nth(2).click(modifiers=["Shift"])
    expect(said).to_contain_text("1 of 12 runs drawn")
    page.get_by_role("button", name="Show all").click()
    expect(said).to_contain_text("12 of 12 runs drawn")
    page.locator("#compare-key li").nth(4).hover()
    expect(page.locator("#compare-key li").nth(4)).to_have_class(re.compile("compare-lifted"))
    expect(page.locator(".scalars-card .dt-above").first).to_be_visible()

    # Groups by a setting stand in the key with their count; lines show differences.
    page.get_by_text("By a setting").click()
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("Setting of the groups").first.click()
    page.get_by_role("option", name="width", exact=True).click()
    expect(page.locator("#compare-key li")).to_have_text(["width 8 (6 runs)", "width 16 (6 runs)"])
    page.get_by_label("Difference to baseline").click()
    legend = page.locator("#compare-scalars-said")
    expect(legend).to_contain_text("each run minus the baseline B a-sweep-of-widths-01")
    page.wait_for_function("() => location.search.includes('difference=1')")

    # It is saved, and its link opens all this.
    page.get_by_role("button", name="Save view").click()
    page.locator(".views-dialog input[type=text]").fill("widths")
    page.locator(".views-dialog [data-view-tool=confirm]").click()
    link = re.search(r"/v/\w+", page.get_by_text("Saved for yourself").inner_text())
    assert link
    page.goto(link[0])
    painted(page)
    expect(page.locator("#compare-key li")).to_have_count(2)
    expect(page.locator("#compare-scalars-said")).to_contain_text("minus the baseline B")
    assert f"baseline={sweep[1]}" in page.url
    assert not [text for text in problems if "Content Security Policy" in text]
