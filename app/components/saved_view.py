"""Buttons that copy the link of what is shown and save it; see app/web/core/savedviews.ts."""

from dash import html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria, data
from db.permissions import Permission
from db.queries.team.saved_views import MAX_NAME


def view_tools(identity: Identity) -> list[Component]:
    """Return the buttons of a page of a run, and the dialog that one of them opens."""
    return [
        _button("Copy link", "copy", "Copy a link that reopens exactly what you see"),
        _button("Save view", "save", "Save what you see under a name"),
        _dialog(may_share=identity.may(Permission.SHARE_VIEWS)),
    ]


def _button(text: str, tool: str, title: str) -> Component:
    return html.Button(
        [
            html.Span(className=f"shell-icon shell-icon-{tool}", **aria(hidden="true")),
            html.Span(text, className="shell-tool-text"),
        ],
        type="button",
        className="shell-tool",
        title=title,
        **aria(label=text),
        **data(view_tool=tool),
    )


def _dialog(*, may_share: bool) -> Component:
    name = html.Label(
        [
            html.Span("Name"),
            html.Div(className="views-name", **data(view_name=str(MAX_NAME))),
        ],
        className="views-field",
    )
    note = (
        "The team finds shared views in the list Saved views and may open their links."
        if may_share
        else "Your role, viewer, saves views for itself; members and administrators may share them."
    )
    choices = html.Div(
        [
            _choice("private", "Private", "Only you find it and open its link"),
            _choice("shared", "Shared with the team", "Everybody here may open it"),
        ],
        className="views-choices",
        role="radiogroup",
        **aria(label="Who may open it"),
        **data(may_share=str(may_share).lower()),
    )
    return html.Dialog(
        [
            html.H2("Save this view"),
            name,
            choices,
            html.P(note, className="views-note"),
            html.P(className="views-problem", role="alert"),
            html.Div(
                [
                    html.Button("Cancel", type="button", **data(view_tool="cancel")),
                    html.Button("Save", type="button", **data(view_tool="confirm")),
                ],
                className="views-buttons",
            ),
        ],
        className="views-dialog",
        **aria(label="Save this view"),
    )


def _choice(value: str, text: str, about: str) -> Component:
    """Return the place of a radio button, which Dash has no plain one of."""
    return html.Label(
        [
            html.Span(className="views-radio", **data(view_choice=value)),
            html.Span([html.B(text), html.Small(about)]),
        ],
        className="views-choice",
    )
