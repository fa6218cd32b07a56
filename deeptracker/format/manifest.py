"""run.json: what a run is. Read with every entry checked, written complete or not at all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError, UnknownVersion
from deeptracker.format.entries import Entries
from deeptracker.format.files import atomic_write, read_limited
from deeptracker.format.names import FORMAT, STATES, VERSION

MAX_BYTES = 256 * 2**20
MAX_LAYERS = 20_000
MAX_FILTERS = 20_000_000
MAX_CLASSES = 1_000_000
MAX_IMAGES = 20_000_000


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


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write `manifest` to `path` (run.json) complete or not at all; OSError on a full disk."""
    document = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    document["images"] = {
        "class": manifest.images.class_id.tolist(),
        "names": manifest.images.names,
        "digest": manifest.images.digest,
    }
    document["hyperparameters"] = dict(manifest.hyperparameters)
    text = json.dumps(document, ensure_ascii=False, default=str, separators=(",", ":"))
    atomic_write(path, text.encode("utf-8", "backslashreplace"))


def read_manifest(path: Path) -> Manifest:
    """Read and check run.json.

    Unknown entries are ignored (a newer writer may add some). Raises UnknownVersion for another
    version of the format and LogError, which names the entry, for anything else that is wrong.
    """
    try:
        document = json.loads(read_limited(path, MAX_BYTES))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise LogError(path, "", f"is not JSON ({error}); it may be damaged") from error
    entries = Entries(path, document)
    if entries.text("format") != FORMAT:
        raise LogError(path, "format", f"is not {FORMAT!r}; this is not a log of DeepTracker")
    version = entries.integer("version", low=0)
    if version != VERSION:
        raise UnknownVersion(
            path,
            "version",
            f"is {version}, but this DeepTracker reads version {VERSION}; install one that fits",
        )
    classes = entries.names("classes", most=MAX_CLASSES)
    return Manifest(
        run=entries.uuid("run"),
        name=entries.text("name"),
        model=entries.text("model"),
        dataset=entries.text("dataset"),
        created_at=entries.number("created_at"),
        layers=_layers(entries),
        modules=tuple(
            ModuleSpec(item.text("name"), item.text("kind", default=""))
            for item in entries.items("modules", most=10 * MAX_LAYERS, required=False)
        ),
        classes=classes,
        images=_images(entries, len(classes)),
        hyperparameters=entries.mapping("hyperparameters"),
        sampling=_sampling(entries),
        state=entries.choice("state", STATES),
        ended_at=entries.optional("ended_at", entries.number),
        lost_snapshots=entries.integer("lost_snapshots", low=0),
        thumbnail=_thumbnail(entries),
    )


def _layers(entries: Entries) -> tuple[LayerSpec, ...]:
    layers = tuple(
        LayerSpec(
            name=item.text("name"),
            kind=item.text("kind"),
            stage=item.text("stage", default=""),
            block=item.text("block", default=""),
            branch=item.text("branch", default="main"),
            filters=item.integer("filters", low=1, high=MAX_FILTERS),
            parameters=item.integer("parameters", low=1),
            inputs=item.integer("inputs", low=1),
            kernel=item.integers("kernel"),
            stride=item.integers("stride"),
            groups=item.integer("groups", low=1),
        )
        for item in entries.items("layers", most=MAX_LAYERS)
    )
    if not layers:
        raise LogError(entries.path, "layers", "is empty; a run has at least one layer")
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise LogError(entries.path, "layers", f"has the name {twice!r} twice")
    if sum(layer.filters for layer in layers) > MAX_FILTERS:
        raise LogError(entries.path, "layers", f"has more than {MAX_FILTERS} filters in all")
    return layers


def _images(entries: Entries, classes: int) -> Images:
    images = entries.child("images")
    class_id = np.array(images.integers("class", most=MAX_IMAGES), dtype=np.int32)
    if len(class_id) and int(class_id.max()) >= classes:
        raise LogError(
            entries.path, "images.class", f"names class {class_id.max()}, but there are {classes}"
        )
    names = images.optional("names", lambda key: images.names(key, most=MAX_IMAGES))
    if names is not None and len(names) != len(class_id):
        raise LogError(
            entries.path, "images.names", f"has {len(names)} names for {len(class_id)} images"
        )
    return Images(class_id, names, images.text("digest", default=""))


def _sampling(entries: Entries) -> Sampling:
    sampling = entries.child("sampling")
    positive = lambda key: sampling.integer(key, low=1)  # noqa: E731
    return Sampling(
        every=sampling.optional("every", positive),
        iterations_per_epoch=sampling.optional("iterations_per_epoch", positive),
        planned_iterations=sampling.optional("planned_iterations", positive),
    )


def _thumbnail(entries: Entries) -> tuple[int, int] | None:
    size = entries.optional("thumbnail", entries.integers)
    if size is None:
        return None
    if len(size) != 2 or not all(1 <= side <= 1024 for side in size):
        raise LogError(entries.path, "thumbnail", "must be width and height, each 1 to 1024 pixels")
    return size[0], size[1]
