"""Runs that the package wandb writes offline, in a process of its own: it takes hold of much."""

import math
import os
import sys
from pathlib import Path

import numpy as np
import torch
import wandb
from torch.utils.tensorboard import SummaryWriter


def quick() -> wandb.Settings:
    """Settings of their own for each run: `init` writes into them."""
    return wandb.Settings(
        mode="offline",
        silent=True,
        console="off",
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        disable_git=True,
    )


def start(folder: Path, **options: object) -> "wandb.Run":
    folder.mkdir(parents=True, exist_ok=True)
    return wandb.init(project="p", dir=folder, settings=quick(), **options)  # type: ignore[arg-type]


def of_everything(folder: Path) -> None:
    """A run with odd numbers, nested names, a histogram, long texts, and settings of all kinds."""
    config = {"lr": 0.1, "opt": {"name": "sgd", "betas": [0.9, 0.99]}, "none": None}
    run = start(folder, id="every", name="my run", tags=["a", "b"], notes="a note", config=config)
    run.log({"loss": math.nan, "up": math.inf, "down": -math.inf, "big": 2**53 - 1, "off": None})
    run.log({"nest": {"a": 1.0}, "nest.a": 2.0, "nest/a": 3.0, "flag": True})
    run.log({"loss": 0.5, "weights": wandb.Histogram(np.arange(10.0))})
    run.log({"loss": 0.25}, step=10)
    run.log({"acc": 0.7}, step=10)
    run.log({"text": "x" * 100_000}, step=11)
    run.log({"loss": 0.2, "table": wandb.Table(columns=["a"], data=[[1]])}, step=12)
    run.summary["best"] = 0.1
    run.config["late"] = 5
    run.alert("hot", "the loss rises")
    run.finish()


def resumed(folder: Path) -> None:
    """A run that was stopped and resumed: offline, its second start counts from 0 again."""
    run = start(folder, id="again", config={"lr": 0.1})
    run.log({"loss": 3.0})
    run.log({"loss": 2.0})
    run.finish()
    run = start(folder, id="again", resume="allow", config={"lr": 0.2})
    run.log({"loss": 1.0})
    run.finish()


def watched(folder: Path) -> None:
    """A run whose network W&B watches: histograms of parameters and gradients."""
    torch.manual_seed(0)
    run = start(folder, id="watched")
    model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Linear(6, 2))
    run.watch(model, log="all", log_freq=1)
    for _ in range(3):
        loss = model(torch.randn(5, 4)).square().mean()
        loss.backward()
        run.log({"loss": loss.item()})
    np.savez(folder / "last.npz", weight=model[0].weight.detach().numpy())
    run.finish()


def of_a_trainer(folder: Path) -> None:
    """A run as Lightning's logger writes it: W&B's own step counts calls."""
    run = start(folder, id="trainer")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    for step in (49, 99):
        run.log({"loss": 1 / step, "trainer/global_step": step})
    run.log({"acc": 0.5})
    run.finish()


def of_defined_metrics(folder: Path) -> None:
    """A run whose script says what its metrics are drawn over, as W&B's callback for Keras does."""
    run = start(folder, id="defined")
    run.define_metric("batch/*", step_metric="batch/batch_step")
    run.define_metric("epoch/*", step_metric="epoch/epoch")
    for epoch in range(2):
        for step in (10 * epoch, 10 * epoch + 5):
            run.log({"batch/loss": 1 / (step + 1), "batch/batch_step": step})
        run.log({"epoch/acc": epoch / 2, "epoch/epoch": epoch})
    run.finish()


def synced(folder: Path) -> None:
    """A run that takes its scalars from TensorBoard's files, in which their true steps are."""
    run = start(folder, id="synced", sync_tensorboard=True)
    with SummaryWriter(folder / "logs") as writer:
        for step in (5, 10, 20):
            writer.add_scalar("acc", step / 4, step)
    run.log({"own": 1.0})
    run.finish()


def main(folder: Path, *, sync: bool) -> None:
    """Write the runs; `sync`: only the one for which wandb waits ten seconds at the end."""
    if sync:
        synced(folder / "synced")
        return
    of_everything(folder / "every")
    resumed(folder / "again")
    of_a_trainer(folder / "trainer")
    of_defined_metrics(folder / "defined")
    watched(folder / "watched")


if __name__ == "__main__":
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
    main(Path(sys.argv[1]), sync=len(sys.argv) > 2)
