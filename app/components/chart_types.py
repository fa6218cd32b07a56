"""The options of charts as the scripts' types: python -m app.components.chart_types."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from app.components.chart_options import KINDS
from app.components.chart_options.base import Record

FILE = Path(__file__).parents[1] / "web" / "core" / "chartoptions.ts"
_HEAD = """\
// What every kind of chart may be told. Written by `python -m app.components.chart_types` of
// app/components/chart_options, where it is declared and checked.

"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def source() -> str:
    """Return the file: an interface for each record, and what kind has which."""
    kinds = "".join(f"  {kind}: {record.__name__};\n" for kind, record in KINDS.items())
    parts = [_interface(record) for record in _records()]
    return _HEAD + "\n".join([*parts, f"export interface ChartKinds {{\n{kinds}}}\n"])


def _records() -> list[type[Record]]:
    """Return all records, what a record is made of ahead of it."""
    found: dict[type[Record], None] = {}

    def add(record: type[Record]) -> None:
        for base in record.__bases__:
            if issubclass(base, Record) and base is not Record:
                add(base)
        for field in record.model_fields.values():
            for inner in _inside(field.annotation):
                add(inner)
        found[record] = None

    for record in KINDS.values():
        add(record)
    return list(found)


def _inside(annotation: Any) -> Iterator[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for part in get_args(annotation):
        yield from _inside(part)


def _interface(record: type[Record]) -> str:
    (base,) = record.__bases__
    inherits = "" if base is Record else f" extends {base.__name__}"
    inherited = {
        name: field.annotation for name, field in getattr(base, "model_fields", {}).items()
    }
    lines = [
        f"  {name}: {_type(field.annotation)};\n"
        if field.is_required()
        else f"  {name}?: {_type(field.annotation).removesuffix(' | null')};\n"
        for name, field in record.model_fields.items()
        if inherited.get(name) != field.annotation
    ]
    if not lines:
        return f"export type {record.__name__} = {base.__name__};\n"
    return f"export interface {record.__name__}{inherits} {{\n{''.join(lines)}}}\n"


def _type(annotation: Any) -> str:
    """Return a type of Python as one of TypeScript; an optional field is one that may be absent."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in parts)
    if origin in (Union, types.UnionType):
        named = list(dict.fromkeys(_type(part) for part in parts))
        return " | ".join(named)
    if origin is list:
        inner = _type(parts[0])
        return f"readonly ({inner})[]" if " | " in inner else f"readonly {inner}[]"
    if origin is tuple:
        return f"readonly [{', '.join(map(_type, parts))}]"
    if origin is dict:
        return f"Record<string, {_type(parts[1])}>"
    return _PLAIN[annotation] if annotation in _PLAIN else str(annotation.__name__)


if __name__ == "__main__":
    FILE.write_text(source())
