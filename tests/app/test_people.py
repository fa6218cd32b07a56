"""The people page, tokens on the account page, and what a token opens."""

import json
import re

import pytest

from app.views.account.ids import REVOKE, TOKEN_CHANGES
from app.views.account.ids import Ids as Account
from app.views.people.ids import CHANGES, Act, Ids
from db.permissions import Role
from tests.app.web import BASE, PASSWORD, callback_key

INVITE = Ids.INVITE


def act(web, client, act: Act, account: int, value: object = 1):
    prop = "value" if act is Act.ROLE else "n_clicks"
    return client.click({"account": account, "type": str(act)}, value, prop=prop)


def invite(web, client, email: str, role: str = "member", name: str = ""):
    values = {
        f"{INVITE}.n_clicks": 1,
        f"{Ids.EMAIL}.value": email,
        f"{Ids.NAME}.value": name,
        f"{Ids.ROLE}.value": role,
    }
    return client.call(
        callback_key(web.app, CHANGES.by("invite")), values, triggered=f"{INVITE}.n_clicks"
    )


def test_an_invited_person_chooses_a_password_and_works(web, clients):
    answer = invite(web, clients[Role.ADMIN], "new@people.example", name="Noa")
    assert answer.status_code == 200
    text = json.dumps(answer.json)  # Dash escapes the slashes
    (link,) = set(re.findall(rf"{BASE}(/link/[\w-]+)", text))
    guest = web.client()
    assert guest.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert guest.get("/jobs").status_code == 200
    key = callback_key(web.app, f"{Ids.TABLE}.children")
    table = clients[Role.ADMIN].call(key).text
    assert "Noa" in table
    deeds = clients[Role.ADMIN].call(callback_key(web.app, f"{Ids.DEEDS}.children"))
    assert "chose a password for" in deeds.text


def test_wrong_invitations_are_explained(web, clients):
    for email, role, text in (
        ("nobody", "member", "is not a valid e-mail address"),
        ("x@people.example", "emperor", "Choose a role"),
        (f"{Role.VIEWER}@example.org", "member", "already an account"),
    ):
        answer = invite(web, clients[Role.ADMIN], email, role)
        assert answer.status_code == 200
        assert text in answer.json["response"][Ids.PROBLEM]["children"]


def test_a_row_changes_role_makes_a_link_and_locks_out(web, clients):
    admin = clients[Role.ADMIN]
    account = web.account("row@people.example", Role.VIEWER)
    client = web.logged_in(account)
    assert act(web, admin, Act.ROLE, account, "member").status_code == 200
    assert act(web, admin, Act.ROLE, account, "member").status_code == 204  # nothing to change
    assert client.get("/data/run/1/state").status_code == 200
    answer = act(web, admin, Act.LINK, account)
    assert "/link/" in json.dumps(answer.json)
    assert act(web, admin, Act.DEACTIVATE, account).status_code == 200
    assert client.get("/data/run/1/state").status_code == 401
    refused = act(web, admin, Act.LINK, account).json["response"]
    assert "activate the account first" in refused[Ids.PROBLEM]["children"]
    assert act(web, admin, Act.ACTIVATE, account).status_code == 200
    assert client.get("/data/run/1/state").status_code == 401
    assert act(web, admin, Act.LINK, 2**40).status_code == 204


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_others_get_nowhere(web, clients, people, role):
    client = clients[role]
    assert act(web, client, Act.ROLE, people[role], "admin").status_code == 403
    assert invite(web, client, "friend@people.example").status_code == 403


def token_of(web, client, name: str = "script") -> str:
    values = {
        f"{Account.API_MAKE}.n_clicks": 1,
        f"{Account.API_NAME}.value": name,
        f"{Account.API_LIFE}.value": "30",
    }
    answer = client.call(
        callback_key(web.app, TOKEN_CHANGES.by("make")),
        values,
        triggered=f"{Account.API_MAKE}.n_clicks",
    )
    (token,) = set(re.findall(r"dt_[\w-]{43}", answer.text))
    return token


def bearer(web, token: str, path: str, method: str = "GET"):
    headers = {"Authorization": f"Bearer {token}"}
    return web.client().http.open(path, method=method, base_url=BASE, headers=headers)


def test_a_token_opens_the_api_and_nothing_else(web, clients):
    token = token_of(web, clients[Role.VIEWER])
    # No such route: but who asks is known, so that it is a 404 and no 401.
    assert bearer(web, token, "/api/nothing").status_code == 404
    assert bearer(web, "dt_wrong", "/api/nothing").status_code == 401
    assert bearer(web, token, "/data/run/1/state").status_code == 401
    assert bearer(web, token, "/account").status_code == 303
    assert bearer(web, token, "/logout", "POST").status_code == 403


def test_a_revoked_token_is_refused(web, people):
    client = web.logged_in(people[Role.MEMBER])
    token = token_of(web, client, "to be revoked")
    listed = client.call(callback_key(web.app, f"{Account.TOKENS}.children"))
    assert token not in listed.text
    (found,) = re.findall(r'"type":\s*"account-revoke"[^}]*"token":\s*(\d+)', listed.text) or (
        re.findall(r'"token":\s*(\d+)[^}]*"type":\s*"account-revoke"', listed.text)
    )
    button = {"token": int(found), "type": REVOKE}
    other = web.logged_in(people[Role.ADMIN])
    assert other.click(button).json["response"] == {}  # another's token: a notice
    assert bearer(web, token, "/api/nothing").status_code == 404
    assert client.click(button).status_code == 200
    assert bearer(web, token, "/api/nothing").status_code == 401
