"""Logging in, one-time links, sessions, and how guessing is slowed down."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import func, select, update

from app.auth import passwords, throttle
from app.auth.arrival import safe_next
from app.auth.cookie import cookie_name, read_cookie
from app.auth.links import make_link
from app.auth.throttle import PER_PAIR, network
from app.auth.tokens import hash_token
from app.views.jobs.ids import CHANGES
from db.engine import session_scope
from db.models import Account, AccountSession, AccountToken, LoginAttempt
from db.permissions import Role
from db.queries.team import accounts, attempts, sessions
from tests.app.web import BASE, HASH, PASSWORD, callback_key, make_web

OTHER = "another long passphrase"
FEW = 12
pytestmark = pytest.mark.usefixtures("no_attempts")


@pytest.fixture(scope="module", autouse=True)
def quick_hashes():
    """Hashes of the same kind for a hundredth of the work: some hundred passwords are tried."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 64, 1))
        passwords._dummy.cache_clear()
        yield
    passwords._dummy.cache_clear()


@pytest.fixture
def person(web, request):
    """The address of an account with PASSWORD, new for every test."""
    email = f"{abs(hash(request.node.name))}@example.org"
    account_id = web.account(email, Role.MEMBER, password=False)
    with session_scope(web.engine) as session:
        quick = passwords.hash_password(PASSWORD)
        accounts.set_password_hash(session, account_id=account_id, password_hash=quick)
    return email


def test_a_guess_costs_what_rfc_9106_asks():
    assert extract_parameters(HASH) == RFC_9106_LOW_MEMORY


def account_of(web, email):
    with session_scope(web.engine) as session:
        return accounts.find_by_email(session, email=email)


def new_link(web, email):
    with session_scope(web.engine) as session:
        return make_link(session, account_id=account_of(web, email).id, address="")


def is_in(client):
    return client.get("/account").status_code == 200


def test_the_right_password_opens_a_session(web, person):
    client = web.client()
    answer = client.log_in(f" {person.upper()} ")
    assert (answer.status_code, answer.location) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert is_in(client)
    assert client.get("/login").status_code == 303


def test_over_tls_the_cookie_is_bound_to_host_and_tls(app_engine, person):
    web = make_web(app_engine, public_url="https://tracker.example.org")
    answer = web.client().http.post(
        "/login",
        data={"email": person, "password": PASSWORD},
        base_url="https://tracker.example.org",
        headers={"Origin": "https://tracker.example.org"},
    )
    assert answer.headers["Set-Cookie"].startswith("__Host-deeptracker=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", "x" * 5_000, "\x00" * 20])
def test_a_wrong_password_does_not(web, person, password):
    client = web.client()
    answer = client.log_in(person, password)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert not is_in(client)


@pytest.mark.parametrize("email", ["nobody@example.org", "", "\x00", "' OR 1=1 --", "x" * 9_000])
def test_an_unknown_account_gets_the_same_answer(web, person, email):
    unknown, known = web.client().log_in(email), web.client().log_in(person, "wrong")
    assert unknown.status_code == known.status_code == 403
    problem = "Wrong e-mail address or password."
    assert problem in unknown.text
    assert problem in known.text


def test_an_unknown_account_costs_a_hash_like_a_known_one(monkeypatch):
    counted = []
    hasher = passwords._hasher
    real = type(hasher).verify

    def verify(self, stored, password):
        counted.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(type(hasher), "verify", verify)
    assert not passwords.matches("anything at all", None)
    assert not passwords.matches("x" * 10_000, passwords.hash_password(PASSWORD))
    assert len(counted) == 2


def test_a_deactivated_account_cannot_log_in_and_its_sessions_end(web, person):
    client = web.client()
    client.log_in(person)
    account = account_of(web, person)
    with session_scope(web.engine) as session:
        accounts.set_active(session, account_id=account.id, active=False)
    assert not is_in(client)
    assert web.client().log_in(person).status_code == 403


def fail(web, email, number, *addresses):
    """Try so many wrong passwords, from one address after the other."""
    for count in range(number):
        client = web.client(REMOTE_ADDR=addresses[count % len(addresses)])
        assert client.log_in(email, "wrong").status_code == 403, count


def try_from(web, email, address, password=PASSWORD):
    return web.client(REMOTE_ADDR=address).log_in(email, password).status_code


class TestGuessing:
    """Wrong passwords slow whoever types them, on all servers, and not the account's owner."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        """Fewer failures than in earnest: each costs a hash."""
        monkeypatch.setattr(throttle, "PER_ADDRESS", FEW)
        monkeypatch.setattr(throttle, "PER_ACCOUNT", FEW)

    def test_from_one_address_is_refused_on_all_servers_even_when_right(
        self, web, app_engine, person
    ):
        other_worker = make_web(app_engine)
        fail(web, person, PER_PAIR - 1, "192.0.2.1")
        fail(other_worker, person, 1, "192.0.2.1")
        # One that is started afterwards knows it, too.
        for server in (web, other_worker, make_web(app_engine)):
            answer = server.client(REMOTE_ADDR="192.0.2.1").log_in(person)
            assert answer.status_code == 429
            assert int(answer.headers["Retry-After"]) == attempts.WINDOW.total_seconds()

    def test_from_one_address_keeps_the_owner_out_at_no_other(self, web, person):
        fail(web, person, PER_PAIR, "192.0.2.1")
        assert try_from(web, person, "192.0.2.1") == 429
        assert try_from(web, person, "198.51.100.7") == 303
        # Nor is the guesser forgiven by it.
        assert try_from(web, person, "192.0.2.1") == 429

    def test_from_many_addresses_is_slowed_but_not_for_the_owner_at_home(self, web, person):
        home, away = "198.51.100.7", "198.51.100.99"
        assert try_from(web, person, home) == 303
        fail(web, person, FEW, *(f"192.0.2.{number}" for number in range(FEW)))
        assert try_from(web, person, "203.0.113.50", "a next guess") == 429
        assert try_from(web, person, away) == 429
        assert try_from(web, person, home, "mistyped") == 403
        assert try_from(web, person, home) == 303
        # Her success does not let the others go on.
        assert try_from(web, person, "203.0.113.50", "a next guess") == 429
        # A place where she has not been for long is any place.
        with session_scope(web.engine) as session:
            session.execute(
                update(LoginAttempt)
                .where(LoginAttempt.succeeded)
                .values(at=LoginAttempt.at - attempts.USUAL)
            )
        assert try_from(web, person, home) == 429

    def test_at_many_accounts_is_refused_whatever_else_succeeds_from_there(self, web, person):
        """Whoever has an account of her own does not wipe the count by logging in with it."""
        web.account("guesser@example.org")
        here = "203.0.113.7"
        for number in range(FEW):
            if number % 5 == 4:
                assert try_from(web, "guesser@example.org", here) == 303
            fail(web, f"victim{number}@example.org", 1, here)
        assert try_from(web, person, here) == 429
        assert try_from(web, "one-more@example.org", here, "wrong") == 429
        assert try_from(web, person, "203.0.113.8") == 303

    def test_in_an_office_with_a_guesser_those_come_in_who_work_there(self, web, person):
        office = "203.0.113.9"
        assert try_from(web, person, office) == 303
        for number in range(FEW):
            fail(web, f"colleague{number}@example.org", 1, office)
        assert try_from(web, "colleague@example.org", office, "wrong") == 429
        assert try_from(web, person, office) == 303
        # Guesses at her account from there are few, all the same.
        fail(web, person, PER_PAIR, office)
        assert try_from(web, person, office) == 429

    def test_a_network_of_ipv6_is_one_address(self, web, person):
        fail(web, person, PER_PAIR, *(f"2001:db8:1:2::{number:x}" for number in range(1, 9)))
        assert try_from(web, person, "2001:db8:1:2:ffff::1") == 429
        assert try_from(web, person, "2001:db8:1:3::1") == 303

    def test_behind_a_proxy_the_clients_address_counts(self, app_engine, person):
        behind = make_web(app_engine, proxies=1)

        def log_in(address, password=PASSWORD):
            # What a client makes up stands before what the proxy has seen.
            return behind.client(
                REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.{made_up()}, {address}"
            ).log_in(person, password)

        made_up = iter(range(1, 100)).__next__
        for _ in range(PER_PAIR):
            assert log_in("203.0.113.20", "wrong").status_code == 403
        assert log_in("203.0.113.20").status_code == 429
        assert log_in("203.0.113.21").status_code == 303

    def test_at_once_does_not_slip_through(self, app_engine):
        limits = attempts.Limits(
            pair=("pair:at-once", 3), wide=(("account:at-once", 100), ("address:at-once", 100))
        )

        def attempt(_):
            with session_scope(app_engine) as session:
                return attempts.begin_attempt(session, limits=limits)

        with ThreadPoolExecutor(8) as pool:
            allowed = [noted for noted in pool.map(attempt, range(12)) if noted is not None]
        assert len(allowed) == 3

    def test_is_forgiven_by_a_success_and_after_a_while(self, web, person):
        for _ in range(PER_PAIR - 1):
            web.client().log_in(person, "wrong")
        assert web.client().log_in(person).status_code == 303
        for _ in range(PER_PAIR):
            assert web.client().log_in(person, "wrong").status_code == 403
        assert web.client().log_in(person).status_code == 429
        with session_scope(web.engine) as session:
            session.execute(
                update(LoginAttempt).values(
                    at=LoginAttempt.at - attempts.WINDOW - timedelta(seconds=1)
                )
            )
        assert web.client().log_in(person).status_code == 303

    def test_what_is_kept_of_it_is_little(self, web, person):
        """A success stays once for each place; failures go when they no longer count."""
        for _ in range(3):
            web.client().log_in(person, "wrong")
            assert web.client().log_in(person).status_code == 303
        with session_scope(web.engine) as session:
            kept = session.execute(select(LoginAttempt.key, LoginAttempt.succeeded)).all()
            assert [key.partition(":")[0] for key, succeeded in kept if succeeded] == ["pair"]
            session.execute(update(LoginAttempt).values(at=LoginAttempt.at - 4 * attempts.WINDOW))
        web.client().log_in(person, "wrong")
        with session_scope(web.engine) as session:
            assert (
                session.scalar(select(func.count()).where(LoginAttempt.succeeded.is_(False))) == 3
            )


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown" * 20, ("unknown" * 20)[:64]),
    ],
)
def test_addresses_count_by_network(address, counts_as):
    assert network(address) == counts_as


def test_a_session_is_new_with_every_login(web, person):
    client = web.client()
    client.log_in(person)
    first = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    client.log_in(person)
    second = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    assert first != second


def test_the_database_holds_no_token(web, person):
    client = web.client()
    client.log_in(person)
    value = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    with web.app.server.test_request_context(
        headers={"Cookie": f"{cookie_name(web.settings)}={value}"}
    ):
        token = read_cookie(web.settings)
    assert token is not None
    with session_scope(web.engine) as session:
        kept = session.scalars(select(AccountSession.token_hash)).all()
    assert hash_token(token) in kept
    assert all(token.encode() not in bytes(found) for found in kept)


@pytest.mark.parametrize("forge", ["", "nonsense", "nonsense.signature", "\u00e4", "x" * 5_000])
def test_a_made_up_cookie_is_nobody(web, forge):
    client = web.client()
    client.http.set_cookie(cookie_name(web.settings), forge, domain="127.0.0.1")
    assert not is_in(client)


def test_a_cookie_signed_with_another_key_is_nobody(web, app_engine, people):
    stranger = make_web(app_engine, secret_key="z" * 40)
    client = stranger.logged_in(people[Role.ADMIN])
    assert is_in(client)
    value = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    other = web.client()
    other.http.set_cookie(cookie_name(web.settings), value, domain="127.0.0.1")
    assert not is_in(other)


def test_logging_out_ends_the_session_for_good(web, person):
    client = web.client()
    client.log_in(person)
    value = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    assert client.post("/logout", {}).location == "/login"
    assert not is_in(client)
    client.http.set_cookie(cookie_name(web.settings), value, domain="127.0.0.1")
    assert not is_in(client)
    assert client.get("/logout").status_code in (303, 405)


def test_a_session_ends_when_it_is_idle_for_long_and_lasts_while_used(web, people):
    client = web.logged_in(people[Role.MEMBER])
    value = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    with web.app.server.test_request_context(
        headers={"Cookie": f"{cookie_name(web.settings)}={value}"}
    ):
        token_hash = hash_token(read_cookie(web.settings) or "")
    mine = AccountSession.token_hash == token_hash

    def change(**values):
        with session_scope(web.engine) as session:
            session.execute(update(AccountSession).where(mine).values(**values))

    def expiry():
        with session_scope(web.engine) as session:
            return session.scalar(select(AccountSession.expires_at).where(mine))

    change(last_seen_at=func.now() - timedelta(hours=2), expires_at=func.now() + timedelta(hours=1))
    before = expiry()
    assert is_in(client)
    assert expiry() - before > sessions.IDLE - timedelta(hours=2)
    # But not for ever.
    change(
        created_at=func.now() - sessions.LONGEST + timedelta(hours=1),
        last_seen_at=func.now() - timedelta(hours=2),
    )
    assert is_in(client)
    assert expiry() - before < timedelta(hours=2)
    change(expires_at=func.now() - timedelta(seconds=1))
    assert not is_in(client)


def test_a_role_taken_away_counts_at_once(web, person):
    account = account_of(web, person)
    client = web.logged_in(account.id)
    key = callback_key(web.app, CHANGES.by("load"))
    assert client.call(key).status_code != 403
    with session_scope(web.engine) as session:
        accounts.set_role(session, account_id=account.id, role=Role.VIEWER)
    assert client.call(key).status_code == 403


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/run/3/overview?cursor=5", "/run/3/overview?cursor=5"),
        ("/", "/"),
        (None, "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("http:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("run/3", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("/login?next=/login", "/"),
        ("/logout", "/"),
        ("//[", "/"),
        ("/" + "x" * 3_000, "/"),
    ],
)
def test_after_logging_in_one_stays_here(asked, target):
    assert safe_next(asked) == target


def test_the_way_back_survives_the_login(web, person):
    client = web.client()
    location = client.get("/run/3/overview?cursor=5&pins=1,2").location
    assert location.startswith("/login?next=")
    page = client.get(location).text
    assert 'value="/run/3/overview?cursor=5&amp;pins=1,2"' in page
    answer = client.log_in(person, next="/run/3/overview?cursor=5&pins=1,2")
    assert answer.location == "/run/3/overview?cursor=5&pins=1,2"
    assert client.log_in(person, next="//evil.example").location == "/"


class TestLinks:
    def test_looking_at_a_link_does_not_use_it_up(self, web, person):
        link = new_link(web, person)
        for _ in range(3):
            answer = web.client().get(link)
            assert answer.status_code == 200
            assert person in answer.text

    def test_a_link_sets_the_password_logs_in_and_works_once(self, web, person):
        link, client = new_link(web, person), web.client()
        answer = client.post(link, {"password": OTHER, "again": OTHER})
        assert (answer.status_code, answer.location) == (303, "/")
        assert is_in(client)
        again = web.client()
        assert again.post(link, {"password": OTHER, "again": OTHER}).status_code == 410
        assert again.get(link).status_code == 410
        assert web.client().log_in(person, OTHER).status_code == 303
        assert web.client().log_in(person).status_code == 403

    def test_of_two_who_use_a_link_at_once_one_gets_in(self, web, person):
        link = new_link(web, person)

        def use(number):
            form = {"password": f"{OTHER} {number}", "again": f"{OTHER} {number}"}
            return web.client().post(link, form).status_code

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(use, range(4))) == [303, 410, 410, 410]

    @pytest.mark.parametrize(
        ("password", "again"),
        [
            ("short", "short"),
            ("", ""),
            (OTHER, OTHER + "x"),
            ("a" * 30, "a" * 30),
            ("x y" * 300, "x y" * 300),
        ],
    )
    def test_a_bad_password_is_refused_and_the_link_stays(self, web, person, password, again):
        link = new_link(web, person)
        answer = web.client().post(link, {"password": password, "again": again})
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert web.client().post(link, {"password": OTHER, "again": OTHER}).status_code == 303

    def test_the_address_is_no_password(self, web, person):
        answer = web.client().post(
            new_link(web, person), {"password": person.upper(), "again": person.upper()}
        )
        assert answer.status_code == 400

    def test_a_link_ends_with_its_time(self, web, person):
        link = new_link(web, person)
        with session_scope(web.engine) as session:
            session.execute(update(AccountToken).values(expires_at=func.now()))
        assert web.client().get(link).status_code == 410
        assert web.client().post(link, {"password": OTHER, "again": OTHER}).status_code == 410

    def test_a_newer_link_takes_its_place(self, web, person):
        old, new = new_link(web, person), new_link(web, person)
        assert web.client().get(old).status_code == 410
        assert web.client().get(new).status_code == 200

    def test_a_deactivated_account_has_no_links(self, web, person):
        link = new_link(web, person)
        with session_scope(web.engine) as session:
            session.execute(update(Account).where(Account.email == person).values(active=False))
        assert web.client().get(link).status_code == 410
        assert web.client().post(link, {"password": OTHER, "again": OTHER}).status_code == 410

    def test_whoever_was_in_before_is_out(self, web, person):
        intruder = web.client()
        intruder.log_in(person)
        web.client().post(new_link(web, person), {"password": OTHER, "again": OTHER})
        assert not is_in(intruder)

    def test_the_database_holds_no_link(self, web, person):
        token = new_link(web, person).rpartition("/")[2]
        with session_scope(web.engine) as session:
            kept = session.scalars(select(AccountToken.token_hash)).all()
        assert hash_token(token) in kept


def test_names_are_text_and_nothing_else(web):
    email = "<b>x</b>@example.org"
    web.account(email)
    answer = web.client().get(new_link(web, email))
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    page = web.client().log_in('"><script>alert(1)</script>', "wrong").text
    assert "<script>alert" not in page
    assert BASE not in page
