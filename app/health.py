"""/health: whether the server and its database answer, for whoever watches them."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from app import store
from db.queries.health import answers


def install(server: Flask) -> None:
    """Add the route to the server."""

    @server.get("/health")
    def health() -> ResponseReturnValue:
        if answers(store.engine()):
            return jsonify(status="ok")
        return jsonify(status="no database"), 503
