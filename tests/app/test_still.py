"""Pages as the browser gets them: elements that no callback touches are one component."""

import json
from typing import Any

import dash_mantine_components as dmc
import pytest
from dash import Dash, Input, Output, State, dcc, html, no_update

from app import still as module
from app.components.attributes import aria, data
from app.components.parts import Still
from app.still import still

TOUCHED = frozenset({"table", "open"})


def tree_of(part: object) -> Any:
    assert isinstance(part, Still)
    return json.loads(part.tree)


def test_elements_are_one_text_and_the_others_stand_in_it():
    switch = dmc.Switch(id="open", label="Open")
    field = {"type": "control", "at": "name"}
    page = html.Div(
        [
            html.H1("Layers", id="title"),
            html.P(["of ", 54, html.B("“rows” <1>"), None]),
            html.Section(switch, className="acts", style={"marginTop": 4}, hidden=True),
            html.Div(id="table"),
            html.Div("pressed", id="other", n_clicks=0),
            html.Span(id=field),
            html.A("On", href="/run/1", **aria(label="On"), **data(asks="[]")),
            html.Img(src="/x.png"),
        ],
        className="page",
    )
    found = still(page, TOUCHED)
    assert tree_of(found) == [
        "div",
        {"className": "page"},
        ["h1", {"id": "title"}, "Layers"],
        ["p", {}, "of ", "54", ["b", {}, "“rows” <1>"]],
        ["section", {"className": "acts", "style": {"marginTop": 4}, "hidden": True}, 0],
        0,
        0,
        0,
        ["a", {"href": "/run/1", "aria-label": "On", "data-asks": "[]"}, "On"],
        0,
    ]
    assert [getattr(one, "id", None) for one in found.children] == [
        "open",
        "table",
        "other",
        field,
        None,
    ]
    assert found.children[0] is switch
    assert len(page.children) == 8  # as it was


def test_elements_side_by_side_are_one_component():
    tabs = [html.A("One", href="/1"), html.A(["Two", dmc.Badge("new")], href="/2")]
    (found,) = still(tabs, TOUCHED)
    assert tree_of(found) == ["", {}, ["a", {"href": "/1"}, "One"], ["a", {"href": "/2"}, "Two", 0]]
    assert [type(one).__name__ for one in found.children] == ["Badge"]
    # What a callback touches stays what it is, and so do its neighbours.
    first, second = still([html.Div(id="table"), html.B("beside")], TOUCHED)
    assert isinstance(first, html.Div)
    assert isinstance(second, html.B)


def test_elements_within_one_that_callbacks_write_are_one_too():
    inner = html.P(["a", html.B("b")])
    table = html.Div([inner], id="table")
    found = still([table, "text", no_update], TOUCHED)
    assert found[1:] == ["text", no_update]
    assert found[0].id == "table"
    assert tree_of(found[0].children[0]) == ["p", {}, "a", ["b", {}, "b"]]
    assert table.children == [inner]


@pytest.mark.parametrize("part", [html.P("alone"), html.Div(dcc.Store(id="x")), html.Hr()])
def test_what_is_one_component_in_any_case_stays_it(part: object) -> None:
    assert still(part, TOUCHED) is part


def test_the_ids_of_callbacks_are_those_that_they_read_or_write():
    app = Dash(__name__)

    @app.callback(
        Output("written", "children"),
        Output("shared", "children", allow_duplicate=True),
        Input("read", "n_clicks"),
        State({"type": "row", "at": "name"}, "value"),
        running=[(Output("busy", "hidden"), False, True)],
        prevent_initial_call=True,
    )
    def act(*_: object) -> tuple[str, str]:
        return "", ""

    app.clientside_callback("() => 1", Output("near", "data"), Input("there", "data"))
    module.remember(app)
    pattern = '{"at":"name","type":"row"}'
    expected = {"written", "shared", "read", "busy", "near", "there", pattern}
    assert module.ids_of_callbacks(app.server) == expected
