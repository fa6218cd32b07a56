"""Download the data and the picture of charts in a real browser; a report that works offline."""

import xml.etree.ElementTree as ET
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from db.queries.measurements import snapshots
from tests.browser.conftest import VIEWPORT, Watch

SVG = "{http://www.w3.org/2000/svg}"


def drawn(page: Page) -> None:
    page.wait_for_function(
        """() => {
          const all = [...document.querySelectorAll("[data-chart]")];
          const charts = all.filter((c) => c.offsetWidth);
          return charts.length > 1
            && charts.every((c) => ["drawn", "message"].includes(c.dataset.state));
        }"""
    )


def keep(page: Page, panel: str, item: str) -> tuple[str, bytes]:
    """Download one item of the menu of the panel with this heading; return name and bytes."""
    section = page.locator(".dt-panel", has=page.get_by_role("heading", name=panel, exact=True))
    section.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_data_and_pictures_of_charts(page: Page, digits: int, site_engine) -> None:
    page.goto(f"/run/{digits}/overview")
    drawn(page)
    with Session(site_engine) as session:
        error = snapshots.class_errors(session, run_id=digits)
        profile = snapshots.snapshots(session, run_id=digits)
    name, data = keep(page, "Error of the classes", "Data, CSV")
    assert name.startswith(f"run-{digits}-digits")
    assert name.endswith("class-error.csv")
    frame = pd.read_csv(StringIO(data.decode()), dtype={"error": "f4"})
    found = frame.pivot(index="class_id", columns="iteration", values="error")
    np.testing.assert_array_equal(found.to_numpy(), error)
    name, data = keep(page, "Layers", "Data, Parquet")
    assert name.endswith("layer-profile-gradient-std.parquet")
    frame = pd.read_parquet(BytesIO(data))
    assert frame["iteration"].nunique() == len(profile.iteration)

    name, data = keep(page, "Model", "Picture, SVG")
    assert name == f"run-{digits}-overview-Model.svg"
    root = ET.fromstring(data)
    words = [element.text for element in root.iter(f"{SVG}text")]
    # Curves and words of the canvases are vectors, with the axis above them.
    assert {"Loss", "validation", "iteration", "epoch", "learned"} <= set(words)
    assert len([p for p in root.iter(f"{SVG}path") if p.get("fill") == "none"]) >= 4
    assert not list(root.iter(f"{SVG}image"))
    name, data = keep(page, "Error of the classes", "Picture, SVG")
    root = ET.fromstring(data)
    assert len(list(root.iter(f"{SVG}image"))) >= 1
    name, data = keep(page, "Error of the classes", "Picture, PNG")
    picture = Image.open(BytesIO(data))
    assert (picture.width, picture.height) == (
        2 * int(root.get("width")),
        2 * int(root.get("height")),
    )
    assert len(picture.convert("RGB").getcolors(2**24)) > 20
    # The charts on the page are as they were.
    assert page.locator("#overview-strip").get_attribute("data-state") == "drawn"


def test_the_menu_by_keyboard(page: Page, digits: int) -> None:
    page.goto(f"/run/{digits}/overview")
    drawn(page)
    button = page.locator(".dt-panel").first.get_by_role("button", name="Download")
    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    assert menu.get_by_role("menuitem").all_inner_texts() == [
        "Data, CSV", "Data, Parquet", "Picture, PNG", "Picture, SVG",
    ]  # fmt: skip
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "Picture, SVG"
    page.keyboard.press("Escape")
    assert menu.count() == 0
    assert button.evaluate("button => button === document.activeElement")


def test_the_report_works_offline(
    page: Page, browser: Browser, digits: int, tmp_path: Path
) -> None:
    page.goto(f"/run/{digits}/overview")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report").click()
    assert download.value.suggested_filename.endswith("-report.html")
    path = tmp_path / "report.html"
    download.value.save_as(path)
    for scheme in ("light", "dark"):
        context = browser.new_context(
            offline=True, java_script_enabled=False, color_scheme=scheme, viewport=VIEWPORT
        )
        alone = context.new_page()
        watch = Watch(host="")
        watch.over(alone)
        asked: list[str] = []
        alone.on("request", lambda request, asked=asked: asked.append(request.url[:40]))
        alone.goto(path.as_uri())
        assert alone.get_by_role("heading", level=1).inner_text().startswith("digits")
        titles = alone.get_by_role("heading", level=2).all_inner_texts()
        assert {"What happened?", "Training", "Classes", "Annotations"} <= set(titles)
        assert alone.locator("svg polyline").count() == 5
        assert watch.troubles == []
        assert [url for url in asked if not url.startswith(("file:", "data:image/png"))] == []
        context.close()
