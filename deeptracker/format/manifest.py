"""What a run is: its layers, classes, images, hyperparameters and sampling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format.graph import Graph
from deeptracker.format.names import (
    BAND_THRESHOLDS,
    FILTER_QUANTITIES,
    HISTOGRAM_EDGES,
    OPTIONAL_QUANTITIES,
    QUANTITIES,
    STATISTICS,
    VERSION,
    lacking,
)


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
class Unrecorded:
    """Parameters that are not recorded, for one reason: how many, and how many numbers they hold.

    `names` are their dotted names, those that differ in numbers alone as one, with `*` for these.
    """

    reason: str
    names: tuple[str, ...]
    tensors: int
    parameters: int


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
class Contents:
    """What the arrays of the run's snapshots hold, in their order; default: all known here.

    `edges` are the finite edges of the histogram's bins, rising (B - 1 of them); `capabilities`
    names what the run has (format.CAPABILITIES, or names of a newer writer).
    """

    statistics: tuple[str, ...] = STATISTICS
    quantities: tuple[str, ...] = QUANTITIES
    optional: tuple[str, ...] = OPTIONAL_QUANTITIES
    filters: tuple[str, ...] = FILTER_QUANTITIES
    edges: tuple[float, ...] = tuple(HISTOGRAM_EDGES[1:-1].tolist())
    bands: tuple[float, ...] = BAND_THRESHOLDS
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Something that the writer could not record, or doubts: told once, counted here.

    `kind` is "scalar", "validation", "disk", "optimizer" or the like, `subject` what it is about,
    `first` and `last` the iterations at which it happened, `times` how often.
    """

    kind: str
    subject: str
    text: str
    times: int
    first: int
    last: int


@dataclass(frozen=True)
class Event:
    """A mark on the axis that the script set: iteration, seconds since 1970 (UTC), a name."""

    iteration: int
    at: float
    text: str


@dataclass(frozen=True)
class Generation:
    """One stretch of the training: from the iteration after `start_iteration` on.

    What an earlier generation recorded after `start_iteration` is no part of the run.
    """

    start_iteration: int
    began_at: float


@dataclass(frozen=True)
class Failure:
    """The exception that ended the training: its class, and file and line that it came from."""

    kind: str
    file: str
    line: int


@dataclass(frozen=True)
class Dropped:
    """Something that was not taken from the files of another tool: why, and how many times."""

    reason: str
    times: int


@dataclass(frozen=True)
class Origin:
    """What a run was made of that no Recorder wrote.

    `kinds` of files in words for people, `path` where they are, `files` which of them, by their
    names below it (the first ones), `importer` the version of DeepTracker that read them. `dropped`
    is what was not taken, `notes` how the rest was understood.
    """

    kinds: tuple[str, ...]
    path: str
    files: tuple[str, ...]
    importer: str
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a run is; from the first snapshot on only its course changes, not what it is.

    `run` is a UUID (hex), times are seconds since 1970 (UTC), `thumbnail` is (width, height) of one
    picture of the contact sheets or None where there are none. `lost_snapshots` counts snapshots
    that could not be written. `classes` is empty where nothing is validated. `unrecorded` is what
    of the network is in no layer, `graph` how an image runs through it, each None where the log
    does not say. The course: `state`, `ended_at`, `failure`, `lost_snapshots`, `remarks` (rising
    by first iteration), `events`, `generations` (at least one in version 2). `parent` is the run
    that this one is a copy of, `ancestors` all runs whose snapshots may stand in the folder besides
    its own, `place` the folder in which it was begun, `origin` what a run was made of that no
    Recorder wrote. `version` is that of the log; `unknown` says what a reader of this DeepTracker
    did not take from it.
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
    failure: Failure | None = None
    remarks: tuple[Remark, ...] = ()
    events: tuple[Event, ...] = ()
    generations: tuple[Generation, ...] = ()
    parent: str | None = None
    ancestors: tuple[str, ...] = ()
    place: str = ""
    origin: Origin | None = None
    unrecorded: tuple[Unrecorded, ...] | None = None
    graph: Graph | None = None
    contents: Contents = Contents()
    version: int = VERSION
    unknown: tuple[str, ...] = ()

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return the capabilities that the run does not have; none where the log does not say."""
        return lacking(self.contents.capabilities)

    @cached_property
    def filters(self) -> int:
        """Return F, the number of filters of all layers, which every array of filters has."""
        return sum(layer.filters for layer in self.layers)

    @property
    def filter_offsets(self) -> NDArray[np.int64]:
        """Return where each layer's filters begin, and F at the end: i8 [L + 1]."""
        return np.concatenate([[0], np.cumsum([layer.filters for layer in self.layers])]).astype(
            np.int64
        )
