"""Tensors to the statistics of a layer and of its filters, on the tensors' own device."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from deeptracker.distribution import distribution
from deeptracker.format import BAND_THRESHOLDS, BINS, STATISTICS

# Numbers widened to float64 at a time: on a CPU what fits its cache, elsewhere what memory bears.
_PIECE_ON_CPU = 1 << 18
_PIECE = 1 << 24


class Sums(NamedTuple):
    """Per filter, f8 [F] on the device of the weights; mean and std are over the filter's K."""

    total: Tensor
    l1: Tensor
    l2: Tensor
    mean: Tensor
    std: Tensor


class LayerNumbers(NamedTuple):
    """One quantity of one layer: statistics f8 [S], histogram i8 [B], per-filter sums f8 [F].

    The statistics are over finite values (NaN but for the two counts where there are none); the
    sums of a filter that holds NaN or Inf are not finite. `keys` are those of shard_quartiles.
    """

    statistics: Tensor
    histogram: Tensor
    sums: Sums
    keys: Tensor | None = None


def all_finite(rows: list[Tensor]) -> list[bool]:
    """Return which of the tensors surely hold neither NaN nor Inf; one synchronisation for all.

    A sum that overflows says no as well, which costs time, not truth.
    """
    if not rows:
        return []
    return [bool(f) for f in torch.stack([r.sum() for r in rows]).isfinite().tolist()]


def layer_numbers(rows: Tensor, *, finite: bool) -> LayerNumbers:
    """Return the statistics of float32 [F, K]; `finite` promises that all are finite.

    On a CPU, `host_numbers` is faster.
    """
    sums = filter_sums(rows)
    if finite:
        whole, clean = sums, rows.reshape(-1)
        nan = inf = torch.zeros((), dtype=torch.float64, device=rows.device)
    else:
        clean = rows[rows.isfinite()]
        nan = rows.isnan().sum().double()
        inf = rows.numel() - nan - clean.numel()
    if not clean.numel():
        return nothing_finite(nan, inf, sums)
    if not finite:
        whole = filter_sums(clean.unsqueeze(0))
    spread = distribution(clean)
    found = layer_statistics(
        *whole, five=spread.five, zeros=spread.zeros.double(), count=clean.numel(), nan=nan, inf=inf
    )
    return LayerNumbers(torch.stack(found), spread.histogram, sums)


def layer_statistics(
    total: Any,
    l1: Any,
    l2: Any,
    mean: Any,
    std: Any,
    *,
    five: Any,
    zeros: Any,
    count: int,
    nan: Any = 0.0,
    inf: Any = 0.0,
) -> list[Any]:
    """Return the statistics of `count` finite numbers in the order of STATISTICS.

    The first five are those of `Sums` f8 [F], `five` is that of a Distribution; all are tensors, or
    all numpy's, and so is what is returned.
    """
    centre = total.sum() / count
    per_row = count // len(mean)
    # The spread within the filters plus the spread of their means: exact, without cancellation.
    variance = (std**2 + (mean - centre) ** 2).sum() * (per_row / count)
    values = {
        "minimum": five[0],
        "q1": five[1],
        "median": five[2],
        "q3": five[3],
        "maximum": five[4],
        "mean": centre,
        "std": variance**0.5,
        "total": total.sum(),
        "l1": l1.sum(),
        "l2": (l2**2).sum() ** 0.5,
        "zero_share": zeros / count,
        "nan_count": nan,
        "inf_count": inf,
    }
    return [values[name] for name in STATISTICS]


def nothing_finite(nan: Tensor, inf: Tensor, sums: Sums) -> LayerNumbers:
    """Return what a layer of only NaN and Inf, counted by f8 [] each, has: NaN but for them."""
    statistics = nan.new_full((len(STATISTICS),), torch.nan)
    statistics[STATISTICS.index("nan_count")] = nan
    statistics[STATISTICS.index("inf_count")] = inf
    histogram = torch.zeros(BINS, dtype=torch.int64, device=nan.device)
    return LayerNumbers(statistics, histogram, sums)


def no_numbers(filters: int, device: torch.device) -> LayerNumbers:
    """Return what stands for a quantity that is not there, such as a frozen layer's gradient.

    Every number is NaN, the counts of NaN and Inf and the histogram are zero.
    """
    zero = torch.zeros((), dtype=torch.float64, device=device)
    missing = torch.full((filters,), torch.nan, dtype=torch.float64, device=device)
    return nothing_finite(zero, zero, Sums(*[missing] * len(Sums._fields)))


def no_bands(device: torch.device) -> Tensor:
    """Return the change bands of a layer that took no step: NaN, f8 [7]."""
    shape = (len(BAND_THRESHOLDS),)
    return torch.full(shape, torch.nan, dtype=torch.float64, device=device)


def _pieces(rows: Tensor) -> Iterator[Tensor]:
    """Cut [F, K] into [f, K] of a bounded size, at least one filter each."""
    most = _PIECE_ON_CPU if rows.device.type == "cpu" else _PIECE
    yield from rows.split(max(1, most // rows.shape[1]))


def filter_sums(rows: Tensor) -> Sums:
    """Return the sums of every filter of float32 [F, K], taken in float64."""
    size = rows.shape[1]
    found: list[tuple[Tensor, ...]] = []
    for piece in _pieces(rows):
        wide = piece.double()
        total = wide.sum(dim=1)
        l1 = torch.linalg.vector_norm(wide, ord=1, dim=1)
        l2 = torch.linalg.vector_norm(wide, dim=1)
        # Twice through the numbers, so that a filter of equal weights has no spread at all.
        mean = total / size
        wide -= mean.unsqueeze(1)
        std = torch.linalg.vector_norm(wide, dim=1) / size**0.5
        found.append((total, l1, l2, mean, std))
    return Sums(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def filter_norms(rows: Tensor) -> Tensor:
    """Return the L2 norm of every filter of [F, K], f8 [F]."""
    return torch.cat([torch.linalg.vector_norm(p.double(), dim=1) for p in _pieces(rows)])


def change_bands(update: Tensor, weight: Tensor) -> Tensor:
    """Return the share of parameters with |update| / |weight| of at most each threshold, f8 [7].

    Both are float32 [F, K], the weight is the one before the step; ratio and thresholds are
    float32. An unchanged zero counts in every band, a zero that changed (and a ratio that is
    not a number) in none.
    """
    found = torch.zeros(len(BAND_THRESHOLDS), dtype=torch.int64, device=update.device)
    for step, before in zip(_pieces(update), _pieces(weight), strict=True):
        ratio = (step / before).abs_()
        # 0 / 0 only; NaN of other origins has an update that is not zero.
        ratio.masked_fill_(step == 0, 0.0)
        found += torch.stack([torch.count_nonzero(ratio <= limit) for limit in BAND_THRESHOLDS])
    return found.double() / update.numel()


def norm_ratio(change: Tensor, base: Tensor) -> Tensor:
    """Return change / base of norms [F]: 0 where both are zero, 1 where only the base is."""
    ratio = change / base
    return torch.where(base == 0, (change != 0).double(), ratio)


def changes_between(now: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return ||now - before|| / ||before|| and 1 - cos(now, before) of every filter, f8 [F] each.

    Both are [F, K]. Two zero filters have not changed (0); one zero filter is a change of 1.
    """
    difference, norm_now, norm_before, apart = [], [], [], []
    for piece, old in zip(_pieces(now), _pieces(before), strict=True):
        # Copies, also of what is f8 already: they are changed below, and the weights must not be.
        wide, wide_old = (part.to(torch.float64, copy=True) for part in (piece, old))
        difference.append(torch.linalg.vector_norm(wide - wide_old, dim=1))
        norm_now.append(torch.linalg.vector_norm(wide, dim=1))
        norm_before.append(torch.linalg.vector_norm(wide_old, dim=1))
        wide /= norm_now[-1].unsqueeze(1)
        wide_old /= norm_before[-1].unsqueeze(1)
        apart.append(torch.linalg.vector_norm(wide.sub_(wide_old), dim=1))
    moved, new, base = torch.cat(difference), torch.cat(norm_now), torch.cat(norm_before)
    # 1 - cos is half the squared distance of the unit vectors: no cancellation of 1 - (1 - small).
    cosine = torch.cat(apart).square() / 2
    zero = (new == 0) | (base == 0)
    cosine = torch.where(zero, (new != base).double(), cosine)
    return norm_ratio(moved, base), cosine
