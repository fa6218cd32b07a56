"""What people see of errors: texts that are safe, or a number under which the log has the rest."""

import logging
import secrets

import dash_mantine_components as dmc
from dash import set_props
from dash.exceptions import DependencyException, PreventUpdate
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app import connection, store
from app.auth.identity import NotAllowed
from app.ids import Shell
from db.away import is_too_slow, is_unreachable
from db.errors import Forbidden, NotFound
from db.refusals import is_gone_meanwhile, is_other_schema
from deeptracker.errors import DeepTrackerError

logger = logging.getLogger(__name__)

_TITLES = {
    400: "Bad request",
    401: "Log in first",
    403: "Not allowed",
    404: "Page not found",
    405: "Method not allowed",
    409: "Another database",
    413: "Too large",
    421: "Unknown host name",
    503: "The database is not available",
}

# Seconds after which it is worth while to ask again where the database was away.
RETRY_AFTER = 2


def public_text(error: BaseException) -> str:
    """Return what may be said about an error; one that nobody foresaw is logged under a number."""
    if isinstance(error, (DeepTrackerError, NotAllowed)) and not is_unreachable(error):
        return str(error)
    if _is_no_text(error):
        return "The request contains text with a NUL character; remove it."
    if is_gone_meanwhile(error):
        return "Somebody has deleted what this is about in the meantime. Reload the page."
    number = secrets.token_hex(4)
    # Every request of an outage fails alike, and where it was in our code says nothing.
    where = None if is_unreachable(error) else error
    logger.error("error %s: %s", number, _in_short(error), exc_info=where, extra={"error": number})
    if is_too_slow(error):
        return (
            f"The database query took too long and was cancelled (error {number}). Ask for less, "
            "or try again later."
        )
    if is_unreachable(error):
        return f"The database did not answer. Try again in a moment (error {number})."
    if is_other_schema(error):
        return (
            "The database is not of the version that this server needs. Whoever runs it finds more "
            f"under /ready, and in the log as error {number}."
        )
    return f"Something went wrong on the server. Its log has the details as error {number}."


def _in_short(error: BaseException) -> str:
    """Return the kind of an error and its first line; what was sent is not in it."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).partition("\n")[0] if is_unreachable(error) else ""
    return f"{type(cause).__name__} {text}".strip()


def _is_no_text(error: BaseException) -> bool:
    """Return whether PostgreSQL refused a text for its NUL: only made-up requests have one."""
    return isinstance(error, DataError) and "NUL" in str(error.orig)


def on_callback_error(error: Exception) -> None:
    """Show the error of a callback as a notice; its outputs stay as they are.

    Where the database is away the browser is told so, which says it and asks again.
    """
    if is_unreachable(error):
        raise error
    set_props(Shell.NOTICES, {"sendNotifications": [notice(public_text(error), failed=True)]})


def notice(text: str, *, failed: bool = False) -> dict[str, object]:
    """Return a notice for the shell's container."""
    return {
        "id": secrets.token_hex(4),
        "action": "show",
        "title": "That failed" if failed else None,
        "message": dmc.Text(text, size="sm"),
        "color": "red" if failed else "teal",
        "autoClose": 12_000 if failed else 4_000,
    }


def install(server: Flask) -> None:
    """Answer errors of routes: data with JSON, pages with a page."""

    @server.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        return _answer(error.code, error.description or "")

    @server.errorhandler(Exception)
    def of_anything(error: Exception) -> ResponseReturnValue:
        if isinstance(error, PreventUpdate):
            return "", 204
        if isinstance(error, DependencyException):
            return _answer(404, "There is no such file.")  # its own text lists all that there are
        if is_unreachable(error):
            return _away(public_text(error))
        return _answer(_status(error), public_text(error))


def _status(error: Exception) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, (NotAllowed, Forbidden)):
        return 403
    if isinstance(error, DeepTrackerError) or _is_no_text(error):
        return 400
    if is_gone_meanwhile(error):
        return 409
    if is_too_slow(error):
        return 504
    return 503 if is_other_schema(error) else 500


def _away(text: str) -> Response:
    response = _answer(503, text)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers[connection.AWAY] = "database"
    if store.may_be_stored():
        response.headers[connection.UNSURE] = "1"
    return response


def _answer(status: int, text: str) -> Response:
    if request.path.startswith(("/data/", "/_dash", "/api/")):
        response = jsonify(error=text)
        response.status_code = status
        return response
    title = _TITLES.get(status, "Something went wrong")
    # A page that was only asked for opens by itself; a form that was sent must not go out again.
    again = RETRY_AFTER if status == 503 and request.method in ("GET", "HEAD") else None
    page = render_template("error.html", title=title, text=text, again=again)
    return Response(page, status=status)
