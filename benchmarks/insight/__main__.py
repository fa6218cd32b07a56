"""Does DeepTracker name what went wrong? Real trainings with one planted fault, and the score.

`python -m benchmarks.insight --runs 40 --logs /tmp/insight` draws trainings at random - network,
optimizer, schedule, image set, number of classes and images, fault or none -, records them with the
Recorder, loads them with the ingest, and holds the first three of the ranked answers, at default
settings, to what was planted. The seed is drawn unless given: nobody can have tuned on it. Rules
are tuned on `--part tuning`; the other part of the same seed shares no random number with it.

With `--logs`, trainings are kept and done once. Beside the score stands what the three largest
rises of the training loss alone would have told, and what `sk-autod` and `training-doctor` tell.
These and the image sets come with `pip install -e '.[insight]' -c constraints.txt`. Exit status 1
where a bar fails.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.database import benchmark_engine
from benchmarks.folders import log_folder
from benchmarks.insight.faults import FAULTS
from benchmarks.insight.judge import Judgement, judge_log
from benchmarks.insight.paper_scale import follow_paper
from benchmarks.insight.plan import PARTS, Plan, draw, draw_seed
from benchmarks.insight.table import Row, figures, markdown, print_table
from benchmarks.insight.train_all import train_all


def command(
    runs: Annotated[int, typer.Option(min=1, help="How many trainings.")] = 40,
    seed: Annotated[int | None, typer.Option(help="Default: drawn, and printed.")] = None,
    part: Annotated[str, typer.Option(help="tuning or reported.")] = "reported",
    logs: Annotated[Path | None, typer.Option(help="Keep the recorded logs here.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 2,
    fault: Annotated[list[str] | None, typer.Option(help="Only these faults.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write all scores here.")] = None,
    markdown_path: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables here.")
    ] = None,
) -> None:
    """Train, load, score and print the tables; exit with 1 where a bar does not hold."""
    if part not in PARTS:
        raise typer.BadParameter(f"--part is {' or '.join(PARTS)}, not {part!r}")
    if unknown := set(fault or ()) - set(FAULTS):
        raise typer.BadParameter(f"there is no fault {sorted(unknown)[0]!r}")
    seed = draw_seed() if seed is None else seed
    title = f"{runs} runs, part {part}, seed {seed}"
    console = Console(width=150)
    console.print(title)
    with log_folder(logs, prefix="insight-") as folder, benchmark_engine() as engine:
        plans = draw(seed, part, runs, faults=fault or ())
        judged = [
            judge_log(engine, folder / plan.name, plan.fault, truth)
            for plan, truth in train_all(folder, plans, processes=processes)
        ]
    rows = figures(judged, at_paper_scale=follow_paper())
    print_table(console, judged, title, rows)
    for one in judged:
        for line in one.told() if one.missed else ():
            console.print(line, markup=False, highlight=False)
    if json_path is not None:
        json_path.write_text(json.dumps(_told(title, rows, plans, judged), indent=1))
    if markdown_path is not None:
        markdown_path.write_text(markdown(judged, title, rows))
    if any(row.holds is False for row in rows):
        raise typer.Exit(1)


def _told(
    title: str, rows: Sequence[Row], plans: Sequence[Plan], judged: Sequence[Judgement]
) -> dict[str, object]:
    return {
        "benchmark": "insight",
        "title": title,
        "figures": [asdict(row) for row in rows],
        "runs": [
            {
                "name": one.name,
                "setting": asdict(plan.setting),
                "truth": asdict(one.truth),
                "score": asdict(one.score),
                "rivals": {name: asdict(said) for name, said in one.rivals.items()},
                "answers": [str(answer.text) for answer in one.answers],
            }
            for plan, one in zip(plans, judged, strict=True)
        ],
    }


if __name__ == "__main__":
    typer.run(command)
