"""The log on disk: manifest, snapshots, version, checks; FORMAT.md describes it in words."""

from deeptracker.format.directory import (
    MAX_CONTACT_SHEET,
    RunDirectory,
    check_iteration,
    contact_sheet_path,
    snapshot_iterations,
    snapshot_path,
)
from deeptracker.format.files import atomic_write
from deeptracker.format.manifest import (
    Images,
    LayerSpec,
    Manifest,
    ModuleSpec,
    Sampling,
)
from deeptracker.format.manifest_file import (
    MAX_BYTES,
    parse_manifest,
    read_manifest,
    write_manifest,
)
from deeptracker.format.names import (
    BAND_THRESHOLDS,
    BINS,
    FILTER_QUANTITIES,
    FORMAT,
    HISTOGRAM_EDGES,
    MANIFEST,
    OPTIONAL_QUANTITIES,
    QUANTITIES,
    SERIES,
    SNAPSHOTS,
    STATES,
    STATISTICS,
    THUMBNAILS,
    VERSION,
)
from deeptracker.format.snapshot import Series, Snapshot, prediction_dtype
from deeptracker.format.snapshot_file import (
    most_bytes,
    parse_snapshot,
    read_snapshot,
    write_snapshot,
)

__all__ = [
    "BAND_THRESHOLDS",
    "BINS",
    "FILTER_QUANTITIES",
    "FORMAT",
    "HISTOGRAM_EDGES",
    "MANIFEST",
    "MAX_BYTES",
    "MAX_CONTACT_SHEET",
    "OPTIONAL_QUANTITIES",
    "QUANTITIES",
    "SERIES",
    "SNAPSHOTS",
    "STATES",
    "STATISTICS",
    "THUMBNAILS",
    "VERSION",
    "Images",
    "LayerSpec",
    "Manifest",
    "ModuleSpec",
    "RunDirectory",
    "Sampling",
    "Series",
    "Snapshot",
    "atomic_write",
    "check_iteration",
    "contact_sheet_path",
    "most_bytes",
    "parse_manifest",
    "parse_snapshot",
    "prediction_dtype",
    "read_manifest",
    "read_snapshot",
    "snapshot_iterations",
    "snapshot_path",
    "write_manifest",
    "write_snapshot",
]
