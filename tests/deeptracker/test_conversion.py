"""`deeptracker convert`: what real libraries left becomes a log with its true numbers."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.command import main
from deeptracker.conversion.joining import Converted, convert
from deeptracker.conversion.predictions import read_predictions
from deeptracker.errors import LogError, RecordingError
from deeptracker.format import STATISTICS, RunDirectory

STEPS = (500, 1000, 1250)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))


def states() -> dict[int, dict[str, torch.Tensor]]:
    """State dictionaries by iteration, each a little further than the one before."""
    model = network()
    found = {}
    for step in STEPS:
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.1 * torch.randn_like(weight)
        found[step] = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return found


def converted(folder: Path, run: Path, **options) -> tuple[Converted, RunDirectory]:
    return convert(folder, run, **options), RunDirectory(run)


def check(run: RunDirectory, saved: dict[int, dict[str, torch.Tensor]], scale: float = 0) -> None:
    """The snapshots hold the statistics of the weights that were saved."""
    manifest = run.manifest()
    assert [layer.filters for layer in manifest.layers] == [4, 3]
    assert [layer.kernel for layer in manifest.layers] == [(3, 3), ()]
    assert run.iterations() == list(saved)
    for step, state in saved.items():
        snapshot = run.snapshot(manifest, step)
        for row, name in enumerate(("0.weight", "3.weight")):
            known = state[name].double()
            spread = snapshot.statistics["weight"][row, STATISTICS.index("std")]
            assert spread == pytest.approx(known.std(correction=0).item(), rel=1e-5 + scale)
    assert np.isnan(run.snapshot(manifest, min(saved)).statistics["gradient"]).any()


def test_safetensors_with_scalars_of_tensorboard(tmp_path: Path) -> None:
    saved = states()
    folder = tmp_path / "training"
    folder.mkdir()
    for step, state in saved.items():
        save_file(state, folder / f"model-{step}.safetensors")
    with SummaryWriter(folder / "logs") as writer:
        for step in (10, 700, 1300):
            writer.add_scalar("Loss/train", 1 / step, step)
        writer.add_scalar("odd", math.nan, 700)
        writer.add_histogram("weights", np.arange(9.0), 700)
    done, run = converted(folder, tmp_path / "run")
    check(run, saved)
    assert run.manifest().name == "training"
    assert run.manifest().state == "complete"
    loss = [run.snapshot(run.manifest(), step, tail=True).scalars for step in STEPS]
    assert [list(one["train_loss"].iterations) for one in loss] == [[10], [700], [1300]]
    assert loss[1]["train_loss"].values[0] == pytest.approx(1 / 700)
    assert math.isnan(loss[1]["odd"].values[0])
    assert done.snapshots == 3
    assert any("histograms" in remark for remark in done.remarks)
    # Whoever opens the run reads the same.
    assert {one.kind for one in run.manifest().remarks} == {"conversion"}


def test_state_dictionaries_in_files_of_torch(tmp_path: Path) -> None:
    saved = states()
    for at, (step, state) in enumerate(saved.items()):
        wrapped = {f"_orig_mod.module.{name}": tensor for name, tensor in state.items()}
        content = {"epoch": at, "state_dict": wrapped, "optimizer": {"lr": 0.1}}
        torch.save(content, tmp_path / f"epoch={at}-step={step}.ckpt")
    torch.save(saved[STEPS[-1]], tmp_path / "last.ckpt")
    done, run = converted(tmp_path, tmp_path / "run")
    check(run, saved)
    assert done.remarks == ("last.ckpt has no iteration in its name",)


def test_epochs_in_bfloat16_with_a_table(tmp_path: Path) -> None:
    saved = states()
    for epoch, state in enumerate(saved.values()):
        low = {n: t.bfloat16() if t.is_floating_point() else t for n, t in state.items()}
        save_file(low, tmp_path / f"epoch_{epoch}.safetensors")
    with (tmp_path / "results.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["epoch", "   train/loss", "note"])
        table.writerows([[0, "0.5", "a"], [1, "nan", ""], [2, "inf", ""]])
    _, run = converted(tmp_path, tmp_path / "run", iterations_per_epoch=100)
    check(run, dict(zip((100, 200, 300), saved.values(), strict=True)), scale=0.01)
    series = [run.snapshot(run.manifest(), at).scalars["train_loss"] for at in (100, 200, 300)]
    assert [list(one.iterations) for one in series] == [[100], [200], [300]]
    assert np.array_equal([one.values[0] for one in series], [0.5, np.nan, np.inf], equal_nan=True)


def test_predictions_beside_checkpoints(tmp_path: Path) -> None:
    for step, state in states().items():
        save_file(state, tmp_path / f"{step}.safetensors")
    table = tmp_path / "predictions.csv"
    rows = ["iteration,image,label,prediction,probability"]
    rows += ["500,a.png,cat,dog,0.2", "500,b.png,dog,dog,0.9", "1000,a.png,cat,cat,"]
    table.write_text("\n".join([*rows, "1100,a.png,cat,cat,1"]))
    done, run = converted(tmp_path, tmp_path / "run", predictions=read_predictions(table))
    manifest = run.manifest()
    assert (manifest.classes, manifest.images.names) == (("cat", "dog"), ("a.png", "b.png"))
    first, second = (run.snapshot(manifest, step) for step in (500, 1000))
    assert first.prediction is not None
    assert second.prediction is not None
    assert list(first.prediction) == [1, 1]
    assert list(second.prediction) == [0, 2**16 - 1]  # b.png is not in the table there
    assert run.snapshot(manifest, 1250).prediction is None
    assert done.images == 2
    assert done.remarks == (
        "predictions of an iteration without a checkpoint, from 1,100 on, are left out",
    )


class Odd:
    """What a state dictionary is not."""


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: None, "holds no checkpoint"),
        (lambda folder: save_file(network().state_dict(), folder / "a.safetensors"), "rename"),
        (lambda folder: (folder / "step_3.safetensors").write_bytes(b"torn"), "cannot be read"),
        (lambda folder: torch.save(network(), folder / "step_3.pt"), "holds more than weights"),
        (lambda folder: torch.save({"lr": 3}, folder / "step_3.pt"), "no state dictionary"),
        (
            lambda folder: [
                save_file(network().state_dict(), folder / f"{name}3.safetensors")
                for name in ("a", "b")
            ],
            "same iteration",
        ),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_left(tmp_path: Path, prepare, said) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(LogError, match=said):
        convert(folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    with pytest.raises(LogError, match=said):
        convert(folder, tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_checkpoints_of_two_networks_are_no_run(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3, 4)}, tmp_path / "1.safetensors")
    save_file({"other": torch.zeros(3, 4)}, tmp_path / "2.safetensors")
    run_dir = tmp_path / "run"
    for there in (False, True):
        if there:
            run_dir.mkdir()
        with pytest.raises(RecordingError, match="another network"):
            convert(tmp_path, run_dir)
        assert run_dir.exists() == there
        assert not there or list(run_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("iteration,image,label\n", "prediction: is missing"),
        ("iteration,image,label,prediction\n", "no rows"),
        ("iteration,image,label,prediction\n1.5,a,b,c\n", "line 2"),
        ("iteration,image,label,prediction\n1,a,b,c\n2,a,x,c\n", "another label"),
        ("iteration,image,label,prediction,probability\n1,a,b,c,2\n", "not between 0 and 1"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "predictions.csv"
    table.write_text(text)
    with pytest.raises(LogError, match=said):
        read_predictions(table)


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys) -> None:
    for step, state in states().items():
        save_file(state, tmp_path / f"{step}.safetensors")
    main([str(tmp_path), str(tmp_path / "run"), "--name", "mine"])
    assert (
        "3 snapshots of 2 layers, 0 scalars. Load it: deeptracker ingest" in capsys.readouterr().out
    )
    assert RunDirectory(tmp_path / "run").manifest().name == "mine"
