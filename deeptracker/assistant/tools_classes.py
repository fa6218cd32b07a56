"""Tools about validation classes: their errors over time, which is predicted as which."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deeptracker.assistant.asked_run import find_run
from deeptracker.assistant.result import fitting, measured, nearest, points
from deeptracker.assistant.results_classes import (
    ClassErrors,
    ClassLine,
    Confusion,
    Pair,
)
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection
from deeptracker.thinning import telling

NO_CLASSES = (
    "not recorded: validation. Give the Recorder validation= and classes= to have errors of "
    "classes and images."
)
_HISTORY = 12

Iteration = Annotated[
    int | None, Field(ge=0, description="The snapshot up to it is taken; by default the last.")
]
ClassNames = Annotated[list[str] | None, Field(description="Names of classes; by default all.")]
ClassOrder = Annotated[
    Literal["worst", "risen", "listed"],
    Field(description="Highest error first, most above its lowest first, or as recorded."),
]
OneOfPair = Annotated[
    str | None, Field(description="A class that is one of each pair; by default any.")
]


class ClassTools:
    """Tools about validation classes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def class_errors(
        self,
        run: RunName,
        iteration: Iteration = None,
        classes: ClassNames = None,
        order: ClassOrder = "worst",
        offset: Offset = 0,
        limit: Limit = 15,
    ) -> ClassErrors:
        """Tell the error of classes at an iteration and over time: which are worst, which rose."""
        found = find_run(self._connection, run)
        validated = found.validated()
        at = nearest(validated, iteration)
        if at < 0 or not found.facts["class_count"]:
            return ClassErrors(run=found.name, note=NO_CLASSES)
        arrays, meta = found.arrays("/class-stat")
        seen = np.isin(arrays["iteration"], validated)
        errors = _Errors(validated, arrays["error"][:, seen], at)
        chosen = errors.ordered(
            [found.class_number(name) for name in classes or ()] or range(len(meta["classes"])),
            order,
        )
        here = int(validated[at])
        return fitting(
            [
                errors.line(
                    number,
                    name=meta["classes"][number],
                    images=int(arrays["images"][number]),
                    page=found.page("validation", cursor=here, classes=number),
                )
                for number in chosen[offset : offset + limit]
            ],
            lambda rows, more: ClassErrors(
                page=found.page("validation", cursor=here),
                run=found.name,
                iteration=here,
                classes=rows,
                more=more,
            ),
            offset=offset,
            total=len(chosen),
        )

    def class_confusion(
        self,
        run: RunName,
        iteration: Iteration = None,
        class_name: OneOfPair = None,
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> Confusion:
        """Tell which classes are predicted as which others at an iteration."""
        found = find_run(self._connection, run)
        validated = found.validated()
        at = nearest(validated, iteration)
        if at < 0 or not found.facts["class_count"]:
            return Confusion(run=found.name, note=NO_CLASSES)
        told = found.json(
            "/confusion",
            iteration=int(validated[at]),
            limit=limit,
            offset=offset,
            **{"class": None if class_name is None else found.class_number(class_name)},
        )
        return fitting(
            [_pair(pair) for pair in told["pairs"]],
            lambda rows, more: Confusion(
                page=found.page("validation", cursor=told["iteration"]),
                run=found.name,
                iteration=told["iteration"],
                pairs=rows,
                more=more,
                note="" if told["total"] else "All images are right.",
            ),
            offset=offset,
            total=told["total"],
        )


def _pair(told: Mapping[str, Any]) -> Pair:
    return Pair(
        class_name=told["class"],
        predicted=told["predicted"],
        images=told["images"],
        of=told["of"],
    )


class _Errors:
    """Errors of all classes [C, T] at validated iterations [T], seen from one of them, `at`."""

    def __init__(self, iterations: NDArray[np.int32], error: NDArray[np.float32], at: int) -> None:
        self._iterations, self._error = iterations, error
        until = error[:, : at + 1]
        self._here = until[:, -1]
        self._lowest = np.where(np.isnan(until), np.inf, until).argmin(axis=1)
        self._risen = self._here - until[np.arange(len(until)), self._lowest]

    def ordered(self, classes: Iterable[int], order: str) -> list[int]:
        """Return classes in an order of the tool; those without an error come last."""
        by = {"worst": self._here, "risen": self._risen}.get(order, np.zeros(len(self._here)))
        return sorted(classes, key=lambda number: float(np.nan_to_num(-by[number], nan=np.inf)))

    def line(self, number: int, *, name: str, images: int, page: str) -> ClassLine:
        """Return the line of one class."""
        error, lowest = self._error[number], self._lowest[number]
        return ClassLine(
            name=name,
            images=images,
            error=measured(self._here[number]),
            lowest=measured(error[lowest]),
            lowest_at=int(self._iterations[lowest]),
            risen=measured(self._risen[number]),
            history=points(self._iterations, error, telling(error, _HISTORY)),
            page=page,
        )
