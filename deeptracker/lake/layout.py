"""Where the files of the lake are: a folder for every run, in it one for each set of its files.

    deeptracker-lake.json                       whose lake it is, and the form of its files
    run_id=12/000003-0f1e2d3c4b5a6978-6/        the third set of run 12: its state, six files
        scalars.parquet ... run.parquet         a set that lacks one of them does not count

A set is never changed. Of several whole sets of a run the one with the highest number counts; the
others stay a while for those who read them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from deeptracker.errors import DeepTrackerError

# Another one where the columns of the files change: all sets are then written again.
FORM = 1
MARKER = "deeptracker-lake.json"
RUN = "run"
# The files of a set, by the names of the views that read them.
FILES = {
    "scalars": "scalars",
    "layers": "layer_statistics",
    "class_errors": "class_errors",
    "findings": "findings",
    "hyperparameters": "hyperparameters",
    "runs": RUN,
}
# As the settings of the worker call it.
ENVIRONMENT = "DEEPTRACKER_LAKE"

_FILE = re.compile(
    r"run_id=([1-9][0-9]{0,9})/([0-9]{6,})-([0-9a-f]{16})-([1-9])/"
    rf"({'|'.join(FILES.values())})\.parquet",
    re.ASCII,
)


class LakeError(DeepTrackerError):
    """A lake that cannot be read or written; the text says what to do."""


@dataclass(frozen=True, order=True)
class RunSet:
    """One set of files of a run; `mark` tells the state of the run, `files` how many it has."""

    run_id: int
    number: int
    mark: str
    files: int

    @property
    def path(self) -> str:
        """Return its folder within the lake."""
        return f"run_id={self.run_id}/{self.number:06d}-{self.mark}-{self.files}"


def sets_of(paths: Iterable[str]) -> dict[RunSet, set[str]]:
    """Return the sets among the files of a lake, and the names of their files.

    `paths` are within the lake; what is none of ours is passed over.
    """
    sets: dict[RunSet, set[str]] = {}
    for path in paths:
        if found := _FILE.fullmatch(path):
            one = RunSet(int(found[1]), int(found[2]), found[3], int(found[4]))
            sets.setdefault(one, set()).add(found[5])
    return sets


def current(sets: dict[RunSet, set[str]]) -> dict[int, RunSet]:
    """Return by run the set that counts: of those that are whole, the one written last."""
    return {one.run_id: one for one in sorted(sets) if len(sets[one]) == one.files}


def marker(store: str) -> bytes:
    """Return what the marker of the lake of a store says."""
    about = "Runs of DeepTracker as Parquet, made from its database again and again: docs/lake.md"
    return json.dumps({"about": about, "form": FORM, "store": store}, indent=1).encode() + b"\n"


def store_of(content: bytes | None, lake: str) -> str | None:
    """Return whose lake a marker is of; None where there is no marker. LakeError for an odd one."""
    if content is None:
        return None
    try:
        document = json.loads(content)
        store, form = str(document["store"]), int(document["form"])
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(f"{lake}/{MARKER} is not that of a lake; name another folder.") from error
    if form > FORM:
        raise LakeError(
            f"{lake} was written by a newer release of DeepTracker (form {form}, known here: "
            f"{FORM}). Install that release here too."
        )
    return store
