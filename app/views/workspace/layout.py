"""The page of the workspace: which views, how they lie, and an empty place for each of them."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.charts import chart
from app.components.controls import segments
from app.selection import bound
from app.view import PageContext, View
from app.views.workspace.ids import Ids, body_id

ARRANGEMENTS = {"columns": "Columns", "rows": "Rows", "grid": "Grid"}


def layout(views: Sequence[View], context: PageContext) -> Component:
    """Return the workspace of the run of the context; bodies come by callback when chosen."""
    run = context.run
    if run is None:
        raise ValueError("the workspace is a page of a run")
    return html.Div(
        [
            html.H1("Workspace", className="workspace-heading"),
            dcc.Store(id=Ids.WANTED),
            html.Div(
                [
                    html.Div(
                        [_switch(view) for view in views],
                        className="workspace-switches",
                        role="group",
                        **aria(label="Views in the workspace"),
                    ),
                    segments(
                        bound(Ids.ARRANGE, "arrange"),
                        "Arrangement of the views",
                        ARRANGEMENTS,
                        "columns",
                    ),
                    html.Span(
                        "Pins, cursor and range are the same everywhere.", className="dt-soft"
                    ),
                ],
                className="workspace-controls",
            ),
            # Arranges the panes beside it: app/views/workspace/web/workspace.ts.
            chart(
                Ids.ROOM,
                "workspace",
                label="Views of the run",
                run=run.id,
                views=[view.name for view in views],
                wanted=Ids.WANTED,
            ),
            html.Div(
                [_pane(view, run.id) for view in views]
                + [
                    html.P(
                        "No view is chosen. Choose at least one above.",
                        className="workspace-none",
                        hidden=True,
                    )
                ],
                className="workspace-panes",
            ),
        ],
        className="workspace",
    )


def _switch(view: View) -> Component:
    return html.Button(
        view.title,
        type="button",
        className="workspace-switch",
        **aria(pressed="false"),
        **data(workspace_switch=view.name),
    )


def _pane(view: View, run_id: int) -> Component:
    head = html.Header(
        [
            html.H2(view.title),
            html.Button(
                "Controls",
                type="button",
                className="workspace-fold",
                title="Show or hide the controls of this view",
                **aria(expanded="true", label=f"Controls of {view.title}"),
                **data(workspace_fold=view.name),
            ),
            # A link of Dash: the selection goes along, and nothing is loaded again.
            dmc.Anchor(
                "Open as page", href=view.address(run_id=run_id), className="workspace-open"
            ),
            html.Button(
                "×",
                type="button",
                className="workspace-close",
                title="Remove this view",
                **aria(label=f"Remove {view.title}"),
                **data(workspace_switch=view.name),
            ),
        ],
        className="workspace-head",
    )
    body = html.Div(
        html.P("Loading …", className="dt-soft"), id=body_id(view.name), className="workspace-body"
    )
    return html.Section(
        [head, body],
        className="workspace-pane",
        hidden=True,
        **aria(label=view.title),
        **data(pane=view.name, asleep="true"),
    )
