"""How much each setting matters: it is found where it was planted, and said where it cannot be."""

import numpy as np
import pytest

from ingest.analysis.importance import (
    FOREST,
    RANKS,
    Setting,
    TooFewRuns,
    association,
    importances,
    varying,
)


def planted(runs: int, seed: int = 0) -> tuple[list[Setting], np.ndarray]:
    """A result that follows from `rate` (best in the middle), less from `kind`, not `noise`."""
    rng = np.random.default_rng(seed)
    rate, noise = rng.uniform(-2, 2, runs), rng.random(runs)
    kind = rng.integers(0, 3, runs).astype(float)
    settings = [
        Setting("noise", noise, is_category=False),
        Setting("rate", rate, is_category=False),
        Setting("kind", kind, is_category=True),
    ]
    return settings, rate**2 + 0.6 * (kind == 1) + 0.02 * rng.standard_normal(runs)


def test_a_forest_finds_what_was_planted():
    found = importances(*planted(60), seconds=0)
    assert (found.method, found.runs) == (FOREST, 60)
    assert [row.name for row in found.rows] == ["rate", "kind", "noise"]
    rate, kind, noise = found.rows
    assert rate.low > kind.high > 0
    assert noise.low < 0.02
    assert all(row.low <= row.value <= row.high for row in found.rows)
    assert 0.5 < found.explained < 1
    assert importances(*planted(60), seconds=0) == found  # the same numbers every time


def test_a_forest_says_that_noise_explains_nothing():
    settings, _ = planted(40)
    found = importances(settings, np.random.default_rng(1).random(40), seconds=0)
    assert found.explained < 0.2


def test_a_forest_ends_in_time():
    ticks = iter(range(1_000))
    found = importances(*planted(40), seconds=2, clock=lambda: next(ticks))
    assert len(found.rows) == 3
    assert next(ticks) < 10


def slow_spearman(a: np.ndarray, b: np.ndarray) -> float:
    """The rank correlation by its definition: ranks by counting, then Pearson's by sums."""

    def ranks(values):
        return [sum(o < v for o in values) + (sum(o == v for o in values) + 1) / 2 for v in values]

    x, y = ranks(a), ranks(b)
    mx, my = sum(x) / len(x), sum(y) / len(y)
    over = sum((p - mx) * (q - my) for p, q in zip(x, y, strict=True))
    under = sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y)
    return over / under**0.5


def test_few_runs_are_judged_by_ranks():
    rng = np.random.default_rng(3)
    values, target = rng.integers(0, 5, 12).astype(float), rng.integers(0, 6, 12).astype(float)
    one = Setting("one", values, is_category=False)
    assert association(one, target) == pytest.approx(slow_spearman(values, target))
    found = importances([one, Setting("same", target * 2, is_category=False)], target)
    assert (found.method, found.rows[0].name) == (RANKS, "same")
    assert found.rows[0].value == pytest.approx(1)
    assert np.isnan(found.explained)


def test_categories_without_meaning_have_no_association():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 300).astype(float)
    category = Setting("kind", codes, is_category=True)
    assert association(category, rng.random(300)) < 0.15
    assert association(category, (codes == 1) + 0.001 * rng.random(300)) > 0.8


def test_settings_that_vary_together_are_named():
    settings, result = planted(12)
    double = Setting("double", settings[1].values * 2, is_category=False)
    assert importances([*settings, double], result).together == (("rate", "double"),)


def test_too_few_runs_are_refused():
    settings, result = planted(7)
    with pytest.raises(TooFewRuns, match=r"7 of these runs have this result; .* at least 8"):
        importances(settings, result)
    settings, result = planted(12)
    result[:6] = np.nan
    with pytest.raises(TooFewRuns, match="6 of these runs"):
        importances(settings, result)
    with pytest.raises(TooFewRuns, match="do not differ"):
        importances([], planted(12)[1])


def test_settings_become_numbers_or_categories():
    found = varying(
        {
            "rate": [0.1, None, 1],
            "kind": ["a", "b", "a"],
            "flag": [True, False, True],
            "name": ["x", "y", "z"],
            "same": [1, 1, 1],
        }
    )
    assert [(one.name, one.is_category) for one in found] == [
        ("rate", False), ("kind", True), ("flag", True),
    ]  # fmt: skip
    np.testing.assert_array_equal(found[0].values, [0.1, np.nan, 1.0])
