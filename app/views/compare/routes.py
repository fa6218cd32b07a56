"""The data of the compare page: /data/compare/<name>?runs=3,4, for those who may compare."""

from types import MappingProxyType

from flask import Blueprint, Flask, Response, current_app, request

from app.arguments import Arguments, BadArgument
from app.binary import EXTENSION, RunsFunction, answer_of_runs, refusal
from app.data import compare, compare_classes, compare_scalars, compare_series, distributions
from app.data.aligned import MOST_RUNS

ANSWERS = MappingProxyType[str, RunsFunction](
    {
        "scalar-names": compare_scalars.listed,
        "scalar-lines": compare_scalars.lines,
        "events": compare_series.events,
        "classes": compare_classes.classes,
        "layers": compare.layers,
        "images": compare.images,
        "distributions": distributions.compared,
    }
)
# Other pages register what they ask of two runs themselves: app.binary.register_of_runs.
# These are about a pair.
TWO = ("classes", "images")


def install(server: Flask) -> None:
    """Add the route; app/auth/permission_map.py says who may ask."""
    blueprint = Blueprint("compare", __name__, url_prefix="/data/compare")
    blueprint.add_url_rule("/<name>", "answer", answer, methods=["GET"])
    server.register_blueprint(blueprint)


def answer(name: str) -> Response:
    """Answer what several runs have in common, or where they differ."""
    function = ANSWERS.get(name) or current_app.extensions[EXTENSION].of_runs.get(name)
    if function is None:
        return refusal(f"There is no comparison called {name[:40]!r}.", 404)
    arguments = Arguments(request.args)
    try:
        run_ids = arguments.integers("runs")
        compare.check_runs(run_ids, MOST_RUNS)
        if name in TWO and len(run_ids) < 2:
            raise BadArgument("runs must be two or more runs here, such as 3,4.")
    except BadArgument as error:
        return refusal(str(error), 400)
    return answer_of_runs(name, run_ids, function, arguments)
