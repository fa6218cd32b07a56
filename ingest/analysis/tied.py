"""Which filters return at chosen snapshots more often than over the whole run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.correlation import TopSets
from ingest.analysis.flip_index import Ints
from ingest.analysis.significance import Floats, benjamini_hochberg, hypergeometric_tail


@dataclass(frozen=True)
class Tied:
    """Filters in the sets of the chosen snapshots, those tied to them most first; arrays [n].

    `filter` is numbered over the network. It is in `times` of the chosen sets and in `base` of the
    population's; `expected` is times by chance, `p` the hypergeometric chance of at least as many,
    `q` corrected over all filters that could be here; `rank` the best one, 1 the most changed. The
    places of its chosen snapshots are at[at_start[f]:at_start[f + 1]].
    """

    layer: Ints
    filter: Ints
    times: Ints
    base: Ints
    rank: Ints
    expected: Floats
    p: Floats
    q: Floats
    at_start: Ints
    at: Ints

    def first(self, most: int) -> "Tied":
        """Return the first `most` filters."""
        kept = {name: column[:most] for name, column in vars(self).items() if column.ndim}
        kept["at_start"] = self.at_start[: most + 1]
        kept["at"] = self.at[: kept["at_start"][-1]]
        return Tied(**kept)


def tied_filters(
    sets: TopSets,
    chosen: NDArray[np.integer],
    *,
    population: NDArray[np.integer],
    layer: int | None = None,
) -> Tied:
    """Return the filters in the sets of `chosen` snapshots, rising by p, then by best rank.

    With `layer` only its own. Null: as many snapshots drawn at random from the population.
    """
    place, members = sets.at(chosen)
    _, everywhere = sets.at(population)
    rank = _ranks(place)
    tests = int(sets.offsets[-1])
    if layer is not None:
        begin, end = sets.offsets[layer], sets.offsets[layer + 1]
        inside = (members >= begin) & (members < end)
        place, members, rank = place[inside], members[inside], rank[inside]
        tests = int(end - begin)
    filters, which, times = np.unique(members, return_inverse=True, return_counts=True)
    base = np.bincount(everywhere, minlength=int(sets.offsets[-1]))[filters]
    drawn = int(np.isin(chosen, population).sum())
    # A snapshot outside of the population, the first, has sets too; it tells nothing.
    hits = np.minimum(times, np.bincount(which, np.isin(chosen, population)[place], len(filters)))
    p = hypergeometric_tail(
        hits.astype(np.int64), base=base, drawn=np.array(drawn), population=len(population)
    )
    best = np.full(len(filters), len(sets.filter) + 1, np.int64)
    np.minimum.at(best, which, rank)
    order = np.lexsort((filters, best, p))
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    by_filter = np.lexsort((place, back[which]))
    return Tied(
        layer=sets.layer_of(filters[order]),
        filter=filters[order],
        times=times[order].astype(np.int32),
        base=base[order].astype(np.int32),
        rank=best[order].astype(np.int32),
        expected=drawn * base[order] / max(1, len(population)),
        p=p[order],
        q=benjamini_hochberg(p[order], tests=tests),
        at_start=np.concatenate([[0], np.cumsum(times[order])]).astype(np.int32),
        at=place[by_filter].astype(np.int32),
    )


def _ranks(place: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return 1, 2, ... again at every place; places come in runs."""
    index = np.arange(len(place))
    begins = np.ones(len(place), bool)
    begins[1:] = place[1:] != place[:-1]
    return np.asarray(index - np.maximum.accumulate(np.where(begins, index, 0)) + 1)
