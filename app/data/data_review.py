"""The lists of images that are worth a look, with what several runs and people say of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments, BadArgument
from db.queries.measurements import snapshots
from db.queries.runs import image_histories, runs, structure
from db.queries.runs.image_histories import SameImages
from db.queries.team import image_reviews
from db.queries.team.image_reviews import ReviewRow
from deeptracker.format import NO_PREDICTION
from ingest.analysis.data_review.history import NEVER, ImageHistory, image_history
from ingest.analysis.data_review.lists import (
    Listed,
    RunHistory,
    best_guess,
    doubt,
    listed,
)

# Most runs whose histories are held together.
MOST_RUNS = 10
# What stands for all runs with the same images, and for this one alone.
ALL, ALONE = "all", "alone"
DECIDED = ("any", "undecided", "keep", "relabel", "remove")

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Images:
    """The images of a run as it and others with the same images have seen them.

    `labels` i4 [N] and `position` i4 [N] are the class of every image and its place among those of
    its class; `names` are those of the classes, `iterations` i4 [T] those of the snapshots. The
    first of `histories` is the run's own; `key` tells the set of images. `evaluated`: whether there
    is a history, `validated`: whether any snapshot was.
    """

    key: str
    labels: Ints
    position: Ints
    sizes: Ints
    names: tuple[str, ...]
    iterations: Ints
    evaluated: bool
    validated: bool
    histories: tuple[RunHistory, ...]

    def listed(self, kind: str) -> Listed:
        """Return a list of LISTS."""
        return listed(kind, self.histories)

    def best_guess(self) -> Ints:
        """Return the class that every image is predicted as most besides its label, i4 [N]."""
        return best_guess(self.histories)

    def doubt(self) -> NDArray[np.float32]:
        """Return the evidence against every label, 0..1, f4 [N]."""
        return doubt(self.histories)

    def learned_at(self, image: int) -> int | None:
        """Return the iteration from which on the run has the image right; None: it ends wrong."""
        place = int(self.histories[0].images.learned[image])
        return (
            None if place == NEVER or place >= len(self.iterations) else int(self.iterations[place])
        )


def others_of(session: Session, run_id: int) -> list[SameImages]:
    """Return the runs that can be asked besides: those with the same images, the newest first."""
    return image_histories.same_images(session, run_id=run_id)[: MOST_RUNS - 1]


def chosen(others: Sequence[SameImages], wanted: str) -> list[int]:
    """Return the runs that `wanted` asks for: ALL of them, ALONE none, else the id of one."""
    ids = [one.id for one in others]
    if wanted == ALONE:
        return []
    return [run_id for run_id in ids if str(run_id) == wanted] or ids


def read_others(session: Session, run_id: int, arguments: Arguments) -> list[int]:
    """Return the runs of the argument `others`; BadArgument for one without the same images."""
    asked = list(dict.fromkeys(arguments.integers("others")))
    known = {one.id for one in image_histories.same_images(session, run_id=run_id)}
    unlike = [one for one in asked if one not in known]
    if unlike:
        raise BadArgument(
            f"others has {unlike[0]}, which is no evaluated run with the images of run {run_id}."
        )
    if len(asked) >= MOST_RUNS:
        raise BadArgument(f"others may be {MOST_RUNS - 1} runs at most, not {len(asked)}.")
    return asked


def images_of(session: Session, run_id: int, others: Sequence[int] = ()) -> Images:
    """Return the images of a run and what it and `others` say of them; NotFound.

    Of a run that was not evaluated every image has an unknown history.
    """
    found = image_histories.histories(session, run_ids=[run_id, *others])
    evaluated = bool(found) and found[0].run_id == run_id
    analysis = analysis_of(session, run_id)
    labels = analysis.image_class(session)
    classes = structure.classes(session, run_id=run_id)
    unknown = image_history((), images=len(labels), good=np.zeros(0, np.bool_))
    histories = [
        RunHistory(ImageHistory(**one.columns), one.snapshots)
        for one in found
        if evaluated and len(one.columns["twin"]) == len(labels)
    ]
    return Images(
        key=key_of(session, run_id),
        labels=labels,
        position=analysis.image_position(session),
        sizes=classes.image_count,
        names=classes.names,
        iterations=snapshots.iterations(session, run_id=run_id),
        evaluated=evaluated,
        validated=evaluated and found[0].counted > 0,
        histories=tuple(histories) or (RunHistory(unknown, 0),),
    )


def state_of(session: Session, run_ids: Sequence[int], key: str) -> tuple[Any, ...]:
    """Return what changes whenever what is shown of the images of runs does; cheap to ask for."""
    seen = image_histories.histories_seen(session, run_ids=run_ids)
    return (*seen.items(), *image_reviews.reviews_state(session, set_key=key))


@dataclass(frozen=True)
class Filter:
    """Which of a list are shown: words of the name of the class, and what was decided."""

    search: str = ""
    decided: str = "any"


def filtered(
    images: Images, found: Listed, wanted: Filter, decided: Mapping[int, ReviewRow]
) -> Listed:
    """Return the images of a list that pass the filter, in its order."""
    keep = np.ones(len(found.image), bool)
    words = wanted.search.casefold().split()
    if words:
        named = [all(word in name.casefold() for word in words) for name in images.names]
        keep &= np.array(named, bool)[images.labels[found.image]]
    if wanted.decided in DECIDED[1:]:
        known = np.array(
            [decided[i].decision if i in decided else "undecided" for i in found.image.tolist()],
            object,
        )
        keep &= known == wanted.decided
    return Listed(found.image[keep], found.score[keep], found.runs[keep])


def guesses(images: Images, wanted: Sequence[int]) -> dict[int, int]:
    """Return the most probable class of images that have one besides their label."""
    guess = images.best_guess()
    return {i: int(guess[i]) for i in wanted if guess[i] != NO_PREDICTION}


def check_images(images: Images, wanted: Sequence[int]) -> list[int]:
    """Return those of the ids that a browser sent which are images of the run, each once."""
    known = range(len(images.labels))
    return [one for one in dict.fromkeys(wanted) if one in known]


def key_of(session: Session, run_id: int) -> str:
    """Return what tells the validation set of a run from others; NotFound."""
    analysis = analysis_of(session, run_id)
    return analysis.remember(
        "image set", lambda: image_histories.image_set(session, run_id=run_id).key
    )


def class_names(session: Session, run_id: int) -> tuple[str, ...]:
    """Return the names of the classes of a run; NotFound."""
    return structure.classes(session, run_id=run_id).names


def validates(session: Session, run_id: int) -> bool:
    """Return whether a run has validation images; NotFound."""
    return runs.get_run(session, run_id=run_id).validates
