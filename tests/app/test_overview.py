"""What the overview serves and says, on stored runs."""

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from dash.development.base_component import Component
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, update
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments, BadArgument
from app.auth.identity import Identity
from app.binary import pack
from app.cache import kept
from app.components.run_course import course_facts
from app.components.run_facts import fixed_facts, hyperparameters, run_facts
from app.data import overview as data
from app.data import run_state
from app.data.series import reduce_series, within
from app.factory import FIELDS
from app.kept_series import packed, unpacked
from app.selection import install
from app.view import PageContext
from app.views.layers import VIEW as LAYERS
from app.views.overview import VIEW
from app.views.overview.ids import Ids
from app.views.overview.strip import _rates
from db.errors import NotFound
from db.models import Run, scalar
from db.permissions import Role
from db.queries.measurements import snapshots
from db.queries.measurements.scalars import Scalar
from db.queries.runs import runs
from deeptracker.format import SERIES, STATISTICS
from ingest.analysis.marks import Mark, marks
from tests.stored_runs import StoredRun, store_run

no_arguments = Arguments({})
WHO = Identity(1, "Ann", "ann@example.org", Role.ADMIN, b"")


class TestReduceSeries:
    def test_a_short_series_is_kept_whole(self) -> None:
        iterations, values = np.arange(1, 101), np.random.default_rng(0).normal(size=100)
        reduced = reduce_series(iterations, values, ticks=np.array([50, 100]), buckets=100)
        np.testing.assert_array_equal(reduced.iterations, iterations)
        np.testing.assert_array_equal(reduced.values, values)
        assert (reduced.total, reduced.odd_count) == (100, 0)

    def test_an_empty_series(self) -> None:
        reduced = reduce_series(np.array([], "i4"), np.array([]), ticks=np.array([1]))
        assert (len(reduced.iterations), len(reduced.odd), reduced.total) == (0, 0, 0)

    @given(st.integers(0, 2**31), st.integers(1, 400), st.integers(1, 12), st.integers(0, 30))
    def test_keeps_first_last_least_and_greatest_of_every_bucket(
        self, seed: int, count: int, buckets: int, snapshots: int
    ) -> None:
        rng = np.random.default_rng(seed)
        iterations = np.cumsum(rng.integers(1, 5, count))
        values = rng.integers(-3, 4, count).astype(float)
        values[rng.random(count) < 0.1] = np.nan
        values[rng.random(count) < 0.05] = np.inf
        ticks = np.unique(rng.integers(1, iterations[-1] + 1, snapshots))
        reduced = reduce_series(iterations, values, ticks=ticks, buckets=buckets)
        finite = np.isfinite(values)
        assert reduced.odd_count == (~finite).sum()
        assert set(reduced.odd) <= set(iterations[~finite])
        assert (np.diff(reduced.iterations) > 0).all()
        assert len(reduced.iterations) <= 4 * buckets
        if not finite.any():
            return
        kept = dict(zip(reduced.iterations, reduced.values, strict=True))
        known = dict(zip(iterations[finite], values[finite], strict=True))
        assert kept.items() <= known.items()
        # The whole is one bucket or more: its extremes and ends are there.
        assert max(kept.values()) == max(known.values())
        assert min(kept.values()) == min(known.values())
        assert min(kept) == min(known)
        assert max(kept) == max(known)

    def test_single_spikes_survive_a_million_values(self) -> None:
        values = np.zeros(1_000_000)
        spikes = np.arange(500, 1_000_000, 20_000)
        values[spikes] = np.where(np.arange(len(spikes)) % 2, 5.0, -7.0)
        values[[123_456, 777_777]] = np.nan
        ticks = np.arange(1_600, 1_000_000, 1_600)
        reduced = reduce_series(np.arange(1_000_000), values, ticks=ticks)
        assert set(spikes) <= set(reduced.iterations)
        assert reduced.odd.tolist() == [123_456, 777_777]
        assert len(reduced.iterations) <= 4 * 1_024

    def test_within_keeps_one_value_beyond_each_end(self) -> None:
        iterations, values = np.arange(0, 100, 10), np.arange(10.0)
        assert within(iterations, values, low=25, high=40)[0].tolist() == [20, 30, 40, 50]
        assert within(iterations, values, low=None, high=None)[0].tolist() == iterations.tolist()
        assert within(iterations, values, low=500, high=600)[0].tolist() == [90]


@pytest.fixture
def run(session: Session, noise: object) -> StoredRun:
    return store_run(session, seed=7)


class TestData:
    def test_series(self, session: Session, run: StoredRun) -> None:
        arrays, meta = data.series(session, run.run_id, Arguments({}))
        np.testing.assert_array_equal(arrays["iteration"], run.iterations)
        np.testing.assert_array_equal(arrays["transitions"], run.transitions)
        for name in SERIES:
            np.testing.assert_array_equal(arrays[f"snapshot.{name}"], run.snapshots[name])
        iterations, values = run.scalars["train_loss"]
        np.testing.assert_array_equal(arrays["series.train_loss.iterations"], iterations)
        np.testing.assert_array_equal(arrays["series.train_loss.values"], values)
        # Not logged as a series: the values at the snapshots, without the one not recorded.
        np.testing.assert_array_equal(
            arrays["series.train_error.iterations"], np.delete(run.iterations, 1)
        )
        assert meta["series"]["train_loss"] == {"total": 60, "shown": 60, "odd": 0}
        pack(arrays, meta)

    def test_every_parameter_group_has_its_learning_rate(
        self, session: Session, run: StoredRun
    ) -> None:
        for name, rate in (("learning_rate/1", 0.5), ("learning_rate/head", 0.25)):
            session.execute(
                insert(scalar).values(
                    run_id=run.run_id,
                    name=name,
                    iteration=int(run.iterations[0]),
                    iterations=np.array([1, 2], "i4"),
                    values=np.array([rate, rate / 2]),
                )
            )
        session.execute(update(Run).where(Run.id == run.run_id).values(version=Run.version + 1))
        arrays, meta = data.series(session, run.run_id, Arguments({}))
        assert arrays["series.learning_rate/head.values"].tolist() == [0.25, 0.125]
        assert arrays["snapshot.learning_rate/1"][-1] == 0.25
        assert meta["series"]["learning_rate/1"]["total"] == 2
        others = data.other_rates(analysis_of(session, run.run_id).series_names(session))
        lines = _rates(others)
        assert [line["name"] for line in lines] == ["group 0", "group 1", "head"]
        assert len({line["colour"] for line in lines}) == 3
        assert _rates([])[0]["name"] == ""

    def test_series_of_a_range(self, session: Session, run: StoredRun) -> None:
        arrays, _ = data.series(session, run.run_id, Arguments({"from": "20", "to": "25"}))
        assert arrays["series.train_loss.iterations"].tolist() == list(range(19, 27))
        np.testing.assert_array_equal(arrays["iteration"], run.iterations)

    def test_a_version_of_a_series_is_read_once(self, session: Session, run: StoredRun) -> None:
        at = snapshots.snapshots(session, run_id=run.run_id)
        first = analysis_of(session, run.run_id).series(session, "train_loss", at=at)
        second = analysis_of(session, run.run_id).series(session, "train_loss", at=at)
        assert second.values is first.values
        np.testing.assert_array_equal(second.iterations, run.scalars["train_loss"][0])
        session.execute(update(Run).where(Run.id == run.run_id).values(version=Run.version + 1))
        session.execute(delete(scalar).where(scalar.c.run_id == run.run_id))
        later = analysis_of(session, run.run_id)
        again = later.series(session, "train_loss", at=at)
        known = ~np.isnan(at.train_loss)
        np.testing.assert_array_equal(again.values, at.train_loss[known])
        assert len(first) == 60
        # What nobody logged, and snapshots do not know.
        assert len(later.series(session, "temperature", at=at)) == 0

    def test_class_error(self, session: Session, run: StoredRun) -> None:
        arrays, meta = data.class_error(session, run.run_id, no_arguments)
        assert arrays["wrong"].dtype == np.uint8
        error = (arrays["wrong"] / arrays["images"][:, None]).astype("f4")
        np.testing.assert_array_equal(error, run.class_error)
        np.testing.assert_array_equal(arrays["iteration"], run.iterations)
        assert list(meta["names"]) == [f"class {c}" for c in range(4)]
        assert meta["sizes"] == np.bincount(run.image_class, minlength=4).tolist()
        pack(arrays, meta)

    def test_layer_map(self, session: Session, run: StoredRun) -> None:
        arguments = Arguments({"quantity": "gradient", "statistic": "zero_share"})
        arrays, meta = data.layer_map(session, run.run_id, arguments)
        wanted = run.statistics["gradient"][:, STATISTICS.index("zero_share")]
        np.testing.assert_array_equal(arrays["values"], wanted)
        assert list(meta["names"]) == ["layer0", "layer1", "layer2"]
        assert list(meta["stages"]) == ["stage0", "stage0", "stage1"]
        assert meta["format"] == "percent"
        pack(arrays, meta)

    @pytest.mark.parametrize(
        "values",
        [
            {}, {"quantity": "weight"}, {"quantity": "x", "statistic": "std"},
            {"quantity": "weight", "statistic": "std; DROP TABLE run"},
        ],
    )  # fmt: skip
    def test_layer_map_refuses(self, session: Session, run: StoredRun, values: dict) -> None:
        with pytest.raises(BadArgument, match="must be one of"):
            data.layer_map(session, run.run_id, Arguments(values))

    def test_a_run_without_snapshots(self, session: Session) -> None:
        empty = store_run(session, seed=1, snapshots=0)
        arrays, meta = data.series(session, empty.run_id, Arguments({}))
        assert arrays["transitions"].shape == (0, 4)
        assert data.class_error(session, empty.run_id, no_arguments)[0]["wrong"].shape == (4, 0)
        pack(arrays, meta)
        choice = Arguments({"quantity": "weight", "statistic": "std"})
        assert data.layer_map(session, empty.run_id, choice)[0]["values"].shape == (3, 0)

    def test_a_run_that_validates_nothing(self, session: Session) -> None:
        run = store_run(session, seed=1, classes=0)
        arrays, meta = data.class_error(session, run.run_id, no_arguments)
        assert arrays["wrong"].shape == (0, 6)
        assert (list(meta["names"]), meta["sizes"]) == ([], [])
        assert (data.series(session, run.run_id, Arguments({}))[0]["transitions"] == -1).all()

    @pytest.mark.parametrize("function", [data.series, data.class_error])
    def test_unknown_run(self, session: Session, function: Any) -> None:
        with pytest.raises(NotFound):
            function(session, 10**6, Arguments({}))


class TestMemory:
    @pytest.mark.parametrize("at", [[], [7], [0, 1, 2], [4, 5, 6, 9], [3, 1_600]])
    def test_a_series_is_the_same_when_it_was_kept(self, at: list[int]) -> None:
        series = Scalar(np.array(at, np.int32), np.linspace(0, 1, len(at)))
        back = unpacked(packed(series))
        assert back.iterations.dtype == np.int32
        np.testing.assert_array_equal(back.iterations, series.iterations)
        assert back.values is series.values

    def test_long_series_of_versions_before_are_forgotten(
        self, session: Session, run: StoredRun
    ) -> None:
        """A run that grows must not fill the memory with what nobody asks for any more."""
        before = kept.kept_bytes
        sizes = []
        for _ in range(3):
            data.series(session, run.run_id, Arguments({}))
            sizes.append(kept.kept_bytes - before)
            session.execute(
                update(Run)
                .where(Run.id == run.run_id)
                .values(version=Run.version + 1, stamp=func.gen_random_uuid())
            )
        one = sum(iterations.nbytes + values.nbytes for iterations, values in run.scalars.values())
        # Its series, and what is small beside them.
        assert one / 2 < sizes[0]
        assert sizes == [sizes[0]] * 3


class TestState:
    def test_a_finished_run_need_not_be_asked_again(self, session: Session, run: StoredRun) -> None:
        state = run_state.state(session, run.run_id)
        token = state.pop("version")
        assert re.fullmatch(rf"{run.uuid[:8]}\.1\.[0-9a-f]{{16}}", token)
        assert state == {
            "state": "complete",
            "live": False,
            "job": "",
            "trouble": False,
            "facts": {
                "state": "complete",
                "snapshots": "6",
                "last_iteration": "60",
                "last_error": "50.0 %",
            },
        }
        json.dumps(state)

    def test_a_recording_run(self, session: Session) -> None:
        run = store_run(session, seed=1, state="recording", planned_iterations=2_000)
        state = run_state.state(session, run.run_id)
        assert state["live"]
        assert state["facts"]["last_iteration"] == "60 of 2,000"


class TestMarks:
    def test_what_a_manifest_says_of_the_axis(self) -> None:
        """An event of the stretch that a resume replaced is no part of the run."""
        manifest = {
            "generations": [
                {"start_iteration": 0, "began_at": 1.0},
                {"start_iteration": 20, "began_at": 9.0},
            ],
            "events": [
                {"iteration": 8, "at": 2.0, "text": "unfroze layer3"},
                {"iteration": 25, "at": 3.0, "text": "of the abandoned stretch"},
                {"iteration": 25, "at": 10.0, "text": "batch size 32"},
            ],
        }
        assert marks(manifest) == [
            Mark(8, "event", "unfroze layer3"),
            Mark(20, "resume", "resumed after iteration 20"),
            Mark(25, "event", "batch size 32"),
        ]
        assert dict(course_facts(manifest)) == {
            "Resumed after iteration": "20",
            "Events": "8: unfroze layer3; 25: batch size 32",
        }

    def test_are_served_once_for_all_charts(self, session: Session, run: StoredRun) -> None:
        arrays, meta = data.marks(session, run.run_id, no_arguments)
        assert (len(arrays["at"]), meta) == (0, {"kinds": [], "texts": []})
        events = [{"iteration": 30, "at": 1.0, "text": "<b>unfroze</b>"}]
        session.execute(update(Run).where(Run.id == run.run_id).values(manifest={"events": events}))
        arrays, meta = data.marks(session, run.run_id, no_arguments)
        assert arrays["at"].tolist() == [30]
        assert meta == {"kinds": ["event"], "texts": ["<b>unfroze</b>"]}
        pack(arrays, meta)


class TestFacts:
    def test_in_words(self, session: Session) -> None:
        stored = store_run(
            session,
            seed=3,
            classes=1,
            snapshots=0,
            hyperparameters={"lr": 1e-05, "nesterov": True, "steps": [1, 2.5], "seed": None},
        )
        run = runs.get_run(session, run_id=stored.run_id)
        assert run_facts(run)["last_error"] == "not known"
        assert run_facts(run)["last_iteration"] == "none yet"
        assert dict(fixed_facts(run))["Validation"] == "22 images of 1 class"
        assert dict(hyperparameters(run)) == {
            "lr": "1e-05", "nesterov": "yes", "steps": "1, 2.5", "seed": "none",
        }  # fmt: skip


def _all(component: object) -> Iterator[Component]:
    if isinstance(component, Component):
        yield component
        yield from _all(getattr(component, "children", None))
    elif isinstance(component, (list, tuple)):
        for child in component:
            yield from _all(child)


def test_the_layout_has_every_id_once_and_only_text(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dash import Dash

    app = Dash("test")  # paths are relative to an application
    install(app, FIELDS)
    monkeypatch.setattr("app.store.transaction", lambda: nullcontext(session))
    name = "<script>alert(1)</script>" + "长" * 300
    stored = store_run(session, seed=3, name=name)
    with app.server.app_context():
        page = VIEW.layout(
            PageContext(identity=WHO, run=runs.get_run(session, run_id=stored.run_id))
        )
    ids = [part.id for part in _all(page) if getattr(part, "id", None)]
    found = [one["at"] if isinstance(one, dict) else str(one) for one in ids]
    # The list of all scalars is for runs that have nothing else.
    bare = {Ids.SCALARS, Ids.SCALAR_COUNT, Ids.NO_SCALARS}
    assert sorted(set(found) - {"selection", "selection-fields"}) == sorted(set(Ids) - bare)
    assert len(found) == len(set(found))
    json.dumps(page.to_plotly_json(), default=lambda part: part.to_plotly_json())


def test_the_layout_says_what_was_not_recorded_and_what_to_do(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dash import Dash

    app = Dash("test")
    install(app, FIELDS)
    monkeypatch.setattr("app.store.transaction", lambda: nullcontext(session))
    stored = store_run(session, seed=3)
    has = {"contents": {"capabilities": ["weight", "update", "validation"]}}
    session.execute(update(Run).where(Run.id == stored.run_id).values(manifest=has))
    with app.server.app_context():
        page = VIEW.layout(
            PageContext(identity=WHO, run=runs.get_run(session, run_id=stored.run_id))
        )
    options = {
        part.id: json.loads(part.to_plotly_json()["props"]["data-options"])
        for part in _all(page)
        if "data-options" in part.to_plotly_json()["props"]
    }
    said = options[Ids.LAYERS]["say"]["noValues"]
    assert said.startswith("Every value of this choice is NaN: this run has no gradients or acti")
    nothing = {panel["title"]: panel["nothing"] for panel in options[Ids.STRIP]["panels"]}
    assert nothing["Loss"] == "not recorded: log train_loss=... in recorder.step()"
    assert "scores= and labels=" in nothing["Error"]


def test_a_run_that_claims_to_record_is_silent_after_ten_times_its_pace(session: Session) -> None:
    stored = store_run(session, seed=77, state="recording")
    run = runs.get_run(session, run_id=stored.run_id)
    assert run.last_recorded == snapshots.snapshots(session, run_id=run.id).recorded_at[-1]
    begun = datetime(2026, 5, 1, 12, tzinfo=UTC)
    last = begun + timedelta(minutes=12)
    run = replace(run, created_at=begun, last_recorded=last.timestamp(), snapshot_count=6)
    assert run.silent_since(last + timedelta(minutes=20)) is None
    assert run.silent_since(last + timedelta(minutes=21)) == last
    quick = replace(run, snapshot_count=6_000)
    assert quick.silent_since(last + timedelta(minutes=10)) is None
    assert quick.silent_since(last + timedelta(minutes=11)) == last
    assert replace(run, state="complete").silent_since(last + timedelta(days=9)) is None
    assert replace(run, last_recorded=float("nan")).silent_since(last) == begun
    assert run_facts(run)["state"] == "recording; no heartbeat since 2026-05-01 12:12 UTC"


@pytest.mark.parametrize(
    ("capabilities", "shown"),
    [
        (
            ["weight", "gradient", "update"],
            {"quantity": "gradient", "measure": "ratio", "cubefront": "ratio"},
        ),
        # As of checkpoints: charts of what is not there would be the first that people see.
        (["weight"], {"quantity": "weight", "measure": "weight", "cubefront": "weight"}),
    ],
)
def test_what_was_recorded_is_shown_first(
    session: Session, monkeypatch: pytest.MonkeyPatch, capabilities: list[str], shown: dict
) -> None:
    monkeypatch.setattr("app.store.transaction", lambda: nullcontext(session))
    stored = store_run(session, seed=3)
    has = {"contents": {"capabilities": capabilities}}
    session.execute(update(Run).where(Run.id == stored.run_id).values(manifest=has))
    context = PageContext(identity=WHO, run=runs.get_run(session, run_id=stored.run_id))
    found = {}
    for view in (VIEW, LAYERS):
        assert view.defaults is not None
        found |= view.defaults(context)
    assert found == shown
