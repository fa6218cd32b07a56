"""Log in at an OpenID Connect provider, where the settings name one.

Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1). The
provider says who somebody is; whether she has an account here, and in which role, we say.
"""

import logging
from typing import Any

from flask import Blueprint, Flask, abort, request, session
from flask.typing import ResponseReturnValue

from app import store
from app.auth.arrival import OIDC_NAME, begin_session, safe_next
from app.auth.links import PUBLIC_URL
from app.config import AppSettings
from db.queries.team import identities
from db.queries.team.identities import Claims, NotInvited
from deeptracker.errors import DeepTrackerError

logger = logging.getLogger(__name__)

NEXT = "oidc_next"
TIMEOUT_S = 10

# authlib is imported where a provider is set: most have none, and it takes 8 MB of each process.


def _failures() -> tuple[type[Exception], ...]:
    """Return whatever a provider answers may lead to: nothing, an error, no JSON, JSON nested
    without end, a bad signature.
    """
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    return (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, RecursionError)


class LoginFailed(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The provider did not say who this is; the text says what to do."""


def install(server: Flask, settings: AppSettings) -> None:
    """Add the two routes; they lead nowhere where no provider is set."""
    # What we must remember until the browser comes back from the provider: state, nonce, PKCE.
    server.config.update(
        {OIDC_NAME: settings.oidc_name if settings.oidc_issuer else None},
        SESSION_COOKIE_NAME="deeptracker-oidc",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
    )
    client = _client(server, settings)
    pages = Blueprint("oidc", __name__)

    @pages.get("/oidc/login")
    def oidc_login() -> ResponseReturnValue:
        if client is None:
            abort(404)
        session[NEXT] = safe_next(request.args.get("next"))
        try:
            return client.authorize_redirect(_return_address(server))
        except _failures() as error:
            raise _failed(error) from error

    @pages.get("/oidc/callback")
    def oidc_callback() -> ResponseReturnValue:
        if client is None:
            abort(404)
        target = safe_next(session.pop(NEXT, None))
        claims = _claims(client, settings)
        session.clear()
        return _enter(settings, claims, target)

    server.register_blueprint(pages)


def _client(server: Flask, settings: AppSettings) -> Any:
    if settings.oidc_issuer is None:
        return None
    from authlib.integrations.flask_client import OAuth

    return OAuth(server).register(
        "oidc",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )


def _return_address(server: Flask) -> str:
    address = server.config.get(PUBLIC_URL) or request.host_url.rstrip("/")
    return f"{address}/oidc/callback"


def _claims(client: Any, settings: AppSettings) -> Claims:
    """Return what the provider says, checked: signature, issuer, audience, nonce, times."""
    try:
        token = client.authorize_access_token()
        info = token.get("userinfo") or {}
    except _failures() as error:
        raise _failed(error) from error
    if not isinstance(info.get("sub"), str) or not info["sub"]:
        raise LoginFailed("The login provider did not say who you are. Try again.")
    return Claims(
        issuer=settings.oidc_issuer or "",
        subject=info["sub"],
        email=str(info.get("email") or ""),
        verified=_verified(info.get("email_verified"), settings),
        name=str(info.get("name") or ""),
    )


def _verified(said: object, settings: AppSettings) -> bool | None:
    """Return whether the address is hers; None where nobody says so. A no stays a no."""
    if isinstance(said, bool):
        return said
    if str(said).lower() in ("false", "no", "0"):
        return False
    return True if settings.oidc_trust_email else None


def _enter(settings: AppSettings, claims: Claims, target: str) -> ResponseReturnValue:
    try:
        with store.transaction() as transaction:
            account = identities.account_of(transaction, claims=claims, role=settings.oidc_role)
    except NotInvited as error:
        raise LoginFailed(str(error)) from error
    return begin_session(settings, account.id, target)


def _failed(error: Exception) -> LoginFailed:
    # Its text may hold a code or a token: only its kind goes to the log.
    logger.warning("login at the provider failed: %s", type(error).__name__)
    return LoginFailed("Logging in at the provider failed. Start again from the login page.")
