"""The routes that receive uploads: begin, pieces of files, complete, give up."""

import logging
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from app import store
from app.auth.identity import current_identity
from app.binary import refusal
from app.uploads.clearing import EXTENSION, clear
from app.uploads.names import safe_names
from app.uploads.receiving import Receiver, WrongPlace
from app.uploads.settings import UploadSettings
from db.errors import Conflict, Forbidden, NotFound
from db.queries.jobs import looks, uploads, workers
from db.queries.jobs.workers import WorkerRow

logger = logging.getLogger(__name__)

# A piece fits into the largest body that any route takes.
PIECE = 2**20


def install(server: Flask) -> None:
    """Add the routes; app/auth/permission_map.py says who may ask."""
    server.extensions[EXTENSION] = UploadSettings()
    blueprint = Blueprint("uploads", __name__, url_prefix="/data/uploads")
    blueprint.add_url_rule("", "begin", begin, methods=["POST"])
    blueprint.add_url_rule("/<int:upload_id>/<int:number>", "piece", piece, methods=["POST"])
    blueprint.add_url_rule("/<int:upload_id>/complete", "complete", complete, methods=["POST"])
    blueprint.add_url_rule("/<int:upload_id>/delete", "delete", delete, methods=["POST"])
    for error, status in ((Conflict, 409), (Forbidden, 403), (NotFound, 404)):
        blueprint.register_error_handler(error, _refuses(status))
    blueprint.register_error_handler(OSError, _no_room)
    server.register_blueprint(blueprint)


def settings() -> UploadSettings:
    """Return the settings of this server's uploads."""
    found: UploadSettings = current_app.extensions[EXTENSION]
    return found


def why_not(working: list[WorkerRow]) -> str | None:
    """Return why nothing can be uploaded now, and what to do; None where it can."""
    found = settings()
    if not found.megabytes:
        return "Uploads are turned off on this server (DEEPTRACKER_UPLOAD_MB=0)."
    roots = sorted({root for worker in working if worker.alive for root in worker.roots})
    folder = found.root()
    if not roots:
        return "No worker is running that could read an upload. Start one: deeptracker worker"
    if not any(folder.is_relative_to(root) for root in roots if "://" not in root):
        return (
            f"No worker reads the folder of uploads, {folder}. Set DEEPTRACKER_UPLOADS to a folder "
            f"under {', '.join(roots)} that this server can write to."
        )
    return None


def _receiver() -> Receiver:
    return Receiver(settings().root())


def begin() -> Response:
    """Take {title, files: [[name, size], ...]}; answer {upload, piece}: its id, bytes at a time."""
    by = current_identity().account_id
    title, files = _announced(request.get_json(silent=True))
    most = settings().megabytes * 2**20
    size = sum(size for _, size in files)
    if size > most:
        raise Conflict(
            f"These files have {size / 2**20:,.0f} MB; an upload has at most {most // 2**20:,} MB. "
            "Copy them under a folder that workers read instead."
        )
    safe_names([name for name, _ in files])
    with store.transaction() as session:
        if (reason := why_not(workers.list_workers(session))) is not None:
            raise Conflict(reason)
    clear(current_app)
    with store.transaction() as session:
        made = uploads.begin(
            session, title=title, files=files, most_bytes=settings().all_megabytes * 2**20, by=by
        )
        _receiver().begin(made)
    return jsonify(upload=made.id, piece=PIECE)


def _announced(body: Any) -> tuple[str, list[tuple[str, int]]]:
    given = body if isinstance(body, dict) else {}
    listed = given.get("files")
    if not isinstance(listed, list):
        raise Conflict("An upload begins with the names and sizes of its files.")
    files = []
    for one in listed:
        known = isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)
        if not known or type(one[1]) is not int or one[1] < 0 or "\0" in one[0]:
            raise Conflict("Every file of an upload has a name and a size.")
        files.append((one[0][:1_000].encode(errors="replace").decode(), one[1]))
    title = given.get("title")
    title = "".join(c for c in title if c.isprintable()) if isinstance(title, str) else ""
    return title, files


def piece(upload_id: int, number: int) -> Response:
    """Take bytes of a file from `?at=`; answer {here}, how many it has now."""
    at = request.args.get("at", "")
    if not (at.isascii() and at.isdecimal() and len(at) < 16):
        raise Conflict("The query says at which byte the piece begins: ?at=0")
    found = _open(upload_id)
    try:
        here = _receiver().take(found, number=number, at=int(at), piece=request.stream)
    except WrongPlace as error:
        answer = jsonify(error=str(error), here=error.here)
        answer.status_code = 409
        return answer
    return jsonify(here=here)


def complete(upload_id: int) -> Response:
    """Put the files together; answer {look}, the question of what they are."""
    by = current_identity().account_id
    found = _open(upload_id, completed=True)
    folder = _receiver().complete(found)
    with store.transaction() as session:
        uploads.complete(session, upload_id=upload_id, location=str(folder))
        look = looks.ask(session, location=str(folder), by=by)
    return jsonify(look=look, title=found.title)


def delete(upload_id: int) -> Response:
    """Give up an upload that is not complete."""
    found = _open(upload_id)
    _receiver().remove(found)
    with store.transaction() as session:
        uploads.forget(session, upload_id=upload_id)
    return jsonify(done=True)


def _open(upload_id: int, *, completed: bool = False) -> uploads.UploadRow:
    by = current_identity().account_id
    with store.transaction() as session:
        found = uploads.get_upload(session, upload_id=upload_id, by=by)
    if found.location is not None and not completed:
        raise Conflict("The upload is complete already.")
    return found


def _refuses(status: int) -> Any:
    return lambda error: refusal(str(error), status)


def _no_room(error: OSError) -> Response:
    logger.exception("an upload could not be written")
    return refusal(
        f"The server cannot write the file ({error.strerror}). Ask whoever looks after it to make "
        "room, then send it again.",
        507,
    )
