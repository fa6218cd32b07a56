"""What people do with runs: names, tags, notes, archive, trash, and deletion for good."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from db import partitions
from db.errors import Conflict, Forbidden, InTrash, NotFound
from db.layout import LARGE
from db.load_run import create_run
from db.models import Base, Run
from db.permissions import Role
from db.queries.moment import moment
from db.queries.runs import run_upkeep, runs
from db.queries.team import accounts, audit
from db.queue import PURGE, waiting_arguments
from tests.deeptracker import small_logs
from tests.stored_runs import store_run


@pytest.fixture
def team(session):
    return {
        role: accounts.add_account(session, email=f"{role}@upkeep.example", role=role).id
        for role in Role
    }


@pytest.fixture
def owned(session, run, team):
    """A run that the member has loaded."""
    session.execute(update(Run).where(Run.id == run.run_id).values(owner_id=team[Role.MEMBER]))
    return run.run_id


def test_a_run_is_called_what_people_call_it(session, owned, team):
    recorded = runs.get_run(session, run_id=owned).name
    run_upkeep.rename(session, by=team[Role.MEMBER], run_id=owned, title="  the good one ")
    row = runs.get_run(session, run_id=owned)
    assert (row.name, row.recorded_name) == ("the good one", recorded)
    run_upkeep.rename(session, by=team[Role.ADMIN], run_id=owned, title=" ")
    assert runs.get_run(session, run_id=owned).name == recorded
    for title in ("x" * 201, "a\nb"):
        with pytest.raises(Conflict, match="printable"):
            run_upkeep.rename(session, by=team[Role.ADMIN], run_id=owned, title=title)
    assert audit.list_entries(session, search="renamed")[1] == 2


def test_tags_are_a_set_in_order(session, owned, team):
    member = team[Role.MEMBER]
    run_upkeep.tag(session, by=member, run_id=owned, tags=["b", " a  x ", "b", ""])
    assert runs.get_run(session, run_id=owned).tags == ["b", "a x"]
    with pytest.raises(Conflict, match="at most"):
        run_upkeep.tag(session, by=member, run_id=owned, tags=[str(n) for n in range(21)])
    assert runs.get_run(session, run_id=owned).tags == ["b", "a x"]


def test_notes_that_somebody_else_changed_are_not_overwritten(session, owned, team):
    member, admin = team[Role.MEMBER], team[Role.ADMIN]
    run_upkeep.note(session, by=member, run_id=owned, notes="one\0\ttwo\n", seen="")
    assert runs.get_run(session, run_id=owned).notes == "one\ttwo\n"
    with pytest.raises(Conflict, match="Somebody else"):
        run_upkeep.note(session, by=admin, run_id=owned, notes="mine", seen="")
    assert runs.get_run(session, run_id=owned).notes == "one\ttwo\n"


def test_shelves(session, owned, team):
    member = team[Role.MEMBER]

    def shelf() -> str:
        (found,) = (
            name
            for name in runs.Shelf
            if owned in {row.id for row in runs.list_runs(session, shelf=name)}
        )
        return found

    assert shelf() == "active"
    run_upkeep.archive(session, by=member, run_id=owned)
    assert shelf() == "archived"
    run_upkeep.trash(session, by=member, run_id=owned)
    assert shelf() == "trash"
    for read in (runs.get_run, runs.run_version):
        with pytest.raises(InTrash, match="in the trash"):
            read(session, run_id=owned)
    run_upkeep.restore(session, by=member, run_id=owned)
    assert shelf() == "archived"
    run_upkeep.unarchive(session, by=member, run_id=owned)
    assert shelf() == "active"


def test_what_is_moved_twice_is_moved_once(session, owned, team):
    by = {"by": team[Role.MEMBER], "run_id": owned}
    for there, back, name in (
        (run_upkeep.archive, run_upkeep.unarchive, "archived_at"),
        (run_upkeep.trash, run_upkeep.restore, "trashed_at"),
    ):
        assert there(session, **by) is True
        row = runs.get_run(session, run_id=owned, trashed=True)
        assert getattr(row, name) == moment(session)
        assert there(session, **by) is False
        before = moment(session) - timedelta(microseconds=1)
        assert back(session, **by, put_there=before) is False
        assert back(session, **by, put_there=moment(session)) is True
        assert back(session, **by) is False


def test_a_restored_run_is_not_deleted_by_what_was_asked_before(session, run, team):
    by = {"by": team[Role.ADMIN], "run_id": run.run_id}
    run_upkeep.trash(session, **by)
    run_upkeep.ask_purge(session, **by)
    with pytest.raises(Conflict, match="being deleted already"):
        run_upkeep.ask_purge(session, **by)
    assert run_upkeep.being_deleted(session) == {run.run_id}
    run_upkeep.restore(session, **by)
    run_upkeep.trash(session, **by)
    assert run_upkeep.being_deleted(session) == set()


def test_who_may_do_what(session, run, team):
    deeds = {
        "rename": lambda by: run_upkeep.rename(session, by=by, run_id=run.run_id, title="x"),
        "archive": lambda by: run_upkeep.archive(session, by=by, run_id=run.run_id),
        "trash": lambda by: run_upkeep.trash(session, by=by, run_id=run.run_id),
        "restore": lambda by: run_upkeep.restore(session, by=by, run_id=run.run_id),
        "purge": lambda by: run_upkeep.ask_purge(session, by=by, run_id=run.run_id),
    }
    for name, deed in deeds.items():
        for role in (Role.VIEWER, Role.MEMBER):
            with pytest.raises(Forbidden):
                deed(team[role])
        if name != "purge":
            deed(team[Role.ADMIN])
    with pytest.raises(Conflict, match="to the trash first"):
        deeds["purge"](team[Role.ADMIN])
    with pytest.raises(Forbidden):
        run_upkeep.tag(session, by=team[Role.VIEWER], run_id=run.run_id, tags=["x"])
    run_upkeep.tag(session, by=team[Role.MEMBER], run_id=run.run_id, tags=["x"])
    # An owner who became a viewer changes nothing any more.
    session.execute(update(Run).where(Run.id == run.run_id).values(owner_id=team[Role.VIEWER]))
    with pytest.raises(Forbidden):
        deeds["trash"](team[Role.VIEWER])


def rows_of(session, run_id: int) -> dict[str, int]:
    return {
        table.name: session.scalar(
            select(func.count()).select_from(table).where(table.c.run_id == run_id)
        )
        for table in Base.metadata.sorted_tables
        if "run_id" in table.c
    }


def partition_count(session, run_id: int) -> int:
    names = [partitions.partition(table.name, run_id) for table in LARGE]
    count = text("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname = ANY(:names)")
    return session.scalar(count, {"names": names})


@pytest.mark.parametrize("own", [True, False], ids=["partitions", "default partition"])
def test_a_purged_run_leaves_nothing_and_touches_no_other(session, team, own):
    kept = store_run(session, seed=3)
    gone = store_run(session, seed=4, partitions=own)
    assert partition_count(session, gone.run_id) == (4 if own else 0)
    before = rows_of(session, kept.run_id)
    assert all(rows_of(session, gone.run_id)[name] for name in ("filter_stat", "class_result"))
    with pytest.raises(NotFound):
        run_upkeep.purge(session, run_id=gone.run_id)  # not in the trash
    run_upkeep.trash(session, by=team[Role.ADMIN], run_id=gone.run_id)
    run_upkeep.ask_purge(session, by=team[Role.ADMIN], run_id=gone.run_id)
    run_upkeep.purge(session, run_id=gone.run_id)
    assert not any(rows_of(session, gone.run_id).values())
    assert partition_count(session, gone.run_id) == 0
    assert rows_of(session, kept.run_id) == before
    with pytest.raises(NotFound):
        runs.get_run(session, run_id=gone.run_id, trashed=True)
    with pytest.raises(NotFound):
        run_upkeep.purge(session, run_id=gone.run_id)


def test_runs_leave_the_trash_after_their_time(session, run, noise, team):
    run_upkeep.trash(session, by=team[Role.ADMIN], run_id=run.run_id)
    assert run_upkeep.empty_trash(session) == []
    days = run_upkeep.TRASH_DAYS + 1
    session.execute(
        update(Run)
        .where(Run.id == run.run_id)
        .values(trashed_at=func.now() - text(f"interval '{days} days'"))
    )
    assert run_upkeep.empty_trash(session) == [run.run_id]
    assert waiting_arguments(session, task=PURGE, argument="run_id") == {run.run_id}
    assert run_upkeep.empty_trash(session) == []  # it is asked for already


def test_a_new_run_gets_partitions_and_a_trashed_one_is_not_loaded(session, team):
    manifest = small_logs.manifest()
    run_id = create_run(session, manifest, location="/logs/x")
    assert partition_count(session, run_id) == 4
    run_upkeep.trash(session, by=team[Role.ADMIN], run_id=run_id)
    with pytest.raises(Conflict, match="in the trash"):
        create_run(session, manifest, location="/logs/x")
