"""What a script says of its run, brought into the form that a manifest takes."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.errors import LogError, RecordingError
from deeptracker.format import Images
from deeptracker.format.entries import MAX_TEXT, check_text

Plain = str | int | float | bool | None


def checked_text(field: str, value: object) -> str:
    """Return a text that a manifest may hold; RecordingError names the argument."""
    try:
        return check_text(Path("Recorder"), field, value)
    except LogError as error:
        raise RecordingError(f"{field}= {error.problem}") from error


def checked_texts(field: str, values: Sequence[object]) -> tuple[str, ...]:
    """Return many such texts."""
    return tuple(checked_text(field, value) for value in values)


def plain_values(values: Mapping[str, Any] | None) -> dict[str, Plain | list[Plain]]:
    """Return hyperparameters as plain values: nested ones by dotted names, objects as text.

    What JSON has no word for (NaN, Inf) becomes text as well.
    """
    found: dict[str, Plain | list[Plain]] = {}
    for name, value in (values or {}).items():
        key = checked_text("hyperparameters", str(name))
        if isinstance(value, Mapping):
            found |= {f"{key}.{inner}": item for inner, item in plain_values(value).items()}
        elif isinstance(value, (list, tuple)):
            found[key] = [_plain(item) for item in value]
        else:
            found[key] = _plain(value)
    # As a reader sees them, so that a resumed run compares equal.
    return dict(json.loads(json.dumps(found)))


def _plain(value: Any) -> Plain:
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    text = "".join(c if ord(c) >= 32 and ord(c) != 127 else " " for c in str(value))
    return text.encode("utf-8", "replace").decode()[:MAX_TEXT]


def describe_images(
    labels: np.ndarray, digest: str, names: Sequence[object] | None, classes: int
) -> Images:
    """Return the manifest's images; RecordingError where labels, names and classes disagree."""
    if names is not None and len(names) != len(labels):
        raise RecordingError(
            f"image_names= has {len(names)} names for {len(labels)} validation images"
        )
    if len(labels) and int(labels.max()) >= classes:
        raise RecordingError(
            f"a validation label is {int(labels.max())}, but classes= names only {classes} classes"
        )
    checked = None if names is None else checked_texts("image_names", names)
    return Images(labels.astype(np.int32), checked, digest)
