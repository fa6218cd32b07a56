"""Name, tags and notes of a run on its own page: who sees and changes them, hostile ones too."""

import dash_mantine_components as dmc
import pytest
from dash import dcc, html

from app.auth.identity import Identity
from app.views.overview.header import FEW_SETTINGS, settings
from app.views.overview.ids import Ids
from app.views.overview.words import part, words_of
from db.engine import session_scope
from db.permissions import Role
from db.queries.runs import runs
from tests.app.test_pages import run_row
from tests.app.web import callback_key
from tests.stored_runs import store_run

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) ![x](https://example.org/x.png)"


@pytest.fixture
def run_id(app_engine, people):
    """A run of the member."""
    with session_scope(app_engine) as session:
        return store_run(session, seed=17, owner_id=people[Role.MEMBER]).run_id


def save(web, client, run: int, *, name="", tags=(), notes="", seen=""):
    values = {
        f"{Ids.SAVE}.n_clicks": 1,
        f"{Ids.SEEN}.data": seen if isinstance(seen, dict) else {"run": run, "notes": seen},
        f"{Ids.TITLE}.value": name,
        f"{Ids.TAGS}.value": list(tags),
        f"{Ids.NOTES}.value": notes,
    }
    return client.call(callback_key(web.app, f"{Ids.WORDS}.children"), values)


def opened(web, client, run: int):
    values = {f"{Ids.EDIT}.n_clicks": 1, f"{Ids.SEEN}.data": {"run": run}}
    return client.call(callback_key(web.app, f"{Ids.DRAWER}.opened"), values)


def test_words_are_changed_on_the_page(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    assert opened(web, member, run_id).json["response"][Ids.SEEN]["data"]["notes"] == ""
    said = save(web, member, run_id, name="My best", tags=["seed"], notes="**why** not")
    shown = said.json["response"]
    assert shown[Ids.NAME] == {"children": "My best", "title": "My best"}
    assert shown[Ids.DRAWER]["opened"] is False
    assert "My best" in str(shown["shell-path"])
    assert "**why** not" in str(shown[Ids.WORDS])
    with session_scope(app_engine) as session:
        row = runs.get_run(session, run_id=run_id)
    assert (row.name, row.tags, row.notes) == ("My best", ["seed"], "**why** not")
    admin = clients[Role.ADMIN]
    late = save(web, admin, run_id, name="My best", tags=["seed"], notes="mine", seen="")
    assert "Somebody else has changed these notes" in late.text
    assert late.json["response"].keys() == {Ids.SAID}


def test_what_two_change_at_once_is_kept_or_told(web, clients, app_engine, run_id):
    """Both have the form open: the second one saves what the first one's words are not in."""
    one, other = clients[Role.MEMBER], clients[Role.ADMIN]
    save(web, one, run_id, name="Run", tags=["a", "b"], notes="Notes", seen="")
    seen = opened(web, other, run_id).json["response"][Ids.SEEN]["data"]
    save(web, one, run_id, seen=seen, name="Called", tags=["b", "c"], notes="Theirs")
    # Who changes a tag alone takes back neither name, notes nor the other's tags.
    said = save(web, other, run_id, seen=seen, name="Run", tags=["a", "b", "d"], notes="Notes")
    assert said.json["response"][Ids.NAME]["children"] == "Called"
    with session_scope(app_engine) as session:
        row = runs.get_run(session, run_id=run_id)
    assert (row.name, row.tags, row.notes) == ("Called", ["b", "c", "d"], "Theirs")
    for mine, told in (
        ({"name": "Mine", "notes": "Notes"}, "renamed this run to 'Called'"),
        ({"name": "Run", "notes": "Mine"}, "changed these notes"),
    ):
        late = save(web, other, run_id, seen=seen, tags=["a", "b"], **mine)
        assert told in late.json["response"][Ids.SAID]["children"]
    with session_scope(app_engine) as session:
        assert runs.get_run(session, run_id=run_id) == row


def test_the_queries_and_the_guard_say_who_may(web, clients, app_engine, run_id, people):
    assert save(web, clients[Role.VIEWER], run_id, notes="x").status_code == 403
    assert opened(web, clients[Role.VIEWER], run_id).status_code == 403
    with session_scope(app_engine) as session:
        other = store_run(session, seed=18, owner_id=people[Role.ADMIN]).run_id
    # Members may write notes on every run, and rename their own.
    refused = save(web, clients[Role.MEMBER], other, name="Mine now")
    assert refused.json["response"].keys() == {Ids.SAID}
    with session_scope(app_engine) as session:
        assert runs.get_run(session, run_id=other).name != "Mine now"


def test_who_may_only_read_sees_words_and_no_form():
    run = run_row(notes="Look.", tags=["seed"])
    ids = {
        role: {getattr(one, "id", None) for one in part(run, _who(role))._traverse()}
        for role in (Role.VIEWER, Role.MEMBER)
    }
    assert Ids.EDIT in ids[Role.MEMBER]
    assert not {Ids.EDIT, Ids.SAVE, Ids.NOTES} & ids[Role.VIEWER]
    assert Ids.WORDS in ids[Role.VIEWER]


def test_notes_are_markdown_without_html_or_pictures():
    (text,) = (
        one
        for one in html.Div(words_of(run_row(notes=HOSTILE)))._traverse()
        if isinstance(one, dcc.Markdown)
    )
    assert not getattr(text, "dangerously_allow_html", False)
    assert "![" not in text.children
    (badge,) = words_of(run_row(tags=["<b>x</b>"]))
    assert isinstance(badge, dmc.Badge)
    assert badge.children == "<b>x</b>"


def test_many_settings_are_folded():
    few = [(f"s{at}", "1") for at in range(FEW_SETTINGS)]
    assert isinstance(settings(few), html.Dl)
    many = settings([(f"s{at}", "1") for at in range(41)])
    assert isinstance(many, html.Details)
    assert not getattr(many, "open", False)
    assert "41 settings" in str(many)


def _who(role: Role) -> Identity:
    return Identity(1, "Ann", "ann@example.org", role, b"")
