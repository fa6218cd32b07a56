"""The route of the browser's scripts and stylesheet, compressed when they were built."""

import re
from http import HTTPStatus

from flask import Flask, Response, abort, request, send_from_directory

from app import bundle

_NAME = re.compile(r"(?:deeptracker|late)-[A-Z0-9]{8}\.(js|css)")
_TYPES = {"js": "text/javascript", "css": "text/css"}
# The smaller first.
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_YEAR = 31_536_000


def install(server: Flask) -> None:
    """Add the route. BundleError where there is nothing to serve, or it cannot be built."""
    bundle.current()
    server.register_error_handler(bundle.BundleError, _said)
    server.add_url_rule("/assets/built/<name>", "built", _built)


def address(name: str) -> str:
    """Return the address of a file of the bundle."""
    return f"/assets/built/{name}"


def _built(name: str) -> Response:
    known = _NAME.fullmatch(name)
    if not known:
        abort(HTTPStatus.NOT_FOUND)
    accepted = (one for one in _ENCODINGS if request.accept_encodings.quality(one[0]))
    encoding, ending = next(accepted, ("", ""))
    answer = send_from_directory(bundle.BUILT, name + ending, mimetype=_TYPES[known[1]])
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Vary"] = "Accept-Encoding"
    # The name changes with the content: browsers need not ask whether it has.
    answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return answer


def _said(error: Exception) -> Response:
    """Say what is wrong with the sources: only whoever changes them in a checkout meets this."""
    return Response(str(error), HTTPStatus.INTERNAL_SERVER_ERROR, mimetype="text/plain")
