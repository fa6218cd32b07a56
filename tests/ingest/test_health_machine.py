"""Rules about the machine: waiting for data, idle GPUs, memory that grows."""

import numpy as np
import pytest

from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME, evaluate
from ingest.analysis.health.rules.machine import example, is_judged

RNG = np.random.default_rng(3)
NOISE = RNG.normal(0, 1, SNAPSHOTS)


def told(scalar, values):
    return [one for one in evaluate(example(scalar, values), Names((), ())) if one.once]


@pytest.mark.parametrize(
    ("rule", "scalar", "values", "start"),
    [
        ("waiting-for-data", "loading_percent", 60 + 10 * NOISE, 10),
        ("gpu-idle", "gpu1_percent", 12 + 3 * NOISE, 410),
        ("memory-grows", "process_memory_gb", np.linspace(2, 4, SNAPSHOTS) + 0.01 * NOISE, 270),
        ("memory-grows", "gpu0_memory_gb", np.linspace(8, 16, SNAPSHOTS), 270),
    ],
)
def test_what_lasts_is_found_from_where_it_began(rule, scalar, values, start):
    [found] = told(scalar, values)
    assert (found.rule, found.start, found.end) == (rule, start, None)
    assert found.severity.value == "low"


@pytest.mark.parametrize(
    ("scalar", "values"),
    [
        # A first epoch that is read from a cold disk.
        ("loading_percent", np.where(np.arange(SNAPSHOTS) < 30, 80.0, 5.0)),
        ("loading_percent", 20 + 10 * NOISE),
        # Single snapshots at which it is high, such as after a validation.
        ("loading_percent", np.where(np.arange(SNAPSHOTS) % 10 == 0, 95.0, 5.0)),
        ("gpu0_percent", 90 + 5 * NOISE),
        # Idle half of the time: while it validates.
        ("gpu0_percent", np.where(np.arange(SNAPSHOTS) % 2, 90.0, 5.0)),
        ("gpu0_percent", np.full(SNAPSHOTS, np.nan)),
        # Fills a cache, then stays; goes up and down; grows by nothing that matters.
        ("process_memory_gb", np.minimum(np.linspace(2, 9, SNAPSHOTS), 5)),
        ("process_memory_gb", 4 + np.sin(np.arange(SNAPSHOTS) / 3)),
        ("process_memory_gb", np.linspace(0.2, 0.35, SNAPSHOTS)),
    ],
)
def test_what_passes_or_is_small_is_none(scalar, values):
    assert told(scalar, values) == []


def test_says_whose_memory_it_is_and_which_gpu():
    assert told("gpu3_memory_gb", np.linspace(8, 16, SNAPSHOTS))[0].text.startswith(
        "GPU 3's memory"
    )
    assert told("gpu3_percent", np.zeros(SNAPSHOTS))[0].text == "GPU 3 is busy 0% of the time only."


def test_only_the_scalars_that_a_rule_looks_at_are_read():
    names = ("machine/gpu12_percent", "machine/process_memory_gb", "machine/loading_percent")
    assert all(map(is_judged, names))
    assert not any(map(is_judged, ("machine/cpu_percent", "loading_percent", "gpu0_percent")))
    assert all(BY_NAME[name].view == "scalars" for name in ("gpu-idle", "memory-grows"))
