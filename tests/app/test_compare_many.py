"""Compare with many runs: which of them each part shows, groups, a baseline, figures, its views."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.components import run_colours
from app.components.compare_with import offered
from app.data.aligned import MOST_RUNS
from app.data.outcomes import Outcome, choices, outcomes, scalar_outcomes
from app.data.scalars import key_of
from app.views.compare import figures
from app.views.compare.explore import Choice, drawn, explore_panel
from app.views.compare.settings import difference_text, settings_table
from app.views.compare.sweep import sweep_of
from app.views.compare.words import letter
from db.errors import InTrash, NotFound
from db.models import SavedView, scalar_summary
from db.permissions import Role
from db.queries.runs.runs import RunRow, get_run, get_runs
from ingest.analysis.importance import importances, varying
from ingest.analysis.outcomes import Change
from tests.app.test_compare import ask
from tests.app.web import BASE, Client, callback_key
from tests.stored_runs import StoredRun, store_run

COUNT = 12
WIDTHS = (8, 16, 8, 32)


@pytest.fixture(scope="module")
def sweep(app_engine) -> list[StoredRun]:
    """Twelve small runs of three widths, with a tag on every third."""
    with Session(app_engine) as session:
        made = [
            store_run(
                session,
                seed=70 + at,
                layers=1,
                classes=2,
                images=4,
                snapshots=3,
                partitions=False,
                name=f"sweep {at}",
                hyperparameters={"rate": 10.0**-at, "width": WIDTHS[at % 4]},
                tags=["third"] if at % 3 == 0 else [],
            )
            for at in range(COUNT)
        ]
        session.commit()
    return made


@pytest.fixture(scope="module")
def ids(sweep) -> list[int]:
    return [run.run_id for run in sweep]


@pytest.fixture
def member(clients) -> Client:
    return clients[Role.MEMBER]


@pytest.fixture
def rows(app_engine, ids) -> list[RunRow]:
    with Session(app_engine) as session:
        return get_runs(session, run_ids=ids)


@pytest.fixture
def results(app_engine, ids) -> list[Outcome]:
    with Session(app_engine) as session:
        return outcomes(session, ids)


def test_all_runs_are_lines_and_ten_have_rows(member, sweep, ids):
    key = key_of("validation_error")
    arrays, meta = ask(member, "scalar-lines", ids, names=key)
    assert list(meta["series"]) == [f"{key}.{place}" for place in range(COUNT)]
    for place, run in enumerate(sweep):
        found = arrays[f"series.{key}.{place}.values"]
        np.testing.assert_array_equal(found, run.snapshots["validation_error"])
    for name in ("layers", "events"):
        _, meta = ask(member, name, ids)
        assert meta["detailed"] == list(range(10))
        _, meta = ask(member, name, ids, picked=f"{ids[11]},{ids[2]},987654")
        assert meta["detailed"] == [2, 11]
    arrays, _ = ask(member, "layers", ids, picked=f"{ids[11]},{ids[2]}", measure="weight",
                    statistic="mean")  # fmt: skip
    for row, at in enumerate((2, 11)):
        np.testing.assert_array_equal(arrays["values"][row], sweep[at].statistics["weight"][:, 5])


def test_groups_by_a_setting_have_mean_and_range(member, sweep, ids):
    _, meta = ask(member, "scalar-names", ids, group="setting", by="width", band="range")
    assert meta["labels"] == ["width 8", "width 16", "width 32"]
    assert meta["groups"] == [[0, 2, 4, 6, 8, 10], [1, 5, 9], [3, 7, 11]]
    key = key_of("validation_error")
    arrays, _ = ask(
        member, "scalar-lines", ids, group="setting", by="width", band="range", names=key
    )
    for group, places in enumerate(meta["groups"]):
        own = np.stack([sweep[at].snapshots["validation_error"] for at in places])
        for name, values in (("series", own.mean(axis=0)), ("band", own.min(axis=0))):
            part = "values" if name == "series" else "low"
            np.testing.assert_allclose(arrays[f"{name}.{key}.g{group}.{part}"], values)
        np.testing.assert_allclose(arrays[f"band.{key}.g{group}.high"], own.max(axis=0))
    _, meta = ask(member, "scalar-names", ids, group="setting", by="tags")
    assert meta["groups"] == [[at for at in range(COUNT) if at % 3], [0, 3, 6, 9]]
    _, meta = ask(member, "layers", ids, group="setting", by="width", picked=f"{ids[1]},{ids[5]}")
    assert meta["groups"] == [[1, 5]]


def test_a_setting_that_no_run_has_is_refused(member, ids):
    answer = member.get(f"/data/compare/scalar-names?runs={ids[0]},{ids[1]}&group=setting&by=moon")
    assert answer.status_code == 400
    assert "none of them has 'moon'" in answer.json["error"]


def test_several_runs_come_in_one_query_in_their_order(app_engine, ids):
    with Session(app_engine) as session:
        asked = [ids[3], ids[0], ids[7]]
        assert get_runs(session, run_ids=asked) == [get_run(session, run_id=one) for one in asked]
        with pytest.raises(NotFound, match="987654"):
            get_runs(session, run_ids=[ids[0], 987654])
        gone = store_run(session, seed=1, snapshots=0, trashed_at=datetime(2026, 1, 3, tzinfo=UTC))
        with pytest.raises(InTrash):
            get_runs(session, run_ids=[gone.run_id])


def test_last_and_best_are_those_of_the_snapshots(sweep, results):
    by_key = {one.key: one for one in results}
    errors = [run.snapshots["validation_error"] for run in sweep]
    np.testing.assert_allclose(by_key["last:validation_error"].values, [one[-1] for one in errors])
    np.testing.assert_allclose(by_key["best:validation_error"].values, [min(one) for one in errors])
    assert by_key["last:validation_error"].less is True
    assert "last:learning_rate" not in by_key


def outcome(*values: float, key: str = "last:validation_error") -> Outcome:
    return Outcome(key, "Last validation error", "percent", True, np.array(values))


def test_the_table_says_how_far_each_run_is_from_the_baseline(rows):
    said = str(settings_table(rows[:2], [outcome(0.10, 0.12)], 0))
    assert "+2.00 pp (+20 %) ✗" in said
    assert "worse than the baseline" in said
    assert "+8 (+100 %)" in said  # of the widths, of which none is better
    assert "better than" not in said
    assert "+2.00 pp" not in str(settings_table(rows[:2], [outcome(0.10, 0.12)]))
    # Of many runs the browser draws it.
    (table,) = [
        part for part in settings_table(rows, [outcome(*[0.1] * COUNT)], 3)
        if getattr(part, "data-chart", "") == "comparetable"
    ]  # fmt: skip
    told = json.loads(getattr(table, "data-options"))
    assert [row["base"] for row in told["rows"]].index(True) == 3
    width = told["heads"].index("width")
    assert told["rows"][0]["cells"][width] == {
        "text": "8", "value": 8.0, "change": "−24 (−75 %)", "kind": "other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "percent", "text"),
    [
        (Change(-0.012, -0.1, True), True, "−1.20 pp (−10 %)"),
        (Change(0.5, None, None), False, "+0.5"),
        (Change(2.0, 40.0, False), False, "+2 (+4,000 %)"),
        (Change(0.0, 0.0, None), False, "±0"),
    ],
)
def test_a_difference_in_words(change, percent, text):
    assert difference_text(change, percent=percent) == text


def test_letters_go_on_after_z():
    found = [letter(at) for at in (0, 25, 26, 27, 51, 52, 99)]
    assert found == ["A", "Z", "AA", "AB", "AZ", "BA", "CV"]


def test_every_run_has_a_colour_of_its_own():
    """`python -m app.components.run_colours` writes the stylesheet."""
    assert run_colours.FILE.read_text() == run_colours.source()
    assert run_colours.MOST == MOST_RUNS
    for dark in (True, False):
        assert len({run_colours.colour_of(at, dark=dark) for at in range(100)}) == 100


def test_a_run_keeps_its_colour_beside_others():
    assert run_colours.places([12, 3, 25]) == [1, 2, 4]
    assert run_colours.places([25, 12, 3]) == [4, 1, 2]
    # Of the same own colour: the older keeps it, whatever the order.
    assert run_colours.places([13, 3]) == [3, 2]
    assert run_colours.places([3, 13, 4]) == [2, 4, 3]
    many = run_colours.places(list(range(7, 1000, 10)))
    assert sorted(many) == list(range(100))


def test_parallel_coordinates_show_every_run(rows):
    sweep = sweep_of(rows[:3], [outcome(0.1, 0.2, np.nan)])
    figure = figures.parallel(
        sweep, ["rate", "width"], "last:validation_error", log=True, dark=False
    )
    assert [trace.name for trace in figure.data] == ["A sweep 0", "B sweep 1", "C sweep 2"]
    places = [list(trace.y) for trace in figure.data]
    np.testing.assert_allclose(np.array(places, float), [[1, 0, 0], [0.5, 1, 1], [0, 0, np.nan]])
    assert figure.data[1].customdata == (1, 1, 1)
    assert list(figure.data[0].text) == ["1", "8", "10 %"]
    assert list(figure.layout.xaxis.ticktext) == ["rate (log)", "width", "Last validation error"]
    # Twenty times the least is where a logarithmic axis begins to help.
    plain = figures.parallel(sweep, ["rate"], "last:validation_error", log=False, dark=True)
    assert plain.data[1].y[0] == pytest.approx((0.1 - 0.01) / (1 - 0.01))


def test_a_scatter_has_a_point_for_every_run(rows):
    named = [replace(one, hyperparameters={"kind": f"<{at}>", "rate": 10.0**at}) for at, one in
             enumerate(rows[:3])]  # fmt: skip
    sweep = sweep_of(named, [outcome(0.1, np.nan, 0.3)])
    figure = figures.scatter(sweep, "rate", "last:validation_error", "kind", log=True, dark=False)
    points = figure.data[0]
    assert list(points.x) == [1, 10, 100]
    assert list(points.y) == [0.1, None, 0.3]
    assert list(points.customdata) == [0, 1, 2]
    assert figure.layout.xaxis.type == "log"
    assert (
        points.text[0] == "A sweep 0<br>rate: 1<br>Last validation error: 10 %<br>kind: &lt;0&gt;"
    )
    assert [trace.name for trace in figure.data[1:]] == ["&lt;0&gt;", "&lt;1&gt;", "&lt;2&gt;"]
    over = figures.scatter(sweep, "kind", "last:validation_error", "", log=True, dark=True)
    assert (over.layout.xaxis.type, list(over.data[0].x)) == ("category", ["<0>", "<1>", "<2>"])
    assert over.data[0].marker.color == tuple(
        run_colours.colour_of(at, dark=True) for at in run_colours.places(sweep.ids)
    )


def test_importance_is_drawn_with_its_intervals():
    values = np.arange(12.0)
    found = importances(varying({"rate": list(values), "noise": [3, 1, 2] * 4}), values)
    figure = figures.importance(found, dark=False)
    (bars,) = figure.data
    assert bars.y[-1] == "rate"  # on top
    assert bars.x[-1] == pytest.approx(1)
    lows = [row.value - row.low for row in found.rows[::-1]]
    np.testing.assert_allclose(bars.error_x.arrayminus, np.maximum(lows, 0))


def figure_in(parts) -> go.Figure:
    (graph,) = [part.children for part in parts if hasattr(part.children, "figure")]
    return graph.figure


def test_what_is_drawn_follows_the_choice(rows, results):
    lines = figure_in(drawn(rows, results, Choice(axes=("width", "moon"))))
    assert len(lines.data) == COUNT
    assert len(lines.data[0].x) == 2
    points = figure_in(drawn(rows, results, Choice(explore="scatter", across="width")))
    assert list(points.data[0].x) == [float(WIDTHS[at % 4]) for at in range(COUNT)]
    parts = drawn(rows, results, Choice(explore="importance"))
    assert "Rank correlation over 12 runs" in str(parts)
    assert "at least 8" in str(drawn(rows[:5], [outcome(*range(5))], Choice(explore="importance")))
    # Two runs, or runs that do not differ, are set against nothing.
    assert drawn(rows[:2], [outcome(0.1, 0.2)], Choice()) == []
    assert explore_panel(rows[:2], [outcome(0.1, 0.2)]) is None


def test_any_scalar_can_be_the_result(app_engine, web, rows, ids):
    with Session(app_engine) as session:
        values = [{"run_id": one, "name": "val/f1", "last_iteration": 9, "last": at / 20,
                   "least": 0.0, "greatest": at / 10, "mean": 0.1, "count": 3}
                  for at, one in enumerate(ids[1:])]  # fmt: skip
        values += [{**values[0], "name": name} for name in ("lone", "x" * 198)]
        values += [{**one, "name": "x" * 198} for one in values[1:5]]
        values += [{**one, "name": "speed"} for one in values[:3]]
        session.execute(insert(scalar_summary), values)
        more = choices(session, ids, fewest=3)
        # Keys that the address has no room for are left out, and what two runs have alone.
        assert list(more) == [
            "last:val/f1", "best:val/f1", "last:speed", "least:speed", "greatest:speed"
        ]  # fmt: skip
        found = scalar_outcomes(session, ids, ["best:val/f1", "least:val/f1", "moon", "last:lone"])
        assert [one.key for one in found] == ["best:val/f1", "last:lone"]
        expected = [np.nan, *(at / 10 for at in range(COUNT - 1))]
        np.testing.assert_allclose(found[0].values, expected)
        assert found[0].less is False
    with web.app.server.test_request_context("/"):
        panel = explore_panel(rows, [], more)
    assert "Greatest speed" in json.dumps(panel, cls=PlotlyJSONEncoder)
    figure = figure_in(drawn(rows, found, Choice(result="best:val/f1", explore="scatter")))
    assert figure.layout.yaxis.title.text == "Best val/f1"


def test_the_page_answers_with_the_figure_and_the_table(clients, ids):
    viewer = clients[Role.VIEWER]
    chosen = [str(one) for one in ids]
    key = callback_key(viewer.web.app, "compare-sweep.children")
    values = {"compare-scheme.data": "dark", "compare-runs.value": chosen}
    answer = json.dumps(viewer.update(key, values), cls=PlotlyJSONEncoder)
    assert "scatter" in answer
    assert viewer.web.client().call(key, values).status_code == 401
    key = callback_key(viewer.web.app, "compare-settings.children")
    assert "comparetable" in viewer.call(key, {"compare-runs.value": chosen}).text


@pytest.fixture
def _no_views(web):
    yield
    with Session(web.engine) as session:
        session.execute(delete(SavedView))
        session.commit()


@pytest.mark.usefixtures("_no_views")
def test_a_comparison_is_saved_and_opens_for_others(clients, ids):
    query = f"runs={ids[0]},{ids[1]}&baseline={ids[1]}&of=0123abcd,<b>&nonsense=1"
    body = {"run": ids[0], "page": "compare", "query": query, "name": "best", "shared": True}
    headers = {"Origin": BASE}
    sent = clients[Role.MEMBER].http.post("/data/views", json=body, base_url=BASE, headers=headers)
    assert sent.status_code == 201, sent.text
    opened = clients[Role.VIEWER].get(f"/v/{sent.json['id']}")
    assert opened.status_code == 303
    assert opened.location == f"/compare?runs={ids[0]},{ids[1]}&baseline={ids[1]}"
    refused = clients[Role.VIEWER].http.post(
        "/data/views", json=body, base_url=BASE, headers=headers
    )
    assert refused.status_code == 403  # a viewer shares nothing
    page = clients[Role.VIEWER]
    key = callback_key(page.web.app, "shell-page.children")
    shown = page.call(key, {"shell-location.pathname": "/compare", "shell-location.search": ""})
    assert "Save view" in shown.text


def test_another_run_is_offered_by_its_words(rows):
    here, *others = rows
    alike = replace(others[5], dataset="the same", name="needle one")
    far = replace(others[6], name="needle two", tags=["old"])
    here = replace(here, dataset="the same")
    text = str(offered(here, [here, far, alike, *others], "NEEDLE"))
    assert text.index("needle one") < text.index("needle two")
    assert "sweep" not in text
    assert f"/compare?runs={here.id},{alike.id}&of={here.uuid.hex[:8]},{alike.uuid.hex[:8]}" in text
    assert "needle two" in str(offered(here, [far, alike], "old needle"))
    assert "No other run has these words." in str(offered(here, [here, far], "hay"))


def test_the_header_of_a_run_finds_others(clients, ids):
    client = clients[Role.VIEWER]
    key = callback_key(client.web.app, "compare-with-dialog.opened")
    values = {
        "compare-with-open.n_clicks": 1,
        "compare-with-search.value": "sweep 11",
        "compare-with-run.data": ids[0],
    }
    assert f"runs={ids[0]},{ids[11]}" in client.call(key, values).text
    assert "There is no run" in client.call(key, {**values, "compare-with-run.data": 987654}).text
    assert client.web.client().call(key, values).status_code == 401
