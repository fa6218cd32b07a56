"""One run drawn for a terminal with rich: every text made printable, nothing wider than it is."""

import math
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from deeptracker.terminal.curves import Scale, drawn, marked
from deeptracker.terminal.shown import CURVES, TITLES, Cause, Curve, Shown, Told, best_of, last_of

_SEVERITIES = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
_STATES = {"complete": "green", "failed": "bold red", "recording": "cyan"}
_VERDICTS = {"healthy": "green", "unexplained": "yellow", "fault": "bold red"}
_ERRORS = ("train_error", "validation_error")
_HEIGHT, _LABEL, _LEAST, _MOST_WIDTH = 7, 9, 24, 160
# Two charts beside each other from here on.
_WIDE = 76
_ANSWERS, _FINDINGS, _SETTINGS = 3, 8, 24


def draw(shown: Shown, console: Console, *, everything: bool = False) -> None:
    """Print a run; `everything`: all answers, findings and settings rather than the first."""
    width = min(console.width, _MOST_WIDTH)
    for part in (
        _head(shown),
        _facts(shown),
        _settings(shown.settings, everything=everything),
        _charts(shown, width),
        _told("What happened, and why", shown.answers, _ANSWERS, everything=everything),
        _told("Findings", shown.findings, _FINDINGS, everything=everything),
        _notes(shown),
    ):
        if part is not None:
            console.print(part, width=width)
            console.print()


def printable(value: object) -> str:
    """Return a text that changes nothing of the terminal: control characters as escapes."""
    text = " ".join(str(value).split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _head(shown: Shown) -> RenderableType:
    line = Text()
    line.append(printable(shown.name), "bold")
    line.append("  ")
    line.append(shown.state, _STATES.get(shown.state, ""))
    verdict = shown.facts.get("verdict")
    if verdict:
        line.append("  ")
        line.append(str(verdict), _VERDICTS.get(str(verdict), ""))
    return Group(line, _link(shown.page or shown.source))


def _link(address: str) -> Text:
    """Return an address that a terminal opens as a whole, also where it fills several lines."""
    there = address.startswith(("http://", "https://")) and address.isprintable()
    style = Style(dim=True, link=address if there else None)
    return Text(printable(address), style, overflow="fold")


def _facts(shown: Shown) -> RenderableType:
    table = _pairs()
    for name, value in shown.facts.items():
        if value not in (None, "") and name != "verdict":
            table.add_row(name, _value(value))
    for name, title in zip(CURVES, TITLES, strict=True):
        last, best = last_of(shown.curves.get(name)), best_of(shown.curves.get(name))
        words = "not recorded" if last is None else f"last {_number(name, last)}"
        if best is not None:
            words += f", best {_number(name, best[1])} at iteration {best[0]:,}"
        table.add_row(title.lower(), Text(words))
    return table


def _settings(settings: Mapping[str, object], *, everything: bool) -> RenderableType | None:
    if not settings:
        return None
    kept = list(settings.items())[: None if everything else _SETTINGS]
    words = [f"{printable(name)} = {printable(value)}" for name, value in kept]
    left = len(settings) - len(kept)
    more = f" · {left} more (--all)" if left else ""
    return Group(Text("Settings", "bold"), Padding(Text(" · ".join(words) + more), (0, 0, 0, 2)))


def _charts(shown: Shown, width: int) -> RenderableType | None:
    if not shown.curves:
        return None
    sides = 2 if width >= _WIDE else 1
    room = max(width // sides - 1, _LEAST)
    ends = [int(at) for curve in shown.curves.values() for at in curve.iterations[[0, -1]]]
    marks = [(one.first, str(rank)) for rank, one in enumerate((shown.answers or ())[:9], start=1)]
    table = Table.grid(padding=(0, 1, 0, 0))
    for names in (CURVES[:2], CURVES[2:]):
        there = [name for name in names if name in shown.curves]
        scale = Scale([shown.curves[name] for name in there])
        cells = [
            _chart(name, shown.curves[name], scale, marks, (min(ends), max(ends)), room)
            for name in there
        ]
        for start in range(0, len(cells), sides):
            table.add_row(*cells[start : start + sides])
    return table


def _chart(
    name: str,
    curve: Curve,
    scale: Scale,
    marks: Sequence[tuple[int, str]],
    ends: tuple[int, int],
    room: int,
) -> Text:
    first, last = ends
    width = room - _LABEL - 1
    lines = drawn(curve, scale, first=first, last=last, width=width, height=_HEIGHT)
    labels = {0: _number(name, scale.high), _HEIGHT - 1: _number(name, scale.low)}
    title = dict(zip(CURVES, TITLES, strict=True))[name] + (" (log)" if scale.logarithmic else "")
    chart = Text(no_wrap=True)
    chart.append(f"{'':{_LABEL}} {title}\n", "bold")
    for at, line in enumerate(lines):
        chart.append(f"{labels.get(at, ''):>{_LABEL}} ", "dim")
        chart.append(f"{line}\n", "red" if name in _ERRORS else "blue")
    under = f"{first:,}"
    chart.append(f"{'':{_LABEL}} {under}{f'{last:,}':>{width - len(under)}}\n", "dim")
    if marks:
        line = marked(marks, first=first, last=last, width=width)
        chart.append(f"{'answer':>{_LABEL}} ", "dim")
        chart.append(f"{line}\n", "bold")
    return chart


def _told(
    title: str, told: Sequence[Told] | None, most: int, *, everything: bool
) -> RenderableType | None:
    if told is None:
        return None
    kept = told if everything else told[:most]
    parts: list[RenderableType] = [Text(title, "bold")]
    if not told:
        parts.append(Padding(Text("nothing"), (0, 0, 0, 2)))
    for rank, one in enumerate(kept, start=1):
        parts.append(_entry(rank, one))
    if len(told) > len(kept):
        parts.append(Text(f"  {len(told) - len(kept)} more (--all)", "dim"))
    return Group(*parts)


def _entry(rank: int, one: Told) -> RenderableType:
    text = Text()
    text.append(f"{one.severity}", _SEVERITIES.get(one.severity, ""))
    text.append(f", {_when(one)}: ", "dim")
    text.append(printable(one.text))
    parts: list[RenderableType] = [text]
    if one.causes:
        parts += _causes(one.causes)
        parts.append(_link(one.page))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", width=3)
    grid.add_column(overflow="fold")
    grid.add_row(f"{rank}", Group(*parts))
    return grid


def _causes(causes: Sequence[Cause]) -> list[RenderableType]:
    first, others = causes[0], causes[1:]
    line = Text("Cause: ", "bold")
    line.append(printable(first.text), "not bold")
    line.append(f" ({_percent(first.probability)})", "not bold dim")
    parts: list[RenderableType] = [line]
    if first.counter_test:
        test = Text("Counter-test: ", "bold")
        test.append(printable(first.counter_test), "not bold")
        parts.append(test)
    if others:
        listed = ", ".join(f"{one.title} ({_percent(one.probability)})" for one in others)
        parts.append(Text(f"Or: {printable(listed)}", "dim"))
    return parts


def _notes(shown: Shown) -> RenderableType | None:
    notes = list(shown.notes)
    if shown.answers is None and shown.page:
        notes.insert(0, "The run was not judged yet.")
    if not notes:
        return None
    return Group(
        Text("Notes", "bold"), *(Padding(Text(printable(note)), (0, 0, 0, 2)) for note in notes)
    )


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _when(one: Told) -> str:
    if one.last is None:
        return f"from iteration {one.first:,}"
    if one.last == one.first:
        return f"iteration {one.first:,}"
    return f"iterations {one.first:,} to {one.last:,}"


def _value(value: object) -> Text:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return Text(f"{value:,}" if whole else printable(value))


def _number(name: str, value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    return f"{100 * value:.3g} %" if name in _ERRORS else f"{value:.3g}"


def _percent(probability: float) -> str:
    return f"{min(max(round(100 * probability), 1), 99)} %"
