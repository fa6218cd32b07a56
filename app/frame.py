"""The frame of a page: where it is, the tabs, the tools, the menus; made where it is not there yet.

Which of the links is the current one the browser marks (app/web/core/currentlink.ts): so nothing of
the frame differs from one page of a run to the next, and nothing of it is made, sent or built.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import dash_mantine_components as dmc
from dash import get_relative_path, html, no_update
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.build import build_id
from app.components.attributes import aria, data
from app.components.compare_with import compare_with
from app.components.saved_view import view_tools
from app.page_menu import page_menu, run_path
from app.versions import version_token
from app.view import View
from db.permissions import Permission
from db.queries.runs.runs import RunRow


@dataclass(frozen=True)
class Part:
    """A part of the frame, made where it is needed: `of` is all that it is made of."""

    of: object
    make: Callable[[], object]


def what_differs(frame: Sequence[Part], stands: object) -> tuple[list[object], list[str]]:
    """Return the parts of the frame, those that stand there already as no_update; their digests.

    `stands` is what the browser shows: {"parts": digests}. From one page of a run to the next all
    of the frame stays, and a browser takes longer to build it again than to build the page.
    """
    digests = [sha256(repr((build_id(), part.of)).encode()).hexdigest()[:16] for part in frame]
    known = stands.get("parts") if isinstance(stands, dict) else None
    if not isinstance(known, list) or len(known) != len(digests):
        known = [None] * len(digests)
    pairs = zip(frame, digests, known, strict=True)
    return [no_update if was == now else part.make() for part, now, was in pairs], digests


def frame_of(
    views: Sequence[View], identity: Identity, run: RunRow | None = None, *, saves: bool = False
) -> tuple[Part, ...]:
    """Return the five parts of the frame of the pages of a run, or of those about none:

    path, tabs, tools, menu of the account, menu of the pages.
    """
    who = (
        identity.account_id,
        identity.name,
        identity.email,
        identity.role,
        get_relative_path("/"),
    )
    if run is None:
        path = Part(("pages", who), lambda: _menu(views, identity))
        tabs = Part((), list)
    else:
        path = Part(("run", who, run.id, run.name), lambda: run_path(run))
        # Not its version: an older one is no news to a page that knows a newer one.
        tabs = Part(("tabs", who, run.id, run.uuid), lambda: _tabs(views, run))
    of_tools = (who, run and (run.id, run.uuid), saves)
    return (
        path,
        tabs,
        Part(("tools", of_tools), lambda: _tools(identity, run, saves=saves)),
        Part(("account", who), lambda: account_menu(identity)),
        Part(("menu", who, run and run.id), lambda: page_menu(views, identity, run=run)),
    )


def _tools(identity: Identity, run: RunRow | None, *, saves: bool) -> list[Component]:
    if run is None:
        return view_tools(identity) if saves else []
    others = compare_with(run) if identity.may(Permission.COMPARE) else []
    return [*others, *view_tools(identity)]


def _menu(views: Sequence[View], identity: Identity) -> list[Component]:
    """Return links to the pages that are about no run, and that the role may see."""
    return [
        _tab(view.menu, view.path) for view in views if view.menu and identity.may(view.permission)
    ]


def _tabs(views: Sequence[View], run: RunRow) -> list[Component]:
    base = get_relative_path(f"/data/run/{run.id}")
    version = version_token(run.this_version)
    return [
        _tab(
            view.title,
            view.address(run_id=run.id),
            asks=[f"{base}/{template}" for template in view.asks],
            version=version,
        )
        for view in views
        if view.of_run
    ]


def _tab(text: str, href: str, *, asks: Sequence[str] = (), version: str = "") -> Component:
    # app/web/core/shell.ts goes where it leads: Mantine's links take half a millisecond each.
    return html.A(
        text,
        href=href,
        className="shell-tab mantine-focus-auto",
        **data(asks=json.dumps(asks), version=version),
    )


def account_menu(identity: Identity) -> Component:
    """Return the menu of the account: who it is, its page, the colours, log out."""
    return dmc.Menu(
        [
            # The wrapper is the button: it is what says whether the menu is open.
            dmc.MenuTarget(
                html.Span(identity.name[:1].upper() or "?"),
                boxWrapperProps={
                    "component": "button",
                    "type": "button",
                    "className": "shell-avatar",
                    "w": 32,
                    **aria(label=f"Account of {identity.name}"),
                    # Who it is, for what a browser remembers of a person.
                    **data(account=str(identity.account_id)),
                },
            ),
            dmc.MenuDropdown(
                [
                    html.Div(
                        [
                            html.Div(identity.name, className="shell-who"),
                            html.Div(identity.email, className="shell-email"),
                            dmc.Badge(identity.role, variant="light", size="sm", mt=6),
                        ],
                        className="shell-identity",
                    ),
                    dmc.MenuDivider(),
                    dmc.MenuItem("Account", href="/account"),
                    dmc.MenuItem("Colours of the system", **data(scheme="auto")),
                    dmc.MenuDivider(),
                    dmc.MenuItem("Log out", **data(log_out="true")),
                ],
                **aria(label="Account"),
            ),
        ],
        position="bottom-end",
        width=230,
    )
