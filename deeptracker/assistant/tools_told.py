"""Tools about what went wrong: answers with causes, findings, what people wrote."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from deeptracker.assistant.asked_run import AskedRun, find_run
from deeptracker.assistant.result import fitting, shortened
from deeptracker.assistant.results_runs import Annotation, Annotations, Said
from deeptracker.assistant.results_told import (
    Answer,
    Answers,
    Cause,
    Evidence,
    FindingLine,
    Findings,
)
from deeptracker.assistant.tools_runs import Limit, Offset, RunName
from deeptracker.connection import Connection
from deeptracker.named import worded

_MOST_NAMES, _MOST_CAUSES = 10, 3
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

    def list_annotations(self, run: RunName, offset: Offset = 0, limit: Limit = 20) -> Annotations:
        """List what people wrote about a run, with replies: what the team knows already."""
        found = find_run(self._connection, run)
        written = found.json("/annotations")
        return fitting(
            [_annotation(one) for one in written[offset : offset + limit]],
            lambda rows, more: Annotations(
                page=found.page(),
                annotations=rows,
                more=more,
                note="" if written else "Nobody has written anything.",
            ),
            offset=offset,
            total=len(written),
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


def _annotation(one: Mapping[str, Any]) -> Annotation:
    about, name = one["target"], one["name"]
    if name:
        about = worded(about, name)
    if one["filter"] is not None:
        about = f"{about}, filter {one['filter']}"
    return Annotation(
        about=about,
        first_iteration=one["first_iteration"],
        last_iteration=one["last_iteration"],
        author=one["author"],
        text=shortened(one["text"]),
        tag=one["tag"],
        written=one["created_at"],
        resolved=one["resolved_at"] is not None,
        replies=[
            Said(author=reply["author"], text=shortened(reply["text"]))
            for reply in one["replies"][:20]
        ],
    )
