"""The blocks in which W&B and SwanLab write their records, as in the log of LevelDB."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from deeptracker.errors import LogError

# Source: github.com/google/leveldb/blob/main/doc/log_format.md; the checksum is a plain CRC-32 of
# kind and content instead of a masked CRC-32C, and the first block begins with seven bytes of its
# own: four that name the tool, two that are always the same, and the version.
_BLOCK = 32_768
_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MOST = 64 * 2**20


class RecordFile:
    """The records of a file that may still grow: each is read once.

    `tool`: the four bytes that the file begins with; `versions`: those that can be read. `damaged`:
    how many stretches could not be read, each to the end of its block; `waiting`: bytes at the end
    that are no whole record, or not yet.
    """

    def __init__(self, path: Path, tool: bytes, versions: tuple[int, ...]) -> None:
        self.path, self.damaged, self.waiting = path, 0, 0
        self._tool, self._versions = tool, versions
        self._next = 0

    def records(self) -> Iterator[bytes]:
        """Yield the records since the last time.

        Raises LogError where the file is not of the tool, of another version, or has a record of
        more than 64 MiB; OSError where it cannot be read.
        """
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            if size < self._next:
                raise LogError(self.path, "", "has become shorter; load it as another run")
            if self._next == 0 and not self._begun(file, size):
                return
            yield from self._from(file)
            self.waiting = max(file.seek(0, 2) - self._next, 0)

    def lost(self) -> dict[str, int]:
        """Return what could not be read until now, by reason, and how many times."""
        found = {"a damaged stretch, and what followed it within 32 KiB": self.damaged}
        found["a record at the end that is not complete, or not yet"] = int(self.waiting > 0)
        return {reason: times for reason, times in found.items() if times}

    def _begun(self, file: BinaryIO, size: int) -> bool:
        """Say whether the head of the file is there, and check it."""
        file.seek(0)
        head = file.read(_HEAD.size)
        if not self._tool.startswith(head[:4]):
            raise LogError(self.path, "", f"does not begin with {self._tool.decode()}")
        if len(head) < _HEAD.size:
            self.waiting = size
            return False
        if head[6] not in self._versions:
            known = ", ".join(map(str, self._versions))
            raise LogError(self.path, "", f"is of version {head[6]}; {known} can be read")
        self._next = _HEAD.size
        return True

    def _from(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield whole records from the next one on; `_next` moves to behind each of them."""
        parts: list[bytes] = []
        at = self._next
        while True:
            file.seek(at)
            block = file.read(_BLOCK - at % _BLOCK)
            full = (at + len(block)) % _BLOCK == 0 and len(block) > 0
            for begins, kind, content in self._chunks(block, at, full=full):
                if kind in (_FULL, _FIRST):
                    self.damaged += bool(parts)
                    parts = []
                elif not parts:
                    continue  # of a record whose beginning was lost
                parts.append(content)
                if sum(map(len, parts)) > _MOST:
                    raise LogError(self.path, "", f"has a record of more than {_MOST >> 20} MiB")
                if kind in (_FULL, _LAST):
                    self._next = begins + _HEAD.size + len(content)
                    yield b"".join(parts)
                    parts = []
            if not full:
                return
            at += len(block)
            if not parts:
                self._next = at

    def _chunks(self, block: bytes, at: int, *, full: bool) -> Iterator[tuple[int, int, bytes]]:
        """Yield place, kind and content of each piece of a block that begins at `at`.

        What comes after a damaged piece is lost to the end of the block; where the block is not
        `full`, it may still be written.
        """
        place = 0
        while len(block) - place >= _HEAD.size:
            check, size, kind = _HEAD.unpack_from(block, place)
            end = place + _HEAD.size + size
            content = block[place + _HEAD.size : end]
            if check == size == kind == 0:
                return  # space that was reserved
            if len(content) < size or zlib.crc32(content, zlib.crc32(bytes([kind]))) != check:
                self.damaged += full
                return
            yield at + place, kind, content
            place = end
