"""Layers that are frozen, not finite or alone, and distributions of two runs, in a real browser."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import control
from db.queries.measurements import snapshots
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.layers import FILTERS, TOP, click_plot, names, node, open_view, selection
from tests.browser.waiting import rest


def record(folder: Path, model: Any, *, steps: int, broken: Any) -> Path:
    """A real training of a few steps; the weights of `broken` are no numbers."""
    import torch
    from torch import nn

    from deeptracker import Recorder

    torch.manual_seed(0)
    images, labels = torch.randn(16, 3, 8, 8), torch.arange(16) % 2
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    validation = torch.utils.data.TensorDataset(images, labels)
    with Recorder(model, optimizer, folder, validation=validation, every=1) as recorder:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if broken is not None:
                nn.init.constant_(broken.weight, torch.nan)
            recorder.step(train_loss=loss)
    return folder


@pytest.fixture(scope="module")
def odd_run(site_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A run with a layer of one filter, a frozen one, and one that is NaN throughout."""
    from torch import nn

    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.single = nn.Conv2d(4, 1, 1)
            self.frozen = nn.Conv2d(1, 4, 3).requires_grad_(False)
            self.fc = nn.Linear(4, 2)
            self.broken = nn.Linear(4, 3)  # beside the others, so that they stay numbers

        def forward(self, images):
            return self.fc(self.frozen(self.single(self.conv(images))).mean((2, 3)))

    model = Odd()
    folder = tmp_path_factory.mktemp("odd") / "run"
    return load_log(site_engine, record(folder, model, steps=4, broken=model.broken)).run_id


@pytest.fixture(scope="module")
def single_run(site_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A run of one layer and one snapshot."""
    from torch import nn

    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    folder = tmp_path_factory.mktemp("single") / "run"
    return load_log(site_engine, record(folder, model, steps=1, broken=None)).run_id


ENCODINGS = ("line", "box", "horizon", "bands", "histogram")


def test_layers_that_are_frozen_not_finite_or_of_one_filter(page: Page, odd_run: int) -> None:
    open_view(page, odd_run)
    settled = {name: node(page, name).locator(".layers-settled") for name in ("frozen", "broken")}
    # No optimizer steps it, so there is no update that could have settled.
    expect(settled["frozen"]).to_have_text("–")
    expect(settled["broken"]).to_have_text("–")
    expect(node(page, "the whole network", "network").locator(".layers-settled")).to_have_text("–")
    key = page.locator("#layers-key")
    expect(key).to_contain_text("NaN among the numbers")
    expect(key).to_contain_text("no value")
    for encoding in ENCODINGS:
        open_view(page, odd_run, f"?measure=gradient&encoding={encoding}")
    names = page.locator(f"{TOP} .layers-group-name")
    expect(names.filter(has_text="conv")).to_have_count(1)
    expect(names.filter(has_text="frozen")).to_have_count(0)
    expect(names.filter(has_text="broken")).to_have_count(0)
    node(page, "single").click()
    expect(page.locator("#layers-filters-facts")).to_contain_text("1 filter")
    click_plot(page, FILTERS, 0.5, 0.5)
    expect(page.locator("#layers-filter-facts")).to_contain_text("single · filter 0")
    node(page, "broken").click()
    expect(page.locator(f"{FILTERS}[data-state=message]")).to_contain_text("NaN in this layer")


def test_one_layer_and_one_snapshot(page: Page, single_run: int) -> None:
    for encoding in ENCODINGS:
        open_view(page, single_run, f"?measure=weight&encoding={encoding}&layers=0&filters=0.1")
    assert names(page) == ["network", "1"]
    expect(node(page, "the whole network", "network")).to_contain_text("1 layer")
    expect(page.locator("#layers-filter-facts")).to_contain_text("1 · filter 1")
    expect(page.locator(f"{TOP} .dt-soft")).to_contain_text("0 most changed at iteration 1")


def test_distributions_of_layers_and_of_a_second_run(
    page: Page, digits: int, odd_run: int, site_engine: Engine, watch: Watch
) -> None:
    with Session(site_engine) as session:
        iterations = snapshots.iterations(session, run_id=digits).tolist()
    charts, drawn = "#distributions-charts", "#distributions-charts[data-state=drawn]"
    page.goto(f"/run/{digits}/distributions")
    page.wait_for_selector(f"{drawn}[data-shown=offset]")
    cards = page.locator(".distributions-card")
    expect(page.locator("#distributions-count")).to_have_text("16 layers")
    expect(cards).to_have_count(16)

    # Another way of drawing asks for nothing.
    rest(page)
    before = len(watch.requests)
    first = cards.first.locator("canvas")
    pictures = {first.evaluate("canvas => canvas.toDataURL()")}
    for mode in ("Overlay", "Percentiles"):
        page.locator(control("distributions-mode") + " label", has_text=mode).click()
        page.wait_for_selector(f"{drawn}[data-shown={mode.lower()}]")
        pictures.add(first.evaluate("canvas => canvas.toDataURL()"))
    assert len(pictures) == 3
    assert not [url for url in watch.requests[before:] if "/distributions?" in url]

    # What is pointed at is told, and a click puts the cursor there.
    box = first.bounding_box()
    assert box
    first.hover(position={"x": box["width"] - 14, "y": 60})
    expect(page.locator(".dt-tooltip")).to_contain_text(f"conv1, iteration {iterations[-1]:,}")
    expect(page.locator(".dt-tooltip")).to_contain_text("93 %")
    first.click(position={"x": box["width"] - 14, "y": 60})
    assert selection(page)["cursor"] == iterations[-1]

    page.fill(control("distributions-search"), "layer2 conv1")
    expect(cards).to_have_count(2)
    cards.last.get_by_role("button", name="Enlarge").click()
    expect(cards.first).to_have_attribute("data-large", "true")
    expect(cards.first).to_contain_text("layer2.1.conv1")

    # A second run lies over this one, with what is called as here.
    page.fill(control("distributions-search"), "")
    page.click(control("distributions-other"))
    page.get_by_role("option", name=f"(run {odd_run})").click()
    said = page.locator("#distributions-count")
    expect(said).to_contain_text("only in")
    expect(said).to_contain_text("conv, single, frozen")
    expect(cards.filter(has_text="fc").first).to_contain_text("numbers")
    rest(page)
    page.reload()
    page.wait_for_selector(f"{drawn}[data-shown=percentiles]")
    expect(cards.first).to_have_attribute("data-large", "true")
    expect(said).to_contain_text("only in")
    assert any("/data/compare/distributions?" in url for url in watch.requests)
    page.focus(charts)
    page.keyboard.press("Escape")
    expect(cards.first).to_have_attribute("data-large", "false")
    # One of two answers says that there is no such run; the other comes after another choice.
    late: list[Route] = []
    page.route(re.compile(f"runs={digits},99999.*&piece=1&"), lambda route: late.append(route))
    page.evaluate("deeptracker.selection.set({ otherrun: '99999' })")
    expect(page.locator(f"{charts}[data-state=error]")).to_contain_text("no run 99999")
    page.evaluate("deeptracker.selection.set({ otherrun: null })")
    page.wait_for_selector(drawn)
    for route in late:
        with page.expect_response(route.request.url):
            route.continue_()
    rest(page)
    assert late
    expect(page.locator(charts)).to_have_attribute("data-state", "drawn")
    assert [trouble for trouble in watch.troubles if "404" not in trouble] == []
    watch.troubles.clear()
