"""The marks of a run on the time axis: events of its script, and the seams of its resumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """A place on the time axis that has a name; `kind` is "event" or "resume".

    A resume lies at the iteration after which the training went on.
    """

    iteration: int
    kind: str
    text: str


def marks(manifest: Mapping[str, Any]) -> list[Mark]:
    """Return the events and the seams of generations, rising by iteration.

    An event of a stretch that a later generation replaced is no part of the run.
    """
    again = listed(manifest, "generations")[1:]
    found = [
        Mark(g["start_iteration"], "resume", f"resumed after iteration {g['start_iteration']:,}")
        for g in again
    ]
    for event in listed(manifest, "events"):
        if not any(_replaced(event, generation) for generation in again):
            found.append(Mark(event["iteration"], "event", str(event["text"])))
    return sorted(found, key=lambda mark: mark.iteration)


def _replaced(event: Mapping[str, Any], generation: Mapping[str, Any]) -> bool:
    after = event["iteration"] > generation["start_iteration"]
    return bool(after and event["at"] < generation["began_at"])


def listed(of: Mapping[str, Any], name: str) -> Sequence[Any]:
    """Return a list that a manifest holds under a name; an empty one where it has none."""
    found = of.get(name)
    return found if isinstance(found, (list, tuple)) else ()
