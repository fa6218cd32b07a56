"""The one check before every request: deny by default."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Flask, abort, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from app import bodies, reading, store
from app.auth.cookie import read_cookie
from app.auth.identity import Identity
from app.auth.origin import host_allowed, origin_allowed
from app.auth.permission_map import ROUTES, Access, Needed
from app.auth.tokens import hash_token
from app.config import AppSettings
from db.permissions import Permission
from db.queries.team import api_tokens, sessions

CALLBACKS = "deeptracker.callbacks"
# What scripts ask; with a token instead of a cookie.
API = "/api/"
MAX_TOKEN = 200


def install(server: Flask, settings: AppSettings) -> None:
    """Put the guard before every request of the server, also before those that match no route."""
    server.extensions[CALLBACKS] = {}

    @server.before_request
    def check() -> ResponseReturnValue | None:
        refusal = _check(settings)
        store.forget_commits()
        return refusal

    # Before Dash's own, so that nothing at all is done for a stranger.
    hooks = server.before_request_funcs[None]
    hooks.insert(0, hooks.pop())


def allow_callbacks(server: Flask, needs: Mapping[str, Needed]) -> None:
    """Let the callbacks with these keys be called by those who have what they need."""
    server.extensions[CALLBACKS].update(needs)


def _check(settings: AppSettings) -> ResponseReturnValue | None:
    g.identity = None
    if not host_allowed(settings):
        abort(421, "This server does not answer under that name; see DEEPTRACKER_ALLOWED_HOSTS.")
    # A token travels in a header that no other site's page can send: it needs no origin.
    token = bearer_token()
    if token is None and not origin_allowed(settings):
        abort(403, "The request does not come from a page of this server.")
    rule = request.url_rule.rule if request.url_rule else None
    needed = ROUTES.get(rule) if rule else None
    if needed is Access.PUBLIC:
        return None
    g.identity = identify(settings) if token is None else identify_token(token)
    if g.identity is None:
        return _log_in_first()
    if rule is None:
        return None  # Flask's own 404 or 405
    if request.path.startswith(API) and not rule.startswith(API):
        abort(404, "The API has nothing under this address.")  # not the page that is everywhere
    if needed is Access.CALLBACK:
        needed = _callback_need()
    if needed is None:
        abort(404)
    if isinstance(needed, Permission) and not g.identity.may(needed):
        abort(403, f"Your role, {g.identity.role}, does not allow this.")
    return None


def identify(settings: AppSettings) -> Identity | None:
    """Return who is logged in, asked of the database; on public routes the guard does not ask."""
    token = read_cookie(settings)
    if token is None:
        return None
    token_hash = hash_token(token)
    with store.asking() as session:
        found = sessions.find_session(session, token_hash=token_hash)
    if found is None:
        return None
    if found.due:
        with store.noting() as session:
            sessions.note_seen(session, token_hash=token_hash)
    return Identity(found.account_id, found.name, found.email, found.role, token_hash, found.store)


def bearer_token() -> str | None:
    """Return the API token that came with the request; only the API's routes take one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not request.path.startswith(API) or scheme.lower() != "bearer":
        return None
    return token.strip()[:MAX_TOKEN]


def identify_token(token: str) -> Identity | None:
    """Return whose API token this is, asked of the database; there is no session behind it."""
    token_hash = hash_token(token)
    with store.asking() as session:
        found = api_tokens.find_token(session, token_hash=token_hash)
    if found is None:
        return None
    if found.due:
        with store.noting() as session:
            api_tokens.note_used(session, token_hash=token_hash)
    return Identity(found.account_id, found.name, found.email, found.role, b"", found.store)


def _callback_need() -> Needed | None:
    body = bodies.call()
    if body is None:
        abort(400, "This is not a callback request.")
    output = body["output"]
    reading.enter(output)
    return current_app.extensions[CALLBACKS].get(output)


def _log_in_first() -> ResponseReturnValue:
    wants_page = request.method in ("GET", "HEAD") and not request.path.startswith(
        ("/_dash", "/data/", "/assets/", API)
    )
    if not wants_page:
        return jsonify(error="Log in first."), 401
    here = request.full_path.rstrip("?")
    query = f"?{urlencode({'next': here})}" if here != "/" else ""
    return redirect(f"/login{query}", code=303)
