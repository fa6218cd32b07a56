"""Checkpoints of ResNet-50 made a run with all statistics, against reading the same bytes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

from benchmarks.report import Row, main
from benchmarks.resnet50 import ResNet50

CHECKPOINTS = 100
MOST_TIMES = 2.5
MOST_CHECKPOINTS = 2.0
# In a process of its own: what it takes at most is known from the system. A small conversion first,
# so that what is measured is the checkpoints', not the libraries'.
_CONVERT = """
import sys, time
from pathlib import Path
from deeptracker.conversion.joining import convert

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)

folder, small, out = map(Path, sys.argv[1:])
convert(small, out / "small")
Path("/proc/self/clear_refs").write_text("5")
before, start = kilobytes("VmRSS"), time.perf_counter()
done = convert(folder, out / "run")
memory = (kilobytes("VmHWM") - before) * 1024
print(time.perf_counter() - start, memory, done.snapshots, done.layers)
"""


def _write(folder: Path, number: int) -> int:
    """Write a series of checkpoints, each a little further than the last; return its bytes."""
    torch.manual_seed(0)
    state = {name: tensor.contiguous() for name, tensor in ResNet50().state_dict().items()}
    noise = torch.randn(1 << 22) * 1e-3
    for at in range(1, number + 1):
        for place, tensor in enumerate(state.values()):
            if tensor.ndim > 1:
                start = (at * 7_919 + place * 104_729) % (noise.numel() // 2)
                flat = tensor.view(-1)
                for piece in flat.split(noise.numel() // 2):
                    piece += noise[start : start + piece.numel()]
        path = folder / f"model-{at * 500}.safetensors"
        save_file(state, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return sum(path.stat().st_size for path in folder.iterdir())


def _forget(folder: Path) -> None:
    """Have the system forget the files: a series is larger than what it keeps of files."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(folder: Path) -> float:
    """Read all files into one piece of memory; return the seconds."""
    buffer = bytearray(max(path.stat().st_size for path in folder.iterdir()))
    start = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
    return time.perf_counter() - start


def measure(scale: float) -> Iterator[Row]:
    """Measure from files that are not in memory yet, and from files that are."""
    number = max(2, round(CHECKPOINTS * scale))
    with tempfile.TemporaryDirectory() as name:
        folder, small, out = (Path(name) / part for part in ("series", "small", "out"))
        for each in (folder, small, out):
            each.mkdir()
        save_file({"layer.weight": torch.randn(64, 512)}, small / "1.safetensors")
        size = _write(folder, number)
        for where, prepare in (("not in memory", _forget), ("in memory", _read)):
            prepare(folder)
            reference = _read(folder)
            prepare(folder)
            (out / where).mkdir()
            places = map(str, (folder, small, out / where))
            arguments = [sys.executable, "-c", _CONVERT, *places]
            said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
            seconds, memory, snapshots, layers = map(float, said.split())
            assert (snapshots, layers) == (number, 54)
            cold = prepare is _forget
            yield Row(
                f"{number} checkpoints of ResNet-50 ({size / 1e9:.1f} GB, {where}) made a run; "
                "reference: reading the same bytes",
                seconds,
                "s",
                reference,
                f"at most {MOST_TIMES} x" if cold else "",
                seconds <= MOST_TIMES * reference if cold else None,
            )
            yield Row(
                f"memory that this takes at most; reference: one checkpoint ({where})",
                memory / 1e6,
                "MB",
                size / number / 1e6,
                f"at most {MOST_CHECKPOINTS} x" if cold else "",
                memory <= MOST_CHECKPOINTS * size / number if cold else None,
            )


if __name__ == "__main__":
    main("checkpoints", measure)
