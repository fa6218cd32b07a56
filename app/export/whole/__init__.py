"""A whole run in the files of another tool, so that nobody is locked in."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from app.export.whole import mlflow_store, tensorboard_files
from ingest.whole import parquet_files
from ingest.whole.content import WholeRun

Writer = Callable[[WholeRun, Path], None]

# The forms, and what writes a run as each into an empty folder.
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "tensorboard": tensorboard_files.write,
        "mlflow": mlflow_store.write,
        "parquet": parquet_files.write,
    }
)

__all__ = ["WRITERS", "WholeRun", "Writer"]
