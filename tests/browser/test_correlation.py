"""The correlation view in a real browser: a planted fault is found, split and seen elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from benchmarks.browser import control, wait_until_painted
from ingest.pipeline import load_log
from tests.browser.waiting import rest
from tests.recorded_runs import FAULT

GRID, CELLS, FILTERS = "#correlation-grid", "#correlation-cells", "#correlation-filters"


@pytest.fixture(scope="module")
def faulty(site_engine: Engine, faulty_run: Path) -> int:
    """The id of a run in which some filters of one layer were re-initialised several times."""
    return load_log(site_engine, faulty_run).run_id


def open_view(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/correlation{query and '?' + query}")
    wait_until_painted(page)
    expect(page.locator(GRID)).to_have_attribute("data-detail", "there")


def selection(page: Page) -> dict[str, Any]:
    return page.evaluate("deeptracker.selection.get()")


def grid(page: Page, expression: str) -> Any:
    """The value of an expression of the grid's handler `grid`."""
    return page.evaluate(
        f"id => {{ const grid = deeptracker.charts.of(document.querySelector(id)).handler;"
        f" return {expression}; }}",
        GRID,
    )


def count_of(page: Page, layer: str) -> int:
    """The filters of a layer in all cells of its row."""
    return grid(
        page,
        f"""(() => {{
          const {{ model }} = grid;
          const r = model.arrays.layer.findIndex((id) => model.names.layers[id] === "{layer}");
          return Array.from(model.classes, (_, c) => model.at("count", r, c))
            .reduce((sum, count) => sum + count, 0);
        }})()""",
    )


def click_cell(page: Page, *, row: str, column: str, x: str = "column.width / 2") -> None:
    """Click a cell, given by JavaScript conditions on its row and column."""
    place = grid(
        page,
        f"""(() => {{
          const row = grid.blocks.rows.find((row) => {row});
          const column = grid.blocks.columns.find((column) => {column});
          const top = row.parts ? row.parts[0].top + 1 : row.top + row.height / 2;
          return [column.left + {x} - grid.view.left, top - grid.view.top];
        }})()""",
    )
    page.locator(".correlation-field").click(position={"x": place[0], "y": place[1]})


def test_a_planted_fault_is_the_strongest_cell_and_is_seen_elsewhere(
    page: Page, faulty: int
) -> None:
    page.goto(f"/run/{faulty}/overview")
    wait_until_painted(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Correlation", exact=True).click()
    expect(page.locator(GRID)).to_have_attribute("data-detail", "there")
    wait_until_painted(page)
    # The click asks for the page's data before the page is there, and nothing asks twice.
    places = [at for at, url in enumerate(asked) if "/correlation?" in url]
    made = [at for at, url in enumerate(asked) if url.endswith("/_dash-update-component")]
    assert len(places) == 1
    assert not made or places[0] < made[0]
    first = page.locator(f"{CELLS} button").first
    expect(first).to_contain_text(f"{FAULT.layer} and class ")
    expect(first).to_contain_text("expected")
    expect(first).to_have_attribute("data-out", "true")
    # The table is drawn once more when the series of its filters come.
    with page.expect_response(lambda answer: "&filters=" in answer.url):
        first.click()
    rest(page)
    now = selection(page)
    [[layer, class_id]] = now["cell"]
    assert now["layers"] == [layer]
    assert now["classes"] == [class_id]
    assert now["pins"]
    assert now["cursor"] == now["pins"][0]
    assert {owner for owner, _ in now["filters"]} == {layer}
    expect(first).to_have_attribute("aria-pressed", "true")
    rows = page.locator(f"{FILTERS} tbody tr")
    assert int(rows.first.get_attribute("data-filter") or "-1") < FAULT.filters
    expect(page.locator(f"{FILTERS} .correlation-pin[aria-pressed=true]")).to_have_count(
        len(now["pins"])
    )
    page.locator(f"{FILTERS} thead button", has_text="Filter").click()
    expect(page.locator(f"{FILTERS} th").first).to_have_attribute("aria-sort", "ascending")
    numbers = [
        int(text) for text in page.locator(f"{FILTERS} .correlation-filter").all_inner_texts()
    ]
    assert numbers == sorted(numbers)
    rows.nth(1).click()
    assert selection(page)["filters"][-1] == [layer, numbers[1]]
    page.locator(".correlation").get_by_role("link", name="Layers", exact=True).click()
    expect(page.locator("#layers-top [role=tab]", has_text="pin ")).to_have_count(len(now["pins"]))
    page.go_back()
    expect(page.locator(f"{CELLS} button[aria-pressed=true]")).to_have_count(1)


def test_rows_and_columns_split_into_mini_sets_and_iterations(page: Page, faulty: int) -> None:
    open_view(page, faulty)
    page.locator(f'.correlation-row[aria-label="{FAULT.layer}"]').click()
    head = page.locator(f'.correlation-row[aria-label="{FAULT.layer}"]')
    expect(head).to_have_attribute("aria-expanded", "true")
    expect(head).to_contain_text("mini-set")
    page.locator(".correlation-class").first.click()
    expect(page.locator(".correlation-class").first).to_have_attribute("aria-expanded", "true")
    moments = page.locator(".correlation-column").first.locator(".correlation-moment")
    class_id = int(page.locator(".correlation-class").first.get_attribute("data-class") or "-1")
    iterations = grid(
        page, f"Array.from(grid.model.momentsOf(grid.model.columnOf.get({class_id})))"
    )
    expect(moments).to_have_count(len(iterations))
    # The heaviest mini-set, at an iteration that has it: only these are pinned and chosen.
    at = grid(
        page,
        f"""(() => {{
          const [part] = grid.blocks.rows.find((row) => row.split).parts;
          const present = grid.detail.presence(part.p);
          return {iterations}.findIndex((i) => present[i]);
        }})()""",
    )
    assert at >= 0
    click_cell(
        page, row="row.split", column=f"column.id === {class_id}", x=f"({at} + 0.5) * column.step"
    )
    rest(page)
    now = selection(page)
    assert now["pins"] == [grid(page, f"grid.model.iterations[{iterations[at]}]")]
    size = grid(page, "grid.detail.size(grid.blocks.rows.find((row) => row.split).parts[0].p)")
    assert len(now["filters"]) == size
    expect(page.locator(".correlation-moment.correlation-pinned").first).to_be_visible()
    slider = page.locator("#correlation-weight")
    slider.fill(slider.get_attribute("max") or "")
    expect(head).to_contain_text("showing 0 of")
    page.get_by_role("button", name="Mini-sets").click()
    expect(page.locator(".correlation-row[aria-expanded=false]")).to_have_count(0)
    rest(page)
    page.reload()
    wait_until_painted(page)
    expect(page.locator(".correlation-row[aria-expanded=false]")).to_have_count(0)


def test_k_changes_the_counts_and_lift_the_colours(page: Page, faulty: int) -> None:
    open_view(page, faulty)
    before = count_of(page, FAULT.layer)
    page.locator("#correlation-k-filters").fill("10")
    expect(page.locator(GRID)).to_have_attribute("data-asked", "3 4 10")
    wait_until_painted(page)
    assert 0 < count_of(page, FAULT.layer) < before
    expect(page.locator("#correlation-sliders")).to_contain_text("10 most changed")
    page.locator(control("correlation-colour")).get_by_text("Lift").click()
    expect(page.locator("#correlation-legend")).to_contain_text("× chance")
    page.locator(control("correlation-row-order")).click()
    page.get_by_role("option", name="Strongest").click()
    expect(page.locator(".correlation-row").first).to_have_attribute("aria-label", FAULT.layer)


def test_the_keyboard_moves_splits_and_pins(page: Page, faulty: int) -> None:
    open_view(page, faulty)
    page.locator(GRID).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{GRID} [role=status]").first).to_contain_text("expected")
    order = grid(page, "[grid.blocks.rows[1].id, grid.blocks.columns[1].id]")
    assert selection(page)["cell"] == [order]
    assert selection(page)["pins"] == []
    page.keyboard.press("Enter")
    assert selection(page)["splitlayers"] == [order[0]]
    assert selection(page)["splitclasses"] == [order[1]]
    page.keyboard.press("Space")
    rest(page)
    assert selection(page)["classes"] == [order[1]]
    page.keyboard.press("Enter")
    assert selection(page)["splitlayers"] == []


def test_a_grid_without_cells_says_what_to_change(page: Page, faulty: int) -> None:
    page.goto(f"/run/{faulty}/correlation?m=40")
    wait_until_painted(page)
    message = page.locator(f"{GRID} .dt-message")
    expect(message).to_contain_text("hreshold")
    expect(page.locator(f"{CELLS} button")).to_have_count(0)
    slider = page.locator("#correlation-m")
    slider.fill("4")
    expect(page.locator(f"{CELLS} button").first).to_be_visible()
    expect(message).to_be_hidden()
