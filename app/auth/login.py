"""Pages without scripts: log in, choose a password by a one-time link, log out."""

from flask import Blueprint, Flask, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import store
from app.auth import passwords
from app.auth.arrival import OIDC_NAME, PasswordChanged, begin_session, safe_next
from app.auth.cookie import drop_cookie
from app.auth.guard import identify
from app.auth.identity import current_identity
from app.auth.throttle import Throttled, check_password
from app.auth.tokens import hash_token
from app.config import AppSettings
from db.queries.team import accounts, audit, sessions
from db.queries.team.accounts import AccountRow


def install(server: Flask, settings: AppSettings) -> None:
    """Add the pages to the server."""
    pages = Blueprint("login", __name__, template_folder="templates")

    @pages.get("/login")
    def login() -> ResponseReturnValue:
        if identify(settings) is not None:
            return redirect(safe_next(request.args.get("next")), code=303)
        return _login_page()

    @pages.post("/login")
    def log_in() -> ResponseReturnValue:
        return _log_in(settings)

    @pages.post("/logout")
    def log_out() -> ResponseReturnValue:
        return _log_out(settings)

    @pages.get("/link/<token>")
    def link(token: str) -> ResponseReturnValue:
        with store.transaction() as session:
            account = sessions.find_link(session, token_hash=hash_token(token))
        return _link_page(account)

    @pages.post("/link/<token>")
    def use_link(token: str) -> ResponseReturnValue:
        return _use_link(settings, token)

    server.register_blueprint(pages)


def _login_page(*, email: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "login.html",
        email=email,
        problem=problem,
        next=request.values.get("next", ""),
        oidc=current_app.config.get(OIDC_NAME),
    )
    return page, status


def _log_in(settings: AppSettings) -> ResponseReturnValue:
    email = request.form.get("email", "").strip()[: accounts.MAX_EMAIL]
    if not email.isprintable():
        email = ""  # PostgreSQL's texts have no NUL, and no account has such an address
    password = request.form.get("password", "")
    try:
        known = check_password(email, password, address=request.remote_addr or "")
        if known is not None:
            target = safe_next(request.form.get("next"))
            return begin_session(settings, known.account_id, target, by=known)
    except PasswordChanged:
        pass  # it was right when it was typed
    except Throttled as error:
        response = make_response(_login_page(email=email, problem=str(error), status=429))
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    problem = "Wrong e-mail address or password."
    return _login_page(email=email, problem=problem, status=403)


def _log_out(settings: AppSettings) -> ResponseReturnValue:
    identity = current_identity()
    with store.transaction() as session:
        sessions.revoke_session(
            session, account_id=identity.account_id, token_hash=identity.session_hash
        )
    response = make_response(redirect("/login", code=303))
    drop_cookie(response, settings)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _link_page(
    account: AccountRow | None, *, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    if account is None:
        return render_template("link_over.html"), 410
    page = render_template(
        "link.html", account=account, problem=problem, min_length=passwords.MIN_LENGTH
    )
    return page, status


def _use_link(settings: AppSettings, token: str) -> ResponseReturnValue:
    password = request.form.get("password", "")
    token_hash = hash_token(token)
    with store.transaction() as session:
        account = sessions.find_link(session, token_hash=token_hash)
    if account is None:
        return _link_page(None)
    try:
        passwords.check_new(password, email=account.email)
    except passwords.PasswordRefused as error:
        return _link_page(account, problem=str(error), status=400)
    if password != request.form.get("again", ""):
        return _link_page(account, problem="The passwords do not match.", status=400)
    hashed = passwords.hash_password(password)
    with store.transaction() as session:
        account = sessions.use_link(session, token_hash=token_hash)
        if account is None:
            return _link_page(None)
        accounts.set_password_hash(session, account_id=account.id, password_hash=hashed)
        # Whoever had got hold of the account before is out now.
        sessions.revoke_sessions(session, account_id=account.id)
        audit.record(
            session, actor_id=account.id, action="chose a password for", target=account.email
        )
    return begin_session(settings, account.id, "/")
