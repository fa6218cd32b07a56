"""Merged statistics of layers are those of the concatenated tensors, as the recorder takes them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deeptracker.format import BAND_THRESHOLDS, BINS, HISTOGRAM_EDGES, STATISTICS
from deeptracker.statistics import all_finite, change_bands, layer_numbers
from ingest.analysis.merge import (
    NEEDS,
    finite_counts,
    merge,
    merge_bands,
    norm_ratio,
    quantiles_of,
    quartiles_of,
)

EXACT = tuple(NEEDS)


def recorded(tensor: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Statistics f8 [S] and histogram [B] of one layer's numbers [F, K], as recorded."""
    numbers = layer_numbers(tensor, finite=all_finite([tensor])[0])
    return numbers.statistics.numpy(), numbers.histogram.numpy()


def column(tensors: list[torch.Tensor]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The statistics [L, 1] of layers by name, parameters [L], histograms [L, 1, B]."""
    taken = [recorded(tensor) for tensor in tensors]
    values = np.stack([statistics for statistics, _ in taken])
    statistics = {name: values[:, at : at + 1] for at, name in enumerate(STATISTICS)}
    parameters = np.array([tensor.numel() for tensor in tensors])
    return statistics, parameters, np.stack([histogram for _, histogram in taken])[:, None]


def whole(tensors: list[torch.Tensor]) -> tuple[dict[str, float], np.ndarray]:
    """What the recorder would have said of one layer that holds all the numbers."""
    values, histogram = recorded(torch.cat([tensor.reshape(-1) for tensor in tensors])[None])
    return dict(zip(STATISTICS, values, strict=True)), histogram


def random_layers(seed: int, *, odd: float = 0.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for _ in range(int(torch.randint(1, 6, (1,), generator=generator))):
        filters, size = torch.randint(1, 40, (2,), generator=generator).tolist()
        scale = 10.0 ** float(torch.randint(-4, 3, (1,), generator=generator))
        shift = float(torch.randn((), generator=generator))
        rows = (torch.randn((filters, size), generator=generator) + shift) * scale
        rows[torch.rand(rows.shape, generator=generator) < 0.1] = 0.0
        if odd:
            chance = torch.rand(rows.shape, generator=generator)
            rows[chance < odd] = torch.nan
            rows[chance > 1 - odd / 2] = torch.inf
        layers.append(rows)
    return layers


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.sampled_from([0.0, 0.2, 0.9]))
def test_merged_statistics_are_those_of_the_concatenated_tensors(seed: int, odd: float) -> None:
    tensors = random_layers(seed, odd=odd)
    statistics, parameters, histograms = column(tensors)
    expected, histogram = whole(tensors)
    members = [np.arange(len(tensors))]
    for name in EXACT:
        found = merge(name, statistics, parameters, members)[0, 0]
        scale = abs(expected["l1"]) if name == "total" else abs(expected[name])
        np.testing.assert_allclose(
            found, expected[name], rtol=2e-6, atol=1e-7 * (scale or 0) + 1e-12, err_msg=name
        )
    np.testing.assert_array_equal(histograms.sum(axis=0)[0], histogram)


def test_never_an_average_of_averages() -> None:
    tensors = [torch.full((1, 1), 10.0), torch.full((9, 11), 0.0)]
    statistics, parameters, _ = column(tensors)
    assert merge("mean", statistics, parameters, [np.array([0, 1])])[0, 0] == pytest.approx(0.1)
    assert merge("l2", statistics, parameters, [np.array([0, 1])])[0, 0] == pytest.approx(10)


def test_groups_may_be_any_layers_and_snapshots_stay_apart() -> None:
    statistics = {
        "mean": np.array([[1.0, 2.0], [1.5, np.nan], [5 / 3, 2.0]]),
        "nan_count": np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 0.0]]),
        "inf_count": np.zeros((3, 2)),
    }
    parameters = np.array([1, 2, 3])
    counts = finite_counts(parameters, statistics)
    np.testing.assert_array_equal(counts, [[1, 1], [2, 0], [3, 3]])
    groups = [np.array([0, 2]), np.array([1]), np.array([2, 1])]
    merged = merge("mean", statistics, parameters, groups)
    np.testing.assert_allclose(merged, [[6 / 4, 8 / 4], [1.5, np.nan], [8 / 5, 2]], rtol=1e-6)


def test_a_frozen_layer_without_gradient_does_not_count() -> None:
    statistics = {name: np.array([[np.nan], [2.0]]) for name in STATISTICS}
    for name in ("nan_count", "inf_count"):
        statistics[name] = np.zeros((2, 1))
    parameters = np.array([100, 4])
    both = [np.array([0, 1])]
    assert merge("l2", statistics, parameters, both)[0, 0] == 2
    assert merge("mean", statistics, parameters, both)[0, 0] == 2
    assert np.isnan(merge("l2", statistics, parameters, [np.array([0])])[0, 0])
    assert merge("nan_count", statistics, parameters, [np.array([0])])[0, 0] == 0


def test_counts_of_nan_are_known_where_nothing_is_finite() -> None:
    statistics, parameters, _ = column([torch.full((2, 3), torch.nan)])
    assert merge("nan_count", statistics, parameters, [np.array([0])])[0, 0] == 6
    assert np.isnan(merge("minimum", statistics, parameters, [np.array([0])])[0, 0])


def test_a_group_without_layers_is_not_known() -> None:
    statistics, parameters, _ = column([torch.ones(2, 3)])
    nothing = np.array([], np.int64)
    for name in (*EXACT, "nan_count"):
        found = merge(name, statistics, parameters, [np.array([0]), nothing])
        assert not np.isnan(found[0]).any(), name
        assert np.isnan(found[1]).all(), name
        # Nor where no layer is known at all.
        empty = {need: values[:0] for need, values in statistics.items()}
        assert np.isnan(merge(name, empty, parameters[:0], [nothing])).all(), name


def test_norms_near_the_largest_float_do_not_overflow() -> None:
    statistics = {"l2": np.array([[3e38], [4e37]], np.float32)}
    parameters = np.array([2, 2])
    assert np.isfinite(merge("l2", statistics, parameters, [np.array([0, 1])])[0, 0])


def test_quartiles_are_not_merged_from_quartiles() -> None:
    with pytest.raises(KeyError):
        merge("median", {}, np.ones(1, np.int64), [np.array([0])])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31))
def test_quartiles_of_the_histogram_lie_in_the_right_bin(seed: int) -> None:
    tensors = random_layers(seed)
    expected, histogram = whole(tensors)
    low, high = np.array([[expected["minimum"]]]), np.array([[expected["maximum"]]])
    found = quartiles_of(histogram[None, None], low, high)
    numbers = torch.cat([tensor.reshape(-1) for tensor in tensors]).numpy()
    for name, share in {"q1": 0.25, "median": 0.5, "q3": 0.75}.items():
        # The exact one lies between these two numbers, the found one in a bin of either.
        ends = (
            np.quantile(numbers, share, method="lower"),
            np.quantile(numbers, share, method="higher"),
        )
        places = np.searchsorted(HISTOGRAM_EDGES, ends, side="right") - 1
        value = found[name][0, 0]
        lower = max(HISTOGRAM_EDGES[places[0]], low[0, 0])
        upper = min(HISTOGRAM_EDGES[places[1] + 1], high[0, 0])
        assert lower - 1e-6 * abs(lower) <= value <= upper + 1e-6 * abs(upper)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31))
def test_percentiles_of_summed_histograms_are_those_of_all_numbers_within_a_bin(seed: int) -> None:
    tensors = random_layers(seed)
    numbers = torch.cat([tensor.reshape(-1) for tensor in tensors]).numpy()
    histogram = np.sum([recorded(tensor)[1] for tensor in tensors], axis=0)
    # Edges are f8 and the recorder counts f4: as it rounds them.
    bins = np.searchsorted(HISTOGRAM_EDGES, numbers.astype(np.float64), side="right") - 1
    np.testing.assert_array_equal(histogram, np.bincount(bins, minlength=BINS))
    shares = [0.0668, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.9332]
    found = quantiles_of(histogram, numbers.min(), numbers.max(), shares)
    assert (np.diff(found) >= 0).all()
    for share, value in zip(shares, found, strict=True):
        ends = (
            np.quantile(numbers, share, method="lower"),
            np.quantile(numbers, share, method="higher"),
        )
        first, last = np.searchsorted(HISTOGRAM_EDGES, ends, side="right") - 1
        assert (
            HISTOGRAM_EDGES[first] - 1e-9 <= value <= HISTOGRAM_EDGES[last + 1] * (1 + 1e-6) + 1e-9
        )


def test_quartiles_of_an_empty_histogram_are_nan() -> None:
    nan = np.array([np.nan])
    found = quartiles_of(np.zeros((1, BINS), int), nan, nan)
    assert all(np.isnan(values[0]) for values in found.values())


def test_quartiles_of_one_number_are_that_number() -> None:
    histogram = np.zeros((1, BINS), int)
    histogram[0, np.searchsorted(HISTOGRAM_EDGES, 0.3, side="right") - 1] = 1
    found = quartiles_of(histogram, np.array([0.3]), np.array([0.3]))
    np.testing.assert_allclose([values[0] for values in found.values()], 0.3, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31))
def test_merged_bands_are_those_of_the_concatenated_tensors(seed: int) -> None:
    weights = random_layers(seed)
    generator = torch.Generator().manual_seed(seed)
    updates = [
        w * 10.0 ** (torch.rand(w.shape, generator=generator) * 8 - 7) for w in weights
    ]  # fmt: skip
    bands = [change_bands(u, w).numpy() for u, w in zip(updates, weights, strict=True)]
    parameters = np.array([w.numel() for w in weights])
    flat = [torch.cat([t.reshape(-1) for t in tensors])[None] for tensors in (updates, weights)]
    expected = change_bands(*flat).numpy()
    merged = merge_bands(np.stack(bands)[:, :, None], parameters, [np.arange(len(weights))])
    assert merged.shape == (1, len(BAND_THRESHOLDS), 1)
    np.testing.assert_allclose(merged[0, :, 0], expected, rtol=1e-5, atol=1e-7)


def test_bands_that_are_not_known_are_left_out() -> None:
    bands = np.array([[[np.nan]], [[0.5]]])
    groups = [np.array([0, 1]), np.array([0]), np.array([], np.int64)]
    merged = merge_bands(bands, np.array([10, 2]), groups)
    assert merged[0, 0, 0] == 0.5
    assert np.isnan(merged[1:, 0, 0]).all()


def test_ratio_of_norms_defines_zero() -> None:
    ratio = norm_ratio(np.array([0.0, 2.0, 1.0, np.nan]), np.array([0.0, 0.0, 4.0, 1.0]))
    np.testing.assert_array_equal(ratio, np.array([0, 1, 0.25, np.nan], np.float32))
