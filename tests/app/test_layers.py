"""What the layer view serves: the tree, merged statistics, shapes, filters; on stored runs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import filters, magnitudes
from app.data import layers as data
from app.data.merged import per_rate
from app.data.tree import build_tree, describe, piece_order
from app.views.layers.ids import Ids
from db.errors import NotFound
from db.models import Run
from db.queries.measurements import snapshots
from db.queries.runs import structure
from db.queries.runs.structure import Layers
from deeptracker.format import BINS, STATISTICS
from tests.stored_runs import StoredRun, store_run


def ask(function: Any, session: Session, run: StoredRun | int, **given: object) -> Any:
    run_id = run if isinstance(run, int) else run.run_id
    arguments = Arguments({name.rstrip("_"): str(value) for name, value in given.items()})
    arrays, meta = function(session, run_id, arguments)
    arguments.check_all_read()
    pack(arrays, meta)  # every dtype and number can travel
    return arrays, meta


@pytest.fixture
def run(session: Session, noise: object) -> StoredRun:
    return store_run(session, seed=3, layers=5)


def layers_of(*places: tuple[str, str, str]) -> Layers:
    count = len(places)
    ones = np.ones(count, np.int32)
    names, stages, blocks = zip(*places, strict=True)
    return Layers(
        names=names, kinds=("Conv2d",) * count, stages=stages, blocks=blocks,
        branches=("main",) * count, filters=ones, filter_offset=np.arange(count, dtype=np.int32),
        parameters=ones.astype(np.int64), inputs=ones, groups=ones,
        kernels=((3, 3),) * count, strides=((1, 1),) * count,
    )  # fmt: skip


def outline(layers: Layers) -> list[tuple[int, str]]:
    return [(node.depth, node.label) for node in build_tree(layers)]


class TestTree:
    def test_stages_hold_blocks_hold_layers(self) -> None:
        layers = layers_of(
            ("conv1", "", ""),
            ("layer1.0.conv1", "layer1", "layer1.0"),
            ("layer1.0.conv2", "layer1", "layer1.0"),
            ("layer1.1.conv1", "layer1", "layer1.1"),
            ("layer1.1.conv2", "layer1", "layer1.1"),
            ("fc", "", ""),
        )
        assert outline(layers) == [
            (0, "network"), (1, "conv1"), (1, "layer1"), (2, "layer1.0"), (3, "conv1"),
            (3, "conv2"), (2, "layer1.1"), (3, "conv1"), (3, "conv2"), (1, "fc"),
        ]  # fmt: skip

    def test_a_plain_stack_has_no_needless_levels(self) -> None:
        layers = layers_of(("features.0", "features", ""), ("features.3", "features", ""))
        assert outline(layers) == [
            (0, "network"), (1, "features"), (2, "features.0"), (2, "features.3"),
        ]  # fmt: skip

    def test_a_stage_around_other_stages_leaves_its_layers_where_they_are(self) -> None:
        layers = layers_of(
            ("features.conv0", "features", ""),
            ("features.dense1.a.0.0", "features.dense1", "features.dense1.a"),
            ("features.dense1.a.1.0", "features.dense1", "features.dense1.a"),
            ("features.dense1.b.0", "features.dense1", "features.dense1.b"),
            ("features.transition.0", "features", ""),
        )
        assert outline(layers) == [
            (0, "network"), (1, "features.conv0"), (1, "features.dense1"), (2, "a"), (3, "a.0.0"),
            (3, "a.1.0"), (2, "b.0"), (1, "features.transition.0"),
        ]  # fmt: skip

    def test_a_stage_or_block_of_one_layer_is_left_out(self) -> None:
        layers = layers_of(("a.b.conv", "a", "a.b"), ("c.d.conv", "c", "c.d"))
        assert outline(layers) == [(0, "network"), (1, "a.b.conv"), (1, "c.d.conv")]

    def test_one_layer(self) -> None:
        nodes = build_tree(layers_of(("conv", "", "")))
        assert [node.kind for node in nodes] == ["network", "layer"]

    def test_parents_come_first_and_members_are_complete(
        self, session: Session, run: StoredRun
    ) -> None:
        layers = structure.layers(session, run_id=run.run_id)
        nodes = build_tree(layers)
        assert all(node.parent < at for at, node in enumerate(nodes))
        for at, node in enumerate(nodes):
            below = [n.layer for n in nodes if n.layer >= 0 and _is_below(nodes, n, at)]
            assert sorted(node.members.tolist()) == sorted(below)
        assert sorted(piece_order(nodes)) == list(range(len(nodes)))
        columns = describe(nodes, layers)
        assert {len(column) for column in columns.values()} == {len(nodes)}
        assert [columns["layer"][at] for at, x in enumerate(columns["shortcut"]) if x] == [2]


def _is_below(nodes: Any, node: Any, above: int) -> bool:
    at = next(i for i, other in enumerate(nodes) if other is node)
    while at >= 0:
        if at == above:
            return True
        at = nodes[at].parent
    return False


class TestNodes:
    def test_the_tree(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(data.tree, session, run)
        np.testing.assert_array_equal(arrays["iteration"], run.iterations)
        assert meta["quantities"] == ("weight", "gradient", "update")
        assert meta["nodes"]["kind"][0] == "network"
        assert meta["lacks"] == {}

    def test_says_what_the_run_was_recorded_without(self, session: Session, run: StoredRun) -> None:
        has = {"capabilities": ["weight", "update", "validation", "filters", "bands"]}
        manifest = {"contents": has}
        session.execute(update(Run).where(Run.id == run.run_id).values(manifest=manifest))
        _, meta = ask(data.tree, session, run)
        assert meta["lacks"]["gradient"] == "gradients"
        assert {"histogram", "activation"} < set(meta["lacks"])
        assert not set(meta["lacks"]) & set(has["capabilities"])

    @pytest.mark.parametrize("statistic", STATISTICS)
    def test_layers_are_as_stored(self, session: Session, run: StoredRun, statistic: str) -> None:
        _, meta = ask(data.tree, session, run)
        arrays, _ = ask(data.rows, session, run, measure="gradient", statistic=statistic)
        for place, node in enumerate(meta["order"]):
            layer = meta["nodes"]["layer"][node]
            if layer >= 0:
                stored = run.statistics["gradient"][layer, STATISTICS.index(statistic)]
                np.testing.assert_array_equal(arrays["value"][place], stored)

    def test_the_network_is_merged(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(data.rows, session, run, measure="weight", statistic="l2")
        stored = run.statistics["weight"][:, STATISTICS.index("l2")].astype("f8")
        np.testing.assert_allclose(arrays["value"][0], np.sqrt((stored**2).sum(axis=0)), rtol=1e-6)

    def test_ratio_of_the_norms(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(data.rows, session, run, measure="ratio")
        at = STATISTICS.index("l2")
        norms = [np.sqrt((run.statistics[q][:, at].astype("f8") ** 2).sum(0))
                 for q in ("update", "weight")]  # fmt: skip
        np.testing.assert_allclose(arrays["value"][0], norms[0] / norms[1], rtol=1e-5)
        assert meta["high"] >= meta["low"]

    def test_a_ratio_per_learning_rate_tells_the_layer_from_the_schedule(
        self, session: Session, run: StoredRun
    ) -> None:
        ratio, _ = ask(data.rows, session, run, measure="ratio")
        arrays, _ = ask(data.rows, session, run, measure="ratio_per_rate")
        rate = run.snapshots["learning_rate"]
        np.testing.assert_allclose(arrays["value"], ratio["value"] / rate, rtol=1e-6)
        found = snapshots.snapshots(session, run_id=run.run_id)
        odd = rate.copy()
        odd[:3] = 0, np.nan, np.inf
        unknown = per_rate(ratio["value"], replace(found, learning_rate=odd))
        assert np.isnan(unknown[:, :3]).all()
        np.testing.assert_array_equal(unknown[:, 3:], arrays["value"][:, 3:])

    def test_pieces_are_parts_of_the_whole(self, session: Session, run: StoredRun) -> None:
        whole, _ = ask(data.rows, session, run, measure="ratio")
        part, _ = ask(data.rows, session, run, measure="ratio", from_=2, to=4)
        np.testing.assert_array_equal(part["value"], whole["value"][2:4])
        beyond, _ = ask(data.rows, session, run, measure="ratio", from_=1000, to=1010)
        assert beyond["value"].shape == (0, len(run.iterations))

    def test_extremes(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(data.extremes, session, run, measure="weight")
        lowest = run.statistics["weight"][:, STATISTICS.index("minimum")]
        np.testing.assert_allclose(arrays["minimum"][0], lowest.min(axis=0), rtol=1e-6)
        assert meta["minimum"] == pytest.approx(float(lowest.min()))
        nan = run.statistics["weight"][:, STATISTICS.index("nan_count")]
        assert ((arrays["odd"][0] & 1) == (nan.sum(axis=0) > 0)).all()

    def test_shapes(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(data.shapes, session, run, measure="weight")
        assert arrays["histogram"].shape == (len(arrays["q1"]), BINS, len(run.iterations))
        summed = run.histogram["weight"].sum(axis=0)
        np.testing.assert_array_equal(arrays["histogram"][0] > 0, summed > 0)
        share = summed / summed.sum(axis=0)
        told = 10.0 ** ((arrays["histogram"][0] - 1.0) * 7 / 254 - 7)
        np.testing.assert_allclose(told[summed > 0], share[summed > 0], rtol=0.04)
        weights = run.layer_filters[:, None, None] * 1.0
        bands = (run.bands * weights).sum(axis=0) / weights.sum()
        np.testing.assert_allclose(arrays["bands"][0], bands, atol=1e-3)

    def test_activation_that_was_not_recorded_is_nan(
        self, session: Session, run: StoredRun
    ) -> None:
        arrays, meta = ask(data.rows, session, run, measure="activation", statistic="mean")
        assert np.isnan(arrays["value"]).all()
        assert meta == {"low": None, "high": None, "least": None}
        shapes, _ = ask(data.shapes, session, run, measure="activation")
        assert not shapes["histogram"].any()

    @pytest.mark.parametrize("given", [{"limit": 1e29}, {"limit": 1, "of": "peak"}])
    def test_a_layer_settles_after_its_last_number_that_is_none(
        self, session: Session, run: StoredRun, given: dict
    ) -> None:
        arrays, meta = ask(data.settle, session, run, **given)
        assert meta["of"] == given.get("of", "value")
        places = [STATISTICS.index(name) for name in ("nan_count", "inf_count")]
        odd = sum((run.statistics[q][:, places] > 0).any(axis=1) for q in ("update", "weight"))
        _, tree = ask(data.tree, session, run)
        for layer, settled in zip(tree["nodes"]["layer"], arrays["settled"], strict=True):
            if layer >= 0:
                after = 1 + max(np.flatnonzero(odd[layer]), default=-1)
                kept = after < len(run.iterations)
                assert settled == (run.iterations[after] if kept else -1)

    @pytest.mark.parametrize(
        ("function", "given", "says"),
        [
            (data.rows, {"measure": "bias"}, "measure"),
            (data.rows, {"measure": "weight", "statistic": "mode"}, "statistic"),
            (data.rows, {"measure": "weight", "from": "-1"}, "from"),
            (data.settle, {"limit": "0"}, "limit"),
            (data.settle, {"limit": "nan"}, "limit"),
            (data.settle, {"limit": "1", "of": "all"}, "of"),
            (filters.filter_rows, {"layer": "x", "quantity": "weight_l2"}, "layer"),
            (filters.filter_rows, {"layer": "1", "quantity": "bias"}, "quantity"),
            (filters.filter_series, {"filter": "1"}, "filter"),
            (filters.top, {"quantity": "cosine_change"}, "iteration"),
            (filters.top, {"iteration": "10", "quantity": "cosine_change", "k": "201"}, "k"),
            (filters.top, {"iteration": ",".join(["10"] * 65), "quantity": "cosine_change"}, "64"),
        ],
    )
    def test_wrong_arguments_are_named(
        self, session: Session, run: StoredRun, function: Any, given: dict, says: str
    ) -> None:
        with pytest.raises(BadArgument, match=says):
            function(session, run.run_id, Arguments(given))


class TestMagnitudes:
    @pytest.mark.parametrize(
        ("kind", "statistic"), [("ratio", "l1"), ("norms", "l2")], ids=["means", "norms"]
    )
    def test_updates_beside_weights(
        self, session: Session, run: StoredRun, kind: str, statistic: str
    ) -> None:
        arrays, meta = ask(magnitudes.magnitudes, session, run, magnitude=kind)
        place = STATISTICS.index(statistic)
        update_, weight = (run.statistics[name][:, place] for name in ("update", "weight"))
        np.testing.assert_allclose(arrays["value"], update_ / weight, rtol=1e-6)
        np.testing.assert_allclose(arrays["median"], np.median(arrays["value"], axis=0))
        assert len(meta["names"]) == len(run.layer_filters)

    def test_means_and_deviations(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(magnitudes.magnitudes, session, run, magnitude="gradient")
        parameters = run.layer_filters[:, None] * 27
        l1 = run.statistics["gradient"][:, STATISTICS.index("l1")]
        np.testing.assert_allclose(arrays["value"], l1 / parameters, rtol=1e-6)
        arrays, _ = ask(magnitudes.magnitudes, session, run, magnitude="update-deviation")
        std = run.statistics["update"][:, STATISTICS.index("std")]
        np.testing.assert_array_equal(arrays["value"], std)

    def test_means_have_their_deviations(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(magnitudes.magnitudes, session, run, magnitude="weight-mean")
        for name, statistic in (("value", "mean"), ("deviation", "std")):
            wanted = run.statistics["weight"][:, STATISTICS.index(statistic)]
            np.testing.assert_array_equal(arrays[name], wanted)

    def test_training_batches_against_validation_images(self) -> None:
        known = {
            ("activation", "mean"): [[1.0, 2.0, 3.0]],
            ("activation", "std"): [[0.5, 0.0, np.nan]],
            ("training_activation", "mean"): [[2.0, 2.0, 3.0]],
            ("training_activation", "std"): [[0.25, 1.0, 1.0]],
        }

        def read(quantity: str, statistic: str) -> np.ndarray:
            return np.array(known[quantity, statistic], np.float32)

        shift = magnitudes._apart("activation-shift", read)
        np.testing.assert_array_equal(shift, [[2.0, np.nan, np.nan]])
        spread = magnitudes._apart("activation-spread", read)
        np.testing.assert_array_equal(spread, [[0.5, np.nan, np.nan]])

    def test_nothing_yet(self, session: Session) -> None:
        empty = store_run(session, seed=9, classes=0, snapshots=0)
        arrays, _ = ask(magnitudes.magnitudes, session, empty, magnitude="ratio")
        assert arrays["value"].shape[1] == len(arrays["median"]) == 0


class TestFilters:
    def test_rows_of_a_layer(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(filters.filter_rows, session, run, layer=2, quantity="cosine_change")
        np.testing.assert_array_equal(arrays["values"], run.filters_of(2, "cosine_change"))
        assert meta["layerName"] == "layer2"

    def test_no_layer_gives_no_rows(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(filters.filter_rows, session, run, layer="", quantity="weight_l2")
        assert arrays["values"].shape == (0, len(run.iterations))
        assert meta["layer"] == -1

    def test_order_by_similarity_is_a_permutation(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(filters.filter_order, session, run, layer=1, quantity="relative_change")
        assert sorted(arrays["order"]) == list(range(run.layer_filters[1]))

    def test_one_filter(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(
            filters.filter_series, session, run, filter="0,0,3,1", quantity="gradient_l2"
        )
        for name in ("weight_mean", "relative_change"):
            stored = run.filters_of(3, name)[1]
            np.testing.assert_array_equal(arrays[f"snapshot.{name}"], stored)
        stored = run.filters_of(3, "gradient_l2")[1]
        assert arrays["peak"].tolist() == np.argsort(-stored, kind="stable")[:5].tolist()
        ranks = [
            1 + [(layer, number) for layer, number, _ in run.peaks(t, "gradient_l2")].index((3, 1))
            for t in arrays["peak"]
        ]
        assert arrays["rank"].tolist() == ranks
        assert (meta["layer"], meta["filter"]) == (3, 1)

    def test_no_filter_gives_no_series(self, session: Session, run: StoredRun) -> None:
        arrays, meta = ask(filters.filter_series, session, run, filter="")
        assert list(arrays) == ["iteration"]
        assert meta["filter"] == -1

    def test_top(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(filters.top, session, run, iteration="30,10", quantity="gradient_l2", k=4)
        for at, snapshot in enumerate((2, 0)):
            found = zip(*(arrays[name][at] for name in ("layer", "filter", "value")), strict=True)
            expected = run.peaks(snapshot, "gradient_l2")[:4]
            assert list(found) == [(a, b, pytest.approx(c)) for a, b, c in expected]

    def test_top_of_fewer_filters_is_filled_up(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(filters.top, session, run, iteration=10, quantity="relative_change", k=3)
        peaks = run.peaks(0, "relative_change")[:3]
        assert arrays["layer"].shape == (1, 3)
        assert (arrays["layer"][0, len(peaks) :] == -1).all()

    def test_what_does_not_exist(self, session: Session, run: StoredRun) -> None:
        with pytest.raises(NotFound):
            ask(filters.filter_rows, session, run, layer=99, quantity="weight_l2")
        with pytest.raises(NotFound):
            ask(filters.filter_series, session, run, filter="0,999")
        with pytest.raises(NotFound):
            ask(filters.top, session, run, iteration=31, quantity="cosine_change")
        with pytest.raises(NotFound):
            ask(data.rows, session, 2**31 - 1, measure="ratio")


class TestAllLayers:
    @pytest.mark.parametrize("measure", ["ratio", "weight"])
    def test_are_the_rows_of_the_layers_alone(
        self, session: Session, run: StoredRun, measure: str
    ) -> None:
        _, tree = ask(data.tree, session, run)
        rows, _ = ask(data.rows, session, run, measure=measure, statistic="std", to=96)
        layers = tree["nodes"]["layer"]
        place = {layers[node]: at for at, node in enumerate(tree["order"])}
        found, _ = ask(data.of_layers, session, run, measure=measure, statistic="std")
        wanted = [rows["value"][place[layer]] for layer in range(5)]
        np.testing.assert_array_equal(found["value"], np.stack(wanted))


class TestEdges:
    def test_one_layer_one_snapshot(self, session: Session) -> None:
        run = store_run(session, seed=5, layers=1, snapshots=1)
        arrays, _ = ask(data.rows, session, run, measure="weight", statistic="std")
        assert arrays["value"].shape == (2, 1)
        ask(data.shapes, session, run, measure="ratio")
        ask(filters.filter_order, session, run, layer=0, quantity="cosine_change")

    def test_no_snapshot(self, session: Session) -> None:
        run = store_run(session, seed=5, snapshots=0)
        for function in (data.rows, data.extremes, data.shapes):
            ask(function, session, run, measure="weight")
        settled, _ = ask(data.settle, session, run)
        assert (settled["settled"] == -1).all()


def test_ids_begin_with_the_name_of_the_view() -> None:
    assert all(name.startswith("layers-") for name in Ids)
