"""What the page of confusion serves and exports, held to the stored predictions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import confusion as data
from app.export.tables import make_table
from db.errors import NotFound
from deeptracker.format import NO_PREDICTION
from tests.stored_runs import StoredRun, store_run


@pytest.fixture
def stored(session: Session) -> StoredRun:
    """A run between two others, whose rows are not its own."""
    store_run(session, seed=11)
    found = store_run(session, seed=12)
    store_run(session, seed=13)
    return found


def asked(session: Session, run: StoredRun, **given: Any) -> tuple[dict, dict]:
    arguments = Arguments({name: str(value) for name, value in given.items()})
    arrays, meta = data.confusion(session, run.run_id, arguments)
    arguments.check_all_read()
    pack(arrays, meta)
    return arrays, meta


def predicted(run: StoredRun, t: int, classes: int) -> np.ndarray:
    """What the images were predicted as at a snapshot, `classes` for nothing."""
    known = run.prediction[:, t].astype(int)
    return np.where(known == NO_PREDICTION, classes, known)


def matrix(arrays: dict, classes: int, ahead: str = "") -> np.ndarray:
    found = np.zeros((classes, classes + 1), int)
    found[arrays[f"{ahead}true"], arrays[f"{ahead}taken"]] = arrays[f"{ahead}count"]
    return found


def counted(run: StoredRun, t: int, classes: int) -> np.ndarray:
    found = np.zeros((classes, classes + 1), int)
    np.add.at(found, (run.image_class, predicted(run, t, classes)), 1)
    return found


def test_the_matrix_at_the_cursor_and_at_the_pin(session: Session, stored: StoredRun) -> None:
    first, last = stored.iterations[0], stored.iterations[-1]
    arrays, meta = asked(session, stored, at=last + 3, pins=f"{first},{last}")
    classes = len(meta["names"])
    assert (meta["at"], meta["against"]) == (last, first)
    np.testing.assert_array_equal(matrix(arrays, classes), counted(stored, -1, classes))
    before = matrix(arrays, classes, "before_")
    np.testing.assert_array_equal(before, counted(stored, 0, classes))
    recall = np.diag(counted(stored, -1, classes)) / np.bincount(
        stored.image_class, minlength=classes
    )
    np.testing.assert_allclose(arrays["recall"], recall, rtol=1e-6)
    moved = predicted(stored, 0, classes) != predicted(stored, -1, classes)
    assert meta["moved"] == moved.sum() == arrays["flow_count"].sum()


def test_what_is_compared_with(session: Session, stored: StoredRun) -> None:
    one, two, three = stored.iterations[:3].tolist()
    against = lambda **given: asked(session, stored, **given)[1]["against"]  # noqa: E731
    assert against(at=two) is None
    assert against(at=two, pins=two) is None
    assert against(at=two, pins=f"{one},{three}") == one
    assert against(at=one, pins=f"{two},{three}") == two
    assert against(at=one, pins=two, against=three) == three
    assert asked(session, stored)[1]["at"] == stored.iterations[-1]


@pytest.mark.parametrize("order", data.ORDERS)
def test_an_order_has_every_class_once(session: Session, stored: StoredRun, order: str) -> None:
    arrays, meta = asked(session, stored, order=order)
    assert sorted(arrays["order"].tolist()) == list(range(len(meta["names"])))
    if order == "error":
        recall = arrays["recall"][arrays["order"]]
        known = recall[~np.isnan(recall)]
        assert (np.diff(known) >= 0).all()
        assert np.isnan(recall[len(known) :]).all()


def images(session: Session, run: StoredRun, cell: list[int]) -> tuple[dict, dict]:
    given = {
        "at": run.iterations[-1],
        "against": run.iterations[0],
        "cell": ",".join(map(str, cell)),
    }
    arguments = Arguments({name: str(value) for name, value in given.items()})
    table = make_table(session, run.run_id, "confusion-images", arguments)
    arrays, meta = data.confusion_images(session, run.run_id, arguments)
    assert table["image"].to_pylist()[: data.MOST_IMAGES] == arrays["image"].tolist()
    assert table.num_rows == meta["total"]
    return arrays, meta


def test_the_images_of_a_cell(session: Session, stored: StoredRun) -> None:
    classes = len(asked(session, stored)[1]["names"])
    true = stored.image_class.tolist()
    now, before = (predicted(stored, t, classes).tolist() for t in (-1, 0))
    every = list(zip(true, now, before, strict=True))
    for cell in every[:: len(every) // 4]:
        for given in (cell, cell[:2]):
            wanted = [image for image, one in enumerate(every) if one[: len(given)] == given]
            arrays, meta = images(session, stored, list(given))
            assert arrays["image"].tolist() == wanted
            assert meta["total"] == len(wanted)
            assert arrays["before"].tolist() == [before[image] for image in wanted]
            shown = stored.probability[wanted, -1].astype("f4")
            np.testing.assert_array_equal(arrays["probability"], shown)
    arrays, _ = images(session, stored, [true[0]])
    wrong = [image for image, one in enumerate(every) if one[0] == true[0] and one[1] != true[0]]
    assert arrays["image"].tolist() == wrong


@pytest.mark.parametrize("cell", ["", "999", "0,999", "0,0,999", "0,0,0,0"])
def test_a_cell_that_cannot_be(session: Session, stored: StoredRun, cell: str) -> None:
    with pytest.raises(BadArgument, match="cell must be a true class"):
        data.confusion_images(session, stored.run_id, Arguments({"cell": cell}))


def test_the_history_of_an_image(session: Session, stored: StoredRun) -> None:
    image = len(stored.image_class) - 1
    arrays, meta = data.image(session, stored.run_id, Arguments({"image": str(image)}))
    np.testing.assert_array_equal(arrays["prediction"], stored.prediction[image])
    np.testing.assert_array_equal(arrays["probability"], stored.probability[image].astype("f4"))
    assert arrays["images"][meta["position"]] == image
    assert meta["class"] == stored.image_class[image]
    taken = set(stored.prediction[image].tolist()) - {NO_PREDICTION}
    assert set(meta["names"]) == {str(one) for one in taken | {meta["class"]}}
    pack(arrays, meta)
    with pytest.raises(BadArgument, match="image must be one of"):
        data.image(session, stored.run_id, Arguments({"image": str(image + 1)}))


def test_the_tables_are_what_the_page_shows(session: Session, stored: StoredRun) -> None:
    first = stored.iterations[0]
    given = {"pins": str(first), "at": "", "against": "", "order": "data"}
    arrays, meta = asked(session, stored, pins=first)
    classes = make_table(session, stored.run_id, "confusion-classes", Arguments(given))
    np.testing.assert_array_equal(classes["precision"].to_numpy(), arrays["precision"])
    np.testing.assert_array_equal(classes["before_f1"].to_numpy(), arrays["before_f1"])
    moves = make_table(session, stored.run_id, "confusion-flows", Arguments(given))
    assert sum(moves["images"].to_pylist()) == meta["moved"]
    cells = make_table(session, stored.run_id, "confusion", Arguments(given))
    assert sum(cells["images"].to_pylist()) == len(stored.image_class)
    assert sum(cells["images_before"].to_pylist()) == len(stored.image_class)


@pytest.mark.parametrize("empty", [{"classes": 0}, {"snapshots": 0}])
def test_a_run_without_predictions(session: Session, empty: dict[str, int]) -> None:
    run = store_run(session, seed=5, **empty)
    arrays, meta = asked(session, run)
    assert not meta["validated"]
    assert not meta["ever"]
    assert "true" not in arrays
    given = {"order": "data"}
    for name in ("confusion", "confusion-classes", "confusion-flows"):
        make_table(session, run.run_id, name, Arguments(given))


def test_a_run_that_is_not_there(session: Session, stored: StoredRun) -> None:
    with pytest.raises(NotFound):
        asked(session, replace(stored, run_id=10**6))
