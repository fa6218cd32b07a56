"""Where the nodes of a network's graph stand, and along which points its edges run.

A deep network is a thin line, which no screen shows: the rows of its nodes (network_rows) are
broken into columns, where few edges have to cross from one to the next.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.data.network_rows import Inputs, Trunks, across_of, lowest_of, ranks_of, trunks_of

Floats = NDArray[np.floating]
Point = tuple[float, float]

# Pixels: of a node, from row to row, between two columns, between two nodes or lines of a row.
NODE_WIDTH, NODE_HEIGHT = 128, 28
ROW = 62
BETWEEN = 92
_NODE_ROOM, _LINE_ROOM = NODE_WIDTH + 24, 14
# Of the whole, as screens are wide and high.
ASPECT = 2.0
MOST_COLUMNS = 60
# How far from its even place a column may end, as a share of its rows.
_SLACK = 0.3
_LANES_APART = 5.0


@dataclass(frozen=True)
class Placed:
    """A graph with places, in pixels from the upper left corner.

    x, y: the middle of each node, f4 [N]; column: i4 [N]. points: f4 [P, 2], those of edge e are
    starts[e] to starts[e + 1]; source, target: its nodes, i4 [E].
    """

    x: Floats
    y: Floats
    column: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    points: Floats
    starts: NDArray[np.int32]
    width: float
    height: float


def lay_out(inputs: Inputs) -> Placed:
    """Return places for nodes in topological order, of which each has the nodes of its inputs.

    Where there is no edge at all, the nodes stand below each other in their order.
    """
    rank = ranks_of(inputs)
    trunks = trunks_of(inputs, rank)
    across = across_of(inputs, rank, trunks)
    crossing = np.zeros(max(rank, default=0) + 1, np.int64)
    for one, last in lowest_of(inputs, rank).items():
        crossing[rank[one] + 1 : last + 1] += 1

    @cache
    def page(columns: int) -> _Page:
        return _Page(inputs, rank, trunks, across, _breaks(crossing, columns))

    # The more columns, the wider: the first that is as wide as a screen, or the one before.
    most = min(MOST_COLUMNS, len(crossing))
    wide = bisect_left(range(1, most), True, key=lambda columns: page(columns).shape >= ASPECT) + 1
    nearest = min((max(1, wide - 1), wide), key=lambda n: abs(math.log(page(n).shape / ASPECT)))
    return page(nearest).placed()


def _breaks(crossing: NDArray[np.int64], columns: int) -> list[int]:
    """Return where so many columns of about as many rows each begin, but for the first.

    crossing: i8 [rows], how many nodes above each row are inputs in it or below.
    """
    rows = len(crossing)
    cuts: list[int] = []
    for number in range(1, columns):
        wanted = round(rows * number / columns)
        slack = int(_SLACK * rows / columns)
        low = max(wanted - slack, (cuts[-1] if cuts else 0) + 1)
        high = min(wanted + slack, rows - (columns - number))
        if low > high:
            continue
        # Where few edges have to cross, then as even as can be.
        cuts.append(min(range(low, high + 1), key=lambda row: (crossing[row], abs(row - wanted))))
    return cuts


def _spread(row: Floats, across: Floats, room: Floats) -> Floats:
    """Return pixels for the items of a column: in their order, lines close together.

    What was straight below one another stays so. row, across: of each item; room: its width.
    """
    slots, slot = np.unique(across, return_inverse=True)
    order = np.lexsort((across, row))
    same = row[order][1:] == row[order][:-1]
    left, right = order[:-1][same], order[1:][same]
    apart = (room[left] + room[right]) / 2
    before: list[list[tuple[int, float]]] = [[] for _ in slots]
    for one, other, least in zip(slot[left], slot[right], apart, strict=True):
        before[other].append((one, float(least)))
    found = np.zeros(len(slots))
    for place, neighbours in enumerate(before):
        found[place] = max((found[one] + least for one, least in neighbours), default=0.0)
    pixels: Floats = found[slot]
    return pixels - (pixels - room / 2).min(initial=0.0)


class _Page:
    """The columns side by side: turns rows and lanes into pixels, and edges into points."""

    def __init__(
        self,
        inputs: Inputs,
        rank: Sequence[int],
        trunks: Trunks,
        across: Sequence[float],
        breaks: Sequence[int],
    ) -> None:
        self._inputs, self._rank, self._trunks = inputs, rank, trunks
        row = np.array([*rank, *(row for _, row in trunks)], np.int64)
        room = np.full(len(row), float(_NODE_ROOM))
        room[len(rank) :] = _LINE_ROOM
        first = np.array([0, *breaks], np.int64)
        self._column = np.searchsorted(first, row, side="right") - 1
        self._y = (row - first[self._column] + 0.5) * ROW
        self._x = np.zeros(len(row))
        # Where the room right of each column begins, and how many edges run there.
        self._right = np.zeros(len(first))
        self._bottom = np.zeros(len(first))
        self._used = [0] * len(first)
        left = 0.0
        for column in range(len(first)):
            here = self._column == column
            self._x[here] = left + _spread(row[here], np.array(across)[here], room[here])
            left = float((self._x[here] + room[here] / 2).max())
            self._right[column], self._bottom[column] = left, self._y[here].max()
            left += BETWEEN
        self._width, self._height = left - BETWEEN, float(self._bottom.max()) + ROW / 2
        self._lane: dict[tuple[int, int], int] = {}

    @property
    def shape(self) -> float:
        """Return the width over the height of the whole."""
        return self._width / self._height

    def placed(self) -> Placed:
        """Return the nodes' places and the edges' points."""
        edges = [(one, node) for node, own in enumerate(self._inputs) for one in own]
        paths = [self._path(one, node) for one, node in edges]
        count = len(self._inputs)
        counts = np.array([len(path) for path in paths], np.int32)
        return Placed(
            x=self._x[:count].astype(np.float32),
            y=self._y[:count].astype(np.float32),
            column=self._column[:count].astype(np.int32),
            source=np.array([one for one, _ in edges], np.int32),
            target=np.array([node for _, node in edges], np.int32),
            points=np.array([p for path in paths for p in path], np.float32).reshape(-1, 2),
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            width=float(self._width),
            height=self._height,
        )

    def _path(self, source: int, target: int) -> list[Point]:
        """Return the points of an edge; it turns between two rows alone, so as to cross no node."""
        between = range(self._rank[source] + 1, self._rank[target])
        path: list[Point] = [(float(self._x[source]), self._edge(source, 1))]
        before = source
        for number in [self._trunks[source, row] for row in between]:
            path += self._over(source, before, number)
            x = float(self._x[number])
            path += [(x, self._edge(number, -1)), (x, self._edge(number, 1))]
            before = number
        path += self._over(source, before, target)
        path.append((float(self._x[target]), self._edge(target, -1)))
        return [
            point
            for at, point in enumerate(path)
            if at in (0, len(path) - 1) or not path[at - 1][0] == point[0] == path[at + 1][0]
        ]

    def _edge(self, item: int, side: int) -> float:
        """Return the height of the upper (-1) or the lower (1) edge of what stands in a row."""
        return float(self._y[item]) + side * NODE_HEIGHT / 2

    def _over(self, source: int, before: int, after: int) -> list[Point]:
        """Return the points of an edge on its way from a column to the next: down, aside, up."""
        column = int(self._column[before])
        if column == self._column[after]:
            return []
        lane = self._lane.get((source, column))
        if lane is None:
            lane = self._lane[source, column] = self._used[column]
            self._used[column] += 1
        apart = _LANES_APART * min(lane, 6)
        bottom = self._bottom[column] + NODE_HEIGHT / 2 + 8 + apart
        x = self._right[column] + BETWEEN / 2 - 14 + apart
        return [
            (float(self._x[before]), bottom),
            (x, bottom),
            (x, -4 - apart),
            (float(self._x[after]), -4 - apart),
        ]
