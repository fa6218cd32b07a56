"""Tools about what went wrong in a run: answers with causes, findings, batches behind a jump."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from deeptracker.assistant.asked_run import AskedRun, find_run
from deeptracker.assistant.result import fitting, measured, number, shortened
from deeptracker.assistant.results_told import (
    Answer,
    Answers,
    Batches,
    Cause,
    Evidence,
    FindingLine,
    Findings,
    Jump,
    Step,
    TrainingImage,
)
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection

_MOST_NAMES, _MOST_CAUSES, _MOST_IMAGES = 10, 3, 10
_NOT_JUDGED = "The run was not judged yet: no snapshot of it is loaded, or its load goes on."


class ToldTools:
    """Tools about what went wrong."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def explain_run(self, run: RunName, offset: Offset = 0, limit: Limit = 5) -> Answers:
        """Tell what went wrong in a run and why, the most telling first.

        Each answer has its place (iterations, classes, layers, filters), its probable causes with
        probability, the counter-test that would refute each, and the evidence for and against.
        """
        found = find_run(self._connection, run)
        told = found.json("/answers")
        return fitting(
            [_answer(found, one) for one in told[offset : offset + limit]],
            lambda rows, more: Answers(
                page=found.page("findings"),
                run=found.name,
                verdict=found.facts["verdict"],
                answers=rows,
                more=more,
                note=_note(found, told, "Nothing unusual happened."),
            ),
            offset=offset,
            total=len(told),
        )

    def list_findings(
        self,
        run: RunName,
        severity: Annotated[
            Literal["low", "medium", "high"], Field(description="The least severity.")
        ] = "low",
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> Findings:
        """List what each health rule found in a run: where, since when, what to do about it."""
        found = find_run(self._connection, run)
        ranks = ("low", "medium", "high")
        told = [
            one
            for one in found.json("/findings")
            if one["severity"] in ranks[ranks.index(severity) :]
        ]
        return fitting(
            [_finding(found, one) for one in told[offset : offset + limit]],
            lambda rows, more: Findings(
                page=found.page("findings"),
                run=found.name,
                findings=rows,
                more=more,
                note=_note(found, told, "No rule found anything of this severity."),
            ),
            offset=offset,
            total=len(told),
        )

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


def _note(run: AskedRun, told: Sequence[Any], nothing: str) -> str:
    if told:
        return ""
    return _NOT_JUDGED if run.facts["verdict"] is None else nothing


def _answer(run: AskedRun, one: Mapping[str, Any]) -> Answer:
    return Answer(
        rank=one["rank"],
        severity=one["severity"],
        first_iteration=one["iteration"],
        last_iteration=one["end_iteration"],
        text=one["text"],
        classes=one["classes"][:_MOST_NAMES],
        layers=one["layers"][:_MOST_NAMES],
        filters=[f"{layer}, filter {number}" for layer, number in one["filters"][:_MOST_NAMES]],
        causes=[_cause(run, cause) for cause in one["causes"][:_MOST_CAUSES]],
        page=run.address(one["page"]),
    )


def _cause(run: AskedRun, one: Mapping[str, Any]) -> Cause:
    return Cause(
        cause=one["title"],
        probability=one["probability"],
        text=one["text"],
        counter_test=one["counter_test"],
        classes=one["classes"][:_MOST_NAMES],
        layers=one["layers"][:_MOST_NAMES],
        evidence=[
            Evidence(speaks=mark["speaks"], text=mark["text"], page=run.address(mark["page"]))
            for mark in one["evidence"]
        ],
    )


def _finding(run: AskedRun, one: Mapping[str, Any]) -> FindingLine:
    return FindingLine(
        severity=one["severity"],
        title=one["title"],
        first_iteration=one["start_iteration"],
        last_iteration=one["end_iteration"],
        text=one["text"],
        advice=one["advice"],
        classes=[run.classes[number] for number in one["classes"][:_MOST_NAMES]],
        layers=[run.layers[number] for number in one["layers"][:_MOST_NAMES]],
        muted=shortened(one["muted_reason"]),
        page=run.address(one["page"]),
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
