"""Which event files are of one run, and what the series of its sub-folders are called together."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import PurePosixPath

from deeptracker.conversion.collected import known_name

# Sub-folders of one run that writers or scripts make, by what they are of.
TRAINING = frozenset({"train", "training"})
_VALIDATION = frozenset({"validation", "val", "valid", "eval", "evaluation", "dev"})
_PARTS = TRAINING | _VALIDATION | {"test", "testing"}
# Keras counts these by epochs, from 0, in the folders train and validation.
BY_EPOCH = "epoch_"

Place = tuple[str, str]  # sub-folder, "" for that of the run itself, and tag


def bases_of(folders: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """Return the folders of runs, of those that hold event files; all are relative to one place.

    A folder with event files is a run with all that is below it; so is one with a sub-folder such
    as `train` or `validation`.
    """
    return _split(PurePosixPath(), sorted(set(folders)))


def _split(base: PurePosixPath, folders: list[PurePosixPath]) -> list[PurePosixPath]:
    if not folders or base in folders:
        return [base] if folders else []
    depth = len(base.parts)
    children: dict[str, list[PurePosixPath]] = {}
    for folder in folders:
        children.setdefault(folder.parts[depth], []).append(folder)
    if any(name.lower() in _PARTS for name in children):
        return [base]
    return [found for name, below in children.items() for found in _split(base / name, below)]


def by_epoch(place: Place) -> bool:
    """Say whether the steps of a series are epochs."""
    part = PurePosixPath(place[0]).name.lower()
    return place[1].startswith(BY_EPOCH) and part in TRAINING | _VALIDATION


def name_series(places: Mapping[str, Iterable[str]], hparams: Iterable[str]) -> dict[Place, str]:
    """Return the name of each series of a run; no two have the same.

    `places`: the tags of each sub-folder; `hparams`: sub-folders for sets of hyperparameters.
    """
    found: dict[Place, str] = {}
    taken: set[str] = set()
    plain = {"", *hparams}
    # The tags of the run's own folder keep their names, whatever the others are called.
    for folder in sorted(places, key=lambda folder: (folder != "", folder in plain, folder)):
        tags = sorted(places[folder])
        for tag in tags:
            full = f"{folder}/{tag}" if folder else tag or "unnamed"
            wanted = _joined(folder, tag, alone=len(tags) == 1)
            if folder in plain:
                wanted = tag or "unnamed"
            name = next(one for one in _names(wanted, full) if one not in taken)
            taken.add(name)
            found[folder, tag] = name
    return found


def _names(wanted: str, full: str) -> Iterator[str]:
    """Yield what a series may be called, the best first, without an end."""
    yield known_name(wanted)
    yield known_name(full)
    yield full
    yield from (f"{full} ({number})" for number in count(2))


def _joined(folder: str, tag: str, *, alone: bool) -> str:
    """Return what a tag of a sub-folder is called."""
    path = PurePosixPath(folder)
    part = path.name.lower()
    if by_epoch((folder, tag)):
        # As Keras calls them elsewhere.
        name = tag.removeprefix(BY_EPOCH)
        name = name if part in TRAINING else f"val_{name}"
        return "/".join((*path.parent.parts, name))
    # The folders of `add_scalars`: tensorboardX makes tag/key, torch tag_key.
    if alone and tag and f"/{path.parent}".endswith(f"/{tag}"):
        return folder
    start = f"{tag.replace('/', '_')}_"
    if alone and path.name.startswith(start) and len(path.name) > len(start):
        return "/".join((*path.parent.parts, tag, path.name.removeprefix(start)))
    return f"{folder}/{tag}"
