"""The routes of the API, one for each operation of the table, and the two that describe them."""

from functools import partial

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app import store
from app.api.document import DOCUMENT, address, document
from app.api.operation import Given, Operation
from app.api.operations import OPERATIONS
from app.arguments import BadArgument
from app.binary import answer_of_runs, refusal
from db.queries.runs.runs import run_version

PAGE = "/api"


def install(server: Flask) -> None:
    """Add the routes; the app's guard decides who may ask, by cookie or token."""
    blueprint = Blueprint("api", __name__, template_folder="templates")
    for operation in OPERATIONS:
        answer = _facts if operation.facts is not None else _arrays
        view = partial(answer, operation)
        blueprint.add_url_rule(operation.rule, operation.name, view, methods=["GET"])
    blueprint.add_url_rule(DOCUMENT, "openapi", lambda: jsonify(document()), methods=["GET"])
    blueprint.add_url_rule(PAGE, "page", _page, methods=["GET"])
    blueprint.register_error_handler(BadArgument, lambda error: refusal(str(error), 400))
    server.register_blueprint(blueprint)


def _facts(operation: Operation, run_id: int = 0) -> ResponseReturnValue:
    given = Given(request.args)
    assert operation.facts is not None
    with store.transaction() as session:
        if "<int:run_id>" in operation.rule:
            run_version(session, run_id=run_id)  # not of a run in the trash
        found = operation.facts(session, run_id, given)
    given.check_all_read()
    answer = jsonify(found)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _arrays(operation: Operation, run_id: int) -> Response:
    look_up = operation.look_up
    assert look_up is not None
    given = Given(request.args)
    return answer_of_runs(
        f"api {operation.name}",
        [run_id],
        lambda session, run_ids, _: look_up(session, run_ids[0], given),
        given,
    )


def _page() -> str:
    return render_template(
        "api.html", operations=OPERATIONS, about=document()["info"], address=address, json=DOCUMENT
    )
