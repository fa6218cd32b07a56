"""The page of the machine: which scalars share a chart, by quantity, rank and device."""

import pytest

from app.arguments import Arguments
from app.data.machine import charts_of, listed, notes_of
from app.data.scalars import key_of, lines
from ingest.analysis.health.rules.machine import read_name
from tests.app.test_scalars import log
from tests.stored_runs import store_run


def charts(*names):
    read = [one for one in (read_name(f"machine/{name}") for name in names) if one]
    return {
        title: [(line.name.removeprefix("machine/"), line.label) for line in some]
        for _, title, _, some in charts_of(read)
    }


def test_quantities_of_one_unit_share_a_chart():
    assert charts(
        "loading_percent", "computing_percent", "recording_percent", "disk_write_mb_per_second",
        "process_memory_gb", "memory_total_gb", "mine",
    ) == {
        "Time": [
            ("computing_percent", "computing"),
            ("loading_percent", "waiting for data"),
            ("recording_percent", "recording"),
        ],
        "Memory of the training": [
            ("process_memory_gb", "training"), ("memory_total_gb", "capacity"),
        ],
        "Disk of the host": [("disk_write_mb_per_second", "written")],
        "mine": [("mine", "machine/mine")],
    }  # fmt: skip


def test_each_rank_and_device_has_a_line():
    assert charts(
        "gpu0_memory_gb", "gpu0_total_gb", "rank1/gpu1_memory_gb", "rank1/gpu1_total_gb",
        "loading_percent", "computing_percent", "rank1/loading_percent", "rank10/loading_percent",
        "rank2/loading_percent", "cpu_percent", "rank2/cpu_percent",
    ) == {
        "GPU memory": [
            ("gpu0_memory_gb", "GPU 0, rank 0"), ("rank1/gpu1_memory_gb", "GPU 1, rank 1"),
            ("gpu0_total_gb", "capacity, GPU 0"), ("rank1/gpu1_total_gb", "capacity, GPU 1"),
        ],
        "Time, computing": [("computing_percent", "value")],
        "Time, waiting for data": [
            ("loading_percent", "rank 0"), ("rank1/loading_percent", "rank 1"),
            ("rank2/loading_percent", "rank 2"), ("rank10/loading_percent", "rank 10"),
        ],
        "CPU of the host": [
            ("cpu_percent", "host of rank 0"), ("rank2/cpu_percent", "host of rank 2"),
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "notes"),
    [
        (["cpu_percent"], ["waits for its data is not known", "No GPU"]),
        (["loading_percent", "gpu0_memory_gb"], ["deeptracker[gpu]"]),
        (["rank1/loading_percent", "gpu0_percent"], []),
    ],
)
def test_what_is_not_known_is_said(names, notes):
    told = notes_of([one for one in (read_name(f"machine/{name}") for name in names) if one])
    assert len(told) == len(notes)
    assert all(part in note for part, note in zip(notes, told, strict=True))


def test_the_answer_has_charts_and_what_a_capacity_is(session, noise):
    run = store_run(session, seed=5, snapshots=4)
    for name, value in (("process_memory_gb", 2.0), ("memory_total_gb", 23.54321)):
        log(session, run.run_id, f"machine/{name}", [5, 25], [value / 2, value])
    arrays, meta = listed(session, run.run_id, Arguments({}))
    assert len(arrays["epoch"]) == 4
    keys = [key_of("machine/process_memory_gb"), key_of("machine/memory_total_gb")]
    [chart] = meta["charts"]
    assert chart == {
        "title": "Memory of the training (GiB)",
        "group": "Memory",
        "lines": [[keys[0], "training", False], [keys[1], "capacity: 23.54", True]],
    }
    assert {key for key, *_ in meta["names"]} == set(keys)
    _, about = lines(session, run.run_id, Arguments({"names": ",".join(keys)}))
    assert set(about["series"]) == set(keys)


def test_a_run_without_has_no_charts_and_no_notes(session, noise):
    run = store_run(session, seed=6, snapshots=3)
    _, meta = listed(session, run.run_id, Arguments({}))
    assert meta == {"names": [], "charts": [], "notes": []}
