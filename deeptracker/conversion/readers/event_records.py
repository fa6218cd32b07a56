"""The records of TensorBoard's event files: a length, bytes, and a checksum of each."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from deeptracker.extras import needed

# What a record may have: far more than the pictures and graphs of real files.
MAX_RECORD = 256 * 2**20
_CHUNK = 4 * 2**20
_HEAD, _TAIL = struct.Struct("<QI"), struct.Struct("<I")
# The first record of an event file names its version.
_VERSION = b"brain.Event:"
_BEGINNING = 64


class Damaged(Exception):  # noqa: N818 - what is said of a file, never shown as an error of ours
    """A record cannot be right, so nothing tells where the next one begins; the text says why."""


def beginning(path: Path) -> bytes:
    """Return the first bytes of a file: they tell event files, and one file from another."""
    with path.open("rb") as file:
        return file.read(_BEGINNING)


def is_event_file(path: Path) -> bool:
    """Say whether the first record is that of an event file; False where it is not whole yet."""
    try:
        return _VERSION in beginning(path)[_HEAD.size :]
    except OSError:
        return False


def records(path: Path, at: int) -> Iterator[tuple[bytes, int]]:
    """Yield the records from byte `at` on, each with the byte where it ends.

    A record that is not there as a whole is not yielded: its writer may still be at it. Raises
    Damaged at one whose checksum is wrong, or that says that it is larger than MAX_RECORD.
    """
    with needed("tensorboard", "reading TensorBoard's files"):
        from google_crc32c import value as crc32c

    heads: dict[int, int] = {}
    with path.open("rb", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size - at
        file.seek(at)
        data, want = b"", _HEAD.size
        while left >= want - len(data) and (more := file.read(max(_CHUNK, want - len(data)))):
            left -= len(more)
            data, place, size = data + more, 0, len(data) + len(more)
            if len(heads) > 10_000:
                heads.clear()
            while (begin := place + _HEAD.size) <= size:
                length, crc = _HEAD.unpack_from(data, place)
                # Lengths come again and again: their checksums are kept.
                if heads.get(length) != crc:
                    _check_head(crc, _masked(crc32c(data[place : place + 8])), length)
                    heads[length] = crc
                end = begin + length
                if end + _TAIL.size > size:
                    break
                record = data[begin:end]
                if _masked(crc32c(record)) != _TAIL.unpack_from(data, end)[0]:
                    raise Damaged("a checksum is wrong")
                place = end + _TAIL.size
                yield record, at + place
            else:
                length = -_TAIL.size
            at, data = at + place, data[place:]
            want = _HEAD.size + length + _TAIL.size


def _check_head(said: int, true: int, length: int) -> None:
    if said != true:
        raise Damaged("the checksum of a length is wrong")
    if length > MAX_RECORD:
        raise Damaged(f"a record has {length:,} bytes, more than {MAX_RECORD:,}")


def _masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
