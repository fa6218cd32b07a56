"""What is known of a whole run, computed once per run version and kept in a bounded memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.cache import kept
from app.kept_index import find_index
from app.kept_series import packed, unpacked
from app.large_runs import is_prepared
from db.queries.measurements import ledgers, scalars, snapshots
from db.queries.measurements.scalars import Scalar
from db.queries.measurements.scalars_at import ScalarRows, scalar_rows
from db.queries.runs import runs, structure
from db.queries.store import RunVersion
from deeptracker.format import SERIES
from ingest.analysis.anomalies import (
    IterationTable,
    counts,
    default_threshold,
    default_window,
    find_anomalies,
    iteration_table,
    overall_threshold,
)
from ingest.analysis.batches import Blame, blame
from ingest.analysis.class_errors import ClassErrors, count_errors
from ingest.analysis.flip_index import FlipIndex, index_flips, index_window
from ingest.analysis.forgetting import Forgetting
from ingest.analysis.forgetting import forgetting as count_forgetting
from ingest.analysis.order import similarity_order

T = TypeVar("T")
# Of which it is known that they are the newest of their runs.
_MOST_VERSIONS = 100
_INDEX = "index"


class Analysis:
    """What follows from one version of a run, each part computed when it is first asked for.

    Methods take a session that sees this very version.
    """

    def __init__(self, run: runs.RunRow) -> None:
        self._run, self._version = run, run.this_version
        self.run_id, self.live = run.id, run.recording

    def series_names(self, session: Session) -> tuple[str, ...]:
        """Return the names of all series that the script logged, sorted."""
        return self.remember(
            "series names", lambda: scalars.scalar_names(session, run_id=self.run_id)
        )

    def series(self, session: Session, name: str, *, at: snapshots.Snapshots) -> Scalar:
        """Return a series as it was logged, else what the snapshots `at` of the run say.

        Those say it of SERIES alone, with NaN where it was not recorded; there is no value then.
        Shared by all who ask: not to be written to.
        """
        if name in self.series_names(session):
            if name not in SERIES:
                return scalars.scalar(session, run_id=self.run_id, name=name)
            kept_series = self.remember(
                f"series {name}",
                lambda: packed(scalars.scalar(session, run_id=self.run_id, name=name)),
            )
            return unpacked(kept_series)
        return scalars.of_snapshots(at, name)

    def scalar_rows(self, session: Session) -> dict[str, ScalarRows]:
        """Return where the stored rows of all series begin and end, by name."""
        return self.remember("scalar rows", lambda: scalar_rows(session, run_id=self.run_id))

    def class_errors(self, session: Session) -> ClassErrors:
        """Return how many images of every class were wrong at every snapshot."""

        def count() -> ClassErrors:
            sizes = structure.classes(session, run_id=self.run_id).image_count
            blocks = snapshots.class_error_blocks(session, run_id=self.run_id)
            return count_errors(blocks, sizes)

        return self.remember("errors of classes", count)

    def alike(self, session: Session) -> NDArray[np.int32]:
        """Return the classes in an order in which neighbours developed alike, i4 [C]."""
        return self.remember(
            "classes alike", lambda: similarity_order(self.class_errors(session).error())
        )

    def without_prediction(self, session: Session) -> NDArray[np.int32] | None:
        """Return how many images of every class had no prediction, i4 [C, T]; None: none ever."""

        def read() -> NDArray[np.int32] | None:
            found = snapshots.class_no_predictions(session, run_id=self.run_id)
            return found if found.any() else None

        return self.remember("without prediction", read)

    def validated(self, session: Session) -> NDArray[np.bool_] | None:
        """Return which snapshots were validated, [T]; None: all were, or none."""
        return self.remember("validated", lambda: self.class_errors(session).validated)

    def image_class(self, session: Session) -> NDArray[np.int32]:
        """Return the class of every image, i4 [N]."""
        return self.remember(
            "image class", lambda: structure.image_classes(session, run_id=self.run_id)
        )

    def index(self, session: Session) -> FlipIndex:
        """Return the flips sorted for any window."""
        return self.remember(_INDEX, lambda: self._index(session))

    def _index(self, session: Session) -> FlipIndex:
        flips = snapshots.flips(session, run_id=self.run_id)
        return index_flips(
            flips.snapshot,
            flips.image,
            flips.before,
            flips.learned,
            snapshots=len(snapshots.iterations(session, run_id=self.run_id)),
            image_class=self.image_class(session),
            classes=len(structure.classes(session, run_id=self.run_id)),
            validated=self.validated(session),
        )

    def index_of_window(self, session: Session, k: int) -> FlipIndex:
        """Return an index that holds for the window `k`: the whole one only where it is there."""
        whole: FlipIndex | None = kept.find((self._version, _INDEX))
        if whole is not None:
            return whole
        return self.remember(f"window {k}", lambda: self._window(session, k))

    def usual_index(self, session: Session) -> FlipIndex:
        """Return an index that holds for the run's own default window, and for wider ones."""
        length = len(snapshots.iterations(session, run_id=self.run_id))
        return self.index_of_window(session, default_window(length))

    def index_reaching(self, session: Session, k: int) -> FlipIndex:
        """Return an index that holds for the window `k`.

        The usual one where that will do: of ten thousand classes it is a tenth of the whole one,
        which is made for who looks at shorter windows.
        """
        usual = self.usual_index(session)
        return usual if k >= default_window(usual.run_snapshots) else self.index(session)

    def _window(self, session: Session, k: int) -> FlipIndex:
        length = len(snapshots.iterations(session, run_id=self.run_id))
        if k == default_window(length) and is_prepared(self._run):
            prepared = find_index(session, self._run, length)
            if prepared is not None:
                return prepared
        flips = snapshots.flips(session, run_id=self.run_id)
        return index_window(
            (flips.snapshot, flips.image, flips.before, flips.learned),
            k=k,
            snapshots=length,
            image_class=self.image_class(session),
            classes=len(structure.classes(session, run_id=self.run_id)),
            validated=self.validated(session),
        )

    def default_anomalies(
        self, session: Session, *, length: int
    ) -> tuple[IterationTable, int, int]:
        """Return the anomalous iterations of a run of `length` snapshots (1 and more) at its own
        default window k and threshold m, and these two. Shared by all who ask.
        """
        return self.remember(
            f"default anomalies {length}", lambda: self._default_anomalies(session, length)
        )

    def _default_anomalies(self, session: Session, length: int) -> tuple[IterationTable, int, int]:
        k = default_window(length)
        index = self.index_of_window(session, k)
        m = default_threshold(index.class_size)
        found = find_anomalies(index, k=k, m=m, live=self.live)
        whole_set = overall_threshold(index.class_size, m=m, share=False)
        return iteration_table(found, whole_set=whole_set), k, m

    def forgetting(self, session: Session) -> Forgetting:
        """Return how every image was learned and forgotten."""
        return self.remember("forgetting", lambda: self._forgetting(session))

    def _forgetting(self, session: Session) -> Forgetting:
        snapshot, image = snapshots.flipped_images(session, run_id=self.run_id)
        validated = self.validated(session)
        return count_forgetting(
            snapshot,
            image,
            correct_now=snapshots.correct_now(session, run_id=self.run_id),
            first=0 if validated is None else int(np.argmax(validated)),
        )

    def image_position(self, session: Session) -> NDArray[np.int32]:
        """Return the place of every image among those of its class, i4 [N]."""
        image_class = self.image_class(session)
        return self.remember("position", lambda: _positions(image_class))

    def blames(self, session: Session) -> list[Blame]:
        """Return which training images made each jump of the loss, rising by iteration."""
        return self.remember(
            "blames", lambda: [blame(one) for one in ledgers.ledgers(session, run_id=self.run_id)]
        )

    def peaks(self, session: Session, k: int) -> NDArray[np.int64]:
        """Return the largest left or right count of every class for the window `k`, [C]."""
        index = self.index_reaching(session, k)
        if not index.snapshots:
            return np.zeros(len(index.class_size), dtype=np.int64)
        left, right = counts(index, k=k)
        return np.maximum(left.sum(axis=2), right.sum(axis=2)).max(axis=1).astype(np.int64)

    def remember(self, name: str, compute: Callable[[], T]) -> T:
        """Return what was computed under `name`; of those who ask at once one computes it for all.

        Shared by all who ask: not to be written to.
        """
        found: T = kept.get((self._version, name), compute)
        return found


_analyses: OrderedDict[RunVersion, Analysis] = OrderedDict()
_lock = threading.Lock()


def analysis_of(session: Session, run_id: int) -> Analysis:
    """Return the analysis of the run as it is now; NotFound where there is no such run."""
    return analysis_of_run(runs.get_run(session, run_id=run_id))


def analysis_of_run(run: runs.RunRow) -> Analysis:
    """Return the analysis of a run as it is in the session that read it."""
    version = run.this_version
    with _lock:
        if version not in _analyses:
            for old in [other for other in _analyses if _of_one_run(other, version)]:
                del _analyses[old]
            # Nobody asks for those of the versions before; they need not wait for their turn.
            kept.drop(lambda key: _is_older(key, version))
            _analyses[version] = Analysis(run)
        _analyses.move_to_end(version)
        while len(_analyses) > _MOST_VERSIONS:
            _analyses.popitem(last=False)
        return _analyses[version]


def forget_run(version: RunVersion) -> None:
    """Give back the memory of what is known of a run."""
    with _lock:
        _analyses.pop(version, None)
        kept.drop(lambda key: isinstance(key, tuple) and key[0] == version)


def _is_older(key: object, version: RunVersion) -> bool:
    whose = key[0] if isinstance(key, tuple) else None
    return isinstance(whose, RunVersion) and _of_one_run(whose, version) and whose != version


def _of_one_run(one: RunVersion, other: RunVersion) -> bool:
    return (one.store, one.uuid) == (other.store, other.uuid)


def _positions(image_class: NDArray[np.int32]) -> NDArray[np.int32]:
    order = np.argsort(image_class, kind="stable")
    sorted_class = image_class[order]
    first = np.searchsorted(sorted_class, sorted_class, side="left")
    position = np.empty(len(order), dtype=np.int32)
    position[order] = np.arange(len(order)) - first
    return position
