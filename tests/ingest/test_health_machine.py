"""Rules about the machine: waiting for data, idle GPUs, memory that grows."""

import numpy as np
import pytest

from ingest.analysis.answer import answer
from ingest.analysis.causes import UNEXPLAINED
from ingest.analysis.causes.causes_of_machine import OF_MACHINE
from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME, evaluate
from ingest.analysis.health.rules.machine import example, is_judged

RNG = np.random.default_rng(3)
NOISE = RNG.normal(0, 1, SNAPSHOTS)


def told(scalar, values, **more):
    return [one for one in evaluate(example(scalar, values, **more), Names((), ())) if one.once]


def steady(value):
    return np.full(SNAPSHOTS, value) + 0.01 * value * NOISE


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


# The cause that fits, and what the scalars of the machine are.
CAUSES_OF_MACHINES = [
    ("storage-too-slow", "loading_percent", 60.0, {"cpu_percent": steady(30.0)}),
    ("processors-too-few", "loading_percent", 60.0, {"cpu_percent": steady(96.0)}),
    ("steps-too-small", "gpu0_percent", 12.0, {"loading_percent": steady(3.0)}),
    ("storage-too-slow", "gpu0_percent", 12.0, {"loading_percent": steady(15.0) + 10}),
    ("graph-kept", "gpu0_memory_gb", np.linspace(8, 16, SNAPSHOTS), {}),
    (
        "loader-copies",
        "process_memory_gb",
        np.linspace(2, 4, SNAPSHOTS),
        {"gpu0_memory_gb": steady(8.0)},
    ),
    (
        "rank-held-up",
        "until_backward_ms",
        20.0,
        {"rank1/until_backward_ms": steady(61.0), "iterations_per_second": steady(10.0)},
    ),
]


@pytest.mark.parametrize(("cause", "scalar", "values", "more"), CAUSES_OF_MACHINES)
def test_what_the_machine_does_has_causes_of_its_own(cause, scalar, values, more):
    values = steady(values) if isinstance(values, float) else values
    history = example(scalar, values, **more)
    found = [one for one in evaluate(history, Names((), ())) if one.once]
    answers = [
        one for one in answer(history, found, Names((), ()))
        if BY_NAME[one.evidence[0].rule].view == "machine"
    ]  # fmt: skip
    assert [one.causes[0].cause for one in answers] == [cause] * len(answers) != []
    ours = {one.name for one in OF_MACHINE} | {UNEXPLAINED}
    assert {suspect.cause for one in answers for suspect in one.causes} <= ours
    assert all(one.causes[0].evidence_for and not one.classes for one in answers)


def test_says_whose_memory_it_is_and_which_gpu():
    assert told("gpu3_memory_gb", np.linspace(8, 16, SNAPSHOTS))[0].text.startswith(
        "GPU 3's memory"
    )
    assert (
        told("gpu3_percent", np.zeros(SNAPSHOTS))[0].text == "GPU 3 is busy 0 % of the time only."
    )


def test_only_the_scalars_that_a_rule_looks_at_are_read():
    names = (
        "machine/gpu12_percent",
        "machine/process_memory_gb",
        "machine/loading_percent",
        "machine/rank3/until_backward_ms",
    )
    assert all(map(is_judged, names))
    others = (
        "machine/memory_percent",
        "loading_percent",
        "gpu0_percent",
        "machine/rank/loading_percent",
    )
    assert not any(map(is_judged, others))
    assert all(
        BY_NAME[name].view == "machine" for name in ("gpu-idle", "memory-grows", "slow-rank")
    )


class TestSlowRank:
    def ranks(self, *milliseconds, speed=10.0):
        late = {f"rank{r}/until_backward_ms": steady(ms) for r, ms in enumerate(milliseconds) if r}
        speeds = {"iterations_per_second": steady(speed)}
        return told("until_backward_ms", steady(milliseconds[0]), **late, **speeds)

    def test_the_latest_is_named_with_what_it_costs(self):
        [found] = self.ranks(20.0, 22.0, 61.0, 21.0)
        assert found.rule == "slow-rank"
        assert found.value == pytest.approx(0.4, abs=0.02)
        assert found.text.startswith("Rank 2 takes 6")

    def test_ranks_that_differ_by_little_are_none(self):
        assert self.ranks(20.0, 22.0, 31.0) == []
        # Twice as late, of iterations that take a second.
        assert self.ranks(20.0, 60.0, speed=1.0) == []

    def test_one_rank_alone_or_few_snapshots_are_none(self):
        assert self.ranks(80.0) == []
        few = np.where(np.arange(SNAPSHOTS) < SNAPSHOTS - 5, np.nan, 80.0)
        more = {"rank1/until_backward_ms": few, "iterations_per_second": steady(10.0)}
        assert told("until_backward_ms", steady(20.0), **more) == []

    def test_a_rank_that_was_slow_for_a_while_is_none(self):
        once = np.where(np.arange(SNAPSHOTS) < SNAPSHOTS // 2, 80.0, 20.0)
        more = {"rank1/until_backward_ms": once, "iterations_per_second": steady(10.0)}
        assert told("until_backward_ms", steady(20.0), **more) == []


def test_of_ranks_the_one_that_waits_most_is_told():
    found = told("loading_percent", steady(50.0), **{"rank1/loading_percent": steady(80.0)})
    assert [one.text.split(" waits")[0] for one in found] == ["The training of rank 1"]


def test_waiting_behind_a_busy_gpu_is_none():
    assert told("loading_percent", steady(70.0), gpu0_percent=steady(95.0)) == []
    assert [
        one.rule for one in told("loading_percent", steady(70.0), gpu0_percent=steady(40.0))
    ] == ["waiting-for-data"]


def test_findings_of_several_ranks_and_devices_are_told_apart():
    more = {"rank1/gpu1_percent": steady(12.0), "gpu1_percent": steady(11.0)}
    found = told("gpu0_percent", steady(10.0), **more)
    assert len({one.key for one in found}) == 3
    assert {one.key for one in found} >= {"gpu-idle"}
    assert any(one.text.startswith("GPU 1 of rank 1 is busy") for one in found)
