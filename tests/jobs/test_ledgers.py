"""Batch ledgers from a real training to the store: once, followed, resumed, copied, purged."""

import shutil

import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.queries.measurements import ledgers
from db.queries.runs import runs
from deeptracker.format import LEDGERS, RunDirectory, ledger_path
from ingest.analysis.batches import Cause, blame
from ingest.locations import LocationRefused
from ingest.pipeline import load_log
from ingest.purge import purge_run
from tests.bad_batches import AT, train
from tests.jobs.checksums import checksum
from tests.jobs.test_purge import trash


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("recorded") / "run"
    return run_dir, train(run_dir)


@pytest.fixture
def run_dir(recorded, tmp_path):
    """A folder of the test's own, which the run was begun in for all that its log says."""
    return shutil.copytree(recorded[0], tmp_path / "runs" / "run")


def stored(store, run_id):
    with session_scope(store) as session:
        return {one.iteration: one for one in ledgers.ledgers(session, run_id=run_id)}


def test_the_store_names_the_images_of_the_bad_batch(store, recorded):
    run_dir, bad = recorded
    report = load_log(store, run_dir)
    assert report.bad == []
    found = blame(stored(store, report.run_id)[AT])
    assert found.cause is Cause.IMAGES
    named = {image.index for image in found.images}
    assert len(named & bad) >= 0.9 * len(named)
    assert {image.label for image in found.images if image.index in bad} == {0}
    once = checksum(store)
    with session_scope(store) as session:
        version = runs.get_run(session, run_id=report.run_id).version
    load_log(store, run_dir)
    assert checksum(store) == once
    with session_scope(store) as session:
        assert runs.get_run(session, run_id=report.run_id).version == version


def test_a_file_that_cannot_be_used_is_reported_and_the_rest_loads(store, run_dir):
    path = ledger_path(run_dir, AT)
    path.write_bytes(path.read_bytes()[:700])
    report = load_log(store, run_dir)
    assert [bad.file for bad in report.bad] == [path]
    assert report.new == RunDirectory(run_dir).iterations()
    assert AT not in stored(store, report.run_id)


def test_a_link_out_of_the_folder_is_refused_to_jobs(store, run_dir, tmp_path):
    outside = tmp_path / "outside"
    shutil.move(run_dir / LEDGERS, outside)
    (run_dir / LEDGERS).symlink_to(outside)
    with pytest.raises(LocationRefused, match="ledger does not lie under"):
        load_log(store, run_dir, roots=[run_dir.parent])


def test_what_a_resume_replaced_leaves_the_store(store, tmp_path):
    train(tmp_path / "run")
    first = load_log(store, tmp_path / "run")
    assert AT in stored(store, first.run_id)
    train(tmp_path / "run", at=85, start_iteration=40)
    again = load_log(store, tmp_path / "run")
    assert again.run_id == first.run_id
    found = stored(store, first.run_id)
    assert 85 in found
    assert AT not in found


def test_a_purged_run_leaves_none(store, recorded):
    run_id = load_log(store, recorded[0]).run_id
    trash(store, run_id)
    purge_run(store, run_id=run_id)
    with store.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM batch_ledger")) == 0
