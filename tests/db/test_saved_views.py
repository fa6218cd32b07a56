"""Saved views: who finds which, what is kept once, what is forgotten, what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from db.errors import Conflict, Forbidden, NotFound
from db.models import Run, SavedView
from db.queries.team import accounts, saved_views
from db.queries.team.saved_views import MAX_A_MINUTE, MAX_NAME, MAX_QUERY, UNUSED, TooMany

QUERY = "pins=10%2C20&k=3"


@pytest.fixture
def ann(session) -> int:
    return accounts.add_account(session, email="ann@example.org", role="member").id


@pytest.fixture
def bob(session) -> int:
    return accounts.add_account(session, email="bob@example.org", role="member").id


@pytest.fixture
def admin(session) -> int:
    return accounts.add_account(session, email="admin@example.org", role="admin").id


@pytest.fixture
def views(session, run, ann):
    """Functions that keep and save with most arguments filled in."""

    def keep(query=QUERY, *, account_id=ann, run_id=run.run_id, page="layers"):
        return saved_views.keep_view(
            session, account_id=account_id, run_id=run_id, page=page, query=query
        )

    def save(name="Odd layers", *, account_id=ann, shared=False, query=QUERY, run_id=run.run_id):
        return saved_views.save_view(
            session,
            account_id=account_id,
            run_id=run_id,
            page="layers",
            query=query,
            name=name,
            shared=shared,
        )

    return keep, save


def ids(rows) -> list[str]:
    return [row.id for row in rows]


def test_a_kept_view_is_found_by_whoever_has_its_id(session, run, ann, bob, views):
    keep, _ = views
    view_id = keep()
    assert view_id.isalnum()
    assert len(view_id) == 12
    found = saved_views.find_view(session, view_id=view_id, account_id=bob)
    assert (found.run_id, found.page, found.query) == (run.run_id, "layers", QUERY)
    assert (found.account_id, found.name, found.shared) == (ann, None, False)
    assert saved_views.list_views(session, account_id=ann, any_owner=True) == []


def test_the_same_selection_is_kept_once_for_each_account(session, ann, bob, views):
    keep, _ = views
    first = keep()
    assert keep() == first
    others = {keep(account_id=bob), keep(page="cube"), keep(query="k=4")}
    assert len(others | {first}) == 4


def test_a_private_view_opens_for_its_owner_only(session, ann, bob, views):
    _, save = views
    view_id = save()
    assert saved_views.find_view(session, view_id=view_id, account_id=ann).name == "Odd layers"
    with pytest.raises(NotFound, match=view_id):
        saved_views.find_view(session, view_id=view_id, account_id=bob)
    saved_views.share_view(session, view_id=view_id, account_id=ann, shared=True)
    assert saved_views.find_view(session, view_id=view_id, account_id=bob).owner == "ann"


def test_the_list_holds_ones_own_and_what_is_shared(session, ann, bob, views):
    keep, save = views
    keep()
    private, shared, of_bob = save("a"), save("b", shared=True), save("c", account_id=bob)
    listed = lambda who, **all: set(  # noqa: E731
        ids(saved_views.list_views(session, account_id=who, **all))
    )
    assert listed(ann) == {private, shared}
    assert listed(bob) == {shared, of_bob}
    assert listed(bob, any_owner=True) == {private, shared, of_bob}


def test_only_the_owner_renames_shares_and_deletes(session, ann, bob, admin, views):
    _, save = views
    view_id = save(shared=True)
    attempts = (
        lambda who: saved_views.rename_view(
            session, view_id=view_id, account_id=who, name=" New  n"
        ),
        lambda who: saved_views.share_view(session, view_id=view_id, account_id=who, shared=True),
        lambda who: saved_views.delete_view(
            session, view_id=view_id, account_id=who, any_owner=False
        ),
    )
    for attempt in attempts:
        with pytest.raises(NotFound, match=view_id):
            attempt(bob)
    for attempt in attempts[:2]:
        attempt(ann)
    assert saved_views.list_views(session, account_id=ann)[0].name == "New n"
    with pytest.raises(Forbidden):
        saved_views.delete_view(session, view_id=view_id, account_id=bob, any_owner=True)
    saved_views.delete_view(session, view_id=view_id, account_id=admin, any_owner=True)
    assert saved_views.list_views(session, account_id=ann) == []
    with pytest.raises(NotFound):
        saved_views.delete_view(session, view_id=view_id, account_id=admin, any_owner=True)


def test_a_viewer_keeps_to_himself_what_he_saves(session, ann, views):
    _, save = views
    view_id = save()
    accounts.set_role(session, account_id=ann, role="viewer")
    with pytest.raises(Forbidden):
        save(shared=True)
    with pytest.raises(Forbidden):
        saved_views.share_view(session, view_id=view_id, account_id=ann, shared=True)
    saved_views.share_view(session, view_id=view_id, account_id=ann, shared=False)


def test_a_kept_view_is_neither_renamed_nor_deleted(session, ann, admin, views):
    keep, _ = views
    view_id = keep()
    with pytest.raises(NotFound):
        saved_views.rename_view(session, view_id=view_id, account_id=ann, name="x")
    with pytest.raises(NotFound):
        saved_views.delete_view(session, view_id=view_id, account_id=admin, any_owner=True)


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "a\x00b", "a\u202eb"])
def test_names_that_cannot_be(views, name):
    _, save = views
    with pytest.raises(Conflict, match="printable"):
        save(name)


def test_a_selection_that_is_too_large_and_a_run_that_is_not_there(views):
    keep, save = views
    for make in (keep, save):
        with pytest.raises(Conflict, match="Remove some pins"):
            make(query="x" * (MAX_QUERY + 1))
        with pytest.raises(NotFound, match="run 99999999"):
            make(run_id=99999999)


def test_so_many_in_a_minute_are_refused(session, bob, views):
    keep, _ = views
    first = keep(query="0")
    for number in range(1, MAX_A_MINUTE):
        keep(query=str(number))
    with pytest.raises(TooMany):
        keep(query="one more")
    assert keep(query="0") == first
    assert keep(query="one more", account_id=bob)


def test_what_is_out_of_use_is_forgotten_but_names_are_kept(session, ann, views):
    keep, save = views
    old, used, named = keep(query="old"), keep(query="used"), save()
    aged = update(SavedView).where(SavedView.id.in_([old, used, named]))
    session.execute(aged.values(used_at=func.now() - UNUSED - timedelta(days=1)))
    saved_views.find_view(session, view_id=used, account_id=ann)
    new = keep(query="new")
    assert set(session.scalars(select(SavedView.id))) == {used, named, new}


def test_no_more_than_the_limit_are_kept(session, ann, views, monkeypatch):
    monkeypatch.setattr(saved_views, "MAX_UNNAMED", 3)
    keep, save = views
    made = [save(), *(keep(query=str(number)) for number in range(3))]
    for age, view_id in enumerate(reversed(made)):
        session.execute(
            update(SavedView)
            .where(SavedView.id == view_id)
            .values(used_at=func.now() - timedelta(hours=age))
        )
    new = keep(query="new")
    assert set(session.scalars(select(SavedView.id))) == {made[0], made[2], made[3], new}


def test_views_go_with_their_run(session, run, views):
    keep, save = views
    keep()
    save()
    session.execute(delete(Run).where(Run.id == run.run_id))
    assert session.scalar(select(func.count()).select_from(SavedView)) == 0
