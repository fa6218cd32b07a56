"""Tools about runs as a whole: which there are, what one is, how two differ, what people wrote."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from deeptracker.assistant.asked_run import AskedRun, all_runs, find_run
from deeptracker.assistant.result import (
    fitting,
    measured,
    number,
    plain,
    shortened,
)
from deeptracker.assistant.results_runs import (
    ClassDifference,
    Comparison,
    Course,
    Difference,
    Mark,
    RunFacts,
    RunLine,
    Runs,
)
from deeptracker.connection import Connection

RunName = Annotated[str, Field(description="Name of the run, as list_runs says it.")]
Offset = Annotated[int, Field(ge=0, description="How many to leave out before the first.")]
Limit = Annotated[int, Field(ge=1, le=100, description="The most that are told.")]

CURVES = ("train_loss", "train_error", "validation_loss", "validation_error")
_MOST_SETTINGS, _MOST_MARKS, _MOST_TAGS = 80, 20, 20


class RunTools:
    """Tools about runs as a whole."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_runs(
        self,
        search: Annotated[
            str, Field(description="Words, all of which occur in name, network, data or tags.")
        ] = "",
        archived: Annotated[bool, Field(description="Those that were put away.")] = False,
        offset: Offset = 0,
        limit: Limit = 20,
    ) -> Runs:
        """List the trainings that the server knows, the newest first, with state and verdict."""
        words = search.lower().split()
        found = [
            run
            for run in all_runs(self._connection, archived=archived)
            if all(word in _searched(run) for word in words)
        ]
        return fitting(
            [self._line(run) for run in found[offset : offset + limit]],
            lambda rows, more: Runs(
                runs=rows, more=more, note="" if found else "There is no such run."
            ),
            offset=offset,
            total=len(found),
        )

    def _line(self, run: Mapping[str, Any]) -> RunLine:
        return RunLine(
            run=run["called"],
            state=run["state"],
            verdict=run["verdict"],
            cause=run["cause"],
            died=run["died"],
            model=run["model"],
            dataset=run["dataset"],
            tags=run["tags"][:_MOST_TAGS],
            snapshots=run["snapshot_count"],
            last_iteration=run["last_iteration"],
            last_error=number(run["last_error"]),
            created=run["created_at"],
            page=AskedRun(self._connection, run, run["called"]).page(),
        )

    def describe_run(self, run: RunName) -> RunFacts:
        """Tell what a run is: settings, size, state, verdict, last and best errors, what it lacks.

        For what went wrong ask explain_run.
        """
        found = find_run(self._connection, run)
        facts = found.facts
        return RunFacts(
            page=found.page(),
            run=found.name,
            state=facts["state"],
            died=facts["died"],
            verdict=facts["verdict"],
            cause=facts["cause"],
            model=facts["model"],
            dataset=facts["dataset"],
            owner=facts["owner"],
            tags=facts["tags"][:_MOST_TAGS],
            notes=shortened(facts["notes"]),
            settings=_settings(facts["hyperparameters"]),
            classes=facts["class_count"],
            images=facts["image_count"],
            layers=facts["layer_count"],
            filters=facts["filter_count"],
            snapshots=facts["snapshot_count"],
            last_iteration=facts["last_iteration"],
            planned_iterations=facts["planned_iterations"],
            errors={name: _course(found, name) for name in CURVES},
            marks=[_mark(one) for one in found.json("/marks")[:_MOST_MARKS]],
            missing=[
                *(f"not recorded: {name}" for name in facts.get("lacks", ())),
                *_missing(found.json("/not-judged")),
            ],
            created=facts["created_at"],
            ended=facts["ended_at"],
        )

    def compare_runs(self, run: RunName, other: RunName, limit: Limit = 20) -> Comparison:
        """Tell how two runs differ: settings, losses and errors, verdicts, errors of classes."""
        first, second = (find_run(self._connection, name) for name in (run, other))
        settings = _different(
            plain(first.facts["hyperparameters"]), plain(second.facts["hyperparameters"])
        )
        own, theirs = ({name: _course(one, name) for name in CURVES} for one in (first, second))
        classes, note = _class_differences(first, second)

        def made(rows: Any, more: str) -> Comparison:
            return Comparison(
                page=first.address(f"/compare?runs={first.id},{second.id}"),
                more=more and f"{len(classes) - len(rows)} more classes: ask with a larger limit.",
                note=note,
                run=first.name,
                other=second.name,
                verdicts=_difference("verdict", first.facts, second.facts),
                causes=_difference("cause", first.facts, second.facts),
                settings=settings[:_MOST_SETTINGS],
                errors=[
                    Difference(name=name, run=own[name].last, other=theirs[name].last)
                    for name in CURVES
                ],
                best=[
                    Difference(name=name, run=own[name].best, other=theirs[name].best)
                    for name in CURVES
                ],
                classes=list(rows),
            )

        return fitting(classes[:limit], made, total=len(classes))


def _mark(one: Mapping[str, Any]) -> Mark:
    return Mark(iteration=one["iteration"], kind=one["kind"], text=shortened(one["text"]))


def _missing(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a run lacks for its rules, each once, with how to have it."""
    lacks = {
        f"not recorded: {what}: {how}": None
        for rule in rules
        for what, how in zip(rule["lacks"], rule["how"], strict=True)
    }
    return list(lacks)


def _searched(run: Mapping[str, Any]) -> str:
    return " ".join([run["name"], run["model"], run["dataset"], *run["tags"]]).lower()


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: plain(value) for name, value in list(given.items())[:_MOST_SETTINGS]}
    if len(given) > len(kept):
        kept["..."] = f"{len(given) - len(kept)} more"
    return kept


def _course(run: AskedRun, name: str) -> Course:
    """Return how a series of the snapshots went: NaN there is not recorded, or not validated."""
    values, iterations = run.snapshots[name], run.snapshots["iteration"]
    seen = np.flatnonzero(~np.isnan(values))
    if not len(seen):
        return Course(last=None, best=None, best_at=None)
    best = seen[np.argmin(values[seen])]
    return Course(
        last=measured(values[seen[-1]]),
        best=measured(values[best]),
        best_at=int(iterations[best]),
    )


def _different(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Difference]:
    names = [*own, *(name for name in theirs if name not in own)]
    return [
        Difference(name=name, run=own.get(name), other=theirs.get(name))
        for name in names
        if own.get(name) != theirs.get(name)
    ]


def _difference(name: str, own: Mapping[str, Any], theirs: Mapping[str, Any]) -> Difference:
    return Difference(name=name, run=own[name], other=theirs[name])


def _class_differences(first: AskedRun, second: AskedRun) -> tuple[list[ClassDifference], str]:
    """Return the classes that both have, by how their last errors differ; and what is missing."""
    own, theirs = _last_errors(first), _last_errors(second)
    both = [name for name in own if name in theirs]
    if not both:
        return [], "not recorded: classes that both runs have and validated."
    gap = {name: np.nan_to_num(abs(own[name] - theirs[name]), nan=-1.0) for name in both}
    rows = [
        ClassDifference(name=name, run=measured(own[name]), other=measured(theirs[name]))
        for name in sorted(both, key=lambda name: -gap[name])
    ]
    left = len({*own, *theirs}) - len(both)
    return rows, f"{left} classes are in one of the runs alone." if left else ""


def _last_errors(run: AskedRun) -> dict[str, float]:
    if not run.facts["class_count"] or not len(run.validated()):
        return {}
    arrays, meta = run.arrays("/class-stat")
    at = np.searchsorted(arrays["iteration"], run.validated()[-1])
    return {name: float(arrays["error"][number, at]) for number, name in enumerate(meta["classes"])}
