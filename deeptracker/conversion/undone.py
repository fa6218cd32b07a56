"""What a conversion that fails has written is taken away again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def undone_if_it_fails(run_dir: Path) -> Iterator[None]:
    """Leave a folder as it was where the block fails: not there, or empty; another one is kept."""
    there = run_dir.exists()
    ours = not there or (run_dir.is_dir() and not any(run_dir.iterdir()))
    try:
        yield
    except BaseException:
        if ours:
            shutil.rmtree(run_dir, ignore_errors=True)
            if there:
                run_dir.mkdir(exist_ok=True)
        raise
