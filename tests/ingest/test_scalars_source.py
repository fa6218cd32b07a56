"""What the readers of other tools find becomes a source: one run, and whether it goes on."""

import os
import time
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

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
