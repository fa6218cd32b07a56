"""In which row each node of a network's graph stands, and in which order from left to right.

Nodes stand below those that their input comes from, and side by side where the ways part
(fast-sugiyama: Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System
Structures", IEEE Trans. SMC 1981).
"""

from collections.abc import Sequence

from fast_sugiyama import from_edges

# By node in topological order: the nodes that its input comes from.
Inputs = Sequence[Sequence[int]]
# (node, row below it) -> number of a point that its edges run through.
Trunks = dict[tuple[int, int], int]


def ranks_of(inputs: Inputs) -> list[int]:
    """Return the row of each node: one below the lowest of its inputs."""
    if not any(inputs):
        return list(range(len(inputs)))
    rank = [0] * len(inputs)
    for node, own in enumerate(inputs):
        rank[node] = max((rank[one] + 1 for one in own), default=0)
    # What has no input, such as a parameter, stands right above where it is used.
    first: dict[int, int] = {}
    for node, own in enumerate(inputs):
        for one in own:
            first[one] = min(first.get(one, rank[node]), rank[node])
    return [
        first[node] - 1 if not own and node in first else rank[node]
        for node, own in enumerate(inputs)
    ]


def trunks_of(inputs: Inputs, rank: Sequence[int]) -> Trunks:
    """Return what long edges run through: for (node, row below it) a number from N on.

    All edges of a node share one, however many nodes use its output: else the lines of a dense
    network would be as many as pairs of its layers.
    """
    trunks: Trunks = {}
    for one, last in lowest_of(inputs, rank).items():
        for row in range(rank[one] + 1, last):
            trunks[one, row] = len(inputs) + len(trunks)
    return trunks


def lowest_of(inputs: Inputs, rank: Sequence[int]) -> dict[int, int]:
    """Return the lowest row at which each node is an input."""
    lowest: dict[int, int] = {}
    for node, own in enumerate(inputs):
        for one in own:
            lowest[one] = max(lowest.get(one, 0), rank[node])
    return lowest


def across_of(inputs: Inputs, rank: Sequence[int], trunks: Trunks) -> list[float]:
    """Return the place from left to right of each node and each point of a trunk, in any unit."""
    edges = set()
    for node, own in enumerate(inputs):
        for one in own:
            edges.add((trunks.get((one, rank[node] - 1), one), node))
    for (one, row), number in trunks.items():
        edges.add((trunks.get((one, row - 1), one), number))
    found = [0.0] * (len(inputs) + len(trunks))
    if not edges:
        return found
    # Every edge leads to the next row: so that the library's rows are ours, hold all by the row
    # above, and take the ranking that is fast.
    above = dict(zip(rank, range(len(rank)), strict=True))
    edges |= {
        (above[rank[node] - 1], node)
        for node, own in enumerate(inputs)
        if not own and rank[node] - 1 in above
    }
    left = 0.0
    for positions, width, *_ in from_edges(sorted(edges), ranking_type="up"):
        least = min(x for _, (x, _) in positions)
        for item, (x, _) in positions:
            found[int(item)] = left + x - least
        left += width + 1
    # What no edge leads to or from stands right of all others.
    joined = {item for edge in edges for item in edge}
    for node in range(len(inputs)):
        if node not in joined:
            found[node], left = left, left + 1
    return found
