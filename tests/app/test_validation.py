"""What the validation view serves, held to the plain definition on a really recorded run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import validation as data
from db.engine import make_engine
from db.errors import NotFound
from db.queries.runs import runs, structure
from deeptracker.format import RunDirectory
from ingest.pipeline import load_log
from tests import servers
from tests.stored_runs import store_run

FORGOTTEN, LEARNED = 0, 1


@pytest.fixture(scope="module")
def own_engine(server_url: URL, template_url: URL) -> Iterator[Engine]:
    """A database of this module's own: the loaded run stays in it."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def run_id(own_engine: Engine, recorded_run: Path) -> int:
    return load_log(own_engine, recorded_run).run_id


@pytest.fixture
def store(own_engine: Engine, run_id: int) -> Iterator[Session]:
    with Session(own_engine) as session:
        yield session


class Recorded:
    """The log itself: class [N], prediction [N, T], right [N, T]."""

    def __init__(self, path: Path) -> None:
        log = RunDirectory(path)
        manifest = log.manifest()
        self.image_class = manifest.images.class_id
        snapshots = [log.snapshot(manifest, iteration) for iteration in log.iterations()]
        self.prediction = np.stack([one.prediction for one in snapshots], axis=1)
        self.probability = np.stack([one.probability for one in snapshots], axis=1)
        self.right = self.prediction == self.image_class[:, None]
        self.classes = len(manifest.classes)

    def counts(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Left and right by the plain definition, each [C, T, 2]."""
        images, snapshots = self.right.shape
        left = np.zeros((self.classes, snapshots, 2), int)
        right = np.zeros_like(left)
        for image in range(images):
            row = self.right[image]
            for t in range(1, snapshots):
                if row[t] == row[t - 1]:
                    continue
                before = after = 0
                while t - 1 - before >= 0 and row[t - 1 - before] == row[t - 1]:
                    before += 1
                while t + after < snapshots and row[t + after] == row[t]:
                    after += 1
                cell = (self.image_class[image], t, LEARNED if row[t] else FORGOTTEN)
                left[cell] += before >= k
                right[cell] += after >= k
        return left, right


@pytest.fixture(scope="module")
def recorded(recorded_run: Path) -> Recorded:
    return Recorded(recorded_run)


def cells(arrays: dict[str, Any], side: str) -> dict[tuple[int, int], tuple[int, int]]:
    names = ("class_id", "snapshot", "forgotten", "learned")
    columns = [arrays[f"{side}_{name}"].tolist() for name in names]
    return {(c, t): (f, n) for c, t, f, n in zip(*columns, strict=True)}


def wanted_cells(counts: np.ndarray, needed: np.ndarray, kept: tuple[int, ...]) -> dict:
    found = {}
    for c, t in np.ndindex(counts.shape[:2]):
        both = [int(counts[c, t, d]) if d in kept else 0 for d in (FORGOTTEN, LEARNED)]
        if sum(both) >= needed[c]:
            found[c, t] = (both[0], both[1])
    return found


DIRECTIONS = {"both": (0, 1), "forgotten": (FORGOTTEN,), "learned": (LEARNED,)}


class TestAnomalies:
    @pytest.mark.parametrize("direction", DIRECTIONS)
    @pytest.mark.parametrize(
        ("k", "m", "share"), [(1, 1, "false"), (2, 3, "false"), (3, 0.1, "true"), (13, 1, "false")]
    )
    def test_equal_the_plain_definition(
        self, store: Session, run_id: int, recorded: Recorded, direction: str, k: int, m: float,
        share: str,
    ) -> None:  # fmt: skip
        given = {"k": str(k), "m": str(m), "share": share, "direction": direction}
        arrays, meta = data.anomalies(store, run_id, Arguments(given))
        sizes = np.bincount(recorded.image_class)
        needed = np.ceil(sizes * m) if share == "true" else np.full(len(sizes), m)
        for side, counts in zip(("left", "right"), recorded.counts(k), strict=True):
            kept = DIRECTIONS[direction]
            assert cells(arrays, side) == wanted_cells(counts, needed, kept)
            overall = counts.sum(axis=0)
            for d in (FORGOTTEN, LEARNED):
                wanted = overall[:, d] if d in kept else np.zeros(len(overall))
                np.testing.assert_array_equal(arrays[f"overall_{side}"][:, d], wanted)
        assert (meta["k"], meta["m"], meta["share"]) == (k, m, share == "true")
        pack(arrays, meta)

    def test_the_table_names_the_classes_and_the_largest(
        self, store: Session, run_id: int, recorded: Recorded
    ) -> None:
        arrays, meta = data.anomalies(store, run_id, Arguments({"k": "2", "m": "4"}))
        table = {name[6:]: arrays[name] for name in arrays if name.startswith("table_")}
        left, right = recorded.counts(2)
        rows = 0
        for is_right, counts in ((0, left), (1, right)):
            total = counts.sum(axis=2)
            for t in range(total.shape[1]):
                there = np.flatnonzero((table["snapshot"] == t) & (table["right"] == is_right))
                whole = total[:, t].sum() >= meta["whole_set"]
                classes = int((total[:, t] >= 4).sum())
                assert len(there) == int(bool(classes) or whole)
                rows += len(there)
                if not len(there):
                    continue
                (at,) = there
                assert table["classes"][at] == classes
                assert table["images"][at] == total[:, t].sum()
                assert table["forgotten"][at] == counts[:, t, FORGOTTEN].sum()
                if classes:
                    assert table["largest"][at] == total[:, t].max()
                    assert table["largest_class"][at] == total[:, t].argmax()
                else:
                    assert table["largest_class"][at] == -1
        assert rows == len(table["snapshot"])

    def test_defaults_follow_the_run(self, store: Session, run_id: int) -> None:
        _, meta = data.anomalies(store, run_id, Arguments({}))
        assert (meta["k"], meta["m"]) == (2, 4)  # max(2, 0.055 * 13), 0.1 * 40 images
        assert (meta["default_k"], meta["default_m"]) == (2, 4)
        assert meta["pending_from"] == 13  # a complete run has nothing pending

    @pytest.mark.parametrize(
        "given",
        [
            {"k": "0"}, {"k": "x"}, {"k": "-1"}, {"m": "0"}, {"m": "nan"}, {"m": "-3"},
            {"m": "1.5", "share": "true"}, {"share": "maybe"}, {"direction": "sideways"},
        ],
    )  # fmt: skip
    def test_wrong_arguments_are_named(
        self, store: Session, run_id: int, given: dict[str, str]
    ) -> None:
        with pytest.raises(BadArgument, match=next(iter(given))):
            data.anomalies(store, run_id, Arguments(given))

    def test_unknown_run(self, store: Session) -> None:
        with pytest.raises(NotFound):
            data.anomalies(store, 10**6, Arguments({}))

    def test_a_recording_run_has_pending_cells(self, session: Session) -> None:
        run = store_run(session, seed=5, state="recording")
        arrays, meta = data.anomalies(session, run.run_id, Arguments({"k": "3", "m": "1"}))
        snapshots = len(run.iterations)
        assert meta["pending_from"] == snapshots - 2
        assert (arrays["pending_snapshot"] >= snapshots - 2).all()
        right = run.prediction == run.image_class[:, None]
        for c, t in np.ndindex(len(np.unique(run.image_class)), snapshots):
            of_class = right[run.image_class == c]
            flipped = of_class[:, t] != of_class[:, t - 1] if t else np.zeros(len(of_class), bool)
            since = (of_class[:, t:] == of_class[:, t : t + 1]).all(axis=1)
            open_now = int((flipped & since).sum()) if t >= snapshots - 2 else 0
            found = cells(arrays, "pending").get((c, t), (0, 0))
            assert sum(found) == open_now


class TestGroups:
    def test_every_class_is_in_one_cluster_and_once_in_every_order(
        self, store: Session, run_id: int, recorded: Recorded
    ) -> None:
        arrays, meta = data.groups(store, run_id, Arguments({"clusters": "3", "k": "2"}))
        assert meta["clusters"] == len(arrays["size"]) == 3
        np.testing.assert_array_equal(np.bincount(arrays["label"]), arrays["size"])
        error = np.stack(
            [1 - recorded.right[recorded.image_class == c].mean(axis=0) for c in range(10)]
        )
        for cluster in range(3):
            mean = error[arrays["label"] == cluster].mean(axis=0)
            np.testing.assert_allclose(arrays["mean"][cluster], mean, atol=1e-6)
        assert (np.diff(arrays["mean"].mean(axis=1)) >= 0).all()
        for order in ("similarity", "peak", "error", "name"):
            assert sorted(arrays[f"order_{order}"]) == list(range(10))
        np.testing.assert_array_equal(arrays["order_name"], range(10))
        final = error[arrays["order_error"], -1]
        assert (np.diff(final) <= 1e-6).all()
        pack(arrays, meta)

    def test_the_order_by_peak_follows_the_window(
        self, store: Session, run_id: int, recorded: Recorded
    ) -> None:
        for k in (1, 3):
            arrays, _ = data.groups(store, run_id, Arguments({"k": str(k)}))
            left, right = recorded.counts(k)
            peak = np.maximum(left.sum(axis=2), right.sum(axis=2)).max(axis=1)
            assert (np.diff(peak[arrays["order_peak"]]) <= 0).all()

    @pytest.mark.parametrize("clusters", ["0", "51", "x"])
    def test_refuses_other_numbers_of_clusters(
        self, store: Session, run_id: int, clusters: str
    ) -> None:
        with pytest.raises(BadArgument, match="clusters must be a whole number from 1 to 50"):
            data.groups(store, run_id, Arguments({"clusters": clusters}))


class TestClassImages:
    @pytest.mark.parametrize("class_id", [0, 9])
    def test_images_of_a_class(
        self, store: Session, run_id: int, recorded: Recorded, class_id: int
    ) -> None:
        arrays, meta = data.class_images(store, run_id, Arguments({"class": str(class_id)}))
        images = np.flatnonzero(recorded.image_class == class_id)
        np.testing.assert_array_equal(arrays["images"], images)
        np.testing.assert_array_equal(arrays["prediction"], recorded.prediction[images])
        np.testing.assert_array_equal(arrays["probability"], recorded.probability[images])
        right = recorded.right[images]
        lost = (right[:, :-1] & ~right[:, 1:]).sum(axis=1)
        np.testing.assert_array_equal(arrays["forgotten"], lost)
        first = np.where(right.any(axis=1), right.argmax(axis=1), -1)
        np.testing.assert_array_equal(arrays["first_learned"], first)
        assert sorted(arrays["order"]) == list(range(len(images)))
        for partner, count in zip(arrays["partner"], arrays["partner_count"], strict=True):
            assert partner != class_id
            wanted = (recorded.prediction[images] == partner).sum(axis=0)
            np.testing.assert_array_equal(count, wanted)
        pack(arrays, meta)

    def test_a_class_must_be_given_and_exist(self, store: Session, run_id: int) -> None:
        with pytest.raises(BadArgument, match="class is missing"):
            data.class_images(store, run_id, Arguments({}))
        with pytest.raises(NotFound, match="class 10"):
            data.class_images(store, run_id, Arguments({"class": "10"}))


class TestForgetting:
    def test_most_forgotten_and_never_learned(
        self, store: Session, run_id: int, recorded: Recorded
    ) -> None:
        lost = (recorded.right[:, :-1] & ~recorded.right[:, 1:]).sum(axis=1)
        arrays, meta = data.forgetting(store, run_id, Arguments({}))
        assert meta["forgotten"] == (lost > 0).sum()
        assert (np.diff(arrays["forgotten"]) <= 0).all()
        np.testing.assert_array_equal(arrays["forgotten"], lost[arrays["image"]])
        assert arrays["forgotten"][0] == lost.max()
        np.testing.assert_array_equal(arrays["class"], recorded.image_class[arrays["image"]])
        never, meta = data.forgetting(store, run_id, Arguments({"list": "never"}))
        wanted = np.flatnonzero(~recorded.right.any(axis=1))
        np.testing.assert_array_equal(never["image"], wanted[: data.MOST_LISTED])
        assert meta["never"] == len(wanted)

    def test_position_is_the_place_in_the_contact_sheet(self, store: Session, run_id: int) -> None:
        arrays, _ = data.forgetting(store, run_id, Arguments({}))
        for image, class_id, position in zip(
            arrays["image"], arrays["class"], arrays["position"], strict=True
        ):
            of_class = structure.class_images(store, run_id=run_id, class_id=int(class_id))
            assert of_class[position] == image


class TestContactSheet:
    def test_is_the_recorded_picture(self, store: Session, run_id: int, recorded_run: Path) -> None:
        arrays, meta = data.contact_sheet(store, run_id, Arguments({"class": "3"}))
        assert arrays["sheet"].tobytes() == (recorded_run / "thumbnails/000003.webp").read_bytes()
        assert tuple(meta["tile"]) == runs.get_run(store, run_id=run_id).thumbnail

    def test_a_class_without_one(self, session: Session) -> None:
        run = store_run(session, seed=3)
        arrays, _ = data.contact_sheet(session, run.run_id, Arguments({"class": "1"}))
        assert arrays["sheet"].shape == (0,)
        with pytest.raises(NotFound, match="class 99"):
            data.contact_sheet(session, run.run_id, Arguments({"class": "99"}))


@pytest.mark.parametrize("snapshots", [0, 1, 2, 5])
@pytest.mark.parametrize("classes", [0, 1, 2])
def test_small_runs_answer_everything(session: Session, snapshots: int, classes: int) -> None:
    run = store_run(session, seed=9, snapshots=snapshots, classes=classes)
    for function in (data.anomalies, data.groups, data.forgetting):
        arrays, meta = function(session, run.run_id, Arguments({}))
        pack(arrays, meta)
    arrays, _ = data.groups(session, run.run_id, Arguments({"clusters": "50"}))
    assert len(arrays["label"]) == classes
    for class_id in range(classes):
        pack(*data.class_images(session, run.run_id, Arguments({"class": str(class_id)})))
