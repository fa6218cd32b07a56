"""Does the batch ledger name the images of bad batches? Planted ones, and the score.

`python -m benchmarks.ledger` trains small networks on digits with bad batches at random iterations,
each batch told to the Recorder, and holds the ten images that are named to those that were planted.
Controls have none, or a learning rate that jumps: there no image should be named. The seeds are
drawn at run time unless `--seed` says otherwise. Exit status 1 where the bar does not hold.
"""

import json
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.digit_networks import NETWORKS
from benchmarks.ledger_faults import FAULTS, Planted
from deeptracker import Recorder
from deeptracker.batch_ledger import AFTER
from deeptracker.demo import load_digits
from deeptracker.format import RunDirectory
from ingest.analysis.batches import Blame, Cause, blame

BAR = 0.9
BATCH, EPOCHS = 64, 9
CONTROLS = ("none", "learning rate x 30")
NAMING = (Cause.IMAGES, Cause.COPIES, Cause.BATCH)


@dataclass
class Tally:
    """What came of the trainings with one fault: how many jumps were kept, which images named."""

    runs: int = 0
    found: int = 0
    right: int = 0
    named: int = 0
    elsewhere: int = 0

    def add(self, planted: Planted, blames: list[Blame]) -> None:
        """Count a training; a jump of the steps with the fault, or soon after, is of the fault."""
        self.runs += 1
        last = planted.iteration + planted.steps + AFTER
        mine = [one for one in blames if planted.iteration <= one.iteration < last]
        self.elsewhere += sum(one.cause in NAMING for one in blames if one not in mine)
        self.found += bool(mine)
        for one in mine[:1]:
            named = [image.index for image in one.images if one.cause in NAMING]
            self.named += len(named)
            self.right += len(planted.bad & set(named))


def train(
    folder: Path, *, kind: str, network: str, adaptive: bool, seed: int
) -> tuple[Planted, list[Blame]]:
    """Train with one fault, record it, and return what was planted and what is said of it."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    images, labels = load_digits()[0].tensors
    steps = EPOCHS * (len(images) // BATCH)
    at = int(torch.randint(steps // 4, steps - 20, (1,), generator=random))
    several = kind == "duplicated images" or kind in CONTROLS
    length = 1 + several * int(torch.randint(1, 7, (1,), generator=random))
    planted = Planted(kind, at, length, random, images, labels)
    make, rate = NETWORKS[network]
    model = make()
    optimizer = _optimizer(model, rate, adaptive=adaptive)
    iteration = 0
    with Recorder(model, optimizer, folder, every=10**6, name=kind) as recorder:
        for _ in range(EPOCHS):
            for index in torch.randperm(len(images), generator=random).split(BATCH)[:-1]:
                iteration += 1
                if kind == CONTROLS[1]:
                    _set_rate(optimizer, 30 if at <= iteration < at + length else 1)
                index, pictures, classes = (
                    (index, images[index], labels[index])
                    if kind in CONTROLS
                    else planted.batch(iteration, index)
                )
                losses = nn.functional.cross_entropy(model(pictures), classes, reduction="none")
                optimizer.zero_grad()
                losses.mean().backward()
                optimizer.step()
                recorder.batch(index, losses, classes)
                recorder.step(train_loss=losses.mean())
    log = RunDirectory(folder)
    manifest = log.manifest()
    return planted, [blame(log.ledger(manifest, i)) for i in log.ledger_iterations()]


def _optimizer(model: nn.Module, rate: float, *, adaptive: bool) -> torch.optim.Optimizer:
    if adaptive:
        found: torch.optim.Optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    else:
        found = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for group in found.param_groups:
        group["usual"] = group["lr"]
    return found


def _set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["usual"] * factor


def command(
    runs: Annotated[int, typer.Option(help="Trainings for each fault.")] = 12,
    seed: Annotated[int | None, typer.Option(help="Draw the trainings from this.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Train, name, score and print the table; exit with 1 where the bar does not hold."""
    torch.set_num_threads(1)
    seed = secrets.randbelow(2**31) if seed is None else seed
    numbers = np.random.default_rng(seed)
    tallies = {kind: Tally() for kind in (*FAULTS, *CONTROLS)}
    with tempfile.TemporaryDirectory() as folder:
        for kind, tally in tallies.items():
            for run in range(runs):
                network = str(numbers.choice(list(NETWORKS)))
                found = train(
                    Path(folder) / f"{kind}-{run}",
                    kind=kind,
                    network=network,
                    adaptive=bool(numbers.integers(2)),
                    seed=int(numbers.integers(2**31)),
                )
                tally.add(*found)
    Console(width=120).print(_table(tallies, seed))
    right = sum(tallies[kind].right for kind in FAULTS)
    named = sum(tallies[kind].named for kind in FAULTS)
    if json_path is not None:
        rows = {kind: vars(tally) for kind, tally in tallies.items()}
        json_path.write_text(json.dumps({"benchmark": "ledger", "seed": seed, "rows": rows}))
    if right < BAR * named:
        raise typer.Exit(1)


_COLUMNS: Mapping[str, Callable[[Tally], str]] = {
    "trainings": lambda t: str(t.runs),
    "jump kept": lambda t: f"{t.found}",
    "of ten images named, right": lambda t: _share(t.right, t.named),
    "named elsewhere": lambda t: str(t.elsewhere),
}


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole}  {part / whole:.0%}" if whole else "none named"


def _table(tallies: Mapping[str, Tally], seed: int) -> Table:
    table = Table(title=f"Images named by the batch ledger; seed {seed}")
    table.add_column("planted")
    for title in _COLUMNS:
        table.add_column(title, justify="right")
    for kind, tally in tallies.items():
        if kind == CONTROLS[0]:
            table.add_section()
        table.add_row(kind, *(cell(tally) for cell in _COLUMNS.values()))
    table.add_section()
    right, named = (sum(getattr(tallies[k], n) for k in FAULTS) for n in ("right", "named"))
    verdict = "holds" if right >= BAR * named else "FAILS"
    table.add_row("all faults", "", "", _share(right, named), "")
    table.add_row("bar", "", "", f">= {BAR:.0%}  {verdict}", "")
    return table


if __name__ == "__main__":
    typer.run(command)
