"""Tools about weights: statistics of layers over iterations, most changed filters, one layer's."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deeptracker.assistant.asked_run import AskedRun, find_run
from deeptracker.assistant.result import fitting, measured, nearest, points
from deeptracker.assistant.results_layers import (
    ChangedFilter,
    ChangedFilters,
    FilterLine,
    FilterStatistics,
    LayerLine,
    LayerStatistics,
)
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.connection import Connection
from deeptracker.format import FILTER_QUANTITIES, OPTIONAL_QUANTITIES, QUANTITIES, STATISTICS
from deeptracker.thinning import telling


def _choice(names: Iterable[str], what: str) -> Any:
    return Field(description=what, json_schema_extra={"enum": list(names)})


Quantity = Annotated[
    str, _choice((*QUANTITIES, *OPTIONAL_QUANTITIES), "What was measured of the layers.")
]
Statistic = Annotated[str, _choice(STATISTICS, "Which number of it.")]
PeakQuantity = Annotated[
    str, _choice(PEAK_QUANTITIES, "What is ranked; changes are since the snapshot before.")
]
FilterQuantity = Annotated[str, _choice(FILTER_QUANTITIES, "What was measured of the filters.")]
First = Annotated[int | None, Field(ge=0, description="First iteration; by default the run's.")]
Last = Annotated[int | None, Field(ge=0, description="Last iteration; by default the run's.")]

_HISTORY = 12


class LayerTools:
    """Tools about weights."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def layer_statistics(
        self,
        run: RunName,
        quantity: Quantity = "gradient",
        statistic: Statistic = "l2",
        layers: Annotated[
            list[str] | None,
            Field(description="Names of layers, told with their history; by default all."),
        ] = None,
        first: First = None,
        last: Last = None,
        order: Annotated[
            Literal["network", "largest", "changed"],
            Field(description="By place in the network, highest value, or last over first value."),
        ] = "network",
        offset: Offset = 0,
        limit: Limit = 25,
    ) -> LayerStatistics:
        """Tell one statistic of layers over a range of iterations, to see which one differs."""
        found = find_run(self._connection, run)
        chosen = [found.layer(name) for name in layers or ()] or list(range(len(found.layers)))
        arrays, _ = found.arrays("/layer-profile", quantity=quantity, statistic=statistic)
        inside = _range(arrays["iteration"], first, last)
        values, iterations = arrays["values"][:, inside], arrays["iteration"][inside]
        about: dict[str, Any] = {"run": found.name, "quantity": quantity, "statistic": statistic}
        if not np.isfinite(values).any():
            note = f"not recorded: {quantity} {statistic}, at no snapshot of this range."
            return LayerStatistics(**about, note=note)
        measured_ones = [layer for layer in chosen if np.isfinite(values[layer]).any()]
        left_out = len(chosen) - len(measured_ones)
        chosen = sorted(measured_ones, key=lambda layer: _rank(values[layer], order))

        def line(layer: int) -> LayerLine:
            return LayerLine(
                layer=found.layers[layer],
                page=found.page("layers", layers=layer, range=f"{iterations[0]}-{iterations[-1]}"),
                **_summary(iterations, values[layer], history=bool(layers)),
            )

        return fitting(
            [line(layer) for layer in chosen[offset : offset + limit]],
            lambda rows, more: LayerStatistics(
                page=found.page("layers"),
                first_iteration=int(iterations[0]),
                last_iteration=int(iterations[-1]),
                layers=rows,
                more=more,
                note=f"not recorded of {left_out} other layers." if left_out else "",
                **about,
            ),
            offset=offset,
            total=len(chosen),
        )

    def changed_filters(
        self,
        run: RunName,
        iteration: Annotated[
            int | None, Field(ge=0, description="The snapshot up to it; by default the last.")
        ] = None,
        quantity: PeakQuantity = "relative_change",
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> ChangedFilters:
        """Tell the most changed filters of an iteration over all layers, the largest first."""
        found = find_run(self._connection, run)
        iterations = found.snapshots["iteration"]
        at = nearest(iterations, iteration)
        if at < 0:
            return ChangedFilters(run=found.name, quantity=quantity, note=_NO_SNAPSHOTS)
        arrays, _ = found.arrays(
            "/iteration-filter", iteration=int(iterations[at]), quantity=quantity, limit=200
        )
        rows = [
            ChangedFilter(layer=found.layers[layer], filter=int(one), value=measured(value))
            for layer, one, value in zip(
                arrays["layer"], arrays["filter"], arrays["value"], strict=True
            )
        ]
        return fitting(
            rows[offset : offset + limit],
            lambda part, more: ChangedFilters(
                page=found.page("layers", cursor=int(iterations[at])),
                run=found.name,
                iteration=int(iterations[at]),
                quantity=quantity,
                filters=part,
                more=more,
                note=""
                if rows
                else "not recorded: changes of filters at this snapshot. "
                "The first one of a run has none.",
            ),
            offset=offset,
            total=len(rows),
        )

    def filter_statistics(
        self,
        run: RunName,
        layer: Annotated[str, Field(description="Name of the layer.")],
        quantity: FilterQuantity = "relative_change",
        first: First = None,
        last: Last = None,
        order: Annotated[
            Literal["largest", "changed", "index"],
            Field(description="By highest value, last over first value, or place in the layer."),
        ] = "largest",
        offset: Offset = 0,
        limit: Limit = 15,
    ) -> FilterStatistics:
        """Tell one quantity of the filters of a layer over a range of iterations."""
        found = find_run(self._connection, run)
        number = found.layer(layer)
        arrays, _ = found.arrays("/layer-filter", layer=number, quantity=quantity)
        inside = _range(arrays["iteration"], first, last)
        values, iterations = arrays["values"][:, inside], arrays["iteration"][inside]
        about: dict[str, Any] = {"run": found.name, "layer": layer, "quantity": quantity}
        if not np.isfinite(values).any():
            note = f"not recorded: {quantity}, at no snapshot of this range."
            return FilterStatistics(**about, note=note)
        chosen = sorted(range(len(values)), key=lambda one: _rank(values[one], order))
        return fitting(
            [
                FilterLine(filter=one, **_summary(iterations, values[one], history=True))
                for one in chosen[offset : offset + limit]
            ],
            lambda rows, more: FilterStatistics(
                page=_filters_page(found, number, chosen[offset : offset + limit]),
                first_iteration=int(iterations[0]),
                last_iteration=int(iterations[-1]),
                filters=rows,
                more=more,
                **about,
            ),
            offset=offset,
            total=len(chosen),
        )


_NO_SNAPSHOTS = "No snapshot of the run is loaded."


def _filters_page(run: AskedRun, layer: int, filters: list[int]) -> str:
    return run.page("layers", layers=layer, filters=",".join(f"{layer}.{one}" for one in filters))


def _range(iterations: NDArray[np.int32], first: int | None, last: int | None) -> slice:
    start = 0 if first is None else int(np.searchsorted(iterations, first))
    end = len(iterations) if last is None else int(np.searchsorted(iterations, last, side="right"))
    return slice(start, max(end, start))


def _rank(values: NDArray[np.floating], order: str) -> float:
    """Return what sorts a row of values [T] in an order of a tool; what is undefined comes last."""
    kept = values[np.isfinite(values)].astype(float)
    if order not in ("largest", "changed"):
        return 0.0
    if not len(kept):
        return np.inf
    if order == "largest":
        return -float(kept.max())
    begun, ended = abs(kept[0]), abs(kept[-1])
    return -float(abs(np.log((ended + 1e-30) / (begun + 1e-30))))


def _summary(
    iterations: NDArray[np.int32], values: NDArray[np.floating], *, history: bool
) -> dict[str, Any]:
    """Return the fields of a Summary of values [T]."""
    kept = np.flatnonzero(np.isfinite(values))
    known = values[kept].astype(float)
    highest = kept[np.argmax(known)] if len(kept) else None
    return {
        "first": measured(values[0]),
        "last": measured(values[-1]),
        "lowest": measured(known.min()) if len(kept) else None,
        "highest": measured(known.max()) if len(kept) else None,
        "highest_at": None if highest is None else int(iterations[highest]),
        "mean": measured(known.mean()) if len(kept) else None,
        "measured_until": _end(iterations, kept, len(values)),
        "history": points(iterations, values, telling(values, _HISTORY)) if history else [],
    }


def _end(iterations: NDArray[np.int32], kept: NDArray[np.intp], number: int) -> int | None:
    """Return the iteration of the last value where none follows until the end of the range."""
    return int(iterations[kept[-1]]) if len(kept) and kept[-1] < number - 1 else None
