"""Checkpoints that are torn, lie, or want more than data: one LogError, within limits."""

import json
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorstore
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file

from deeptracker.conversion.checkpoints import apart
from deeptracker.conversion.checkpoints.reading import Checkpoint, contents_of, find_checkpoints
from deeptracker.errors import LogError

STATE = {f"layers.{n}.weight": torch.ones(8, 8) for n in range(4)}


def read(path: Path) -> None:
    contents_of(Checkpoint(1, False, (path,)))


def refusal(path: Path) -> LogError:
    with pytest.raises(LogError) as caught:
        read(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < len(str(path)) + 1000
    return caught.value


def keras_file(path: Path, change: Callable[[h5py.File], object] = lambda file: None) -> None:
    """Write what Keras does for a dense layer, by the library that it writes with."""
    with h5py.File(path, "w") as file:
        variables = file.create_group("layers/dense/vars")
        variables.attrs["name"] = "dense"
        variables["0"] = np.ones((8, 4), dtype=np.float32)
        change(file)


def cut(path: Path, places: int) -> Iterator[int]:
    """Cut a file at places over all its length, and at some first bytes; give it back whole."""
    data = path.read_bytes()
    try:
        for end in sorted({0, 1, 9, *np.linspace(16, len(data) - 1, places, dtype=int).tolist()}):
            path.write_bytes(data[:end])
            yield end
    finally:
        path.write_bytes(data)


def test_safetensors_cut_at_every_byte_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "1.safetensors"
    save_file(STATE, path)
    for _ in cut(path, path.stat().st_size // 3):
        refusal(path)
    read(path)


@pytest.mark.parametrize("kind", ["zip", "old", "keras", "h5"])
def test_files_cut_at_many_places(tmp_path: Path, kind: str) -> None:
    path = tmp_path / {"zip": "1.pt", "old": "1.pth", "keras": "1.keras", "h5": "1.h5"}[kind]
    if kind in ("zip", "old"):
        torch.save(STATE, path, _use_new_zipfile_serialization=kind == "zip")
    else:
        keras_file(tmp_path / "1.h5")
    if kind == "keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "1.h5", "model.weights.h5")
            archive.writestr("config.json", "{}")
    read(path)
    for _ in cut(path, 8):
        refusal(path)
    read(path)


@pytest.mark.filterwarnings("ignore")
def test_folders_with_a_file_cut_or_missing(tmp_path: Path) -> None:
    dcp.save(STATE, checkpoint_id=tmp_path / "1")
    read(tmp_path / "1")
    for file in (".metadata", "__0_0.distcp"):
        path = tmp_path / "1" / file
        for end in cut(path, 6):
            if end or file != ".metadata":
                refusal(tmp_path / "1")
        moved = path.rename(tmp_path / "kept")
        if file != ".metadata":
            assert "incomplete" in str(refusal(tmp_path / "1"))
        moved.rename(path)


def orbax_folder(path: Path, *, shape: tuple[int, ...] = (4, 3)) -> Path:
    """Write what Orbax does for one array without OCDBT, by the library that it writes with."""
    entry = {
        "key_metadata": [{"key": "a", "key_type": 2}],
        "value_metadata": {"value_type": "jax.Array"},
    }
    (path / "a").mkdir(parents=True)
    (path / "_METADATA").write_text(json.dumps({"tree_metadata": {"('a',)": entry}}))
    meta = {"shape": list(shape), "chunks": list(shape), "dtype": "<f4"}
    store = {"driver": "file", "path": f"{path}/a/"}
    array = tensorstore.open(
        {"driver": "zarr", "kvstore": store, "metadata": meta}, create=True
    ).result()
    if np.prod(shape) < 100:
        array.write(np.ones(shape, dtype=np.float32)).result()
    return path


def test_a_folder_of_orbax_cut_or_lying(tmp_path: Path) -> None:
    folder = orbax_folder(tmp_path / "1")
    read(folder)
    for file in ("_METADATA", "a/.zarray", "a/0.0"):
        for end in cut(folder / file, 3):
            if end or file != "_METADATA":
                refusal(folder)
    large = orbax_folder(tmp_path / "2", shape=(2**20, 2**20))
    assert "claims arrays" in str(refusal(large))
    (tmp_path / "outside").write_text("{}")
    (folder / "a" / ".zarray").unlink()
    (folder / "a" / ".zarray").symlink_to(tmp_path / "outside")
    assert "leads out of its folder" in str(refusal(folder))


# What lies, or leads out of its file.


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.__setitem__("layers/a", h5py.ExternalLink("other.h5", "/x")), "is a link"),
        (lambda f: f.__setitem__("layers/a", h5py.SoftLink("/layers")), "is a link"),
        (lambda f: f.__setitem__("layers/loop", f["layers"]), "more than a file of Keras"),
        (
            lambda f: f["layers"].create_dataset("v", (2, 2), "f4", external=[("other", 0, 16)]),
            "numbers in another file",
        ),
        (
            lambda f: f["layers"].create_virtual_dataset("v", virtual_layout()),
            "numbers in another file",
        ),
        (
            lambda f: f["layers"].create_dataset("v", (2**20, 2**20), "f4", chunks=(8, 8)),
            "claims arrays",
        ),
    ],
)
def test_hdf5_that_leads_out_of_its_file_or_lies(
    tmp_path: Path, change: Callable[[h5py.File], object], said: str
) -> None:
    keras_file(tmp_path / "1.h5", change)
    assert said in str(refusal(tmp_path / "1.h5"))


def virtual_layout() -> h5py.VirtualLayout:
    layout = h5py.VirtualLayout((2, 2), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2, 2))
    return layout


def test_zips_that_unfold(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "1.pt")
    with zipfile.ZipFile(tmp_path / "1.pt", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/more", bytes(10**7))
    assert "is compressed" in str(refusal(tmp_path / "1.pt"))
    with zipfile.ZipFile(tmp_path / "1.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(10**7))
    assert "larger than such a file" in str(refusal(tmp_path / "1.keras"))


def test_a_tensor_that_claims_more_than_it_has(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1).expand(2**20, 2**20)}, tmp_path / "1.pt")
    assert "claims more numbers" in str(refusal(tmp_path / "1.pt"))


def test_an_index_of_shards_stays_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint-3"
    folder.mkdir()
    index = folder / "model.safetensors.index.json"
    for name in ("../1.safetensors", "missing.safetensors"):
        index.write_text(json.dumps({"weight_map": {"a": name}}))
        with pytest.raises(LogError, match=r"outside its own folder|is not there"):
            find_checkpoints(tmp_path)


# Pickles.


def touch(path: str) -> None:
    Path(path).touch()


class Acting:
    """Calls a function of ours when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return touch, (str(self.path),)


def test_a_pickle_that_acts_is_refused_and_does_nothing(tmp_path: Path) -> None:
    acting = Acting(tmp_path / "done")
    torch.save({"state_dict": STATE, "loss": acting}, tmp_path / "1.ckpt")
    said = str(refusal(tmp_path / "1.ckpt"))
    assert "holds more than weights: a tests.deeptracker.test_hostile_checkpoints.touch" in said
    assert "model.state_dict()" in said
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / ".metadata").write_bytes(pickle.dumps(acting))
    assert "which no such file does" in str(refusal(tmp_path / "2"))
    assert not (tmp_path / "done").exists()


# The process apart.


TRIES = """
import os, socket, subprocess, sys
from pathlib import Path
from deeptracker.conversion.checkpoints.confined import confine
kept = Path(sys.argv[1])
confine(0, 5)
for attempt in (
    socket.socket, lambda: subprocess.run(["true"]), lambda: (kept.parent / "new").open("w"),
    lambda: os.system("true"), kept.unlink, lambda: bytearray(2**31),
):
    try:
        attempt()
        print("done")
    except (PermissionError, MemoryError) as error:
        print(type(error).__name__)
"""


def test_the_process_can_do_little(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    command = [sys.executable, "-c", TRIES, str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PermissionError"] * 5 + ["MemoryError"]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_process_that_does_not_answer_is_ended_and_none_knows_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(STATE, tmp_path / "1.pt")
    read(tmp_path / "1.pt")
    assert apart._process is not None
    os.kill(apart._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(apart, "SECONDS", 0.2)
    assert "more time than its size allows" in str(refusal(tmp_path / "1.pt"))
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", "secret")
    read(tmp_path / "1.pt")
    environment = Path(f"/proc/{apart._process.pid}/environ")
    if environment.exists():  # on Linux
        assert b"PYTHONPATH" in environment.read_bytes()
        assert b"secret" not in environment.read_bytes()
