"""Probes from a real training to the store: once, checked, confined, purged."""

import shutil

import numpy as np
import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.queries.measurements import probes
from db.queries.measurements.probe_saliency import saliency
from deeptracker.format import PROBES, RunDirectory, probe_path
from ingest.locations import LocationRefused
from ingest.pipeline import load_log
from ingest.purge import purge_run
from tests.jobs.checksums import checksum
from tests.jobs.test_purge import trash


@pytest.fixture
def run_dir(recorded_run, tmp_path):
    return shutil.copytree(recorded_run, tmp_path / "runs" / "run")


def test_the_store_has_what_the_log_says_and_a_purged_run_leaves_none(store, recorded_run):
    log = RunDirectory(recorded_run)
    manifest, iterations = log.manifest(), log.probe_iterations()
    assert len(iterations) > 1
    report = load_log(store, recorded_run)
    assert report.bad == []
    once = checksum(store)
    load_log(store, recorded_run)
    assert checksum(store) == once
    with session_scope(store) as session:
        found = probes.probes(session, run_id=report.run_id)
        assert found.iteration.tolist() == iterations
        logged = log.probe(manifest, iterations[-1])
        assert found.image.tolist() == logged.image.tolist()
        assert found.prediction[-1].tolist() == logged.prediction.tolist()
        for layer, maps in logged.maps.items():
            stored = probes.probe_maps(
                session,
                run_id=report.run_id,
                layer_id=layer,
                image_id=int(logged.image[1]),
                at=iterations[-1],
            )
            np.testing.assert_array_equal(stored.codes, maps.codes[1])
        for one in saliency(
            session, run_id=report.run_id, image_id=int(logged.image[1]), at=iterations[-1]
        ):
            expected = logged.saliency[one.method]
            assert one.detail == expected.detail
            np.testing.assert_array_equal(one.codes, expected.maps.codes[1])
    trash(store, report.run_id)
    purge_run(store, run_id=report.run_id)
    with store.connect() as connection:
        for table in ("probe", "probe_map", "probe_top", "probe_saliency"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_a_file_that_cannot_be_used_is_reported_and_the_rest_loads(store, run_dir):
    first, *others = RunDirectory(run_dir).probe_iterations()
    path = probe_path(run_dir, first)
    path.write_bytes(path.read_bytes()[:700])
    report = load_log(store, run_dir)
    assert [bad.file for bad in report.bad] == [path]
    assert report.new == RunDirectory(run_dir).iterations()
    with session_scope(store) as session:
        assert probes.probes(session, run_id=report.run_id).iteration.tolist() == others


def test_a_link_out_of_the_folder_is_refused_to_jobs(store, run_dir, tmp_path):
    outside = tmp_path / "outside"
    shutil.move(run_dir / PROBES, outside)
    (run_dir / PROBES).symlink_to(outside)
    with pytest.raises(LocationRefused, match="probes does not lie under"):
        load_log(store, run_dir, roots=[run_dir.parent])
