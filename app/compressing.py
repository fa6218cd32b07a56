"""Answers in JSON go compressed: a page's layout then has a fifth of its bytes, for 0.1 ms of work.

Matrices are compressed when they are made, and kept so (app/binary.py); files of the application
when they are built.
"""

from flask import Flask, Response, request
from isal import igzip

# Below, the header and the work are not worth it: it fits into one packet anyway.
LEAST_BYTES = 1_400


def install(server: Flask) -> None:
    """Compress what the server answers in JSON, for those who can read that."""

    @server.after_request
    def compress(response: Response) -> Response:
        if response.mimetype != "application/json" or response.is_streamed:
            return response
        response.vary.add("Accept-Encoding")
        data = response.get_data()
        if (
            len(data) >= LEAST_BYTES
            and "gzip" in request.accept_encodings
            and "Content-Encoding" not in response.headers
        ):
            response.set_data(igzip.compress(data, compresslevel=1, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response
