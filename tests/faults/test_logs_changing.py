"""A log that grows, vanishes, is replaced and is cut short, all while it is read and followed."""

import contextlib
import shutil
import threading

import pytest
from sqlalchemy import text

from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, RunDirectory, read_manifest, snapshot_path
from ingest.pipeline import load_log
from tests.faults.conftest import SOAK
from tests.faults.readers import reading
from tests.jobs.checksums import checksum
from tests.jobs.conftest import wait_until

STEPS = 1_000 if SOAK else 120


@pytest.fixture
def live(loaded, tmp_path):
    """A log without snapshots, to which files of the loaded one are copied."""
    path = tmp_path / "live"
    (path / "snapshots").mkdir(parents=True)
    manifest = (loaded.path / MANIFEST).read_text()
    (path / MANIFEST).write_text(manifest.replace('"state":"complete"', '"state":"recording"'))
    assert read_manifest(path / MANIFEST).state == "recording"
    return path


def put(path, data):
    """Write a file as nobody should: in two parts, at its place."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        file.write(data[len(data) // 2 :])


def misuse(rng, live, loaded, iterations):
    """Do one of the things that people and broken disks do to a log."""
    iteration = rng.choice(iterations)
    path, good = snapshot_path(live, iteration), snapshot_path(loaded.path, iteration)
    match rng.randrange(7):
        case 0:
            path.unlink(missing_ok=True)
        case 1:
            put(path, good.read_bytes()[: rng.randrange(good.stat().st_size)])
        case 2:
            put(path, rng.randbytes(rng.choice([0, 7, 500])))
        case 3:
            shutil.copy(snapshot_path(loaded.path, rng.choice(iterations)), path)
        case 4:
            shutil.rmtree(live / "snapshots")
            (live / "snapshots").mkdir()
        case _:
            put(path, good.read_bytes())


@pytest.mark.timeout(1_200 if SOAK else 400)
def test_everything_at_once(store, database_url, loaded, live, rng):
    iterations = RunDirectory(loaded.path).iterations()
    reports, over = [], threading.Event()

    def follow():
        try:
            reports.append(load_log(store, live, follow=True, poll_seconds=0.01))
        except BaseException as error:
            reports.append(error)

    follower = threading.Thread(target=follow)
    with reading(database_url):
        follower.start()
        for _ in range(STEPS):
            misuse(rng, live, loaded, iterations)
            over.wait(0.002)
        assert follower.is_alive(), reports
        # In the end the whole log stands there.
        for iteration in iterations:
            shutil.copy(snapshot_path(loaded.path, iteration), snapshot_path(live, iteration))
        shutil.copy(loaded.path / MANIFEST, live / MANIFEST)
        follower.join(120)
    assert not follower.is_alive()
    [report] = reports
    assert getattr(report, "ended", report) == "complete"
    assert checksum(store) == loaded.checksum


@pytest.mark.parametrize("moment", range(10 if SOAK else 2))
def test_the_whole_folder_vanishes_and_comes_back(store, loaded, tmp_path, rng, moment):
    path = tmp_path / "runs" / "log"
    shutil.copytree(loaded.path, path)
    gone = threading.Timer(
        rng.uniform(0, loaded.seconds / 2), lambda: path.rename(tmp_path / "away")
    )
    gone.start()
    with contextlib.suppress(LogError):  # where it came too late, all was read already
        load_log(store, path)
    gone.join()
    (tmp_path / "away").rename(path)
    load_log(store, path)
    assert checksum(store) == loaded.checksum


def test_the_manifest_is_damaged_while_followed(store, loaded, live):
    """The load ends with a word on the file; loaded again, the run is whole."""
    reports = []

    def follow():
        with pytest.raises(LogError) as caught:
            load_log(store, live, follow=True, poll_seconds=0.01)
        reports.append(caught.value)

    follower = threading.Thread(target=follow)
    follower.start()
    for iteration in RunDirectory(loaded.path).iterations()[:20]:
        shutil.copy(snapshot_path(loaded.path, iteration), snapshot_path(live, iteration))
    wait_until(lambda: rows(store) == 20)
    (live / MANIFEST).write_bytes(b'{"format": "deeptr')
    follower.join(60)
    assert reports[0].file == live / MANIFEST
    shutil.copytree(loaded.path, live, dirs_exist_ok=True)
    load_log(store, live)
    assert checksum(store) == loaded.checksum


def rows(store):
    with store.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM snapshot")).scalar_one()
