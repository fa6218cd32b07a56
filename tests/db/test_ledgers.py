"""Batch ledgers in the store: bounded when they are read, whatever a log held."""

from dataclasses import replace

import numpy as np

from db.load_ledger import drop_abandoned_ledgers, save_ledger
from db.queries.measurements.ledgers import ledger, ledgers
from db.queries.runs import runs
from tests.deeptracker import small_logs


def test_more_than_a_recorder_writes_is_not_read_at_once(session, run):
    many = np.zeros(2**20, np.int64)
    for iteration in range(100, 106):
        large = replace(small_logs.ledger(), iteration=iteration, index=many)
        save_ledger(session, run_id=run.run_id, ledger=large)
    found = [one.iteration for one in ledgers(session, run_id=run.run_id)]
    assert found == [20, 100, 101, 102]
    assert len(ledger(session, run_id=run.run_id, iteration=105).index) == len(many)


def test_a_later_file_of_an_iteration_replaces_and_the_same_one_changes_nothing(session, run):
    version = lambda: runs.get_run(session, run_id=run.run_id).version  # noqa: E731
    first = small_logs.ledger()
    seen = []
    for one in (first, first, replace(first, recorded_at=2.0, reason="copies")):
        save_ledger(session, run_id=run.run_id, ledger=one)
        seen.append((version(), ledger(session, run_id=run.run_id, iteration=12).reason))
    assert seen[0] == seen[1] == (seen[2][0] - 1, "jump")
    assert seen[2][1] == "copies"


def test_only_what_a_later_generation_replaced_goes(session, run):
    for iteration, at in ((30, 5.0), (40, 5.0), (45, 15.0)):
        one = replace(small_logs.ledger(), iteration=iteration, recorded_at=at)
        save_ledger(session, run_id=run.run_id, ledger=one)
    drop_abandoned_ledgers(session, run_id=run.run_id, seams=[(35, 10.0)])
    assert [one.iteration for one in ledgers(session, run_id=run.run_id)] == [20, 30, 45]
