"""Real trainings, recorded by the Recorder: loaded at the end, and followed while they train."""

import subprocess
import sys

import numpy as np
from sqlalchemy import text

from db.engine import session_scope
from db.queries.jobs import job_requests, jobs
from deeptracker.format import RunDirectory
from ingest.pipeline import load_log
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until

TRAIN = "import sys; from pathlib import Path; from deeptracker.demo import train;"


def test_a_recorded_training_loads_whole(store, recorded_run):
    report = load_log(store, recorded_run)
    directory = RunDirectory(recorded_run)
    manifest = directory.manifest()
    assert report.new == directory.iterations()
    assert report.bad == report.gaps == report.off_grid == []
    last = directory.snapshot(manifest, report.new[-1])
    wrong = last.prediction != manifest.images.class_id
    with store.connect() as connection:
        run = connection.execute(text("SELECT * FROM run")).one()
        peak = connection.execute(
            text(
                "SELECT layer_id, filter, value FROM filter_peak WHERE iteration = :at "
                "AND quantity = 'relative_change'"
            ),
            {"at": report.new[-1]},
        ).one()
        sheets = connection.execute(text("SELECT count(contact_sheet) FROM class")).scalar_one()
    assert (run.state, run.last_iteration) == ("complete", report.new[-1])
    # Once for the snapshots, once for their end, and once for each probe.
    assert run.version == 2 + len(directory.probe_iterations())
    assert run.snapshot_count == len(report.new)
    assert abs(run.last_error - wrong.mean()) < 1e-6
    assert sheets == len(manifest.classes)
    values = last.filters["relative_change"]
    order = np.argsort(-values, kind="stable")[: len(np.frombuffer(peak.value, "<f4"))]
    np.testing.assert_array_equal(np.frombuffer(peak.value, "<f4"), values[order])
    offsets = manifest.filter_offsets[np.frombuffer(peak.layer_id, "<i4")]
    np.testing.assert_array_equal(np.frombuffer(peak.filter, "<i4") + offsets, order)
    before = checksum(store)
    assert load_log(store, recorded_run).unchanged == len(report.new)
    assert checksum(store) == before


def test_a_training_is_followed_by_a_worker_from_before_it_begins(store, database_url, roots):
    with session_scope(store) as session:
        job_id = job_requests.request(session, location="live", mode="follow")

    def job():
        with session_scope(store) as session:
            return jobs.get_job(session, job_id=job_id)

    code = TRAIN + "train(Path(sys.argv[1]), seed=3, epochs=3, every=4)"
    with running_worker(database_url, roots):
        wait_until(lambda: job().awaited_since is not None)
        training = subprocess.Popen([sys.executable, "-c", code, str(roots / "live")])
        try:
            wait_until(lambda: job().done >= 2)
            assert training.poll() is None, "it should be seen while it trains"
            assert training.wait(120) == 0
        finally:
            training.kill()
        wait_until(lambda: job().state in ("succeeded", "failed"))
    assert (job().state, job().error) == ("succeeded", None)
    assert job().done == len(RunDirectory(roots / "live").iterations())
    live = checksum(store)
    with store.begin() as connection:
        for table in reversed(list(live)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, roots / "live")
    assert checksum(store) == live
