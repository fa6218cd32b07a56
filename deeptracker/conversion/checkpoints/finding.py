"""Which checkpoints a folder holds, and of which iteration each is."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from deeptracker.conversion.checkpoints import kinds
from deeptracker.conversion.checkpoints.clocks import Clock, clocks, said, version
from deeptracker.conversion.checkpoints.contents import Facts
from deeptracker.conversion.told import told
from deeptracker.errors import LogError

_INDEX = ".index.json"
_MOST_INDEX = 64 * 2**20


@dataclass(frozen=True)
class Checkpoint:
    """The files of one checkpoint. `number` counts iterations, or epochs where `by_epoch`.

    `remarks` say what only the folder tells, such as that the weights are an adapter's.
    """

    number: int
    by_epoch: bool
    files: tuple[Path, ...]
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return what to call it in a sentence."""
        return str(self.files[0])


@dataclass(frozen=True)
class Found:
    """The checkpoints of a folder, rising by number, and the names of those without a number.

    `remarks` say of others why they are left out. `nameless` are the files of those without one.
    """

    checkpoints: tuple[Checkpoint, ...]
    unnumbered: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    nameless: tuple[Path, ...] = ()


@dataclass
class _Search:
    """What was found so far, by what is counted and the number."""

    folder: Path
    found: dict[Clock, Checkpoint] = field(default_factory=dict)
    unnumbered: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    nameless: list[Path] = field(default_factory=list)

    def add(self, entry: Path, clock: Clock, files: tuple[Path, ...]) -> None:
        """Take a checkpoint; LogError where it and another one claim to be the same."""
        other = self.found.get(clock)
        if other is None or self._stands_in(entry, other.files[0]):
            self.found[clock] = Checkpoint(clock[1], clock[0], files, _adapter(files[0].parent))

    def _stands_in(self, entry: Path, old: Path) -> bool:
        """Say whether an entry is to be read rather than another one of the same iteration."""
        if _stem(entry) == _stem(old):
            # safetensors, which needs no process apart, where both are there.
            kept, left = (old, entry) if old.suffix == ".safetensors" else (entry, old)
            why = "is the same checkpoint in another form"
        elif version(_stem(entry)) != version(_stem(old)):
            kept, left = sorted((entry, old), key=lambda one: -version(_stem(one)))
            why = f"is an earlier writing of {kept.name}"
        else:
            raise LogError(
                entry,
                "",
                f"is of the same iteration as {old.name}; leave one of them in the folder",
            )
        self.remarks.append(f"{left.name} {why}, and is left out")
        return kept == entry

    def _short(self, checkpoint: Checkpoint) -> str:
        return str(checkpoint.files[0].relative_to(self.folder))

    def add_by_contents(self, entry: Path, files: tuple[Path, ...], facts: Facts | None) -> None:
        """Take a checkpoint whose name tells nothing, where its file does."""
        number = None if facts is None else facts.iteration
        if number is None:
            number = kinds.step_beside(files[0])
        if not number:
            self.unnumbered.append(entry.name)
            self.nameless += files
        elif (other := self.found.get((False, number))) is not None:
            self.remarks.append(
                f"{entry.name} is of iteration {number:,}, as {self._short(other)} is: left out"
            )
        else:
            self.add(entry, (False, number), files)


def find_checkpoints(folder: Path, facts_of: Callable[[Path], Facts] | None = None) -> Found:
    """Return the checkpoints in a folder: files, or folders such as `checkpoint-500`.

    A folder that is one checkpoint itself (DCP, Orbax) is the only one. Of those whose names have
    no number, `facts_of` a file tells the iteration. Raises LogError where two are of the same
    iteration, or a link leads out of the folder.
    """
    search = _Search(folder)
    entries = _entries(folder, search)
    if kinds.kind_of_folder(folder) is not None:
        entries = {folder: (folder,)}
    counted = clocks([_stem(entry) for entry in entries])
    nameless = []
    for entry, files in entries.items():
        clock = _clock(entry, counted[_stem(entry)])
        if clock is None:
            nameless.append((entry, files))
        else:
            search.add(entry, clock, files)
    for entry, files in nameless:
        try:
            facts = None if facts_of is None or len(files) > 1 else facts_of(files[0])
        except LogError as error:
            search.remarks.append(f"{entry.name}: {error.problem}")
            continue
        search.add_by_contents(entry, files, facts)
    return _chosen(search)


def _chosen(search: _Search) -> Found:
    # Where some tell steps and others epochs, the steps are what can be compared.
    found = search.found
    steps = [one for (by_epoch, _), one in found.items() if not by_epoch]
    kept = steps or list(found.values())
    search.remarks += [
        f"{one.files[0].name} is known by its epoch alone, others by their iteration: left out"
        for one in found.values()
        if one not in kept
    ]
    rising = sorted(kept, key=lambda one: one.number)
    return Found(
        tuple(rising), tuple(search.unnumbered), tuple(search.remarks), tuple(search.nameless)
    )


def _stem(entry: Path) -> str:
    if entry.is_dir() and kinds.kind_of_folder(entry) is None and "." not in entry.name:
        return entry.name
    return kinds.stem(entry) or entry.name


def _clock(entry: Path, clock: Clock | None) -> Clock | None:
    """Return what an entry counts, of which `clock` is what its name tells beside others."""
    if clock is None or not entry.name.endswith(kinds.BY_EPOCH) or said(_stem(entry)):
        return clock
    return True, clock[1]


def _entries(folder: Path, search: _Search) -> dict[Path, tuple[Path, ...]]:
    """Return what could be a checkpoint, with its files.

    Where none of it has a number, and a folder for checkpoints (kinds.WITHIN) is there, what is in
    that one, as in a folder of Lightning's or Accelerate's.
    """
    own = dict(_entries_of(folder, search))
    if any(clocks(list(map(_stem, own))).values()):
        return own
    for entry in sorted(folder.iterdir()):
        if entry.name.lower() not in kinds.WITHIN or not entry.is_dir():
            continue
        within = {} if kinds.kind_of_folder(entry) else dict(_entries_of(entry, search))
        if any(clocks(list(map(_stem, within))).values()):
            own.pop(entry, None)
            own |= within
    return own


def _entries_of(folder: Path, search: _Search) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Yield what in a folder could be a checkpoint, with its files."""
    chosen = told(search.folder)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            files = _single(entry)
        elif kinds.kind_of_folder(entry) is not None:
            files = (entry,)
        else:
            files = _model_files(entry)
        for path in files:
            if not path.resolve().is_relative_to(search.folder.resolve()):
                raise LogError(path, "", "leads out of the folder that is to be read")
        if not chosen.belongs(entry):
            files = tuple(filter(chosen.belongs, files))
        if files:
            yield entry, files


def _single(path: Path) -> tuple[Path, ...]:
    known = kinds.stem(path) is not None and path.is_file()
    other = path.name.startswith(kinds.OTHERS) or path.name.endswith(kinds.OF_DEEPSPEED)
    return (path,) if known and not other else ()


def _model_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of the model in the folder of a checkpoint; its shards where it has some."""
    indices = sorted(folder.glob(f"*{_INDEX}"), key=lambda path: "safetensors" not in path.name)
    for index in indices:
        return _shards(index)
    within = sorted(folder.iterdir())
    for item in within:  # Lightning and FSDP keep one folder in another
        own = item.is_dir() and not item.name.startswith("optim")
        if own and kinds.kind_of_folder(item) == kinds.DCP:
            return (item,)
    files = [path for path in within if _single(path)]
    safe = [path for path in files if path.suffix == ".safetensors"]
    return tuple(safe or files)


def _shards(index: Path) -> tuple[Path, ...]:
    try:
        if index.stat().st_size > _MOST_INDEX:
            raise ValueError("it is larger than such a file can be")
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        if not all(isinstance(name, str) and Path(name).name == name for name in names):
            raise LogError(index, "weight_map", "names a file outside its own folder")
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise LogError(index, "weight_map", f"cannot be read ({error})") from error
    if missing := [name for name in names if not (index.parent / name).is_file()]:
        raise LogError(index, "weight_map", f"names {missing[0]}, which is not there")
    return tuple(index.parent / name for name in names)


def _adapter(folder: Path) -> tuple[str, ...]:
    """Return what PEFT's configuration says of an adapter: it is not the whole network."""
    try:
        found = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    if not isinstance(found, Mapping):
        return ()
    kind, base = found.get("peft_type", "an adapter"), found.get("base_model_name_or_path")
    beside = f" beside {base}, which stays as it is" if base else ""
    return (f"the weights are those of PEFT's {kind!s:.40}{beside!s:.200}, not the whole network",)


def nothing_numbered(files: Iterable[Path]) -> str:
    """Return what to say of checkpoints none of which tells its iteration."""
    names = ", ".join(path.name for path in islice(files, 3))
    return (
        f"has no checkpoint with an iteration in its name or in the file, only {names}; rename it, "
        "for instance to step=500 with its ending"
    )
