"""Is it more than chance that a layer moved when a class was anomalous?

Null hypothesis: what moved at each snapshot stays as it was, so that layers keep their sizes and
how often and how strongly each of them moves; a class keeps its number of iterations, but these are
drawn at random, without repeats, among the snapshots of the run (the population). So a layer that
always moves is not called related to a class. The other null that comes to mind, filters drawn at
random at every iteration, would call every busy layer related to every class.

Snapshots are exchangeable under this null. Those of a training resemble their neighbours, so a
small p says that layer and class stirred at the same time, not that one caused the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ingest.analysis.correlation import totals
from ingest.analysis.flip_index import Ints

Floats = NDArray[np.float64]


def hypergeometric_tail(
    hits: NDArray[np.integer],
    *,
    base: NDArray[np.integer],
    drawn: NDArray[np.integer],
    population: int,
) -> Floats:
    """Return P(X >= hits) of X marked ones among `drawn` of `population` that holds `base` marked.

    The arrays broadcast. The sum of the exact terms; each distinct question is answered once.
    """
    hits, base, drawn = np.broadcast_arrays(hits, base, drawn)
    chance = np.ones(hits.shape)
    real = hits > 0
    if not real.any():
        return chance
    side = population + 1
    pair = base[real].astype(np.int64) * side + drawn[real]
    pairs, which = np.unique(pair, return_inverse=True)
    marked, taken = pairs // side, pairs % side
    most = int(np.minimum(marked, taken).max())
    found = np.arange(1, most + 1)
    log = gammaln(np.arange(side + 1) + 1)
    choose = lambda n, k: log[n] - log[k] - log[n - k]  # noqa: E731
    term = np.zeros((len(pairs), most + 2))
    # In pieces: a long run may ask for thousands of pairs with hundreds of terms.
    for begin in range(0, len(pairs), 4_096):
        part = slice(begin, begin + 4_096)
        m, n = marked[part, None], taken[part, None]
        possible = (found <= np.minimum(m, n)) & (n - found <= population - m)
        x = np.where(possible, found, np.maximum(0, n - (population - m)))
        value = choose(m, x) + choose(population - m, n - x) - choose(population, n)
        term[part, 1:-1] = np.where(possible, np.exp(value), 0.0)
    tail = np.cumsum(term[:, ::-1], axis=1)[:, ::-1]
    chance[real] = np.minimum(1.0, tail[which, np.minimum(hits[real], most + 1)])
    return chance


def expected_distinct(
    filters_by_base: NDArray[np.integer], *, drawn: NDArray[np.integer], population: int
) -> Floats:
    """Return the distinct filters expected in `drawn` [C] snapshots of the population, [R, C].

    `filters_by_base` [R, B]: how many filters of each layer are in the set of exactly b snapshots.
    A filter of b is missed by all with the chance C(P - b, n) / C(P, n).
    """
    base = np.arange(filters_by_base.shape[1])
    number, which = np.unique(drawn, return_inverse=True)
    log = gammaln(np.arange(population + 1) + 1)
    rest = population - base[:, None] - number[None, :]
    miss = np.exp(
        log[np.maximum(0, population - base)][:, None]
        + log[population - number][None, :]
        - log[np.maximum(0, rest)]
        - log[population]
    )
    met = 1.0 - np.where(rest >= 0, miss, 0.0)
    met[0] = 0.0
    return np.asarray((filters_by_base @ met)[:, which])


@dataclass(frozen=True)
class Presence:
    """How unusual the presence of each layer is at the moments of each class, all [R, C].

    `p` f8; the presence is that of at least `level` filters (0: the layer holds none), found at
    `hits` moments of the class and at `base` snapshots of the population.
    """

    p: Floats
    level: NDArray[np.uint8]
    hits: Ints
    base: Ints


def judge_presence(holds: Ints, has: NDArray[np.float32], at: NDArray[np.integer]) -> Presence:
    """Test every layer against every class.

    `holds` i4 [P, R] are the sizes of the layers' sets over the population, `has` f4 [C, I] the
    moments of the classes, `at` [I] the rows of `holds` that they are at. A layer is looked at on
    the levels 1, 2, 4, ... filters; the smallest p is multiplied by the number of levels that
    differ for the layer (Bonferroni), so that the choice of the best one costs what it should.
    """
    population, layers = holds.shape
    drawn = has.sum(axis=1).astype(np.int64)
    shape = (layers, len(has))
    best = np.full(shape, np.inf)
    level = np.zeros(shape, np.uint8)
    hits, base = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    tried = np.zeros(layers, np.int64)
    before = np.full(layers, -1, np.int64)
    for number in 2 ** np.arange(8):
        marked = (holds >= number).sum(axis=0)
        if not marked.any():
            break
        found = totals(has, holds[at] >= number)
        # A level that says the same as the one below, or what is always so, is no further try.
        new = (marked > 0) & (marked != before) & (marked < population)
        before = marked
        tried += new
        p = np.ones(shape)
        p[new] = hypergeometric_tail(
            found[new], base=marked[new, None], drawn=drawn[None, :], population=population
        )
        better = (found > 0) & (p < best)
        best = np.where(better, p, best)
        level[better] = number
        hits = np.where(better, found, hits)
        base = np.where(better, marked[:, None], base)
    corrected = np.minimum(1.0, best * np.maximum(1, tried)[:, None])
    return Presence(corrected, level, hits.astype(np.int32), base.astype(np.int32))


def benjamini_hochberg(p: NDArray[np.floating], *, tests: int | None = None) -> Floats:
    """Return p corrected for the number of tests, in the shape of `p`.

    q <= limit keeps the expected share of false ones among the chosen at most `limit` (Benjamini
    and Hochberg 1995), also where tests depend on one another positively. `tests` counts also
    those of p = 1 that are not in `p`.
    """
    flat = np.asarray(p, np.float64).ravel()
    number = len(flat) if tests is None else tests
    order = np.argsort(flat, kind="stable")
    ranked = flat[order] * number / np.arange(1, len(flat) + 1)
    smallest = np.minimum.accumulate(ranked[::-1])[::-1]
    corrected = np.empty_like(flat)
    corrected[order] = np.minimum(1.0, smallest)
    return corrected.reshape(np.shape(p))
