"""Sets, grid and chance equal their definitions by brute force, and keep what they promise."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from ingest.analysis.anomalies import Anomalies, Cells
from ingest.analysis.correlation import (
    LEFT,
    RIGHT,
    Moments,
    TopSets,
    at_moments,
    find_grid,
    find_moments,
    returning,
)
from ingest.analysis.significance import (
    benjamini_hochberg,
    expected_distinct,
    hypergeometric_tail,
    judge_presence,
)
from ingest.analysis.tied import tied_filters
from tests.ingest.test_minisets import top_sets


def moments_of(pairs) -> Moments:
    columns = np.array(sorted(pairs), np.int32).reshape(-1, 2).T
    ones = np.ones(columns.shape[1], np.int32)
    return Moments(columns[0], columns[1], ones.astype(np.uint8), ones)


@st.composite
def runs(draw):
    """Random sets by snapshot, and the (class, snapshot) pairs of classes with at least one."""
    sizes = draw(st.lists(st.integers(1, 150), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    snapshots, limit = draw(st.integers(1, 12)), draw(st.integers(1, 40))
    filters = int(sum(sizes))
    lists = [
        rng.permutation(filters)[: min(filters, limit if rng.random() < 0.9 else 0)]
        for _ in range(snapshots)
    ]
    pairs = {
        (int(c), int(t))
        for c in rng.choice(9, 4, replace=False)
        for t in rng.choice(snapshots, rng.integers(0, snapshots + 1), replace=False)
    }
    return top_sets(lists, np.concatenate([[0], np.cumsum(sizes)])), lists, pairs


@given(runs(), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_the_grid_equals_its_definition(run, limit):
    every, lists, pairs = run
    sets, moments = every.cut(limit), moments_of(pairs)
    found = find_grid(sets, moments)
    assert found.class_id.tolist() == sorted({c for c, _ in pairs})
    assert found.snapshot.tolist() == sorted({t for _, t in pairs})

    def members(layer, t):
        begin, end = sets.offsets[layer : layer + 2]
        return {int(f) for f in lists[t][:limit] if begin <= f < end}

    rows = [layer for layer in range(sets.layers) if any(members(layer, t) for t in found.snapshot)]
    assert found.layer.tolist() == rows
    for r, layer in enumerate(rows):
        assert found.holds[r].tolist() == [len(members(layer, t)) for t in found.snapshot]
        for c, class_id in enumerate(found.class_id):
            own = sorted(t for k, t in pairs if k == class_id)
            places = found.place[found.class_start[c] : found.class_start[c + 1]]
            assert found.snapshot[places].tolist() == own
            all_sets = [members(layer, t) for t in own]
            assert found.count[r, c] == len(set().union(*all_sets))
            assert found.sets[r, c] == sum(map(bool, all_sets))
            assert found.members[r, c] == sum(map(len, all_sets))


def test_the_grid_of_many_classes_in_pieces(monkeypatch):
    rng = np.random.default_rng(4)
    lists = [rng.permutation(500)[:30] for _ in range(20)]
    sets = top_sets(lists, [0, 100, 130, 500])
    moments = moments_of({(int(c), int(t)) for c, t in rng.integers(0, (40, 20), (300, 2))})
    whole = find_grid(sets, moments)
    monkeypatch.setattr("ingest.analysis.correlation._AT_ONCE", 40)
    np.testing.assert_array_equal(find_grid(sets, moments).count, whole.count)


def test_moments_are_those_of_either_side_but_not_pending():
    cells = lambda *rows: Cells(*np.array(rows, np.int32).reshape(-1, 4).T)  # noqa: E731
    overall = np.zeros((9, 2), np.int32)
    found = find_moments(
        Anomalies(
            left=cells((3, 8, 1, 2), (0, 5, 4, 0)),
            right=cells((3, 8, 5, 0), (3, 2, 0, 6)),
            pending=cells((1, 8, 9, 9)),
            overall_left=overall,
            overall_right=overall,
            pending_from=7,
        )
    )
    assert found.class_id.tolist() == [0, 3, 3]
    assert found.snapshot.tolist() == [5, 2, 8]
    assert found.side.tolist() == [LEFT, RIGHT, LEFT | RIGHT]
    assert found.images.tolist() == [4, 6, 5]
    assert returning(found).class_id.tolist() == [3, 3]


def test_no_class_and_no_set():
    nothing = moments_of(set())
    for lists in ([], [[], []], [[0, 1], [2]]):
        found = find_grid(top_sets(lists, [0, 2, 3]), nothing)
        assert found.count.shape == (0, 0)
        assert found.class_start.tolist() == [0]
    # A class is anomalous, but nothing has a value there (NaN).
    found = find_grid(top_sets([[], []], [0, 2, 3]), moments_of({(4, 0), (4, 1)}))
    assert found.count.shape == (0, 1)
    assert len(returning(nothing).class_id) == 0


class TestChance:
    @given(st.integers(1, 60), st.data())
    @settings(max_examples=60, deadline=None)
    def test_the_tail_is_that_of_the_hypergeometric_distribution(self, population, data):
        whole = st.integers(0, population)
        base, drawn = (np.array(data.draw(st.lists(whole, min_size=5, max_size=5))) for _ in "ab")
        hits = np.array(data.draw(st.lists(st.integers(0, 20), min_size=5, max_size=5)))
        found = hypergeometric_tail(hits, base=base, drawn=drawn, population=population)
        wanted = hypergeom.sf(hits - 1, population, base, drawn)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-300)

    def test_small_tails_keep_their_size(self):
        found = hypergeometric_tail(
            np.array([30]), base=np.array([30]), drawn=np.array([30]), population=839
        )
        np.testing.assert_allclose(found, 1 / comb(839, 30), rtol=1e-9)

    def test_expected_distinct_filters_are_the_mean_over_all_draws(self):
        rng = np.random.default_rng(1)
        lists = [rng.choice(12, rng.integers(0, 7), replace=False) for _ in range(7)]
        base = np.bincount(np.concatenate(lists).astype(int), minlength=12)
        by_base = np.stack([np.bincount(base[:5], minlength=8), np.bincount(base[5:], minlength=8)])
        for drawn in range(8):
            draws = [
                set().union(*(set(lists[t]) for t in chosen))
                for chosen in combinations(range(7), drawn)
            ]
            wanted = [
                np.mean([sum(f < 5 for f in one) for one in draws]),
                np.mean([sum(f >= 5 for f in one) for one in draws]),
            ]
            found = expected_distinct(by_base, drawn=np.array([drawn, drawn]), population=7)
            np.testing.assert_allclose(found, np.array([wanted, wanted]).T, atol=1e-12)

    def test_presence_by_hand(self):
        # Ten snapshots; layer 0 bursts at 2 and 7, layer 1 is always there, layer 2 never.
        holds = np.zeros((10, 3), np.int32)
        holds[:, 0] = [1, 0, 6, 1, 0, 0, 1, 5, 0, 0]
        holds[:, 1] = 3
        found = judge_presence(holds, has_of([[2, 7], [0, 1]], 10), np.arange(10))
        # 1 filter or more: 5 of 10; 2 or more (as 4 or more): 2 of 10. Two levels tried.
        assert found.level[0, 0] == 2
        assert (found.hits[0, 0], found.base[0, 0]) == (2, 2)
        assert found.p[0, 0] == pytest.approx(2 / comb(10, 2))
        assert found.level[0, 1] == 1
        assert found.p[0, 1] == pytest.approx(1.0)
        assert found.p[1].tolist() == [1, 1]
        assert (found.level[1, 0], found.hits[1, 0], found.base[1, 0]) == (1, 2, 10)
        assert found.p[2].tolist() == [1, 1]
        assert found.level[2].tolist() == found.hits[2].tolist() == [0, 0]

    def test_correction_equals_its_definition(self):
        rng = np.random.default_rng(2)
        p = rng.random((3, 7)) ** 3
        p[1, 2] = p[0, 0]
        number = 30
        found = benjamini_hochberg(p, tests=number)
        ordered = np.sort(p.ravel())
        for value, q in zip(p.ravel(), found.ravel(), strict=True):
            later = [
                ordered[j] * number / (j + 1) for j in range(len(ordered)) if ordered[j] >= value
            ]
            assert q == pytest.approx(min(1, *later))
        assert benjamini_hochberg(np.zeros((0, 4))).shape == (0, 4)


def has_of(lists, population):
    has = np.zeros((len(lists), population), np.float32)
    for row, chosen in zip(has, lists, strict=True):
        row[chosen] = 1
    return has


def busy_run(rng, *, snapshots=200, layers=20):
    """Sizes of sets as real ones are: some layers busy, in bursts, and calm ones; [T, L]."""
    level = rng.lognormal(0, 1.5, layers)
    burst = rng.lognormal(0, 1, (snapshots, 1)) * np.repeat(
        rng.lognormal(0, 1, (snapshots // 10, layers)), 10, axis=0
    )
    return np.minimum(200, rng.poisson(level * burst)).astype(np.int32)


def shuffled(rng, *, snapshots=200, classes=60):
    """Moments drawn at random: what the null hypothesis says."""
    chosen = [rng.choice(snapshots, rng.integers(2, 25), replace=False) for _ in range(classes)]
    return has_of(chosen, snapshots)


def test_on_shuffled_data_no_more_is_called_significant_than_promised():
    rng = np.random.default_rng(11)
    repeats, any_found, below = 60, 0, []
    for _ in range(repeats):
        holds = busy_run(rng)
        p = judge_presence(holds, shuffled(rng), np.arange(len(holds))).p
        any_found += bool((benjamini_hochberg(p) <= 0.05).any())
        below.append([(p <= limit).mean() for limit in (0.001, 0.01, 0.05, 0.2)])
    # Where nothing is related, the false-discovery rate is the chance of any discovery.
    assert any_found / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
    share = np.mean(below, axis=0)
    assert (share <= np.array([0.001, 0.01, 0.05, 0.2]) * 1.1).all()
    # Nor is it timid to the point of use: a fifth of what it may say is said.
    assert share[2] >= 0.01


def test_p_of_a_single_level_is_uniform():
    """With chance deciding between its steps, as P(X > x) + U P(X = x)."""
    rng = np.random.default_rng(12)
    holds = (rng.random((300, 30)) < rng.uniform(0.1, 0.6, 30)).astype(np.int32)
    has = shuffled(rng, snapshots=300, classes=200)
    found = judge_presence(holds, has, np.arange(300))
    there = found.level > 0
    drawn = np.broadcast_to(has.sum(axis=1).astype(int), there.shape)
    base = np.broadcast_to(holds.sum(axis=0)[:, None], there.shape)
    tail = lambda hits: hypergeometric_tail(hits, base=base, drawn=drawn, population=300)  # noqa: E731
    np.testing.assert_allclose(found.p[there], tail(found.hits)[there], rtol=1e-12)
    above = tail(found.hits + 1)
    uniform = above + rng.random(above.shape) * (tail(found.hits) - above)
    share = np.histogram(uniform, bins=10, range=(0, 1))[0] / uniform.size
    np.testing.assert_allclose(share, 0.1, atol=0.02)


def test_planted_relations_are_found_and_few_others():
    rng = np.random.default_rng(13)
    false = true = planted = 0
    for _ in range(20):
        holds = busy_run(rng)
        has = shuffled(rng)
        for c in range(6):
            # Layer c bursts whenever class c is anomalous, and hardly ever else.
            holds[:, c] = rng.random(200) < 0.05
            holds[has[c] > 0, c] = 9
        q = benjamini_hochberg(judge_presence(holds, has, np.arange(200)).p)
        own = np.zeros(q.shape, bool)
        own[np.arange(6), np.arange(6)] = True
        planted += 6
        true += int((q[own] <= 0.05).sum())
        false += int((q[~own] <= 0.05).sum())
    assert true >= 0.9 * planted
    assert false / (false + true) <= 0.08


def test_the_order_of_columns_changes_nothing():
    rng = np.random.default_rng(5)
    holds, has = busy_run(rng), shuffled(rng)
    where = rng.permutation(200)
    first = judge_presence(holds, has, np.arange(200))
    again = judge_presence(holds, has[:, where], where)
    np.testing.assert_allclose(first.p, again.p, rtol=1e-12)


class TestTied:
    def test_equals_its_definition(self):
        rng = np.random.default_rng(6)
        lists = [rng.permutation(40)[:10] if t else np.zeros(0, int) for t in range(15)]
        sets = top_sets(lists, [0, 10, 40])
        population, chosen = np.arange(1, 15), np.array([2, 5, 9])
        for layer, tests in ((None, 40), (1, 30)):
            found = tied_filters(sets, chosen, population=population, layer=layer)
            wanted = {int(f) for t in chosen for f in lists[t] if layer is None or f >= 10}
            assert set(found.filter.tolist()) == wanted
            for n, number in enumerate(found.filter):
                at = [j for j, t in enumerate(chosen) if number in lists[t]]
                base = sum(number in lists[t] for t in population)
                assert found.at[found.at_start[n] : found.at_start[n + 1]].tolist() == at
                assert found.times[n] == len(at)
                assert found.base[n] == base
                rank = min(int(np.flatnonzero(lists[chosen[j]] == number)[0]) + 1 for j in at)
                assert found.rank[n] == rank
                assert found.expected[n] == pytest.approx(3 * base / 14)
                assert found.p[n] == pytest.approx(hypergeom.sf(len(at) - 1, 14, base, 3))
            assert (np.diff(found.p) >= 0).all()
            np.testing.assert_allclose(found.q, benjamini_hochberg(found.p, tests=tests))
            first = found.first(4)
            assert len(first.filter) == 4
            assert len(first.at) == first.at_start[-1] == found.times[:4].sum()

    def test_nothing_chosen_and_a_snapshot_that_tells_nothing(self):
        sets = TopSets(np.array([0, 2, 3]), np.array([1, 0, 1], np.int32), np.array([0, 2]))
        nothing = np.zeros(0, int)
        assert len(tied_filters(sets, nothing, population=np.array([1])).filter) == 0
        found = tied_filters(sets, np.array([0]), population=np.array([1]))
        assert found.filter.tolist() == [1, 0]
        assert found.p.tolist() == [1.0, 1.0]
        assert len(tied_filters(sets, np.array([0]), population=nothing).p) == 2


def test_at_moments_marks_each_place():
    has = at_moments(np.array([2, 0, 1]), np.array([0, 1, 3]), snapshots=3)
    assert has.tolist() == [[0, 0, 1], [1, 1, 0]]
