"""Tools about validation images: which are worth a look, and what one was predicted as."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deeptracker.assistant.asked_run import find_run
from deeptracker.assistant.result import fitting, measured
from deeptracker.assistant.results_classes import HardImage, HardImages, ImageHistory, Stretch
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection
from deeptracker.errors import ClientError, NotOnServer
from deeptracker.format import NO_PREDICTION, NOT_VALIDATED

_MOST_STRETCHES = 60


class ImageTools:
    """Tools about validation images."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        page = found.page("validation", classes=number, openclasses=number, images=shown)
        return fitting(
            stretches[offset : offset + _MOST_STRETCHES],
            lambda rows, more: ImageHistory(
                page=page,
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
