"""Routes of saved views: keep or save one, read one's selection, open one by its short link."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Flask, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from app import store
from app.auth.identity import current_identity, require
from app.components.clicks import is_id
from app.selection import clean_query, fields_here
from app.stored_view import GONE, ID, PARAMETER
from app.versions import OF
from db.errors import NotFound
from db.permissions import Permission
from db.queries.team import saved_views
from db.queries.team.saved_views import MAX_QUERY, SavedViewRow, TooMany

_PAGE = re.compile(r"[a-z][a-z0-9-]{0,39}")
# The page that is about several runs; a view of it belongs to the first of them.
COMPARE = "compare"
_RUNS = {"runs": re.compile(r"[0-9,]{1,1000}"), OF: re.compile(r"[0-9a-f,]{1,1000}")}
# Letters beyond ASCII take up to nine characters each in a query string.
MAX_BODY = 10 * MAX_QUERY
# Nobody repeats what is older.
LONGEST_SECONDS = 7 * 86_400


def install(server: Flask) -> None:
    """Add the routes; the map of permissions says who may use them."""
    blueprint = Blueprint("saved_views", __name__)
    blueprint.add_url_rule("/data/views", "keep", keep, methods=["POST"])
    blueprint.add_url_rule("/data/views/<view_id>", "read", read, methods=["GET"])
    blueprint.add_url_rule("/v/<view_id>", "open", open_view, methods=["GET"])
    server.register_blueprint(blueprint)


def keep() -> ResponseReturnValue:
    """Keep a selection for a link, or save it under a name; answers {"id"}.

    The body is JSON: {"run", "page", "query"} and, to save it, {"name", "shared"}; with
    {"again": seconds} it repeats a request of that long ago whose answer got lost.
    """
    identity = current_identity()
    if (request.content_length or 0) > MAX_BODY:
        abort(413, "The selection is too large to be saved.")
    body = request.get_json(silent=True)
    run_id, page, query, name, shared = _body(body)
    since = _again(body)
    if shared:
        require(Permission.SHARE_VIEWS)
    wanted: dict[str, Any] = {
        "account_id": identity.account_id,
        "run_id": run_id,
        "page": page,
        "query": _cleaned(page, query),
    }
    try:
        with store.transaction() as session:
            if name is None:
                view_id = saved_views.keep_view(session, **wanted)
            else:
                saved = since and saved_views.find_saved(session, **wanted, name=name, since=since)
                view_id = saved or saved_views.save_view(
                    session, **wanted, name=name, shared=shared
                )
    except TooMany as error:
        abort(429, str(error))
    return jsonify(id=view_id), HTTPStatus.CREATED


def _cleaned(page: str, query: str) -> str:
    """Return what of a query string is a selection; of a comparison also which runs it is of."""
    found = clean_query(fields_here(), query)
    if page != COMPARE:
        return found
    runs = {
        name: text
        for name, text in parse_qsl(query, max_num_fields=200)
        if name in _RUNS and _RUNS[name].fullmatch(text)
    }
    return "&".join(filter(None, [urlencode(runs, safe=","), found]))


def _body(body: object) -> tuple[int, str, str, str | None, bool]:
    given = body if isinstance(body, dict) else {}
    run_id, page, query = given.get("run"), given.get("page"), given.get("query")
    name, shared = given.get("name"), given.get("shared", False)
    if not isinstance(run_id, int) or not is_id(run_id):
        abort(400, "run must be the number of a run.")
    if not isinstance(page, str) or not _PAGE.fullmatch(page):
        abort(400, "page must be the name of a page of the run.")
    if not isinstance(query, str):
        abort(400, "query must be text: the selection as it stands in the address.")
    if not (name is None or isinstance(name, str)) or not isinstance(shared, bool):
        abort(400, "name must be text, and shared true or false.")
    return run_id, page, query, name, shared and name is not None


def _again(body: object) -> timedelta | None:
    seconds = body.get("again") if isinstance(body, dict) else None
    if seconds is None:
        return None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds < 2**31:
        abort(400, "again must be the seconds since the first attempt.")
    return timedelta(seconds=min(seconds, LONGEST_SECONDS))


def read(view_id: str) -> ResponseReturnValue:
    """Answer with the selection of a view: {"id", "run", "page", "query", "name"}."""
    found = _find(view_id)
    answer = jsonify(
        id=found.id, run=found.run_id, page=found.page, query=found.query, name=found.name
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def open_view(view_id: str) -> Response:
    """Lead to the page of a view."""
    return redirect(address_of(_find(view_id)), code=303)  # type: ignore[return-value]


def address_of(view: SavedViewRow) -> str:
    """Return the address of the page that shows a saved view."""
    if view.page == COMPARE:
        return f"/{COMPARE}?{view.query}"
    return f"/run/{view.run_id}/{view.page}?{PARAMETER}={view.id}"


def _find(view_id: str) -> SavedViewRow:
    identity = current_identity()
    if not ID.fullmatch(view_id):
        abort(404, GONE)
    try:
        with store.transaction() as session:
            return saved_views.find_view(session, view_id=view_id, account_id=identity.account_id)
    except NotFound:
        abort(404, GONE)
