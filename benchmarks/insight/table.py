"""The table of the insight benchmark: shares with their 95 % intervals, against the bars."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.insight.following import Following
from benchmarks.insight.judge import Judgement


@dataclass(frozen=True)
class Bar:
    """What is asked of a share: `share` of the runs, `lower` of the interval's lower end."""

    share: float
    lower: float


BARS = {"iteration": Bar(0.9, 0.8), "place": Bar(0.85, 0.72), "cause": Bar(0.7, 0.58)}
MOST_FALSE = 0.1
AHEAD_OF_LOSS = 0.25
CALM = 0.95
MOST_MILLISECONDS = 20.0
_TITLES = {
    "iteration": "iteration",
    "place": "class or layer",
    "filters": "filters",
    "cause": "cause",
    "by_loss": "iteration by loss alone",
}
_RIVALS = ("sk-autod", "training-doctor")


@dataclass(frozen=True)
class Share:
    """`good` of `total`, with the Wilson interval of 95 %."""

    good: int
    total: int

    @property
    def share(self) -> float:
        """Return the share, NaN of nothing."""
        return self.good / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Return the lower and upper end of the interval."""
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.959964, self.total, self.share
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return centre - half, centre + half

    def __str__(self) -> str:
        return f"{self.good}/{self.total} {self.share:.0%}" if self.total else ""

    @property
    def with_interval(self) -> str:
        """Return the share and its interval in words."""
        low, high = self.interval
        return f"{self.share:.0%} ({low:.0%}-{high:.0%}) of {self.total}" if self.total else "-"


@dataclass(frozen=True)
class Row:
    """One line of the figures: what, how much, what is asked, and whether that holds (None: no bar
    or nothing measured)."""

    what: str
    value: str
    bar: str
    holds: bool | None


def share_of(column: str, runs: Sequence[Judgement]) -> Share:
    """Return how often a column of the score is true, where it is either."""
    values = [getattr(run.score, column) for run in runs]
    known = [value for value in values if value is not None]
    return Share(sum(known), len(known))


def figures(runs: Sequence[Judgement], *, at_paper_scale: Following | None = None) -> list[Row]:
    """Return what is asked of the benchmark, and what was measured.

    `at_paper_scale`: how long judging takes while such a run is followed.
    """
    rows = []
    for column, bar in BARS.items():
        share = share_of(column, runs)
        holds = share.share >= bar.share and share.interval[0] >= bar.lower
        rows.append(
            Row(
                f"{_TITLES[column]} named",
                share.with_interval,
                f"{bar.share:.0%} ({bar.lower:.0%})",
                holds if share.total else None,
            )
        )
    rows += _more(runs)
    if at_paper_scale is not None:
        rows.append(
            Row(
                "the whole judgement at paper scale, when a snapshot comes",
                str(at_paper_scale),
                f"{MOST_MILLISECONDS:.0f} ms",
                at_paper_scale.mean <= MOST_MILLISECONDS,
            )
        )
    return rows


def _more(runs: Sequence[Judgement]) -> list[Row]:
    iteration, by_loss = share_of("iteration", runs), share_of("by_loss", runs)
    calm = share_of("calm", runs)
    ahead = iteration.share - by_loss.share
    false = [run.score.false for run in runs if run.score.false is not None]
    ranks = [run.score.rank for run in runs if run.score.rank is not None]
    times = [run.score.milliseconds for run in runs]
    mean = sum(false) / len(false) if false else math.nan
    rows = [
        Row(
            "iteration, loss curve alone",
            by_loss.with_interval,
            f"{AHEAD_OF_LOSS:.0%} less than ours",
            ahead >= AHEAD_OF_LOSS if by_loss.total else None,
        ),
        Row(
            "high or medium findings of a healthy run",
            f"{mean:.2f} (at most {max(false)}) of {len(false)}" if false else "-",
            f"at most {MOST_FALSE}",
            mean <= MOST_FALSE if false else None,
        ),
        Row(
            "healthy runs told nothing high at any time",
            calm.with_interval,
            f"{CALM:.0%}",
            calm.share >= CALM if calm.total else None,
        ),
    ]
    for name in _RIVALS:
        rows += _of_rival(name, runs)
    if ranks:
        first = Share(sum(rank == 1 for rank in ranks), len(ranks))
        rows.append(Row("rank 1, where the fault was named", first.with_interval, "", None))
    if times:
        worst = f"{median(times):.0f} ms (at most {max(times):.0f})"
        rows.append(Row("the whole judgement", worst, "", None))
    return rows


def _of_rival(name: str, runs: Sequence[Judgement]) -> list[Row]:
    said = [run.rivals[name] for run in runs if name in run.rivals]
    if not said:
        return []
    false = [one.false for one in said if one.false is not None]
    iteration = [one.iteration for one in said if one.iteration is not None]
    cause = [one.cause for one in said if one.cause is not None]
    mean = f"{sum(false) / len(false):.1f}" if false else "-"
    return [
        Row(f"iteration, {name}", Share(sum(iteration), len(iteration)).with_interval, "", None),
        Row(f"cause, {name}", Share(sum(cause), len(cause)).with_interval, "", None),
        Row(f"statements on a healthy run, {name}", mean, "", None),
    ]


def print_table(
    console: Console, runs: Sequence[Judgement], title: str, rows: Sequence[Row]
) -> None:
    """Print how each fault was named, and the figures `rows` below."""
    table = Table(title=f"What was planted is among the first three answers; {title}")
    table.add_column("planted")
    for heading in (*_TITLES.values(), "false"):
        table.add_column(heading, justify="right")
    for fault, mine in by_fault(runs).items():
        false = [run.score.false for run in mine if run.score.false is not None]
        shares = [str(share_of(column, mine)) for column in _TITLES]
        table.add_row(fault, *shares, f"{sum(false)} in {len(false)}" if false else "")
    console.print(table)
    below = Table()
    for heading in ("what", "measured", "bar", ""):
        below.add_column(heading)
    for row in rows:
        below.add_row(row.what, row.value, row.bar, _WORDS[row.holds])
    console.print(below)


_WORDS = {None: "", True: "holds", False: "FAILS"}


def by_fault(runs: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    """Return the runs of each fault, in the order of the names of the faults."""
    found: dict[str, list[Judgement]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.fault):
        found[run.fault].append(run)
    return found


def markdown(runs: Sequence[Judgement], title: str, rows: Sequence[Row]) -> str:
    """Return both tables as Markdown."""
    lines = [f"{title}", "", "| what | measured | bar | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.bar} | {_WORDS[row.holds]} |" for row in rows]
    headings = ("planted", *_TITLES.values(), "false findings")
    lines += ["", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for fault, mine in by_fault(runs).items():
        false = [run.score.false for run in mine if run.score.false is not None]
        shares = [str(share_of(column, mine)) for column in _TITLES]
        lines.append(f"| {fault} | {' | '.join(shares)} | {sum(false) if false else ''} |")
    return "\n".join(lines) + "\n"
