"""Which kind of source reads a place."""

from collections.abc import Sequence

from ingest.locations import ObjectFolder, Place
from ingest.sources import Source
from ingest.sources.object_storage import ObjectStorageSource
from ingest.sources.run_directory import RunDirectorySource


def open_source(place: Place, *, roots: Sequence[Place] | None = None) -> Source:
    """Return the source that reads the log at `place`.

    `roots`, where given, are the only folders in which the files may really lie.
    """
    if isinstance(place, ObjectFolder):
        return ObjectStorageSource(place)
    return RunDirectorySource(place, roots=roots)
