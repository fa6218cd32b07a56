"""The server's disk is full during a load: nothing half-done stays, and later the load goes on.

By default a trigger raises what PostgreSQL raises then (SQLSTATE 53100), from a COPY of ours: the
whole way of the error is real, the full disk is not. With DEEPTRACKER_SOAK=1, as root on Linux, the
server stands on a small tmpfs that a load really fills.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from db.embedded import ensure_server, stop_server
from db.engine import make_engine
from db.errors import ServerUnavailable
from ingest.pipeline import load_log
from tests import servers
from tests.faults.conftest import SOAK
from tests.faults.readers import reading
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, job_of, texts, wait_for_state

# From the snapshot of this iteration on there is no room: some batches are loaded, others not.
_FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.iteration > (SELECT planned_iterations / 2 FROM run) THEN
            RAISE disk_full USING MESSAGE = 'could not extend file "base/1/2": '
                'No space left on device';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON class_result
        FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_as_the_server_says_it(store, database_url, loaded):
    with store.begin() as connection:
        connection.execute(text(_FULL))
    job_id = ask(store, loaded.path)
    with reading(database_url) as seen, running_worker(database_url, loaded.root):
        # The job says what happened, and that it goes on; it does not fail.
        wait_until(lambda: any("No space left" in line for line in texts(store, job_id)))
        assert job_of(store, job_id).state in ("running", "queued")
        assert 0 < max(seen.counts) < loaded.checksum["snapshot"][0]
        with store.begin() as connection:
            connection.execute(text("DROP FUNCTION full_disk CASCADE"))
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.error) == ("succeeded", None)
    assert checksum(store) == loaded.checksum


def _may_mount():
    return SOAK and sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount")


def _load_by_hand(home, loaded, engine, free):
    with pytest.raises(OperationalError):
        load_log(engine, loaded.path)
    free()
    engine.dispose()
    _wait_for_server(home, engine)
    load_log(engine, loaded.path)


def _load_by_a_worker(home, loaded, engine, free):
    """The same worker goes on, though its signs of life could not be written either."""
    url = servers.plain(engine.url)
    with running_worker(url, loaded.root) as worker:
        wait_until(lambda: _worker_is_there(engine))
        job_id = ask(engine, loaded.path)
        time.sleep(45)
        free()
        engine.dispose()
        _wait_for_server(home, engine)
        job = wait_for_state(engine, job_id, "succeeded", "failed", seconds=120)
        assert (job.state, job.error, job.attempts) == ("succeeded", None, 1), texts(engine, job_id)
        assert worker.poll() is None


def _worker_is_there(engine):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM procrastinate_workers"))


@pytest.mark.timeout(600)
@pytest.mark.skipif(not _may_mount(), reason="needs DEEPTRACKER_SOAK=1, root and mount")
@pytest.mark.parametrize("load", [_load_by_hand, _load_by_a_worker])
def test_a_small_file_system_really_full(loaded, load):
    home = Path(tempfile.mkdtemp(prefix="deeptracker-small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", str(home)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        home.rmdir()
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        _fill(home, loaded, load)
    finally:
        stop_server(home)
        subprocess.run(["umount", "-l", str(home)], check=True)
        home.rmdir()


def _fill(home, loaded, load):
    settings = {"shared_buffers": "16MB", "min_wal_size": "32MB", "max_wal_size": "32MB"}
    server = make_url(ensure_server(home, settings=settings))
    with servers.migrated(server) as url:
        engine = make_engine(servers.plain(url), statement_timeout_ms=None)
        free = shutil.disk_usage(home).free
        ballast = home / "ballast"
        ballast.write_bytes(bytes(max(0, free - 6 * 2**20)))
        load(home, loaded, engine, ballast.unlink)
        assert checksum(engine) == loaded.checksum
        engine.dispose()


def _wait_for_server(home, engine):
    """Wait for a server that may have ended itself: it must not write on a full disk."""
    for _ in range(60):
        try:
            ensure_server(home)
            with engine.connect():
                return
        except (ServerUnavailable, OperationalError):
            time.sleep(1)
    raise AssertionError("the server did not come back")
