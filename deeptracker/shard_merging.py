"""The numbers of a network's shards, put together to those of its layers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.format import QUANTITIES, STATISTICS
from deeptracker.lockstep import OneProcess
from deeptracker.shard_quartiles import shared_quartiles

_BANDS = 2 * len(QUANTITIES)
Column = list[NDArray[Any]]


class _Share(NamedTuple):
    """What one process found: columns, whether it is known bool [L, Q], sizes i8 [L]."""

    columns: list[Column]
    known: NDArray[np.bool_]
    sizes: NDArray[np.int64]


def merged(
    group: OneProcess, columns: list[Column], keys: Sequence[Tensor | None], sizes: Sequence[int]
) -> list[Column]:
    """Return the columns of whole layers on the process that writes, elsewhere those given.

    `columns` hold an array per layer each, in the order of `measurement.measure`, of this process's
    shards; `keys` those of each layer and quantity in turn, None where it is not known; `sizes` how
    many numbers a weight has here.
    """
    none = torch.zeros(0, dtype=torch.int32)
    there = np.array([part is not None for part in keys]).reshape(len(sizes), -1)
    share = _Share(columns, there, np.array(sizes, dtype=np.int64))
    group.agree("the numbers of the shards")
    quartiles = shared_quartiles(group, [none if part is None else part for part in keys])
    shares: list[_Share] = group.gather(share)
    if not shares:
        return columns
    return _merge(shares, quartiles.reshape(len(sizes), len(QUANTITIES), -1))


def _merge(shares: list[_Share], quartiles: NDArray[np.float64]) -> list[Column]:
    sizes = np.stack([share.sizes for share in shares])
    found: list[Column] = []
    for place in range(len(QUANTITIES)):
        known = np.stack([share.known[:, place] for share in shares])
        tables = np.stack([np.stack(share.columns[2 * place]) for share in shares])
        odd = tables[..., _COUNTS].sum(axis=-1)
        finite = np.where(known, sizes - odd, 0).astype(np.int64)
        table = _merge_statistics(tables, finite, quartiles[:, place])
        # Known of some shards only: not known of the layer.
        table[(~known & (sizes > 0)).any(axis=0)] = _UNKNOWN
        found.append(list(table))
        counts = np.stack([np.stack(share.columns[2 * place + 1]) for share in shares])
        found.append(list(counts.sum(axis=0)))
    bands = np.stack([np.stack(share.columns[_BANDS]) for share in shares])
    found.append(list(_mean(bands, sizes)))
    for place in range(_BANDS + 1, len(shares[0].columns)):
        per_layer = zip(*(share.columns[place] for share in shares), strict=True)
        found.append([np.concatenate(parts) for parts in per_layer])
    return found


def _merge_statistics(
    tables: NDArray[np.float64], counts: NDArray[np.int64], quartiles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return statistics f8 [L, S] of whole layers from those f8 [P, L, S] of P processes.

    counts: how many finite numbers each has, i8 [P, L]; quartiles: those of the layers, f8 [L, 3].
    """
    of = {name: tables[..., place] for place, name in enumerate(STATISTICS)}
    there = counts > 0
    # A layer that one process holds alone has its own quartiles; no keys of it were counted.
    for place, name in enumerate(("q1", "median", "q3")):
        own = np.where(there, of[name], 0.0).sum(axis=0)
        quartiles[:, place] = np.where(there.sum(axis=0) == 1, own, quartiles[:, place])
    mean = _mean(of["mean"][..., None], counts)[:, 0]
    spread = of["std"] ** 2 + (of["mean"] - mean) ** 2
    variance = _mean(spread[..., None], counts)[:, 0]
    values = {
        "minimum": np.where(there, of["minimum"], np.inf).min(axis=0),
        "q1": quartiles[:, 0],
        "median": quartiles[:, 1],
        "q3": quartiles[:, 2],
        "maximum": np.where(there, of["maximum"], -np.inf).max(axis=0),
        "mean": mean,
        "std": np.sqrt(variance),
        "total": np.where(there, of["total"], 0.0).sum(axis=0),
        "l1": np.where(there, of["l1"], 0.0).sum(axis=0),
        "l2": np.sqrt(np.where(there, of["l2"] ** 2, 0.0).sum(axis=0)),
        "zero_share": _mean(of["zero_share"][..., None], counts)[:, 0],
        "nan_count": of["nan_count"].sum(axis=0),
        "inf_count": of["inf_count"].sum(axis=0),
    }
    found = np.stack([values[name] for name in STATISTICS], axis=1)
    nothing = ~there.any(axis=0)
    found[nothing] = np.where(_COUNTS, found[nothing], np.nan)
    return found


def _mean(values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the means [L, X] of [P, L, X], weighted by counts [P, L]; NaN where all are zero."""
    weights = counts[..., None]
    with np.errstate(invalid="ignore"):
        return np.where(weights > 0, values * weights, 0.0).sum(axis=0) / weights.sum(axis=0)


_COUNTS = np.array([name in ("nan_count", "inf_count") for name in STATISTICS])
_UNKNOWN = np.where(_COUNTS, 0.0, np.nan)
