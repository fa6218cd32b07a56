"""Settings in files beside a training: hyperparameters in YAML or JSON."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, WholeFile, is_inside
from deeptracker.errors import LogError

# Lightning's, Ultralytics', and what scripts and other libraries call theirs.
NAMES = ("hparams.yaml", "args.yaml", "config.yaml", "config.json", "hparams.json", "args.json")
_MOST_BYTES = 2**20
_MOST_YAML = 2**17  # takes a second or two
# Labels of a thousand classes, for instance, are no settings.
_MOST_ENTRIES = 200
# Anchors of YAML may repeat a part any number of times.
_MOST_PARTS = 20_000
_MAX_DEPTH = 20
# Numbers as ruamel.yaml and people write them, which are texts to YAML 1.1: 1e-05, 2.5e5.
# A commit (1234e56) stays a text: an exponent without a sign is taken after a short number only.
_EXPONENT = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)[eE][-+]\d{1,3}|\d{1,3}(?:\.\d*)?[eE]\d{1,2})$")


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return readers of the settings in a folder, or of the file that it is."""
    if folder.is_file():
        return [SettingsReader(folder)] if folder.name in NAMES else []
    paths = (folder / name for name in NAMES)
    return [SettingsReader(path) for path in paths if path.is_file() and is_inside(path, folder)]


class SettingsReader(WholeFile):
    """A file that holds names and values."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        into.hyperparameters.update(_read(self.path, into.dropped))
        if into.hyperparameters:
            into.kinds.append("settings")


def read_beside(path: Path, root: Path, dropped: dict[str, int]) -> dict[str, Any]:
    """Return the settings in a file below `root`; where it cannot be used, that is in `dropped`."""
    try:
        if not (path.is_file() and is_inside(path, root)):
            return {}
        return _read(path, dropped)
    except OSError as error:
        _count(dropped, f"settings in {path.name}, which cannot be read ({error.strerror})")
    except LogError as error:
        _count(dropped, f"settings in {path.name}: {error.problem}")
    return {}


def _read(path: Path, dropped: dict[str, int]) -> dict[str, Any]:
    """Return the mapping in a file, empty where it holds none; LogError where it is damaged."""
    most = _MOST_BYTES if path.suffix == ".json" else _MOST_YAML
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        _count(dropped, f"settings in {path.name}, which has more than {most >> 10:,} KiB")
        return {}
    try:
        found = json.loads(data) if path.suffix == ".json" else _yaml(data)
        if not isinstance(found, Mapping):
            return {}
        return _cut(found, dropped)
    except ModuleNotFoundError:
        _count(dropped, f"settings in {path.name}: pip install 'deeptracker[tables]'")
        return {}
    except RecursionError as error:
        raise LogError(path, "", "is nested too deeply to hold settings") from error
    except ValueError as error:
        raise LogError(path, "", f"cannot be read as settings ({error})") from error


def cut(found: Mapping[str, Any], dropped: dict[str, int]) -> dict[str, Any]:
    """Return settings without large parts; where there are too many, that is in `dropped`."""
    try:
        return _cut(found, dropped)
    except ValueError as error:
        _count(dropped, f"settings with {error}")
        return {}


def _cut(found: Mapping[str, Any], dropped: dict[str, int]) -> dict[str, Any]:
    left = iter(range(_MOST_PARTS))
    return {str(name): _plain(value, left, dropped) for name, value in found.items()}


def _yaml(data: bytes) -> Any:
    """Return what YAML holds, objects of Python as the plain values that they were written as."""
    import yaml

    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", data):
        depth += 1 if bracket in b"[{" else -1
        if depth > 5 * _MAX_DEPTH:
            raise RecursionError  # YAML's reader would take its time to find that out

    class Loader(yaml.SafeLoader):
        pass

    def plain(loader: Any, tag: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("", plain)
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))
    try:
        return yaml.load(data, Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError(str(error)) from error


def _plain(value: Any, left: Iterator[int], dropped: dict[str, int], depth: int = 0) -> Any:
    """Return a value without large or bottomless parts; ValueError where there is too much."""
    if next(left, None) is None or depth > _MAX_DEPTH:
        raise ValueError("too many values, or such as are nested too deeply")
    if isinstance(value, Mapping):
        if len(value) > _MOST_ENTRIES:
            _count(dropped, f"a setting of more than {_MOST_ENTRIES} entries")
            return {}
        return {str(n): _plain(part, left, dropped, depth + 1) for n, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(part, left, dropped, depth + 1) for part in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _count(dropped: dict[str, int], reason: str) -> None:
    dropped[reason] = dropped.get(reason, 0) + 1
