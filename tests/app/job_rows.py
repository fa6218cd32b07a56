"""Jobs, schedules and watched folders as queries give them, for tests of what is shown."""

from datetime import UTC, datetime

from db.queries.jobs.jobs import JobRow
from db.queries.jobs.schedules import ScheduleRow
from db.queries.jobs.watches import WatchRow

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def job(**changes) -> JobRow:
    values = dict.fromkeys(JobRow.__dataclass_fields__)
    values |= {
        "id": 4,
        "location": "/logs/my-run",
        "mode": "once",
        "state": "queued",
        "done": 0,
        "message": "",
        "created_at": NOW,
        "cancel_requested": False,
        "attempts": 0,
    }
    return JobRow(**{**values, **changes})


def schedule(**changes) -> ScheduleRow:
    values = dict.fromkeys(ScheduleRow.__dataclass_fields__)
    values |= {
        "id": 2,
        "location": "/logs/my-run",
        "mode": "once",
        "cron": "0 6 * * 1-5",
        "time_zone": "Europe/Berlin",
        "next_due": NOW,
    }
    return ScheduleRow(**{**values, **changes})


def watch(**changes) -> WatchRow:
    values = dict.fromkeys(WatchRow.__dataclass_fields__)
    values |= {"id": 3, "location": "/logs", "active": True, "found": 0}
    return WatchRow(**{**values, **changes})
