"""A worker killed at any moment of a load: another one goes on, nothing is lost or doubled."""

import time

import pytest
from sqlalchemy import text

from db.engine import make_engine
from tests import servers
from tests.faults.conftest import SNAPSHOTS, SOAK
from tests.faults.readers import reading
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, job_of, wait_for_state

MOMENTS = 50 if SOAK else 5
# A job that ends its worker ten times is given up.
_A_LOAD = 5


def let_time_pass(engine):
    """Let the workers seem silent for as long as those that are gone are waited for."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        )


# A machine that stood still while the undisturbed load was timed must not make us wait for minutes.
LONGEST = 6.0


@pytest.mark.timeout(1_800 if SOAK else 400)
def test_at_random_moments(victim, victim_template, loaded, rng):
    moments = 0
    while moments < MOMENTS:
        with servers.database(victim.url, template=victim_template) as url:
            moments += _one_load(servers.plain(url), loaded, rng, most=min(_A_LOAD, MOMENTS))


def _one_load(url, loaded, rng, *, most):
    """Kill workers during one load; return how many died while they ran it."""
    engine = make_engine(url, statement_timeout_ms=None)
    job_id = ask(engine, loaded.path)
    killed = 0
    with reading(url) as seen:
        while killed < most:
            with running_worker(url, loaded.root) as worker:
                wait_until(lambda: job_of(engine, job_id).attempts == killed + 1)  # noqa: B023
                time.sleep(rng.uniform(0, min(loaded.seconds / 2, LONGEST)))
                worker.kill()
                worker.wait()
            let_time_pass(engine)
            if job_of(engine, job_id).state != "running":
                break
            killed += 1
        with running_worker(url, loaded.root):
            job = wait_for_state(engine, job_id, "succeeded", "failed")
    assert (job.state, job.error) == ("succeeded", None)
    assert checksum(engine) == loaded.checksum
    assert max(seen.counts) == SNAPSHOTS
    engine.dispose()
    return killed
