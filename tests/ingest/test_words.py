"""Numbers in findings: unequal ones read unequal, and in their order; also in what rules say."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.analysis.health import words
from ingest.analysis.health.example import CLASSES, healthy
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME, CHANGES, RULES, evaluate
from tests.ingest.histories import broken

shares = st.floats(0, 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
# Neighbours, and those that round to the same: what is hard to tell apart.
near = st.tuples(shares, st.integers(0, 40)).map(lambda p: (p[0], p[0] + p[1] * 2.0**-50))


def read(text: str) -> float:
    return float(text.rstrip("%").replace(",", ""))


def check(values, texts) -> None:
    for (a, b), (one, other) in zip(pairwise(values), pairwise(texts), strict=True):
        assert (one == other) == (a == b), (a, b, one, other)
        assert (read(one) < read(other)) == (a < b), (a, b, one, other)


@given(st.one_of(st.tuples(shares, shares), near))
def test_percentages_differ_where_shares_do(pair):
    check(pair, words.percents(*pair))


@given(st.one_of(st.tuples(finite, finite), near))
def test_numbers_differ_where_they_do(pair):
    check(pair, words.numbers(*pair))


@given(shares)
def test_a_share_is_nothing_or_all_only_where_it_is(share):
    text = words.percent(share)
    assert (read(text) == 0, read(text) == 100) == (share == 0, share == 1)


@given(st.floats(0, 1e6, exclude_max=True))
def test_one_time_is_no_change(factor):
    assert (words.as_times(factor) == "1 times") == (factor == 1)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.07, 0.83), ["7 %", "83 %"]),
        ((0.996, 1.0), ["99.6 %", "100.0 %"]),
        ((0.5, 0.5), ["50 %", "50 %"]),
        ((-0.0, 0.0), ["0 %", "0 %"]),
        ((float("nan"), 0.5), ["nan %", "50 %"]),
    ],
)
def test_as_few_digits_as_will_do(values, texts):
    assert words.percents(*values) == texts


def test_numbers_as_a_person_writes_them():
    assert words.numbers(1234567.0, 0.00012345) == ["1,230,000", "0.000123"]
    assert words.number(1.4143, 0.577, 1.414) == "1.4143"
    assert words.as_times(4.9712) == "4.97 times"
    assert words.as_times(1.0004) == "1.0004 times"
    assert words.as_times(2e6) == "more than a million times"


def collapses(seed: int):
    """What the rule of classes says of errors that go to and fro between two levels."""
    random = np.random.default_rng(seed)
    snapshots = int(random.integers(20, 200))
    low = random.uniform(0, 0.9)
    high = random.uniform(low, 1)
    there = np.cumsum(random.random((CLASSES, snapshots)) < random.uniform(0.02, 0.4), axis=1) % 2
    error = low + (high - low) * there + random.normal(0, 0.01, there.shape)
    history = healthy(
        snapshots, class_error=np.clip(error, 0, 1), class_size=np.full(CLASSES, 4_000)
    )
    limits = {"class-collapse": random.choice([0.05, 0.1, 0.3])}
    return evaluate(history, Names(), rules=(BY_NAME["class-collapse"],), thresholds=limits)


def test_a_class_that_rose_did_so_in_words_too():
    """The last snapshots may be worse than those that the rule measures the rise from."""
    said = [finding.text for seed in range(300) for finding in collapses(seed)]
    assert len(said) > 150  # what goes to and fro all the time is usual for it
    for text in said:
        before, after = re.search(r"from (\S+ %) to (\S+ %)\.", text).groups()
        assert read(before) < read(after), text


def test_no_rule_says_the_same_number_twice():
    """Whatever a log holds: from one to another is two, and nothing is 1 times what it was."""
    said = [
        finding.text
        for seed in range(20)
        for finding in evaluate(broken(healthy(), seed=seed), Names(), rules=(*RULES, *CHANGES))
    ]
    assert len(said) > 100
    for text in said:
        for one, other in re.findall(r"from ([\d.,]+(?: %)?) to ([\d.,]+(?: %)?)", text):
            assert one != other, text
        assert not re.search(r"(?<![\d.])[01] times\b|nan", text), text
