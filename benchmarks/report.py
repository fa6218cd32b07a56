"""The one form of every benchmark: a table of figures, references, ratios and bars."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured figure.

    `bar` says in words what was promised; `holds` is None for a figure without a promise.
    `reference` is measured on the same machine in the same run, in the unit of the figure.
    """

    what: str
    figure: float
    unit: str
    reference: float | None = None
    bar: str = ""
    holds: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Return figure / reference, or None where there is no reference."""
        return self.figure / self.reference if self.reference else None


@dataclass(frozen=True)
class Timing:
    """Median and 95th percentile of repeated runs, in milliseconds."""

    p50: float
    p95: float


def timed(work: Callable[[], object], *, repeats: int = 15, warmup: int = 2) -> Timing:
    """Call `work` a few times and return its times in milliseconds."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return summary(times)


def summary(milliseconds: Iterable[float]) -> Timing:
    """Return p50 and p95 (nearest rank) of times in milliseconds."""
    ordered = sorted(milliseconds)
    rank = max(0, -(-95 * len(ordered) // 100) - 1)
    return Timing(statistics.median(ordered), ordered[rank])


def _table(name: str, rows: list[Row]) -> Table:
    table = Table(title=f"{name} on {platform.machine()}, Python {platform.python_version()}")
    for column in ("what", "figure", "unit", "reference", "ratio", "bar", "holds"):
        table.add_column(column, justify="right" if column in _NUMBERS else "left")
    for row in rows:
        table.add_row(
            row.what,
            f"{row.figure:,.4g}",
            row.unit,
            "" if row.reference is None else f"{row.reference:,.4g}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.bar,
            {None: "", True: "yes", False: "NO"}[row.holds],
        )
    return table


_NUMBERS = {"figure", "reference", "ratio"}


def main(name: str, measure: Callable[[float], Iterable[Row]]) -> None:
    """Run `measure(scale)`, print its rows, and exit with 1 when a bar does not hold."""

    def command(
        json_path: Annotated[
            Path | None, typer.Option("--json", help="Write the table here.")
        ] = None,
        scale: Annotated[float, typer.Option(help="Shrink the work, 0 < scale <= 1.")] = 1.0,
    ) -> None:
        if not 0 < scale <= 1:
            raise typer.BadParameter("scale must lie in (0, 1]")
        finish(name, list(measure(scale)), scale=scale, json_path=json_path)

    typer.run(command)


def finish(name: str, rows: list[Row], *, scale: float, json_path: Path | None) -> None:
    """Print the table, write it as JSON where asked for; exit with 1 when a bar does not hold."""
    Console(width=160).print(_table(name, rows))
    if json_path is not None:
        cells = [asdict(row) | {"ratio": row.ratio} for row in rows]
        json_path.write_text(json.dumps({"benchmark": name, "scale": scale, "rows": cells}))
    if any(row.holds is False for row in rows):
        raise typer.Exit(1)
