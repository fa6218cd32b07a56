"""The form of a script's arguments, made from their types, and what a browser sends of it."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from app.components.clicks import text
from app.views.trainings.ids import argument_id
from db.errors import Conflict
from db.training_scripts import Argument, Script, Value
from db.training_search import read_search, read_values
from ingest.analysis.health.words import sentence

SEARCHES = {"one": "One training", "grid": "Grid", "random": "Random search"}
_BOOLS = {"yes": True, "no": False}


def fields(
    script: Script, search: str, values: Mapping[str, Value], typed: Mapping[str, object]
) -> list[Component]:
    """Return a field for each argument.

    In it stands what was `typed` into the field that it replaces, of another kind of search or the
    same; else the one of `values`, else the default.
    """
    return [
        _field(one, search, _shown(one, search, values.get(one.name, one.default), typed))
        for one in script.given
    ]


def _shown(
    argument: Argument, search: str, value: Value | None, typed: Mapping[str, object]
) -> object:
    """Return what stands in a field; of several values none fits a field for one."""
    several = search != "one"
    if argument.type in ("choice", "bool"):
        word = _word(value)
        words = argument.choices if argument.type == "choice" else list(_BOOLS)
        given = typed.get(argument.name)
        known = [one for one in (given if isinstance(given, list) else [given]) if one in words]
        if several:
            return known or ([word] if word else [])
        return known[0] if len(known) == 1 else word
    given = typed.get(argument.name)
    if isinstance(given, bool) or not isinstance(given, (int, float, str)) or given == "":
        given = "" if value is None else value
    if several:
        return str(given)
    return _number(argument, given, "" if value is None else value)


def _number(argument: Argument, given: float | str, otherwise: object) -> object:
    """Return what was typed as a number; `otherwise` where that is none, such as a range."""
    try:
        number = float(given)
        return int(number) if argument.type == "int" and number.is_integer() else number
    except (ValueError, OverflowError):
        return otherwise


def _field(argument: Argument, search: str, shown: object) -> Component:
    about: dict[str, Any] = {
        "id": argument_id(argument.name),
        "label": argument.name,
        "description": _description(argument, search) or None,
        "value": shown,
        "w": 240,
    }
    if argument.type in ("choice", "bool"):
        words = argument.choices if argument.type == "choice" else list(_BOOLS)
        if search == "one":
            return dmc.Select(data=words, allowDeselect=False, **about)
        return dmc.MultiSelect(data=words, **about)
    if search != "one":
        return dmc.TextInput(**about)
    return dmc.NumberInput(
        allowDecimal=argument.type == "float",
        hideControls=argument.type == "float",
        # What is out of range is refused in a sentence, not changed in silence.
        clampBehavior="none",
        **about,
    )


def _description(argument: Argument, search: str) -> str:
    said = argument.said() if argument.type in ("int", "float") else ""
    if search == "grid" and said:
        said = f"Values with commas between them, each {said}"
    elif search == "random" and said:
        scale = ", drawn on a logarithmic scale" if argument.scale == "log" else ""
        said = f"A range such as 1..8, or values with commas between them: {said}{scale}"
    elif search != "one":
        said = "Those to try"
    return ". ".join(filter(None, (argument.help.rstrip("."), sentence(said))))


def _word(value: Value | None) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def read(script: Script, search: str, sent: Mapping[str, object]) -> dict[str, Any]:
    """Return what was sent as db.queries.trainings takes it; Conflict for what cannot be."""
    known = {one.name: one for one in script.given}
    if strange := sorted(set(sent) - set(known)):
        raise Conflict(f"The training script takes no argument {strange[0][:40]!r}.")
    return {name: _read(known[name], search, value) for name, value in sent.items()}


def _read(argument: Argument, search: str, value: object) -> Any:
    if argument.type == "bool":
        if isinstance(value, list):
            return [_BOOLS.get(text(one), one) for one in value]
        return _BOOLS.get(text(value), value)
    if search == "one":
        return value
    if argument.type == "choice":
        return list(value) if isinstance(value, list) else []
    given = text(value)
    return read_values(argument, given) if search == "grid" else read_search(argument, given)
