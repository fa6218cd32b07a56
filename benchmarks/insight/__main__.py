"""Does DeepTracker name what went wrong? Real trainings with one planted fault, and the score.

`python -m benchmarks.insight --seeds 0-2 --logs /tmp/insight` trains two networks on digits with
every fault (and none) for every seed, records them with the Recorder, loads them with the ingest,
and holds the first three of the ranked answers, at default settings, to what was planted. With
`--logs`, trainings are kept and done once; without, they are thrown away. What the three largest
rises of the training loss alone would have told stands beside it. Exit status 1 where a bar fails.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.database import benchmark_engine
from benchmarks.insight_faults import FAULTS
from benchmarks.insight_networks import NETWORKS
from benchmarks.insight_score import Score, score
from benchmarks.insight_training import train
from db.queries.runs.findings import predictions_at
from ingest.analysis.answer import answer
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.history import read_history
from ingest.pipeline import load_log

CONTROL = "control"
# What is asked of all runs with a fault together, and of the controls.
BARS = {"iteration": 0.9, "place": 0.9, "filters": 0.9, "quiet": 0.95, "calm": 0.95}
_COLUMNS = {
    "iteration": "iteration",
    "place": "layer or class",
    "filters": "filters",
    "quiet": "nothing high",
    "calm": "at any time",
    "by_loss": "iteration by loss alone",
}
Scores = dict[str, list[Score]]


def command(
    seeds: Annotated[str, typer.Option(help="Such as 0-2, or 3,4,7.")] = "0-2",
    logs: Annotated[Path | None, typer.Option(help="Keep the recorded logs here.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="Only these faults.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Train, load, score and print the table; exit with 1 where a bar does not hold."""
    torch.set_num_threads(1)
    chosen = fault or list(FAULTS)
    if unknown := set(chosen) - set(FAULTS):
        raise typer.BadParameter(f"there is no fault {sorted(unknown)[0]!r}")
    misses: list[str] = []
    with _folder(logs) as folder, benchmark_engine() as engine:
        scores = _measure(engine, folder, _seeds(seeds), chosen, misses.append)
    console = Console(width=140)
    console.print(_table(scores, seeds))
    for miss in misses:
        console.print(miss, markup=False, highlight=False)
    if json_path is not None:
        cells = {
            name: {column: list(_count(column, runs)) for column in _COLUMNS}
            for name, runs in scores.items()
        }
        json_path.write_text(
            json.dumps({"benchmark": "insight", "seeds": seeds, "rows": cells, "misses": misses})
        )
    if not all(_holds(column, _all(scores)) is not False for column in BARS):
        raise typer.Exit(1)


def _seeds(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    if dash:
        return list(range(int(first), int(last) + 1))
    return [int(part) for part in text.split(",")]


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="insight-") as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept


def _measure(
    engine: Engine,
    folder: Path,
    seeds: Sequence[int],
    faults: Sequence[str],
    tell: Callable[[str], None],
) -> Scores:
    scores: Scores = defaultdict(list)
    for fault in faults:
        for seed in seeds:
            for network in NETWORKS:
                name = f"{network}-{fault.replace(' ', '-')}-{seed}"
                scores[fault].append(_score_run(engine, folder / name, network, fault, seed, tell))
    return scores


def _score_run(
    engine: Engine,
    folder: Path,
    network: str,
    fault: str,
    seed: int,
    tell: Callable[[str], None],
) -> Score:
    truth = train(folder, network=network, fault=fault, seed=seed)
    run_id = load_log(engine, folder).run_id
    with Session(engine) as session:
        history, names = read_history(session, run_id=run_id)
        found = evaluate(history, names, rules=(*RULES, *CHANGES))
        answers = answer(
            history,
            found,
            names,
            taken_for=lambda at: predictions_at(
                session, run_id=run_id, iteration=int(history.iteration[at])
            ),
        )
    result = score(
        truth,
        control=fault == CONTROL,
        history=history,
        names=names,
        findings=found,
        answers=answers,
    )
    missed = [column for column in BARS if getattr(result, column) is False]
    if missed:
        tell(f"MISS {folder.name}: {', '.join(missed)}; planted {truth}")
        for rank, one in enumerate(answers, start=1):
            tell(f"  {rank}. iteration {one.iteration} ({one.severity}): {one.text}")
    return result


def _all(scores: Scores) -> list[Score]:
    return [run for runs in scores.values() for run in runs]


def _count(column: str, runs: Sequence[Score]) -> tuple[int, int]:
    values = [getattr(run, column) for run in runs if getattr(run, column) is not None]
    return sum(values), len(values)


def _holds(column: str, runs: Sequence[Score]) -> bool | None:
    good, total = _count(column, runs)
    return good >= BARS[column] * total if total else None


def _table(scores: Scores, seeds: str) -> Table:
    table = Table(title=f"What was planted is among the first three answers; seeds {seeds}")
    for title in ("planted", *_COLUMNS.values()):
        table.add_column(title, justify="left" if title == "planted" else "right")
    for name, runs in scores.items():
        table.add_row(name, *(_cell(column, runs) for column in _COLUMNS))
    table.add_section()
    every = _all(scores)
    table.add_row("all", *(_cell(column, every) for column in _COLUMNS))
    table.add_row(
        "bar", *(f">= {BARS[column]:.0%}" if column in BARS else "" for column in _COLUMNS)
    )
    words = {None: "", True: "holds", False: "FAILS"}
    table.add_row(
        "", *(words[_holds(column, every)] if column in BARS else "" for column in _COLUMNS)
    )
    return table


def _cell(column: str, runs: Sequence[Score]) -> str:
    good, total = _count(column, runs)
    return f"{good}/{total}  {good / total:4.0%}" if total else ""


if __name__ == "__main__":
    typer.run(command)
