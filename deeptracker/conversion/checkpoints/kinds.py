"""What kind of checkpoint a file or folder is, by its first bytes or by what lies in it."""

import json
from pathlib import Path

from deeptracker.errors import LogError

SAFETENSORS, TORCH, DCP, KERAS, HDF5, ORBAX = (
    "safetensors", "torch", "dcp", "keras", "hdf5", "orbax",
)  # fmt: skip
# What checkpoints are called; what they are, their bytes tell.
SUFFIXES = (
    ".safetensors", ".pt", ".pth", ".pth.tar", ".ckpt", ".bin", ".keras", ".h5", ".hdf5",
)  # fmt: skip
# What PyTorch's own example and timm call theirs; without a word, the number counts epochs.
BY_EPOCH = ".pth.tar"
# Files beside a model that are none; timm's copy in the middle of an epoch.
OTHERS = (
    "optimizer", "scheduler", "training_args", "rng_state", "scaler", "random_states", "recovery-",
)  # fmt: skip
OF_DEEPSPEED = "_optim_states.pt"
# Folders in which libraries keep the checkpoints of a training, beside its table of losses.
WITHIN = ("checkpoints", "checkpoint", "ckpts", "ckpt", "weights", "models", "snapshots")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"


def stem(path: Path) -> str | None:
    """Return the name of a file without what checkpoints end with, None where it ends otherwise."""
    for suffix in (".weights.h5", *SUFFIXES):
        if path.name.endswith(suffix):
            return path.name[: -len(suffix)]
    return None


def kind_of_folder(path: Path) -> str | None:
    """Return DCP or ORBAX for a folder that is such a checkpoint as a whole, else None."""
    if (path / ".metadata").is_file():
        return DCP
    return ORBAX if orbax_tree(path) is not None else None


def orbax_tree(path: Path) -> Path | None:
    """Return the folder with the arrays of one checkpoint of Orbax: itself, or one item in it.

    CheckpointManager keeps items ("default", "params", "state"); the newer interface does, too.
    """
    if _is_tree(path / "_METADATA"):
        return path
    if not (path / "_CHECKPOINT_METADATA").is_file():
        return None
    items = [one for one in sorted(path.iterdir()) if _is_tree(one / "_METADATA")]
    wanted = ("state", "params", "model", "default")
    items.sort(key=lambda one: wanted.index(one.name) if one.name in wanted else len(wanted))
    return items[0] if items else None


def _is_tree(path: Path) -> bool:
    try:
        return path.is_file() and b"tree_metadata" in path.open("rb").read(200)
    except OSError:
        return False


def kind_of_file(path: Path) -> str:
    """Return the kind of a file; LogError where it is no checkpoint of a known kind."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise LogError(path, "", f"cannot be read ({error.strerror})") from error
    if head.startswith(_HDF5):
        return HDF5
    if head.startswith(_ZIP):
        return KERAS if path.suffix == ".keras" else TORCH
    if head[8:9] == b"{" or path.suffix == ".safetensors":
        return SAFETENSORS
    if head.startswith(_PICKLE):
        return TORCH
    raise LogError(
        path,
        "",
        "cannot be read: it is no file of safetensors, PyTorch or Keras, or it is cut off",
    )


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; links are not followed out of it."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(one.lstat().st_size for one in path.rglob("*") if not one.is_symlink())


def step_beside(path: Path) -> int | None:
    """Return the iteration that `trainer_state.json` in the same folder tells, None without it."""
    try:
        found = json.loads((path.parent / "trainer_state.json").read_text("utf-8"))["global_step"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, int) and 0 < found < 2**53 else None
