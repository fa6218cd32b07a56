"""Runs that did not go smoothly, or are of no CNN, in a real browser: what the pages say."""

import re
import warnings
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from benchmarks.browser import wait_until_painted
from deeptracker import Recorder
from ingest.pipeline import load_log
from tests.browser.waiting import rest
from tests.deeptracker.networks import EncoderNet
from tests.deeptracker.trainings import make_training, seed_all, validation_set

QUERY = "encoder.layers.0.self_attn.query"


def _train(run_dir: Path, iterations: int, **options: object) -> None:
    training = make_training()
    recorder = Recorder(
        training.model,
        training.optimizer,
        run_dir,
        every=5,
        validation=validation_set(),
        **options,  # type: ignore[arg-type]
    )
    with warnings.catch_warnings(), recorder:
        warnings.simplefilter("ignore")
        for number in range(iterations):
            recorder.step(train_loss=training.iterate(), f1=None)
            if number == 7:
                recorder.event("unfroze layer3")
        if "start_iteration" in options:
            raise FloatingPointError("the loss is NaN")


def _marks_lead_there(page: Page, run_id: int) -> None:
    """The axis of every view has the run's marks; the list and they move the cursor."""
    readout = page.locator(".dt-readout")
    page.get_by_role("button", name="◆ 9: unfroze layer3").click()
    expect(page).to_have_url(re.compile(r"cursor=9\b"))
    expect(readout).to_contain_text("◆ unfroze layer3")
    lane = page.get_by_role("group", name="Events and resumes by iteration")
    lane.get_by_role("button", name="resumed after iteration 20").click()
    expect(readout).to_contain_text("↻ resumed after iteration 20")
    expect(page.locator("#overview-strip .dt-markline-resume")).to_have_count(1)
    page.locator(".dt-panel", has_text="Model").locator(".dt-download").first.click()
    expect(page.get_by_role("menuitem", name="Events, CSV")).to_be_visible()
    for view in ("validation", "layers"):
        page.goto(f"/run/{run_id}/{view}")
        expect(lane.get_by_role("button")).to_have_count(3)
    lane.get_by_role("button", name="resumed").hover()
    expect(page.locator(".dt-tooltip")).to_contain_text("resumed after iteration 20")
    page.goto(f"/run/{run_id}/findings")
    expect(page.locator(".finding-unjudged")).to_contain_text(
        "pass scores= and labels= of the batch"
    )
    page.goto(f"/run/{run_id}/overview")
    wait_until_painted(page)


def test_the_course_of_a_run_is_told(page: Page, site_engine: Engine, tmp_path: Path) -> None:
    _train(tmp_path / "rough", 40)
    with pytest.raises(FloatingPointError):
        _train(tmp_path / "rough", 20, start_iteration=20)
    run_id = load_log(site_engine, tmp_path / "rough").run_id
    page.goto(f"/run/{run_id}/overview")
    wait_until_painted(page)
    facts = page.locator(".overview-facts").first
    expect(facts).to_contain_text("FloatingPointError")
    expect(facts).to_contain_text("test_run_course.py, line ")
    expect(facts).to_contain_text("Resumed after iteration")
    expect(facts).to_contain_text("unfroze layer3")
    _marks_lead_there(page, run_id)
    remarks = page.locator(".overview-remarks")
    expect(remarks).to_contain_text("1 remark of the Recorder")
    remarks.locator("summary").click()
    expect(remarks).to_contain_text("scalar 'f1' is not recorded: is None, not a number")


def _transformer(run_dir: Path) -> Path:
    seed_all(0)
    training = make_training(model=EncoderNet(), make=lambda p: torch.optim.AdamW(p, lr=0.03))
    recorder = Recorder(
        training.model,
        training.optimizer,
        run_dir,
        every=2,
        validation=validation_set(),
        activations=True,
    )
    with recorder:
        for _ in range(60):
            recorder.step(train_loss=training.iterate())
    return run_dir


def test_every_view_shows_heads_and_embeddings(
    page: Page, site_engine: Engine, tmp_path: Path
) -> None:
    transformer = load_log(site_engine, _transformer(tmp_path / "transformer")).run_id
    page.goto(f"/run/{transformer}/overview")
    wait_until_painted(page)
    left = page.locator(".overview-unrecorded")
    left.locator("summary").click()
    expect(left).to_contain_text("bias. ")
    expect(left).to_contain_text("32 numbers in 4: encoder.layers.*.norm*.weight")

    page.goto(f"/run/{transformer}/layers?layers=0,1")
    page.wait_for_selector("#layers-multiples[data-state=drawn]")
    wait_until_painted(page)
    row = page.locator(f'.layers-node[data-kind="layer"][title^="{QUERY} ·"]')
    expect(row).to_contain_text("attention")
    row.click()
    page.wait_for_selector("#layers-filters[data-state=drawn]")
    expect(page.locator("#layers-filters-facts")).to_contain_text("2 filters")

    page.goto(f"/run/{transformer}/correlation?k=1&m=1&top=20")
    wait_until_painted(page)
    grid = page.locator("#correlation-grid")
    expect(grid).to_have_attribute("data-detail", "there")
    rows = grid.evaluate(
        "e => { const { model } = deeptracker.charts.of(e).handler;"
        " return Array.from(model.arrays.layer, (id) => model.names.layers[id]); }"
    )
    assert any(".self_attn." in name for name in rows)

    page.goto(f"/run/{transformer}/cube?k=1&m=1&top=20")
    page.wait_for_selector("#cube-faces[data-state=drawn]:not([data-view=''])")
    rest(page)


def test_a_run_of_scalars_alone_opens_everywhere(
    page: Page, site_engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "losses"
    folder.mkdir()
    rows = "".join(f"{at},{1 / at},{at * at}\n" for at in range(1, 90))
    (folder / "metrics.csv").write_text(f"step,train_loss,reward\n{rows}")
    run_id = load_log(site_engine, folder).run_id
    page.goto(f"/run/{run_id}/overview")
    expect(page.locator("#overview-scalar-count")).to_have_text("2 scalars")
    expect(page.locator("#overview-scalars canvas").first).to_be_visible()
    expect(page.locator(".overview-missing li")).to_have_count(2)
    page.get_by_text(f"Read from CSV in {folder}").click()
    expect(page.locator(".overview-origin")).to_contain_text("Files: metrics.csv")
    for tab in ("Layers", "Distributions", "Correlation", "Cube", "Validation", "Confusion"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(tab)
        expect(page.locator(".not-recorded h2")).to_contain_text("Not recorded: ")
        expect(page.locator(".not-recorded")).to_contain_text("beside the files and load")
    page.get_by_role("link", name="To what is recorded: the scalars").click()
    expect(page.get_by_role("heading", name="reward")).to_be_visible()
    page.get_by_role("link", name="Findings", exact=True).click()
    expect(page.locator(".finding-unjudged")).to_contain_text("gradients")
