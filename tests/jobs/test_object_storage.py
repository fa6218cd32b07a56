"""Logs in object storage load as those on disk do; errors name the object, never a secret.

The lake is kept there, too.
"""

import pytest
from sqlalchemy import text, update

from db.engine import session_scope
from db.models import Run
from db.queries.jobs import job_requests, jobs, watches
from deeptracker import lake
from deeptracker.errors import LogError
from deeptracker.format import LEDGERS, MANIFEST, RunDirectory, ledger_path, snapshot_path
from ingest import object_store
from ingest.lake import keeping
from ingest.lake.keeping import Lake
from ingest.lake.places import Bucket
from ingest.locations import ObjectFolder
from ingest.object_store import ObjectStore
from ingest.pipeline import load_log
from ingest.sources.object_storage import ObjectStorageSource
from ingest.upkeep import Upkeep
from tests.bad_batches import AT, train
from tests.full_disk import full_disk
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.storage import BUCKET, CREDENTIALS, running_storage
from tests.stored_runs import store_run


@pytest.fixture(scope="module")
def running():
    with running_storage() as storage:
        yield storage


@pytest.fixture
def storage(running, monkeypatch):
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    client = running.client()
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    return running


def emptied(store):
    with store.begin() as connection:
        for table in reversed(list(checksum(store))):
            connection.execute(text(f'DELETE FROM "{table}"'))


def test_a_recorded_log_loads_as_it_does_from_disk(store, storage, recorded_run):
    load_log(store, recorded_run)
    on_disk = checksum(store)
    emptied(store)
    address = storage.copy(recorded_run, "runs/digits [seed 0]")
    report = load_log(store, address)
    assert report.new == RunDirectory(recorded_run).iterations()
    assert report.bad == []
    assert checksum(store) == on_disk
    with store.connect() as connection:
        assert connection.execute(text("SELECT location FROM run")).scalar_one() == address
    assert load_log(store, address).unchanged == len(report.new)


def test_the_batch_ledger_comes_too_and_a_damaged_one_is_named(store, storage, tmp_path):
    train(tmp_path / "run")
    load_log(store, tmp_path / "run")
    on_disk = checksum(store)
    assert on_disk["batch_ledger"][0] >= 1
    emptied(store)
    address = storage.copy(tmp_path / "run", "runs/ledger")
    assert load_log(store, address).bad == []
    assert checksum(store) == on_disk
    path = ledger_path(tmp_path / "run", AT)
    storage.put(f"runs/ledger/{LEDGERS}/{path.name}", path.read_bytes()[:700])
    assert [bad.file for bad in load_log(store, address).bad] == [
        f"{address}/{LEDGERS}/{path.name}"
    ]


def test_a_growing_log_is_read_a_piece_at_a_time(storage, make_log):
    path, _ = make_log("log", snapshots=12)
    iterations = RunDirectory(path).iterations()
    files = [snapshot_path(path, i) for i in iterations]
    source = ObjectStorageSource(ObjectFolder(f"s3://{BUCKET}/live"))
    assert source.manifest() is None
    assert source.changed() == []
    storage.copy(path, "live", files=[path / MANIFEST, *files[:2]])
    manifest = source.manifest()
    assert source.manifest() is manifest
    assert source.changed() == iterations[:2]
    read = source.snapshots(manifest, source.changed(), on_bad=pytest.fail)
    assert [snapshot.iteration for snapshot in read] == iterations[:2]
    assert source.changed() == []
    storage.copy(path, "live", files=files[:4])
    assert source.changed() == iterations[2:4]  # the same bytes anew are nothing new
    storage.put(f"live/snapshots/{files[1].name}", files[1].read_bytes()[:700])
    assert source.changed() == iterations[1:4]


def test_what_is_damaged_is_named_by_its_address(storage, make_log):
    path, _ = make_log("log", snapshots=12)
    address = storage.copy(path, "bad")
    iterations = RunDirectory(path).iterations()
    name = f"snapshots/{iterations[1]:09d}.safetensors"
    storage.put(f"bad/{name}", snapshot_path(path, iterations[1]).read_bytes()[:500])
    storage.put(f"bad/snapshots/{iterations[2]:09d}.safetensors", b"")
    source, bad = ObjectStorageSource(ObjectFolder(address)), []
    read = source.snapshots(source.manifest(), source.changed(), on_bad=bad.append)
    assert [snapshot.iteration for snapshot in read] == [iterations[0], *iterations[3:]]
    assert bad[0].file == f"{address}/{name}"
    assert len(bad) == 2
    assert source.changed() == []
    storage.put("bad/run.json", b"{")
    with pytest.raises(LogError, match=f"^s3://{BUCKET}/bad/run.json"):
        source.manifest()


def test_what_is_larger_than_a_snapshot_may_be_is_not_fetched(storage, make_log, monkeypatch):
    path, _ = make_log("log", snapshots=12)
    source = ObjectStorageSource(ObjectFolder(storage.copy(path, "large")))
    manifest, iterations = source.manifest(), source.changed()
    monkeypatch.setattr("ingest.sources.object_storage.most_bytes", lambda manifest: 100)
    bad = []
    monkeypatch.setattr(
        ObjectStore, "read", lambda self, folder, sizes: {} if not sizes else pytest.fail("read")
    )
    assert list(source.snapshots(manifest, iterations, on_bad=bad.append)) == []
    assert all("100 are allowed" in str(error) for error in bad)


def test_a_storage_that_does_not_answer_is_one_clear_error(storage, monkeypatch):
    monkeypatch.setitem(object_store.CONFIG, "retries", {"max_attempts": 1})
    store = ObjectStore(endpoint="http://127.0.0.1:9")
    with pytest.raises(LogError, match="does not answer: check DEEPTRACKER_S3_ENDPOINT") as error:
        store.entries(ObjectFolder(f"s3://{BUCKET}/runs"))
    assert CREDENTIALS["AWS_ACCESS_KEY_ID"] not in str(error.value)
    assert ObjectStore().entries(ObjectFolder("s3://another-bucket/runs")) == {}


def test_a_job_and_a_watched_folder_load_from_the_storage(
    store, database_url, storage, make_log, tmp_path
):
    path, run = make_log("log", snapshots=12)
    address = storage.copy(path, "team/new-run")
    storage.copy(path, "team/notes", files=[snapshot_path(path, run.iteration(0))])
    root = ObjectFolder(f"s3://{BUCKET}/team")
    log = tmp_path / "worker.log"
    with session_scope(store) as session:
        refused = job_requests.request(session, location=f"s3://{BUCKET}/elsewhere/run")
        watches.add_watch(session, location=str(root), by=None)
    with running_worker(database_url, root, log=log, environment=storage.environment):
        wait_until(lambda: len(states(store)) == 2 and "running" not in states(store).values())
    with session_scope(store) as session:
        found = {job.location: job for job in jobs.list_jobs(session)}
        watch = watches.list_watches(session)[0]
    assert (found[address].state, found[address].done) == ("succeeded", 12)
    assert found[address].watch_id == watch.id
    assert watch.found == 1
    assert "does not lie under" in found[f"s3://{BUCKET}/elsewhere/run"].error
    assert found[f"s3://{BUCKET}/elsewhere/run"].id == refused
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in log.read_text()
    # A second look asks for nothing more.
    upkeep = Upkeep(store, roots=[root], concurrency=1)
    with store.begin() as connection:
        connection.execute(text("UPDATE ingest_watch SET looked_at = NULL"))
    upkeep.look_into_folders()
    assert len(states(store)) == 2


def states(store):
    with session_scope(store) as session:
        listed = {job.id: job.state for job in jobs.list_jobs(session)}
    return {number: "running" if state == "queued" else state for number, state in listed.items()}


def test_a_lake_is_kept_and_read_in_object_storage(store, storage, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with session_scope(store) as session:
        first, second, third = (
            store_run(session, seed=n, snapshots=3, name=f"run {n}").run_id for n in range(3)
        )
    storage.put("lake/notes.txt", b"not ours")
    address = f"s3://{BUCKET}/lake"

    def names():
        with lake.connect(address) as found:
            return dict(found.execute("SELECT run_id, name FROM runs").fetchall())

    with pytest.raises(lake.LakeError, match="There is no lake"):
        lake.connect(address)
    kept = Lake(store, Bucket(ObjectFolder(address)))
    assert (kept.sync().written, kept.sync().current) == (3, 3)
    with full_disk(), pytest.raises(lake.LakeError, match="XDG_CACHE_HOME"):
        lake.connect(address)  # of this machine: the storage has answered
    assert not list(tmp_path.rglob("*.parquet"))
    assert names() == {first: "run 0", second: "run 1", third: "run 2"}
    with session_scope(store) as session:
        session.execute(update(Run).where(Run.id == first).values(title="renamed"))
        session.execute(update(Run).where(Run.id == second).values(trashed_at=text("now()")))
    monkeypatch.setattr(keeping, "GRACE_SECONDS", -1)
    done = kept.sync()
    assert (done.written, done.removed) == (1, 1)
    kept.sync()
    assert names() == {first: "renamed", third: "run 2"}
    # What was fetched goes with it, and nothing else does.
    assert len(list(tmp_path.rglob("run.parquet"))) == 2
    there = storage.client().list_objects_v2(Bucket=BUCKET)["Contents"]
    assert len(there) == 2 + 2 * 5
