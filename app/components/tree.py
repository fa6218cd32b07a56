"""Components as a tree of JSON, which a script grows into elements (app/web/base/tree.ts).

Dash keeps a record of its own for every cell of a table and tells each of them of every change
anywhere: a page of some hundred cells took it seconds. What follows the selection comes as a tree.
"""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

# [tag, {attribute: value}, *children]; a text is a string.
Tree = str | list[Any]
_NAMES = {"className": "class", "htmlFor": "for"}
_PLAIN = frozenset({"class", "download", "for", "hidden", "href", "id", "scope", "title", "type"})


def tree(component: Any) -> Tree:
    """Return a component of HTML, or a link, as a tree; numbers are texts.

    TypeError for any other component, and for what no attribute says, such as a style.
    """
    if not isinstance(component, Component):
        return str(component)
    if isinstance(component, dcc.Link):
        tag = "a"
    elif type(component).__module__.startswith(html.__name__):
        tag = type(component).__name__.lower()
    else:
        raise TypeError(f"{type(component).__name__} is more than an element of HTML")
    given: dict[str, Any] = dict(component.to_plotly_json()["props"])
    children = given.pop("children", None)
    parts = children if isinstance(children, (list, tuple)) else [children]
    attributes = dict(_attribute(name, value) for name, value in given.items())
    return [tag, attributes, *(tree(part) for part in parts if part is not None and part != "")]


def _attribute(name: str, value: Any) -> tuple[str, str]:
    name = _NAMES.get(name, name.lower())
    if name not in _PLAIN and not name.startswith(("aria-", "data-")) and name != "tabindex":
        raise TypeError(f"{name} is no attribute that a tree holds")
    return name, str(value)
