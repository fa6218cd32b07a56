"""The machine of a run as charts: which of its scalars share one, their units and capacities."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of
from app.arguments import Arguments
from app.binary import Arrays
from app.components.texts import number
from app.data.scalars import axes, group_of, key_of, names_of
from db.queries.measurements import snapshots
from ingest.analysis.health.rules.machine import PREFIX, Read, read_name


class Part(NamedTuple):
    """A quantity of a chart: the pattern of its scalars, its name, the scalar of its capacity.

    A group of the pattern is the number of a device.
    """

    pattern: str
    name: str = ""
    capacity: str = ""


class Chart(NamedTuple):
    """A chart of some quantities with one unit, in a group; `host`: they are of a whole host."""

    group: str
    title: str
    unit: str
    parts: tuple[Part, ...]
    host: bool = False


# GB are 2**30 bytes in the names of the scalars, MB 2**20.
CHARTS: Sequence[Chart] = (
    Chart("Throughput", "Iterations", "/s", (Part("iterations_per_second"),)),
    Chart("Throughput", "Images", "/s", (Part("images_per_second"),)),
    Chart(
        "Throughput",
        "Time",
        "%",
        (
            Part("computing_percent", "computing"),
            Part("loading_percent", "waiting for data"),
            Part("recording_percent", "recording"),
        ),
    ),
    Chart("Throughput", "Until the backward pass", "ms", (Part("until_backward_ms"),)),
    Chart(
        "CPU",
        "CPU of the training",
        "100 % is a core",
        (Part("process_cpu_percent", "training", "process_cpu_total_percent"),),
    ),
    Chart("CPU", "CPU of the host", "%", (Part("cpu_percent"),), host=True),
    Chart(
        "Memory",
        "Memory of the training",
        "GiB",
        (Part("process_memory_gb", "training", "memory_total_gb"),),
    ),
    Chart("Memory", "Memory of the host", "%", (Part("memory_percent"),), host=True),
    Chart("GPU", "GPU memory", "GiB", (Part(r"gpu(\d+)_memory_gb", "", "gpu{}_total_gb"),)),
    Chart("GPU", "GPU utilisation", "%", (Part(r"gpu(\d+)_percent"),)),
    Chart(
        "Disk and network",
        "Disk of the host",
        "MiB/s",
        (Part("disk_read_mb_per_second", "read"), Part("disk_write_mb_per_second", "written")),
        host=True,
    ),
    Chart(
        "Disk and network",
        "Network of the host",
        "MiB/s",
        (
            Part("network_received_mb_per_second", "received"),
            Part("network_sent_mb_per_second", "sent"),
        ),
        host=True,
    ),
)


class Line(NamedTuple):
    """A line of a chart; `capacity` says that it is what there is, not what is used."""

    name: str
    label: str
    capacity: bool = False


def listed(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve which charts the machine of a run has, and where its snapshots lie on every axis.

    Arrays: as of the list of scalars. meta.names: of each of the machine's scalars [key, name,
    group]; meta.charts: {title, group, lines: [[key, label, whether it is a capacity], ...]};
    meta.notes: what is not known, and how to have it.
    """
    found = snapshots.snapshots(session, run_id=run_id)
    names = [name for name in names_of(session, run_id) if name.startswith(PREFIX)]
    read = [one for one in map(read_name, names) if one is not None]
    analysis = analysis_of(session, run_id)
    charts = [
        {
            "title": f"{title} ({unit})" if unit else title,
            "group": group,
            "lines": [
                [key_of(line.name), _label(session, analysis, line, at=found), line.capacity]
                for line in lines
            ],
        }
        for group, title, unit, lines in charts_of(read)
    ]
    return axes(found), {
        "names": [[key_of(name), name, group_of(name)] for name in names],
        "charts": charts,
        "notes": notes_of(read) if read else [],
    }


def charts_of(read: Sequence[Read]) -> Iterator[tuple[str, str, str, list[Line]]]:
    """Yield group, title, unit and lines of each chart that a run has scalars for.

    Where several ranks have several quantities of a chart, each quantity has one of its own.
    """
    known: set[str] = set()
    for chart in CHARTS:
        by_part = {part: _of_part(part, read) for part in chart.parts}
        apart = len(chart.parts) > 1 and any(len(found) > 1 for found in by_part.values())
        whole: list[Line] = []
        for part, found in by_part.items():
            lines = _lines(part, found, read, host=chart.host, named=not apart)
            known |= {line.name for line in lines}
            if apart and lines:
                yield chart.group, f"{chart.title}, {part.name}", chart.unit, lines
            whole += lines
        if whole and not apart:
            yield chart.group, chart.title, chart.unit, whole
    for one in read:
        if one.name not in known:
            yield "Other", one.name.removeprefix(PREFIX), "", [Line(one.name, one.name)]


def _of_part(part: Part, read: Sequence[Read]) -> list[tuple[Read, str]]:
    """Return the scalars of a quantity by rank, with the number of the device ("": none)."""
    found = []
    for one in sorted(read, key=lambda one: one.rank):
        match = re.fullmatch(part.pattern, one.quantity)
        if match is not None:
            found.append((one, "".join(match.groups())))
    return found


def _lines(
    part: Part,
    found: Sequence[tuple[Read, str]],
    read: Sequence[Read],
    *,
    host: bool,
    named: bool,
) -> list[Line]:
    """Return the lines of a quantity, rank by rank and device by device; then the capacities."""
    lines: list[Line] = []
    capacities: list[Line] = []
    by_place = {(one.rank, one.quantity): one.name for one in read}
    ranks = len({one.rank for one, _ in found}) > 1
    for one, gpu in found:
        device = f"GPU {gpu}" if gpu else ""
        rank = f"{'host of ' if host else ''}rank {one.rank}" if ranks else ""
        whose = [text for text in (device, rank) if text]
        name = part.name if named and not (part.capacity and whose) else ""
        lines.append(Line(one.name, ", ".join(filter(None, (name, *whose))) or "value"))
        capacity = by_place.get((one.rank, part.capacity.format(gpu)))
        if part.capacity and capacity:
            own = device or (f"host of {rank}" if rank else "")
            capacities.append(Line(capacity, ", ".join(filter(None, ("capacity", own))), True))
    if len(capacities) == 1:
        capacities = [capacities[0]._replace(label="capacity")]
    return lines + capacities


def _label(session: Session, analysis: Analysis, line: Line, *, at: snapshots.Snapshots) -> str:
    """Return the label of a line; that of a capacity says how much it is: it may be far above."""
    if not line.capacity:
        return line.label
    values = analysis.series(session, line.name, at=at).values
    return f"{line.label}: {number(values[-1], 4)}" if len(values) else line.label


def notes_of(read: Sequence[Read]) -> list[str]:
    """Return what is not known of the machine, and how to have it."""
    quantities = [one.quantity for one in read]
    notes = []
    if "loading_percent" not in quantities:
        notes.append(
            "What share of the time the training waits for its data is not known: it is measured "
            "where the network that the Recorder was made with is called itself, or where the loop "
            "runs over recorder.loading(loader)."
        )
    gpus = [name for name in quantities if name.startswith("gpu")]
    if not gpus:
        notes.append("No GPU: the training used none, or none that could be read.")
    elif not any(name.endswith("_percent") for name in gpus):
        notes.append(
            "How busy the GPUs are is not known: that needs NVML, by "
            'pip install "deeptracker[gpu]" where the training runs.'
        )
    return notes
