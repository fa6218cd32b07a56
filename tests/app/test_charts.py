"""The options of charts: declared once, refused where they do not fit, and known to the scripts."""

import json
import re
from pathlib import Path

import pytest

from app.components.chart_options import KINDS
from app.components.chart_types import FILE, source
from app.components.charts import ChartError, chart

APP = Path(__file__).parents[2] / "app"
STRIP = {"label": "Loss", "url": "/data/run/1/series", "panels": [{"title": "Loss"}]}


def test_a_container_carries_its_options():
    props = chart("a", "strip", **STRIP, legend=None).to_plotly_json()["props"]
    assert props["data-chart"] == "strip"
    assert json.loads(props["data-options"]) == {**STRIP, "table": "/data/run/1/series"}


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("stripp", STRIP, "There is no kind of chart called 'stripp'; there are .*strip"),
        ("strip", {**STRIP, "pannels": []}, "'strip': pannels: Extra inputs"),
        ("strip", {"label": "Loss", "url": "/"}, "'strip': panels: Field required"),
        ("strip", {**STRIP, "panels": [{"titel": "Loss"}]}, r"panels\.0\.title: Field required"),
        ("strip", {**STRIP, "redraw": "log"}, "'strip': redraw: Input should be a valid list"),
        ("workspace", {"label": "", "run": "3", "views": [], "wanted": "x"}, "run: .*integer"),
    ],
)
def test_what_no_script_could_draw_fails_where_it_is_laid_out(kind, options, said):
    with pytest.raises(ChartError, match=said):
        chart("a", kind, **options)


def test_the_types_of_the_scripts_are_those_of_the_records():
    """`python -m app.components.chart_types` writes them."""
    assert FILE.read_text() == source()


def test_who_asks_charts_for_anything_knows_no_kind_of_them():
    """They ask what app/web/core/protocol.ts declares: a new kind changes nothing there."""
    named = re.compile(rf"""(["'`]|data-chart=)({"|".join(KINDS)})(["'`\]])""")
    asking = [*APP.glob("annotations/web/*.ts"), *APP.glob("export/web/*.ts")]
    asking += [APP / "web" / "charts" / "readout.ts", APP / "findings" / "web" / "lane.ts"]
    assert len(asking) > 15
    found = {path: named.findall(path.read_text()) for path in asking}
    own = {
        APP / "web" / "charts" / "readout.ts": [('"', "readout", '"')],  # it registers itself
        APP / "findings" / "web" / "lane.ts": [('"', "finding", '"')],  # how its classes begin
    }
    assert {path: words for path, words in found.items() if words} == own


def test_every_kind_is_drawn_by_a_script():
    scripts = [path.read_text() for path in APP.rglob("web/**/*.ts")]
    registered = {
        kind for text in scripts for kind in re.findall(r'registerKind\(\s*"(\w+)"', text)
    }
    assert registered == set(KINDS)
