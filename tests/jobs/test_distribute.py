"""The large tables made whole, on stored runs: nothing is lost, and whatever reads them goes on."""

import pytest
from sqlalchemy import text

from app.cli.main import run
from db import backup, distribute, migrate
from db.backup_layout import restore_layout, without_citus
from db.engine import make_engine, session_scope
from db.errors import RunBusy
from db.layout import LARGE, LARGE_NAMES, LAYOUT_LOCK, Layout, layouts
from db.layout_check import problems
from db.load import sole_loader
from db.permissions import Role
from db.queries.runs import run_upkeep
from db.queries.team import accounts
from ingest.purge import purge_run
from tests.deeptracker import small_logs
from tests.jobs.checksums import checksum
from tests.stored_runs import store_run


@pytest.fixture
def two_runs(store):
    """The ids of two runs; the rows of the second are in the default partitions."""
    with session_scope(store) as session:
        return [store_run(session, seed=seed, partitions=seed == 31).run_id for seed in (31, 32)]


def layouts_of(engine):
    with engine.connect() as connection:
        return set(layouts(connection).values())


def tables_like(engine, pattern):
    query = text("SELECT relname FROM pg_class WHERE relname LIKE :like AND relkind IN ('r', 'p')")
    with engine.connect() as connection:
        return set(connection.scalars(query, {"like": pattern}))


def vacuums(engine):
    """How often each large table was vacuumed."""
    query = text(
        "SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE relname = ANY(:names)"
    )
    with engine.connect() as connection:
        return {name: n for name, n in connection.execute(query, {"names": list(LARGE_NAMES)})}


def test_runs_are_the_same_afterwards_and_their_space_comes_back(store, database_url, two_runs):
    before = {run_id: checksum(store, run_id=run_id) for run_id in two_runs}
    said = []
    distribute.distribute(store, plain=True, on_line=said.append)
    assert layouts_of(store) == {Layout.PLAIN}
    assert f"filter_stat: run {two_runs[0]} copied (1 of 2)" in said
    assert {run_id: checksum(store, run_id=run_id) for run_id in two_runs} == before
    assert tables_like(store, "%\\_run\\_%") & set(LARGE_NAMES) == set()
    for name in LARGE_NAMES:
        assert tables_like(store, f"{name}%") == {name}
    said.clear()
    distribute.distribute(store, plain=True, on_line=said.append)
    assert said == [f"{name}: is plain already" for name in LARGE_NAMES]
    with store.connect() as connection:
        assert problems(connection) == []
    # A run of afterwards gets nothing of its own, and a purge leaves room for the next one.
    with session_scope(store) as session:
        new = store_run(session, seed=33).run_id
        admin = accounts.add_account(session, email="a@example.org", role=Role.ADMIN)
        run_upkeep.trash(session, by=admin.id, run_id=two_runs[0])
    assert tables_like(store, "filter\\_stat%") == {"filter_stat"}
    earlier = vacuums(store)
    assert purge_run(store, run_id=two_runs[0])
    assert not any(rows for rows, _ in checksum(store, run_id=two_runs[0]).values())
    assert checksum(store, run_id=two_runs[1]) == before[two_runs[1]]
    assert checksum(store, run_id=new)["class_result"][0] > 0
    # Not by the number of dead rows: what a connection deleted may be counted after the VACUUM.
    assert vacuums(store) == {name: number + 1 for name, number in earlier.items()}


def test_the_tables_are_those_of_a_partitioned_store(store, database_url, two_runs):
    columns = text(
        "SELECT relname, attname, atttypid, attstorage, attnotnull FROM pg_attribute "
        "JOIN pg_class ON pg_class.oid = attrelid WHERE relname = ANY(:names) AND attnum > 0 "
        "AND NOT attisdropped"
    )

    def read():
        with store.connect() as connection:
            return set(connection.execute(columns, {"names": list(LARGE_NAMES)}))

    with store.begin() as connection:
        connection.execute(text("CREATE ROLE chart_reader"))
        connection.execute(text("GRANT SELECT ON layer_stat TO chart_reader"))
    before = read()
    try:
        distribute.distribute(store, plain=True)
        assert read() == before
        allowed = "SELECT has_table_privilege('chart_reader', 'layer_stat', 'SELECT')"
        with store.connect() as connection:
            assert connection.scalar(text(allowed))
            assert migrate.is_current(store)
    finally:
        with store.begin() as connection:
            connection.execute(text("DROP OWNED BY chart_reader"))
            connection.execute(text("DROP ROLE chart_reader"))


def test_an_interrupted_conversion_goes_on_where_it_was(store, two_runs, monkeypatch, capsys):
    before = {run_id: checksum(store, run_id=run_id) for run_id in two_runs}

    def interrupt(line):
        if line.startswith("layer_stat: run"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distribute.distribute(store, plain=True, on_line=interrupt)
    # As a server that was killed between two steps leaves it: the old table is still there.
    with store.begin() as connection:
        connection.execute(text("CREATE TABLE class_result_before (run_id integer)"))
    with store.connect() as connection:
        found = layouts(connection)
        assert found["class_result"] is Layout.PLAIN
        assert found["layer_stat"] is Layout.PARTITIONED
        said = "\n".join(problems(connection))
    assert "class_result_before" in said
    assert "deeptracker db distribute" in said
    # Meanwhile all of it is read, loaded into and deleted from.
    assert {run_id: checksum(store, run_id=run_id) for run_id in two_runs} == before
    with session_scope(store) as session:
        gone = store_run(session, seed=34).run_id
        admin = accounts.add_account(session, email="a@example.org", role=Role.ADMIN)
        run_upkeep.trash(session, by=admin.id, run_id=gone)
    assert purge_run(store, run_id=gone)
    assert not any(rows for rows, _ in checksum(store, run_id=gone).values())
    distribute.distribute(store, plain=True)
    assert layouts_of(store) == {Layout.PLAIN}
    assert {run_id: checksum(store, run_id=run_id) for run_id in two_runs} == before
    with store.connect() as connection:
        assert problems(connection) == []


def test_nobody_loads_while_tables_are_converted_nor_the_other_way_round(store):
    uuid = small_logs.manifest().run
    refused = pytest.raises(distribute.CannotDistribute, match="Stop the workers")
    with sole_loader(store, run=uuid), refused:
        distribute.distribute(store, plain=True)
    with store.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LAYOUT_LOCK})
        busy = pytest.raises(RunBusy, match="being converted")
        with busy, sole_loader(store, run=uuid):
            pass
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LAYOUT_LOCK})
    with sole_loader(store, run=uuid):
        pass


def test_the_commands(store, database_url, two_runs, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert run(["db", "check"]) == 0
    assert "a partition for each run" in capsys.readouterr().out
    assert run(["db", "distribute"]) == 1
    assert "has no Citus" in capsys.readouterr().err
    assert layouts_of(store) == {Layout.PARTITIONED}
    assert run(["db", "distribute", "--plain"]) == 0
    assert "run " in capsys.readouterr().out
    assert run(["db", "check"]) == 0
    assert "whole, on one server" in capsys.readouterr().out
    with store.begin() as connection:
        connection.execute(text("ALTER TABLE filter_peak DROP CONSTRAINT filter_peak_pkey"))
    assert run(["db", "check"]) == 1
    assert "filter_peak has no primary key that begins with run_id" in capsys.readouterr().err


def test_a_backup_keeps_the_plain_layout(
    store, database_url, empty_database_url, two_runs, tmp_path
):
    distribute.distribute(store, plain=True)
    backup.back_up(tmp_path / "b", url=database_url)
    backup.restore(tmp_path / "b", url=empty_database_url)
    restored = make_engine(empty_database_url)
    assert layouts_of(restored) == {Layout.PLAIN}
    for run_id in two_runs:
        assert checksum(restored, run_id=run_id) == checksum(store, run_id=run_id)
    restored.dispose()


def test_a_backup_of_nodes_is_restored_without_them(store, two_runs):
    listed = (
        ";\n; Archive created at 2026-11-30\n"
        "2; 3079 16385 EXTENSION - citus \n3479; 0 0 COMMENT - EXTENSION citus \n"
        "3; 3079 16386 EXTENSION - citus_columnar \n4; 3079 16387 EXTENSION - citext \n"
        "215; 1259 17002 TABLE public filter_stat postgres\n"
    )
    kept, spread = without_citus(listed)
    assert spread
    assert [line.split()[-2] for line in kept.splitlines()[2:]] == ["-", "filter_stat"]
    assert without_citus(kept) == (kept, False)
    distribute.distribute(store, plain=True)
    before = {run_id: checksum(store, run_id=run_id) for run_id in two_runs}
    # What a load wrote on the nodes after the moment of the coordinator's backup.
    with store.begin() as connection:
        for table in LARGE:
            for column, value in (("iteration", "iteration + 7777"), ("run_id", "run_id + 7777")):
                values = ", ".join(
                    value if one.name == column else f'"{one.name}"' for one in table.columns
                )
                connection.execute(
                    text(f"INSERT INTO {table.name} SELECT {values} FROM {table.name}")
                )
    said = []
    restore_layout(store, on_line=said.append)
    assert said == [
        "The backup is of several nodes, and this server has no Citus: its tables are plain."
    ]
    assert {run_id: checksum(store, run_id=run_id) for run_id in two_runs} == before
    assert checksum(store, run_id=two_runs[0] + 7777)["filter_stat"][0] == 0


def test_plans_are_kept_where_no_run_has_a_partition(empty_database_url):
    def mode(engine):
        engine.dispose()  # as a connection that is new
        with engine.connect() as connection:
            return connection.scalar(text("SHOW plan_cache_mode"))

    engine = make_engine(empty_database_url)
    assert mode(engine) == "force_custom_plan"
    migrate.upgrade(engine)
    assert mode(engine) == "force_custom_plan"
    distribute.distribute(engine, plain=True)
    later = make_engine(empty_database_url)
    assert mode(later) == "auto"
    for each in (engine, later):
        each.dispose()
