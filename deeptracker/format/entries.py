"""Checked access to the entries of a JSON document; every error names the file and the entry."""

import json
import math
import re
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from deeptracker.errors import LogError

MAX_TEXT = 2_000
MAX_NAME = 500
MAX_INTEGER = 2**53
# Whole numbers of a script, such as seeds of 64 bits, which nobody computes with.
MAX_PLAIN_INTEGER = 2**64
MAX_PLAIN_VALUES = 10_000
# The end of the year 9999: what calendars can show.
MAX_TIME = 253_402_300_799

# Control characters, line and paragraph separators, controls of writing direction, surrogates.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UP = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)")

T = TypeVar("T")


def check_text(path: Path, name: str, value: object, *, most: int = MAX_TEXT) -> str:
    """Return `value` if it is text of at most `most` characters without control characters."""
    if not isinstance(value, str):
        raise LogError(path, name, f"must be text, not {type(value).__name__}")
    if len(value) > most:
        raise LogError(path, name, f"is {len(value)} characters long; {most} are allowed")
    if _UNFIT.search(value):
        raise LogError(path, name, "has control characters")
    return value


def check_name(path: Path, name: str, value: object) -> str:
    """Return `value` if it is a text that, read as a path, leads nowhere upwards.

    Names are never used as paths; refusing `..` keeps others from doing so by mistake.
    """
    text = check_text(path, name, value, most=MAX_NAME)
    if ".." in text and _UP.search(text):
        raise LogError(path, name, f"{text!r} has a path segment '..'")
    return text


def fit_text(value: str) -> str:
    """Return a text cut and with replacement characters where `check_text` would refuse it."""
    return _UNFIT.sub("\ufffd", value[:MAX_TEXT])


def parse_json(path: Path, name: str, data: bytes) -> Any:
    """Return the JSON document in `data`, UTF-8, no key twice; LogError about `name` otherwise."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
            raise LogError(path, name, f"has the entry {twice!r} more than once")
        return found

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except RecursionError as error:
        raise LogError(
            path, name, "is nested too deeply to be a log's; it may be damaged"
        ) from error
    except ValueError as error:
        raise LogError(path, name, f"is not JSON ({error}); it may be damaged") from error


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

    def name(self, key: str, *, default: str | None = None) -> str:
        """Return a name; `default`, where given, stands for an absent one."""
        if default is not None and key not in self._document:
            return default
        return check_name(self.path, self._place(key), self._get(key))

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed texts."""
        value = self.text(key)
        if value not in allowed:
            raise LogError(
                self.path, self._place(key), f"is {value!r}, not one of {', '.join(allowed)}"
            )
        return value

    def uuid(self, key: str) -> str:
        """Return a UUID as 32 hexadecimal digits."""
        value = self.text(key)
        try:
            return uuid.UUID(value).hex
        except ValueError as error:
            raise LogError(self.path, self._place(key), f"{value!r} is not a UUID") from error

    def uuids(self, key: str, *, most: int) -> tuple[str, ...]:
        """Return a list of UUIDs as 32 hexadecimal digits; an absent one is empty."""
        if key not in self._document:
            return ()
        values = self._list(key, most)
        place = self._place(key)
        rows = [Entries(self.path, {"uuid": value}, place) for value in values]
        return tuple(row.uuid("uuid") for row in rows)

    def numbers(self, key: str, *, most: int) -> tuple[float, ...]:
        """Return a list of finite numbers."""
        values = self._list(key, most)
        for value in values:
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not abs(value) < math.inf or abs(value) > MAX_PLAIN_INTEGER:
                raise LogError(self.path, self._place(key), "must be finite numbers")
        return tuple(map(float, values))

    def time(self, key: str) -> float:
        """Return a time, in seconds since 1970 (UTC)."""
        value = self._get(key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        # Written so that NaN fails.
        if not number or not 0 <= value <= MAX_TIME:
            raise LogError(
                self.path,
                self._place(key),
                f"must be a time in seconds since 1970, from 0 to {MAX_TIME}",
            )
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

    def integers(self, key: str, *, most: int = 16, high: int = 2**31 - 1) -> tuple[int, ...]:
        """Return a list of whole numbers from 0 to `high`."""
        return tuple(
            self._integer(f"{self._place(key)}[{index}]", value, 0, high)
            for index, value in enumerate(self._list(key, most))
        )

    def names(self, key: str, *, most: int) -> tuple[str, ...]:
        """Return a list of names."""
        return tuple(
            check_name(self.path, f"{self._place(key)}[{index}]", value)
            for index, value in enumerate(self._list(key, most))
        )

    def texts(self, key: str, *, most: int) -> tuple[str, ...]:
        """Return a list of texts; an absent one is empty."""
        if key not in self._document:
            return ()
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
        parts = 0
        for name, item in value.items():
            place = self._place(f"{key}.{name[:MAX_NAME]}")
            check_text(self.path, place, name)
            values = item if isinstance(item, list) else [item]
            parts += max(1, len(values))
            if parts > MAX_PLAIN_VALUES:
                raise LogError(
                    self.path, self._place(key), f"has more than {MAX_PLAIN_VALUES} values"
                )
            for part in values:
                self._check_plain(place, part)
        return value

    def _check_plain(self, place: str, value: object) -> None:
        if isinstance(value, str):
            check_text(self.path, place, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise LogError(self.path, place, "must be finite; write it as text")
        elif isinstance(value, int) and abs(value) > MAX_PLAIN_INTEGER:
            raise LogError(self.path, place, "is too large for a whole number; write it as text")
        elif not isinstance(value, (int, float, bool, type(None))):
            raise LogError(self.path, place, "must be text, a number, true, false, null or a list")
