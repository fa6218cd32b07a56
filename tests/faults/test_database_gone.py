"""PostgreSQL killed, restarted or cut off during a load: the same worker goes on by itself."""

import signal
import time

import pytest
from sqlalchemy import create_engine, text

from db.queue import HEARTBEAT_SECONDS
from tests.faults.conftest import SNAPSHOTS, SOAK
from tests.faults.readers import reading
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count, job_of, texts, wait_for_state

# Long enough for a worker to notice that a sign of life could not be written.
AWAY = HEARTBEAT_SECONDS + 1


def kill(victim):
    victim.kill()
    time.sleep(AWAY)
    victim.start()


def restart(victim):
    victim.end(signal.SIGINT)
    victim.start()


def cut(victim):
    """End the connections of everybody else, as an administrator or a firewall does."""
    admin = create_engine(victim.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    admin.dispose()


FAULTS = [kill, cut, restart] * 5 if SOAK else [kill]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("fault", FAULTS)
def test_during_a_load(victim, database_url, store, loaded, rng, tmp_path, fault):
    job_id = ask(store, loaded.path)
    log = tmp_path / "worker.log"
    with (
        reading(database_url, crashes=fault is kill) as seen,
        running_worker(database_url, loaded.root, log=log) as worker,
    ):
        # By what is done already: how long a load takes depends on what else the machine does.
        done = rng.randint(0, SNAPSHOTS // 3)
        wait_until(lambda: count(store) > done, every=0.002)
        before = job_of(store, job_id)
        fault(victim)
        store.dispose()
        job = wait_for_state(store, job_id, "succeeded", "failed")
        # It does not only end what it had begun: it takes new jobs.
        second = wait_for_state(store, ask(store, loaded.path), "succeeded", "failed")
        assert worker.poll() is None, log.read_text()
    assert before.state == "running", "the fault came too late to be one"
    assert (job.state, job.error) == ("succeeded", None), texts(store, job_id)
    assert second.state == "succeeded"
    assert checksum(store) == loaded.checksum
    assert max(seen.counts) == SNAPSHOTS
