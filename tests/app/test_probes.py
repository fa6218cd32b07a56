"""What the page of probes serves, held to the stored probes."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import probes as data
from db.errors import NotFound
from tests.stored_runs import StoredRun, store_run


@pytest.fixture
def stored(session: Session) -> StoredRun:
    """A run between two others, whose rows are not its own."""
    store_run(session, seed=11)
    found = store_run(session, seed=12)
    store_run(session, seed=13)
    return found


def asked(session: Session, run: StoredRun, serve: Any, **given: Any) -> tuple[dict, dict]:
    arguments = Arguments({name: str(value) for name, value in given.items()})
    arrays, meta = serve(session, run.run_id, arguments)
    arguments.check_all_read()
    pack(arrays, meta)
    return dict(arrays), dict(meta)


def test_who_was_probed_when(session: Session, stored: StoredRun) -> None:
    arrays, meta = asked(session, stored, data.probes)
    assert arrays["iteration"].tolist() == stored.iterations.tolist()
    assert arrays["probed"].tolist() == [20]
    assert arrays["image"].tolist() == [1, 5]
    assert arrays["class"].tolist() == stored.image_class[[1, 5]].tolist()
    for place, image in enumerate((1, 5)):
        members = np.flatnonzero(stored.image_class == stored.image_class[image])
        assert members[arrays["position"][place]] == image
        assert arrays["images"][place] == len(members)
    assert arrays["prediction"].tolist() == [[0, -1]]
    np.testing.assert_array_equal(arrays["probability"], [[0.75, np.nan]])
    assert arrays["layer"].tolist() == [1]
    assert arrays["filters"].tolist() == [stored.layer_filters[1]]
    assert (meta["seconds"], meta["converted"]) == (0.5, False)
    assert len(meta["layers"]) == 1


def test_maps_course_and_kernels(session: Session, stored: StoredRun) -> None:
    filters = int(stored.layer_filters[1])
    arrays, _ = asked(session, stored, data.probe_maps, image=5, layer=1, at=20)
    codes = np.arange(filters * 6).reshape(filters, 2, 3)
    np.testing.assert_array_equal(arrays["codes"], codes)
    np.testing.assert_array_equal(arrays["high"], np.arange(filters) + 5)
    arrays, meta = asked(session, stored, data.probe_course, image=5, filter="0,1,1,1")
    assert (meta["layer"], meta["filter"]) == (1, 1)
    assert arrays["probed"].tolist() == [20]
    assert (arrays["low"].tolist(), arrays["high"].tolist()) == ([1], [6])
    assert (arrays["height"].tolist(), arrays["width"].tolist()) == ([2], [3])
    np.testing.assert_array_equal(arrays["codes"], codes[1].reshape(-1))
    arrays, meta = asked(session, stored, data.probe_kernels, at=20)
    assert meta["layer"] == 0
    assert arrays["codes"].shape == (stored.layer_filters[0], 2, 2, 1)


def test_saliency_by_each_method(session: Session, stored: StoredRun) -> None:
    _, meta = asked(session, stored, data.probes)
    assert list(meta["saliency"]) == ["grad-cam", "integrated-gradients"]
    arrays, meta = asked(session, stored, data.probe_saliency, image=5, at=20)
    assert meta == {
        "methods": ["grad-cam", "integrated-gradients"],
        "details": ["by grad-cam", "by integrated-gradients"],
    }
    assert (arrays["height"].tolist(), arrays["width"].tolist()) == ([2, 1], [2, 3])
    assert arrays["codes"].tolist() == [*range(2, 10), *range(1, 7)]
    np.testing.assert_array_equal(arrays["high"], [[2, np.nan], [1, np.nan]])
    arrays, meta = asked(session, stored, data.probe_saliency, image=1, at=20)
    assert (meta["methods"], len(arrays["codes"]), arrays["low"].shape) == ([], 0, (0, 2))
    with pytest.raises(NotFound):
        data.probe_saliency(session, 10**6, Arguments({"image": "5", "at": "20"}))


def test_a_run_without_probes_has_none(session: Session) -> None:
    found = store_run(session, seed=4, layers=1)
    arrays, meta = asked(session, found, data.probes)
    assert (len(arrays["probed"]), len(arrays["image"]), len(arrays["layer"])) == (0, 0, 0)
    assert (meta["seconds"], meta["saliency"]) == (None, ())


@pytest.mark.parametrize("given", [{"image": 2}, {"layer": 0}, {"at": 30}])
def test_what_was_not_probed_is_not_found(
    session: Session, stored: StoredRun, given: dict[str, int]
) -> None:
    with pytest.raises(NotFound):
        asked(session, stored, data.probe_maps, **{"image": 5, "layer": 1, "at": 20} | given)


def test_a_filter_beyond_the_layer_is_not_found(session: Session, stored: StoredRun) -> None:
    beyond = f"1,{stored.layer_filters[1]}"
    with pytest.raises(NotFound):
        asked(session, stored, data.probe_course, image=5, filter=beyond)
    with pytest.raises(BadArgument, match="filter is missing"):
        asked(session, stored, data.probe_course, image=5)
