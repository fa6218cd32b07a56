"""What lies at a place is told before it is loaded, with files that real writers left."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from benchmarks.make_log import write_log
from deeptracker.conversion.scalar_run import convert_scalars
from deeptracker.errors import LogError
from ingest.locations import LocationRefused, StoredRunPlace
from ingest.sources import recognised
from ingest.sources.recognised import RECORDED, Choice, recognise


def events(folder: Path, steps: int) -> None:
    writer = EventFileWriter(str(folder))
    for step in range(1, steps + 1):
        value = Summary.Value(tag="loss", simple_value=1 / step)
        writer.add_event(Event(step=step, wall_time=1e9 + step, summary=Summary(value=[value])))
    writer.close()


def test_a_folder_of_several_kinds(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,acc\n1,0.5\n2,nan\n")
    events(tmp_path / "logs", 5)
    for step in (10, 20):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        save_file({"conv.weight": np.ones((4, 3, 3, 3), "f4")}, folder / "model.safetensors")
    (tmp_path / "predictions.csv").write_text("iteration,image,label,prediction\n10,a,0,1\n")
    (tmp_path / "notes.txt").write_text("mine")
    found = recognise(tmp_path, roots=[tmp_path.parent])
    assert set(found.kinds) >= {"CSV", "2 checkpoints", "table of predictions"}
    assert any("TensorBoard" in kind for kind in found.kinds)
    assert (found.files, found.checkpoints) == (6, 2)
    assert (found.series, found.values, found.iterations) == (2, 7, 5)
    assert found.has == ("scalars", "layers", "filters", "weight", "predictions", "images")
    assert set(found.lacks) == set(recognised.PARTS) - set(found.has)
    assert found.refused == ()


def test_the_folder_above_that_of_a_run(tmp_path: Path) -> None:
    # Lightning's: default_root_dir/lightning_logs/version_N.
    for number in (0, 1):
        version = tmp_path / "lightning_logs" / f"version_{number}"
        (version / "checkpoints").mkdir(parents=True)
        (version / "metrics.csv").write_text("epoch,step,train_loss\n0,1,0.5\n")
        save_file(
            {"net.weight": np.ones((4, 3), "f4")},
            version / "checkpoints" / "epoch=0-step=2.safetensors",
        )
    found = recognise(tmp_path)
    assert found.kinds == ("folders of runs",)
    names = [f"lightning_logs/version_{number}" for number in (0, 1)]
    assert [one.name for one in found.choices] == names
    chosen = recognise(Path(found.choices[1].location))
    assert (chosen.kinds, chosen.checkpoints) == (("CSV", "1 checkpoint"), 1)
    with pytest.raises(LogError, match=f"name {names[0]} or {names[1]} instead"):
        convert_scalars(tmp_path, tmp_path / "run")
    assert recognise(tmp_path / "lightning_logs" / "version_0" / "checkpoints").checkpoints == 1
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    assert recognise(tmp_path / "empty").kinds == ()


def test_what_is_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events(tmp_path, 5)
    monkeypatch.setattr(recognised, "READ_BYTES", 50)
    found = recognise(tmp_path)
    assert found.kinds == ("TensorBoard",)
    assert (found.series, found.values, found.has) == (None, None, ("scalars",))


def test_one_of_several_runs_has_to_be_chosen(tmp_path: Path) -> None:
    for name in ("lr 0.1", "lr 0.2"):
        events(tmp_path / name, 3)
    found = recognise(tmp_path)
    assert found.kinds == ("runs of TensorBoard",)
    assert [one.name for one in found.choices] == ["lr 0.1", "lr 0.2"]
    run = found.choices[1].location.rpartition("#")[2]
    chosen = recognise(StoredRunPlace(tmp_path, run))
    assert (chosen.choices, chosen.values) == ((), 3)


def test_run_directories(tmp_path: Path) -> None:
    log = tmp_path / "runs" / "first"
    write_log(log, scale=0.01, snapshots=1_200)
    found = recognise(log)
    assert found.kinds == (RECORDED,)
    assert found.snapshots == 12
    assert {"scalars", "layers", "gradient", "predictions", "images"} <= set(found.has)
    assert found.images
    write_log(tmp_path / "runs" / "second", scale=0.01, snapshots=1_200)
    assert Choice(str(log), "first") in recognise(tmp_path / "runs").choices


def test_nothing_and_what_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "notes.txt").write_text("mine")
    assert recognise(root).kinds == ()
    (root / "events.out.tfevents.1").write_bytes(b"no event file at all, though called so")
    assert [one.file for one in recognise(root).refused]
    (tmp_path / "secret.csv").write_text("step,loss\n1,2\n")
    (root / "way-out.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(LocationRefused):
        recognise(root, roots=[root])
    with pytest.raises(LogError, match="is not there"):
        recognise(tmp_path / "nothing")
