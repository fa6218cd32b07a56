"""What a script gives as arguments, checked at once: what does not fit is named with its remedy."""

import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from deeptracker.errors import RecordingError


def whole(name: str, value: Any, *, least: int = 1) -> int:
    """Return a whole number, of whatever kind: of numpy, a tensor, or the text of a variable.

    RecordingError, which names the argument, for another.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, (str, float)):
            found, exact = int(value), float(value)
            if found != exact:
                raise ValueError
        else:
            found = operator.index(value)
    except (TypeError, ValueError, OverflowError):
        found = least - 1
    if found < least:
        raise RecordingError(
            f"{name} must be a whole number of at least {least}, not {value!r:.80}; pass {name}=, "
            "or omit it"
        )
    return found


def maybe_whole(name: str, value: Any, *, least: int = 1) -> int | None:
    """Return a whole number as `whole`, or None where none is given."""
    return None if value is None else whole(name, value, least=least)


def folder(name: str, value: Any) -> Path:
    """Return the path of a folder; RecordingError for what is none."""
    if isinstance(value, (str, os.PathLike)) and str(value):
        return Path(value)
    raise RecordingError(f"{name} must be a folder such as 'runs/my-run', not {value!r:.80}")


def class_names(value: Any) -> Sequence[object]:
    """Return names of classes in the order of their numbers, from a list or a mapping either way.

    Those that data sets have are `class_to_idx` and `id2label`. RecordingError for others.
    """
    if isinstance(value, Mapping):
        for pairs in (list(value.items()), [(name, number) for number, name in value.items()]):
            if sorted(map(str, dict(pairs).values())) == sorted(map(str, range(len(pairs)))):
                return [name for name, _ in sorted(pairs, key=lambda pair: int(pair[1]))]
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        return list(value)
    raise RecordingError(
        f"classes must be a list of names in the order of the network's scores, not {value!r:.80}"
    )


def settings(value: Any) -> Mapping[str, Any] | None:
    """Return hyperparameters by name, also those of a Namespace or a dataclass."""
    if value is None or isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and not callable(value):
        return {name: found for name, found in attributes.items() if not name.startswith("_")}
    raise RecordingError(
        f"hyperparameters must be a mapping of names to values, not {value!r:.80}; pass "
        "hyperparameters={...}"
    )
