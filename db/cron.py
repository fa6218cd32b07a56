"""Cron expressions: checked, in words, and their times; cronsim does the reckoning.

Times that daylight saving skips or repeats are treated as Debian's cron does: a skipped one runs
right after the gap, a repeated one runs once (but those of every hour or minute go on).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from db.errors import Conflict

MAX_EXPRESSION = 200
MOST_MISSED = 10_000
# Clocks are set back by two hours at most.
_REPEATED = timedelta(hours=3)
_SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = "minute, hour, day of the month, month, day of the week"


@dataclass(frozen=True)
class Cron:
    """A checked expression with its time zone (an IANA name)."""

    expression: str
    time_zone: str

    @property
    def words(self) -> str:
        """Return what it means: "At 06:00 on Monday through Friday"."""
        return self._from(datetime.now(UTC)).explain()

    def next_times(self, after: datetime, *, count: int = 1) -> list[datetime]:
        """Return the first times after an instant, in the time zone; fewer where there are none."""
        # Asked in an hour that comes twice, cronsim names a time of its first round again.
        coming = dropwhile(lambda time: _is_by(time, after), self._from(after))
        return list(islice(coming, count))

    def latest(self, until: datetime) -> datetime:
        """Return the last time up to and including an instant."""
        # Backwards it names what lies before: one second more lets the instant itself count.
        start = until.astimezone(ZoneInfo(self.time_zone)) + timedelta(seconds=1)
        found = next(CronSim(self.expression, start, reverse=True))
        # Backwards it passes over times of an hour that comes twice; forwards it does not.
        coming = self._from(found.astimezone(UTC) - _REPEATED)
        return max((found, *takewhile(lambda time: _is_by(time, until), coming)), key=_instant)

    def missed(self, first: datetime, last: datetime) -> int:
        """Return how many times lie from `first` on and before `last`, at most MOST_MISSED."""
        coming = self._from(first - timedelta(seconds=1))
        number = 0
        while number < MOST_MISSED and _instant(next(coming)) < _instant(last):
            number += 1
        return number

    def _from(self, instant: datetime) -> CronSim:
        return CronSim(self.expression, instant.astimezone(ZoneInfo(self.time_zone)))


def _instant(time: datetime) -> float:
    """Return seconds since 1970; two times of one zone are compared by what clocks show."""
    return time.timestamp()


def _is_by(time: datetime, instant: datetime) -> bool:
    return _instant(time) <= _instant(instant)


def read_cron(expression: str, time_zone: str) -> Cron:
    """Return the checked expression; Conflict says what is wrong with it or with the time zone."""
    if time_zone not in available_timezones():
        raise Conflict(f"{time_zone[:80]!r} is not a time zone such as UTC or Europe/Berlin.")
    text = " ".join(expression[: MAX_EXPRESSION + 1].split())
    text = _SHORT.get(text.lower(), text)
    if len(text) > MAX_EXPRESSION or len(text.split()) != 5:
        raise Conflict(f"Five fields are needed: {_FIELDS}. For instance 0 6 * * 1-5.")
    cron = Cron(text, time_zone)
    try:
        coming = cron.next_times(datetime.now(UTC))
    except CronSimError as error:
        raise Conflict(f"{_plain(error)} in {text!r}. The fields: {_FIELDS}.") from error
    if not coming:
        raise Conflict(f"{text!r} describes a time that never occurs.")
    return cron


def _plain(error: CronSimError) -> str:
    """Return "Bad day of the month" for what cronsim calls a "Bad day-of-month"."""
    return str(error).replace("-of-", " of the ")
