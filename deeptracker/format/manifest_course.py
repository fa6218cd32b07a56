"""The entries of version 2: what snapshots hold, and how the run went; checked like the others."""

from itertools import pairwise

from deeptracker.errors import LogError
from deeptracker.format.entries import MAX_INTEGER, Entries
from deeptracker.format.manifest import (
    Contents,
    Dropped,
    Event,
    Failure,
    Generation,
    Origin,
    Remark,
    Unrecorded,
)
from deeptracker.format.names import (
    CAPABILITIES,
    FILTER_QUANTITIES,
    OPTIONAL_QUANTITIES,
    QUANTITIES,
    STATISTICS,
    VERSION,
)

MAX_REMARKS = 1_000
MAX_EVENTS = 10_000
MAX_UNRECORDED = 100
MAX_UNRECORDED_NAMES = 1_000
MAX_GENERATIONS = 10_000
MAX_FILES = 1_000
MAX_DROPPED = 1_000
_MAX_NAMES = 200
_MAX_EDGES = 10_000
_MAX_ITERATION = 2**31 - 1


def read_contents(entries: Entries) -> Contents:
    """Return what the snapshots hold; LogError where a list is missing or names a thing twice."""
    contents = entries.child("contents")
    lists = {
        name: contents.names(name, most=_MAX_NAMES)
        for name in ("statistics", "quantities", "optional", "filters", "capabilities")
    }
    for name, values in lists.items():
        if len(set(values)) != len(values):
            raise LogError(entries.path, f"contents.{name}", "names something twice")
    edges = contents.numbers("edges", most=_MAX_EDGES)
    if any(low >= high for low, high in pairwise(edges)):
        raise LogError(entries.path, "contents.edges", "must rise")
    return Contents(**lists, edges=edges, bands=contents.numbers("bands", most=_MAX_NAMES))


def unknown_of(version: int, contents: Contents) -> tuple[str, ...]:
    """Return in words what of a log is not known here, and so not read."""
    found = []
    if version > VERSION:
        found.append(f"format version {version} (this DeepTracker reads version {VERSION})")
    known = Contents()
    for what, there, here in (
        ("statistic", contents.statistics, STATISTICS),
        ("quantity", contents.quantities, (*QUANTITIES, *OPTIONAL_QUANTITIES)),
        ("quantity", contents.optional, (*QUANTITIES, *OPTIONAL_QUANTITIES)),
        ("filter quantity", contents.filters, FILTER_QUANTITIES),
        ("capability", contents.capabilities, CAPABILITIES),
    ):
        found += [f"{what} {name!r}" for name in there if name not in here]
    if contents.edges != known.edges:
        found.append("histograms (their bins are others)")
    if set(contents.bands) - set(known.bands):
        found.append("some bands of the update (their thresholds are others)")
    return tuple(found)


def read_unrecorded(entries: Entries) -> tuple[Unrecorded, ...] | None:
    """Return what of the network is in no layer, None where the log does not say."""

    def read(key: str) -> tuple[Unrecorded, ...]:
        return tuple(
            Unrecorded(
                reason=item.text("reason"),
                names=item.names("names", most=MAX_UNRECORDED_NAMES),
                tensors=item.integer("tensors", low=1),
                parameters=item.integer("parameters", low=0),
            )
            for item in entries.items(key, most=MAX_UNRECORDED)
        )

    return entries.optional("unrecorded", read)


def read_remarks(entries: Entries) -> tuple[Remark, ...]:
    """Return what could not be recorded."""
    return tuple(
        Remark(
            kind=item.text("kind"),
            subject=item.text("subject"),
            text=item.text("text"),
            times=item.integer("times", low=1),
            first=item.integer("first", low=0),
            last=item.integer("last", low=0),
        )
        for item in entries.items("remarks", most=MAX_REMARKS, required=False)
    )


def read_events(entries: Entries) -> tuple[Event, ...]:
    """Return the marks that the script set."""
    return tuple(
        Event(
            iteration=item.integer("iteration", low=0, high=_MAX_ITERATION),
            at=item.time("at"),
            text=item.text("text"),
        )
        for item in entries.items("events", most=MAX_EVENTS, required=False)
    )


def read_generations(entries: Entries) -> tuple[Generation, ...]:
    """Return where the training began again."""
    return tuple(
        Generation(
            start_iteration=item.integer("start_iteration", low=0, high=_MAX_ITERATION),
            began_at=item.time("began_at"),
        )
        for item in entries.items("generations", most=MAX_GENERATIONS, required=False)
    )


def read_failure(entries: Entries) -> Failure | None:
    """Return the exception that ended the training, None where none did."""

    def read(key: str) -> Failure:
        failure = entries.child(key)
        line = failure.integer("line", low=0, high=MAX_INTEGER)
        return Failure(failure.text("kind"), failure.text("file"), line)

    return entries.optional("failure", read)


def read_origin(entries: Entries) -> Origin | None:
    """Return what a run was made of that no Recorder wrote, None where one did."""

    def read(key: str) -> Origin:
        origin = entries.child(key)
        return Origin(
            kinds=origin.names("kinds", most=_MAX_NAMES),
            path=origin.text("path"),
            files=origin.texts("files", most=MAX_FILES),
            importer=origin.text("importer"),
            dropped=tuple(
                Dropped(item.text("reason"), item.integer("times", low=1))
                for item in origin.items("dropped", most=MAX_DROPPED, required=False)
            ),
            notes=origin.texts("notes", most=MAX_DROPPED),
        )

    return entries.optional("origin", read)
