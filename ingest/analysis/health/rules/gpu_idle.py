"""GPU idle: a graphics processor has nothing to do for most of the training."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.rules.machine import (
    LEAST,
    example,
    on_snapshots,
    quantities,
)
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

declare(
    {
        "gpu-idle": "GPU {gpu}{rank} is busy {share} of the time only.",
    }
)


def gpu_idle(history: History, threshold: float, names: Names) -> list[Finding]:
    """A utilisation that stays below the threshold over the last half of the run."""
    found = []
    for one in quantities(history, r"gpu\d+_percent"):
        busy = on_snapshots(history, one.name) / 100
        known = np.flatnonzero(np.isfinite(busy))
        late = known[len(known) // 2 :]
        if len(known) < LEAST:
            continue
        smooth = robust.smooth(busy[late], max(5, robust.window(len(late), share=0.2)))
        value = float(np.median(busy[late]))
        if not (smooth < threshold).all():
            continue
        found.append(
            Finding(
                "gpu-idle",
                Severity.LOW,
                start=int(history.iteration[late[0]]),
                end=None,
                strength=threshold / max(value, threshold / 1000),
                value=value,
                text=say(
                    "gpu-idle",
                    gpu=one.quantity.removeprefix("gpu").removesuffix("_percent"),
                    rank=one.of_rank,
                    share=percent(value) if value else "0 %",
                ),
                once=True,
                part=one.part,
                chart=chart_of("share of time the GPU is busy", history, busy, limit=threshold),
            )
        )
    return found


RULE = Rule(
    name="gpu-idle",
    title="GPU idle",
    meaning="A GPU that the training uses has nothing to do for most of the time.",
    looks_at=(
        "The scalars machine/gpu0_percent and so on, running medians: below the threshold over the "
        "last half of the run."
    ),
    needs=(),  # of a training without, it is no fault that it has none
    threshold=0.3,
    unit="share of time",
    low=0.01,
    high=0.95,
    severities="low: it costs time, not quality",
    advice=(
        "Use larger batches, look whether the training waits for data, and whether the script "
        "waits for the GPU in each iteration (.item(), printing, small copies)."
    ),
    source="Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    view="machine",
    lasting=True,
    check=gpu_idle,
    example=lambda: example("gpu0_percent", np.full(SNAPSHOTS, 12.0)),
)
