"""The overview of a run that did not go smoothly says so, in a real browser."""

import warnings
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from benchmarks.browser import wait_until_painted
from deeptracker import Recorder
from ingest.pipeline import load_log
from tests.deeptracker.trainings import make_training, validation_set


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
    remarks = page.locator(".overview-remarks")
    expect(remarks).to_contain_text("1 remark of the Recorder")
    remarks.locator("summary").click()
    expect(remarks).to_contain_text("scalar 'f1' is not recorded: is None, not a number")
