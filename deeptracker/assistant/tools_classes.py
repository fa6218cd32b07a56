"""Tools about the validation set: errors of classes, confusion, images and their histories."""

from collections.abc import Mapping, Sequence
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
    HardImage,
    HardImages,
    ImageHistory,
    Pair,
    Stretch,
)
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection
from deeptracker.errors import ClientError, NotOnServer
from deeptracker.format import NO_PREDICTION, NOT_VALIDATED
from deeptracker.thinning import telling

NO_CLASSES = (
    "not recorded: validation. Give the Recorder validation= and classes= to have errors of "
    "classes and images."
)
_HISTORY, _MOST_STRETCHES = 12, 60

Iteration = Annotated[
    int | None, Field(ge=0, description="The snapshot up to it is taken; by default the last.")
]


class ClassTools:
    """Tools about the validation set."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def class_errors(
        self,
        run: RunName,
        iteration: Iteration = None,
        classes: Annotated[
            list[str] | None, Field(description="Names of classes; by default all.")
        ] = None,
        order: Annotated[
            Literal["worst", "risen", "listed"],
            Field(description="Highest error first, most above its lowest first, or as recorded."),
        ] = "worst",
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
        error = arrays["error"][:, seen]
        until = error[:, : at + 1]
        lowest = np.where(np.isnan(until), np.inf, until).argmin(axis=1)
        risen = until[:, -1] - until[np.arange(len(until)), lowest]
        chosen = (
            np.array([found.class_number(name) for name in classes], int)
            if classes
            else np.arange(len(error))
        )
        sort = {"worst": -until[:, -1], "risen": -risen, "listed": np.arange(len(error))}[order]
        chosen = chosen[np.argsort(np.nan_to_num(sort[chosen], nan=np.inf), kind="stable")]

        def line(number: int) -> ClassLine:
            return ClassLine(
                name=meta["classes"][number],
                images=int(arrays["images"][number]),
                error=measured(until[number, -1]),
                lowest=measured(until[number, lowest[number]]),
                lowest_at=int(validated[lowest[number]]),
                risen=measured(risen[number]),
                history=points(validated, error[number], telling(error[number], _HISTORY)),
                page=found.page("validation", cursor=int(validated[at]), classes=int(number)),
            )

        return fitting(
            [line(number) for number in chosen[offset : offset + limit]],
            lambda rows, more: ClassErrors(
                page=found.page("validation", cursor=int(validated[at])),
                run=found.name,
                iteration=int(validated[at]),
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
        class_name: Annotated[
            str | None, Field(description="A class that is one of each pair; by default any.")
        ] = None,
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
            [
                Pair(
                    class_name=pair["class"],
                    predicted=pair["predicted"],
                    images=pair["images"],
                    of=pair["of"],
                )
                for pair in told["pairs"]
            ],
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

    def hardest_images(
        self,
        run: RunName,
        kind: Annotated[
            Literal["forgotten", "label-errors", "ambiguous", "rare", "duplicates"],
            Field(
                description="Forgotten most often, probably labelled wrongly, of a probability "
                "that varies, learned late, or equal to others."
            ),
        ] = "forgotten",
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> HardImages:
        """List validation images that are worth a look, with their classes."""
        found = find_run(self._connection, run)
        told = found.json("/data-review", list=kind, limit=limit, offset=offset)
        return fitting(
            [_hard(found.classes, one) for one in told["images"]],
            lambda rows, more: HardImages(
                page=found.page("data", datalist=kind),
                run=found.name,
                images=rows,
                more=more,
                note="" if told["total"] else "No image is on this list.",
            ),
            offset=offset,
            total=told["total"],
        )

    def image_history(
        self,
        run: RunName,
        class_name: Annotated[str, Field(description="The class of the image.")],
        image: Annotated[str, Field(description="Its name or #number, as hardest_images says it.")],
        offset: Offset = 0,
    ) -> ImageHistory:
        """Tell what one validation image was predicted as over the whole training."""
        found = find_run(self._connection, run)
        number = found.class_number(class_name)
        arrays, meta = found.arrays("/class-image", **{"class": number})
        row = _place(image, arrays["image"], meta["names"], class_name)
        shown = int(arrays["image"][row])
        prediction = arrays["prediction"][row].astype(np.int64)
        seen = prediction != NOT_VALIDATED
        right = prediction[seen] == number
        stretches = _stretches(
            arrays["iteration"][seen],
            prediction[seen],
            arrays["probability"][row][seen],
            found.classes,
            number,
        )
        return fitting(
            stretches[offset : offset + _MOST_STRETCHES],
            lambda rows, more: ImageHistory(
                page=found.page(
                    "validation",
                    classes=number,
                    openclasses=number,
                    images=int(arrays["image"][row]),
                ),
                run=found.name,
                image=_called(meta["names"][row], shown),
                class_name=class_name,
                learned=int((~right[:-1] & right[1:]).sum()),
                forgotten=int((right[:-1] & ~right[1:]).sum()),
                stretches=rows,
                more=more,
            ),
            offset=offset,
            total=len(stretches),
        )


def _hard(classes: Sequence[str], one: Mapping[str, Any]) -> HardImage:
    return HardImage(
        image=_called(one["name"], one["image"]),
        class_name=classes[one["class"]],
        predicted=None if one["predicted"] is None else classes[one["predicted"]],
        score=measured(one["score"]),
        right=measured(one["agreement"]),
        confidence=measured(one["confidence"]),
        decision=one["decision"],
    )


def _called(name: str | None, number: int) -> str:
    return name or f"#{number}"


def _place(image: str, numbers: NDArray[Any], names: Sequence[str | None], cls: str) -> int:
    """Return the place of an image, given by name or #number, among those of its class."""
    called = [_called(name, int(number)) for name, number in zip(names, numbers, strict=True)]
    found = [at for at, name in enumerate(called) if name == image]
    found = found or [at for at, number in enumerate(numbers) if f"#{number}" == image.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(f"#{numbers[at]}" for at in found[:10])
        raise ClientError(f"{len(found)} images of class {cls!r} are called {image!r}: {some}.")
    some = ", ".join(map(repr, called[:5]))
    raise NotOnServer(f"Class {cls!r} has no image {image!r}. It has {some}...")


def _stretches(
    iterations: NDArray[Any],
    prediction: NDArray[Any],
    probability: NDArray[Any],
    classes: Sequence[str],
    own: int,
) -> list[Stretch]:
    if not len(prediction):
        return []
    starts = np.flatnonzero(np.diff(prediction, prepend=prediction[0] - 1))
    ends = np.append(starts[1:], len(prediction))
    known = np.asarray(probability, float)
    return [
        Stretch(
            first_iteration=int(iterations[start]),
            last_iteration=int(iterations[end - 1]),
            predicted=_predicted(int(prediction[start]), classes),
            right=bool(prediction[start] == own),
            probability=measured(_mean(known[start:end])),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _mean(values: NDArray[Any]) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _predicted(number: int, classes: Sequence[str]) -> str | None:
    return None if number == NO_PREDICTION else classes[number]
