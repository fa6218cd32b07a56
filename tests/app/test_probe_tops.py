"""What the page of probes serves of favourites and clusters, held to the stored rows."""

import numpy as np
import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.arguments import BadArgument
from app.data import probe_tops as data
from db.errors import NotFound
from db.models import probe_top
from tests.app.test_probes import asked
from tests.stored_runs import StoredRun, store_run


@pytest.fixture
def stored(session: Session) -> StoredRun:
    """A run between two others, whose rows are not its own."""
    store_run(session, seed=11)
    found = store_run(session, seed=12)
    store_run(session, seed=13)
    return found


def copy_tops(session: Session, run: StoredRun, **changes: object) -> None:
    """Store the tops of the run a second time, changed."""
    row = session.execute(select(probe_top).where(probe_top.c.run_id == run.run_id)).mappings()
    session.execute(insert(probe_top), [dict(row.one()) | changes])


def test_images_of_a_filter_over_time(session: Session, stored: StoredRun) -> None:
    copy_tops(session, stored, iteration=40, image=np.tile(np.array([3, -1], "i4"), 4)[: 2 * 4])
    arrays, meta = asked(session, stored, data.probe_tops, filter="0,1,1,1")
    assert (meta["layer"], meta["filter"]) == (1, 1)
    assert arrays["probed"].tolist() == [20, 40]
    assert arrays["image"].tolist() == [[5, 1], [3, -1]]
    np.testing.assert_array_equal(arrays["value"][0], [2, 1.5])
    np.testing.assert_array_equal(arrays["place"][0], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(arrays["field"][0], [0.5, 0.25])
    for cell, image in enumerate((5, 1, 3)):
        own = stored.image_class[image]
        members = np.flatnonzero(stored.image_class == own)
        assert arrays["class"].reshape(-1)[cell] == own
        assert members[arrays["position"].reshape(-1)[cell]] == image
        assert arrays["images"].reshape(-1)[cell] == len(members)
        assert str(own) in meta["names"]


def test_clusters_of_the_nearest_probe(session: Session, stored: StoredRun) -> None:
    arrays, meta = asked(session, stored, data.probe_clusters, at=33, clusters=2)
    filters = int(stored.layer_filters[1])
    assert meta["at"] == 20
    assert (arrays["layer"].tolist(), arrays["filters"].tolist()) == ([1], [filters])
    # Those that like class 0 come first.
    assert arrays["label"].tolist() == [1, 0, 1, 0, 1, 0, 1, 0][:filters]
    assert arrays["size"].sum() == filters
    np.testing.assert_allclose(arrays["mean"], [[1, 0.5, 0], [0, 0.5, 1]])
    assert arrays["liking"].argmax(axis=1).tolist() == [0, 2]
    assert arrays["image"][:, :3].tolist() == [[5, 1, -1]] * 2
    assert (len(arrays["source"]), meta["pairs"]) == (0, 0)
    assert meta["least"] > 0.99


def test_edges_join_what_goes_together(session: Session, stored: StoredRun) -> None:
    filters = int(stored.layer_filters[0])
    half = np.tile(np.array([[0, 127, 254], [254, 127, 0]], "u1"), (filters, 1))[:filters]
    copy_tops(
        session,
        stored,
        layer_id=0,
        image=np.zeros(2 * filters, "i4"),
        value=np.zeros(2 * filters, "f4"),
        place=np.zeros(4 * filters, "u1"),
        mean=half.reshape(-1).copy(),
        low=np.zeros(filters, "f4"),
        high=np.ones(filters, "f4"),
    )
    arrays, meta = asked(session, stored, data.probe_clusters, at=20, clusters=2)
    assert arrays["cluster_layer"].tolist() == [0, 0, 1, 1]
    assert meta["pairs"] == 4
    edges = dict(
        zip(
            zip(arrays["source"].tolist(), arrays["target"].tolist(), strict=True),
            np.sign(arrays["together"]).tolist(),
            strict=True,
        )
    )
    assert edges == {(0, 2): 1, (0, 3): -1, (1, 2): -1, (1, 3): 1}


def test_a_run_without_them_has_none(session: Session) -> None:
    found = store_run(session, seed=4, layers=1)
    arrays, meta = asked(session, found, data.probe_clusters, at=20)
    assert meta["at"] == -1
    assert not any(len(array) for array in arrays.values())
    arrays, meta = asked(session, found, data.probe_tops, filter="0,0")
    assert len(arrays["probed"]) == 0


def test_what_cannot_be(session: Session, stored: StoredRun) -> None:
    beyond = f"1,{stored.layer_filters[1]}"
    arrays, _ = asked(session, stored, data.probe_tops, filter=beyond)
    assert len(arrays["probed"]) == 0
    with pytest.raises(BadArgument, match="filter is missing"):
        asked(session, stored, data.probe_tops)
    with pytest.raises(BadArgument, match="clusters must be"):
        asked(session, stored, data.probe_clusters, at=20, clusters=13)
    other = StoredRun(**{**vars(stored), "run_id": 10**6})
    with pytest.raises(NotFound):
        asked(session, other, data.probe_clusters, at=20)
