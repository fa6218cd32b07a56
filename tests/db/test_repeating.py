"""What is done again and again goes on whatever goes wrong, and says so once or each time."""

import logging
import threading

import psycopg
import pytest

from db.repeating import Duty, start_repeating


def test_it_goes_on_and_says_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    failures = iter([OSError("in the way"), *_away(3), None, *_away(2), OSError("again")])

    def do() -> None:
        if (error := next(failures)) is not None:
            raise error

    duty = Duty(do, name="the duty")
    with caplog.at_level(logging.WARNING, logger="db.repeating"):
        for _ in range(8):
            duty.once()
    said = [(one.levelname, one.getMessage()) for one in caplog.records]
    failed = ("ERROR", "the duty failed; it is tried again")
    away = ("WARNING", "the database is away; the duty is tried again")
    assert said == [failed, away, away, failed]


def _away(times: int) -> list[Exception]:
    return [psycopg.OperationalError("no connection")] * times


@pytest.mark.parametrize("at_once", [True, False])
def test_it_is_done_until_the_event(at_once: bool) -> None:
    done, twice = [], threading.Event()

    def do() -> None:
        done.append(threading.current_thread().name)
        if len(done) == 2:
            twice.set()

    stop = start_repeating(do, name="a duty", seconds=0.01, at_once=at_once)
    assert twice.wait(20)
    stop.set()
    assert set(done) == {"a duty"}


def test_it_waits_first_where_it_is_told_to() -> None:
    done = threading.Event()
    stop = start_repeating(done.set, name="a duty", seconds=3600, at_once=False)
    assert not done.wait(0.05)
    stop.set()
