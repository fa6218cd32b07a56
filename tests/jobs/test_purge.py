"""Runs deleted for good by a worker: gone with their space, never while somebody loads them."""

import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.errors import Conflict, RunBusy
from db.load import sole_loader
from db.permissions import Role
from db.queries.runs import run_upkeep, runs
from db.queries.team import accounts
from ingest.pipeline import load_log
from ingest.purge import purge_run
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until


def size(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_database_size(current_database())"))


def trash(engine, run_id: int, *, purge: bool = False) -> None:
    with session_scope(engine) as session:
        admins = [row for row in accounts.list_accounts(session) if row.role == "admin"]
        admin = (
            admins[0]
            if admins
            else accounts.add_account(session, email="a@example.org", role=Role.ADMIN)
        )
        run_upkeep.trash(session, by=admin.id, run_id=run_id)
        if purge:
            run_upkeep.ask_purge(session, by=admin.id, run_id=run_id)


def there(engine) -> set[int]:
    with session_scope(engine) as session:
        return {row.id for shelf in runs.Shelf for row in runs.list_runs(session, shelf=shelf)}


def test_a_worker_deletes_a_run_and_its_log_can_be_loaded_again(
    store, database_url, make_log, roots
):
    path, _ = make_log("log", snapshots=12)
    other, _ = make_log("other", snapshots=4, seed=2)
    kept = load_log(store, other).run_id
    before, small = checksum(store, run_id=kept), size(store)
    run_id = load_log(store, path).run_id
    whole, large = checksum(store, run_id=run_id), size(store)
    trash(store, run_id, purge=True)
    with pytest.raises(Conflict, match="in the trash"):
        load_log(store, path)
    with running_worker(database_url, roots):
        wait_until(lambda: there(store) == {kept})
        # Once the small tables are vacuumed, too; they may keep what they have, and reuse it.
        wait_until(lambda: size(store) - small < 0.5 * (large - small))
    assert checksum(store, run_id=kept) == before
    again = load_log(store, path).run_id
    assert again != run_id
    assert checksum(store, run_id=again) == whole


def test_a_run_that_is_being_loaded_is_not_deleted(store, make_log):
    path, _ = make_log("log", snapshots=4)
    run_id = load_log(store, path).run_id
    trash(store, run_id)
    with session_scope(store) as session:
        uuid = runs.get_run(session, run_id=run_id, trashed=True).uuid.hex
    with sole_loader(store, run=uuid), pytest.raises(RunBusy):
        purge_run(store, run_id=run_id)
    assert there(store) == {run_id}
    # Nor while somebody reads it for longer than a purge waits; nothing is half deleted.
    with store.connect() as reader:
        reader.execute(
            text("SELECT count(*) FROM filter_peak WHERE run_id = :run"), {"run": run_id}
        )
        with pytest.raises(RunBusy, match="been read by"):
            purge_run(store, run_id=run_id)
        count = "SELECT count(*) FROM filter_stat WHERE run_id = :run"
        assert reader.scalar(text(count), {"run": run_id}) > 0
    assert purge_run(store, run_id=run_id)
    assert not purge_run(store, run_id=run_id)
