"""What a script says of its run, brought into the form that a manifest takes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError, RecordingError
from deeptracker.format import Images
from deeptracker.format.entries import check_name, fit_text


def checked_name(field: str, value: object) -> str:
    """Return a name that a log may hold; RecordingError names the argument."""
    try:
        return check_name(Path(), field, str(value))
    except LogError as error:
        raise RecordingError(f"{field}= {error.problem}") from error


def checked_names(field: str, values: Sequence[object]) -> tuple[str, ...]:
    """Return many such names."""
    return tuple(checked_name(field, value) for value in values)


def plain_values(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return hyperparameters without nesting: inner ones by dotted names, objects as text."""
    found: dict[str, Any] = {}
    for name, value in (values or {}).items():
        key = fit_text(str(name))
        if isinstance(value, Mapping):
            found |= {f"{key}.{inner}": item for inner, item in plain_values(value).items()}
        elif isinstance(value, (list, tuple)):
            found[key] = [_plain(item) for item in value]
        else:
            found[key] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return fit_text(str(value))
    return fit_text(value) if isinstance(value, str) else value


def describe_images(
    labels: NDArray[np.int32], digest: str, names: Sequence[object] | None, classes: int
) -> Images:
    """Return the manifest's images; RecordingError where labels, names and classes disagree."""
    if names is not None and len(names) != len(labels):
        raise RecordingError(
            f"image_names= has {len(names)} names for {len(labels)} validation images"
        )
    if len(labels) and int(labels.max()) >= classes:
        raise RecordingError(
            f"a validation label is {int(labels.max())}, but there are only {classes} classes"
        )
    checked = None if names is None else checked_names("image_names", names)
    return Images(labels.astype(np.int32), checked, digest)
