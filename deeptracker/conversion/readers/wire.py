"""Protobuf's wire format: the fields of a message by number, without its description."""

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field: varints as integers from 0, all else as its bytes.

    Source: protobuf.dev/programming-guides/encoding. Raises ValueError where the bytes are no
    message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _LENGTH:
            size, at = _varint(message, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if size > end - at:
            raise ValueError("a field that is longer than its message")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return an integer and where it ends."""
    value = shift = 0
    for place in range(at, min(at + 10, len(message))):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place + 1
        shift += 7
    raise ValueError("an integer without an end")


def signed(value: int) -> int:
    """Return a varint as the int32 or int64 that it stands for."""
    return value - 2**64 if value >= 2**63 else value


def text(value: int | bytes) -> str:
    """Return a field as text; ValueError where it is none."""
    return part(value).decode("utf-8")


def part(value: int | bytes) -> bytes:
    """Return a field as the bytes of a message within; ValueError where it is none."""
    if isinstance(value, int):
        raise ValueError("an integer where a message or a text is expected")
    return value


def integer(value: int | bytes) -> int:
    """Return a field as an integer; ValueError where it is none."""
    if not isinstance(value, int):
        raise ValueError("bytes where an integer is expected")
    return signed(value)


def seconds(value: int | bytes) -> float:
    """Return a message google.protobuf.Timestamp as seconds since 1970 (UTC)."""
    found = {number: integer(one) for number, one in fields(part(value))}
    return found.get(1, 0) + found.get(2, 0) * 1e-9
