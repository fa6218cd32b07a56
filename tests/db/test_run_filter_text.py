"""The grammar of the filters: what is written is read as the same tree again, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.queries.run_table.conditions import condition
from db.queries.run_table.grammar import OPERATORS, is_filter, read_field, read_filter
from db.queries.run_table.tree import (
    All,
    Comparison,
    Either,
    FilterError,
    Name,
    Not,
    Part,
    ScalarPart,
    Tree,
    Value,
    Word,
    shown,
)

TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8)
PLAIN = st.from_regex(r"[a-z][a-z0-9_./-]{0,7}", fullmatch=True).filter(
    lambda text: text not in ("and", "or", "not", "in")
)
FIELDS = (
    PLAIN.map(Name)
    | TEXT.map(lambda text: Name(text, quoted=True))
    | st.builds(ScalarPart, st.sampled_from(Part), PLAIN | TEXT)
)
VALUES = st.builds(Value, PLAIN | st.from_regex(r"[0-9]{1,3}(\.[0-9])?%?", fullmatch=True)) | (
    TEXT.map(lambda text: Value(text, quoted=True))
)
ONE = st.builds(Comparison, FIELDS, st.sampled_from(OPERATORS), st.tuples(VALUES)) | st.builds(
    Comparison, FIELDS, st.just("in"), st.lists(VALUES, min_size=1).map(tuple)
)
TREES = st.recursive(
    ONE,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Either, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=4,
)


def placeless(tree: Tree) -> Tree:
    """The tree without the places where its parts stood."""
    if isinstance(tree, Comparison):
        values = tuple(replace(value, at=1) for value in tree.values)
        return replace(tree, at=1, values=values)
    if isinstance(tree, Not):
        return Not(placeless(tree.part))
    if isinstance(tree, Word):
        return tree
    return type(tree)(tuple(placeless(part) for part in tree.parts))


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_as_the_same_tree(tree):
    text = shown(tree)
    if len(text) < 1_000:
        assert is_filter(text)
        assert placeless(read_filter(text)) == tree


@given(st.text("ab1 ()<>=!:,\"'\\%.\0\ud800é", max_size=30) | st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_whatever_is_typed_is_a_condition_or_names_a_place(text):
    for act in (lambda: condition(read_filter(text)), lambda: read_field(text)):
        said = problem(act)
        if said is not None:
            assert 1 <= said.at <= len(text) + 1
            assert f"at character {said.at}" in str(said)


def problem(act: Callable[[], object]) -> FilterError | None:
    """What is said to be wrong; anything else that is raised fails the test."""
    try:
        act()
    except FilterError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cats and dogs", ["cats", "and", "dogs"]),
        ("ResNet (old)", ["resnet", "(old)"]),
        ("", []),
        ("not in the mood", ["not", "in", "the", "mood"]),
    ],
)
def test_a_text_without_an_operator_is_words(text, words):
    assert read_filter(text) == All(tuple(map(Word, words)))


def test_and_binds_closer_than_or_and_not_closer_than_both():
    one, two, three = (read_filter(f"{name}=1") for name in "abc")
    found = read_filter("a=1 or b=1 not c=1")
    assert placeless(found) == Either(
        (placeless(one), All((placeless(two), Not(placeless(three)))))
    )
