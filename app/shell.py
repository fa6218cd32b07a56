"""The frame around every page: header, navigation, page, notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import (
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    dcc,
    get_relative_path,
    html,
)
from dash.development.base_component import Component
from flask import g

from app import errors, store
from app.auth import guard
from app.auth.identity import current_identity
from app.auth.permission_map import Access
from app.components.attributes import aria, data
from app.components.not_recorded import page_of
from app.connection import QUESTION
from app.frame import Part, frame_of, what_differs
from app.ids import Shell
from app.linked_run import OtherRun, linked_run, not_this_run, said_in
from app.reading import reads
from app.selection import fields_here, page_parts, united
from app.still import ids_of_callbacks, still
from app.stored_view import stored_view
from app.theme import THEME
from app.versions import short_uuid
from app.view import PageContext, View
from db.away import is_unreachable
from db.errors import NotFound
from db.queries.runs.runs import RunRow

PRODUCT = "DeepTracker"
MAX_PATH = 2_000
# The address of a hundred compared runs is that long; servers take no longer one.
MAX_SEARCH = 4_000


def layout() -> Component:
    """Return the frame without anything in it; the same for everybody."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=Shell.LOCATION, refresh="callback-nav"),
            dcc.Store(id=Shell.TITLE),
            dcc.Store(id=Shell.TITLE_SET),
            dcc.Store(id=Shell.STANDS),
            dmc.NotificationContainer(id=Shell.NOTICES, position="bottom-right"),
            html.A("Skip to the page", href=f"#{Shell.PAGE}", className="shell-skip"),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_header(), className="shell-header"),
                    dmc.AppShellMain(
                        [
                            html.Div(id=Shell.PAGE, className="shell-page", tabIndex=-1),
                            html.Div(id=Shell.PORTAL),
                        ]
                    ),
                ],
                # Where it is narrow the tabs have a row of their own (app/web/core/shell.css).
                header={"height": {"base": 92, "xl": 52}},
                padding=0,
            ),
        ],
        theme=dict(THEME),
        defaultColorScheme="auto",
    )


def _header() -> Component:
    return html.Div(
        [
            dmc.Anchor(
                [html.Span(className="shell-mark", **aria(hidden="true")), PRODUCT],
                href="/",
                className="shell-brand",
                underline="never",
            ),
            html.Div(id=Shell.MENU, className="shell-menu-place"),
            html.Nav(id=Shell.PATH, className="shell-path", **aria(label="Where you are")),
            html.Nav(id=Shell.TABS, className="shell-tabs", **aria(label="Views")),
            # Filled by app/annotations/web/panel.ts: how many there are, and who mentions me.
            html.Div(id="annotation-header", className="annotation-header"),
            html.Div(id=Shell.TOOLS, className="shell-tools"),
            html.Button(
                "?",
                type="button",
                className="shell-tool shell-help",
                title="Help: the keys and words of this page (press ?)",
                **aria(label="Help", haspopup="dialog"),
                **data(help="open"),
            ),
            dmc.ColorSchemeToggle(
                lightIcon=html.Span(className="shell-icon shell-icon-sun"),
                darkIcon=html.Span(className="shell-icon shell-icon-moon"),
                variant="subtle",
                color="gray",
                size="lg",
                className="shell-scheme",
                **aria(label="Switch between light and dark"),
            ),
            html.Div(id=Shell.ACCOUNT),
        ],
        className="shell-bar",
    )


def register(app: Dash, views: Sequence[View]) -> None:
    """Set the frame, and the callback that fills it for the page at the browser's address."""
    app.layout = layout
    before = set(app.callback_map)

    @app.callback(
        Output(Shell.PAGE, "children"),
        Output(Shell.PATH, "children"),
        Output(Shell.TABS, "children"),
        Output(Shell.TOOLS, "children"),
        Output(Shell.ACCOUNT, "children"),
        Output(Shell.MENU, "children"),
        Output(Shell.TITLE, "data"),
        Output(Shell.STANDS, "data"),
        Input(Shell.LOCATION, "pathname"),
        State(Shell.LOCATION, "search"),
        State(Shell.STANDS, "data"),
    )
    @reads
    def show(path: object, search: object, stands: object) -> tuple[object, ...]:
        page = open_or_say_why(
            views,
            path if isinstance(path, str) else "/",
            search if isinstance(search, str) else "",
        )
        parts, digests = what_differs(page.frame, stands)
        touched = ids_of_callbacks(app.server)
        body, *around = (still(part, touched) for part in (page.body, *parts))
        return body, *around, page.title, {"path": page.path, "parts": digests}

    keys = set(app.callback_map) - before
    guard.allow_callbacks(app.server, dict.fromkeys(keys, Access.LOGGED_IN))
    app.server.extensions[QUESTION] = _question(app, *keys)
    app.clientside_callback(
        ClientsideFunction("shell", "arrived"),
        Output(Shell.TITLE_SET, "data"),
        Input(Shell.TITLE, "data"),
        Input(Shell.STANDS, "data"),
    )


def _question(app: Dash, key: str) -> dict[str, Any]:
    """Return what Dash asks in order to show a page, and under which address; without the path.

    assets/early/pagesahead.js asks it for the page that is being loaded, before Dash is there.
    """
    names = [one.rsplit(".", 1) for one in key.strip(".").split("...")]
    pathname = f"{Shell.LOCATION}.pathname"
    return {
        "address": get_relative_path("/_dash-update-component"),
        "asked": {
            "output": key,
            "outputs": [{"id": id, "property": name} for id, name in names],
            "inputs": [{"id": Shell.LOCATION, "property": "pathname"}],
            "changedPropIds": [pathname],
            "parsedChangedPropsIds": [pathname],
            "state": [
                {"id": Shell.LOCATION, "property": "search"},
                {"id": Shell.STANDS, "property": "data"},
            ],
        },
    }


@dataclass(frozen=True)
class Page:
    """What a path shows: the page, the frame's five parts, the title, whose link is the current."""

    body: object
    # Path, tabs, tools, menu of the account, menu of the pages.
    frame: tuple[Part, ...]
    title: str
    path: str = ""


def open_or_say_why(views: Sequence[View], path: str, search: str) -> Page:
    """Return what `open_page` does; where that fails, a page that says so under this address.

    The page of before would otherwise stand under the address of this one.
    """
    try:
        return open_page(views, path, search)
    except Exception as error:
        if is_unreachable(error):
            raise  # the browser asks again
        nothing = _nothing(errors.public_text(error), title="This page did not open")
        return Page(nothing, frame_of(views, current_identity()), "Error")


def open_page(views: Sequence[View], path: str, search: str) -> Page:
    """Return the page at a path in its frame; a friendly one for no address."""
    identity = current_identity()
    view, ids = find_view(views, path[:MAX_PATH])

    def refused(nothing: Component, title: str = "Not found") -> Page:
        return Page(nothing, frame_of(views, identity), title)

    if view is None:
        return refused(_nothing(f"There is no page {path[:80]}."))
    if not identity.may(view.permission):
        text = f"Your role, {identity.role}, does not allow you to see this page."
        return refused(_nothing(text, title="Not allowed"), "Not allowed")
    try:
        run = _run(ids, said_in(search[:MAX_PATH]))
    except NotFound as error:
        return refused(_nothing(str(error)))
    except OtherRun as error:
        query = search[:MAX_PATH].removeprefix("?")
        instead = not_this_run(error, address=lambda one: f"{view.address(run_id=one)}?{query}")
        return refused(instead, "Another run")
    context = PageContext(identity=identity, parameters=ids, search=search[:MAX_SEARCH], run=run)
    # Callbacks of the page run in requests of their own, and read the identity again.
    g.page = context
    frame = frame_of(views, identity, run, saves=view.saves)
    if run is None:
        return Page(view.layout(context), frame, view.title, view.path)
    body = [*selection_of(views, context), page_of(view, context)]
    title = f"{run.name} · {view.title}"
    return Page(body, frame, title, view.address(run_id=run.id))


def selection_of(views: Sequence[View], context: PageContext) -> list[Component]:
    """Return the selection of a page of a run, with the defaults that its views want."""
    run = context.run
    if run is None:
        raise ValueError("only the pages of a run have a selection")
    wanted = [view.defaults(context) for view in views if view.of_run and view.defaults]
    stored = stored_view(context.search, run_id=run.id, account_id=context.identity.account_id)
    return page_parts(
        fields_here(),
        united(wanted),
        run_id=run.id,
        of=short_uuid(run.uuid),
        pictures=run.thumbnail is not None,
        stored=stored,
    )


def find_view(views: Sequence[View], path: str) -> tuple[View | None, dict[str, int]]:
    """Return the view at a path and the ids in it."""
    for view in views:
        ids = view.match(path)
        if ids is not None:
            return view, ids
    return None, {}


def _run(ids: dict[str, int], said: str) -> RunRow | None:
    if "run_id" not in ids:
        return None
    with store.transaction() as session:
        return linked_run(session, ids["run_id"], said)


def _nothing(text: str, *, title: str = "There is nothing here") -> Component:
    return html.Div(
        [
            html.H1(title),
            html.P(text),
            dmc.Anchor("To the runs", href="/"),
        ],
        className="shell-nothing",
    )
