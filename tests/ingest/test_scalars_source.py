"""What the readers of other tools find becomes a source: one run, and whether it goes on."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.course import course_of
from deeptracker.conversion.scalar_run import convert_scalars
from deeptracker.errors import LogError
from ingest.sources.scalars import QUIET_SECONDS, ScalarsSource


def source(folder: Path) -> ScalarsSource:
    return ScalarsSource(folder, location=str(folder), live=True)


def test_a_run_goes_on_while_a_file_in_its_folder_grows(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "logs")) as writer:
        writer.add_scalar("loss", 0.5, 1)
    long_ago = time.time() - QUIET_SECONDS - 60
    os.utime(tmp_path / "logs", (long_ago, long_ago))
    found = source(tmp_path).manifest()
    assert found is not None
    assert found.state == "recording"
    assert found.origin is not None
    (name,) = found.origin.files
    os.utime(tmp_path / name, (long_ago, long_ago))
    ended = source(tmp_path).manifest()
    assert ended is not None
    assert ended.state == "complete"


def test_several_runs_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with SummaryWriter(str(tmp_path / name)) as writer:
            writer.add_scalar("loss", 0.5, 1)
    with pytest.raises(LogError, match=r"holds 2 runs, of which one has to be named.*: a, b"):
        source(tmp_path).manifest()


def test_each_snapshot_is_marked_by_all_that_it_has(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = {name: dict(enumerate(random.normal(size=50).tolist())) for name in "abc"}
    marks = course_of(Collected(values=values)).marks()
    assert len(set(marks.tolist())) == 50
    for name, at, value in (("b", 7, 1.0), ("a", 0, float("nan")), ("c", 49, -0.0)):
        other = {key: dict(series) for key, series in values.items()}
        other[name][at] = value
        changed = np.flatnonzero(course_of(Collected(values=other)).marks() != marks)
        assert changed.tolist() == [at]
    swapped = {**values, "a": values["b"], "b": values["a"]}
    assert (course_of(Collected(values=swapped)).marks() != marks).all()
    # More of a series adds snapshots, and changes none.
    longer = {name: {**series, 50: 1.0} for name, series in values.items()}
    assert (course_of(Collected(values=longer)).marks()[:50] == marks).all()


def test_what_was_read_of_a_file_outlives_it(tmp_path: Path) -> None:
    """Else the stored run would lose what it had, at the next look into the folder."""
    for name in ("loss", "accuracy"):
        (tmp_path / f"{name}.csv").write_text(f"step,{name}\n0,0.5\n1,0.25\n")
    reading = source(tmp_path)
    whole = reading.manifest()
    assert reading.course is not None
    series = reading.course.series.keys()
    for name in ("loss", "accuracy"):  # in the end there is none at all
        (tmp_path / f"{name}.csv").unlink()
        reading._look_at = 0.0
        manifest = reading.manifest()
        assert manifest is not None
        assert manifest.origin is not None
        assert (
            f"{name}.csv is not there any more"
            in manifest.origin.notes[-1 if name == "loss" else 0]
        )
        assert reading.course.series.keys() == series
    assert whole is not None
    assert len(series) == 2


def test_what_is_called_like_a_file_and_is_none_is_said(tmp_path: Path) -> None:
    """A pipe that was opened would wait for whoever writes into it."""
    (tmp_path / "loss.csv").write_text("step,loss\n0,0.5\n1,0.25\n")
    (tmp_path / "old.csv").mkdir()
    (tmp_path / "events").mkdir()
    for name in ("live.jsonl", "events/events.out.tfevents.1", "events/notes.fifo"):
        os.mkfifo(tmp_path / name)
    said = [
        "events/events.out.tfevents.1 is a named pipe, not a file: nothing was read of it.",
        "live.jsonl is a named pipe, not a file: nothing was read of it.",
        "old.csv is a folder, not a file: nothing was read of it.",
    ]
    manifest = source(tmp_path).manifest()
    assert manifest is not None
    assert manifest.origin is not None
    assert [note for note in manifest.origin.notes if "nothing was read" in note] == said
    done = convert_scalars(tmp_path, tmp_path.with_name("run"))
    assert [one for one in done.remarks if "nothing was read" in one] == said
    (tmp_path / "loss.csv").unlink()
    with pytest.raises(LogError, match=r"and no scalars\. .*live\.jsonl is a named pipe"):
        convert_scalars(tmp_path, tmp_path.with_name("run"))
