"""run.json: the manifest read with every entry checked, and written complete or not at all."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.errors import LogError, UnknownVersion
from deeptracker.format.entries import MAX_PLAIN_INTEGER, Entries, fit_text, parse_json
from deeptracker.format.files import atomic_write, read_limited
from deeptracker.format.graph import read_graph
from deeptracker.format.manifest import (
    Contents,
    Images,
    LayerSpec,
    Manifest,
    ModuleSpec,
    Sampling,
)
from deeptracker.format.manifest_course import (
    read_contents,
    read_events,
    read_failure,
    read_generations,
    read_origin,
    read_remarks,
    read_unrecorded,
    unknown_of,
)
from deeptracker.format.names import FORMAT, STATES, VERSION

MAX_BYTES = 64 * 2**20
MAX_LAYERS = 20_000
MAX_MODULES = 10 * MAX_LAYERS
MAX_FILTERS = 20_000_000
MAX_CLASSES = 1_000_000
MAX_IMAGES = 5_000_000
# Lists and objects of the whole document. A byte of JSON can cost 25 bytes of memory as a list, so
# they are counted before the document is taken apart.
MAX_BRACKETS = 2_000_000


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write `manifest` to `path` (run.json) complete or not at all.

    Raises LogError as `manifest_bytes` does, OSError on a full disk.
    """
    atomic_write(path, manifest_bytes(path, manifest))


def manifest_bytes(path: Path, manifest: Manifest) -> bytes:
    """Return the bytes of a run.json; `path` is only named in errors.

    Hyperparameters of other kinds (and NaN, Inf) are written as text. Raises LogError, which names
    the entry, where a reader would refuse it.
    """
    document = {"format": FORMAT, **asdict(manifest), "version": VERSION, "needs": VERSION}
    del document["unknown"]
    document["images"] = {
        "class": manifest.images.class_id.tolist(),
        "names": manifest.images.names,
        "digest": manifest.images.digest,
    }
    document["hyperparameters"] = {
        fit_text(str(name)): _plain(value) for name, value in manifest.hyperparameters.items()
    }
    text = json.dumps(document, ensure_ascii=False, default=_plain, separators=(",", ":"))
    # Lone surrogates become escapes, which the reader's checks then find.
    data = text.encode("utf-8", "backslashreplace")
    if parse_manifest(path, data).run != manifest.run:
        raise LogError(path, "run", f"is {manifest.run!r}; write it as 32 hexadecimal digits")
    return data


def _plain(value: Any, *, within: bool = False) -> Any:
    """Return a value as `Entries.mapping` takes it; what has no such form becomes text."""
    if isinstance(value, (list, tuple)) and not within:
        return [_plain(item, within=True) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= MAX_PLAIN_INTEGER:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return fit_text(str(value))


def read_manifest(path: Path) -> Manifest:
    """Read and check run.json.

    Unknown entries are ignored (a newer writer may add some), and a newer version is read as far as
    it is known: see `Manifest.unknown`. Raises UnknownVersion where the log says that no reader of
    this version understands it, and LogError, which names the entry, for anything else.
    """
    return parse_manifest(path, read_limited(path, MAX_BYTES))


def parse_manifest(path: Path, data: bytes) -> Manifest:
    """Return what the bytes of a run.json say; `path` is only named in errors, see above."""
    if len(data) > MAX_BYTES:
        raise LogError(path, "", f"is {len(data)} bytes long; {MAX_BYTES} are allowed")
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        raise LogError(path, "", f"has more than {MAX_BRACKETS} lists and objects")
    entries = Entries(path, parse_json(path, "", data))
    if entries.optional("format", entries.text) != FORMAT:
        raise LogError(path, "format", f"is not {FORMAT!r}; this is not a log of DeepTracker")
    version = entries.integer("version", low=1)
    needs = entries.optional("needs", lambda key: entries.integer(key, low=1)) or 1
    if needs > VERSION:
        raise UnknownVersion(
            path,
            "version",
            f"is {version}, which needs a reader of version {needs}; this DeepTracker reads "
            f"version {VERSION}, so install a newer one",
        )
    contents = read_contents(entries) if version > 1 else Contents()
    classes, layers = entries.names("classes", most=MAX_CLASSES), _layers(entries)
    return Manifest(
        run=entries.uuid("run"),
        name=entries.name("name"),
        model=entries.text("model"),
        dataset=entries.text("dataset"),
        created_at=entries.time("created_at"),
        layers=layers,
        modules=_modules(entries),
        classes=classes,
        images=_images(entries, len(classes)),
        hyperparameters=entries.mapping("hyperparameters"),
        sampling=_sampling(entries),
        state=_state(entries, version),
        ended_at=entries.optional("ended_at", entries.time),
        lost_snapshots=entries.integer("lost_snapshots", low=0),
        thumbnail=_thumbnail(entries),
        failure=read_failure(entries),
        remarks=read_remarks(entries),
        events=read_events(entries),
        generations=read_generations(entries),
        parent=entries.optional("parent", entries.uuid),
        ancestors=entries.uuids("ancestors", most=1_000),
        place=entries.text("place", default=""),
        origin=read_origin(entries),
        unrecorded=read_unrecorded(entries),
        graph=read_graph(entries, len(layers)),
        contents=contents,
        version=version,
        unknown=unknown_of(version, contents),
    )


def _state(entries: Entries, version: int) -> str:
    """Return the state; one that only a newer version knows is an end of some kind."""
    state = entries.text("state")
    return (
        "stopped" if version > VERSION and state not in STATES else entries.choice("state", STATES)
    )


def _layers(entries: Entries) -> tuple[LayerSpec, ...]:
    layers = tuple(
        LayerSpec(
            name=item.name("name"),
            kind=item.name("kind"),
            stage=item.name("stage", default=""),
            block=item.name("block", default=""),
            branch=item.name("branch", default="main"),
            filters=item.integer("filters", low=1, high=MAX_FILTERS),
            parameters=item.integer("parameters", low=1),
            inputs=item.integer("inputs", low=1),
            kernel=item.integers("kernel"),
            stride=item.integers("stride"),
            groups=item.integer("groups", low=1),
        )
        for item in entries.items("layers", most=MAX_LAYERS)
    )
    _check_once(entries.path, "layers", (layer.name for layer in layers))
    if sum(layer.filters for layer in layers) > MAX_FILTERS:
        raise LogError(entries.path, "layers", f"has more than {MAX_FILTERS} filters in all")
    return layers


def _modules(entries: Entries) -> tuple[ModuleSpec, ...]:
    modules = tuple(
        ModuleSpec(item.name("name"), item.name("kind", default=""))
        for item in entries.items("modules", most=MAX_MODULES, required=False)
    )
    _check_once(entries.path, "modules", (module.name for module in modules))
    return modules


def _check_once(path: Path, field: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise LogError(path, field, f"has the name {name!r} {times} times")


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
