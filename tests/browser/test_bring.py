"""The page that brings a run, with a real worker: a folder of the server, and files sent."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import delete

from db.engine import session_scope
from db.models import IngestJob, IngestWorker
from tests.browser.conftest import VIEWPORT, Watch
from tests.browser.waiting import rest
from tests.jobs.conftest import running_worker, wait_until

SECOND = re.compile(r"/data/uploads/\d+/0\?at=1048576$")


def table(path: Path, rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "train_loss", "accuracy"])
        writer.writerows([at, 2 / at, 1 - 1 / at] for at in range(1, rows + 1))


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the module's server writes uploads to, under the worker's root."""
    return tmp_path_factory.mktemp("roots") / "uploads"


@pytest.fixture(scope="module", autouse=True)
def told(uploads: Path):
    """Tell the server, which is started after this, where uploads go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPTRACKER_UPLOADS", str(uploads))
        patch.setenv("DEEPTRACKER_UPLOAD_MB", "8")
        yield


def look(page: Page) -> None:
    page.get_by_role("button", name="Look", exact=True).click()


def test_a_folder_and_a_sent_one_become_runs(
    told, page: Page, site, site_engine, uploads: Path, tmp_path: Path
) -> None:
    with session_scope(site_engine) as session:
        for one in (IngestJob, IngestWorker):
            session.execute(delete(one))
    root = uploads.parent
    table(root / "yolo" / "results.csv", 40)
    (root / "odd").mkdir()
    (root / "odd" / "notes.txt").write_text("nothing to load")
    page.goto("/")
    expect(page.get_by_role("link", name="Bring a run").first).to_be_visible()
    with running_worker(site.database_url, root):
        page.goto("/jobs")
        expect(page.get_by_text("1 worker alive on 1 host")).to_be_visible()
        page.goto("/bring")
        # What is of no known kind is said to be so, and what leads out is refused.
        page.get_by_role("textbox", name="Folder or file").fill("odd")
        look(page)
        expect(page.get_by_text("Nothing is recognised here")).to_be_visible()
        page.get_by_role("textbox", name="Folder or file").fill("/etc")
        look(page)
        expect(page.locator("#bring-found")).to_contain_text("does not lie under")
        expect(page.locator("#bring-form")).to_be_hidden()
        page.get_by_role("textbox", name="Folder or file").fill("yolo")
        look(page)
        found = page.locator("#bring-found")
        expect(found).to_contain_text("2 series, 80 values, up to iteration 40")
        expect(found).to_contain_text("not recorded: gradients")
        page.get_by_label("Name of the run").fill("My detector")
        page.get_by_role("button", name="Load", exact=True).click()
        page.get_by_role("link", name="Open My detector").click()
        expect(page.get_by_role("heading", name="My detector")).to_be_visible()
        _send(page, uploads, tmp_path)
        _drop(page, tmp_path)
        _unknown(page, tmp_path)


def _unknown(page: Page, folder: Path) -> None:
    """A file of no kind that is known, of which no path on the server is said."""
    (folder / "paper.pdf").write_bytes(b"%PDF-1.4 no log")
    choose(page, folder / "paper.pdf")
    found = page.locator("#bring-found")
    expect(found).to_contain_text("Nothing is recognised here")
    expect(found).to_contain_text("1 file, 15 bytes, of no kind")


def _send(page: Page, uploads: Path, folder: Path) -> None:
    """A folder of this computer: too large at first, then sent, recognised, named after itself."""
    mine = folder / "training ä"
    table(mine / "logs" / "metrics.csv", 30_000)
    (mine / ".DS_Store").write_bytes(b"x")
    page.goto("/bring")
    (mine / "large.bin").write_bytes(bytes(9 * 2**20))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(mine)
    expect(page.locator(".bring-upload")).to_contain_text("at most 8 MB")
    (mine / "large.bin").unlink()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(mine)
    expect(page.locator("#bring-found")).to_contain_text("2 series")
    expect(page.get_by_label("Name of the run")).to_have_value("training ä")
    page.get_by_role("button", name="Load", exact=True).click()
    page.get_by_role("link", name="Open training ä").click()
    _fits_a_phone(page)
    # One folder, whole, under a name of the server's.
    (kept,) = uploads.iterdir()
    assert len(kept.name) == 32
    sent = kept / "metrics.csv"
    assert sent.read_bytes() == (mine / "logs" / "metrics.csv").read_bytes()
    assert [one.name for one in kept.rglob("*") if one.is_file()] == ["metrics.csv"]


def _fits_a_phone(page: Page) -> None:
    """The overview says where the run was read from: a long path without a blank."""
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".overview-origin summary")).to_contain_text("uploads")
    rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size(VIEWPORT)


def _drop(page: Page, folder: Path) -> None:
    """A file that is dragged out of the system's own file manager, as the browser takes it."""
    mine = folder / "dropped.csv"
    table(mine, 12)
    page.goto("/bring")
    place = page.locator("[data-bring-drop]")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    mouse = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    carried = {"items": [], "files": [str(mine)], "dragOperationsMask": 1}
    protocol = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver"):
        protocol.send("Input.dispatchDragEvent", {"type": kind, "data": carried, **mouse})
    expect(place).to_have_class(re.compile("bring-over"))
    protocol.send("Input.dispatchDragEvent", {"type": "drop", "data": carried, **mouse})
    found = page.locator("#bring-found")
    expect(found).to_contain_text("2 series, 24 values, up to iteration 12")
    expect(page.locator("#bring-form")).to_contain_text("What was sent does not grow")
    expect(place).not_to_have_class(re.compile("bring-over"))


def choose(page: Page, path: Path) -> None:
    page.goto("/bring")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(path)


def held(page: Page, act: Callable[[], None]) -> None:
    """Do something when the second piece of an upload is asked for, before the server has it."""

    def hold(route: Route) -> None:
        act()
        route.abort("connectionrefused")

    page.route(SECOND, hold, times=1)


def forgive(watch: Watch) -> None:
    """Leave out what the browser itself says of requests that fail on purpose."""
    watch.troubles[:] = [one for one in watch.troubles if "Failed to load resource" not in one]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    path.write_bytes(b"step,train_loss\n" + b"".join(b"%d,0.5\n" % at for at in range(400_000)))
    assert 3 * 2**20 < path.stat().st_size < 8 * 2**20
    return path


def test_an_upload_outlasts_a_server_that_is_away(
    told, page: Page, watch: Watch, site, uploads: Path, large: Path
) -> None:
    before = set(uploads.iterdir()) if uploads.exists() else set()
    with running_worker(site.database_url, uploads.parent):
        page.goto("/jobs")
        expect(page.get_by_text("1 worker alive on 1 host")).to_be_visible()
        held(page, lambda: page.context.set_offline(True))
        choose(page, large)
        expect(page.locator(".bring-upload")).to_contain_text("goes on when it does")
        # Longer than anything was tried for in vain before.
        page.wait_for_timeout(11_000)
        page.context.set_offline(False)
        expect(page.locator("#bring-found")).to_contain_text("400,000 values")
    (kept,) = {one for one in uploads.iterdir() if not one.name.startswith(".")} - before
    assert (kept / "large.csv").read_bytes() == large.read_bytes()
    forgive(watch)


@pytest.mark.parametrize("harm", ["grows", "is replaced", "is deleted"])
def test_a_file_that_changes_while_it_is_sent_is_named(
    told, page: Page, watch: Watch, site, uploads: Path, large: Path, harm: str
) -> None:
    before = set(uploads.iterdir()) if uploads.exists() else set()

    def change() -> None:
        if harm == "grows":
            with large.open("ab") as file:
                file.write(b"400000,0.5\n")
        else:
            large.unlink()
        if harm == "is replaced":
            large.write_bytes(b"step,train_loss\n1,2\n")

    with running_worker(site.database_url, uploads.parent):
        page.goto("/jobs")
        expect(page.get_by_text("1 worker alive on 1 host")).to_be_visible()
        held(page, change)
        choose(page, large)
        problem = page.locator(".bring-upload .dt-problem")
        expect(problem).to_contain_text("large.csv was changed, moved or deleted while it was sent")
    wait_until(lambda: set(uploads.iterdir()) == before, seconds=30)
    forgive(watch)
