"""Histograms and percentiles of parts of a network at some snapshots, of a run and of two."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import distributions as data
from app.data.tree import build_tree
from app.export.distribution_tables import distributions as table
from db.models import Layer
from db.permissions import Role
from deeptracker.format import HISTOGRAM_EDGES, STATISTICS
from tests.app.test_layers import ask, layers_of
from tests.stored_runs import StoredRun, store_run

LOW, HIGH = STATISTICS.index("minimum"), STATISTICS.index("maximum")


@pytest.fixture
def run(session: Session, noise: object) -> StoredRun:
    return store_run(session, seed=3, layers=11, snapshots=9)


def shown(session: Session, run: StoredRun, **given: object) -> Any:
    return ask(
        data.distributions, session, run, **{"quantity": "gradient", "level": "layer", **given}
    )


def both(session: Session, *runs: StoredRun, **given: str) -> Any:
    arguments = Arguments({"quantity": "weight", "level": "layer", **given})
    arrays, meta = data.compared(session, [run.run_id for run in runs], arguments)
    arguments.check_all_read()
    pack(arrays, meta)
    return arrays, meta


def names(nodes: Any, level: str) -> list[str]:
    return [nodes[place].name for place in data.at_level(nodes, level)]


def test_a_level_shows_the_whole_network_in_its_order() -> None:
    nodes = build_tree(
        layers_of(
            ("conv1", "", ""),
            ("layer1.0.a", "layer1", "layer1.0"), ("layer1.0.b", "layer1", "layer1.0"),
            ("layer1.1.a", "layer1", "layer1.1"), ("layer1.1.b", "layer1", "layer1.1"),
            ("layer1.last", "layer1", ""), ("head.a", "head", ""), ("head.b", "head", ""),
        )
    )  # fmt: skip
    assert names(nodes, "network") == [""]
    assert names(nodes, "stage") == ["conv1", "layer1", "head"]
    assert names(nodes, "block") == ["conv1", "layer1.0", "layer1.1", "layer1.last", "head"]
    assert len(names(nodes, "layer")) == 8
    for level in data.LEVELS:
        members = [nodes[place].members for place in data.at_level(nodes, level)]
        assert np.concatenate(members).tolist() == list(range(8))


def test_layers_come_in_pieces_as_they_are_stored(session: Session, run: StoredRun) -> None:
    for piece, layers in ((0, slice(0, 8)), (1, slice(8, 11))):
        arrays, meta = shown(session, run, piece=piece)
        stored = run.histogram["gradient"][layers].transpose(0, 2, 1)
        span = slice(meta["first"], meta["first"] + arrays["count"].shape[2])
        np.testing.assert_array_equal(arrays["count"], stored[:, :, span])
        assert stored[:, :, span].sum() == stored.sum()
        ends = run.statistics["gradient"][layers]
        np.testing.assert_array_equal(arrays["percentile"][:, 0], ends[:, LOW])
        np.testing.assert_array_equal(arrays["percentile"][:, 8], ends[:, HIGH])
    assert shown(session, run, piece=2)[0]["count"].size == 0


def test_what_holds_layers_has_the_sum_of_their_histograms(
    session: Session, run: StoredRun
) -> None:
    _, about = ask(data.nodes, session, run)
    assert about["levels"]["stage"]["layers"] == [2, 2, 2, 2, 2, 1]
    assert about["levels"]["network"]["parameters"] == [int(run.layer_filters.sum()) * 27]
    stored = run.histogram["gradient"].transpose(0, 2, 1)
    arrays, meta = shown(session, run, level="stage")
    span = slice(meta["first"], meta["first"] + arrays["count"].shape[2])
    np.testing.assert_array_equal(arrays["count"][0], stored[:2, :, span].sum(axis=0))
    arrays, _ = shown(session, run, level="network")
    np.testing.assert_array_equal(arrays["count"][0].sum(axis=1), stored.sum(axis=(0, 2)))


def test_a_shown_snapshot_has_the_extremes_of_those_it_stands_for(
    session: Session, run: StoredRun
) -> None:
    arrays, _ = shown(session, run, columns=3)
    assert arrays["iteration"].tolist() == [10, 50, 90]
    epoch, since, recorded = arrays["clock"]
    np.testing.assert_array_equal(epoch, run.snapshots["epoch"][[0, 4, 8]])
    at = run.snapshots["recorded_at"]
    np.testing.assert_array_equal(recorded, at[[0, 4, 8]])
    np.testing.assert_allclose(since, recorded - (at[0] - (at[1] - at[0])))
    stored = run.histogram["gradient"][:8].transpose(0, 2, 1)
    np.testing.assert_array_equal(arrays["count"].sum(axis=2), stored[:, [0, 4, 8]].sum(axis=2))
    groups = [slice(0, 3), slice(3, 7), slice(7, 9)]
    for name, place, least in (("lowest", LOW, np.min), ("highest", HIGH, np.max)):
        ends = run.statistics["gradient"][:8, place]
        expected = np.stack([least(ends[:, group], axis=1) for group in groups], axis=1)
        np.testing.assert_array_equal(arrays[name], expected)
    some, _ = shown(session, run, columns=400, **{"from": 30, "to": 60})
    assert some["iteration"].tolist() == [30, 40, 50, 60]
    none, _ = shown(session, run, **{"from": 1000})
    assert none["count"].shape[1] == 0


@pytest.mark.parametrize(
    "given", [{"quantity": "activation"}, {"level": "filter"}, {"columns": 401}, {"columns": 0}]
)
def test_what_cannot_be_is_refused(session: Session, run: StoredRun, given: Any) -> None:
    with pytest.raises(BadArgument):
        shown(session, run, **given)


def test_the_second_run_is_matched_by_name(session: Session, run: StoredRun) -> None:
    other = store_run(session, seed=8, layers=3, snapshots=4)
    session.execute(
        update(Layer).where(Layer.run_id == other.run_id, Layer.layer_id == 1).values(name="new")
    )
    arrays, meta = both(session, run, other)
    assert meta["names"] == ["a run", "a run"]
    assert meta["matched"] == [True, False, True] + [False] * 5
    assert meta["alone"][1] == ["new"]
    assert meta["lone"] == [9, 1]
    assert meta["parameters"][2] == int(other.layer_filters[2]) * 27
    assert arrays["other.iteration"].tolist() == [10, 20, 30, 40]
    own = other.histogram["weight"].transpose(0, 2, 1).sum(axis=2)
    np.testing.assert_array_equal(arrays["other.count"].sum(axis=2)[[0, 2]], own[[0, 2]])
    assert not arrays["other.count"][1].any()
    assert np.isnan(arrays["other.percentile"][1]).all()
    assert arrays["count"].shape[2] == arrays["other.count"].shape[2]


def test_a_run_without_snapshots(session: Session, run: StoredRun) -> None:
    nothing = store_run(session, seed=9, classes=0, snapshots=0)
    arrays, about = ask(data.nodes, session, nothing)
    assert len(arrays["iteration"]) == 0
    assert about["quantities"] == []
    assert shown(session, nothing)[0]["count"].size == 0
    arrays, meta = both(session, run, nothing)
    assert meta["matched"][:4] == [True, True, True, False]
    assert arrays["other.count"].shape[1] == 0


def test_the_table_has_every_snapshot(session: Session, run: StoredRun) -> None:
    arguments = {"quantity": "update", "level": "layer"}
    found = table(session, run.run_id, Arguments({**arguments, "mode": "overlay"}))
    stored = run.histogram["update"]
    assert len(found["count"]) == np.count_nonzero(stored)
    assert found["count"].sum() == stored.sum()
    layer, bin, at = (axis[0] for axis in np.nonzero(stored.transpose(0, 1, 2)[:1, :, :1]))
    assert found["lower"][0] == HISTOGRAM_EDGES[bin]
    assert (found["iteration"][0], found["layer_id"][0].as_py()) == (10 * (at + 1), layer)
    found = table(session, run.run_id, Arguments({**arguments, "mode": "percentiles"}))
    np.testing.assert_array_equal(found["minimum"].reshape(11, 9), run.statistics["update"][:, LOW])
    assert "p6.68" in found


def test_another_run_needs_the_right_to_compare(clients: Any, app_run: StoredRun) -> None:
    path = f"/data/compare/distributions?runs={app_run.run_id}&quantity=weight&level=layer"
    assert "two runs" in clients[Role.VIEWER].get(path).json["error"]
    assert clients[Role.VIEWER].web.client().get(path).status_code == 401
