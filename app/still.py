"""A page for the browser: what of it no callback touches is one component, and no longer a hundred.

Each element that Dash makes listens to everything that happens on the page, and costs 0.3 to 0.5 ms
of its opening. Elements without a callback need nothing of that: they go as one text that
app/web/core/still.ts makes React's elements of, with the other components where they stand.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, TypeGuard

from dash import Dash
from dash.development.base_component import Component
from flask import Flask

from app.components.parts import Still

_IDS = "deeptracker.ids_of_callbacks"
_HTML = "dash_html_components"
# Without those that hold other addresses than that of a link, and without fields of forms.
_TAGS = frozenset((
    "a", "article", "aside", "b", "br", "button", "code", "dd", "details", "div", "dl", "dt", "em",
    "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "header", "hr", "kbd", "label", "li",
    "nav", "ol", "output", "p", "pre", "section", "small", "span", "strong", "summary", "table",
    "tbody", "td", "th", "thead", "time", "tr", "ul",
))  # fmt: skip
_CLICKS = frozenset({"n_clicks", "n_clicks_timestamp", "disable_n_clicks"})


def remember(app: Dash) -> None:
    """Note the ids that callbacks read or write, once all of them are registered."""
    app.server.extensions[_IDS] = frozenset(id for one in app._callback_list for id in _ids_of(one))


def ids_of_callbacks(server: Flask) -> frozenset[str]:
    """Return the ids that callbacks of this application read or write."""
    known: frozenset[str] = server.extensions[_IDS]
    return known


def _ids_of(callback: Mapping[str, Any]) -> Iterator[str]:
    for said in (*callback["inputs"], *callback["state"]):
        yield said["id"]
    running = (callback.get("running") or {}).get("running", {})
    outputs = callback["output"].strip(".").split("...")
    for said in (*outputs, *running):
        # An output that several callbacks write is "id.property@hash".
        yield said.partition("@")[0].rpartition(".")[0]


def still(part: object, touched: Set[str]) -> object:
    """Return a part of a page with all that no callback touches as one component.

    `touched` are the ids of components that callbacks read or write. The part stays as it was.
    """
    if isinstance(part, (list, tuple)):
        if len(part) > 1 and all(_is_element(one) and _is_still(one, touched) for one in part):
            return [_joined(part, touched)]
        return [still(one, touched) for one in part]
    if not _is_element(part):
        return part
    if not _is_still(part, touched):
        below = getattr(part, "children", None)
        if not isinstance(below, (list, tuple, Component)):
            return part
        moving = copy.copy(part)
        moving.children = still(below, touched)
        return moving
    others: list[object] = []
    tree = _written(part, touched, others.append)
    if not any(isinstance(one, list) for one in tree[2:]):
        return part  # one component in any case
    return _component(tree, others)


def _joined(parts: Sequence[object], touched: Set[str]) -> Still:
    """Return elements side by side as one component: "" is the tag of what holds them."""
    others: list[object] = []
    return _component(["", {}, *(_written(one, touched, others.append) for one in parts)], others)


def _component(tree: list[Any], others: Sequence[object]) -> Still:
    # A text alone is nothing that Dash would have to walk through.
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Still(tree=text, children=others)


def _is_element(part: object) -> TypeGuard[Component]:
    """Whether a part of a page is one of Dash's HTML elements."""
    return isinstance(part, Component) and getattr(part, "_namespace", "") == _HTML


def _is_still(element: Component, touched: Set[str]) -> bool:
    """Whether no callback touches an element."""
    id = getattr(element, "id", None)
    return (
        type(element).__name__.lower() in _TAGS
        and (id is None or (isinstance(id, str) and id not in touched))
        and not any(getattr(element, name, None) is not None for name in _CLICKS)
    )


def _written(part: object, touched: Set[str], add: Callable[[object], None]) -> Any:
    """Return a part as [tag, attributes, children...], a text, or 0: the next other component."""
    if part is None or isinstance(part, (str, bool)):
        return part
    if isinstance(part, (int, float)):
        return str(part)
    if not (_is_element(part) and _is_still(part, touched)):
        add(still(part, touched))
        return 0
    attributes = dict(part.to_plotly_json()["props"])
    children = attributes.pop("children", None)
    inner = children if isinstance(children, (list, tuple)) else [children]
    below = [_written(one, touched, add) for one in inner if one is not None]
    given = {name: value for name, value in attributes.items() if value is not None}
    return [type(part).__name__.lower(), given, *below]
