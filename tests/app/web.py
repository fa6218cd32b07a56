"""The application as a client sees it: accounts, logins, pages and callbacks over HTTP."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dash import Dash, Output
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.auth import passwords
from app.auth.cookie import cookie_name, sign_token
from app.auth.tokens import new_token
from app.binary import EXTENSION
from app.config import AppSettings
from app.factory import create_app
from db.engine import session_scope
from db.permissions import Role
from db.queries.team import accounts, sessions

BASE = "http://127.0.0.1:8050"
PASSWORD = "a long enough passphrase"
CALLBACK = "/_dash-update-component"
HASH = passwords.hash_password(PASSWORD)


@dataclass(frozen=True)
class Web:
    """One application, and what tests do with it."""

    app: Dash
    engine: Engine
    settings: AppSettings

    def client(self, **environ: Any) -> "Client":
        """Return a browser that is not logged in."""
        client = self.app.server.test_client()
        client.environ_base.update(environ)
        return Client(self, client)

    def account(self, email: str, role: Role = Role.VIEWER, *, password: bool = True) -> int:
        """Add an account, with PASSWORD unless told otherwise."""
        with session_scope(self.engine) as session:
            found = accounts.add_account(session, email=email, role=role)
            if password:
                accounts.set_password_hash(session, account_id=found.id, password_hash=HASH)
        return found.id

    def logged_in(self, account_id: int) -> "Client":
        """Return a browser with a session of an account."""
        token, token_hash = new_token()
        with session_scope(self.engine) as session:
            sessions.add_session(
                session,
                account_id=account_id,
                token_hash=token_hash,
                user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
                address="127.0.0.1",
            )
        client = self.client()
        client.http.set_cookie(
            cookie_name(self.settings), sign_token(self.settings, token), domain="127.0.0.1"
        )
        return client


@dataclass(frozen=True)
class Client:
    """One browser."""

    web: Web
    http: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        """Ask for a page."""
        return self.http.get(path, **{"base_url": BASE, **options})

    def post(self, path: str, form: Mapping[str, str], *, origin: str = BASE) -> TestResponse:
        """Send a form as a page of ours does."""
        return self.http.post(path, data=form, base_url=BASE, headers={"Origin": origin})

    def log_in(self, email: str, password: str = PASSWORD, **form: str) -> TestResponse:
        """Send the form of the login page."""
        return self.post("/login", {"email": email, "password": password, **form})

    def call(
        self,
        output: str,
        values: Mapping[str, Any] | None = None,
        *,
        triggered: str | None = None,
        items: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> TestResponse:
        """Call a callback by its key; `values` are inputs and states by "id.property".

        `items` are the components of a pattern, by the pattern's id as text.
        """
        body = callback_body(self.web.app, output, values or {}, triggered, items or {})
        return self.http.post(CALLBACK, json=body, base_url=BASE, headers={"Origin": BASE})

    def click(
        self,
        button: Mapping[str, Any],
        value: Any = 1,
        *,
        prop: str = "n_clicks",
        values: Mapping[str, Any] | None = None,
    ) -> TestResponse:
        """Click a button of a row, given by its id: what its store keeps calls the server.

        `values` are the other inputs and states of the callback.
        """
        name = json.dumps(button, sort_keys=True, separators=(",", ":"))
        pattern = {key: part if key == "type" else ["ALL"] for key, part in button.items()}
        wanted = json.dumps(pattern, sort_keys=True, separators=(",", ":"))
        entries = self.web.app.callback_map.items()
        (store,) = [
            key
            for key, entry in entries
            if "callback" not in entry
            and any((i["id"], i["property"]) == (wanted, prop) for i in entry["inputs"])
        ]
        (output,) = [
            key
            for key, entry in entries
            if "callback" in entry
            and any(f"{i['id']}.{i['property']}" == store for i in entry["inputs"])
        ]
        click = {"clicked": f"{name}.{prop}", "id": dict(button), "value": value, "time": 1}
        return self.call(output, {**(values or {}), store: click}, triggered=store)

    def update(self, output: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Call a callback that must go well; return its new properties by component."""
        answer = self.call(output, *arguments, **options)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json["response"]


def data_addresses(app: Dash, run_id: int, arguments: Iterable[str] = ("",)) -> list[str]:
    """Return everything that /data/run/<id>/<name> serves: matrices with each query, and states."""
    routes, base = app.server.extensions[EXTENSION], f"/data/run/{run_id}"
    matrices = [f"{base}/{name}?{more}" for name in routes.matrices for more in arguments]
    return [*matrices, *(f"{base}/{name}" for name in routes.states)]


def server_callbacks(app: Dash) -> list[str]:
    """Return the keys of the callbacks that run on the server."""
    return sorted(key for key, entry in app.callback_map.items() if "callback" in entry)


def callback_key(app: Dash, output: str | Output) -> str:
    """Return the key of the one callback whose outputs begin with "id.property"."""
    found = [key for key in server_callbacks(app) if key.strip(".").split("...")[0] == str(output)]
    assert len(found) == 1, (output, found)
    return found[0]


def callback_body(
    app: Dash,
    output: str,
    values: Mapping[str, Any],
    triggered: str | None,
    items: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """Return what Dash's renderer would send to call a callback."""
    entry = app.callback_map[output]

    def filled(spec: Mapping[str, Any]) -> Any:
        if '["' in spec["id"]:  # a pattern
            return items.get(spec["id"], [])
        return {**spec, "value": values.get(f"{spec['id']}.{spec['property']}")}

    def named(name: str) -> Any:
        return json.loads(name) if name.startswith("{") else name

    outputs: Any = [
        {"id": named(part.rpartition(".")[0]), "property": part.rpartition(".")[2]}
        for part in output.strip(".").split("...")
    ]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [filled(spec) for spec in entry["inputs"]],
        "state": [filled(spec) for spec in entry["state"]],
        "changedPropIds": [triggered] if triggered else [],
    }


def make_web(engine: Engine, **settings: Any) -> Web:
    """Return an application on the engine's database."""
    chosen = AppSettings(**{"secret_key": "k" * 40, **settings})
    return Web(create_app(chosen, engine=engine), engine, chosen)


def ids_in(component: Any) -> set[str]:
    """Return the ids of a component and everything in it, patterns by their type."""
    found = set()
    for part in [component, *component._traverse()]:
        name = getattr(part, "id", None)
        if name is not None:
            found.add(json.dumps(name, sort_keys=True) if isinstance(name, dict) else str(name))
    return found
