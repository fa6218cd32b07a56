"""What of the header leads elsewhere: the path to the run, and the menu of all pages."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria
from app.view import View
from db.queries.runs.runs import RunRow


def run_path(run: RunRow) -> list[Component]:
    """Return where a page of a run is: the way back to the list, and the run's name."""
    return [
        dmc.Anchor("Runs", href="/", className="shell-crumb", underline="hover"),
        html.Span("/", className="shell-slash", **aria(hidden="true")),
        html.Span(run.name, className="shell-run", title=run.name),
    ]


def page_menu(views: Sequence[View], identity: Identity, *, run: RunRow | None = None) -> Component:
    """Return the button of the menu, and in it every page that the role may see.

    `run` is the one whose pages are listed, None on pages about no run. The browser marks which of
    them is shown.
    """
    team = [
        dmc.MenuItem(view.menu, href=view.path)
        for view in views
        if view.menu and identity.may(view.permission)
    ]
    of_run = [
        dmc.MenuItem(view.title, href=view.address(run_id=run.id))
        for view in views
        if view.of_run and run is not None and identity.may(view.permission)
    ]
    listed: list[Component] = [dmc.MenuLabel("This run"), *of_run, dmc.MenuDivider()]
    return dmc.Menu(
        [
            dmc.MenuTarget(
                html.Span(className="shell-icon shell-icon-menu", **aria(hidden="true")),
                boxWrapperProps={
                    "component": "button",
                    "type": "button",
                    "className": "shell-menu",
                    **aria(label="All pages"),
                },
            ),
            dmc.MenuDropdown(
                [*(listed if of_run else []), dmc.MenuLabel("Team"), *team],
                className="shell-pages",
                **aria(label="All pages"),
            ),
        ],
        position="bottom-start",
        # Where it is longer than the window it is scrolled, by keyboard too.
        menuItemTabIndex=0,
        width=200,
    )
