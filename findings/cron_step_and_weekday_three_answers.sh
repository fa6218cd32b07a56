#!/usr/bin/env bash
# croniter, cronsim and APScheduler: "0 0 */2 * 1" fires on other days in each of the three.
#
# croniter 7.0.0, cronsim 2.8, APScheduler 3.11.3, Python 3.11.
# Jobs are scheduled by one library, and their next time is shown or checked by another: croniter in
# Airflow and Procrastinate, cronsim in Healthchecks, APScheduler in scripts. One would expect one
# meaning of the five fields. Seen, from 1 November 2026 on: croniter names each Monday and, besides,
# each odd day of the month; cronsim each Monday that is an odd day (as Debian's cron does, where a field
# that begins with * narrows the other; croniter's implement_cron_bug=True does so too, and is off);
# APScheduler's from_crontab each Tuesday that is an odd day. "0 0 13 * 5" is every Friday for the first
# two (and every 13th), the Saturday that is a 13th for APScheduler. That 1 is Tuesday there is said in
# the documentation of from_crontab; that both days must fit, unlike in the cron that it refers to, is
# not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  croniter==7.0.0 cronsim==2.8 apscheduler==3.11.3

cat >"$folder/try.py" <<'PYTHON'
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def days(expression: str) -> dict[str, list[str]]:
    """Return the first five days of each library."""
    one, other = croniter(expression, BEGIN), CronSim(expression, BEGIN)
    trigger, now, third = CronTrigger.from_crontab(expression, timezone=UTC), BEGIN, []
    for _ in range(5):
        third.append(trigger.get_next_fire_time(None, now))
        now = third[-1] + timedelta(seconds=1)
    found = {
        "croniter": [one.get_next(datetime) for _ in range(5)],
        "cronsim": [next(other) for _ in range(5)],
        "APScheduler": third,
    }
    return {name: [f"{at:%a %d %b}" for at in times] for name, times in found.items()}


for expression in ("0 0 */2 * 1", "0 0 13 * 5"):
    said = days(expression)
    print(expression, *(f"{name}: {', '.join(times)}" for name, times in said.items()), sep="\n  ")
    if expression.endswith("1"):
        assert said == {
            "croniter": ["Mon 02 Nov", "Tue 03 Nov", "Thu 05 Nov", "Sat 07 Nov", "Mon 09 Nov"],
            "cronsim": ["Mon 09 Nov", "Mon 23 Nov", "Mon 07 Dec", "Mon 21 Dec", "Mon 11 Jan"],
            "APScheduler": ["Tue 03 Nov", "Tue 17 Nov", "Tue 01 Dec", "Tue 15 Dec", "Tue 29 Dec"],
        }, said
    else:
        fridays = ["Fri 06 Nov", "Fri 13 Nov", "Fri 20 Nov", "Fri 27 Nov", "Fri 04 Dec"]
        assert said["croniter"] == said["cronsim"] == fridays, said
        assert said["APScheduler"][:2] == ["Sat 13 Feb", "Sat 13 Mar"], said
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
