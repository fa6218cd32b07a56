"""What only the cube asks for: a statistic of all layers, the order of classes, its page."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.components.anomaly_controls import CLASS_ORDERS
from app.data import cube as data
from app.factory import FIELDS
from app.fields import Kind
from app.views.cube import words
from app.views.cube.ids import Ids
from db.errors import NotFound
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.runs import structure
from ingest.analysis.order import name_order
from tests.stored_runs import StoredRun, store_run


def ask(function: Any, session: Session, run_id: int, **given: object) -> Any:
    arguments = Arguments({name: str(value) for name, value in given.items()})
    arrays, meta = function(session, run_id, arguments)
    arguments.check_all_read()
    pack(arrays, meta)  # every dtype and number can travel
    return arrays, meta


@pytest.fixture
def run(session: Session, noise: object) -> StoredRun:
    return store_run(session, seed=3, layers=5)


class TestLayers:
    def test_serves_the_update_over_the_weight_by_default(
        self, session: Session, run: StoredRun
    ) -> None:
        arrays, meta = ask(data.layers, session, run.run_id)
        update, weight = (
            layer_profile(session, run_id=run.run_id, quantity=quantity, statistic="l2")
            for quantity in ("update", "weight")
        )
        known = weight > 0
        np.testing.assert_allclose(arrays["values"][known], (update / weight)[known], rtol=1e-6)
        assert arrays["iteration"].tolist() == (
            snapshots.iterations(session, run_id=run.run_id).tolist()
        )
        assert meta["names"] == structure.layers(session, run_id=run.run_id).names
        assert meta["classes"] == len(structure.classes(session, run_id=run.run_id))
        assert meta["log"] is True

    @pytest.mark.parametrize("measure", data.MEASURES)
    def test_serves_each_measure_as_it_is_stored(
        self, session: Session, run: StoredRun, measure: str
    ) -> None:
        quantity, statistic, log = data.MEASURES[measure]
        form = "percent" if statistic == "zero_share" else "number"
        arrays, meta = ask(data.layers, session, run.run_id, measure=measure)
        stored = layer_profile(session, run_id=run.run_id, quantity=quantity, statistic=statistic)
        np.testing.assert_array_equal(arrays["values"], stored)
        assert (meta["format"], meta["log"]) == (form, log)

    def test_every_choice_of_the_page_is_served(self) -> None:
        assert set(words.FRONTS) == {data.RATIO, *data.MEASURES}

    def test_refuses_what_is_not_there(self, session: Session, run: StoredRun) -> None:
        with pytest.raises(BadArgument, match="measure"):
            ask(data.layers, session, run.run_id, measure="loss")
        with pytest.raises(NotFound):
            ask(data.layers, session, 10**6)


class TestOrder:
    @pytest.mark.parametrize("order", data.ORDERS)
    def test_every_order_names_every_class_once(
        self, session: Session, run: StoredRun, order: str
    ) -> None:
        arrays, _ = ask(data.order, session, run.run_id, order=order)
        classes = len(structure.classes(session, run_id=run.run_id))
        assert sorted(arrays["order"].tolist()) == list(range(classes))

    def test_by_name_and_by_final_error(self, session: Session, run: StoredRun) -> None:
        by_name, _ = ask(data.order, session, run.run_id, order="name")
        names = structure.classes(session, run_id=run.run_id).names
        assert by_name["order"].tolist() == name_order(names).tolist()
        error = snapshots.class_errors(session, run_id=run.run_id)[:, -1]
        by_error, _ = ask(data.order, session, run.run_id, order="error")
        ordered = error[by_error["order"]]
        known = ordered[np.isfinite(ordered)]
        assert (np.diff(known) <= 0).all() or (np.diff(known) >= 0).all()

    def test_the_choices_of_the_page_are_served(self) -> None:
        assert set(CLASS_ORDERS) <= set(data.ORDERS)

    def test_a_run_without_classes_has_an_empty_order(self, session: Session) -> None:
        bare = store_run(session, seed=4, classes=0, images=0)
        arrays, _ = ask(data.order, session, bare.run_id)
        assert arrays["order"].tolist() == []


def test_the_selection_holds_what_the_cube_shows() -> None:
    for field in ("slicelayer", "sliceclass", "sliceiteration"):
        assert FIELDS[field].kind is Kind.INTEGER
        assert FIELDS[field].default is None
    for field in ("layerrange", "classrange", "zoom"):
        assert FIELDS[field].kind is Kind.RANGE
        assert FIELDS[field].default is None
    assert FIELDS["cubeface"].default in words.MODES


def test_ids_begin_with_the_name_of_the_view() -> None:
    assert all(name.startswith("cube-") for name in Ids)
