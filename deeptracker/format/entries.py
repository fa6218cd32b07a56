"""Checked access to the entries of a JSON document; every error names the file and the entry."""

import math
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from deeptracker.errors import LogError

MAX_TEXT = 2_000
MAX_INTEGER = 2**53

T = TypeVar("T")


def check_text(path: Path, name: str, value: object) -> str:
    """Return `value` if it is text of reasonable length without control characters."""
    if not isinstance(value, str):
        raise LogError(path, name, f"must be text, not {type(value).__name__}")
    if len(value) > MAX_TEXT:
        raise LogError(path, name, f"is {len(value)} characters long; {MAX_TEXT} are allowed")
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise LogError(path, name, "has control characters")
    return value


class Entries:
    """One JSON object of a file; `name` is its place in the document ("" for the whole)."""

    def __init__(self, path: Path, document: object, name: str = "") -> None:
        if not isinstance(document, dict):
            raise LogError(path, name, "must be a JSON object")
        self.path = path
        self._document = document
        self._name = name

    def _place(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _get(self, key: str) -> Any:
        if key not in self._document:
            raise LogError(self.path, self._place(key), "is missing")
        return self._document[key]

    def optional(self, key: str, read: Callable[[str], T]) -> T | None:
        """Return what `read` makes of the entry, or None where it is null or absent."""
        return None if self._document.get(key) is None else read(key)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a text; `default`, where given, stands for an absent one."""
        if default is not None and key not in self._document:
            return default
        return check_text(self.path, self._place(key), self._get(key))

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed texts."""
        value = self.text(key)
        if value not in allowed:
            raise LogError(
                self.path, self._place(key), f"is {value!r}, none of {', '.join(allowed)}"
            )
        return value

    def uuid(self, key: str) -> str:
        """Return a UUID as 32 hexadecimal digits."""
        value = self.text(key)
        try:
            return uuid.UUID(value).hex
        except ValueError as error:
            raise LogError(self.path, self._place(key), f"{value!r} is no UUID") from error

    def number(self, key: str) -> float:
        """Return a finite number."""
        value = self._get(key)
        finite = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not finite or abs(value) > 1e300 or not math.isfinite(value):
            raise LogError(self.path, self._place(key), "must be a finite number")
        return float(value)

    def integer(self, key: str, *, low: int, high: int = MAX_INTEGER) -> int:
        """Return a whole number in low..high."""
        return self._integer(self._place(key), self._get(key), low, high)

    def _integer(self, place: str, value: object, low: int, high: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise LogError(self.path, place, f"must be a whole number from {low} to {high}")
        return value

    def _list(self, key: str, most: int) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            raise LogError(self.path, self._place(key), "must be a list")
        if len(value) > most:
            raise LogError(
                self.path, self._place(key), f"has {len(value)} items; {most} are allowed"
            )
        return value

    def integers(self, key: str, *, most: int = 16) -> tuple[int, ...]:
        """Return a list of whole numbers from 0 to 2**31 - 1."""
        return tuple(
            self._integer(f"{self._place(key)}[{index}]", value, 0, 2**31 - 1)
            for index, value in enumerate(self._list(key, most))
        )

    def names(self, key: str, *, most: int) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(
            check_text(self.path, f"{self._place(key)}[{index}]", value)
            for index, value in enumerate(self._list(key, most))
        )

    def items(self, key: str, *, most: int, required: bool = True) -> list["Entries"]:
        """Return a list of objects; an absent one is empty where it is not required."""
        if not required and key not in self._document:
            return []
        return [
            Entries(self.path, value, f"{self._place(key)}[{index}]")
            for index, value in enumerate(self._list(key, most))
        ]

    def child(self, key: str) -> "Entries":
        """Return an object within this one."""
        return Entries(self.path, self._get(key), self._place(key))

    def mapping(self, key: str) -> dict[str, Any]:
        """Return an object of plain values: text, number, truth value, null, or a list of them."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise LogError(self.path, self._place(key), "must be a JSON object")
        for name, item in value.items():
            place = self._place(f"{key}.{name!r}")
            check_text(self.path, place, name)
            for part in item if isinstance(item, list) else [item]:
                self._check_plain(place, part)
        return value

    def _check_plain(self, place: str, value: object) -> None:
        if isinstance(value, str):
            check_text(self.path, place, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise LogError(self.path, place, "must be finite; write it as text")
        elif not isinstance(value, (int, float, bool, type(None))):
            raise LogError(self.path, place, "must be text, a number, true, false, null or a list")
