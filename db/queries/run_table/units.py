"""Numbers, shares, durations and dates as people type them in a filter."""

import re
from datetime import UTC, datetime, timedelta

from db.queries.run_table.tree import FilterError, Value

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(?P<percent>\s*%)?")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# No run took longer, and a timestamp can still be counted back from now.
_MOST_SECONDS = 100 * 366 * 86_400.0
NAMED = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def number_or_none(text: str) -> float | None:
    """Return the number of "0.1", "1e-3", "5%" (0.05), "nan" or "inf"; None for what is none."""
    if text.casefold() in NAMED:
        return NAMED[text.casefold()]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    percent = found.group("percent") or ""
    return float(text.removesuffix(percent)) / (100 if percent else 1)


def number(value: Value, operator: str) -> float:
    """Return a number; FilterError where there is none."""
    found = number_or_none(value.text)
    if found is None:
        raise FilterError(f"Expected a number after `{operator}`", value.at)
    return found


def seconds(value: Value, operator: str) -> float:
    """Return the seconds of "90s", "2h", "1h30m", "3d" or "1w"; FilterError otherwise."""
    if not _DURATION.fullmatch(value.text):
        problem = f"Expected a duration such as 90s, 2h, 1h30m or 3d after `{operator}`"
        raise FilterError(problem, value.at)
    found = sum(float(n) * _SECONDS[unit] for n, unit in _PIECE.findall(value.text))
    return min(found, _MOST_SECONDS)


def span(value: Value, operator: str, *, now: datetime) -> tuple[datetime, datetime]:
    """Return when what is named begins and ends: a day, a minute, or "today"; in UTC.

    A duration ("7d") names the moment so long before `now`.
    """
    text = value.text.casefold()
    if _DURATION.fullmatch(text):
        moment = now - timedelta(seconds=seconds(value, operator))
        return moment, moment
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if text in ("today", "yesterday"):
        day -= timedelta(days=text == "yesterday")
        return day, day + timedelta(days=1)
    try:
        begin = datetime.fromisoformat(value.text)
    except ValueError as error:
        problem = f"Expected a date such as 2026-01-31, or 7d for so long ago, after `{operator}`"
        raise FilterError(problem, value.at) from error
    begin = begin.replace(tzinfo=UTC) if begin.tzinfo is None else begin
    length = timedelta(days=1) if len(value.text) <= len("2026-01-31") else timedelta(minutes=1)
    try:
        return begin, begin + length
    except OverflowError as error:
        raise FilterError("The date is too late", value.at) from error
