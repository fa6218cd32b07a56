"""The lake: every run as Parquet, written at the end of a load and kept up to date, NaN as NaN."""

import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.cli.main import run as command
from db.engine import session_scope
from db.load import sole_loader
from db.models import Run, scalar, snapshot
from db.permissions import Role
from db.queries.measurements.layer_stats import layer_stat
from db.queries.measurements.snapshots import class_errors
from db.queries.runs import findings, run_upkeep
from db.queries.team import accounts
from deeptracker import lake
from deeptracker.lake.layout import FILES, MARKER
from deeptracker.lake.views import VIEWS
from ingest.lake import keeping
from ingest.lake.keeping import Lake
from ingest.lake.places import Folder
from ingest.lake.settings import LakeSettings
from ingest.pipeline import load_log
from ingest.purge import purge_run
from ingest.upkeep import Upkeep
from ingest.whole import parquet_files
from tests.app.finding_rows import finding_row
from tests.stored_runs import store_run


@pytest.fixture
def runs(store):
    """Three stored runs; the first has NaN in all that may hold it, and a finding."""
    with Session(store) as session:
        found = [
            store_run(session, seed=seed, snapshots=4, layers=2, name=f"run {seed}")
            for seed in range(3)
        ]
        first = found[0].run_id
        values = np.full(10, 2.5)
        values[3:5], values[6] = np.nan, np.inf
        of_run = (scalar.c.run_id == first) & (scalar.c.name == "train_loss")
        session.execute(
            update(scalar).where(of_run, scalar.c.iteration == 10).values({"values": values})
        )
        errors = np.array([np.nan, 0.5, 0.25, np.nan], "f4")
        at = (snapshot.c.run_id == first) & (snapshot.c.iteration == 20)
        session.execute(update(snapshot).where(at).values(class_error=errors))
        session.execute(
            text(
                "UPDATE layer_stat SET l2 = 'NaN' WHERE run_id = :run AND layer_id = 1 "
                "AND quantity = 'gradient' AND iteration > 20"
            ),
            {"run": first},
        )
        row = {
            name: getattr(finding_row(), name) for name in findings.FindingRow.__dataclass_fields__
        }
        own = {name for name in row if name in ("run_id", "found_at") or "muted" in name}
        findings.save_findings(
            session,
            run_id=first,
            findings=[{name: value for name, value in row.items() if name not in own}],
            answers={}, snapshots=4, last_iteration=40, seconds=0.1,
        )  # fmt: skip
        session.commit()
    return found


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "a lake" / "of ours"


@pytest.fixture
def kept(store, runs, folder) -> Lake:
    """The lake of the runs, up to date."""
    made = Lake(store, Folder(folder))
    assert made.sync().written == 3
    return made


@pytest.fixture
def admin(store) -> int:
    with session_scope(store) as session:
        return accounts.add_account(session, email="a@example.org", role=Role.ADMIN).id


def sets(folder: Path, run_id: int) -> list[str]:
    """The folders of a run's sets."""
    return sorted(path.name for path in folder.glob(f"run_id={run_id}/*"))


def names(folder: Path) -> dict[int, str]:
    with lake.connect(folder) as found:
        return dict(found.sql("SELECT run_id, name FROM runs ORDER BY run_id").fetchall())


def test_every_value_and_nan_comes_out_as_it_is_stored(store, runs, folder, kept):
    first = runs[0].run_id
    found = lake.connect(folder)
    with Session(store) as session:
        error = class_errors(session, run_id=first)
        gradient = layer_stat(session, run_id=first, layer_id=1, quantity="gradient")
    told = found.sql(
        f"SELECT error FROM class_errors WHERE run_id = {first} ORDER BY class_id, iteration"
    ).fetchall()
    np.testing.assert_array_equal(np.array(told, "f4").ravel(), error.ravel())
    told = found.sql(
        f"SELECT l2 FROM layers WHERE run_id = {first} AND layer_id = 1 "
        "AND quantity = 'gradient' ORDER BY iteration"
    ).fetchall()
    np.testing.assert_array_equal(np.array(told, "f4").ravel(), gradient.statistic("l2"))
    # What is asked of NaN is answered of all rows that hold it, in each view.
    for view, column, number in (
        ("scalars", "value", 2),
        ("class_errors", "error", np.isnan(error).sum()),
        ("layers", "l2", np.isnan(gradient.statistic("l2")).sum()),
    ):
        of_run = f"FROM {view} WHERE run_id = {first} AND"
        asked = f"SELECT count(*) {of_run} isnan({column})"
        assert number > 0
        assert found.execute(asked).fetchall() == [(number,)]
        assert np.isnan(found.execute(f"SELECT max({column}) {of_run} true").fetchall()[0][0])
    others = (
        "SELECT count(*) FROM scalars WHERE run_id > ? AND isnan(value) AND name = 'train_loss'"
    )
    assert found.execute(others, [first]).fetchall() == [(0,)]
    said = found.sql("SELECT DISTINCT run_id, kind FROM findings").fetchall()
    assert said == [(first, "finding")]
    settings = found.sql("SELECT hyperparameters['learning_rate']::DOUBLE FROM runs").fetchall()
    assert settings == [(0.1,)] * 3


def test_the_views_have_the_columns_of_the_files(store, folder, kept, tmp_path):
    found = lake.connect(folder)
    schemas = {
        "runs": parquet_files.RUN, "hyperparameters": parquet_files.SETTINGS,
        "scalars": parquet_files.SCALARS, "class_errors": parquet_files.CLASSES,
        "layers": parquet_files.LAYERS, "findings": parquet_files.SAID,
    }  # fmt: skip
    assert schemas.keys() == VIEWS.keys() == FILES.keys()
    described = {}
    for view, columns in VIEWS.items():
        assert schemas[view].names == list(columns)
        described[view] = [row[:2] for row in found.sql(f"DESCRIBE {view}").fetchall()]
        assert described[view] == [("run_id", "INTEGER"), *columns.items()]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / MARKER).write_bytes((folder / MARKER).read_bytes())
    empty = lake.connect(tmp_path / "empty")
    for view in VIEWS:
        assert [row[:2] for row in empty.sql(f"DESCRIBE {view}").fetchall()] == described[view]
        assert empty.sql(f"FROM {view}").fetchall() == []
    for path in folder.rglob("*.parquet"):
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        columns = [group.column(i) for i in range(group.num_columns)]
        floats = [one for one in columns if one.physical_type in ("FLOAT", "DOUBLE")]
        assert not any(one.is_stats_set for one in floats)


def test_what_is_stale_or_missing_is_written_anew(store, runs, folder, kept, admin, monkeypatch):
    first, second, third = (run.run_id for run in runs)
    assert kept.sync().written == 0
    with session_scope(store) as session:
        run_upkeep.rename(session, by=admin, run_id=first, title="another name")
        session.execute(update(Run).where(Run.id == second).values(version=Run.version + 1))
    next((folder / f"run_id={third}").rglob("scalars.parquet")).unlink()
    reader = lake.connect(folder)
    assert third not in names(folder)  # a set that lacks a file does not count
    done = kept.sync()
    assert (done.written, done.current, done.removed) == (3, 0, 0)
    assert names(folder) == {first: "another name", second: "run 1", third: "run 2"}
    # Who had begun to read goes on with what was there.
    assert reader.execute(f"SELECT name FROM runs WHERE run_id = {first}").fetchall() == [
        ("run 0",)
    ]
    assert len(sets(folder, first)) == 2
    assert len(sets(folder, third)) == 1
    monkeypatch.setattr(keeping, "GRACE_SECONDS", -1)
    assert kept.sync().written == 0
    assert len(sets(folder, first)) == len(sets(folder, second)) == 1
    assert names(folder)[first] == "another name"


def test_a_crash_in_the_middle_leaves_the_set_before(
    store, runs, folder, kept, admin, monkeypatch, caplog
):
    first = runs[0].run_id
    with session_scope(store) as session:
        run_upkeep.tag(session, by=admin, run_id=first, tags=["new"])
    write = parquet_files.write

    def broken_off(whole, at):
        write(whole, at)
        (at / "run.parquet").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet_files, "write", broken_off)
    with pytest.raises(KeyboardInterrupt):
        kept.sync()
    assert len(sets(folder, first)) == 1
    assert names(folder)[first] == "run 0"
    # One that was killed leaves files aside.
    aside = folder / f"run_id={first}" / ".being-written"
    aside.mkdir()
    (aside / "scalars.parquet").write_bytes(b"PAR1")

    def unreadable(whole, at):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(parquet_files, "write", unreadable)
    assert kept.sync().failed == 1
    assert "a fault of ours" in caplog.text
    monkeypatch.setattr(parquet_files, "write", write)
    assert kept.sync().written == 1
    assert sets(folder, first)[1].startswith("000002-")
    assert ".being-written" not in sets(folder, first)
    tags = f"SELECT tags FROM runs WHERE run_id = {first}"
    assert lake.connect(folder).execute(tags).fetchall() == [(["new"],)]


def test_two_workers_at_once_write_each_run_once(store, runs, folder, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    write = parquet_files.write

    def slowly(whole, at):
        begun.set()
        assert go_on.wait(60)
        write(whole, at)

    monkeypatch.setattr(parquet_files, "write", slowly)
    done = []
    one = threading.Thread(target=lambda: done.append(Lake(store, Folder(folder)).sync()))
    one.start()
    assert begun.wait(60)
    newest = max(run.run_id for run in runs)
    # The other has the first in hand: this one passes over it, and does not wait.
    assert not Lake(store, Folder(folder)).keep(newest)
    monkeypatch.setattr(parquet_files, "write", write)
    assert Lake(store, Folder(folder)).sync().written == 2
    go_on.set()
    one.join(60)
    assert done[0].written == 1
    assert [len(sets(folder, run.run_id)) for run in runs] == [1, 1, 1]
    assert len(names(folder)) == 3


def test_runs_in_the_trash_and_deleted_ones_go_and_nothing_else(store, runs, folder, kept, admin):
    first, second, third = (run.run_id for run in runs)
    own = [
        folder / "notes.txt",
        folder / f"run_id={first}" / "mine.parquet",
        folder / f"run_id={first}" / sets(folder, first)[0] / "mine.txt",
        folder / "run_id=77" / "part-0.parquet",
        folder / "run_id=77" / "000001-0123456789abcdef-1" / "other.parquet",
    ]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")
    with session_scope(store) as session:
        run_upkeep.trash(session, by=admin, run_id=first)
        run_upkeep.trash(session, by=admin, run_id=second)
    assert kept.sync().removed == 2
    assert names(folder) == {third: "run 2"}
    assert all(path.read_text() == "not ours" for path in own)
    assert not (folder / f"run_id={second}").exists()
    with session_scope(store) as session:
        run_upkeep.restore(session, by=admin, run_id=first)
    assert purge_run(store, run_id=second)
    assert kept.sync().written == 1
    assert names(folder) == {first: "run 0", third: "run 2"}


def test_the_lake_of_another_database_is_left_alone(store, runs, folder, kept):
    marker = folder / MARKER
    marker.write_text(marker.read_text().replace('"store": "', '"store": "not-'))
    with pytest.raises(lake.LakeError, match=r"another database.*--take-over"):
        kept.sync()
    assert kept.sync(take_over=True).current == 3
    assert kept.sync().written == 0


def test_a_load_ends_with_its_set_and_upkeep_keeps_it(
    store, make_log, roots, folder, admin, monkeypatch, database_url, capfd
):
    monkeypatch.setenv("DEEPTRACKER_LAKE", str(folder))
    monkeypatch.setenv("DATABASE_URL", database_url)
    path, _ = make_log("log")
    run_id = load_log(store, path).run_id
    assert list(names(folder)) == [run_id]
    load_log(store, path)
    assert len(sets(folder, run_id)) == 1
    upkeep = Upkeep(store, roots=[roots], concurrency=1)
    upkeep.keep_lake()
    with session_scope(store) as session:
        uuid = session.get_one(Run, run_id).uuid.hex
        run_upkeep.rename(session, by=admin, run_id=run_id, title="=renamed")
    with sole_loader(store, run=uuid):  # who loads it writes it
        upkeep.keep_lake()
        assert names(folder)[run_id] != "=renamed"
    upkeep.keep_lake()
    upkeep.leave()
    assert names(folder)[run_id] == "=renamed"
    assert command(["lake", "sync"]) == 0
    assert "0 runs written, 1 were up to date, 0 removed" in capfd.readouterr().out
    assert command(["lake", "query", "--csv", "SELECT name, 'NaN'::FLOAT AS x FROM runs"]) == 0
    assert capfd.readouterr().out == "name,x\n'=renamed,NaN\n"
    assert command(["lake", "query", "SELECT count(*) AS number FROM class_errors"]) == 0
    assert "number" in capfd.readouterr().out


def test_a_lake_that_cannot_be_written_costs_no_load(store, make_log, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("DEEPTRACKER_LAKE", str(blocked / "lake"))
    lines = []
    report = load_log(store, make_log("log")[0], on_line=lines.append)
    assert len(report.new) == 12
    assert lines[-1].startswith("Not written to the lake: The lake ")


def test_settings_say_what_is_wrong_with_them(tmp_path, monkeypatch):
    def refused(value: str) -> str:
        monkeypatch.setenv("DEEPTRACKER_LAKE", value)
        with pytest.raises(lake.LakeError, match=r"^DEEPTRACKER_LAKE") as error:
            LakeSettings().place()
        return str(error.value)

    monkeypatch.setenv("DEEPTRACKER_LOG_ROOTS", f"{tmp_path}/runs:s3://logs-of-us/runs")
    assert "lies among the logs" in refused(f"{tmp_path}/runs/lake")
    assert "lies among the logs" in refused("s3://logs-of-us/runs/lake")
    assert "not from 'gs'" in refused("gs://bucket/lake")
    monkeypatch.setenv("DEEPTRACKER_LAKE", " ")
    assert LakeSettings().place() is None
    monkeypatch.setenv("DEEPTRACKER_LAKE", f"{tmp_path}/lake")
    assert str(LakeSettings().place()) == f"{tmp_path}/lake"


def test_a_reader_reads_the_files_of_the_lake_and_nothing_else(folder, kept, tmp_path, capfd):
    found = lake.connect(folder)
    import duckdb

    outside = tmp_path / "secret.csv"
    outside.write_text("a\n1\n")
    file = next(folder.rglob("run.parquet"))
    before = file.read_bytes()
    for statement in (
        f"FROM read_csv('{outside}')",
        f"FROM read_text('{folder / MARKER}')",
        f"COPY runs TO '{folder / 'new.parquet'}'",
        f"COPY runs TO '{file}'",
        f"ATTACH '{tmp_path / 'new.db'}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
    ):
        with pytest.raises(duckdb.Error):
            found.execute(statement)
    assert file.read_bytes() == before
    asked = ["lake", "query", "--lake", str(folder)]
    for sql in (f"COPY runs TO '{file}'", "SELECT 1; SELECT 2", ""):
        assert command([*asked, sql]) == 1
        assert "Only one question is answered" in capfd.readouterr().err
    assert command([*asked, "SELECT nam FROM runs"]) == 1
    assert '"nam" not found' in capfd.readouterr().err
    assert file.read_bytes() == before
    with pytest.raises(lake.LakeError, match="There is no lake in"):
        lake.connect(tmp_path)
    with pytest.raises(lake.LakeError, match="s3://bucket/folder, not 'gs:"):
        lake.connect("gs://bucket/lake")
