"""Measured quantities are said once: pages bring them to scripts, and nothing else says them."""

import html
import json
import re
from pathlib import Path

import pytest

from app import catalogue
from app.components.empty import EMPTY
from db.permissions import Role
from deeptracker.catalogue import FILTERS, KNOWN_SERIES, LAYER_STATISTICS, RATIOS, format_of, labels

ROOT = Path(__file__).parents[2]
FAMILIES = {"statistics": LAYER_STATISTICS, "filters": FILTERS, "series": KNOWN_SERIES}


def test_the_page_brings_every_quantity_with_its_words(clients):
    page = clients[Role.VIEWER].get("/").text
    content = re.search(f'<meta name="{catalogue.NAME}" content="([^"]*)">', page)
    said = json.loads(html.unescape(content[1]))
    assert said.pop("empty") == EMPTY
    assert said.pop("ratios") == list(RATIOS)
    assert list(said) == list(FAMILIES)
    for name, family in FAMILIES.items():
        assert said[name] == {
            one.name: {"label": one.label, "format": one.format, "place": one.place}
            for one in family
        }


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_names_labels_and_places_are_told_apart(family):
    for what in ("name", "label", "place"):
        assert len({getattr(one, what) for one in family}) == len(family)
    assert sorted(one.place for one in family) == list(range(len(family)))


def test_people_choose_in_the_order_of_places():
    assert list(labels(LAYER_STATISTICS))[:3] == ["std", "mean", "l2"]


def test_a_ratio_is_a_plain_number_whatever_statistic_was_chosen():
    assert format_of("zero_share") == "percent"
    assert format_of("zero_share", measure="ratio") == "number"


def test_what_is_said_where_nothing_is_stands_in_one_place():
    for path in (ROOT / "app").rglob("*"):
        if path.suffix in (".py", ".ts") and "built" not in path.parts and path.name != "empty.py":
            text = path.read_text()
            assert [words for words in EMPTY.values() if words in text] == [], path


def test_no_table_of_words_is_written_a_second_time():
    """A label beside its name, as a table of words has it, stands in the catalogue alone."""
    copies = []
    words = [(one.name, one.label) for family in FAMILIES.values() for one in family]
    pairs = [(name, label) for name, label in words if name != label]
    for path in sorted((ROOT / "app").rglob("*")):
        if path.suffix not in (".py", ".ts") or "built" in path.parts:
            continue
        text = path.read_text()
        copies += [
            f"{path.relative_to(ROOT)}: {name}"
            for name, label in pairs
            if re.search(
                rf"""["']?\b{name}["']?: ["']{re.escape(label)}["']""", text, re.IGNORECASE
            )
        ]
    assert copies == []
