"""Every view lays out its charts, with options that their scripts know: with data and without."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from dash import html
from dash.development.base_component import Component
from sqlalchemy import Engine, delete

from app.auth.identity import Identity
from app.components.chart_options import KINDS
from app.factory import VIEWS
from app.view import PageContext, View
from app.views.findings.cards import card
from app.views.review.cards import card as image_card
from db.engine import session_scope
from db.models import Run
from db.permissions import Role
from db.queries.runs import runs
from db.queries.runs.runs import RunRow
from deeptracker.format import NO_PREDICTION
from ingest.analysis.health.finding import Names, Rule
from ingest.analysis.health.rules import RULES
from tests.app.finding_rows import CHART, finding_row
from tests.app.review_images import review_images
from tests.app.web import Web
from tests.stored_runs import StoredRun, store_run

# The kinds of charts of each view, as often as it has them; other views have none.
CHARTS: Mapping[str, Sequence[str]] = {
    "compare": [
        "compareaxis", "compareevents", "compareimages", "comparekey", "comparelayers",
        "comparemap", "comparemap", "comparemap", "comparescalars", "comparestate",
    ],
    "overview": ["axis", "live", "pixelmap", "pixelmap", "readout", "strip"],
    "review": ["live"],
    "scalars": ["axis", "live", "scalarlist"],
    "machine": ["axis", "live", "machinelist"],
    "validation": [
        "anomalytable", "axis", "gallery", "imagelist", "iterationclasses", "live", "strip",
        "validationrows", "validationwindow",
    ],
    "confusion": [
        "axis", "confusionclasses", "confusionflows", "confusionimages", "confusionmatrix", "live",
    ],
    "layers": [
        "axis", "filtermap", "filterseries", "layercompare", "live", "magnitudes", "multiples",
        "readout", "topfilters",
    ],
    "probe": [
        "axis",
        "live",
        "probeclusters",
        "probecourse",
        "probekernels",
        "probemaps",
        "probesaliency",
        "probetop",
    ],
    "network": ["axis", "live", "networkgraph"],
    "correlation": [
        "correlationcells", "correlationfilters", "correlationgrid", "correlationsliders", "live",
        "validationwindow",
    ],
    "change": ["axis", "changes", "live"],
    "distributions": ["distributions", "live"],
    "cube": ["cube", "live", "validationwindow"],
    "workspace": ["workspace"],
}  # fmt: skip


@pytest.fixture(scope="module")
def shown(app_engine: Engine, app_run: StoredRun) -> Iterator[Mapping[str, RunRow]]:
    """A run with data, and one whose log holds nothing."""
    with session_scope(app_engine) as session:
        empty = store_run(session, seed=3, layers=1, classes=0, snapshots=0).run_id
    with session_scope(app_engine) as session:
        ids = {"data": app_run.run_id, "nothing": empty}
        yield {name: runs.get_run(session, run_id=number) for name, number in ids.items()}
    with session_scope(app_engine) as session:
        session.execute(delete(Run).where(Run.id == empty))


@pytest.mark.parametrize("of", ["data", "nothing"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_lays_out_its_charts(
    web: Web, shown: Mapping[str, RunRow], view: View, of: str
) -> None:
    named = ",".join(str(run.id) for run in shown.values())
    context = PageContext(
        identity=Identity(1, "Ann", "ann@example.org", Role.ADMIN, b""),
        run=shown[of] if view.of_run else None,
        search=f"?runs={named}" if view.name == "compare" and of == "data" else "",
    )
    with web.app.server.test_request_context("/"):
        kinds = charts_of(view.layout(context))
    wanted = list(CHARTS.get(view.name, ()))
    # Before any run is chosen there is nothing to compare.
    assert kinds == (["comparestate"] if view.name == "compare" and of == "nothing" else wanted)


BAND = {**CHART, "lower": [1.0, None, 0.1], "upper": [2.0, None, 0.4]}


@pytest.mark.parametrize(
    ("evidence", "kinds"),
    [({}, ["finding"]), ({"chart": None}, []), ({"chart": BAND}, ["findingband"])],
)
def test_the_card_of_a_finding_has_a_chart(
    web: Web, evidence: Mapping[str, None], kinds: list[str]
) -> None:
    with web.app.server.test_request_context("/"):
        assert charts_of(card(finding_row(**evidence), Names(), may_mute=True)) == kinds


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_card_of_a_finding_leads_to_a_page(web: Web, rule: Rule) -> None:
    with web.app.server.test_request_context("/"):
        shown = card(finding_row(rule=rule.name), Names(), may_mute=True)
    assert f"/run/1/{rule.view}?" in str(shown.to_plotly_json())
    assert rule.view in {view.name for view in VIEWS}


@pytest.mark.parametrize("guess", [NO_PREDICTION, 1])
def test_the_card_of_an_image_has_its_picture(web: Web, guess: int) -> None:
    with web.app.server.test_request_context("/"):
        shown = image_card(
            3, review_images(), 0, score=float("nan"), votes=0, guess=guess, decided=None,
            may_decide=False, ticked=False,
        )  # fmt: skip
    assert charts_of(shown) == ["picture"]


def test_every_kind_of_chart_is_on_a_page() -> None:
    on_pages = {kind for kinds in CHARTS.values() for kind in kinds}
    # The table is of more runs than the page here shows: tests/app/test_compare_many.py.
    elsewhere = {
        "comparetable", "curves", "finding", "findingband", "histogrampair", "picture",
    }  # fmt: skip
    assert on_pages | elsewhere == set(KINDS)


def charts_of(page: Component) -> list[str]:
    """Return the kinds of the charts of a page, sorted; ValidationError for options of none."""
    kinds = []
    for part in html.Div([page])._traverse():
        given = part.to_plotly_json()["props"] if isinstance(part, Component) else {}
        if "data-chart" in given:
            kind = given["data-chart"]
            KINDS[kind].model_validate_json(given["data-options"])
            kinds.append(kind)
    return sorted(kinds)
