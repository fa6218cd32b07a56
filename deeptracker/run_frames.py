"""One run as pandas frames: its facts, its scalars, and the five look-ups.

Layers and classes are given by id or by name. Frames over time have the iterations of the
snapshots as their index, called "iteration".
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deeptracker.connection import Connection
from deeptracker.errors import NotOnServer
from deeptracker.format import BAND_THRESHOLDS, HISTOGRAM_EDGES, NOT_VALIDATED
from deeptracker.named import number_of

_REVIEW = (
    "image", "name", "class", "predicted", "score", "runs", "agreement", "confidence",
    "decision", "new_class", "decided_by", "decided_at",
)  # fmt: skip
TRANSITIONS = ("learned", "forgotten", "stayed_right", "stayed_wrong")


class Run:
    """One run on a server."""

    def __init__(self, connection: Connection, id: int) -> None:
        self._connection = connection
        self._base = f"/runs/{id}"
        self.id = id
        self.facts: dict[str, Any] = connection.json(self._base)

    @property
    def name(self) -> str:
        """Return the run's name."""
        return str(self.facts["name"])

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Return the hyperparameters as recorded."""
        return dict(self.facts["hyperparameters"])

    def refresh(self) -> "Run":
        """Return the run as it is now; `facts` are those of the moment it was asked for."""
        return Run(self._connection, self.id)

    def __repr__(self) -> str:
        facts = self.facts
        return (
            f"<run {self.id} {self.name!r}, {facts['state']}, {facts['snapshot_count']} snapshots>"
        )

    # What it is made of -----------------------------------------------------------------------

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The layers in the order of the network; index: id."""
        return pd.DataFrame(self._json("/layers")).set_index("id")

    @cached_property
    def classes(self) -> pd.DataFrame:
        """The validation classes with their number of images; index: id."""
        frame = pd.DataFrame(self._json("/classes"), columns=["id", "name", "images"])
        return frame.set_index("id")

    def snapshots(self) -> pd.DataFrame:
        """Return epoch, recorded_at (UTC), learning rate, losses and errors of the snapshots.

        And how many validation images learned, forgot, stayed right and stayed wrong since the one
        before: Int32, <NA> at the first. f8 otherwise, NaN: not recorded.
        """
        arrays, _ = self._arrays("/snapshots")
        changes = arrays.pop("transitions")
        frame = pd.DataFrame(arrays).set_index("iteration")
        frame["recorded_at"] = pd.to_datetime(frame["recorded_at"], unit="s", utc=True)
        for place, name in enumerate(TRANSITIONS):
            column = pd.Series(changes[:, place], index=frame.index, dtype="Int32")
            frame[name] = column.mask(column < 0)
        return frame

    # Scalars ------------------------------------------------------------------------------------

    def scalar_names(self) -> list[str]:
        """Return the names of the logged series."""
        return list(self._json("/scalars"))

    def scalars(self, *names: str) -> pd.DataFrame:
        """Return logged series at full resolution, f8, by iteration; without names, all of them.

        NaN: logged as NaN, or not logged at this iteration.
        """
        columns = {}
        for name in names or self.scalar_names():
            arrays, _ = self._arrays("/scalar", name=name)
            columns[name] = pd.Series(arrays["value"], index=_index(arrays), name=name)
        if not columns:
            return pd.DataFrame(index=pd.Index([], name="iteration", dtype=np.int32))
        return pd.concat(columns, axis=1).sort_index()

    # The five look-ups --------------------------------------------------------------------------

    def layer_stat(self, layer: int | str, quantity: str = "weight") -> pd.DataFrame:
        """Return every statistic of one layer over all iterations, f4; NaN: not defined.

        `quantity` is weight, gradient, update, activation or training_activation. Columns:
        format.STATISTICS.
        """
        arrays, meta = self._layer_stat(layer, quantity)
        return _over_time(arrays, "values", meta["statistics"])

    def layer_histogram(self, layer: int | str, quantity: str = "weight") -> pd.DataFrame:
        """Return how many parameters of one layer lie in each bin, u4; columns: intervals.

        The bins are the same for all layers and iterations. NotOnServer where none is recorded.
        """
        bins = pd.IntervalIndex.from_breaks(HISTOGRAM_EDGES, closed="left", name="bin")
        return self._part(layer, quantity, "histogram", bins)

    def change_bands(self, layer: int | str) -> pd.DataFrame:
        """Return the share of a layer's parameters whose |update| / |weight| is at most a limit.

        f4, a share 0..1; columns: the limits, format.BAND_THRESHOLDS.
        """
        return self._part(layer, "update", "bands", pd.Index(BAND_THRESHOLDS, name="at_most"))

    def layer_profile(self, quantity: str = "gradient", statistic: str = "std") -> pd.DataFrame:
        """Return one statistic of all layers over all iterations, f4; columns: layer names.

        NaN: not defined, or not measured.
        """
        arrays, meta = self._arrays("/layer-profile", quantity=quantity, statistic=statistic)
        return _over_time(arrays, "values", meta["layers"], what="layer")

    def layer_filter(self, layer: int | str, quantity: str = "relative_change") -> pd.DataFrame:
        """Return one quantity of all filters of a layer over all iterations, f4.

        `quantity` is one of format.FILTER_QUANTITIES. Columns: the filters' numbers in the layer.
        """
        layer_id = self.layer_id(layer)
        arrays, _ = self._arrays("/layer-filter", layer=layer_id, quantity=quantity)
        return _over_time(arrays, "values", range(len(arrays["values"])), what="filter")

    def filter(self, layer: int | str, filter: int) -> pd.DataFrame:
        """Return every quantity of one filter, counted within its layer, over all iterations, f4.

        Columns: format.FILTER_QUANTITIES.
        """
        arrays, meta = self._arrays("/filter", layer=self.layer_id(layer), filter=filter)
        return _over_time(arrays, "values", meta["quantities"])

    def iteration_filter(
        self, iteration: int, quantity: str = "relative_change", *, limit: int = 50
    ) -> pd.DataFrame:
        """Return the most changed filters of one snapshot over all layers, at most 200.

        `quantity` is relative_change, cosine_change, update_ratio or gradient_l2. Index: rank from
        1; columns: layer (name), layer_id, filter (in its layer), value f4.
        """
        arrays, _ = self._arrays(
            "/iteration-filter", iteration=iteration, quantity=quantity, limit=limit
        )
        names = self.layers["name"].to_numpy()
        return pd.DataFrame(
            {
                "layer": pd.Series(names[arrays["layer"]], dtype="str"),
                "layer_id": arrays["layer"],
                "filter": arrays["filter"],
                "value": arrays["value"],
            },
        ).set_index(pd.RangeIndex(1, len(arrays["layer"]) + 1, name="rank"))

    def class_stat(self, cls: int | str | None = None) -> pd.DataFrame:
        """Return the error of every class, or of one, over all iterations: f4, a share 0..1.

        Columns: class names. NaN: a class without images, or a snapshot that was not validated.
        """
        chosen = None if cls is None else self.class_id(cls)
        arrays, meta = self._arrays("/class-stat", **{"class": chosen})
        return _over_time(arrays, "error", meta["classes"], what="class")

    def class_image(self, cls: int | str) -> pd.DataFrame:
        """Return every image of one class at every snapshot: one row each.

        Index: image (id), iteration. Columns: name (of the image, <NA>: unnamed), prediction (id of
        the class it was predicted as, <NA>: no prediction, or not validated), predicted (its name),
        correct (False without a prediction, <NA>: not validated), probability (f4, of the true
        class; NaN: none).
        """
        class_id = self.class_id(cls)
        arrays, meta = self._arrays("/class-image", **{"class": class_id})
        images, iteration = arrays["image"], arrays["iteration"]
        prediction = arrays["prediction"].astype(np.int32).ravel()
        return pd.DataFrame(
            {
                "name": pd.Series(
                    np.repeat(np.array(meta["names"], object), len(iteration))
                ).astype("str"),
                "prediction": _masked(prediction, prediction < 0),
                "predicted": self._class_names(np.maximum(prediction, -1)),
                "correct": _masked(prediction == class_id, prediction == NOT_VALIDATED),
                "probability": arrays["probability"].astype(np.float32).ravel(),
            },
        ).set_index(pd.MultiIndex.from_product([images, iteration], names=["image", "iteration"]))

    def confusion(self, iteration: int) -> pd.DataFrame:
        """Return which classes are predicted as which at a snapshot, the most images first.

        Columns: class, predicted (names; <NA>: no prediction), images, of (all of the class).
        """
        columns = ["class", "predicted", "images", "of"]
        return pd.DataFrame(
            self._rows("/confusion", "pairs", iteration=iteration), columns=columns
        ).astype({"class": "str", "predicted": "str"})

    # What people and rules say ------------------------------------------------------------------

    def annotations(self) -> pd.DataFrame:
        """Return what people wrote about the run, in the order of writing; index: id."""
        return _listed(self._json("/annotations"), "id")

    def findings(self) -> pd.DataFrame:
        """Return what the health rules say, the most telling first; index: key."""
        return _listed(self._json("/findings"), "key")

    def answers(self) -> pd.DataFrame:
        """Return what happened, the most telling first, with its probable causes; index: rank.

        `cause` and `probability` (0..1) are those of the most probable one, `causes` lists all.
        """
        found = self._json("/answers")
        for one in found:
            first = one["causes"][0] if one["causes"] else {"cause": "", "probability": np.nan}
            one["cause"], one["probability"] = first["cause"], first["probability"]
        return _listed(found, "rank")

    def not_judged(self) -> pd.DataFrame:
        """Return the rules that could not judge the run, and what to log; index: rule."""
        return _listed(self._json("/not-judged"), "rule")

    def data_review(
        self, kind: str = "label-errors", *, others: Sequence[int] = ()
    ) -> pd.DataFrame:
        """Return the validation images of a list, highest score first; index: image (id).

        `kind` is label-errors, ambiguous, rare, forgotten, lost or duplicates; `others` are ids of
        runs with the same images, whose scores count as much. Columns: name, class and predicted
        (names of classes; predicted most besides the label), score, runs (how many agree),
        agreement and confidence (f8, shares 0..1 over the run), decision (keep, relabel, remove;
        <NA>: none), new_class (a name), decided_by, decided_at (UTC).
        """
        asked = ",".join(map(str, others)) or None
        rows = self._rows("/data-review", "images", list=kind, others=asked)
        frame = pd.DataFrame(rows, columns=_REVIEW).set_index("image")
        for name in ("class", "predicted", "new_class"):
            frame[name] = frame[name].astype("Int32").map(self.classes["name"])
        for name in ("score", "agreement", "confidence"):
            frame[name] = frame[name].astype(float)
        frame["decided_at"] = pd.to_datetime(frame["decided_at"], format="ISO8601", utc=True)
        return frame

    def good_runs(self) -> pd.DataFrame:
        """Return the runs of the same network and data set that are marked as good, by id."""
        return _listed(self._json("/good-runs"), "run")

    def marks(self) -> pd.DataFrame:
        """Return events and resumes (`kind`) with their texts, rising; index: iteration."""
        return _listed(self._json("/marks"), "iteration")

    def batches(self) -> pd.DataFrame:
        """Return what made each jump of the loss whose batches were kept; index: iteration.

        `images` are dicts of those that are named, the worst first: index, loss, usual, class.
        """
        return _listed(self._json("/batches"), "iteration")

    def batch_ledger(self, iteration: int) -> pd.DataFrame:
        """Return the images of the steps around a jump of the loss: one row each.

        Index: iteration of the step. Columns: index (in the training set), loss and usual (f4, NaN:
        not known), label (class number, -1: not given).
        """
        arrays, _ = self._arrays("/batch-ledger", iteration=iteration)
        steps = np.repeat(arrays["step_iteration"], arrays["step_size"])
        columns = {name: arrays[name] for name in ("index", "loss", "usual", "label")}
        frame = pd.DataFrame(columns, index=pd.Index(steps, name="iteration"))
        return frame.astype({"index": np.int64})

    # Names --------------------------------------------------------------------------------------

    def layer_id(self, layer: int | str) -> int:
        """Return the id of a layer that is given by id or name; NotOnServer."""
        return number_of("layer", layer, list(self.layers["name"]), self.name)

    def class_id(self, cls: int | str) -> int:
        """Return the id of a class that is given by id or name; NotOnServer."""
        return number_of("class", cls, list(self.classes["name"]), self.name)

    def _class_names(self, ids: NDArray[np.int32]) -> pd.Categorical:
        names = self.classes["name"]
        unique = names if names.is_unique else names + " (" + names.index.astype(str) + ")"
        return pd.Categorical.from_codes(ids, categories=list(unique))

    def _layer_stat(
        self, layer: int | str, quantity: str
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        return self._arrays("/layer-stat", layer=self.layer_id(layer), quantity=quantity)

    def _part(self, layer: int | str, quantity: str, part: str, columns: pd.Index) -> pd.DataFrame:
        arrays, _ = self._layer_stat(layer, quantity)
        if part not in arrays:
            raise NotOnServer(f"Run {self.name!r} has no {part} of {quantity} of layer {layer}.")
        return _over_time(arrays, part, columns)

    def _json(self, path: str, **arguments: Any) -> Any:
        return self._connection.json(f"{self._base}{path}", **arguments)

    def _rows(self, path: str, name: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return all rows of an answer that is given in parts."""
        rows: list[dict[str, Any]] = []
        while True:
            part = self._json(path, offset=len(rows), **arguments)
            rows += part[name]
            if not part[name] or len(rows) >= part["total"]:
                return rows

    def _arrays(
        self, path: str, **arguments: Any
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        return self._connection.arrays(f"{self._base}{path}", **arguments)


def _index(arrays: dict[str, NDArray[Any]]) -> pd.Index:
    return pd.Index(arrays["iteration"], name="iteration")


def _over_time(
    arrays: dict[str, NDArray[Any]],
    name: str,
    columns: "pd.Index | Sequence[Any]",
    *,
    what: str | None = None,
) -> pd.DataFrame:
    """Return [n, T] as T rows; a frame of its own memory, which may be changed."""
    named = columns if isinstance(columns, pd.Index) else pd.Index(list(columns), name=what)
    return pd.DataFrame(arrays[name].T.copy(), index=_index(arrays), columns=named)


def _masked(values: NDArray[Any], missing: NDArray[np.bool_]) -> pd.Series:
    """Return a column; with <NA>, in a dtype that knows it, only where something is missing."""
    column = pd.Series(values)
    return column.convert_dtypes().mask(missing) if missing.any() else column


def _listed(rows: list[dict[str, Any]], index: str) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame(index=pd.Index([], name=index))
    frame = pd.DataFrame(rows).set_index(index)
    for name in ("created_at", "edited_at", "resolved_at"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame
