"""The names of sent files, made by us: of what a browser says, only harmless signs are kept.

Readers go by some names ("metrics.csv", "checkpoint-500/model.safetensors"), so that they cannot be
left out; but none reaches the disk as it came.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from db.errors import Conflict

MOST_FILES = 5_000
MAX_DEPTH = 6
_LONGEST = 100
_ODD = re.compile(r"[^A-Za-z0-9._=+-]")


def safe_names(names: Sequence[str]) -> list[str]:
    """Return where each file goes in the upload's folder: relative paths, no two the same.

    A folder that all of them lie in is left out. Conflict where there are too many, or none.
    """
    if not 0 < len(names) <= MOST_FILES:
        raise Conflict(f"An upload has from one to {MOST_FILES:,} files, not {len(names):,}.")
    parts = [_parts(name) for name in names]
    while all(len(one) > 1 for one in parts) and len({one[0] for one in parts}) == 1:
        parts = [one[1:] for one in parts]
    if any(len(one) > MAX_DEPTH for one in parts):
        raise Conflict(f"An upload's folders are at most {MAX_DEPTH} deep.")
    found: list[str] = []
    taken: set[str] = set()
    for one in parts:
        path = "/".join(one)
        # As on file systems that do not tell capitals apart; and no file where a folder is.
        at, number = path, 1
        while at.lower() in taken:
            number += 1
            at = f"{path}_{number}"
        taken.add(at.lower())
        found.append(at)
    folders = {str(up).lower() for at in found for up in PurePosixPath(at).parents}
    if folders & taken:
        raise Conflict("A file of the upload has the name of one of its folders; rename one.")
    return found


def _parts(name: str) -> list[str]:
    parts = [_safe(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return parts or ["file"]


def _safe(part: str) -> str:
    """Return one name of a path: no signs but letters, digits and . _ = + -, no dot first."""
    safe = _ODD.sub("_", part)
    if len(safe) > _LONGEST:  # the end tells what it is
        safe = safe[: _LONGEST - 20] + safe[-20:]
    return f"_{safe[1:]}" if safe.startswith((".", "-")) else safe or "_"
