"""The alerts page in every role: read, mark as read, channels; the notice on the page of runs."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete

from app.views.alerts.addresses import checked_address
from app.views.alerts.ids import CHANGES, Button, Ids, Snooze
from db.engine import session_scope
from db.errors import Conflict
from db.models import Alert, AlertChannel, AlertReader, RunSnooze
from db.permissions import Role
from db.queries.team import alerts
from tests.app.web import callback_key

FINDING = {
    "key": "plateau@10::",
    "rule": "plateau",
    "severity": "high",
    "start_iteration": 10,
    "text": "The loss stands still.",
}


def written(component) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder)


@pytest.fixture
def told(web, app_run, people):
    """One alert about the run, told in the application; all is undone."""
    with session_scope(web.engine) as session:
        alerts.add_channel(
            session,
            kind="app",
            address="",
            severity="high",
            account_id=people[Role.ADMIN],
            account_name="Ann",
        )
        assert alerts.raise_alerts(session, run_id=app_run.run_id, findings=[FINDING]) == 1
    yield app_run.run_id
    with session_scope(web.engine) as session:
        for table in (Alert, AlertChannel, AlertReader, RunSnooze):
            session.execute(delete(table))


def show(client):
    return client.update(callback_key(client.web.app, f"{Ids.BODY}.children"))


@pytest.mark.parametrize("role", Role)
def test_everybody_reads_and_marks_as_read_for_himself(clients, told, web, role):
    client = clients[role]
    shown = show(client)
    assert "The loss stands still." in written(shown[Ids.BODY]["children"])
    assert f"/run/{told}/findings" in written(shown[Ids.BODY]["children"])
    assert shown[Ids.COUNT]["children"] == "1 new"
    assert (Button.REMOVE in written(shown[Ids.CHANNELS]["children"])) == (role is Role.ADMIN)
    notice = callback_key(web.app, "runs-alerts.children")
    assert "1 new alert" in written(client.update(notice)["runs-alerts"]["children"])
    key = callback_key(web.app, f"{Ids.READ_DONE}.data")
    newest = {f"{Ids.NEWEST}.data": shown[Ids.NEWEST]["data"]}
    with session_scope(web.engine) as session:  # while the page is looked at
        again = {**FINDING, "key": "another", "rule": "loss-jump"}
        alerts.raise_alerts(session, run_id=told, findings=[again])
    click = f"{Ids.READ}.n_clicks"
    client.update(key, {click: 1, **newest}, triggered=click)
    shown = show(client)
    assert shown[Ids.COUNT]["children"] == "1 new"
    newest = {f"{Ids.NEWEST}.data": shown[Ids.NEWEST]["data"]}
    client.update(key, {click: 2, **newest}, triggered=click)
    assert show(client)[Ids.COUNT]["children"] == ""
    assert client.update(notice)["runs-alerts"]["children"] is None


def test_nothing_told_yet(clients, web):
    shown = show(clients[Role.VIEWER])
    assert "No alerts yet" in written(shown[Ids.EMPTY]["children"])
    assert "There are no channels yet" in written(shown[Ids.CHANNELS]["children"])


def add(client, kind, address, severity="high"):
    values = {
        f"{Ids.KIND}.value": kind,
        f"{Ids.ADDRESS}.value": address,
        f"{Ids.SEVERITY}.value": severity,
    }
    key = callback_key(client.web.app, CHANGES.by("add"))
    return client.call(key, values, triggered=f"{Ids.ADD}.n_clicks")


def test_an_administrator_adds_and_removes_channels(clients, told, web):
    admin = clients[Role.ADMIN]
    assert add(admin, "email", "you@example.org").status_code == 200
    answer = add(admin, "email", "you@example.org")
    assert "such a channel already" in answer.json["response"][Ids.PROBLEM]["children"]
    with session_scope(web.engine) as session:
        ids = {row.address: row.id for row in alerts.list_channels(session)}
    button = {"type": Button.REMOVE, "channel": ids["you@example.org"]}
    assert admin.click(button).status_code == 200
    with session_scope(web.engine) as session:
        assert [row.kind for row in alerts.list_channels(session)] == ["app"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_others_may_not(clients, told, web, role):
    assert add(clients[role], "email", "you@example.org").status_code == 403
    with session_scope(web.engine) as session:
        assert len(alerts.list_channels(session)) == 1


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://127.0.0.1/x"),
        ("webhook", "http://localhost:8050/"),
        ("webhook", "http://10.0.0.1/"),
        ("webhook", "http://[::1]/"),
        ("webhook", "http://server.internal/"),
        ("webhook", "ftp://example.org"),
        ("webhook", "https://user@example.org"),
        ("webhook", "javascript:alert(1)"),
        ("webhook", ""),
        ("email", "nobody"),
        ("email", "a@b\r\nBcc: c@d"),
    ],
)
def test_an_address_that_cannot_be(kind, address):
    with pytest.raises(Conflict):
        checked_address(kind, address)


def test_addresses_that_can_be():
    assert checked_address("webhook", " https://hooks.example.org/a?b=c ").endswith("a?b=c")
    assert checked_address("email", "you@example.org") == "you@example.org"
    assert checked_address("app", "anything") == ""


def test_members_snooze_and_viewers_see_it(clients, told, web):
    member, viewer = clients[Role.MEMBER], clients[Role.VIEWER]
    with session_scope(web.engine) as session:
        [alert] = alerts.list_alerts(session, account_id=1)
    button = {"type": Snooze.NIGHT, "alert": alert.id}
    assert viewer.click(button).status_code == 403
    assert Snooze.NIGHT not in written(show(viewer)[Ids.BODY]["children"])
    assert Snooze.NIGHT in written(show(member)[Ids.BODY]["children"])
    assert member.click(button).status_code == 200
    shown = written(show(viewer)[Ids.BODY]["children"])
    assert "Run snoozed until" in shown
    assert Snooze.WAKE_RUN not in shown
    notice = callback_key(web.app, "runs-alerts.children")
    assert viewer.update(notice)["runs-alerts"]["children"] is None
    assert Snooze.WAKE_RUN in written(show(member)[Ids.BODY]["children"])
    assert member.click({"type": Snooze.WAKE_RUN, "alert": alert.id}).status_code == 200
    assert member.click({"type": Snooze.EVENT, "alert": alert.id}).status_code == 200
    assert "Event snoozed by" in written(show(viewer)[Ids.BODY]["children"])
    assert member.click({"type": Snooze.WAKE_EVENT, "alert": alert.id}).status_code == 200
    assert "snoozed" not in written(show(viewer)[Ids.BODY]["children"])
