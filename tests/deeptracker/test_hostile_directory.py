"""Whatever lies in a run directory, the good snapshots of the log still load."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deeptracker.errors import LogError
from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    THUMBNAILS,
    RunDirectory,
    contact_sheet_path,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_header, edit_json, refusal


@pytest.fixture
def run(tmp_path: Path) -> Path:
    small_logs.write_small_log(tmp_path / "run", iterations=(10, 20, 30, 40))
    return tmp_path / "run"


def replace_by_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def of_another_run(path: Path) -> None:
    edit_header(path, lambda header: header["__metadata__"].update(run="f" * 32))


def of_another_iteration(path: Path) -> None:
    shutil.copy(path.with_name("000000010.safetensors"), path)


DAMAGES: dict[Callable[[Path], object], str] = {
    lambda path: path.write_bytes(path.read_bytes()[:-1]): "",
    lambda path: path.write_bytes(b""): "header",
    replace_by_link: "",
    replace_by_folder: "",
    replace_by_pipe: "",
    of_another_run: "run",
    of_another_iteration: "iteration",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_bad_snapshot_leaves_the_others(run: Path, damage: Callable[[Path], object]) -> None:
    bad = snapshot_path(run, 20)
    damage(bad)
    log = RunDirectory(run)
    manifest = log.manifest()
    loaded, errors = [], []
    for iteration in log.iterations():
        try:
            loaded.append(log.snapshot(manifest, iteration).iteration)
        except LogError as error:
            errors.append(error)
    assert loaded == [10, 30, 40]
    assert [(error.file, error.field) for error in errors] == [(bad, DAMAGES[damage])]


def test_a_gap_is_no_error(run: Path) -> None:
    snapshot_path(run, 20).unlink()
    assert RunDirectory(run).iterations() == [10, 30, 40]


def test_a_snapshot_that_is_gone_is_named(run: Path) -> None:
    log = RunDirectory(run)
    manifest = log.manifest()
    path = snapshot_path(run, 50)
    assert "No such file" in refusal(lambda: log.snapshot(manifest, 50), path).problem


def test_off_the_grid_is_no_error(run: Path) -> None:
    log = RunDirectory(run)
    manifest = log.manifest()
    odd = small_logs.snapshot(manifest, iteration=33)
    write_snapshot(snapshot_path(run, 33), manifest, odd)
    assert log.iterations() == [10, 20, 30, 33, 40]
    small_logs.assert_same(log.snapshot(manifest, 33), odd)


def test_a_repeat_is_the_recording_that_stands_there_now(run: Path) -> None:
    log = RunDirectory(run)
    manifest = log.manifest()
    again = small_logs.snapshot(manifest, iteration=20, seed=99)
    write_snapshot(snapshot_path(run, 20), manifest, again)
    assert log.iterations() == [10, 20, 30, 40]
    small_logs.assert_same(log.snapshot(manifest, 20), again)


@pytest.mark.parametrize(
    "name",
    [
        ".000000050.safetensors.0a1b2c3d.partial",
        "000000050.safetensors.tmp",
        "50.safetensors",
        "0000000050.safetensors",
        "9999999999.safetensors",
        "00000005١.safetensors",
        "000000050.safetensors\n",
        "-00000050.safetensors",
        "000000050.SAFETENSORS",
        "..safetensors",
        "notes.txt",
        "a\nb",
    ],
)
def test_files_of_other_names_are_passed_over(run: Path, name: str) -> None:
    shutil.copy(snapshot_path(run, 10), run / SNAPSHOTS / name)
    assert RunDirectory(run).iterations() == [10, 20, 30, 40]


def test_names_that_are_no_text_are_passed_over(run: Path) -> None:
    (Path(os.fsdecode(os.fsencode(run / SNAPSHOTS) + b"/\xff\xfe.safetensors"))).write_bytes(b"x")
    assert RunDirectory(run).iterations() == [10, 20, 30, 40]


def test_a_log_in_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    run = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n"))
    run.mkdir()
    with pytest.raises(LogError) as caught:
        RunDirectory(run).manifest()
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")


def test_there_may_be_no_snapshots_yet(tmp_path: Path) -> None:
    write_manifest(tmp_path / MANIFEST, small_logs.manifest())
    assert RunDirectory(tmp_path).iterations() == []


def test_snapshots_that_are_no_folder(run: Path) -> None:
    shutil.rmtree(run / SNAPSHOTS)
    (run / SNAPSHOTS).write_bytes(b"")
    refusal(lambda: RunDirectory(run).iterations(), run / SNAPSHOTS)


@pytest.mark.parametrize("path", ["", "nowhere"])
def test_a_path_that_is_no_log(tmp_path: Path, path: str) -> None:
    log = RunDirectory(tmp_path / path)
    refusal(log.manifest, tmp_path / path / MANIFEST)
    assert log.iterations() == []


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("layers", 0, "filters"), 4, "filter.weight_mean"),
        (("layers", 0, "parameters"), 5, "histogram.weight"),
        (("images", "class"), [0, 1], "prediction"),
        (("run",), "f" * 32, "run"),
    ],
)
def test_a_manifest_that_disagrees_with_the_snapshots(
    run: Path, place: tuple, value: object, field: str
) -> None:
    edit_json(run / MANIFEST, place, value)
    log = RunDirectory(run)
    manifest = log.manifest()
    path = snapshot_path(run, 10)
    assert refusal(lambda: log.snapshot(manifest, 10), path).field == field


def test_a_manifest_with_a_layer_or_a_class_less(run: Path) -> None:
    log = RunDirectory(run)
    manifest = log.manifest()
    fewer = replace(manifest, layers=manifest.layers[:1])
    path = snapshot_path(run, 10)
    assert refusal(lambda: log.snapshot(fewer, 10), path).field == "statistics.weight"
    fewer = replace(manifest, classes=manifest.classes[:1])
    assert refusal(lambda: log.snapshot(fewer, 10), path).field == "prediction"


def test_a_contact_sheet_is_read_by_number(run: Path) -> None:
    (run / THUMBNAILS).mkdir()
    contact_sheet_path(run, 7).write_bytes(b"RIFF")
    assert contact_sheet_path(run, 7) == run / "thumbnails" / "000007.webp"
    assert RunDirectory(run).contact_sheet(7) == b"RIFF"
    assert RunDirectory(run).contact_sheet(8) is None


def test_a_contact_sheet_that_leads_out_of_the_log(run: Path) -> None:
    (run / THUMBNAILS).mkdir()
    path = contact_sheet_path(run, 7)
    for target in ("/etc/passwd", "/nowhere"):
        path.symlink_to(target)
        assert "symbolic link" in refusal(lambda: RunDirectory(run).contact_sheet(7), path).problem
        path.unlink()


def test_a_contact_sheet_of_an_absurd_size(run: Path) -> None:
    (run / THUMBNAILS).mkdir()
    path = contact_sheet_path(run, 7)
    path.touch()
    os.truncate(path, 10 * 2**30)
    refusal(lambda: RunDirectory(run).contact_sheet(7), path)
