"""What the workspace does on the server: hand out the bodies of the views that are chosen."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, html, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.components.clicks import is_id
from app.components.not_recorded import page_of
from app.reading import reads
from app.still import ids_of_callbacks, still
from app.view import PageContext, View
from app.views.workspace.ids import Ids, body_id
from db.queries.runs import runs


def register(views: Sequence[View], app: Dash) -> None:
    """Add the workspace's callbacks to the application."""
    if not views:
        return

    @app.callback(
        output={view.name: Output(body_id(view.name), "children") for view in views},
        inputs={"wanted": Input(Ids.WANTED, "data")},
        prevent_initial_call=True,
    )
    @reads
    def hand_out(wanted: object) -> dict[str, Any]:
        touched = ids_of_callbacks(app.server)
        return {name: still(body, touched) for name, body in mount(views, wanted).items()}


def mount(views: Sequence[View], wanted: object) -> dict[str, Any]:
    """Return the bodies of the wanted views by their names; the others stay as they are.

    `wanted` is {"run": id, "views": names}. Raises NotFound for a run that does not exist.
    """
    asked = wanted if isinstance(wanted, dict) else {}
    run_id, names = asked.get("run"), asked.get("views")
    if not isinstance(run_id, int) or not is_id(run_id) or not isinstance(names, list):
        raise PreventUpdate
    identity = current_identity()
    with store.transaction() as session:
        run = runs.get_run(session, run_id=run_id)
    context = PageContext(identity=identity, parameters={"run_id": run.id}, run=run)

    def body(view: View) -> Any:
        if view.name not in names:
            return no_update
        if not identity.may(view.permission):
            return html.P(f"Your role, {identity.role}, does not allow you to see this view.")
        return page_of(view, context)

    return {view.name: body(view) for view in views}
