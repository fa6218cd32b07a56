"""Where a benchmark keeps the logs that it records."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def log_folder(kept: Path | None, *, prefix: str) -> Iterator[Path]:
    """Yield the folder `kept`, made where it is missing; None: one that is thrown away after it."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
