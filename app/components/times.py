"""Times and lengths of time as text."""

from datetime import UTC, datetime

from dash import html
from dash.development.base_component import Component

_STEPS = ((60, 1, "second"), (3_600, 60, "minute"), (86_400, 3_600, "hour"), (0, 86_400, "day"))


def duration(seconds: float | None) -> str:
    """Return "3 minutes"; "" for None and NaN."""
    if seconds is None or not 0 <= seconds < 1e10:
        return ""
    for limit, unit, word in _STEPS:
        number = round(seconds / unit)
        if not limit or seconds < limit:
            return f"{number} {word}{'' if number == 1 else 's'}"
    return ""


def ago(moment: datetime | None, *, now: datetime | None = None) -> str:
    """Return "3 minutes ago", "just now", or the date where it is more than 30 days ago."""
    if moment is None:
        return ""
    seconds = max(0.0, ((now or datetime.now(UTC)) - moment).total_seconds())
    if seconds < 10:
        return "just now"
    return f"{duration(seconds)} ago" if seconds < 30 * 86_400 else f"{moment:%Y-%m-%d}"


def time(moment: datetime | None) -> Component:
    """Return a time in words, the exact one in its tooltip and for machines."""
    if moment is None:
        return html.Span()
    exact = moment.astimezone(UTC)
    return html.Time(
        ago(moment), dateTime=exact.isoformat(), title=f"{exact:%Y-%m-%d %H:%M:%S} UTC"
    )
