"""Findings of live runs are told once: in the application, by webhook, by e-mail."""

import base64
import io
import ipaddress
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from PIL import Image
from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from db.engine import make_engine
from db.errors import Conflict, Forbidden, NotFound
from db.models import FindingMute, Run, RunSnooze
from db.queries.team import accounts, alert_snoozes, alerts, audit
from ingest import alerts as sending
from ingest.alerts import AlertSettings, deliver, payload
from ingest.analysis.answer import answer
from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Names, Severity
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.evaluate import evaluate_run
from ingest.events import events_of
from ingest.picture import picture
from ingest.webhook import NotDelivered, is_public, post
from tests.ports import free_port
from tests.stored_runs import store_run


@pytest.fixture
def team(session):
    account = accounts.add_account(session, email="ann@example.org", role="admin")
    return {"account_id": account.id, "account_name": account.name}


def finding(key="loss-jump@10::", rule="loss-jump", severity="high"):
    return {
        "key": key,
        "rule": rule,
        "severity": severity,
        "start_iteration": 10,
        "text": "The loss rose.",
    }


def raised(session, run_id, *findings):
    return alerts.raise_alerts(session, run_id=run_id, findings=findings)


class TestRaising:
    def test_nobody_listens_nothing_is_told(self, session, noise):
        assert raised(session, noise[0].run_id, finding()) == 0

    def test_once_from_the_severity_chosen(self, session, noise, team):
        run = noise[0].run_id
        alerts.add_channel(session, kind="app", address="", severity="medium", **team)
        assert raised(session, run, finding(), finding("b", "plateau", "low")) == 1
        assert raised(session, run, finding()) == 0
        # The same rule at the next snapshot is no news, another rule is.
        assert raised(session, run, finding("loss-jump@20::"), finding("c", "plateau")) == 1
        assert [a.rule for a in alerts.list_alerts(session, account_id=team["account_id"])] == [
            "plateau",
            "loss-jump",
        ]

    def test_what_becomes_worse_is_told_to_those_who_were_not(self, session, noise, team):
        run = noise[0].run_id
        for severity in ("medium", "high"):
            address = f"{severity}@example.org"
            alerts.add_channel(session, kind="email", address=address, severity=severity, **team)
        told = []
        for severity in ("medium", "medium", "high", "high", "medium"):
            told.append(raised(session, run, finding(severity=severity)))
        assert told == [1, 0, 1, 0, 0]
        [row] = alerts.list_alerts(session, account_id=team["account_id"])
        assert row.severity == "high"
        waiting = alerts.take_deliveries(session)
        assert {one.address for one in waiting} == {"medium@example.org", "high@example.org"}

    def test_everybody_reads_for_himself(self, session, noise, team):
        alerts.add_channel(session, kind="app", address="", severity="low", **team)
        other = accounts.add_account(session, email="bo@example.org", role="viewer").id
        raised(session, noise[0].run_id, finding())
        [told] = alerts.list_alerts(session, account_id=other)
        alerts.mark_seen(session, account_id=other, newest=told.id)
        assert alerts.unread(session, account_id=other) == 0
        assert alerts.unread(session, account_id=team["account_id"]) == 1
        [row] = alerts.list_alerts(session, account_id=other)
        assert not row.unread
        # What came after the page was looked at is not read, and what was read stays so.
        raised(session, noise[1].run_id, finding())
        alerts.mark_seen(session, account_id=other, newest=told.id - 1)
        assert alerts.unread(session, account_id=other) == 1
        alerts.mark_seen(session, account_id=other, newest=2**31 - 1)
        raised(session, noise[0].run_id, finding("later", "plateau"))
        assert alerts.unread(session, account_id=other) == 1

    def test_alerts_of_runs_in_the_trash_are_not_counted(self, session, noise, team):
        alerts.add_channel(session, kind="app", address="", severity="low", **team)
        raised(session, noise[0].run_id, finding())
        session.execute(update(Run).where(Run.id == noise[0].run_id).values(trashed_at=func.now()))
        assert alerts.unread(session, account_id=team["account_id"]) == 0

    def test_only_of_a_run_that_still_records(self, session, team, monkeypatch):
        alerts.add_channel(session, kind="app", address="", severity="low", **team)
        told = []
        from ingest import evaluate

        monkeypatch.setattr(evaluate, "raise_alerts", lambda *_a, run_id, **_o: told.append(run_id))
        live = store_run(session, seed=1, state="recording")
        store = store_run(session, seed=2, state="complete")
        for run in (live, store):
            evaluate_run(session, run_id=run.run_id)
        assert told == [live.run_id]

    def test_channels(self, session, team):
        one = alerts.add_channel(session, kind="email", address="a@b.org", severity="high", **team)
        with pytest.raises(Conflict):
            alerts.add_channel(session, kind="email", address="a@b.org", severity="low", **team)
        with pytest.raises(Conflict):
            alerts.add_channel(session, kind="pigeon", address="", severity="low", **team)
        other = accounts.add_account(session, email="bob@example.org", role="member")
        with pytest.raises(Forbidden):
            alerts.remove_channel(session, channel_id=one, account_id=other.id)
        alerts.remove_channel(session, channel_id=one, account_id=team["account_id"])
        with pytest.raises(NotFound):
            alerts.remove_channel(session, channel_id=one, account_id=team["account_id"])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://localhost/x",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://169.254.169.254/latest/meta-data",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://user@example.org/",
        "http://example.org:99999/",
        "http://no-such-host.invalid/",
        "//example.org",
        "",
    ],
)
def test_a_webhook_that_is_refused(url):
    with pytest.raises(NotDelivered):
        post(url, {})


@pytest.fixture
def one_alert():
    from datetime import UTC, datetime

    return alerts.AlertRow(
        1, 3, "my\nrun", "loss-jump", "high", 10, "It rose.", datetime.now(UTC), True
    )


@contextmanager
def receiver(status=200, location=None):
    """Yield the address of a web server here, and the requests that it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Host"], json.loads(body)))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", got
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def dripping():
    """Yield the address of a server that answers without end, byte by byte."""
    stop = threading.Event()

    def drip(connection):
        # A status and the beginning of a header, or of a greeting that begins an encryption.
        record = b"\x16\x03\x03\x40\x00"
        greeting = b"HTTP/1.1 200 OK\r\nX-Long: " if connection.recv(1) == b"P" else record
        with connection:
            try:
                connection.sendall(greeting)
                while not stop.wait(0.05):
                    connection.sendall(b"a")
            except OSError:
                return

    def serve(server):
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        stop.set()


def anywhere(_address):
    return True


class TestSending:
    def test_a_webhook_gets_the_finding(self, one_alert):
        with receiver() as (url, got):
            told = payload(one_alert, link="http://x/run/3")
            post(f"{url}/hook?a=1", told, may_connect=anywhere)
        [(path, host, body)] = got
        assert (path, host) == ("/hook?a=1", url.removeprefix("http://"))
        assert body["title"] == "Training loss jumped"
        assert (body["run_id"], body["severity"], body["link"]) == (3, "high", "http://x/run/3")

    def test_a_redirect_is_not_followed(self):
        with (
            receiver() as (inner, reached),
            receiver(302, inner) as (url, got),
            pytest.raises(NotDelivered, match="302"),
        ):
            post(url, {}, may_connect=anywhere)
        assert len(got) == 1
        assert reached == []

    def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to(self, monkeypatch):
        asked, real = [], socket.getaddrinfo

        def look_up(host, port, *arguments, **others):
            asked.append(host)
            if host != "hooks.example.org":
                return real(host, port, *arguments, **others)
            # A name that means another machine once it was checked.
            address = "127.0.0.1" if asked.count(host) == 1 else "192.0.2.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        checked = []
        with receiver() as (url, got):
            monkeypatch.setattr(socket, "getaddrinfo", look_up)
            port = url.rpartition(":")[2]
            post(
                f"http://hooks.example.org:{port}/",
                {},
                may_connect=lambda address: not checked.append(str(address)),
            )
        assert asked.count("hooks.example.org") == 1
        assert checked == ["127.0.0.1"]
        assert got[0][1] == f"hooks.example.org:{port}"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_a_server_that_drips_is_cut_off(self, scheme):
        """One byte every now and then never runs into the limit of a single answer."""
        with dripping() as address, pytest.raises(NotDelivered, match=r"answer within 0\.5 s"):
            post(f"{scheme}://{address}/", {}, may_connect=anywhere, seconds=0.5)

    def test_a_mail_reaches_the_server(self, one_alert):
        with mail_server() as (settings, inbox):
            sending.send_email(settings, "you@example.org", one_alert, link="http://x/run/3")
        [message] = inbox
        assert message["Subject"] == "[DeepTracker] Training loss jumped in my run"
        assert message["To"] == "you@example.org"
        assert "http://x/run/3" in message.get_payload()

    def test_without_an_address_of_ours_it_says_why_there_is_no_link(self, one_alert):
        told = payload(one_alert, link=AlertSettings().link(3))
        assert told["link"] is None
        assert "DEEPTRACKER_PUBLIC_URL" in told["no_link"]
        with mail_server() as (settings, inbox):
            sending.send_email(settings, "you@example.org", one_alert, link=settings.link(3))
        text = " ".join(inbox[0].get_payload(decode=True).decode().split())
        assert "Run 3, page Findings. No link: " in text
        assert "Set DEEPTRACKER_PUBLIC_URL for them" in text
        assert "/run/3" not in text

    @pytest.mark.parametrize(
        "given", ["https://Tracker.example.org/", "https://tracker.example.org"]
    )
    def test_a_link_is_a_full_address(self, one_alert, given):
        settings = AlertSettings(public_url=given)
        link = settings.link(3)
        assert link == "https://tracker.example.org/run/3/findings"
        assert "no_link" not in payload(one_alert, link=link)

    def test_an_address_that_is_none_is_refused_when_the_worker_starts(self):
        for given in ("tracker.example.org", "ftp://x", "https://x/below"):
            with pytest.raises(ValueError, match=r"must look like https://"):
                AlertSettings(public_url=given)

    def test_without_a_mail_server_it_says_so(self, one_alert):
        with pytest.raises(NotDelivered, match="DEEPTRACKER_SMTP_HOST"):
            sending.send_email(AlertSettings(), "you@example.org", one_alert, link="")


@contextmanager
def mail_server():
    inbox = []

    class Inbox:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
            inbox.append(message_from_bytes(envelope.content))
            return "250 OK"

    port = free_port()
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port, ready_timeout=60.0)
    controller.start()
    try:
        yield (
            AlertSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none"),
            inbox,
        )
    finally:
        controller.stop()


def test_what_waits_is_delivered_and_failures_are_tried_again(database_url, caplog):
    engine = make_engine(database_url)
    with receiver() as (good, got), receiver(500) as (bad, _), mail_server() as (settings, inbox):
        with Session(engine) as session, session.begin():
            account = accounts.add_account(session, email="ann@example.org", role="admin")
            by = {"account_id": account.id, "account_name": account.name, "severity": "high"}
            run = store_run(session, seed=1)
            alerts.add_channel(session, kind="webhook", address=good, **by)
            alerts.add_channel(session, kind="webhook", address=f"{bad}/secret-token", **by)
            alerts.add_channel(session, kind="email", address="you@example.org", **by)
            assert raised(session, run.run_id, finding()) == 1
        tries = []
        for minutes in (0, 0, 0.6, 2, 7, 30, 999):  # that pass ahead of each, besides what it takes
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE alert SET created_at = created_at - make_interval(secs => :s)"),
                    {"s": 60 * minutes},
                )
            tries.append(deliver(engine, settings, may_connect=anywhere))
        assert tries == [3, 0, 1, 1, 1, 1, 0]
        assert (len(got), len(inbox)) == (1, 1)
        assert "DEEPTRACKER_PUBLIC_URL" in got[0][2]["no_link"]
    assert "status 500" in caplog.text
    assert "secret-token" not in caplog.text
    with Session(engine) as session:
        states = session.execute(text("SELECT state, attempts FROM alert_delivery ORDER BY 2"))
        assert states.all() == [("sent", 1), ("sent", 1), ("failed", 5)]
        assert [c.error for c in alerts.list_channels(session)] == [
            None,
            "It answered with status 500.",
            None,
        ]
    engine.dispose()


def event(key="loss-jump@10::", *others, start=10, near=(0, 50), severity="high", **more):
    rules = {key: key.partition("@")[0] for key in (key, *others)}
    members = [finding(k, rule, severity) for k, rule in rules.items()]
    told = {"start_iteration": start, "near": near, "lasting": {"plateau"}, "members": members}
    return {**members[0], **told, **more}


class TestEvents:
    """One message for all that belongs to one event, whenever it joins it."""

    @pytest.fixture(autouse=True)
    def _channel(self, session, team):
        by = {**team, "severity": "low"}
        alerts.add_channel(session, kind="email", address="a@b.org", **by)

    def test_findings_of_one_event_are_one_message(self, session, noise):
        one, other = (stored.run_id for stored in noise[:2])
        together = event("loss-jump@10::", "class-collapse@20::3", cause="rate-jump")
        assert raised(session, one, together) == 1
        # Later members, and what is dated anew, are the same event: also of rules not told yet.
        assert raised(session, one, event("class-collapse@20::3", "dead-filters@30:2:")) == 0
        assert raised(session, one, event("dead-filters@30:2:", start=400, near=(350, 500))) == 0
        assert raised(session, one, event("layer-frozen@40:1:", start=12)) == 0
        # Another stretch, a verdict over a long one, and the same of another run are not.
        assert raised(session, one, event("frozen-layer@400:1:", start=400, near=(350, 500))) == 1
        assert raised(session, one, event("plateau", start=10, near=None)) == 1
        assert raised(session, other, together) == 1
        told = alerts.take_deliveries(session, limit=9)
        assert [(d.alert.run_id, d.alert.rule) for d in told] == [
            (one, "loss-jump"),
            (one, "frozen-layer"),
            (one, "plateau"),
            (other, "loss-jump"),
        ]
        assert told[0].alert.cause == "rate-jump"
        assert told[0].alert.uuid == noise[0].uuid

    def test_muted_members_count_for_nothing(self, session, noise, team):
        run = noise[0].run_id
        session.add(FindingMute(run_id=run, key="a@1::", reason="known", account_name="Ann"))
        bad, mild = finding("a@1::", "a", "high"), finding("b@1::", "b", "low")
        whole = {**bad, "members": [bad, mild]}
        assert raised(session, run, {**bad, "members": [bad]}) == 0
        assert raised(session, run, whole) == 1
        [told] = alerts.take_deliveries(session)
        assert (told.alert.rule, told.alert.severity) == ("b", "low")

    def test_what_is_snoozed_waits(self, session, noise, team):
        one, other = (stored.run_id for stored in noise[:2])
        who = team["account_id"]
        raised(session, one, event())
        raised(session, other, event())
        alert_snoozes.snooze_run(session, run_id=one, hours=2, **team)
        assert [d.alert.run_id for d in alerts.take_deliveries(session)] == [other]
        rows = {row.run_id: row for row in alerts.list_alerts(session, account_id=who)}
        assert (rows[one].quiet, rows[other].quiet) == (True, False)
        assert rows[one].run_snoozed_by == team["account_name"]
        assert alerts.unread(session, account_id=who) == 1
        alert_snoozes.snooze_event(session, alert_id=rows[other].id, snooze=True, **team)
        assert alerts.take_deliveries(session) == []
        # An event that is snoozed stays so when it worsens; of the run, what waited is sent.
        session.execute(update(RunSnooze).values(until=func.now() - timedelta(seconds=1)))
        assert [d.alert.run_id for d in alerts.take_deliveries(session)] == [one]
        alert_snoozes.snooze_event(session, alert_id=rows[other].id, snooze=False, **team)
        assert len(alerts.take_deliveries(session)) == 2
        entries, _ = audit.list_entries(session, search="snooze")
        assert [entry.action for entry in entries] == [
            "ended the snooze of",
            "snoozed an event of",
            "snoozed the alerts of",
        ]

    def test_who_may_snooze(self, session, noise):
        viewer = accounts.add_account(session, email="vi@example.org", role="viewer")
        by = {"account_id": viewer.id, "account_name": viewer.name}
        with pytest.raises(Forbidden):
            alert_snoozes.snooze_run(session, run_id=noise[0].run_id, hours=1, **by)
        member = accounts.add_account(session, email="me@example.org", role="member")
        by = {"account_id": member.id, "account_name": member.name}
        with pytest.raises(Conflict):
            alert_snoozes.snooze_run(session, run_id=noise[0].run_id, hours=0, **by)
        with pytest.raises(NotFound):
            alert_snoozes.snooze_event(session, alert_id=99, snooze=True, **by)
        alert_snoozes.snooze_run(session, run_id=noise[0].run_id, hours=1, **by)
        alert_snoozes.wake_run(session, run_id=noise[0].run_id, account_id=member.id)
        raised(session, noise[0].run_id, event())
        assert len(alerts.take_deliveries(session)) == 1


def test_events_hold_every_finding_once():
    history = healthy(
        train_loss=changed("train_loss", slice(AT, AT + 6), 9.0),
        class_error=class_errors_at(AT),
    )
    found = evaluate(history, Names(), rules=(*RULES, *CHANGES))
    [*events] = events_of(history, answer(history, found, Names()), found)
    listed = [f.key for one in events for f in one.findings]
    assert sorted(listed) == sorted({f.key for f in found if f.severity is not Severity.INFO})
    together = next(one for one in events if one.findings[0].rule == "loss-jump")
    assert "class-collapse" in {f.rule for f in together.findings}
    # What no answer speaks of is grouped, too.
    alone = events_of(history, [], found)
    assert sorted(f.key for one in alone for f in one.findings) == sorted(listed)
    assert len(alone) < len(listed)


def class_errors_at(at):
    errors = healthy().class_error.copy()
    errors[2, at : at + 20] = 0.9
    return errors


class TestPictures:
    CHART = {  # noqa: RUF012
        "label": "training loss",
        "iterations": [10, 20, 30, 40],
        "values": [1.0, None, 4.0, 5.0],
        "limit": 3.0,
        "log": False,
    }

    def test_what_is_sent_carries_the_chart(self, one_alert):
        alert = replace(one_alert, chart=self.CHART, cause="rate-jump", probability=0.8)
        drawn = base64.b64decode(payload(alert, link=None)["picture"]["base64"])
        image = Image.open(io.BytesIO(drawn)).convert("RGB")
        assert (image.width, image.height) == (480, 150)
        # The line ends at the top right, the threshold is dashed below it.
        assert image.getpixel((470, 24)) == pytest.approx((47, 90, 151), abs=40)
        with mail_server() as (settings, inbox):
            sending.send_email(settings, "you@example.org", alert, link="http://x/run/3")
        text, png = inbox[0].get_payload()
        assert "Most probable cause: rate jump (80 %)." in text.get_payload(decode=True).decode()
        assert png.get_payload(decode=True) == drawn

    @pytest.mark.parametrize("values", [[None, None], [-1.0, 0.0]])
    def test_nothing_to_draw_is_no_picture(self, values):
        chart = {**self.CHART, "iterations": [10, 20], "values": values, "log": True, "limit": None}
        assert picture(chart, start=10, title="x") is None


def test_a_link_leads_to_the_very_run_at_the_iteration():
    settings = AlertSettings(public_url="https://t.example.org")
    link = settings.link(3, uuid="1a2b3c4d5e6f7a8b", iteration=120)
    assert link == "https://t.example.org/run/3/findings?of=1a2b3c4d&cursor=120&pins=120"
