"""Times to come, as text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.components.times import duration


def moment(time: datetime, time_zone: str) -> str:
    """Return "Wed 25 Nov 2026, 06:00" in a time zone, in UTC where it does not exist."""
    try:
        there = time.astimezone(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"{time.astimezone(UTC):%a %d %b %Y, %H:%M} UTC"
    return f"{there:%a %d %b %Y, %H:%M}"


def until(time: datetime, *, now: datetime | None = None) -> str:
    """Return "in 3 minutes", or "any moment" for what is due."""
    seconds = (time - (now or datetime.now(UTC))).total_seconds()
    return f"in {duration(seconds)}" if seconds >= 1 else "any moment"
