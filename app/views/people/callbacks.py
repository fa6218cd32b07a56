"""What the people page does: invite, change roles, make links, lock out; show the activity log."""

import math
from typing import Any

from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app import store
from app.auth.identity import require
from app.auth.links import link_address
from app.auth.tokens import new_token
from app.callbacks import Callbacks
from app.components.clicks import LARGEST_ID, changed, relayed
from app.components.table_state import Look, read_names, read_order, read_widths
from app.reading import reads
from app.views.people.ids import CHANGES, Act, Ids
from app.views.people.layout import (
    LATEST,
    TITLES,
    deed_heads,
    deed_rows,
    no_deeds,
    one_time_link,
    people_table,
    resting_notice,
)
from db.errors import Conflict
from db.permissions import Permission, Role
from db.queries.team import accounts, audit, people

ON_PAGE = 25
MAX_SEARCH = 200


callbacks = Callbacks()
register = callbacks.register


def _property(act: Act) -> str:
    return "value" if act is Act.ROLE else "n_clicks"


@callbacks.callback(
    Output(Ids.TABLE, "children"),
    Output(Ids.COUNT, "children"),
    CHANGES.of_any(),
)
@reads
def show_people(_changed: object) -> tuple[Any, str]:
    """Return the table of everybody, and how many may log in."""
    identity = require(Permission.MANAGE_PEOPLE)
    with store.transaction() as session:
        found = people.list_people(session)
    active = sum(person.active for person in found)
    return people_table(found, present=identity.account_id), f"{active:,} of {len(found):,} active"


@callbacks.callback(
    CHANGES.by("invite"),
    Output(Ids.LINK, "children"),
    Output(Ids.PROBLEM, "children"),
    Output(Ids.EMAIL, "value"),
    Output(Ids.NAME, "value"),
    Input(Ids.INVITE, "n_clicks"),
    State(Ids.EMAIL, "value"),
    State(Ids.NAME, "value"),
    State(Ids.ROLE, "value"),
    prevent_initial_call=True,
)
def invite(clicks: object, email: object, name: object, role: object) -> tuple[Any, ...]:
    """Add an account and show its link once; what is wrong with the form otherwise."""
    identity = require(Permission.MANAGE_PEOPLE)
    if not clicks:
        raise PreventUpdate
    token, token_hash = new_token()
    try:
        with store.transaction() as session:
            account = people.invite(
                session,
                by=identity.account_id,
                email=email if isinstance(email, str) else "",
                role=_role(role),
                name=name if isinstance(name, str) else "",
                token_hash=token_hash,
            )
    except Conflict as error:
        return no_update, None, str(error), no_update, no_update
    shown = one_time_link(link_address(token), email=account.email)
    return ["invited", account.id], shown, "", "", ""


@callbacks.callback(
    CHANGES.by("change"),
    # What the invitation writes as well: a link, what is wrong.
    Output(Ids.LINK, "children", allow_duplicate=True),
    Output(Ids.PROBLEM, "children", allow_duplicate=True),
    relayed(
        callbacks,
        Ids.CLICKED,
        *(Input({"type": act, "account": ALL}, _property(act)) for act in Act),
    ),
    prevent_initial_call=True,
)
def change(click: object) -> tuple[Any, ...]:
    """Do what the clicked button of a row says."""
    identity = require(Permission.MANAGE_PEOPLE)
    act, account_id, value = changed(click, "account")
    try:
        with store.transaction() as session:
            shown = _do(session, act, by=identity.account_id, account_id=account_id, value=value)
    except Conflict as error:
        # The table is drawn again: a drop-down shows the role that still holds.
        return [act, account_id, "refused", str(value)], None, str(error)
    return [act, account_id, str(value)], shown, ""


def _do(session: Session, act: str, *, by: int, account_id: int, value: object) -> Any:
    if act == Act.ROLE:
        role = _role(value)
        if accounts.get_account(session, account_id=account_id).role == role:
            raise PreventUpdate  # a drop-down that appeared, and was not touched
        people.change_role(session, by=by, account_id=account_id, role=role)
    elif act == Act.LINK:
        token, token_hash = new_token()
        account = people.renew_link(session, by=by, account_id=account_id, token_hash=token_hash)
        return one_time_link(link_address(token), email=account.email)
    elif act == Act.END:
        people.end_sessions(session, by=by, account_id=account_id)
    elif act == Act.DEACTIVATE:
        rests = people.deactivate(session, by=by, account_id=account_id)
        return resting_notice(rests) if rests else None
    elif act == Act.ACTIVATE:
        people.activate(session, by=by, account_id=account_id)
    return None


@callbacks.callback(
    Output(Ids.DEEDS, "children"),
    Output(Ids.HEAD, "children"),
    Output(Ids.DEEDS_TABLE, "hidden"),
    Output(Ids.DEEDS_EMPTY, "children"),
    Output(Ids.PAGER, "total"),
    Output(Ids.PAGER, "display"),
    CHANGES.of_any(),
    Input(Ids.SEARCH, "value"),
    Input(Ids.PAGER, "value"),
    Input(Ids.ORDER, "data"),
    Input(Ids.COLUMNS, "value"),
    Input(Ids.WIDTHS, "data"),
    Input(Ids.PINNED, "value"),
)
@reads
def show_deeds(
    _changed: object, search: object, page: object, order: object, columns: object, *look: object
) -> tuple[Any, ...]:
    """Return a page of the audit log."""
    require(Permission.MANAGE_PEOPLE)
    number = page if isinstance(page, int) and 0 < page <= LARGEST_ID // ON_PAGE else 1
    if ctx.triggered_id == Ids.SEARCH:
        number = 1
    wanted = search[:MAX_SEARCH].replace("\0", "") if isinstance(search, str) else ""
    by = read_order(order, audit.ORDERS, LATEST)
    shown = read_names(columns, [*TITLES]) or (*TITLES,)
    with store.transaction() as session:
        entries, count = audit.list_entries(
            session,
            search=wanted,
            limit=ON_PAGE,
            offset=(number - 1) * ON_PAGE,
            order=by.by,
            descending=by.descending,
        )
    pages = max(1, math.ceil(count / ON_PAGE))
    kept = Look(read_widths(look[0], TITLES), read_names(look[1], [*TITLES]))
    return (
        deed_rows(entries, shown),
        deed_heads(shown, by, kept),
        not entries,
        None if entries else no_deeds(),
        pages,
        "flex" if pages > 1 else "none",
    )


def _role(value: object) -> Role:
    try:
        return Role(str(value))
    except ValueError as error:
        raise Conflict("Choose a role: viewer, member or admin.") from error
