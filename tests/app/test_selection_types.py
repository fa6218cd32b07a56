"""The scripts know the fields of the selection that the server has, and their kinds of values.

Those that views share stand in app/web/core/fields.ts, those of a view in its web/fields.ts.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from app import bundle
from app.factory import VIEWS
from app.fields import SHARED, Field, Kind

TYPES = {
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.FLAG: "boolean",
    Kind.TEXT: "string",
    Kind.INTEGERS: "number[]",
    Kind.RANGE: "Range",
    Kind.PAIRS: "Pair[]",
}


OWN = {f"views/{view.name}/web/fields.ts": view.fields for view in VIEWS if view.fields}


def declared(file: str) -> dict[str, str]:
    """Return {field: type} of the interface Fields that a file has, or adds to."""
    text = Path(bundle.APP, file).read_text()
    found = re.search(r"interface Fields \{\n(.*?)\n *\}", text, re.DOTALL)
    assert found is not None
    return dict(re.findall(r"^ +(\w+): (.+);$", found[1], re.MULTILINE))


@pytest.mark.parametrize(("file", "fields"), [("web/core/fields.ts", SHARED), *OWN.items()])
def test_the_fields_are_the_same_on_both_sides(file: str, fields: Mapping[str, Field]) -> None:
    assert declared(file) == {
        name: TYPES[field.kind] + (" | null" if field.default is None else "")
        for name, field in fields.items()
    }


def test_no_script_adds_fields_that_the_server_does_not_have() -> None:
    files = {str(path.relative_to(bundle.APP)) for path in bundle.APP.rglob("web/fields.ts")}
    assert files == set(OWN)


def test_the_kinds_are_the_same_on_both_sides() -> None:
    text = Path(bundle.APP, "web/core/fields.ts").read_text()
    found = re.search(r"export type FieldKind = (.*?);", text, re.DOTALL)
    assert found is not None
    assert re.findall(r'"(\w+)"', found[1]) == [str(kind) for kind in Kind]
