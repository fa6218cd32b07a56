"""The shared selection: what a page needs for it, how controls are bound to it, how it is read.

The selection lives in the browser (app/web/core/selection.ts). After a moment of rest it goes to
the address, of which `clean_query` keeps what is a selection, and to the dcc.Store `selection`,
which the controls follow. The shell puts it on every page of a run. Which fields it has,
app/fields.py and the views say.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ALL, ClientsideFunction, Dash, Input, dcc, html
from flask import current_app

from app.fields import Field, fits, read_text

KEY = "deeptracker.selection"
STORE = "selection"
CONTROL = "selection-control"
# What a control shows: a switch is ticked or not, any other has a value.
SHOWS = ("value", "checked")


def install(app: Dash, fields: Mapping[str, Field]) -> None:
    """Let the selection of this application have these fields, and controls be bound to them.

    One callback in the browser (app/web/core/controls.ts) hears all of them, and tells them what
    they are to show with set_props: it knows of each what it was told, and will say back.
    """
    app.server.extensions[KEY] = fields
    every = {"type": CONTROL, "at": ALL, "field": ALL}
    app.clientside_callback(
        ClientsideFunction("selection", "follow"),
        Input(STORE, "data"),
        *(Input(every, shows) for shows in SHOWS),
        prevent_initial_call=True,
    )


def fields_here() -> Mapping[str, Field]:
    """Return the fields of the selection of the present application."""
    found: Mapping[str, Field] = current_app.extensions[KEY]
    return found


def page_parts(
    fields: Mapping[str, Field],
    defaults: Mapping[str, Any] | None = None,
    *,
    run_id: int | None = None,
    of: str = "",
    pictures: bool = True,
    stored: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the components that a page with a selection of these fields needs, once a page.

    `defaults` are those that depend on the run, for instance the window `k`. `of` is what addresses
    say of the run beside its number (app/versions.py short_uuid). `pictures` is whether the run may
    have pictures of its images: of one without, the browser asks for none. `stored` is the view
    that the address names: {"id", "query", "private"}, or {"id", "missing": why it is not there}.
    Raises KeyError for a field that does not exist.
    """
    chosen = dict(defaults or {})
    unknown = set(chosen) - set(fields)
    if unknown:
        raise KeyError(f"the selection has no field {sorted(unknown)}")
    told: dict[str, dict[str, Any]] = {}
    for name, field in fields.items():
        told[name] = {"kind": field.kind, "default": chosen.get(name, field.default)}
        if field.passing:
            told[name]["passing"] = True
        if name in chosen:
            # Another day the default may be another: links write it out.
            told[name]["varies"] = True
    carried: dict[str, Any] = {
        "data-fields": json.dumps(told),
        "data-run": str(run_id or ""),
        "data-of": of,
        "data-pictures": "" if pictures else "none",
        "data-view": json.dumps(stored) if stored else "",
    }
    values = {name: entry["default"] for name, entry in told.items()}
    return [
        dcc.Store(id=STORE, data=values),
        html.Div(id="selection-fields", hidden=True, **carried),
    ]


def united(defaults: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the defaults of several views as one: they share one selection.

    Raises ValueError where two views want different defaults of one field.
    """
    found: dict[str, Any] = {}
    for mapping in defaults:
        for name, value in mapping.items():
            if found.setdefault(name, value) != value:
                raise ValueError(f"two views have different defaults of {name}")
    return found


def bound(name: str, field: str) -> dict[str, str]:
    """Return the id of a control that writes a field of the selection and follows it.

    `name` is what it is called in its view: several controls may be bound to one field. What it
    shows at first is the default of the field. Raises KeyError for a field that does not exist.
    """
    if field not in fields_here():
        raise KeyError(f"the selection has no field {field!r}")
    return control_id(name, field)


def control_id(name: str, field: str) -> dict[str, str]:
    """Return the same id for a callback, which is declared before there is an application."""
    return {"type": CONTROL, "at": str(name), "field": field}


def clean_query(fields: Mapping[str, Field], text: str) -> str:
    """Return what of an address's query string is a selection, written as the browser writes it."""
    kept = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=200):
        field = fields.get(name)
        if field is not None and fits(field.kind, read_text(field.kind, value)):
            kept[name] = value
    return urlencode(kept, safe=",")
