"""Every so many snapshots, what the network sees of the probes is written; the cost is bounded."""

import logging
import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from deeptracker.beside import write_beside
from deeptracker.format import (
    MAP_SIDE,
    MOST_TOP_CLASSES,
    Kernels,
    Probe,
    Tops,
    probe_path,
    quantise_kernels,
    quantise_maps,
    snapshot_path,
    write_probe,
)
from deeptracker.layers import Layer
from deeptracker.probing import Probing, shrunk
from deeptracker.run_writer import RunWriter
from deeptracker.saliency_budget import Bounded
from deeptracker.top_watch import TOP_IMAGES

# What probes may add to the bytes of the snapshots; but so many bytes they may always have.
SHARE_OF_BYTES = 0.15
ALWAYS_BYTES = 128 * 2**10
# Beyond these, over so many probes, that they take long is a remark.
SHARE_OF_TIME, ALWAYS_SECONDS, PROBES_JUDGED = 0.20, 0.05, 5
SIDES = (MAP_SIDE, 14, 12, 10, 8, 7, 6, 5, 4)
# How many images that activate most are kept of each filter, and means of how many classes; what
# they may take of the bytes of a probe.
TOPS = (
    (TOP_IMAGES, MOST_TOP_CLASSES),
    (TOP_IMAGES, 32),
    (6, 24),
    (4, 16),
    (3, 12),
)
TOPS_SHARE = 1 / 3
_KERNEL_BYTES = 128 * 2**10
# Low and high of a map; of a file: its header, and a few of each layer.
_ENDS, _HEADER = 8, 4096

log = logging.getLogger("deeptracker")


class Prober:
    """Takes a probe with the first snapshot and with every so manieth after it."""

    def __init__(
        self, probing: Probing, writer: RunWriter, saliency: Bounded | None = None
    ) -> None:
        self._probing, self._writer, self._saliency = probing, writer, saliency
        self._kernels_of = first_kernels(probing.layers)
        self._snapshots = 0
        self._side: int | None = None
        self._tops: tuple[int, int] | None = None
        # Of the snapshots and of the probes so far, and how many probes there were.
        self._seconds, self._cost, self._taken = 0.0, 0.0, 0

    @property
    def due(self) -> bool:
        """Say whether a probe is taken after the next snapshot that is written."""
        return self._snapshots % self._probing.every == 0

    def after(self, iteration: int, seconds: float) -> None:
        """Take a probe where one is due after a snapshot that was written and took `seconds`.

        What the snapshot spent on the images that activate most is a cost of the probe.
        """
        due, self._snapshots = self.due, self._snapshots + 1
        if due:
            self._tell_time(iteration)
            began = time.perf_counter()
            self._take(iteration)
            for_tops = self._probing.tops.seconds
            self._cost += time.perf_counter() - began + for_tops
            seconds -= for_tops
            if self._saliency is not None:
                # It has a bound of its own.
                self._cost -= self._saliency.seconds
            self._taken += 1
        self._seconds += seconds

    def _take(self, iteration: int) -> None:
        began = time.perf_counter()
        seen, tops = self._probing.see(self._side or MAP_SIDE), self._probing.tops.take()
        if tops is not None:
            tops = self._affordable_tops(tops, iteration)
        if self._side is None:
            self._side = self._affordable(seen.maps, tops, iteration)
            if self._side < MAP_SIDE:
                seen = self._probing.see(self._side)
        bounded = self._saliency
        probe = Probe(
            iteration=iteration,
            recorded_at=time.time(),
            image=self._probing.image,
            prediction=seen.prediction.astype(np.int32),
            probability=seen.probability,
            maps={place: quantise_maps(values) for place, values in seen.maps.items()},
            kernels=self._kernels(),
            saliency={} if bounded is None else bounded.take(iteration, seen.prediction),
            generation=self._writer.generation,
            seconds=time.perf_counter() - began + self._probing.tops.seconds,
            tops=tops,
        )
        path = probe_path(self._writer.path, iteration)
        size = write_beside(
            self._writer,
            path,
            iteration,
            "probes",
            lambda at: write_probe(at, self._writer.manifest, probe),
        )
        self._writer.add_capability("probes")
        if not self._taken and size is not None:
            self._tell(seen.maps, size)

    def _most(self, iteration: int) -> float:
        """Return how many bytes a probe may have, if all snapshots are as that of an iteration."""
        snapshot = snapshot_path(self._writer.path, iteration).stat().st_size
        return max(ALWAYS_BYTES, SHARE_OF_BYTES * snapshot * self._probing.every)

    def _affordable_tops(self, tops: Tops, iteration: int) -> Tops:
        """Return of the images that activate most, and of the classes, as many as may be."""
        if self._tops is None:
            most = TOPS_SHARE * self._most(iteration)
            fitting = (size for size in TOPS if tops.first(*size).nbytes <= most)
            self._tops = next(fitting, TOPS[-1])
        return tops.first(*self._tops)

    def _affordable(
        self, maps: dict[int, NDArray[np.float32]], tops: Tops | None, iteration: int
    ) -> int:
        """Return the largest side of maps whose file is within its share of the bytes."""
        most, kernels = self._most(iteration), self._kernels()
        fixed = _HEADER + (0 if kernels is None else kernels.codes.nbytes + kernels.scale.nbytes)
        fixed += 0 if tops is None else tops.nbytes
        if self._saliency is not None:
            fixed += self._saliency.most_bytes

        def size(side: int) -> int:
            return fixed + sum(
                values.shape[0]
                * values.shape[1]
                * (min(side, values.shape[2]) * min(side, values.shape[3]) + _ENDS)
                for values in maps.values()
            )

        fitting = (side for side in SIDES if size(side) <= most)
        return next(fitting, SIDES[-1])

    def _kernels(self) -> Kernels | None:
        if self._kernels_of is None:
            return None
        layer = self._probing.layers[self._kernels_of]
        weight = layer.effective()
        if weight is None:
            return None
        filters, channels, *_ = weight.shape
        sides = (side for side in SIDES if filters * channels * side**2 <= _KERNEL_BYTES)
        with torch.no_grad():
            small = shrunk(weight.detach(), next(sides, SIDES[-1]))
        return quantise_kernels(self._kernels_of, small.permute(0, 2, 3, 1).cpu().numpy())

    def _tell(self, maps: dict[int, NDArray[np.float32]], size: int) -> None:
        sides = max(max(values.shape[2:]) for values in maps.values())
        log.info(
            "probes: %s images, %s layers, maps of at most %s x %s: %.0f kB every %s snapshots",
            len(self._probing.image),
            len(maps),
            sides,
            sides,
            size / 1000,
            self._probing.every,
        )

    def _tell_time(self, iteration: int) -> None:
        if self._taken < PROBES_JUDGED:
            return
        share, cost = self._cost / self._seconds, self._cost / self._taken
        if share > SHARE_OF_TIME and cost > ALWAYS_SECONDS:
            self._writer.remarks.add(
                "probes",
                "time",
                f"the probes take {cost:.2f} s each, {100 * share:.0f} % of the time of the "
                "snapshots; probe fewer images or layers, or less often (probe_every=)",
                iteration=iteration,
            )


def first_kernels(layers: Sequence[Layer]) -> int | None:
    """Return the place of the first convolution where its kernels are pictures, grey or RGB."""
    for place, layer in enumerate(layers):
        if isinstance(layer.module, nn.Conv2d) and not layer.part.below:
            fits = layer.spec.inputs in (1, 3) and layer.spec.groups == 1
            return place if fits else None
    return None
