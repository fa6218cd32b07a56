"""Jobs read logs under configured folders and nowhere else."""

import pytest

from ingest.locations import (
    LocationRefused,
    LocationSettings,
    ObjectFolder,
    check_inside,
    resolve_location,
)


@pytest.fixture
def roots(tmp_path):
    for name in ("runs", "more", "outside"):
        (tmp_path / name / "a").mkdir(parents=True)
    (tmp_path / "runs" / "way-out").symlink_to(tmp_path / "outside")
    (tmp_path / "runs" / "inner").symlink_to(tmp_path / "more" / "a")
    return (tmp_path / "runs").resolve(), (tmp_path / "more").resolve()


def test_places_under_a_root_are_allowed(roots, tmp_path):
    assert resolve_location(f"{roots[0]}/a", roots=roots) == roots[0] / "a"
    assert resolve_location("a", roots=roots) == roots[0] / "a"
    assert resolve_location("not-there-yet", roots=roots) == roots[0] / "not-there-yet"
    # From one root into another: still inside.
    assert resolve_location("inner", roots=roots) == roots[1] / "a"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "  ",
        "/",
        "/etc",
        "{root}",
        "{root}/../outside/a",
        "a/../a",
        "..",
        "way-out",
        "way-out/a",
        "{root}/way-out/a",
        "{root}-not/a",
        "file:///etc",
        "file:{root}/a",
        "s3://bucket/a",
        "C:\\runs",
        "a\\..\\..",
        "~root",
        "a\0b",
        "a\nb",
        "/proc/self/root",
        "//etc",
    ],
)
def test_everything_else_is_refused(location, roots):
    with pytest.raises(LocationRefused):
        resolve_location(location.format(root=roots[0]), roots=roots)


def test_without_roots_nothing_is_allowed(tmp_path):
    with pytest.raises(LocationRefused, match="no folder"):
        resolve_location(str(tmp_path), roots=())


def test_a_loop_of_links_is_refused(roots):
    (roots[0] / "loop").symlink_to(roots[0] / "loop")
    with pytest.raises(LocationRefused):
        check_inside(roots[0] / "loop" / "a", roots=roots)


def test_roots_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DEEPTRACKER_LOG_ROOTS", f"{tmp_path}/x:{tmp_path}/y:")
    assert LocationSettings().roots() == ((tmp_path / "x").resolve(), (tmp_path / "y").resolve())
    monkeypatch.delenv("DEEPTRACKER_LOG_ROOTS")
    monkeypatch.setenv("DEEPTRACKER_HOME", str(tmp_path))
    assert LocationSettings().roots() == ((tmp_path / "runs").resolve(),)


BUCKET = ObjectFolder("s3://logs-of-us/team a")


def test_places_in_object_storage(roots):
    mixed = (roots[0], BUCKET)
    assert resolve_location(f"{BUCKET}/run 1/", roots=mixed) == BUCKET / "run 1"
    assert resolve_location(str(roots[0] / "a"), roots=mixed) == roots[0] / "a"
    # Without a folder on disk, relative locations count from the storage's root.
    assert resolve_location("x/y", roots=[BUCKET]) == ObjectFolder(f"{BUCKET}/x/y")
    assert resolve_location(str(BUCKET), roots=[BUCKET], itself=True) == BUCKET
    assert resolve_location(str(roots[0]), roots=mixed, itself=True) == roots[0]


@pytest.mark.parametrize(
    "location",
    [
        "s3://logs-of-us/team a",
        "s3://logs-of-us/team a/",
        "s3://logs-of-us/team ab/run",
        "s3://logs-of-us/other/run",
        "s3://logs-of-us/team a/../other",
        "s3://logs-of-us/team a/./run",
        "s3://logs-of-us/team a//run",
        "s3://another/team a/run",
        "s3://key:secret@logs-of-us/team a/run",
        "s3://logs-of-us/team a/run?versionId=1",
        "s3://logs-of-us/team a/run#x",
        "s3://logs-of-us/team a/*",
        "s3://logs-of-us/team a/x\\y",
        "s3://logs-of-us/team a/x\ny",
        "S3://logs-of-us/team a/run",
        "s3:logs-of-us/team a/run",
        "s3:///team a/run",
        "s3://",
        "gs://logs-of-us/team a/run",
        "http://logs-of-us/team a/run",
        "file:///etc/passwd",
        "local:///etc",
        "memory://x/y",
        "simplecache::s3://logs-of-us/team a/run",
        "zip://a::s3://logs-of-us/team a/run",
        "://x",
    ],
)
def test_other_addresses_are_refused(location, roots):
    with pytest.raises(LocationRefused):
        resolve_location(location, roots=[roots[0], BUCKET])


def test_what_a_storage_root_allows_opens_nothing_on_disk(roots):
    with pytest.raises(LocationRefused):
        resolve_location(str(roots[0] / "a"), roots=[BUCKET])
    with pytest.raises(LocationRefused):
        resolve_location(f"{BUCKET}/run", roots=roots)


def test_roots_of_both_kinds_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DEEPTRACKER_LOG_ROOTS", f"{tmp_path}/x:s3://logs-of-us/a:s3://more-of-us/")
    found = LocationSettings().roots()
    assert [str(root) for root in found] == [
        str((tmp_path / "x").resolve()),
        "s3://logs-of-us/a",
        "s3://more-of-us",
    ]
    monkeypatch.setenv("DEEPTRACKER_LOG_ROOTS", "gs://logs-of-us/a")
    with pytest.raises(LocationRefused, match="not from 'gs'"):
        LocationSettings().roots()
    monkeypatch.setenv("DEEPTRACKER_S3_ENDPOINT", "http://key:secret@127.0.0.1:9000")
    with pytest.raises(ValueError, match="without a password"):
        LocationSettings()
