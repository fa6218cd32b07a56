"""Do the label errors that the page of the data lists stand before others? Planted ones say so.

`python -m benchmarks.data_review --data 0-5 --logs /tmp/data-review` trains on half of digits, with
5 % of the labels of the other half, its validation set, flipped; records the trainings with the
Recorder, loads them with the ingest, and takes the average precision of the evidence against each
label. Beside it stands that of cleanlab's self-confidence on the last snapshot of the same run:
cleanlab scores a label by the probability that the network gives it, which is in the log, so it
need not be installed. The scores were tuned on the data seeds 100 to 102 alone, which is why
others are drawn by default. Exit status 1 where the bar does not hold.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.data_review_training import Setting, train
from benchmarks.database import benchmark_engine
from benchmarks.digit_networks import NETWORKS
from benchmarks.folders import log_folder
from benchmarks.report import Row, finish
from db.queries.runs import compare, image_histories
from ingest.analysis.data_review.history import ImageHistory
from ingest.analysis.data_review.lists import RunHistory, doubt
from ingest.pipeline import load_log

RUNS = 3
# Points of average precision above the last snapshot, on average over settings.
BAR = 5.0
SETTINGS = tuple(
    Setting(network, training, alike)
    for network, training, alike in product(NETWORKS, (False, True), (False, True))
)


@dataclass(frozen=True)
class Score:
    """Average precisions: of one run, of all runs together, of the last snapshot of the run."""

    one: float
    together: float
    last: float


def command(
    data: Annotated[str, typer.Option(help="Seeds of split and flips, such as 0-5.")] = "0-5",
    logs: Annotated[Path | None, typer.Option(help="Keep the recorded logs here.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Train, load, score and print the table; exit with 1 where the bar does not hold."""
    torch.set_num_threads(1)
    first, _, last = data.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    with log_folder(logs, prefix="data-review-") as folder, benchmark_engine() as engine:
        scores = {
            setting: [one for seed in seeds for one in _scores(engine, folder, setting, seed)]
            for setting in SETTINGS
        }
    finish("data_review", _rows(scores), scale=1.0, json_path=json_path)


def _scores(engine: Engine, folder: Path, setting: Setting, data: int) -> list[Score]:
    """Return the scores of RUNS trainings on the same data."""
    histories: list[RunHistory] = []
    last: list[NDArray[np.float32]] = []
    for seed in range(RUNS):
        name = f"{setting.name.replace(', ', '-').replace(' ', '-')}-{data}-{seed}"
        flipped = train(folder / name, setting=setting, data=data, seed=seed)
        run_id = load_log(engine, folder / name).run_id
        with Session(engine) as session:
            (row,) = image_histories.histories(session, run_ids=[run_id])
            histories.append(RunHistory(ImageHistory(**row.columns), row.snapshots))
            end = compare.results_at(session, run_id=run_id, iteration=row.last_iteration or 0)
            last.append(1.0 - np.nan_to_num(end.probability))
    truth = np.zeros(len(last[0]), bool)
    truth[flipped] = True
    together = _precision(truth, doubt(histories))
    return [
        Score(_precision(truth, doubt([history])), together, _precision(truth, end))
        for history, end in zip(histories, last, strict=True)
    ]


def _precision(truth: NDArray[np.bool_], score: NDArray[np.float32]) -> float:
    return 100.0 * float(average_precision_score(truth, score))


def _rows(scores: dict[Setting, list[Score]]) -> list[Row]:
    rows = []
    for setting, found in scores.items():
        one, together, last = (
            statistics.mean(getattr(score, name) for score in found)
            for name in Score.__annotations__
        )
        rows.append(Row(f"{setting.name}: one run", one, "AP, %", last))
        rows.append(Row(f"{setting.name}: {RUNS} runs", together, "AP, %", last))
    for words, training in (
        ("both sets", (True,)),
        ("validation", (False,)),
        ("all", (True, False)),
    ):
        chosen = [one for of, found in scores.items() if of.training in training for one in found]
        rows.append(_gain(f"{words}: one run", [one.one - one.last for one in chosen]))
        rows.append(_gain(f"{words}: {RUNS} runs", [one.together - one.last for one in chosen]))
    return rows


def _gain(what: str, gains: Sequence[float]) -> Row:
    mean = statistics.mean(gains)
    bar = f">= {BAR:g} points"
    return Row(f"{what}, above the last snapshot", mean, "points", bar=bar, holds=mean >= BAR)


if __name__ == "__main__":
    typer.run(command)
