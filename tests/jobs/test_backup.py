"""A backup holds everything, and its restore is the same store: by commands, on stored runs."""

import stat

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.cli.main import run
from db import backup, migrate
from db.engine import make_engine, session_scope
from db.partitions import drop_partitions
from db.permissions import Role
from db.queries.jobs import job_requests
from db.queries.team import accounts
from tests.jobs.checksums import checksum
from tests.stored_runs import store_run


@pytest.fixture
def at(monkeypatch):
    """Let commands use the database of a URL."""
    return lambda url: monkeypatch.setenv("DATABASE_URL", url)


@pytest.fixture
def two_runs(store):
    """The ids of two runs; the rows of the second are in the default partitions."""
    with Session(store) as session:
        found = [store_run(session, seed=31), store_run(session, seed=32, partitions=False)]
        owner = accounts.add_account(session, email="ann@example.org", role=Role.MEMBER)
        job_requests.request(session, location="/logs/a", requested_by=owner.id)
        session.commit()
    return [row.run_id for row in found]


def test_a_restored_store_is_the_same(
    store, database_url, empty_database_url, two_runs, tmp_path, at, capsys
):
    file = tmp_path / "store.backup"
    at(database_url)
    assert run(["db", "backup", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    at(empty_database_url)
    assert run(["db", "restore", str(file)]) == 0
    assert "Restored" in capsys.readouterr().out
    assert run(["db", "check"]) == 0
    restored = make_engine(empty_database_url)
    for run_id in two_runs:
        before = checksum(store, run_id=run_id)
        assert before["filter_stat"][0] > 0
        assert checksum(restored, run_id=run_id) == before
    counted = "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM procrastinate_jobs)"
    with restored.connect() as connection:
        assert tuple(connection.execute(text(counted)).one()) == (1, 1)
    # Ids go on where they were, and a run is still given back by dropping its partitions.
    with session_scope(restored) as session:
        assert store_run(session, seed=33).run_id == max(two_runs) + 1
        assert drop_partitions(session, run_id=two_runs[0])
        assert not drop_partitions(session, run_id=two_runs[1])
    restored.dispose()


def test_a_restore_overwrites_nothing_and_comes_whole_or_not_at_all(
    store, database_url, empty_database_url, two_runs, tmp_path, at, capsys
):
    file, torn, other = tmp_path / "store.backup", tmp_path / "torn", tmp_path / "other"
    at(database_url)
    assert run(["db", "backup", str(file)]) == 0
    assert run(["db", "backup", str(file)]) == 1
    assert "exists already" in capsys.readouterr().err
    before = checksum(store, run_id=two_runs[0])
    assert run(["db", "restore", str(file)]) == 1
    assert "overwrites nothing" in capsys.readouterr().err
    assert checksum(store, run_id=two_runs[0]) == before
    whole = file.read_bytes()
    torn.write_bytes(whole[: len(whole) * 2 // 3])
    other.write_bytes(b"no backup at all")
    at(empty_database_url)
    for broken in (torn, other, tmp_path / "missing"):
        assert run(["db", "restore", str(broken)]) == 1
        said = capsys.readouterr().err
        assert len(said.strip().splitlines()) == 1, said
        assert not migrate.is_current(empty_database_url)
    # Nothing of the torn one is there: the whole one still finds an empty database.
    assert run(["db", "restore", str(file)]) == 0


def test_a_backup_that_fails_leaves_no_file_and_no_password(tmp_path, at, capsys):
    at("postgresql://user:hunter2hunter2@127.0.0.1:1/x")
    assert run(["db", "backup", str(tmp_path / "b")]) == 1
    assert run(["db", "restore", str(__file__)]) == 1
    said = capsys.readouterr().err
    assert "did not answer" in said
    assert "hunter2" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_programs_fit_the_server():
    found = [backup.find_programs(version).version for version in (15, 16, 18)]
    assert all(got >= asked for got, asked in zip(found, (15, 16, 18), strict=True))
    with pytest.raises(backup.BackupFailed, match="postgresql-client-99"):
        backup.find_programs(99)


def test_the_password_is_no_argument():
    target, environment = backup._target(
        "postgresql://ann:s3cret@db.example:5433/x?sslmode=require"
    )
    assert "s3cret" not in target
    assert environment["PGPASSWORD"] == "s3cret"
    for part in ("user=ann", "host=db.example", "port=5433", "dbname=x", "sslmode=require"):
        assert part in target
