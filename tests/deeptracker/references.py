"""Plain, slow definitions of every statistic, as FORMAT.md states them."""

import math

import numpy as np

from deeptracker.format import BAND_THRESHOLDS, HISTOGRAM_EDGES


def statistics(values):
    """Statistics of a flat float32 array, one number after the other, in float64."""
    values = np.asarray(values, dtype=np.float32).reshape(-1).astype(np.float64)
    finite = [float(v) for v in values if math.isfinite(v)]
    found = {
        "nan_count": sum(math.isnan(v) for v in values),
        "inf_count": sum(math.isinf(v) for v in values),
    }
    if not finite:
        return found
    ordered = sorted(finite)
    count = len(ordered)
    mean = math.fsum(finite) / count

    def quantile(p):
        place = (count - 1) * p
        low = math.floor(place)
        high = min(low + 1, count - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return found | {
        "minimum": ordered[0],
        "q1": quantile(0.25),
        "median": quantile(0.5),
        "q3": quantile(0.75),
        "maximum": ordered[-1],
        "mean": mean,
        "std": math.sqrt(math.fsum((v - mean) ** 2 for v in finite) / count),
        "total": math.fsum(finite),
        "l1": math.fsum(abs(v) for v in finite),
        "l2": math.sqrt(math.fsum(v * v for v in finite)),
        "zero_share": sum(v == 0 for v in finite) / count,
    }


def histogram(values):
    """Count finite values per bin; a bin holds its lower edge, not its upper one."""
    values = np.asarray(values, dtype=np.float32).reshape(-1).astype(np.float64)
    counts = [0] * (len(HISTOGRAM_EDGES) - 1)
    for value in values:
        if math.isfinite(value):
            bins = [b for b in range(len(counts)) if HISTOGRAM_EDGES[b] <= value]
            counts[max(bins)] += 1
    return counts


def bands(update, weight):
    """Share of parameters whose |update| / |weight| is at most each threshold."""
    update = np.asarray(update, dtype=np.float32).reshape(-1)
    weight = np.asarray(weight, dtype=np.float32).reshape(-1)
    shares = []
    for limit in BAND_THRESHOLDS:
        inside = 0
        for step, before in zip(update, weight, strict=True):
            if before == 0:
                inside += bool(step == 0)
            else:
                with np.errstate(all="ignore"):
                    inside += bool(abs(step / before) <= np.float32(limit))
        shares.append(inside / len(update))
    return shares


def ratio(change, base):
    """||change|| / ||base|| of one filter, with zero defined."""
    top, bottom = math.sqrt(math.fsum(change**2)), math.sqrt(math.fsum(base**2))
    if bottom == 0:
        return 0.0 if top == 0 else 1.0
    return top / bottom


def cosine_change(now, before):
    """1 - cos of one filter, with zero defined."""
    a, b = math.sqrt(math.fsum(now**2)), math.sqrt(math.fsum(before**2))
    if a == 0 or b == 0:
        return 0.0 if a == b else 1.0
    unit = now / a - before / b
    return math.fsum(unit**2) / 2
