"""Trainings in a browser, with a real worker and a script: start, compare, fork, grid, stop."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from db.engine import session_scope
from db.models import IngestJob, IngestWorker, Training
from tests.jobs.conftest import running_worker

ROOT = Path(__file__).parents[2]
# Records as the package's own writer does, without the seconds that torch takes to come.
SCRIPT = """
import os, shutil, sys, time
given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
print("given", sorted(given.items()), flush=True)
folder = os.environ["DEEPTRACKER_RUN_DIR"]
shutil.copytree({recorded!r}, folder)
open(folder + "/5.pt", "w").close()
text = open(folder + "/run.json").read()
import json, uuid
manifest = json.loads(text)
manifest["run"], manifest["name"] = uuid.uuid4().hex, os.path.basename(folder)
open(folder + "/run.json", "w").write(json.dumps(manifest))
while given["wait"] == "yes":
    time.sleep(0.05)
print("trained with", given["lr"], "from", os.path.basename(given.get("resume", "nothing")))
"""


@pytest.fixture
def scripts(site_engine, recorded_run, tmp_path):
    """The file of an administrator; nothing of before is in the way."""
    with session_scope(site_engine) as session:
        for table in (Training, IngestJob, IngestWorker):
            session.execute(delete(table))
    program = tmp_path / "train.py"
    program.write_text(SCRIPT.format(recorded=str(recorded_run)))
    file = tmp_path / "scripts.toml"
    file.write_text(f"""
[[script]]
id = "digits"
title = "Digits"
path = "{program}"
interpreter = "{sys.executable}"
directory = "{ROOT}"
checkpoints = "{{iteration}}.pt"
[[script.argument]]
name = "lr"
type = "float"
minimum = 0.001
maximum = 1
default = 0.1
[[script.argument]]
name = "wait"
type = "choice"
choices = ["no", "yes"]
default = "no"
[[script.argument]]
name = "resume"
type = "checkpoint"
""")
    for one in (program, file):
        one.chmod(0o644)
    return {"DEEPTRACKER_SCRIPTS": str(file), "DEEPTRACKER_HOME": str(tmp_path / "home")}


@pytest.fixture
def roots(tmp_path):
    """The folder of the worker's runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def row(page: Page, rate: str):
    """Return the row of the training with this learning rate."""
    rows = page.get_by_role("table", name="Trainings").locator("tbody tr")
    return rows.filter(has_text=f"lr {rate} ")


def test_a_training_and_its_fork(page: Page, site, scripts, roots):
    page.goto("/trainings")
    expect(page.get_by_text("No worker offers a training script")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_hidden()
    with running_worker(site.database_url, roots, environment=scripts):
        _one(page)
        _fork(page)


def test_a_grid_waits_and_is_stopped(page: Page, site, scripts, roots):
    page.goto("/trainings")
    with running_worker(site.database_url, roots, environment=scripts):
        expect(page.get_by_role("textbox", name="lr")).to_have_value("0.1")
        _grid_and_stop(page)


def _one(page: Page) -> None:
    rate = page.get_by_role("textbox", name="lr")
    expect(rate).to_have_value("0.1")
    rate.fill("7")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("lr must be a number from 0.001 to 1.")).to_be_visible()
    rate.fill("0.25")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("lr must be a number from 0.001 to 1.")).to_be_hidden()
    expect(row(page, "0.25")).to_contain_text("trained with 0.25 from nothing")
    expect(row(page, "0.25")).to_contain_text("succeeded")
    page.get_by_role("button", name="Output: training").click()
    output = page.get_by_role("region", name="Output of the training")
    expect(output).to_contain_text("given [('lr', '0.25'), ('wait', 'no')]")
    page.keyboard.press("Escape")


def _fork(page: Page) -> None:
    """Go on from the run's checkpoint before iteration 20 with another rate; compare both."""
    row(page, "0.25").get_by_role("link").click()
    expect(page.get_by_text("Recorded by")).to_be_visible()
    page.goto(f"{page.url.split('?')[0]}?cursor=20")
    fork = page.get_by_role("link", name="Fork from here…")
    expect(fork).to_have_attribute("href", "/trainings?fork=1&iteration=20")
    fork.click()
    rate = page.get_by_role("textbox", name="lr")
    expect(rate).to_have_value("0.25")
    expect(page.get_by_label("Before iteration")).to_have_value("20")
    rate.fill("0.5")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(row(page, "0.5")).to_contain_text("trained with 0.5 from 5.pt")
    expect(row(page, "0.5")).to_contain_text("before iteration 20")
    expect(row(page, "0.5").get_by_role("link")).to_be_visible()
    page.goto("/run/1/overview")
    expect(page.locator(".overview-lineage")).to_contain_text("before iteration 20: lr 0.25 → 0.5")
    page.get_by_role("link", name="Compare both").click()
    expect(page).to_have_url(re.compile(r"/compare\?runs=1,2"))


def _grid_and_stop(page: Page) -> None:
    rate = page.get_by_role("textbox", name="lr")
    rate.fill("0.03")
    page.get_by_text("Grid", exact=True).click()
    # The fields come from the server, with what was typed into those before.
    expect(page.get_by_text("Values with commas between them").first).to_be_visible()
    expect(rate).to_have_value("0.03")
    rate.fill("0.01, 0.02")
    page.locator(".trainings-fields .mantine-MultiSelect-input").click()
    page.get_by_role("option", name="yes").click()
    page.get_by_role("option", name="no").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(row(page, "0.02")).to_contain_text("queued")
    expect(row(page, "0.01")).to_contain_text("running")
    row(page, "0.02").get_by_role("button", name="Stop").click()
    expect(row(page, "0.02")).to_contain_text("Stopped before it began.")
    row(page, "0.01").get_by_role("button", name="Stop").click()
    expect(row(page, "0.01")).to_contain_text("stopped")
