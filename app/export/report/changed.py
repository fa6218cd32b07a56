"""The part of a report about what changed between two snapshots, of one run or of two."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.components.tables import percent
from app.data.change import Classes, Images, change
from app.data.change_runs import BetweenRuns, between, sides
from app.data.change_words import summary, summary_of_runs
from db.queries.measurements import snapshots
from db.queries.runs import structure
from deeptracker.format import NO_PREDICTION


@dataclass(frozen=True)
class Listed:
    """Images under a title: (image, class, predicted first, predicted second, probabilities)."""

    title: str
    rows: list[tuple[str, str, str, str, str]]


@dataclass(frozen=True)
class Changed:
    """What differs, in words; `ends` are the names of the two, classes (name, wrong, wrong)."""

    title: str
    summary: str
    remark: str
    ends: tuple[str, str]
    classes: list[tuple[str, str, str]]
    images: list[Listed]


def read_changed(session: Session, run_id: int, arguments: Arguments) -> Changed | None:
    """Return what the arguments ask for; None where they ask for nothing.

    Arguments: at and otherat (iterations of snapshots), other (a second run, to which otherat then
    belongs). BadArgument, NotFound.
    """
    at, other = arguments.integer("at"), arguments.integer("other")
    if at is None:
        return None
    otherat = arguments.required("otherat")
    names = structure.classes(session, run_id=run_id).names
    layers = structure.layers(session, run_id=run_id).names
    if other is not None:
        found = sides(session, run_id, other, at, str(otherat))
        if found is None:
            raise BadArgument("One of the two runs has no snapshot.")
        return _of_two(between(session, *found), layers, names)
    iterations = snapshots.iterations(session, run_id=run_id)
    if at >= otherat or not {at, otherat} <= set(iterations.tolist()):
        raise BadArgument("at and otherat must be two snapshots of the run, the earlier one first.")
    own = change(session, run_id, at, otherat)
    return Changed(
        f"What changed from iteration {at:,} to {otherat:,}",
        summary(own, layers, names),
        "",
        ("before", "after"),
        _classes(own.classes, names),
        [Listed("Images learned and forgotten", _images(own.images, names))],
    )


def _of_two(found: BetweenRuns, layers: Sequence[str], names: Sequence[str]) -> Changed:
    here, there = found.here, found.there
    lists = () if found.why else (found.images_here, found.images_there)
    titles = (f"Right in {here.name} alone", f"Right in {there.name} alone")
    return Changed(
        f"{here.name} at iteration {here.iteration:,} and {there.name} at {there.iteration:,}",
        summary_of_runs(found, layers, names),
        found.why,
        (here.name, there.name),
        _classes(found.classes, names),
        [
            Listed(title, _images(images, names))
            for title, images in zip(titles, lists, strict=False)
        ],
    )


def _classes(found: Classes, names: Sequence[str]) -> list[tuple[str, str, str]]:
    columns = zip(found.class_id, found.before, found.after, strict=True)
    return [(names[one], percent(was), percent(now)) for one, was, now in columns]


def _images(found: Images, names: Sequence[str]) -> list[tuple[str, str, str, str, str]]:
    def guess(prediction: int) -> str:
        return "no prediction" if prediction == NO_PREDICTION else names[prediction]

    return [
        (f"{image}", names[true], guess(was), guess(now), f"{first:.2f}, {second:.2f}")
        for image, true, was, now, first, second in zip(*vars(found).values(), strict=True)
    ]
