"""Every kind of chart draws what it drew when its golden drawings were kept."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.golden.cases import KINDS, NOT_DRAWN
from tests.browser.golden.data import APP, CASES
from tests.browser.golden.page import THEMES, Drawer, comparable, difference, drawer

BUILD = APP.parent / "build" / "golden"
KEEP = os.environ.get("DEEPTRACKER_GOLDEN") == "keep"  # `make golden`
# A longer drawing is kept compressed: a stack of 1,000 columns is 170 KB of much the same.
MOST = 40_000


@pytest.fixture(scope="module")
def golden(browser: Browser) -> Iterator[Drawer]:
    """A page for drawings."""
    with drawer(browser) as made:
        yield made


def test_every_kind_has_golden_drawings(golden: Drawer) -> None:
    known = golden.page.evaluate("window.deeptracker.charts.kinds()")
    assert sorted([*KINDS, *NOT_DRAWN]) == known, "see CONTRIBUTING.md, Golden drawings"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_a_chart_is_drawn_as_it_was_kept(golden: Drawer, name: str, case: str) -> None:
    kind = KINDS[name]
    drawings = golden.draw(name, kind.make(case))
    told = [
        _compare(kind.folder / f"{name}-{case}-{theme}", drawing)
        for theme, drawing in drawings.items()
    ]
    assert not any(told), "\n\n".join(filter(None, told))


def test_no_drawing_is_kept_that_nothing_draws() -> None:
    wanted = {
        kind.folder / f"{name}-{case}-{theme}"
        for name, kind in KINDS.items()
        for case in CASES
        for theme in THEMES
    }
    assert {
        path.with_name(path.name.split(".")[0]) for path in APP.rglob("golden/*.svg*")
    } == wanted


def _compare(stem: Path, drawing: str) -> str:
    """Return how a drawing differs from the kept one, or keep it where that is asked for."""
    if KEEP:
        _keep(stem, drawing)
        return ""
    kept = _kept(stem)
    if kept is not None and comparable(kept) == comparable(drawing):
        return ""
    BUILD.mkdir(parents=True, exist_ok=True)
    places = [BUILD / f"{stem.name}-{which}.svg" for which in ("kept", "drawn")]
    for place, text in zip(places, (kept or "", drawing), strict=True):
        place.write_text(text)
    found = "no drawing is kept" if kept is None else difference(kept, drawing)
    return f"{stem.name}: {found}\nLook at {places[1]}\n{places[0]}\nIf it is meant: make golden"


def _keep(stem: Path, drawing: str) -> None:
    stem.parent.mkdir(exist_ok=True)
    plain, packed = _files(stem)
    for path in (plain, packed):
        path.unlink(missing_ok=True)
    if len(drawing) > MOST:
        packed.write_bytes(gzip.compress(drawing.encode(), mtime=0))
    else:
        plain.write_text(drawing)


def _kept(stem: Path) -> str | None:
    plain, packed = _files(stem)
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    return plain.read_text() if plain.exists() else None


def _files(stem: Path) -> tuple[Path, Path]:
    return stem.with_suffix(".svg"), stem.with_suffix(".svg.gz")
