"""Ways to write what no DeepTracker writes: headers and documents changed at will."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deeptracker.errors import LogError


def pack(header: Any, body: bytes) -> bytes:
    """Return a safetensors file of a header (JSON document, or bytes as they are) and a body."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def parts(path: Path) -> tuple[dict, bytes]:
    """Return header and body of a safetensors file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def edit_header(path: Path, change: Callable[[dict], object]) -> None:
    """Change the header of a safetensors file in place; the body stays."""
    header, body = parts(path)
    change(header)
    path.write_bytes(pack(header, body))


def edit_json(path: Path, place: tuple, value: Any) -> None:
    """Set the entry at `place` (keys and indices) of a JSON file; ... deletes it."""
    document = json.loads(path.read_text())
    node = document
    for key in place[:-1]:
        node = node[key]
    if value is ...:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    path.write_text(json.dumps(document))


def refusal(read: Callable[[], object], path: Path) -> LogError:
    """Return the LogError that `read` raises; it names the file, and is fit to be shown."""
    with pytest.raises(LogError) as caught:
        read()
    error = caught.value
    assert error.file == path
    text = str(error)
    assert text.startswith(f"{path}: ")
    assert text.isprintable()
    assert len(text) < len(str(path)) + 800
    return error
