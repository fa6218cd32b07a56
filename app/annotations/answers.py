"""What the routes say: annotations as JSON, and errors with a status that the page understands."""

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.annotations.links import link_of
from db.errors import Conflict, Forbidden, NotFound
from db.queries.team.annotation_rows import AnnotationRow, ReplyRow
from db.queries.team.annotation_words import about


class BadBody(ValueError):  # noqa: N818 - what it is, not that it is an error
    """The body of the request is not what the route takes; the text says which part."""


def annotation_json(row: AnnotationRow) -> dict[str, Any]:
    """Return an annotation for the page; what target and name mean stands at AnnotationRow."""
    target = row.target
    return {
        "id": row.id,
        "target": {
            "kind": target.kind,
            "id": target.id,
            "filter": target.filter,
            "first": target.first,
            "last": target.last,
        },
        "class": row.class_id,
        "position": row.position,
        "name": row.name,
        "about": about(row),
        "author": row.author,
        "author_id": row.author_id,
        "body": row.body,
        "tag": row.tag,
        "version": row.version,
        "changed": row.changed,
        "created_at": _time(row.created_at),
        "edited_at": _time(row.edited_at),
        "resolved_at": _time(row.resolved_at),
        "resolved_by": row.resolved_by,
        "unread": row.unread,
        "link": link_of(row),
        "replies": [_reply_json(reply) for reply in row.replies],
    }


def _reply_json(reply: ReplyRow) -> dict[str, Any]:
    return {
        "id": reply.id,
        "author": reply.author,
        "author_id": reply.author_id,
        "body": reply.body,
        "version": reply.version,
        "created_at": _time(reply.created_at),
        "edited_at": _time(reply.edited_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def say_what_is_wrong(blueprint: Blueprint) -> None:
    """Answer errors of the store with 403, 404 or 409, and a wrong body with 400."""

    @blueprint.errorhandler(Forbidden)
    def forbidden(error: Forbidden) -> ResponseReturnValue:
        return jsonify(error=str(error)), 403

    @blueprint.errorhandler(NotFound)
    def not_found(error: NotFound) -> ResponseReturnValue:
        # What is gone: a text about it can be sent elsewhere, one about a run cannot.
        return jsonify(error=str(error), gone=error.what), 404

    @blueprint.errorhandler(Conflict)
    def conflict(error: Conflict) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400

    @blueprint.errorhandler(BadBody)
    def bad_body(error: BadBody) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400
