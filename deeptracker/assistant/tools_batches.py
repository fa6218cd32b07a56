"""The tool about training images: those behind jumps of the loss, from the batch ledger."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from deeptracker.assistant.asked_run import AskedRun, find_run
from deeptracker.assistant.result import fitting, measured, number
from deeptracker.assistant.results_told import Batches, Jump, Step, TrainingImage
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection

_MOST_IMAGES = 10


class BatchTools:
    """The tool about training images."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def training_batches(
        self,
        run: RunName,
        iteration: Annotated[
            int | None,
            Field(ge=0, description="Of a jump: its steps and their images; else all jumps."),
        ] = None,
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> Batches:
        """Tell which training images made the training loss jump, from the batches kept there."""
        found = find_run(self._connection, run)
        if iteration is not None:
            return _ledger(found, iteration, offset, limit)
        told = found.json("/batches")
        return fitting(
            [_jump(one) for one in told[offset : offset + limit]],
            lambda rows, more: Batches(
                page=found.page("findings"),
                run=found.name,
                jumps=rows,
                more=more,
                note=""
                if told
                else "not recorded: batches of a jump. Either the training loss did not jump, or "
                "the script does not call recorder.batch(index, losses, labels).",
            ),
            offset=offset,
            total=len(told),
        )


def _jump(one: Mapping[str, Any]) -> Jump:
    return Jump(
        iteration=one["iteration"],
        cause=one["cause"],
        text=one["text"],
        images=[
            TrainingImage(
                index=image["index"],
                loss=number(image["loss"]),
                usual_loss=number(image["usual"]),
                class_name=image["class"],
            )
            for image in one["images"][:_MOST_IMAGES]
        ],
    )


def _ledger(run: AskedRun, iteration: int, offset: int, limit: int) -> Batches:
    arrays, _ = run.arrays("/batch-ledger", iteration=iteration)
    worst = np.where(np.isnan(arrays["loss"]), np.inf, arrays["loss"])
    order = np.argsort(-worst, kind="stable")
    labels = run.classes
    images = [
        TrainingImage(
            index=int(arrays["index"][at]),
            loss=number(arrays["loss"][at]),
            usual_loss=measured(arrays["usual"][at]),
            class_name=_label(labels, int(arrays["label"][at])),
        )
        for at in order[offset : offset + limit]
    ]
    steps = [
        Step(iteration=int(step), loss=number(loss), images=int(size))
        for step, loss, size in zip(
            arrays["step_iteration"], arrays["step_loss"], arrays["step_size"], strict=True
        )
    ]
    return fitting(
        images,
        lambda rows, more: Batches(
            page=run.page("findings"), run=run.name, steps=steps, images=rows, more=more
        ),
        offset=offset,
        total=len(order),
    )


def _label(names: Sequence[str], label: int) -> str | None:
    if label < 0:
        return None
    return names[label] if label < len(names) else f"class {label}"
