"""Once it is known who somebody is: a session of her browser's own, and where to go."""

from urllib.parse import urlsplit

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from app import store
from app.auth.cookie import set_cookie
from app.auth.throttle import Known
from app.auth.tokens import new_token
from app.config import AppSettings
from db.queries.team import accounts, audit, sessions
from deeptracker.errors import DeepTrackerError

MAX_NEXT = 2_000
# The setting of the server that says what the login page calls the provider, None without one.
OIDC_NAME = "DEEPTRACKER_OIDC_NAME"


def safe_next(target: str | None) -> str:
    """Return where to go after logging in: a path of this server, whatever was asked for."""
    if not target or len(target) > MAX_NEXT or not target.isprintable() or "\\" in target:
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    inside = not parts.scheme and not parts.netloc and target.startswith("/")
    loops = parts.path.startswith(("/login", "/link/", "/logout"))
    return target if inside and not target.startswith("//") and not loops else "/"


class PasswordChanged(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The password that somebody came with is not the account's any more."""


def begin_session(
    settings: AppSettings, account_id: int, target: str, *, by: Known | None = None
) -> ResponseReturnValue:
    """Give the browser a session of its own, whatever it came with.

    `by`: the password that it came with. PasswordChanged where the account has another one now, or
    is deactivated: that ended all sessions, and this one would outlast it.
    """
    token, token_hash = new_token()
    where = request.remote_addr or ""
    with store.transaction() as session:
        if by is not None and not accounts.hold_password(
            session, account_id=account_id, password_hash=by.password_hash
        ):
            raise PasswordChanged("The account has another password now.")
        account = accounts.get_account(session, account_id=account_id)
        audit.record(
            session, actor_id=account_id, action="logged in as", target=account.email, detail=where
        )
        sessions.add_session(
            session,
            account_id=account_id,
            token_hash=token_hash,
            user_agent=request.headers.get("User-Agent", ""),
            address=where,
        )
    response = make_response(redirect(target, code=303))
    set_cookie(response, settings, token=token)
    return response
