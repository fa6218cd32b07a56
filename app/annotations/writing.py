"""What pages send: new annotations and replies, changes, resolved, deleted.

Every answer holds the annotation as it is now, also that to a change that came second (409).
A body with {again: seconds} repeats a request of that long ago whose answer got lost: what it wrote
then is not written twice.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import store
from app.annotations.answers import BadBody, annotation_json
from app.annotations.links import is_view
from app.auth.identity import require
from db.errors import NotFound
from db.permissions import Permission
from db.queries.team import annotation_repeats, annotations
from db.queries.team.annotation_rows import Target
from db.queries.team.annotations import Stale

_ALL = "/run/<int:run_id>/annotations"
_ONE = f"{_ALL}/<int:annotation_id>"
_REPLIES = f"{_ONE}/replies"
_REPLY = f"{_REPLIES}/<int:reply_id>"


def blueprint() -> Blueprint:
    """Return the routes that write."""
    made = Blueprint("annotation_writing", __name__, url_prefix="/data")
    for rule, view in (
        (f"{_ALL}/new", create),
        (_ONE, edit),
        (f"{_ONE}/resolved", resolve),
        (f"{_ONE}/delete", remove),
        (_REPLIES, reply),
        (_REPLY, edit_reply),
        (f"{_REPLY}/delete", remove_reply),
    ):
        made.add_url_rule(rule, view.__name__, view, methods=["POST"])
    return made


def create(run_id: int) -> ResponseReturnValue:
    """Write {text, tag, view, target: {kind, id, filter, first, last}}."""
    by, body = _writer()
    given = body.get("target")
    if not isinstance(given, dict):
        raise BadBody("target is missing.")
    target = Target(
        _text(given, "kind"),
        *(_whole(given, name) for name in ("id", "filter", "first", "last")),
    )
    view = _text(body, "view", default="")
    since = _again(body)
    words = {"body": _text(body, "text"), "tag": _text(body, "tag", default="")}
    with store.transaction() as session:
        annotation_id = since and annotation_repeats.find_written(
            session, run_id=run_id, by=by, target=target, since=since, **words
        )
        if not annotation_id:
            annotation_id = annotations.create(
                session,
                run_id=run_id,
                by=by,
                target=target,
                view=view if is_view(view) else "",
                **words,
            )
        return _now(session, run_id, annotation_id, by), 201


def edit(run_id: int, annotation_id: int) -> ResponseReturnValue:
    """Change {text, tag} of what was read at {version}."""
    by, body = _writer()
    words = {"body": _text(body, "text"), "tag": _text(body, "tag", default="")}
    try:
        with store.transaction() as session:
            annotations.edit(
                session,
                run_id=run_id,
                annotation_id=annotation_id,
                by=by,
                version=_version(body),
                **words,
            )
            return _now(session, run_id, annotation_id, by)
    except Stale as error:
        return _stale(error, run_id, annotation_id, by, None, _again(body), words)


def resolve(run_id: int, annotation_id: int) -> ResponseReturnValue:
    """Resolve, or reopen: {resolved: true or false}."""
    by, body = _writer()
    resolved = body.get("resolved")
    if not isinstance(resolved, bool):
        raise BadBody("resolved must be true or false.")
    with store.transaction() as session:
        annotations.resolve(
            session, run_id=run_id, annotation_id=annotation_id, by=by, resolved=resolved
        )
        return _now(session, run_id, annotation_id, by)


def remove(run_id: int, annotation_id: int) -> ResponseReturnValue:
    """Delete an annotation with its replies, unless they changed since {seen}, its `changed`."""
    by, body = _writer()
    seen = _whole(body, "seen")
    try:
        with store.transaction() as session:
            annotations.remove(
                session, run_id=run_id, annotation_id=annotation_id, by=by, seen=seen
            )
    except Stale as error:
        return _stale(error, run_id, annotation_id, by, None, None, {})
    except NotFound:
        if not _again(body):
            raise
    return jsonify(deleted=annotation_id)


def reply(run_id: int, annotation_id: int) -> ResponseReturnValue:
    """Answer with {text}."""
    by, body = _writer()
    since, text = _again(body), _text(body, "text")
    one: dict[str, Any] = {
        "run_id": run_id,
        "annotation_id": annotation_id,
        "by": by,
        "body": text,
    }
    with store.transaction() as session:
        if not (since and annotation_repeats.find_answered(session, since=since, **one)):
            annotations.reply(session, **one)
        return _now(session, run_id, annotation_id, by), 201


def edit_reply(run_id: int, annotation_id: int, reply_id: int) -> ResponseReturnValue:
    """Change {text} of the reply that was read at {version}."""
    by, body = _writer()
    words = {"body": _text(body, "text")}
    try:
        with store.transaction() as session:
            annotations.edit_reply(
                session,
                run_id=run_id,
                annotation_id=annotation_id,
                reply_id=reply_id,
                by=by,
                version=_version(body),
                **words,
            )
            return _now(session, run_id, annotation_id, by)
    except Stale as error:
        return _stale(error, run_id, annotation_id, by, reply_id, _again(body), words)


def remove_reply(run_id: int, annotation_id: int, reply_id: int) -> ResponseReturnValue:
    """Delete a reply."""
    by, body = _writer()
    with store.transaction() as session:
        try:
            annotations.remove_reply(
                session, run_id=run_id, annotation_id=annotation_id, reply_id=reply_id, by=by
            )
        except NotFound as error:
            if error.what != "reply" or not _again(body):
                raise
        return _now(session, run_id, annotation_id, by)


def _writer() -> tuple[int, dict[str, Any]]:
    """Return the account that writes, and the body of the request."""
    identity = require(Permission.ANNOTATE)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadBody("The body must be a JSON object.")
    return identity.account_id, body


def _now(session: Session, run_id: int, annotation_id: int, account_id: int) -> Response:
    row = annotations.get_annotation(
        session, run_id=run_id, annotation_id=annotation_id, account_id=account_id
    )
    return jsonify(annotation=annotation_json(row))


def _stale(
    error: Stale,
    run_id: int,
    annotation_id: int,
    by: int,
    reply_id: int | None,
    since: timedelta | None,
    words: dict[str, str],
) -> ResponseReturnValue:
    """Answer a change that came second with what is there now; it may be what itself wrote."""
    with store.transaction() as session:
        if since and annotation_repeats.reads_so(
            session, annotation_id=annotation_id, reply_id=reply_id, **words
        ):
            return _now(session, run_id, annotation_id, by)
        row = annotations.get_annotation(
            session, run_id=run_id, annotation_id=annotation_id, account_id=by
        )
    return jsonify(error=str(error), annotation=annotation_json(row)), 409


def _text(body: dict[str, Any], name: str, *, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise BadBody(f"{name} must be a text.")
    return value


def _whole(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadBody(f"{name} must be a whole number.")
    return value


def _version(body: dict[str, Any]) -> int:
    version = _whole(body, "version")
    if version is None or not 0 < version < 2**31:
        raise BadBody("version must be the version that was read.")
    return version


def _again(body: dict[str, Any]) -> timedelta | None:
    """Return how long ago the same request was sent first, None where this is the first."""
    seconds = _whole(body, "again")
    if seconds is None:
        return None
    if not 0 <= seconds < 2**31:
        raise BadBody("again must be the seconds since the first attempt.")
    return timedelta(seconds=seconds + 1)
