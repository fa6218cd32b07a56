"""All that is said of a run, read from the database piece by piece: for exports and the lake."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import scalars, snapshots
from db.queries.measurements.layer_shapes import quantities
from db.queries.measurements.layer_stats import LayerStat, layer_stat
from db.queries.measurements.scalars import Scalar
from db.queries.runs import findings, runs, structure
from db.queries.team import annotations
from db.queries.team.annotation_words import about
from deeptracker.format import SERIES
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded
from ingest.analysis.marks import marks


@dataclass(frozen=True)
class Said:
    """A sentence about the run from `first` to `last`; both None: about all of it."""

    kind: str
    title: str
    text: str
    severity: str
    author: str
    first: int | None
    last: int | None


class WholeRun:
    """One run; NotFound for none, or one in the trash. Large parts are read when they are asked."""

    def __init__(self, session: Session, run_id: int) -> None:
        self._session, self.run_id = session, run_id
        self.run = runs.get_run(session, run_id=run_id)
        self.snapshots = snapshots.snapshots(session, run_id=run_id)

    @cached_property
    def series_names(self) -> list[str]:
        """Return the names of all series: those that every run may have, then the script's own."""
        return [*SERIES, *(name for name in self._logged if name not in SERIES)]

    @cached_property
    def _logged(self) -> tuple[str, ...]:
        return scalars.scalar_names(self._session, run_id=self.run_id)

    def series(self) -> Iterator[tuple[str, Scalar]]:
        """Yield every series that has values, at full resolution."""
        for name in self.series_names:
            if name in self._logged:
                found = scalars.scalar(self._session, run_id=self.run_id, name=name)
            else:
                found = scalars.of_snapshots(self.snapshots, name)
            if len(found):
                yield name, found

    @cached_property
    def layers(self) -> structure.Layers | None:
        """Return the layers, None where none was recorded."""
        return structure.layers(self._session, run_id=self.run_id) if self.run.layer_count else None

    def layer_statistics(self) -> Iterator[tuple[int, str, LayerStat]]:
        """Yield (layer id, quantity, everything measured of it), the layers in their order."""
        measured = quantities(self._session, run_id=self.run_id)
        for layer in range(0 if self.layers is None else len(self.layers)):
            for quantity in measured:
                found = layer_stat(
                    self._session, run_id=self.run_id, layer_id=layer, quantity=quantity
                )
                if len(found.iteration):
                    yield layer, quantity, found

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Return the names of the validation classes."""
        return structure.classes(self._session, run_id=self.run_id).names

    def class_errors(self) -> NDArray[np.float32]:
        """Return the error of every class at every snapshot, f4 [C, T]; NaN: not validated."""
        return snapshots.class_errors(self._session, run_id=self.run_id)

    def times(self, iterations: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return when iterations were, in seconds since 1970 (UTC), f8.

        Between snapshots in proportion; before the first and where nothing is known, when the
        training began.
        """
        known = np.isfinite(self.snapshots.recorded_at)
        begun = self.run.created_at.timestamp()
        at = np.concatenate([[0], self.snapshots.iteration[known]])
        when = np.concatenate([[begun], self.snapshots.recorded_at[known]])
        # Where a clock was set back, time still goes on.
        return np.interp(iterations, at, np.maximum.accumulate(when))

    @cached_property
    def sayings(self) -> list[Said]:
        """Return what rules, people and the script said of the run, rising by iteration."""
        said = [*self._findings(), *self._notes(), *self._marks()]
        return sorted(said, key=lambda one: -1 if one.first is None else one.first)

    def _findings(self) -> Iterator[Said]:
        for one in findings.list_findings(self._session, run_id=self.run_id):
            if one.rule in BY_NAME and not one.muted:
                title = BY_NAME[one.rule].title
                last = one.end_iteration
                yield Said(
                    "finding", title, worded(one.text), one.severity, "", one.start_iteration, last
                )

    def _notes(self) -> Iterator[Said]:
        found = annotations.changes(self._session, run_id=self.run_id, account_id=0)
        for row in found.annotations:
            text = "\n\n".join([row.body, *(f"{r.author}: {r.body}" for r in row.replies)])
            target = row.target
            yield Said(
                "annotation", about(row), text, row.tag, row.author, target.first, target.last
            )

    def _marks(self) -> Iterator[Said]:
        manifest = runs.run_manifest(self._session, run_id=self.run_id)
        for mark in marks(manifest):
            yield Said("event", mark.kind, mark.text, "", "", mark.iteration, mark.iteration)

    @property
    def settings(self) -> dict[str, Any]:
        """Return the hyperparameters by dotted names; values are numbers, truths and texts."""
        return dict(_flat("", self.run.hyperparameters))

    def value_count(self, form: str) -> int:
        """Return about how many values an export as `form` writes, cheaply."""
        snapshots_of = len(self.snapshots)
        series = len(self.series_names) * max(snapshots_of, self.run.last_iteration or 0)
        layers = self.run.layer_count * snapshots_of * 3
        per_layer = {"tensorboard": 8, "parquet": 15}.get(form, 0)
        classes = self.run.class_count * snapshots_of if form == "parquet" else 0
        return series + layers * per_layer + classes


def _flat(ahead: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{ahead}.{name}" if ahead else str(name), inner)
    elif isinstance(value, (bool, int, float, str)):
        yield ahead, value
    elif value is not None:
        yield ahead, str(value)
