"""What the browser's watcher of its connection needs; assets/early/connection.js is the watcher."""

import html
import json

from flask import Blueprint, Flask, Response, current_app, jsonify

from app.auth.identity import current_identity, find_identity
from app.reading import reading_keys

# Of an answer for which the database was not there: what is away, and, where part of the request
# may have been carried out all the same, that this is not known.
AWAY = "X-DeepTracker-Away"
UNSURE = "X-DeepTracker-Unsure"
# Where the page that starts the application takes in what `page_facts` returns.
PLACE = "{connection}"
# Where the application keeps how a page is asked for (app/shell.py).
QUESTION = "deeptracker.question"


def install(server: Flask) -> None:
    """Add the route that a browser asks in order to know whether it could go on."""
    blueprint = Blueprint("connection", __name__)
    blueprint.add_url_rule("/data/connection", "state", state, methods=["GET"])
    server.register_blueprint(blueprint)


def state() -> Response:
    """Answer with whose session it is; the guard has asked the database for that."""
    return jsonify(account=current_identity().account_id)


def page_facts() -> str:
    """Return whom the page is for, the callbacks that may be repeated, and how the page itself is
    asked for, for an attribute.
    """
    identity = find_identity()
    facts = {
        "account": identity.account_id if identity else None,
        "reads": sorted(reading_keys(current_app)),
        "question": current_app.extensions[QUESTION] if identity else None,
    }
    return html.escape(json.dumps(facts), quote=True)
