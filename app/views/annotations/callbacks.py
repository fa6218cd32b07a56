"""What the page of all annotations does: look for some, turn pages, mark mentions as read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import is_id
from app.reading import reads
from app.views.annotations.ids import Ids
from app.views.annotations.layout import first_steps, no_match, options, row
from db.queries.moment import moment
from db.queries.team import annotation_search, mentions
from db.queries.team.annotation_rows import AnnotationRow
from db.queries.team.annotation_search import STATES, Asked

PAGE = 50


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "listed": Output(Ids.LISTED, "data"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), Input(Ids.READ, "data")],
        "asked": {
            "text": Input(Ids.SEARCH, "value"),
            "state": Input(Ids.STATE, "value"),
            "run": Input(Ids.RUN, "value"),
            "author": Input(Ids.AUTHOR, "value"),
            "tag": Input(Ids.TAG, "value"),
            "mine": Input(Ids.MENTIONS, "checked"),
        },
        "page": Input(Ids.PAGER, "value"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(
    causes: object, asked: Mapping[str, object], page: object, shown: object
) -> dict[str, Any]:
    """Return the rows of the page and what is around them; nothing where nothing changed."""
    account_id = current_identity().account_id
    wanted = read_asked(**asked, me=account_id)
    number = live_table.page_number(page)
    with store.transaction() as session:
        now = moment(session)
        found, total = annotation_search.search(
            session, wanted, account_id=account_id, limit=PAGE, offset=(number - 1) * PAGE
        )
        any_at_all = bool(found) or bool(annotation_search.choices(session).runs)
    pages = max(1, -(-total // PAGE))
    kept = live_table.skip_same(Ids.TIMER, _digest(found, total, (wanted, number)), shown)
    table = live_table.parts(
        [row(annotation) for annotation in found],
        empty=None if found else no_match() if any_at_all else first_steps(),
        count=f"{total:,}" if total else "",
        pages=pages,
    )
    return {
        "table": {**table, "shown": kept},
        "listed": {"ids": [annotation.id for annotation in found], "at": now.isoformat()},
    }


def read_asked(
    *, text: object, state: object, run: object, author: object, tag: object, mine: object, me: int
) -> Asked:
    """Return what a browser asks for, checked; what makes no sense asks for nothing."""
    return Asked(
        text=text if isinstance(text, str) else "",
        tag=tag if isinstance(tag, str) and len(tag) < 100 else None,
        author_id=_id(author),
        run_id=_id(run),
        state=state if isinstance(state, str) and state in STATES else "open",
        mentioning=me if mine is True else None,
    )


def _id(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None


def _digest(found: list[AnnotationRow], total: int, asked: object) -> str:
    """Return a text that changes when anything that the page shows does (times aside)."""
    parts = [
        (a.id, a.changed, a.unread, a.author, a.run_name, len(a.replies), a.resolved_at is None)
        for a in found
    ]
    return live_table.digest(parts, total, asked)


@callbacks.callback(
    Output(Ids.RUN, "data"),
    Output(Ids.AUTHOR, "data"),
    Output(Ids.TAG, "data"),
    Output(Ids.CHOICES_SHOWN, "data"),
    Input(Ids.SHOWN, "data"),
    State(Ids.CHOICES_SHOWN, "data"),
)
@reads
def show_choices(_shown: object, before: object) -> tuple[Any, ...]:
    """Return what runs, authors and tags there are to choose from."""
    with store.transaction() as session:
        found = annotation_search.choices(session)
    now = live_table.digest(found)
    if now == before:
        raise PreventUpdate
    tags = [{"value": tag, "label": tag} for tag in found.tags]
    return options(found.runs), options(found.authors), tags, now


@callbacks.callback(
    Output(Ids.MARK_READ, "display"),
    Input(Ids.MENTIONS, "checked"),
    prevent_initial_call=True,
)
@reads
def offer_to_mark(mine: object) -> str:
    """Offer to mark mentions as read where they are listed."""
    return "block" if mine is True else "none"


@callbacks.callback(
    Output(Ids.READ, "data"),
    Input(Ids.MARK_READ, "n_clicks"),
    State(Ids.LISTED, "data"),
    prevent_initial_call=True,
)
def mark_read(clicks: object, listed: object) -> str:
    """Note that the person has seen the mentions of him that the page lists, and no others."""
    facts = listed if isinstance(listed, dict) else {}
    ids = facts.get("ids")
    try:
        until = datetime.fromisoformat(str(facts.get("at")))
    except ValueError as error:
        raise PreventUpdate from error
    if not clicks or not isinstance(ids, list) or until.tzinfo is None:
        raise PreventUpdate
    with store.transaction() as session:
        mentions.mark_seen(
            session,
            account_id=current_identity().account_id,
            annotation_ids=[one for one in ids if is_id(one)][:PAGE],
            until=until,
        )
    return datetime.now().isoformat()
