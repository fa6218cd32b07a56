"""Every control of every page is explained in a sentence; the help's words are the glossary's."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.saved_view import view_tools
from app.factory import VIEWS
from app.shell import layout
from app.view import PageContext
from app.views.compare.charts import detail, overview
from app.views.runs.details import acts
from db.permissions import Role
from tests.app.test_pages import at, run_row

ROOT = Path(__file__).parents[2]
HELP = json.loads((ROOT / "app" / "web" / "help" / "help.json").read_text())
# What is used by itself; a button that says what it does explains itself no less than the others.
CONTROLS = (
    dmc.Autocomplete, dmc.Button, dmc.Checkbox, dmc.Chip, dmc.ColorSchemeToggle, dmc.MultiSelect,
    dmc.NumberInput, dmc.Pagination, dmc.PasswordInput, dmc.RadioGroup, dmc.RangeSlider,
    dmc.SegmentedControl, dmc.Select, dmc.Slider, dmc.Switch, dmc.TagsInput, dmc.Textarea,
    dmc.TextInput, dcc.Checklist, dcc.Dropdown, dcc.Input, dcc.RadioItems, dcc.Textarea,
    html.Button,
)  # fmt: skip


def controls_in(part: Any) -> Iterator[Component]:
    """Yield the controls of a layout, those in properties other than the children too."""
    if isinstance(part, (list, tuple)):
        for one in part:
            yield from controls_in(one)
    elif isinstance(part, Component):
        if isinstance(part, CONTROLS):
            yield part
        for name in part._prop_names:
            if name not in ("id", "data", "style"):
                yield from controls_in(getattr(part, name, None))


def pages(web: Any) -> Iterator[tuple[str, Any]]:
    """Yield every page's layout, and what is put into it later, each with the page's name."""
    identity = Identity(1, "Ann", "ann@example.org", Role.ADMIN, b"")
    run = run_row()
    with web.app.server.test_request_context("/"):
        for view in VIEWS:
            yield view.name, view.layout(PageContext(identity, run=run if view.of_run else None))
        yield "compare", [*overview([run, run]), *detail([run, run])]
        yield "runs", acts(run, identity)
    yield "frame", [layout(), view_tools(identity)]


def names_of(control: Component) -> list[str]:
    """Return what the help may call a control, as app/web/help/sentences.ts does."""
    given = getattr(control, "id", None)
    known = at(json.dumps(given)) if isinstance(given, dict) else given
    facts = [
        f"{name.removeprefix('data-')}-{getattr(control, name)}"
        for name in vars(control)
        if name.startswith("data-")
    ]
    classes = str(getattr(control, "className", None) or "").split()
    return [*([str(known)] if known else []), *facts, *classes]


def explained(control: Component) -> bool:
    """Return whether it is said what a control does: where it stands, or in the help."""
    own = getattr(control, "title", None) or getattr(control, "description", None)
    return bool(own) or any(name in HELP["controls"] for name in names_of(control))


def test_every_control_is_explained(web):
    missing = {
        f"{page}: {type(control).__name__} {' '.join(names_of(control)[:2])}"
        for page, shown in pages(web)
        for control in controls_in(shown)
        if not explained(control)
    }
    assert not missing, "add a sentence to app/web/help/help.json for:\n" + "\n".join(
        sorted(missing)
    )


def glossary() -> dict[str, str]:
    rows = [line.split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()]
    return {row[1].strip(): row[2].strip() for row in rows if len(row) > 3}


def test_words_mean_what_the_glossary_says():
    said = glossary()
    assert HELP["words"]
    for word, meaning in HELP["words"].items():
        assert said.get(word) == meaning, word


def test_every_page_has_its_help_and_no_other():
    paths = {view.path.rstrip("/").rpartition("/")[2] or "runs" for view in VIEWS}
    assert set(HELP["pages"]) == paths
    used = {word for page in HELP["pages"].values() for word in page["words"]}
    assert used == set(HELP["words"])


def test_sentences_are_sentences():
    form = re.compile(r"[A-Z].{8,110}\.")
    assert [one for one in HELP["controls"].values() if not form.fullmatch(one)] == []
