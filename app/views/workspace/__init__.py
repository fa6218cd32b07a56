"""The workspace: views of a run side by side or stacked on one page, with one selection."""

from collections.abc import Sequence

from dash import Dash
from dash.development.base_component import Component

from app.view import PageContext, View
from app.views.workspace.callbacks import register
from app.views.workspace.fields import FIELDS
from app.views.workspace.layout import layout


def workspace_of(views: Sequence[View]) -> View:
    """Return the workspace of those views that are of a run and may stand beside others."""
    panes = tuple(view for view in views if view.of_run and view.pane)

    def page(context: PageContext) -> Component:
        return layout(panes, context)

    def add(app: Dash) -> None:
        register(panes, app)

    return View(
        name="workspace",
        title="Workspace",
        path="/run/<run_id>/workspace",
        layout=page,
        register=add,
        fields=FIELDS,
        pane=False,
    )
