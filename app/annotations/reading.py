"""What pages ask for: annotations that changed, people and tags to complete, one's own mentions."""

from flask import Blueprint, Response, jsonify, request

from app import store
from app.annotations.answers import annotation_json
from app.auth.identity import current_identity
from db.permissions import Permission
from db.queries.team import annotation_search, annotations, mentions


def blueprint() -> Blueprint:
    """Return the routes that only read, and the one that notes what was read."""
    made = Blueprint("annotation_reading", __name__, url_prefix="/data")
    made.add_url_rule("/run/<int:run_id>/annotations", "changed", changed, methods=["GET"])
    made.add_url_rule("/annotations/words", "words", words, methods=["GET"])
    made.add_url_rule("/annotations/mentions", "unread", unread, methods=["GET"])
    made.add_url_rule(
        "/run/<int:run_id>/annotations/<int:annotation_id>/seen", "seen", seen, methods=["POST"]
    )
    return made


def changed(run_id: int) -> Response:
    """Answer what is new since the version `since`: asked every second, mostly for nothing."""
    identity = current_identity()
    given = request.args.get("since", "")
    since = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    with store.asking() as session:
        found = annotations.changes(
            session, run_id=run_id, account_id=identity.account_id, since=since
        )
        number = mentions.unread(session, account_id=identity.account_id)
    answer: dict[str, object] = {
        "version": found.version,
        "unread": number,
        "me": identity.account_id,
        "may": {
            "annotate": identity.may(Permission.ANNOTATE),
            "manage": identity.may(Permission.MANAGE_ANNOTATIONS),
        },
    }
    if found.ids is not None:
        answer["ids"] = found.ids
        answer["annotations"] = [annotation_json(row) for row in found.annotations]
    return jsonify(answer)


def words() -> Response:
    """Answer whom a text can mention, and the tags in use."""
    with store.transaction() as session:
        persons = mentions.people(session)
        tags = annotation_search.used_tags(session)
    people = [{"name": person.name, "handle": person.handle} for person in persons]
    return jsonify(people=people, tags=tags)


def unread() -> Response:
    """Answer in how many annotations there is a new mention of the person who asks."""
    with store.asking() as session:
        number = mentions.unread(session, account_id=current_identity().account_id)
    return jsonify(unread=number)


def seen(run_id: int, annotation_id: int) -> Response:
    """Note that the person has read an annotation that mentions him; nobody else is concerned."""
    identity = current_identity()
    with store.transaction() as session:
        annotations.get_annotation(
            session, run_id=run_id, annotation_id=annotation_id, account_id=identity.account_id
        )
        mentions.mark_seen(
            session,
            account_id=identity.account_id,
            run_id=run_id,
            annotation_ids=[annotation_id],
        )
        number = mentions.unread(session, account_id=identity.account_id)
    return jsonify(unread=number)
