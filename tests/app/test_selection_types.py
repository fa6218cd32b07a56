"""The scripts know the fields of the selection that the server has, and their kinds of values."""

import re
from pathlib import Path

from app import bundle
from app.selection import FIELDS, Kind

TYPES = {
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.FLAG: "boolean",
    Kind.TEXT: "string",
    Kind.INTEGERS: "number[]",
    Kind.RANGE: "Range",
    Kind.PAIRS: "Pair[]",
}


def declared(interface: str) -> dict[str, str]:
    """Return {member: type} of an interface of app/web/core/fields.ts."""
    text = Path(bundle.APP, "web/core/fields.ts").read_text()
    found = re.search(rf"export interface {interface} \{{\n(.*?)\n\}}", text, re.DOTALL)
    assert found is not None
    return dict(re.findall(r"^  (\w+): (.+);$", found[1], re.MULTILINE))


def test_the_fields_are_the_same_on_both_sides() -> None:
    expected = {
        name: TYPES[field.kind] + (" | null" if field.default is None else "")
        for name, field in FIELDS.items()
    }
    assert declared("Fields") == expected


def test_the_kinds_are_the_same_on_both_sides() -> None:
    text = Path(bundle.APP, "web/core/fields.ts").read_text()
    found = re.search(r"export type FieldKind = (.*?);", text, re.DOTALL)
    assert found is not None
    assert re.findall(r'"(\w+)"', found[1]) == [str(kind) for kind in Kind]
