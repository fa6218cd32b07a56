"""When layers settle, against the definition in plain words."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.analysis.settle import NEVER, settled_from

ITERATIONS = np.array([10, 20, 30, 40])


def settled(*change: float, limit: float = 1.0, of_peak: bool = False) -> int:
    return int(settled_from(np.array([change]), ITERATIONS, limit=limit, of_peak=of_peak)[0])


def test_from_the_first_snapshot_after_the_last_one_above() -> None:
    assert settled(5, 0.5, 2, 1) == 40
    assert settled(5, 2, 0.5, 1) == 30


def test_always_below_is_settled_from_the_first() -> None:
    assert settled(0, 0, 0, 0) == 10


def test_above_at_the_end_is_never() -> None:
    assert settled(0, 0, 0, 2) == NEVER


def test_what_is_not_known_counts_as_above() -> None:
    assert settled(0, np.nan, 0, 0) == 30
    assert settled(0, 0, 0, np.nan) == NEVER
    assert settled(0, np.inf, 0, 0) == 30


def test_a_share_of_its_own_largest() -> None:
    assert settled(10, 4, 1, 1, limit=0.1, of_peak=True) == 30
    # Without any change there is nothing above.
    assert settled(0, 0, 0, 0, limit=0.1, of_peak=True) == 10
    assert settled(np.nan, np.nan, np.nan, np.nan, limit=0.1, of_peak=True) == NEVER


def test_no_snapshot_and_one_snapshot() -> None:
    assert settled_from(np.zeros((2, 0)), np.zeros(0, int), limit=1).tolist() == [NEVER, NEVER]
    assert settled_from(np.array([[0.5], [2.0]]), np.array([7]), limit=1).tolist() == [7, NEVER]


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, np.nan, np.inf]), min_size=4, max_size=4),
        max_size=6,
    ),
    st.sampled_from([0.5, 1.0]),
)
def test_equals_the_definition(rows: list[list[float]], limit: float) -> None:
    change = np.array(rows).reshape(-1, 4)
    found = settled_from(change, ITERATIONS, limit=limit)
    for row, value in zip(change, found, strict=True):
        stays = [at for at in range(4) if all(x <= limit for x in row[at:])]
        assert value == (ITERATIONS[stays[0]] if stays else NEVER)
