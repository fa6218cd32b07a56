"""What the operating system refused: in one sentence, with what to do about it."""

import errno

# A full disk, a full share of it, and a file that may not grow.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)


def told(error: OSError) -> str:
    """Return what an error is about, why, and what to do: all of it that is known."""
    why = error.strerror or " ".join(str(error).split())
    about = why if error.filename is None else f"{error.filename}: {why}"
    return " ".join([f"{about.rstrip('.')}.", *remedies(error)])


def remedies(error: OSError, *, where: str = "another place") -> list[str]:
    """Return what to do about an error in a sentence; nothing where only its reader can know."""
    if error.errno in FULL:
        return [f"Make room on its disk, or choose {where}."]
    if error.errno in _CLOSED:
        return [f"Let this account at it, or choose {where}."]
    return []
