"""What a run is: its layers, classes, images, hyperparameters and sampling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LayerSpec:
    """One recorded layer. Its filters follow those of the layer before it in every [F] array.

    `stage` and `block` are the two levels above it ("" where the model has none); `branch` is
    "main" or "shortcut". `inputs` are the input channels of one filter, `kernel` its sizes ([] for
    linear and normalisation layers), `parameters` the number of weights.
    """

    name: str
    kind: str
    stage: str
    block: str
    branch: str
    filters: int
    parameters: int
    inputs: int
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    groups: int


@dataclass(frozen=True)
class ModuleSpec:
    """One module on the way from the model to a layer: its dotted name and its Python class."""

    name: str
    kind: str


@dataclass(frozen=True)
class Images:
    """The validation images: the class of each, i4 [N], optionally a name of each, a digest."""

    class_id: NDArray[np.int32]
    names: tuple[str, ...] | None = None
    digest: str = ""


@dataclass(frozen=True)
class Sampling:
    """Which iterations become snapshots; None: not known."""

    every: int | None = None
    iterations_per_epoch: int | None = None
    planned_iterations: int | None = None


@dataclass(frozen=True)
class Manifest:
    """What a run is; everything but the state stays as it is from the first snapshot on.

    `run` is a UUID (hex), times are seconds since 1970 (UTC), `thumbnail` is (width, height) of one
    picture of the contact sheets or None where there are none. `lost_snapshots` counts snapshots
    that could not be written. `classes` is empty where nothing is validated.
    """

    run: str
    name: str
    model: str
    dataset: str
    created_at: float
    layers: tuple[LayerSpec, ...]
    modules: tuple[ModuleSpec, ...] = ()
    classes: tuple[str, ...] = ()
    images: Images = field(default_factory=lambda: Images(np.zeros(0, np.int32)))
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    sampling: Sampling = Sampling()
    state: str = "recording"
    ended_at: float | None = None
    lost_snapshots: int = 0
    thumbnail: tuple[int, int] | None = None

    @property
    def filters(self) -> int:
        """Return F, the number of filters of all layers."""
        return sum(layer.filters for layer in self.layers)

    @property
    def filter_offsets(self) -> NDArray[np.int64]:
        """Return where each layer's filters begin, and F at the end: i8 [L + 1]."""
        return np.concatenate([[0], np.cumsum([layer.filters for layer in self.layers])]).astype(
            np.int64
        )
