"""The training images behind a jump, from a real training to the page that names them."""

from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from ingest.pipeline import load_log
from tests.bad_batches import AT, train


def test_a_person_reads_which_images_made_the_loss_jump(
    page: Page, site_engine: Engine, digits: int, tmp_path: Path
) -> None:
    bad = train(tmp_path / "run")
    run_id = load_log(site_engine, tmp_path / "run").run_id
    page.goto(f"/run/{run_id}/findings")
    part = page.locator("details.finding-batches", has_text=f"Batches at iteration {AT}")
    table = part.get_by_role("table", name=f"Images of the batch of iteration {AT}")
    expect(table).to_be_visible()
    expect(part).to_contain_text("images made it: without them it is")
    rows = [row.split("\t") for row in table.locator("tbody").inner_text().splitlines()]
    named = {int(row[0].replace(",", "")) for row in rows}
    assert len(named & bad) >= 0.9 * len(named)
    assert {row[1] for row in rows if int(row[0].replace(",", "")) in bad} == {"0"}
    part.locator("summary").click()
    expect(table).to_be_hidden()

    # Of a run whose loss never jumped there is none.
    page.goto(f"/run/{digits}/findings")
    expect(page.locator("#findings-batches")).to_contain_text("no batch was kept")
