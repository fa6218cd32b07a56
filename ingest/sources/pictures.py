"""Contact sheets checked by their head alone: nothing is unfolded here, so nothing can burst."""

import math
from pathlib import Path

import numpy as np

from deeptracker.errors import LogError
from deeptracker.format import Manifest

_ANIMATED = 0x02


def check_sheet(file: Path, sheet: bytes, *, manifest: Manifest, class_id: int) -> None:
    """Raise LogError unless the bytes are a still WebP picture of the size the class's sheet has.

    Served as a picture later, nothing else may pass: no other kind of file, and no few bytes that
    unfold to a gigabyte in a browser. The size: FORMAT.md, section 3.
    """
    if (sheet[:4], sheet[8:12]) != (b"RIFF", b"WEBP"):
        raise LogError(file, "", "is not a WebP image")
    found, expected = _webp_size(sheet), _sheet_size(manifest, class_id)
    if found is None:
        raise LogError(file, "", "is not a still WebP image, or is damaged")
    if found != expected:
        raise LogError(
            file,
            "",
            f"has {found[0]} x {found[1]} pixels, expected {expected[0]} x {expected[1]} by the "
            "manifest",
        )


def _sheet_size(manifest: Manifest, class_id: int) -> tuple[int, int]:
    width, height = manifest.thumbnail or (0, 0)
    images = int(np.count_nonzero(manifest.images.class_id == class_id))
    columns = math.ceil(math.sqrt(images))
    return columns * width, math.ceil(images / max(columns, 1)) * height


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height by the first chunk; None where it is not of a still picture.

    Source: the WebP container specification and RFC 9649, sections 2.5 to 2.7.
    """
    kind, head = data[12:16], data[20:30]
    number = lambda start, end: int.from_bytes(head[start:end], "little")  # noqa: E731
    if len(head) < 10:
        return None
    if kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        return number(6, 8) & 0x3FFF, number(8, 10) & 0x3FFF
    if kind == b"VP8L" and head[0] == 0x2F:
        bits = number(1, 5)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and not head[0] & _ANIMATED:
        return number(4, 7) + 1, number(7, 10) + 1
    return None
