"""The selection on the server's side: what a browser sends is checked, field by field."""

import json

import pytest
from dash import Dash, dcc, html

from app.factory import FIELDS, VIEWS
from app.fields import ADDRESS_ORDER, SHARED, Field, Kind, fits, joined
from app.selection import (
    STORE,
    bound,
    clean_query,
    install,
    page_parts,
    united,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", 1600), ("pins", [1, 2]), ("range", [1, 5]), ("filters", [[3, 17]]), ("m", 0.5),
        ("share", True), ("search", "dog"),
    ],
)  # fmt: skip
def test_good_values_fit(name: str, value: object) -> None:
    assert fits(FIELDS[name].kind, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", "1600"), ("cursor", -1), ("cursor", 2**31), ("cursor", True), ("cursor", 1.5),
        ("pins", "1"), ("pins", [1, None]), ("pins", [[1]]), ("pins", [0] * 501),
        ("range", [5, 1]), ("range", [1]), ("range", [1, 2, 3]),
        ("filters", [[1]]), ("filters", [3]), ("filters", [[1, "2"]]),
        ("m", float("nan")), ("m", float("inf")), ("m", "1"), ("m", True),
        ("share", 1), ("search", 5), ("search", "x" * 201), ("order", {"a": 1}),
    ],
)  # fmt: skip
def test_other_values_do_not_fit(name: str, value: object) -> None:
    assert not fits(FIELDS[name].kind, value)


def test_every_default_fits_its_field_or_is_none() -> None:
    for name, field in FIELDS.items():
        if field.default is not None:
            assert fits(field.kind, field.default), name
    assert {field.kind for field in FIELDS.values()} == set(Kind)


def test_the_page_carries_the_fields_with_its_own_defaults() -> None:
    store, holder = page_parts(FIELDS, {"k": 41})
    assert isinstance(store, dcc.Store)
    assert store.id == STORE
    fields = json.loads(holder.to_plotly_json()["props"]["data-fields"])
    assert set(fields) == set(FIELDS)
    assert fields["k"] == {"kind": "integer", "default": 41, "passing": True, "varies": True}
    assert fields["pins"] == {"kind": "integers", "default": []}
    assert isinstance(holder, html.Div)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(KeyError, match="colour"):
        page_parts(FIELDS, {"colour": 1})
    app = Dash("test")
    install(app, FIELDS)
    with app.server.app_context(), pytest.raises(KeyError, match="colour"):
        bound("some-control", "colour")


def test_a_field_that_two_views_declare_is_refused_with_both_named() -> None:
    own = {"order": Field(Kind.TEXT, "recorded")}
    assert joined({"overview": own, "jobs": {}}) == {**SHARED, **own}
    with pytest.raises(ValueError, match=r"view overview and the view layers both .*'order'"):
        joined({"overview": own, "jobs": {}, "layers": own})
    with pytest.raises(
        ValueError, match=r"SHARED of app/fields\.py and the view layers .*'cursor'"
    ):
        joined({"layers": {"cursor": Field(Kind.INTEGER)}})


def test_addresses_list_fields_in_the_order_of_before_and_new_ones_last() -> None:
    assert list(FIELDS)[: len(ADDRESS_ORDER)] == ADDRESS_ORDER
    new = Field(Kind.INTEGER)
    views = {view.name: view.fields for view in VIEWS}
    later = list(joined({"another": {"novel": new}, **views}))[len(ADDRESS_ORDER) :]
    assert set(later) == {"novel", *FIELDS} - set(ADDRESS_ORDER)


def test_every_view_declares_what_it_alone_has() -> None:
    views = {view.name: set(view.fields) for view in VIEWS}
    assert "cubeface" in views["cube"]
    assert "align" in views["compare"]
    assert set(FIELDS) == set(SHARED).union(*views.values())
    assert len(FIELDS) == len(SHARED) + sum(map(len, views.values()))


def test_views_share_their_defaults() -> None:
    assert united([{"k": 3, "group": "all"}, {"k": 3}, {}]) == {"k": 3, "group": "all"}
    with pytest.raises(ValueError, match="different defaults of k"):
        united([{"k": 3}, {"k": 4}])
    assert any(view.defaults for view in VIEWS)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", ""),
        ("pins=1,2&k=3", "pins=1,2&k=3"),
        ("pins=1%2C2&filters=3.17,4.2", "pins=1,2&filters=3.17,4.2"),
        ("range=5-9&search=a+b%26c&m=0.25&share=1", "range=5-9&search=a+b%26c&m=0.25&share=1"),
        ("classes=&search=", "classes=&search="),
        ("colour=red&view=abc&next=//evil.example", ""),
        ("pins=1,x&k=1.5&share=yes&range=9-5&range=1-2-3&filters=3&m=nan&cursor=-1", ""),
        ("m=inf&cursor=99999999999&search=" + "x" * 201, ""),
        ("cursor=\u0661&pins=" + ",".join(["1"] * 501), ""),
    ],
)
def test_only_a_selection_is_kept_of_a_query_string(sent: str, kept: str) -> None:
    assert clean_query(FIELDS, sent) == kept
    assert clean_query(FIELDS, kept) == kept


def test_one_callback_hears_and_tells_all_bound_controls() -> None:
    app = Dash("test")
    install(app, FIELDS)
    with app.server.app_context():
        name = bound("some-control", "order")
    (entry,) = app._callback_list
    (store, *shown) = entry["inputs"]
    assert store == {"id": STORE, "property": "data"}
    assert {one["property"] for one in shown} == {"value", "checked"}
    for one in shown:
        pattern = json.loads(one["id"])
        assert set(pattern) == set(name)
        assert pattern["type"] == name["type"]
        assert pattern["field"] == pattern["at"] == ["ALL"]


def test_the_store_begins_with_the_defaults_of_the_page() -> None:
    store, _ = page_parts(FIELDS, {"k": 41})
    assert store.data == {**{name: field.default for name, field in FIELDS.items()}, "k": 41}
