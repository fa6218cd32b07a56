"""The routes that export: a chart's table, a run's report, a whole run for another tool."""

from collections.abc import Iterator

from flask import Blueprint, Flask, Response, request

from app import store
from app.arguments import Arguments, BadArgument
from app.auth.identity import current_identity, require
from app.binary import reading, refusal
from app.data.aligned import MOST_RUNS
from app.data.compare import check_runs
from app.export.compared import compared_table
from app.export.names import FORMS, file_name
from app.export.report import gather, read_changed, render
from app.export.tables import make_table
from app.export.whole import WRITERS, WholeRun
from app.export.whole.zipped import ExportRefused, pieces, zipped
from app.export.writing import MIME, write_csv, write_parquet
from app.table_names import COMPARED, OF_TWO, TABLES
from db.permissions import Permission
from db.queries.runs import runs

REPORT = "/data/run/<int:run_id>/report.html"
WHOLE = "/data/run/<int:run_id>/export/<form>.zip"


def install(server: Flask) -> None:
    """Add the routes; app/auth/permission_map.py says who may ask."""
    blueprint = Blueprint("export", __name__)
    rule = "/data/run/<int:run_id>/<name>/table.<form>"
    blueprint.add_url_rule(rule, "table", table, methods=["GET"])
    blueprint.add_url_rule(
        "/data/compare/<name>/table.<form>", "compared", compared, methods=["GET"]
    )
    blueprint.add_url_rule(REPORT, "report", report, methods=["GET"])
    blueprint.add_url_rule(WHOLE, "whole", whole, methods=["GET"])
    blueprint.register_error_handler(BadArgument, lambda error: refusal(str(error), 400))
    server.register_blueprint(blueprint)


def table(run_id: int, name: str, form: str) -> Response:
    """Answer with the full data of a chart, as a file to keep."""
    if name not in TABLES or form not in FORMS:
        return refusal(f"There is no table {name[:40]!r} as {form[:10]!r}.", 404)
    arguments = Arguments(request.args)
    with reading(store.engine()) as session:
        run = runs.get_run(session, run_id=run_id)
        found = make_table(session, run_id, name, arguments)
    given = {key: text for key, text in request.args.items() if key != "v"}
    # "gradient" speaks for itself, "5" does not.
    parts = [
        text if text[0].isalpha() else f"{key}{text}"
        for key, text in given.items()
        if 0 < len(text) <= 24
    ]
    about = {
        "run": run.name,
        "run_id": str(run_id),
        "run_uuid": run.uuid.hex,
        "run_version": str(run.version),
        "chart": name,
        **given,
    }
    pieces = write_csv(found) if form == "csv" else write_parquet(found, about)
    return as_file(pieces, MIME[form], file_name(run_id, run.name, name, *parts, ending=form))


def compared(name: str, form: str) -> Response:
    """Answer with the full data of a chart that compares runs, as a file to keep."""
    if name not in {*COMPARED, *OF_TWO} or form not in FORMS:
        return refusal(f"There is no table {name[:40]!r} as {form[:10]!r}.", 404)
    run_ids = Arguments(request.args).integers("runs")
    check_runs(run_ids, MOST_RUNS)
    with reading(store.engine()) as session:
        found = compared_table(session, run_ids, name, dict(request.args))
    stem = "-".join(["runs", *map(str, run_ids), name])
    about = {"runs": ",".join(map(str, run_ids)), "chart": name}
    pieces = write_csv(found) if form == "csv" else write_parquet(found, about)
    return as_file(pieces, MIME[form], f"{stem}.{form}")


def report(run_id: int) -> Response:
    """Answer with the report of a run, as a file to keep; arguments as of changed.py, or none."""
    arguments = Arguments(request.args)
    if arguments.integer("other") is not None:
        require(Permission.COMPARE)
    with reading(store.engine()) as session:
        part = read_changed(session, run_id, arguments)
        arguments.check_all_read()
        found = gather(session, run_id, account_id=current_identity().account_id, changed=part)
    name = file_name(run_id, found.run.name, "report", ending="html")
    return as_file(iter([render(found).encode()]), "text/html; charset=utf-8", name)


def whole(run_id: int, form: str) -> Response:
    """Answer with a run in the files of another tool, as a zip file to keep."""
    if form not in WRITERS:
        return refusal(f"A run cannot be had as {form[:20]!r}.", 404)
    with reading(store.engine()) as session:
        found = WholeRun(session, run_id)
        name, values = found.run.name, found.value_count(form)
    try:
        file = zipped(store.engine(), run_id, form, values=values)
    except ExportRefused as error:
        return refusal(str(error), error.status)
    answer = as_file(pieces(file), "application/zip", file_name(run_id, name, form, ending="zip"))
    answer.call_on_close(file.close)
    return answer


def as_file(pieces: Iterator[bytes], mime: str, name: str) -> Response:
    """Return an answer that browsers keep as a file of this name, which is plain ASCII."""
    answer = Response(pieces, content_type=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
