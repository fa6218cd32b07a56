"""Mini-sets are the coarsest partition whose parts make up every set."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis.correlation import TopSets
from ingest.analysis.minisets import Parts, mini_sets


def top_sets(lists, offsets) -> TopSets:
    """Make the sets of a list of lists of filters (numbered over the network)."""
    start = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
    flat = np.array([number for one in lists for number in one], np.int32)
    return TopSets(start, flat, np.asarray(offsets, np.int64))


@st.composite
def runs(draw):
    """Random sets, the snapshots asked about, and how many classes are anomalous at each."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # More than 64 snapshots in some runs: a signature then has several words.
    snapshots = draw(st.sampled_from([1, 2, 3, 5, 8, 70]))
    # Filters move in herds, so that signatures coincide.
    herd = rng.integers(0, draw(st.integers(1, 6)), offsets[-1])
    lists = [
        rng.permutation(np.flatnonzero(rng.random(herd.max() + 1)[herd] < 0.4))
        for _ in range(snapshots)
    ]
    asked = np.sort(rng.choice(snapshots, rng.integers(0, snapshots + 1), replace=False))
    return top_sets(lists, offsets), lists, asked, rng.integers(1, 4, len(asked))


def refined(sets, universe):
    """Split the universe by one set after the other, as the paper does."""
    parts = [frozenset(universe)] if universe else []
    for one in sets:
        parts = [piece for part in parts for piece in (part & one, part - one) if piece]
    return set(parts)


def parts_of(found: Parts, layer):
    return [
        frozenset(found.filter[found.start[p] : found.start[p + 1]].tolist())
        for p in np.flatnonzero(found.layer == layer)
    ]


@given(runs(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_parts_are_those_of_the_step_by_step_refinement(run, only_first):
    sets, lists, asked, classes = run
    wanted = [0] if only_first else list(range(sets.layers))
    found = mini_sets(
        sets, snapshot=asked, classes=classes, layers=np.array([0]) if only_first else None
    )
    assert set(found.layer) <= set(wanted)
    for layer in wanted:
        begin, end = sets.offsets[layer : layer + 2]
        of_layer = [frozenset(int(f - begin) for f in lists[t] if begin <= f < end) for t in asked]
        universe = frozenset().union(*of_layer)
        parts = parts_of(found, layer)
        # Disjoint and covering.
        assert sum(map(len, parts)) == len(universe)
        assert frozenset().union(*parts) == universe
        # Every set is a union of parts.
        for one in of_layer:
            assert one == frozenset().union(*(part for part in parts if part <= one))
        # No coarser partition is: any two parts are told apart by some set.
        for a, b in combinations(parts, 2):
            assert any((a <= one) != (b <= one) for one in of_layer)
        assert set(parts) == refined(of_layer, universe)


@given(runs())
@settings(max_examples=80, deadline=None)
def test_weights_presence_and_order(run):
    sets, lists, asked, classes = run
    found = mini_sets(sets, snapshot=asked, classes=classes)
    members = [set(lists[t].tolist()) for t in asked]
    for p in range(len(found.layer)):
        numbers = found.filter[found.start[p] : found.start[p + 1]]
        own = set((numbers + sets.offsets[found.layer[p]]).tolist())
        present = [i for i, one in enumerate(members) if own <= one]
        assert found.presence[found.presence_start[p] : found.presence_start[p + 1]].tolist() == (
            present
        )
        assert found.size[p] == len(own)
        assert found.sets[p] == sum(classes[present])
        assert found.weight[p] == found.size[p] * found.sets[p]
        assert (np.diff(numbers) > 0).all()
    assert (np.diff(found.layer) >= 0).all()
    within = np.diff(found.layer) == 0
    assert (np.diff(found.weight)[within] <= 0).all()


@pytest.mark.parametrize("lists", [[], [[]], [[], []]])
def test_nothing_gives_no_parts(lists):
    sets = top_sets(lists, [0, 3])
    asked = np.arange(len(lists))
    found = mini_sets(sets, snapshot=asked, classes=np.ones(len(asked), int))
    assert len(found.layer) == len(found.filter) == len(found.presence) == 0
    assert found.start.tolist() == found.presence_start.tolist() == [0]


def test_a_case_by_hand():
    # Layer 0 has filters 0..3, layer 1 filters 4..6.
    sets = top_sets([[1, 0, 4], [0, 1, 2], [2, 5, 4]], [0, 4, 7])
    found = mini_sets(sets, snapshot=np.array([0, 1, 2]), classes=np.array([2, 1, 1]))
    assert parts_of(found, 0) == [{0, 1}, {2}]
    assert parts_of(found, 1) == [{0}, {1}]
    assert found.weight.tolist() == [6, 2, 3, 1]
    assert found.presence.tolist() == [0, 1, 1, 2, 0, 2, 2]
