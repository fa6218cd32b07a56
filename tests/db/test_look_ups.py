"""A look-up is one statement, rarely two; an index answers each; what does not exist is refused."""

import re

import pytest

from db.errors import NotFound
from db.queries.measurements import (
    class_results,
    filter_stats,
    layer_stats,
    ledgers,
    peaks,
    probe_tops,
    probes,
    scalars,
    snapshots,
)
from db.queries.runs import runs, structure
from db.raw import driver_connection
from tests.db.statements import counted

LOOK_UPS = {
    "list_runs": lambda s, run: runs.list_runs(s),
    "get_run": lambda s, run: runs.get_run(s, run_id=run),
    "run_version": lambda s, run: runs.run_version(s, run_id=run),
    "run_manifest": lambda s, run: runs.run_manifest(s, run_id=run),
    "layers": lambda s, run: structure.layers(s, run_id=run),
    "classes": lambda s, run: structure.classes(s, run_id=run),
    "image_classes": lambda s, run: structure.image_classes(s, run_id=run),
    "class_image_ids": lambda s, run: structure.class_images(s, run_id=run, class_id=1),
    "image_names": lambda s, run: structure.image_names(s, run_id=run, class_id=1),
    "contact_sheet": lambda s, run: structure.contact_sheet(s, run_id=run, class_id=1),
    "snapshots": lambda s, run: snapshots.snapshots(s, run_id=run),
    "iterations": lambda s, run: snapshots.iterations(s, run_id=run),
    "class_errors": lambda s, run: snapshots.class_errors(s, run_id=run),
    "class_error": lambda s, run: snapshots.class_error(s, run_id=run, class_id=1),
    "flips": lambda s, run: snapshots.flips(s, run_id=run),
    "correct_now": lambda s, run: snapshots.correct_now(s, run_id=run),
    "layer_stat": lambda s, run: layer_stats.layer_stat(
        s, run_id=run, layer_id=1, quantity="update"
    ),
    "layer_profile": lambda s, run: layer_stats.layer_profile(
        s, run_id=run, quantity="weight", statistic="mean"
    ),
    "layer_filters": lambda s, run: filter_stats.layer_filters(
        s, run_id=run, layer_id=1, quantity="cosine_change"
    ),
    "one_filter": lambda s, run: filter_stats.one_filter(
        s, run_id=run, layer_id=1, filter=0, quantity="cosine_change"
    ),
    "top_filters": lambda s, run: peaks.top_filters(
        s, run_id=run, iteration=20, quantity="cosine_change"
    ),
    "all_peaks": lambda s, run: peaks.all_peaks(s, run_id=run, quantity="cosine_change"),
    "class_images": lambda s, run: class_results.class_images(s, run_id=run, class_id=1),
    "ledgers": lambda s, run: ledgers.ledgers(s, run_id=run),
    "ledger": lambda s, run: ledgers.ledger(s, run_id=run, iteration=20),
    "probe_maps": lambda s, run: probes.probe_maps(s, run_id=run, layer_id=1, image_id=5, at=20),
    "probe_course": lambda s, run: probes.probe_course(
        s, run_id=run, layer_id=1, image_id=5, filter=1
    ),
    "probe_kernels": lambda s, run: probes.probe_kernels(s, run_id=run, at=20),
    "top_iterations": lambda s, run: probe_tops.top_iterations(s, run_id=run),
    "filter_tops": lambda s, run: probe_tops.filter_tops(s, run_id=run, layer_id=1, filter=0),
    "layer_tops": lambda s, run: probe_tops.layer_tops(s, run_id=run, at=[20]),
    "scalar": lambda s, run: scalars.scalar(s, run_id=run, name="train_loss"),
    "scalar_names": lambda s, run: scalars.scalar_names(s, run_id=run),
}


# They need a small table and a large one, which no statement may join (tests/large_tables.py).
OF_TWO_TABLES = ("all_peaks", "class_images")


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_is_one_statement_that_an_index_answers(session, run, monkeypatch, name):
    with counted(monkeypatch) as sent:
        LOOK_UPS[name](session, run.run_id)
    assert len(sent) == (2 if name in OF_TWO_TABLES else 1)
    if name == "list_runs":
        return
    driver = driver_connection(session)
    # Where no index could answer, PostgreSQL would read the whole table all the same.
    driver.execute("SET LOCAL enable_seqscan = off")
    for query, parameters in sent:
        lines = driver.execute(b"EXPLAIN " + query, parameters).fetchall()
        plan = "\n".join(line for (line,) in lines)
        assert "Index" in plan
        assert not re.search(r"Seq Scan on (?!account)", plan)


@pytest.mark.parametrize("run_id", [10**9, 0, -1, 2**31, 2**63, 10**30])
def test_an_unknown_run_is_not_found(session, run, run_id):
    for name in set(LOOK_UPS) - {"list_runs"}:
        with pytest.raises(NotFound, match=rf"no run {run_id}\b"):
            LOOK_UPS[name](session, run_id)


@pytest.mark.parametrize("wrong", [3, -1, 2**31, 2**70])
def test_an_unknown_layer_filter_or_iteration_is_not_found(session, run, wrong):
    key = {"run_id": run.run_id, "layer_id": wrong}
    with pytest.raises(NotFound, match=f"no layer {wrong} in run {run.run_id}"):
        layer_stats.layer_stat(session, quantity="weight", **key)
    with pytest.raises(NotFound, match="no layer"):
        filter_stats.layer_filters(session, quantity="weight_l2", **key)
    with pytest.raises(NotFound, match="no layer"):
        filter_stats.one_filter(session, filter=0, quantity="weight_l2", **key)
    with pytest.raises(NotFound, match="no snapshot at iteration"):
        peaks.top_filters(session, run_id=run.run_id, iteration=wrong, quantity="gradient_l2")
    with pytest.raises(NotFound, match="no batch ledger at iteration"):
        ledgers.ledger(session, run_id=run.run_id, iteration=wrong)
    filters = int(run.layer_filters[1])
    beyond = filters if wrong == 3 else wrong
    with pytest.raises(NotFound, match=f"no filter {beyond} in layer 1"):
        filter_stats.one_filter(
            session, run_id=run.run_id, layer_id=1, filter=beyond, quantity="weight_l2"
        )


@pytest.mark.parametrize("wrong", [4, -1, 2**29, 2**31, 2**70])
def test_an_unknown_class_or_series_is_not_found(session, run, wrong):
    for look_up in (
        structure.class_images,
        structure.image_names,
        structure.contact_sheet,
        snapshots.class_error,
        class_results.class_images,
    ):
        with pytest.raises(NotFound, match=f"no class {wrong} in run {run.run_id}"):
            look_up(session, run_id=run.run_id, class_id=wrong)
    with pytest.raises(NotFound, match="no series"):
        scalars.scalar(session, run_id=run.run_id, name=str(wrong))
    with pytest.raises(NotFound):
        runs.get_run_by_uuid(session, uuid=str(wrong))


@pytest.mark.parametrize("wrong", ["", "weight; DROP TABLE run", "mean", "activations", "quantity"])
def test_a_wrong_quantity_is_refused_without_a_statement(session, run, monkeypatch, wrong):
    with counted(monkeypatch) as sent:
        for look_up, names in (
            (layer_stats.layer_stat, {"layer_id": 0}),
            (layer_stats.layer_profile, {"statistic": "mean"}),
            (filter_stats.layer_filters, {"layer_id": 0}),
            (filter_stats.one_filter, {"layer_id": 0, "filter": 0}),
            (peaks.top_filters, {"iteration": 10}),
            (peaks.all_peaks, {}),
        ):
            with pytest.raises(ValueError, match="is not one of"):
                look_up(session, run_id=run.run_id, quantity=wrong, **names)
    assert not sent
