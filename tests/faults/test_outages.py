"""A worker whose database was away, full, read-only or cut off: it takes jobs of every kind after.

The very same worker process, after seconds and after several outages in a row; with
DEEPTRACKER_SOAK=1 also after 3, 45, 120 and 600 seconds.
"""

import signal
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from benchmarks.make_log import append_snapshot, begin_log, end_log
from db.engine import session_scope
from db.models import IngestSchedule
from db.patience import CONNECT_SECONDS, SILENT_SECONDS
from db.queries.jobs import jobs, schedules, watches, workers
from db.queries.runs import findings
from db.queue import EVALUATE, HEARTBEAT_SECONDS, defer
from tests import servers
from tests.faults import network
from tests.faults.conftest import SOAK
from tests.faults.proxy import proxied
from tests.jobs.conftest import make_log, roots, running_worker, wait_until
from tests.jobs.test_purge import there, trash
from tests.jobs.test_worker import ask, count, texts, wait_for_state

__all__ = ["make_log", "roots"]

# Of a few seconds several come in a row below.
LONG = [3, 45, 120, 600] if SOAK else []


class Harm:
    """What is done to the database of one worker, and undone."""

    def __init__(self, victim, url, proxy):
        self.victim, self.url, self.proxy = victim, make_url(url), proxy

    @contextmanager
    def killed(self):
        self.victim.kill()
        yield
        self.victim.start()

    @contextmanager
    def stopped(self):
        self.victim.end(signal.SIGINT)
        yield
        self.victim.start()

    @contextmanager
    def cut_off(self):
        """Nothing comes through, and then all of it does."""
        self.proxy.cut()
        yield
        self.proxy.heal()

    @contextmanager
    def cut_off_for_good(self):
        """Nothing comes through, and then the connections of before are gone."""
        self.proxy.cut()
        yield
        self.proxy.heal(reset=True)

    @contextmanager
    def full(self):
        """Whatever would make a table grow fails as on a full disk."""
        tables = ("class_result", "ingest_job", "ingest_job_line", "ingest_worker", "run")
        queue = ("procrastinate_jobs", "procrastinate_workers", "procrastinate_events")
        self._execute(_FULL)
        for table in (*tables, *queue):
            self._execute(
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        yield
        self._execute("DROP FUNCTION full_disk CASCADE")

    @contextmanager
    def only_reads(self):
        """As a hosted server that is kept from filling its disk, or a standby."""
        name = self.url.database
        self._execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        self._cut()
        yield
        undo = "BEGIN READ WRITE; ALTER DATABASE {} SET default_transaction_read_only = off; COMMIT"
        self._execute(undo.format(name))

    @contextmanager
    def connections_ended(self):
        """An administrator ends all connections, again and again."""
        self._cut()
        yield
        self._cut()

    def _cut(self):
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )

    def _execute(self, statement):
        admin = create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


_FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE disk_full USING MESSAGE = 'could not extend file "base/1/2": '
            'No space left on device';
    END $$
"""


@pytest.fixture
def harm(victim, database_url):
    """The harm that may be done, and the address of the database for the worker to be harmed."""
    with proxied(make_url(database_url)) as (proxy, url):
        yield Harm(victim, database_url, proxy), servers.plain(url)


CASES = [
    ("killed", 15),
    ("cut_off", 15),
    ("full", 6),
    ("only_reads", 4),
    ("connections_ended", 1),
    *((kind, seconds) for seconds in LONG for kind in ("killed", "stopped", "cut_off", "full")),
]


@pytest.mark.timeout(400 + 2 * max(LONG, default=0))
@pytest.mark.parametrize(("kind", "seconds"), CASES)
def test_the_same_worker_takes_jobs_of_every_kind(
    store, harm, make_log, roots, tmp_path, kind, seconds
):
    """It has something in hand when the harm is done: a run that is followed."""
    doing, url = harm
    live, run = begin_live(make_log, roots)
    log = tmp_path / "worker.log"
    with running_worker(url, roots, log=log) as worker:
        followed = ask(store, live, "follow")
        wait_until(lambda: count(store) == 1)
        with getattr(doing, kind)():
            time.sleep(seconds)
        store.dispose()
        append_snapshot(live, run=run)
        wait_until(lambda: count(store) == 2)
        end_log(live, run=run)
        job = wait_for_state(store, followed, "succeeded", "failed")
        assert (job.state, job.error) == ("succeeded", None), texts(store, followed)
        every_kind(store, roots, make_log, name=worker_name(store, worker))
        assert worker.poll() is None
    assert job.attempts == 1, log.read_text()


@pytest.mark.timeout(400)
def test_several_outages_in_a_row(store, harm, make_log, roots, tmp_path):
    """More of them than a job may have attempts; some while the worker still comes back."""
    doing, url = harm
    live, run = begin_live(make_log, roots)
    with running_worker(url, roots, log=tmp_path / "worker.log") as worker:
        followed = ask(store, live, "follow")
        wait_until(lambda: count(store) == 1)
        for kind, seconds, pause in (
            ("killed", 1, 0),
            ("stopped", 4, 0.3),
            ("cut_off_for_good", 4, 1),
            *[("connections_ended", 0, 1.5)] * 12,
            ("killed", 4, 2),
        ):
            with getattr(doing, kind)():
                time.sleep(seconds)
            time.sleep(pause)
        store.dispose()
        end_log(live, run=run)
        job = wait_for_state(store, followed, "succeeded", "failed")
        assert (job.state, job.error) == ("succeeded", None), texts(store, followed)
        every_kind(store, roots, make_log, name=worker_name(store, worker))


@pytest.mark.timeout(400)
def test_packets_are_lost_without_a_word(store, database_url, make_log, roots, tmp_path):
    """Neither side is told. The worker notices nevertheless, in bounded time."""
    # Asked here: every process of the tests imports this file, all at the same moment.
    if not network.may_be_made():
        pytest.skip("needs root on Linux and ip")
    live, run = begin_live(make_log, roots)
    log = tmp_path / "worker.log"
    with (
        network.network() as net,
        proxied(make_url(database_url), net.here) as (_, url),
        running_worker(servers.plain(url), roots, log=log, first=net.enter) as worker,
    ):
        followed = ask(store, live, "follow")
        wait_until(lambda: count(store) == 1)
        net.drop()
        begun = time.monotonic()
        wait_until(lambda: "the worker lost its database" in log.read_text(), seconds=90)
        noticed = time.monotonic() - begun
        net.heal()
        end_log(live, run=run)
        job = wait_for_state(store, followed, "succeeded", "failed")
        assert (job.state, job.error) == ("succeeded", None), texts(store, followed)
        every_kind(store, roots, make_log, name=worker_name(store, worker))
    assert noticed < SILENT_SECONDS + 2 * CONNECT_SECONDS + HEARTBEAT_SECONDS + 20


def test_it_ends_when_told_to_while_the_database_is_away(store, harm, roots, tmp_path):
    doing, url = harm
    log = tmp_path / "worker.log"
    with running_worker(url, roots, log=log) as worker:
        wait_until(lambda: worker.pid in seen(store))
        store.dispose()
        with doing.killed():
            wait_until(lambda: "the worker lost its database" in log.read_text())
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, log.read_text()


def begin_live(make_log, roots):
    """A run that is being recorded, with one snapshot."""
    _, run = make_log("../model", snapshots=12)
    live = roots / "live"
    begin_log(live, run=run)
    append_snapshot(live, run=run)
    return live, run


def seen(engine):
    """The workers that the database has seen, by process."""
    with session_scope(engine) as session:
        return {w.process: w for w in workers.list_workers(session)}


def worker_name(engine, worker):
    # After an outage its next sign of life may be some seconds away.
    wait_until(lambda: seen(engine)[worker.pid].alive)
    return seen(engine)[worker.pid].name


def every_kind(engine, roots, make_log, *, name):
    """Ask for a job of every kind; the worker of this name alone has done them all."""
    _load_and_judge(engine, make_log, name)
    _schedule(engine, make_log, name)
    _watch(engine, roots, make_log, name)
    _purge(engine)


def _done(engine, job_id, name):
    job = wait_for_state(engine, job_id, "succeeded", "failed")
    assert (job.state, job.error, job.worker) == ("succeeded", None, name), texts(engine, job_id)
    return job


def _load_and_judge(engine, make_log, name):
    path, _ = make_log("loaded", snapshots=4, seed=3)
    job = _done(engine, ask(engine, path), name)
    before = evaluated(engine, job.run_id)
    with session_scope(engine) as session:
        defer(session, task=EVALUATE, arguments={"run_id": job.run_id})
    wait_until(lambda: evaluated(engine, job.run_id) > before)


def evaluated(engine, run_id):
    with session_scope(engine) as session:
        return findings.run_health(session, run_id=run_id).evaluated_at


def _schedule(engine, make_log, name):
    path, _ = make_log("scheduled", snapshots=4, seed=4)
    with session_scope(engine) as session:
        schedule_id = schedules.add_schedule(
            session, location=str(path), mode="once", cron="0 0 1 1 *", time_zone="UTC", by=None
        )
        due = {"next_due": text("now()")}
        session.execute(
            update(IngestSchedule).where(IngestSchedule.id == schedule_id).values(**due)
        )
    _done(engine, wait_until(lambda: asked_by(engine, "schedule_id", schedule_id)), name)


def _watch(engine, roots, make_log, name):
    make_log("watched/found", snapshots=4, seed=5)
    with session_scope(engine) as session:
        watch_id = watches.add_watch(session, location=str(roots / "watched"), by=None)
    _done(engine, wait_until(lambda: asked_by(engine, "watch_id", watch_id)), name)


def asked_by(engine, column, number):
    with session_scope(engine) as session:
        found = [job.id for job in jobs.list_jobs(session) if getattr(job, column) == number]
    return found[0] if found else None


def _purge(engine):
    run_id = max(there(engine))
    trash(engine, run_id, purge=True)
    wait_until(lambda: run_id not in there(engine))
