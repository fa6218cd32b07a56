"""Saliency at the probes as far as its time allows; what it costs is said."""

import logging
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import Saliency
from deeptracker.run_writer import RunWriter
from deeptracker.saliency import SaliencyMaker

# Of the time since the Recorder was made, what saliency may take; but so many seconds always.
SHARE_OF_TIME, ALWAYS_SECONDS = 0.10, 30.0

log = logging.getLogger("deeptracker")


class Bounded:
    """Makes the maps of a probe, or none where they would take more than their share of the time.

    `seconds` is how long the last ones took, 0 where there were none.
    """

    def __init__(self, maker: SaliencyMaker, writer: RunWriter) -> None:
        self._maker, self._writer = maker, writer
        self._began = time.perf_counter()
        self._spent, self._longest = 0.0, 0.0
        self.most_bytes = maker.most_bytes
        self.seconds = 0.0

    def take(self, iteration: int, prediction: NDArray[np.int64]) -> Mapping[str, Saliency]:
        """Return the maps of each method at an iteration; none, and a remark, where that fails."""
        self.seconds = 0.0
        allowed = max(ALWAYS_SECONDS, SHARE_OF_TIME * (time.perf_counter() - self._began))
        if self._longest and self._spent + self._longest > allowed:
            self._skip(iteration)
            return {}
        began = time.perf_counter()
        try:
            return self._maker.make(prediction)
        except Exception as error:  # the script's own network runs in there
            self._writer.remarks.add(
                "probes",
                f"saliency: {type(error).__name__}",
                f"the probes of iteration {iteration} have no saliency: "
                f"{type(error).__name__}: {error}",
                iteration=iteration,
            )
            return {}
        finally:
            self.seconds = time.perf_counter() - began
            if not self._spent:
                log.info(
                    "saliency: %s of %s images took %.2f s",
                    " and ".join(self._maker.methods),
                    len(prediction),
                    self.seconds,
                )
            self._spent += self.seconds
            self._longest = max(self._longest, self.seconds)

    def _skip(self, iteration: int) -> None:
        self._writer.remarks.add(
            "probes",
            "saliency time",
            f"some probes have no saliency: it takes {self._longest:.1f} s each, and may take "
            f"{100 * SHARE_OF_TIME:.0f} % of the training's time; probe fewer images, or less "
            "often (probe_every=)",
            iteration=iteration,
        )
