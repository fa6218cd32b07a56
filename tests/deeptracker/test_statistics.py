"""Every statistic of a layer equals its plain definition, whatever the numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from deeptracker import distribution as spread
from deeptracker import host_numbers, host_tally
from deeptracker.format import BINS, HISTOGRAM_EDGES, STATISTICS
from deeptracker.host_tally import Rows
from deeptracker.statistics import (
    all_finite,
    change_bands,
    changes_between,
    filter_norms,
    filter_sums,
    layer_numbers,
    no_numbers,
    norm_ratio,
)
from tests.deeptracker import references

# Any float32, and often the ones that matter: zeros of both signs, subnormals, edges of bins.
SPECIAL = [0.0, -0.0, 1e-45, -1e-40, 1.0, -1.0, 3e38, -3e38, *HISTOGRAM_EDGES[1:-1:7]]
FINITE = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from([float(np.float32(v)) for v in SPECIAL]),
)
ANY = st.one_of(FINITE, st.sampled_from([np.nan, np.inf, -np.inf]))
SHAPE = st.tuples(st.integers(1, 5), st.integers(1, 12))


def matrices(elements):
    return SHAPE.flatmap(lambda shape: arrays.arrays(np.float32, shape, elements=elements))


def numbers(values):
    rows = torch.from_numpy(values)
    return layer_numbers(rows, finite=all_finite([rows])[0])


def assert_statistics(found, values):
    expected = references.statistics(values)
    for name, value in zip(STATISTICS, found.tolist(), strict=True):
        scale = max(abs(float(v)) for v in [*expected.values(), 1e-300])
        wanted = expected.get(name, np.nan)
        assert value == pytest.approx(wanted, rel=1e-9, abs=1e-12 * scale, nan_ok=True), name


@given(matrices(ANY))
@settings(deadline=None, max_examples=200)
def test_statistics_and_histogram_equal_their_definitions(values):
    found = numbers(values)
    assert_statistics(found.statistics, values)
    assert found.histogram.tolist() == references.histogram(values)


@given(matrices(FINITE))
@settings(deadline=None, max_examples=100)
def test_sums_of_filters_equal_their_definitions(values):
    found = filter_sums(torch.from_numpy(values))
    for index, row in enumerate(values):
        expected = references.statistics(row)
        size = max(abs(row.astype(float)).max(), 1e-300)
        for name in ("total", "l1", "l2", "mean", "std"):
            value = float(getattr(found, name)[index])
            assert value == pytest.approx(expected[name], rel=1e-9, abs=1e-13 * size), name
    assert torch.equal(filter_norms(torch.from_numpy(values)), found.l2)


def large(kind):
    generator = np.random.default_rng(3)
    count = 3 * (1 << 18) + 17
    normal = generator.normal(0, 0.02, count)
    if kind == "constant":
        return np.full(count, 0.1, dtype=np.float32)
    if kind == "zeros":
        return np.zeros(count, dtype=np.float32)
    if kind == "sparse":
        return np.where(generator.random(count) < 0.7, 0, normal).astype(np.float32)
    if kind == "signed zeros and subnormals":
        choices = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-39], dtype=np.float32)
        return generator.choice(choices, count)
    if kind == "edges":
        near = HISTOGRAM_EDGES[1:-1].astype(np.float32)
        up, down = np.nextafter(near, np.float32(9e9)), np.nextafter(near, np.float32(-9e9))
        return generator.choice(np.concatenate([near, up, down]), count)
    if kind == "all magnitudes":
        return (generator.choice([-1, 1], count) * 10 ** generator.uniform(-44, 38, count)).astype(
            np.float32
        )
    return normal.astype(np.float32)


KINDS = [
    "normal",
    "constant",
    "zeros",
    "sparse",
    "signed zeros and subnormals",
    "edges",
    "all magnitudes",
]


def by_pieces(values):
    pieces = torch.split(values, max(1, len(values) // 7))
    return spread._by_pieces([np.sort(piece) for piece in pieces])


@pytest.mark.parametrize("kind", KINDS)
def test_counting_and_sorting_agree_with_numpy(kind):
    values = large(kind)
    wide = values.astype(np.float64)
    for way in (spread._by_counting, spread._by_sorting, by_pieces):
        found = way(torch.from_numpy(values))
        np.testing.assert_allclose(
            found.five.numpy(), np.quantile(wide, [0, 0.25, 0.5, 0.75, 1]), rtol=1e-13
        )
        np.testing.assert_array_equal(
            found.histogram.numpy(), np.histogram(wide, HISTOGRAM_EDGES)[0]
        )
        assert int(found.zeros) == int((values == 0).sum())


@given(
    arrays.arrays(np.float32, st.integers(1, 60), elements=FINITE),
)
@settings(deadline=None, max_examples=200)
def test_counting_equals_sorting_for_few_numbers_too(values):
    tensor = torch.from_numpy(values)
    for way in (spread._by_counting, by_pieces):
        for one, other in zip(way(tensor), spread._by_sorting(tensor), strict=True):
            assert torch.equal(one, other)


@pytest.fixture(params=["whole", "in small pieces by threads", "where sorting is slow"])
def way_of_host(request, monkeypatch):
    """Measure on the CPU in each of the ways that sizes and machines choose."""
    if request.param == "in small pieces by threads":
        monkeypatch.setattr(host_tally, "_PIECE", 7)
        monkeypatch.setattr(host_tally, "_PART", 20)
        monkeypatch.setattr(host_numbers, "_TOGETHER", 100)
        monkeypatch.setattr(host_numbers, "_THREADS_FROM", 1)
    if request.param == "where sorting is slow":
        for module in (host_tally, spread):
            monkeypatch.setattr(module, "sorts_fast", lambda: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)


@given(st.lists(matrices(ANY), min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_numbers_on_a_cpu_equal_their_definitions(way_of_host, layers):
    found = host_numbers.host_numbers([Rows(torch.from_numpy(values)) for values in layers])
    for values, (numbers, *_) in zip(layers, found, strict=True):
        assert_statistics(numbers.statistics, values)
        assert numbers.histogram.tolist() == references.histogram(values)
        for index, row in enumerate(values):
            if np.isfinite(row).all():
                expected = references.statistics(row)
                size = max(abs(row.astype(float)).max(), 1e-300)
                for name in ("total", "l1", "l2", "mean", "std"):
                    value = float(getattr(numbers.sums, name)[index])
                    wanted = pytest.approx(expected[name], rel=1e-9, abs=1e-13 * size)
                    assert value == wanted, name
            else:
                assert not np.isfinite(float(numbers.sums.l2[index]))


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_changes_on_a_cpu_equal_those_of_other_devices(way_of_host, data):
    ordinary = st.one_of(
        st.just(0.0), st.floats(-1e6, 1e6, width=32).filter(lambda v: abs(v) > 1e-6)
    )
    before = torch.from_numpy(data.draw(matrices(ordinary)))
    kept = st.sampled_from([1.0, 1.0, 0.5, 1 + 1e-6])
    now = torch.from_numpy(data.draw(arrays.arrays(np.float32, before.shape, elements=ordinary)))
    if data.draw(st.booleans()):
        now = before * data.draw(kept)
    step, stepped, since = host_numbers.host_numbers(
        [
            Rows(now, before=before),
            Rows(now - before, before=before, subtracted=True),
            Rows(now, since=before),
        ]
    )
    for found in (step, stepped):
        assert torch.equal(found.bands, change_bands(now - before, before))
        np.testing.assert_allclose(found.base, filter_norms(before), rtol=1e-12)
        assert_statistics(found.numbers.statistics, (now - before).numpy())
    relative, cosine = changes_between(now, before)
    np.testing.assert_allclose(since.changes[0], relative, rtol=1e-9)
    np.testing.assert_allclose(since.changes[1], cosine, rtol=1e-6, atol=1e-15)


def test_large_layers_on_a_cpu_equal_the_same_on_other_devices(way_of_host):
    generator = torch.Generator().manual_seed(5)
    before = 0.02 * torch.randn(60, 300, generator=generator)
    now = before + 1e-4 * torch.randn(60, 300, generator=generator)
    now[7], before[9], now[11] = before[7], 0.0, 0.5 * before[11]
    step, since = host_numbers.host_numbers([Rows(now, before=before), Rows(now, since=before)])
    for found, values in ((step, now - before), (since, now)):
        wanted = layer_numbers(values, finite=True)
        np.testing.assert_allclose(found.numbers.statistics, wanted.statistics, rtol=1e-9)
        assert torch.equal(found.numbers.histogram, wanted.histogram)
        for one, other in zip(found.numbers.sums, wanted.sums, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-14)
    assert torch.equal(step.bands, change_bands(now - before, before))
    for one, other in zip(since.changes, changes_between(now, before), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-30)


def test_a_constant_has_no_spread():
    found = numbers(np.full((7, 33), 0.1, dtype=np.float32))
    by_name = dict(zip(STATISTICS, found.statistics.tolist(), strict=True))
    assert by_name["std"] < 1e-16
    assert found.sums.std.max() < 1e-16


def test_layers_merge_exactly():
    one, other = large("normal"), large("sparse")
    parts = [numbers(part.reshape(1, -1)) for part in (one, other)]
    whole = numbers(np.concatenate([one, other]).reshape(1, -1))
    index = STATISTICS.index
    total = sum(part.statistics[index("total")] for part in parts)
    square = sum(part.statistics[index("l2")] ** 2 for part in parts)
    assert float(total) == pytest.approx(float(whole.statistics[index("total")]), rel=1e-12)
    assert float(square**0.5) == pytest.approx(float(whole.statistics[index("l2")]), rel=1e-12)
    assert torch.equal(parts[0].histogram + parts[1].histogram, whole.histogram)


def test_many_pieces_equal_one_row_at_a_time():
    values = torch.from_numpy(large("normal")[: 700 * 1000].reshape(700, 1000).copy())
    whole = filter_sums(values)
    rows = [filter_sums(values[i : i + 1]) for i in range(0, 700, 53)]
    for name in whole._fields:
        found = getattr(whole, name)[::53]
        np.testing.assert_allclose(found, torch.cat([getattr(r, name) for r in rows]), rtol=1e-12)


def test_what_is_not_there_is_nan():
    found = no_numbers(3, torch.device("cpu"))
    by_name = dict(zip(STATISTICS, found.statistics.tolist(), strict=True))
    assert by_name.pop("nan_count") == by_name.pop("inf_count") == 0
    assert all(np.isnan(value) for value in by_name.values())
    assert found.histogram.tolist() == [0] * BINS
    assert found.sums.l2.isnan().tolist() == [True] * 3


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_bands_equal_their_definition(data):
    weight = data.draw(matrices(FINITE))
    update = data.draw(arrays.arrays(np.float32, weight.shape, elements=FINITE))
    if data.draw(st.booleans()):
        # Ratios close to the thresholds.
        factor = data.draw(st.sampled_from([1.0, 0.1, 1e-3, 1e-6]))
        update = (weight * np.float32(factor)).astype(np.float32)
    found = change_bands(torch.from_numpy(update), torch.from_numpy(weight))
    assert found.tolist() == pytest.approx(references.bands(update, weight), abs=1e-12)


def test_a_process_without_filters_has_no_numbers():
    none = torch.zeros(0, 4)
    step, since = host_numbers.host_numbers([Rows(none, before=none), Rows(none, since=none)])
    for found in (step, since):
        by_name = dict(zip(STATISTICS, found.numbers.statistics.tolist(), strict=True))
        assert by_name.pop("nan_count") == by_name.pop("inf_count") == 0
        assert all(np.isnan(value) for value in by_name.values())
        assert found.numbers.sums.l2.shape == (0,)
    assert step.bands.isnan().all()


def test_bands_define_zero():
    weight = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    update = torch.tensor([[0.0, 5.0, 0.0, 2.0]])
    assert change_bands(update, weight).tolist() == [0.5] * 7


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_changes_equal_their_definitions(data):
    ordinary = st.one_of(
        st.just(0.0), st.floats(-1e6, 1e6, width=32).filter(lambda v: abs(v) > 1e-6)
    )
    before = data.draw(matrices(ordinary))
    now = data.draw(arrays.arrays(np.float32, before.shape, elements=ordinary))
    relative, cosine = changes_between(torch.from_numpy(now), torch.from_numpy(before))
    for index, (new, old) in enumerate(zip(now.astype(float), before.astype(float), strict=True)):
        assert float(relative[index]) == pytest.approx(references.ratio(new - old, old), rel=1e-9)
        wanted = references.cosine_change(new, old)
        assert float(cosine[index]) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_small_cosine_changes_are_not_lost_to_rounding():
    before = torch.tensor([[1.0, 0.0]])
    now = torch.tensor([[1.0, 1e-6]])
    _, cosine = changes_between(now, before)
    assert float(cosine) == pytest.approx(5e-13, rel=1e-3)


def test_changes_define_zero():
    zero, one = [0.0, 0.0], [3.0, 4.0]
    relative, cosine = changes_between(
        torch.tensor([zero, one, zero]), torch.tensor([zero, zero, one])
    )
    assert relative.tolist() == [0.0, 1.0, 1.0]
    assert cosine.tolist() == [0.0, 1.0, 1.0]
    norms = torch.tensor([0.0, 2.0, 2.0]).double(), torch.tensor([0.0, 0.0, 4.0]).double()
    assert norm_ratio(*norms).tolist() == [0.0, 1.0, 0.5]


def test_double_weights_are_left_alone():
    now, before = torch.tensor([[1.0, 2.0]]).double(), torch.tensor([[3.0, 4.0]]).double()
    changes_between(now, before)
    assert now.tolist() == [[1.0, 2.0]]
    assert before.tolist() == [[3.0, 4.0]]
