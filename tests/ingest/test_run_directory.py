"""A run directory gives its good snapshots, names its bad ones, and gives each form once."""

import os
import shutil
from dataclasses import replace

import pytest

from benchmarks.log_thumbnails import write_contact_sheets
from benchmarks.make_log import append_snapshot, end_log, write_log
from deeptracker.errors import LogError
from deeptracker.format import (
    LEDGERS,
    MANIFEST,
    PROBES,
    SCALARS,
    SNAPSHOTS,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from ingest.locations import LocationRefused
from ingest.sources.run_directory import RunDirectorySource


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    return path, write_log(path, scale=0.01, snapshots=1, name="small", state="recording")


def read(source):
    bad = []
    manifest = source.manifest()
    found = list(source.snapshots(manifest, source.changed(), on_bad=bad.append))
    return [snapshot.iteration for snapshot in found], bad


def test_each_form_of_a_file_is_read_once(log):
    path, run = log
    source = RunDirectorySource(path)
    first, bad = read(source)
    assert len(first) >= 1
    assert bad == []
    assert read(source) == ([], [])
    added = append_snapshot(path, run=run)
    assert read(source) == ([added], [])
    again = snapshot_path(path, first[0])
    write_snapshot(again, run.manifest, replace(run.snapshot(0), epoch=0.5))
    assert read(source) == ([first[0]], [])


def damage_header(path):
    path.write_bytes(path.read_bytes()[:6])


def damage_middle(path):
    path.write_bytes(path.read_bytes()[:-100])


def become_link(path):
    other = path.with_name("elsewhere")
    path.rename(other)
    path.symlink_to(other)


def become_folder(path):
    path.unlink()
    path.mkdir()


def become_other(path):
    path.write_bytes(b"no snapshot at all, but long enough to have a header")


@pytest.mark.parametrize(
    "damage", [damage_header, damage_middle, become_link, become_folder, become_other]
)
def test_a_bad_file_is_named_and_the_others_are_read(log, damage):
    path, run = log
    for _ in range(3):
        append_snapshot(path, run=run)
    source = RunDirectorySource(path)
    iterations = source.changed()
    file = snapshot_path(path, iterations[1])
    damage(file)
    found, bad = read(source)
    assert found == [iterations[0], *iterations[2:]]
    assert [error.file for error in bad] == [file]
    # Named once; when it is written anew it is read.
    assert read(source) == ([], [])
    if damage is become_folder:
        file.rmdir()
    write_snapshot(file, run.manifest, run.snapshot(1))
    assert read(source) == ([iterations[1]], [])


@pytest.mark.parametrize("folder", [PROBES, LEDGERS])
def test_a_bad_folder_beside_the_snapshots_is_named_once(log, folder):
    path, _ = log
    (path / folder).write_text("no folder")
    source, bad = RunDirectorySource(path), []
    found, none = read(source)
    assert len(found) == 1
    assert none == []
    take = source.probes if folder == PROBES else source.ledgers
    for _ in range(2):
        assert list(take(source.manifest(), on_bad=bad.append)) == []
    assert [error.file for error in bad] == [path / folder]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_scalars_that_are_no_file_are_named(log, make):
    path, run = log
    end_log(path, run=run)
    make(path / SCALARS)
    found, bad = read(RunDirectorySource(path))
    assert len(found) == 1
    assert [error.file for error in bad] == [path / SCALARS]


def test_a_folder_without_a_log_has_no_manifest_yet(tmp_path):
    source = RunDirectorySource(tmp_path / "later")
    assert source.manifest() is None
    assert source.changed() == []


def test_a_bad_manifest_is_an_error(log):
    path, _ = log
    (path / MANIFEST).write_text("{")
    with pytest.raises(LogError, match="not JSON"):
        RunDirectorySource(path).manifest()


def test_contact_sheets_are_pictures_or_refused(log):
    path, run = log
    manifest = replace(run.manifest, thumbnail=(32, 32))
    write_manifest(path / MANIFEST, manifest)
    folder = path / "thumbnails"
    write_contact_sheets(path, manifest, seed=0)
    picture = (folder / "000000.webp").read_bytes()
    for sheet in folder.glob("*[1-9].webp"):
        sheet.unlink()
    (folder / "000001.webp").write_bytes(b"<script>alert(1)</script>")
    source, bad = RunDirectorySource(path), []
    assert dict(source.contact_sheets(manifest, on_bad=bad.append)) == {0: picture}
    assert [error.file.name for error in bad] == ["000001.webp"]
    assert dict(source.contact_sheets(manifest, on_bad=bad.append)) == {}


def test_with_roots_no_part_of_the_log_may_lead_out(log, tmp_path):
    path, _ = log
    RunDirectorySource(path, roots=[tmp_path.resolve()]).manifest()
    outside = tmp_path / "outside"
    shutil.move(path / SNAPSHOTS, outside)
    os.symlink(outside, path / SNAPSHOTS)
    assert RunDirectorySource(path).manifest() is not None  # the user's own process may
    with pytest.raises(LocationRefused):
        RunDirectorySource(path, roots=[path.resolve().parent / "log"]).manifest()
