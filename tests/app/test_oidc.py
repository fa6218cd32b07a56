"""Logging in at a provider: a real one on this machine, honest and not."""

from urllib.parse import urlsplit

import pytest
import requests

from app.config import AppSettings
from db.engine import session_scope
from db.permissions import Role
from db.queries.team import accounts, audit
from tests.app.provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.app.web import BASE, make_web


@pytest.fixture(scope="module")
def provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
def honest(provider):
    provider.forged = {}
    provider.other_key = False
    provider.nonsense = None


def site(engine, provider, **settings):
    return make_web(
        engine,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Example Login",
        **settings,
    )


@pytest.fixture(scope="module")
def own_web(app_engine, provider):
    return site(app_engine, provider)


def arrive(client, query: str = ""):
    """Go to the provider and come back, as a browser does; return our answer at the end."""
    away = client.get(f"/oidc/login{query}")
    assert away.status_code == 302, away.text
    back = requests.get(away.location, allow_redirects=False, timeout=10).headers["Location"]
    assert back.startswith(f"{BASE}/oidc/callback?")
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


def person(provider, subject: str, email: str, **claims) -> None:
    provider.claims = {"sub": subject, "email": email, "email_verified": True, **claims}


def test_an_invited_person_comes_in_and_is_known_again(own_web, provider, app_engine):
    own_web.account("ida@oidc.example", Role.MEMBER)
    person(provider, "ida-1", "Ida@oidc.example")
    client = own_web.client()
    assert "Example Login" in client.get("/login?next=/jobs").text
    answer = arrive(client, "?next=/jobs")
    assert (answer.status_code, answer.location) == (303, "/jobs")
    assert client.get("/account").status_code == 200
    # Another address at the provider: the same person.
    person(provider, "ida-1", "ida@elsewhere.example")
    assert arrive(own_web.client()).status_code == 303
    with session_scope(app_engine) as session:
        deeds = [row.action for row in audit.list_entries(session, search="ida@oidc.example")[0]]
    assert deeds == ["logged in as", "logged in as", "linked the provider's login to"]


def test_who_is_not_invited_stays_outside(own_web, provider):
    person(provider, "eve-1", "eve@oidc.example")
    answer = arrive(own_web.client())
    assert answer.status_code == 400
    assert "Ask an administrator to invite you" in answer.text
    assert "Set-Cookie" not in answer.headers or "deeptracker=" not in answer.headers["Set-Cookie"]


def test_a_setting_lets_everybody_of_the_provider_in(app_engine, provider):
    open_web = site(app_engine, provider, oidc_role=Role.VIEWER)
    person(provider, "udo-1", "udo@oidc.example", name="Udo")
    assert arrive(open_web.client()).status_code == 303
    with session_scope(app_engine) as session:
        account = accounts.find_by_email(session, email="udo@oidc.example")
    assert (account.name, account.role, account.has_password) == ("Udo", "viewer", False)


def test_an_address_that_is_not_verified_opens_nobodys_account(own_web, app_engine, provider):
    own_web.account("max@oidc.example", Role.ADMIN)
    trusting = site(app_engine, provider, oidc_trust_email=True)
    for claim in (False, "false", "False", 0, "no"):
        person(provider, "mallory", "max@oidc.example", email_verified=claim)
        for web in (own_web, trusting):
            client = web.client()
            assert "has not verified your e-mail address" in arrive(client).text
            assert client.get("/account").status_code == 303


SILENT = [{}, {"email_verified": None}, {"email_verified": "true"}, {"email_verified": 1}]


@pytest.mark.parametrize("claims", SILENT, ids=str)
def test_a_provider_that_does_not_say_it_is_believed_only_where_a_setting_says_so(
    own_web, app_engine, provider, claims
):
    email = f"silent{SILENT.index(claims)}@oidc.example"
    own_web.account(email, Role.MEMBER)
    provider.claims = {"sub": email, "email": email, **claims}
    client = own_web.client()
    refused = arrive(client)
    assert refused.status_code == 400
    assert "DEEPTRACKER_OIDC_TRUST_EMAIL=true" in refused.text
    assert client.get("/account").status_code == 303
    trusting = site(app_engine, provider, oidc_trust_email=True)
    believed = trusting.client()
    assert arrive(believed).status_code == 303
    assert believed.get("/account").status_code == 200


def test_a_provider_that_gives_no_address_is_explained(app_engine, provider):
    trusting = site(app_engine, provider, oidc_trust_email=True, oidc_role=Role.VIEWER)
    provider.claims = {"sub": "nameless"}
    assert "does not say your e-mail address" in arrive(trusting.client()).text


def test_the_setting_comes_from_the_environment(monkeypatch):
    assert not AppSettings().oidc_trust_email
    monkeypatch.setenv("DEEPTRACKER_OIDC_TRUST_EMAIL", "true")
    assert AppSettings().oidc_trust_email
    monkeypatch.setenv("DEEPTRACKER_OIDC_TRUST_EMAIL", "perhaps")
    with pytest.raises(ValueError, match="DEEPTRACKER_OIDC_TRUST_EMAIL"):
        AppSettings()


def test_a_deactivated_account_stays_closed(own_web, provider, app_engine):
    account = own_web.account("gone@oidc.example", Role.MEMBER)
    with session_scope(app_engine) as session:
        accounts.set_active(session, account_id=account, active=False)
    person(provider, "gone-1", "gone@oidc.example")
    assert "deactivated" in arrive(own_web.client()).text


@pytest.mark.parametrize(
    "forged",
    [{"aud": "another"}, {"iss": "https://evil.example"}, {"nonce": "old"}, {"exp": 1}, "key"],
)
def test_forged_statements_are_refused(own_web, provider, forged):
    own_web.account(f"f{hash(str(forged))}@oidc.example", Role.MEMBER)
    person(provider, "forged", f"f{hash(str(forged))}@oidc.example")
    if forged == "key":
        provider.other_key = True
    else:
        provider.forged = forged
    answer = arrive(own_web.client())
    assert answer.status_code == 400
    assert "Logging in at the provider failed" in answer.text


@pytest.mark.parametrize("nonsense", ["", "<html>", "[]", "{}", "[" * 100_000])
def test_an_answer_that_is_none_is_explained(own_web, provider, nonsense):
    person(provider, "ida-1", "ida@oidc.example")
    provider.nonsense = nonsense
    answer = arrive(own_web.client())
    assert answer.status_code == 400
    assert "Logging in at the provider failed" in answer.text or "who you are" in answer.text


def test_an_answer_that_nobody_asked_for_is_refused(own_web, provider):
    person(provider, "ida-1", "ida@oidc.example")
    stranger, victim = own_web.client(), own_web.client()
    away = stranger.get("/oidc/login")
    back = requests.get(away.location, allow_redirects=False, timeout=10).headers["Location"]
    query = urlsplit(back).query
    assert victim.get(f"/oidc/callback?{query}").status_code == 400
    assert own_web.client().get("/oidc/callback").status_code == 400
    assert own_web.client().get("/oidc/callback?error=access_denied&state=x").status_code == 400


def test_a_provider_that_does_not_answer_is_explained(app_engine, provider):
    web = make_web(app_engine, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")
    answer = web.client().get("/oidc/login")
    assert answer.status_code == 400
    assert "Logging in at the provider failed" in answer.text


@pytest.mark.parametrize("issuer", ["http://login.example.org", "login.example.org", "ftp://x"])
def test_a_provider_is_reached_over_tls(issuer):
    with pytest.raises(ValueError, match="must look like"):
        AppSettings(oidc_issuer=issuer)
