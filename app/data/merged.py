"""Statistics of nodes of the tree: of a layer as stored, of what holds layers as merged."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.data.tree import Node, build_tree
from db.queries.measurements import snapshots
from db.queries.measurements.layer_shapes import layer_bands, layer_histograms
from db.queries.measurements.layer_stats import layer_profile, profile_at
from db.queries.runs import structure
from deeptracker.catalogue import RATIO_PER_RATE
from deeptracker.format import BINS, OPTIONAL_QUANTITIES
from ingest.analysis.merge import (
    NEEDS,
    QUARTILES,
    merge,
    merge_bands,
    norm_ratio,
    quartiles_of,
)

# Histograms of so many layers at a time: 14 MB at 840 snapshots.
BATCH = 50


class MergedNetwork:
    """The tree of a run, and any statistic of its nodes; every array is read once.

    With `only`, the iteration of a snapshot, that one alone is read, as if the run had no other.
    """

    def __init__(self, session: Session, run_id: int, *, only: int | None = None) -> None:
        self.session, self.run_id, self._only = session, run_id, only
        self.layers = structure.layers(session, run_id=run_id)
        self.nodes = build_tree(self.layers)
        self._profiles: dict[tuple[str, str], NDArray[np.float32]] = {}

    @cached_property
    def iteration(self) -> NDArray[np.int32]:
        """Return the iterations of the snapshots, i4 [T]."""
        every = snapshots.iterations(self.session, run_id=self.run_id)
        return every if self._only is None else every[every == self._only]

    def at(self, places: NDArray[np.integer]) -> list[Node]:
        """Return the nodes at these places."""
        return [self.nodes[place] for place in places]

    def profile(self, quantity: str, statistic: str) -> NDArray[np.float32]:
        """Return one statistic of all layers, f4 [L, T]."""
        key = (quantity, statistic)
        if key not in self._profiles:
            self._profiles[key] = self._read(quantity, statistic)
        return self._profiles[key]

    def _read(self, quantity: str, statistic: str) -> NDArray[np.float32]:
        session, run_id = self.session, self.run_id
        if self._only is None:
            return layer_profile(session, run_id=run_id, quantity=quantity, statistic=statistic)
        found = profile_at(
            session,
            run_id=run_id,
            quantity=quantity,
            statistics=(statistic,),
            iterations=self.iteration.tolist(),
        )
        return found[0].T

    def statistic(
        self, quantity: str, statistic: str, nodes: Sequence[Node]
    ) -> NDArray[np.float32]:
        """Return one statistic of nodes, f4 [n, T]; NaN where not defined or not to be merged.

        Quartiles of what holds layers are NaN here: see `shapes`. The counts that a merge needs are
        not known of activations, which therefore are not merged.
        """
        own = self.profile(quantity, statistic)
        found = np.full((len(nodes), own.shape[1]), np.nan, np.float32)
        single = [at for at, node in enumerate(nodes) if node.layer >= 0]
        if single:
            found[single] = own[[nodes[at].layer for at in single]]
        grouped = [at for at, node in enumerate(nodes) if node.layer < 0]
        if grouped and statistic in NEEDS and quantity not in OPTIONAL_QUANTITIES:
            statistics = {name: self.profile(quantity, name) for name in NEEDS[statistic]}
            members = [nodes[at].members for at in grouped]
            found[grouped] = merge(statistic, statistics, self.layers.parameters, members)
        return found

    def ratio(self, measure: str, nodes: Sequence[Node]) -> NDArray[np.float32]:
        """Return one of RATIOS of nodes at each snapshot's step, f4 [n, T]."""
        found = norm_ratio(
            self.statistic("update", "l2", nodes), self.statistic("weight", "l2", nodes)
        )
        if measure == RATIO_PER_RATE:
            return per_rate(found, snapshots.snapshots(self.session, run_id=self.run_id))
        return found

    def odd(self, quantity: str, nodes: Sequence[Node]) -> NDArray[np.uint8]:
        """Return where values of nodes are not finite, u1 [n, T]: 1 NaN, 2 Inf, 3 both, else 0."""
        found = np.zeros((len(nodes), len(self.iteration)), np.uint8)
        for code, name in enumerate(("nan_count", "inf_count"), start=1):
            if (self.profile(quantity, name) > 0).any():  # which it hardly ever is
                found |= np.where(self.statistic(quantity, name, nodes) > 0, code, 0).astype("u1")
        return found

    def bands(self, nodes: Sequence[Node]) -> NDArray[np.float32]:
        """Return the change bands of nodes, f4 [n, K, T]."""
        wanted = _members(nodes)
        own = layer_bands(
            self.session,
            run_id=self.run_id,
            layers=wanted.tolist(),
            snapshots=len(self.iteration),
        ).transpose(0, 2, 1)
        members = [np.searchsorted(wanted, node.members) for node in nodes]
        return merge_bands(own, self.layers.parameters[wanted], members)

    def histograms(
        self, quantity: str, nodes: Sequence[Node], columns: NDArray[np.integer] | None = None
    ) -> NDArray[np.integer]:
        """Return the histograms of nodes, [n, T, B], each the sum of those of its layers.

        Where `columns` [S] names some of the snapshots by their places, rising: [n, S, B].
        """
        wanted = _members(nodes)
        count = len(self.iteration) if columns is None else len(columns)
        # Half the memory where no count can be larger.
        small = self.layers.parameters.sum() < 2**32
        dtype = np.uint32 if small else np.int64
        found = np.zeros((len(nodes), count, BINS), dtype)
        holders: dict[int, list[int]] = {}
        for at, node in enumerate(nodes):
            for layer in node.members.tolist():
                holders.setdefault(layer, []).append(at)
        for start in range(0, len(wanted), BATCH):
            each = layer_histograms(
                self.session,
                run_id=self.run_id,
                quantity=quantity,
                layers=wanted[start : start + BATCH].tolist(),
                iterations=None if columns is None else self.iteration[columns].tolist(),
            )
            for layer, own in each:
                for at in holders[layer]:
                    found[at] += own
        return found

    def quartiles(
        self, quantity: str, nodes: Sequence[Node], histogram: NDArray[np.integer]
    ) -> dict[str, NDArray[np.float32]]:
        """Return q1, median and q3 of nodes, f4 [n, T] each.

        Those of layers are exact; those of what holds layers come from the merged histogram.
        """
        found = {name: self.statistic(quantity, name, nodes) for name in QUARTILES}
        grouped = [at for at, node in enumerate(nodes) if node.layer < 0]
        of_groups = histogram[grouped]
        if of_groups.any():
            holders = [nodes[at] for at in grouped]
            low = self.statistic(quantity, "minimum", holders)
            high = self.statistic(quantity, "maximum", holders)
            merged = quartiles_of(of_groups, low, high)
            for name, values in merged.items():
                found[name][grouped] = values
        return found


def _members(nodes: Sequence[Node]) -> NDArray[np.int32]:
    """Return the layers below any of the nodes, rising."""
    if not nodes:
        return np.zeros(0, np.int32)
    return np.unique(np.concatenate([node.members for node in nodes]))


def per_rate(ratio: NDArray[np.float32], at: snapshots.Snapshots) -> NDArray[np.float32]:
    """Return a ratio f4 [n, T] in relation to the learning rate at each snapshot.

    NaN where the rate is 0, not known or not finite: an update there is not due to the rate.
    """
    rate = np.where(
        np.isfinite(at.learning_rate) & (at.learning_rate > 0), at.learning_rate, np.nan
    )
    return (ratio / rate).astype(np.float32)
