"""The arguments of a data route, read with checks: what cannot be is refused in one sentence."""

import json
import math
from collections.abc import Collection, Mapping

# Most numbers in one argument.
MAX_LIST = 1_000


class BadArgument(ValueError):  # noqa: N818 - what it is, not that it is an error
    """An argument of a data route that cannot be; the text says which and what it may be."""


class Arguments:
    """The arguments of a request, read with checks; what nobody reads is refused."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: text for name, text in values.items() if name != "v"}
        self._read: set[str] = set()

    def _text(self, name: str) -> str | None:
        self._read.add(name)
        return self._values.get(name)

    def choice(self, name: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """Return one of the allowed texts; BadArgument for another, or none without default."""
        text = self._text(name) or default
        if text is None or text not in allowed:
            raise BadArgument(f"{name} must be one of {', '.join(allowed)}.")
        return text

    def text(self, name: str) -> str:
        """Return any text; "" where it is not given."""
        return self._text(name) or ""

    def integer(
        self, name: str, *, low: int = 0, high: int = 2**31 - 1, default: int | None = None
    ) -> int | None:
        """Return a whole number in low..high, or the default where it is not given."""
        text = self._text(name)
        if text is None or text == "":
            return default
        if not (_is_whole(text) and low <= int(text) <= high):
            raise BadArgument(f"{name} must be a whole number from {low} to {high}.")
        return int(text)

    def required(self, name: str, *, low: int = 0, high: int = 2**31 - 1) -> int:
        """Return a whole number in low..high that must be given."""
        value = self.integer(name, low=low, high=high)
        if value is None:
            raise BadArgument(f"{name} is missing.")
        return value

    def number(self, name: str, *, low: float, high: float, default: float) -> float:
        """Return a number in low..high, or the default where it is not given."""
        text = self._text(name)
        if text is None or text == "":
            return default
        try:
            value = float(text) if text.isascii() and len(text) <= 40 else math.nan
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise BadArgument(f"{name} must be a number from {low:g} to {high:g}.")
        return value

    def integers(self, name: str) -> list[int]:
        """Return whole numbers separated by commas; none where it is not given."""
        parts = (self._text(name) or "").split(",")
        if parts == [""]:
            return []
        if len(parts) > MAX_LIST or not all(map(_is_whole, parts)):
            raise BadArgument(f"{name} must be whole numbers such as 3,17.")
        return [int(part) for part in parts]

    def words(self, name: str) -> list[str]:
        """Return texts separated by commas, each once; none where it is not given."""
        parts = (self._text(name) or "").split(",")
        if parts == [""]:
            return []
        if len(parts) > MAX_LIST or not all(parts):
            raise BadArgument(f"{name} must be texts separated by commas.")
        return list(dict.fromkeys(parts))

    def pairs(self, name: str) -> list[tuple[int, int]]:
        """Return pairs of whole numbers, all separated by commas; none where it is not given."""
        flat = self.integers(name)
        if len(flat) % 2:
            raise BadArgument(f"{name} must be pairs of whole numbers such as 3,17.")
        return list(zip(flat[::2], flat[1::2], strict=True))

    def check_all_read(self) -> None:
        """Raise BadArgument where something was given that nobody asked for."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise BadArgument(f"Unknown argument {unknown[0][:40]!r}.")

    def key(self) -> str:
        """Return the arguments as one text, equal for equal arguments."""
        return json.dumps(sorted(self._values.items()))


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**31
