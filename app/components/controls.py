"""Small controls that the views share: a choice from a list or a row of buttons, under its name."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.parts import Choices, Segments

# A plain name, or what app.selection.bound returns.
Id = str | dict[str, str]


def labelled(text: str, control: Any, title: str = "") -> Component:
    """Return a control under what it is called; `title` explains more when one points at it."""
    # A label is one control's: of a row of buttons it would name the first.
    holder = html.Div if isinstance(control, Segments) else html.Label
    return holder([html.Span(text), control], className="dt-control", title=title)


def select(id: Id, label: str, texts: Mapping[str, str], value: str, width: int) -> Choices:
    """Return a drop-down of `texts` (value -> what it says), `width` in pixels, never empty."""
    return Choices(
        id=id,
        data=_choices(texts),
        value=value,
        allowDeselect=False,
        size="xs",
        w=width,
        # A list that nobody opened costs every page a part of its opening.
        comboboxProps={"keepMounted": False},
        withScrollArea=False,
        **{"aria-label": label},
    )


def segments(id: Id, label: str, texts: Mapping[str, str], value: str) -> Segments:
    """Return a row of buttons for `texts` (value -> what it says), one of them chosen."""
    return Segments(id=id, data=_choices(texts), value=value, size="xs", **{"aria-label": label})


def _choices(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": name, "label": text} for name, text in texts.items()]
