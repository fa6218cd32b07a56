"""What is known of a whole run, computed once per run version and kept in a bounded memory."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries import runs, snapshots, structure
from ingest.analysis.anomalies import counts
from ingest.analysis.flip_index import FlipIndex, index_flips
from ingest.analysis.forgetting import Forgetting
from ingest.analysis.forgetting import forgetting as count_forgetting

T = TypeVar("T")
MOST_RUNS = 4
MOST_RESULTS = 24


class Analysis:
    """The flips of one version of a run, sorted for any window, and what follows from them."""

    def __init__(self, session: Session, run_id: int, *, live: bool) -> None:
        flips = snapshots.flips(session, run_id=run_id)
        classes = structure.classes(session, run_id=run_id)
        self.live = live
        self.class_names = classes.names
        self.class_error = snapshots.class_errors(session, run_id=run_id)
        self.image_class = structure.image_classes(session, run_id=run_id)
        self.index: FlipIndex = index_flips(
            flips.snapshot,
            flips.image,
            flips.before,
            flips.learned,
            snapshots=self.class_error.shape[1],
            image_class=self.image_class,
            classes=len(self.class_names),
        )
        self.forgetting: Forgetting = count_forgetting(
            flips.snapshot,
            flips.image,
            flips.learned,
            correct_now=snapshots.correct_now(session, run_id=run_id),
        )
        self._lock = threading.Lock()
        self._results: OrderedDict[str, Any] = OrderedDict()

    @cached_property
    def image_position(self) -> NDArray[np.int32]:
        """Return the place of every image among those of its class, i4 [N]."""
        order = np.argsort(self.image_class, kind="stable")
        sorted_class = self.image_class[order]
        first = np.searchsorted(sorted_class, sorted_class, side="left")
        position = np.empty(len(order), dtype=np.int32)
        position[order] = np.arange(len(order)) - first
        return position

    def peaks(self, k: int) -> NDArray[np.int64]:
        """Return the largest left or right count of every class for the window `k`, [C]."""
        if not self.index.snapshots:
            return np.zeros(len(self.class_names), dtype=np.int64)
        left, right = counts(self.index, k=k)
        return np.maximum(left.sum(axis=2), right.sum(axis=2)).max(axis=1).astype(np.int64)

    def remember(self, name: str, compute: Callable[[], T]) -> T:
        """Return what was computed under `name`, computing it the first time."""
        with self._lock:
            if name in self._results:
                self._results.move_to_end(name)
                return self._results[name]
        result = compute()
        with self._lock:
            self._results[name] = result
            while len(self._results) > MOST_RESULTS:
                self._results.popitem(last=False)
        return result


_analyses: OrderedDict[tuple[str, int, int], Analysis] = OrderedDict()
_lock = threading.Lock()
# By run: a page asks for several things at once, and one of them builds for all.
_building: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def analysis_of(session: Session, run_id: int) -> Analysis:
    """Return the analysis of the run as it is now; NotFound where there is no such run."""
    run = runs.get_run(session, run_id=run_id)
    # The UUID too: ids begin anew in another database, as in tests.
    key = (str(run.uuid), run.id, run.version)
    with _lock:
        building = _building[run.id]
    with building:
        with _lock:
            if key in _analyses:
                _analyses.move_to_end(key)
                return _analyses[key]
        analysis = Analysis(session, run_id, live=run.recording)
        _keep(key, analysis)
    return analysis


def _keep(key: tuple[str, int, int], analysis: Analysis) -> None:
    with _lock:
        for old in [other for other in _analyses if other[:2] == key[:2]]:
            del _analyses[old]
        _analyses[key] = analysis
        while len(_analyses) > MOST_RUNS:
            _analyses.popitem(last=False)
