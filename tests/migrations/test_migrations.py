"""The migrations make what the models say, however often and by however many processes."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CheckConstraint

import migrations
from db import migrate
from db.errors import ServerUnavailable
from db.models import Base
from db.queries.measurements import snapshots
from db.queries.measurements.class_results import images_of_classes, results_of_classes
from db.types import NumpyArray


@pytest.fixture
def owned(database_url):
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list:
    options = {"include_name": migrate.include_name, "compare_type": True}
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_there_is_one_head():
    assert len(migrate.heads()) == 1


def test_migrations_equal_the_models(owned):
    assert differences(owned) == []


def test_checks_are_named_as_in_the_models(owned):
    for table in Base.metadata.sorted_tables:
        found = {check["name"] for check in inspect(owned).get_check_constraints(table.name)}
        assert found == {c.name for c in table.constraints if isinstance(c, CheckConstraint)}


def test_arrays_are_stored_uncompressed_for_slices(owned):
    arrays = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, NumpyArray)
    } | {("class_result", "prediction"), ("class", "contact_sheet"), ("prepared_answer", "data")}
    # At most 256 bytes, beside arrays that leave the row before; nodes refuse SET STORAGE.
    arrays -= {("class_result", "iterations")}
    query = """
        SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE attstorage = 'e' AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition
    """
    with owned.connect() as connection:
        assert {tuple(row) for row in connection.execute(text(query))} == arrays


# Tables of the team, which are small and may be about no run.
TEAM = {
    "alert",
    "ingest_job",
    "ingest_schedule",
    "annotation",
    "saved_view",
    "notification",
    "audit",
}


def test_keys_of_measurements_begin_with_the_run(owned):
    for table in Base.metadata.sorted_tables:
        columns = [column.name for column in table.primary_key.columns]
        if "run_id" in table.columns and table.name not in TEAM:
            assert columns[0] == "run_id"
            for index in inspect(owned).get_indexes(table.name):
                assert index["column_names"][0] == "run_id"


def test_the_queue_is_what_the_installed_one_needs():
    installed = (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
    folder = Path(migrations.__file__).parent / "sql"
    kept = (folder / "procrastinate_3_10.sql").read_text(encoding="utf-8")
    assert re.sub(r"\A-- Copied from [^\n]*\n\n", "", kept) == installed


def test_an_upgrade_of_a_current_database_changes_nothing(database_url):
    assert migrate.is_current(database_url)
    migrate.upgrade(database_url)
    assert migrate.is_current(database_url)


def test_an_empty_database_is_not_current(empty_database_url):
    assert not migrate.is_current(empty_database_url)
    migrate.upgrade(empty_database_url, revision="0001")
    assert not migrate.is_current(empty_database_url)


DUMPS = sorted((Path(__file__).parent / "dumps").glob("*.sql"))


def contents(engine: Engine, tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Every row of the tables as text, of these columns."""
    rows = {}
    with engine.connect() as connection:
        for table, columns in tables.items():
            listed = ", ".join(f't."{column}"' for column in columns)
            query = f'SELECT ROW({listed})::text FROM "{table}" t ORDER BY 1'
            rows[table] = list(connection.scalars(text(query)))
    return rows


# Columns that a migration dropped, as the same stands elsewhere.
GONE = {("class_result", "error")}
_ERRORS = "SELECT run_id, iteration, class_id, error FROM class_result ORDER BY 1, 2, 3"


def errors_of_classes(engine: Engine) -> list[tuple]:
    """What class_result said once, read from where it stands."""
    with engine.connect() as connection:
        of_all = {
            (run_id, iteration): np.frombuffer(errors, "<f4")
            for run_id, iteration, errors in connection.execute(
                text("SELECT run_id, iteration, class_error FROM snapshot")
            )
        }
        rows = connection.execute(text("SELECT run_id, iteration, class_id FROM class_result"))
        return sorted((*row, of_all[row[0], row[1]][row[2]]) for row in rows)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_old_database_keeps_its_data(empty_database_url, dump):
    migrate.upgrade(empty_database_url, revision=dump.stem)
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        driver.execute(dump.read_text(encoding="utf-8"))
    filled = re.findall(r"INSERT INTO public\.\"?(\w+)", dump.read_text(encoding="utf-8"))
    columns = {
        table: [
            column["name"]
            for column in inspect(engine).get_columns(table)
            if (table, column["name"]) not in GONE
        ]
        for table in dict.fromkeys(filled)
    }
    before = contents(engine, columns)
    with engine.connect() as connection:
        errors = [(*row[:3], np.float32(row[3])) for row in connection.execute(text(_ERRORS))]
    assert sum(map(len, before.values())) == len(filled) > 100
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert contents(engine, columns) == before
    assert errors_of_classes(engine) == errors
    with Session(engine) as session:
        for run_id, iteration, class_id, _ in errors:
            wanted = {"run_id": run_id, "classes": [class_id]}
            one = results_of_classes(session, iteration=iteration, **wanted)
            (images,) = images_of_classes(session, **wanted)
            at = snapshots.iterations(session, run_id=run_id).tolist().index(iteration)
            assert images.prediction[:, at].tobytes() == one[class_id][0]
            assert images.probability[:, at].tobytes() == one[class_id][1]
    engine.dispose()


def test_two_processes_may_upgrade_at_once(empty_database_url):
    command = [sys.executable, "-m", "db.migrate", "upgrade"]
    environment = {"DATABASE_URL": empty_database_url, "PATH": "/usr/bin:/bin"}
    both = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    engine = create_engine(empty_database_url)
    assert migrate.is_current(engine)
    assert differences(engine) == []
    engine.dispose()


def test_an_upgrade_leaves_no_settings_behind(empty_database_url):
    engine = create_engine(empty_database_url, pool_size=1, max_overflow=0)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert connection.scalar(text(locks)) == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "why"),
    [("sqlite://", "only PostgreSQL"), ("postgresql://u:secret@127.0.0.1:1/d", "refused")],
)
def test_a_database_that_cannot_be_used_is_one_message(url, why, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", url)
    assert migrate.main(["upgrade"]) == 1
    said = capsys.readouterr().err
    assert why in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_an_old_server_is_refused(owned, monkeypatch):
    monkeypatch.setattr(migrate, "OLDEST", (99,))
    with pytest.raises(ServerUnavailable, match="at least 99 is needed"):
        migrate.upgrade(owned)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["new"]])
def test_wrong_arguments_are_refused(arguments, capsys):
    assert migrate.main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_a_store_has_one_random_id_also_after_an_upgrade(owned, empty_database_url):
    migrate.upgrade(empty_database_url, revision="0009")
    migrate.upgrade(empty_database_url)
    upgraded = create_engine(empty_database_url)
    found = set()
    for engine in (owned, upgraded):
        with engine.connect() as connection:
            found.add(connection.execute(text("SELECT id FROM store")).scalar_one())
            with pytest.raises(IntegrityError):
                connection.execute(text("INSERT INTO store DEFAULT VALUES"))
    assert len(found) == 2
    upgraded.dispose()


@pytest.fixture
def newer(owned):
    """A database that a newer release has upgraded: its revision is none of ours."""
    with owned.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9042'"))
    return owned


def test_a_newer_schema_is_named_so_and_left_alone(newer):
    for act in (migrate.upgrade, migrate.is_current):
        with pytest.raises(migrate.SchemaTooNew) as caught:
            act(newer)
        said = str(caught.value)
        assert "revision 9042" in said
        assert f"up to {migrate.heads()[0]}" in said
        assert "pip install --upgrade 'deeptracker[server]'" in said
    with newer.connect() as connection:
        assert migrate.revisions(connection) == {"9042"}
