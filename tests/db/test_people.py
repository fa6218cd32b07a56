"""Accounts as administrators change them, tokens of scripts, and the log of who did what."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from db.errors import Conflict, Forbidden, NotFound
from db.models import Account, ApiToken
from db.permissions import Role
from db.queries.jobs import schedules, watches
from db.queries.team import accounts, api_tokens, audit, people, sessions


@pytest.fixture
def team(session):
    return {
        role: accounts.add_account(session, email=f"{role}@team.example", role=role).id
        for role in Role
    }


def test_an_invitation_makes_account_link_and_entry(session, team):
    account = people.invite(
        session,
        by=team[Role.ADMIN],
        email="Eva@team.example",
        role="member",
        name="Eva",
        token_hash=b"e",
    )
    assert sessions.find_link(session, token_hash=b"e") == account
    entries, count = audit.list_entries(session, search="eva invited")
    assert count == 1
    assert (entries[0].actor_name, entries[0].action, entries[0].detail) == (
        "admin",
        "invited",
        "as member",
    )
    with pytest.raises(Conflict, match="already an account"):
        people.invite(
            session,
            by=team[Role.ADMIN],
            email="eva@TEAM.example",
            role="viewer",
            name="",
            token_hash=b"f",
        )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_only_administrators_change_accounts(session, team, role):
    by, other = team[role], team[Role.ADMIN]
    for deed in (
        lambda: people.invite(
            session, by=by, email="x@y.example", role="admin", name="", token_hash=b"x"
        ),
        lambda: people.renew_link(session, by=by, account_id=by, token_hash=b"x"),
        lambda: people.change_role(session, by=by, account_id=by, role="admin"),
        lambda: people.deactivate(session, by=by, account_id=other),
        lambda: people.activate(session, by=by, account_id=other),
        lambda: people.end_sessions(session, by=by, account_id=other),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert accounts.get_account(session, account_id=by).role == role
    assert audit.list_entries(session)[1] == 0


def test_a_deactivated_administrator_changes_nothing(session, team):
    session.execute(update(Account).where(Account.id == team[Role.ADMIN]).values(active=False))
    with pytest.raises(Forbidden):
        people.change_role(session, by=team[Role.ADMIN], account_id=team[Role.VIEWER], role="admin")


def test_the_last_administrator_stays(session, team):
    admin = team[Role.ADMIN]
    with pytest.raises(Conflict, match="only active administrator"):
        people.change_role(session, by=admin, account_id=admin, role="viewer")
    with pytest.raises(Conflict, match="your own"):
        people.deactivate(session, by=admin, account_id=admin)
    people.change_role(session, by=admin, account_id=team[Role.MEMBER], role="admin")
    assert people.change_role(session, by=admin, account_id=admin, role="viewer").role == "viewer"


def test_deactivation_ends_sessions_links_and_tokens(session, team):
    member = team[Role.MEMBER]
    sessions.add_session(
        session, account_id=member, token_hash=b"s", user_agent="x", address="127.0.0.1"
    )
    sessions.add_link(session, account_id=member, token_hash=b"l")
    api_tokens.add_token(session, account_id=member, token_hash=b"t", name="script")
    people.deactivate(session, by=team[Role.ADMIN], account_id=member)
    people.activate(session, by=team[Role.ADMIN], account_id=member)
    assert sessions.find_session(session, token_hash=b"s") is None
    assert sessions.find_link(session, token_hash=b"l") is None
    assert api_tokens.find_token(session, token_hash=b"t") is None
    assert accounts.get_account(session, account_id=member).active


def test_what_somebody_loads_by_itself_rests_once_they_are_gone_or_may_not(session, team):
    admin, member = team[Role.ADMIN], team[Role.MEMBER]
    timing = {"mode": "once", "cron": "0 6 * * *", "time_zone": "UTC"}
    for by in (admin, member):
        schedules.add_schedule(session, location=f"/logs/{by}", by=by, **timing)
    watches.add_watch(session, location="/logs/all", by=member)
    rests = people.deactivate(session, by=admin, account_id=member)
    assert rests == (f"paused 1 schedule (/logs/{member}); stopped 1 watched folder (/logs/all)")
    found = {row.owner_id: row.next_due for row in schedules.list_schedules(session)}
    assert found[member] is None
    assert found[admin] is not None
    (watch,) = watches.list_watches(session)
    assert not watch.active
    assert "may no longer load logs" in watch.problem
    entry = audit.list_entries(session)[0][0]
    assert (entry.actor_name, entry.detail) == ("admin", rests)
    people.activate(session, by=admin, account_id=member)
    (own,) = [row for row in schedules.list_schedules(session) if row.owner_id == member]
    assert "may no longer load logs" in own.paused_because
    schedules.pause_schedule(session, schedule_id=own.id, paused=False, by=member)
    people.change_role(session, by=admin, account_id=member, role="viewer")
    assert schedules.get_schedule(session, schedule_id=own.id).next_due is None
    assert people.deactivate(session, by=admin, account_id=member) == ""


def test_people_are_listed_with_their_sessions(session, team):
    member, viewer = team[Role.MEMBER], team[Role.VIEWER]
    for number in range(3):
        sessions.add_session(
            session,
            account_id=member,
            token_hash=bytes([number]),
            user_agent="x",
            address="127.0.0.1",
        )
    sessions.revoke_session(session, account_id=member, token_hash=b"\0")
    people.deactivate(session, by=team[Role.ADMIN], account_id=viewer)
    found = people.list_people(session)
    assert [(person.name, person.sessions, person.active) for person in found] == [
        ("admin", 0, True),
        ("member", 2, True),
        ("viewer", 0, False),
    ]
    assert found[1].last_seen_at is not None
    assert found[0].last_seen_at is None


def test_a_token_is_its_accounts_until_it_expires_or_is_revoked(session, team):
    member = team[Role.MEMBER]
    token = api_tokens.add_token(
        session, account_id=member, token_hash=b"t", name=" my script ", lifetime=timedelta(days=1)
    )
    found = api_tokens.find_token(session, token_hash=b"t")
    assert (found.account_id, found.role, found.due) == (member, "member", True)
    api_tokens.note_used(session, token_hash=b"t")
    assert not api_tokens.find_token(session, token_hash=b"t").due
    assert [row.name for row in api_tokens.list_tokens(session, account_id=member)] == ["my script"]
    with pytest.raises(NotFound):
        api_tokens.revoke_token(session, account_id=team[Role.ADMIN], token_id=token)
    past = ApiToken.created_at - timedelta(days=1)
    session.execute(update(ApiToken).values(expires_at=past))
    assert api_tokens.find_token(session, token_hash=b"t") is None
    session.execute(update(ApiToken).values(expires_at=None))
    assert api_tokens.find_token(session, token_hash=b"t") is not None
    api_tokens.revoke_token(session, account_id=member, token_id=token)
    assert api_tokens.find_token(session, token_hash=b"t") is None
    assert api_tokens.list_tokens(session, account_id=member) == []


def test_tokens_have_names_and_an_end(session, team):
    member = team[Role.MEMBER]
    for name in ("", "   ", "a\0b", "x" * 81):
        with pytest.raises(Conflict, match="name"):
            api_tokens.add_token(session, account_id=member, token_hash=b"t", name=name)
    for number in range(api_tokens.MAX_TOKENS):
        api_tokens.add_token(
            session, account_id=member, token_hash=bytes([number]), name=str(number)
        )
    with pytest.raises(Conflict, match="at most"):
        api_tokens.add_token(session, account_id=member, token_hash=b"z", name="one more")


def test_the_log_is_searched_and_turned_over(session, team):
    for number in range(5):
        audit.record(
            session, actor_id=team[Role.MEMBER], action="deleted", target=f"run {number} 100%_x"
        )
    audit.record(session, actor_id=None, action="added", target="x@y.example")
    entries, count = audit.list_entries(session, search="DELETED 100%_x", limit=2, offset=2)
    assert (count, [entry.target[:5] for entry in entries]) == (5, ["run 2", "run 1"])
    assert audit.list_entries(session, search="100_")[1] == 0
    (entry,), _ = audit.list_entries(session, search="command line")
    assert (entry.actor_id, entry.action) == (None, "added")
