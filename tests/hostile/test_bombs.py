"""Small files that claim or unfold to gigabytes: refused or left unopened, in little memory."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from deeptracker.errors import LogError
from deeptracker.format import (
    MANIFEST,
    RunDirectory,
    contact_sheet_path,
    read_manifest,
    snapshot_path,
)
from ingest.sources.run_directory import RunDirectorySource
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_json, pack, parts

PROJECT = Path(__file__).parents[2]
# What reading a whole small log may take beside Python, numpy and what they load: address space.
LIMIT = 256 * 2**20
GIGABYTES = 10 * 2**30

READ = """
import resource, sys
from pathlib import Path
from deeptracker.errors import LogError
from ingest.sources.run_directory import RunDirectorySource
source = RunDirectorySource(Path(sys.argv[1]))
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
bad = []
try:
    manifest = source.manifest()
    found = [s.iteration for s in source.snapshots(manifest, source.changed(), on_bad=bad.append)]
    sheets = [number for number, _ in source.contact_sheets(manifest, on_bad=bad.append)]
    print(found, sheets, sep="\\n")
except LogError as error:
    bad.append(error)
for error in bad:
    print(error)
"""


@pytest.fixture
def run(tmp_path):
    small_logs.write_small_log(tmp_path / "run", iterations=(10, 20))
    return tmp_path / "run"


def read_with_little_memory(run):
    """Return what a process says that reads the log with LIMIT bytes of memory."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(run), str(LIMIT)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def claim(header):
    """Let all arrays together claim ten gigabytes."""
    for name, entry in header.items():
        if name != "__metadata__":
            entry["shape"] = [GIGABYTES // 4]
            entry["data_offsets"] = [0, GIGABYTES]


def claim_one(header):
    header["bands"]["shape"] = [GIGABYTES // 4]
    header["bands"]["data_offsets"][1] = header["bands"]["data_offsets"][0] + GIGABYTES


def overflow(header):
    """Let the product of a shape wrap around 64 bits to what fits."""
    header["bands"]["shape"] = [2**32, 2**32, *header["bands"]["shape"]]


def many_dimensions(header):
    header["bands"]["shape"] = [1] * 100_000 + header["bands"]["shape"]


CLAIMS = [claim, claim_one, overflow, many_dimensions]


def sparse(path):
    os.truncate(path, GIGABYTES)


def long_header(path):
    path.write_bytes(GIGABYTES.to_bytes(8, "little") + b"{" + path.read_bytes())


def nested(path):
    path.write_bytes(pack(b"[" * 4_000_000, b""))


def test_claims_of_a_snapshot(run):
    """All kinds in one log: each is refused by name, and the good snapshot is read."""
    good = snapshot_path(run, 10).read_bytes()
    written = []
    for number, change in enumerate(CLAIMS, start=30):
        path = snapshot_path(run, number)
        path.write_bytes(good)
        header, body = parts(path)
        change(header)
        path.write_bytes(pack(header, body))
        written.append(path)
    for number, change in enumerate([sparse, long_header, nested], start=50):
        path = snapshot_path(run, number)
        path.write_bytes(good)
        change(path)
        written.append(path)
    found, _, *errors = read_with_little_memory(run).splitlines()
    assert found == "[10, 20]"
    assert len(errors) == len(written)
    for path, error in zip(written, errors, strict=True):
        assert error.startswith(f"{path}: ")


HUGE = {
    "filters": (("layers", 0, "filters"), 20_000_001),
    "parameters": (("layers", 0, "parameters"), 2**53),
    "inputs": (("layers", 0, "inputs"), 2**53),
    "kernel": (("layers", 0, "kernel"), [2**31 - 1] * 16),
    "planned": (("sampling", "planned_iterations"), 2**53),
    "classes": (("classes",), ["a"] * 1_000_001),
    "thumbnail": (("thumbnail",), [2**31 - 1, 2**31 - 1]),
}


@pytest.mark.parametrize("name", HUGE)
def test_claims_of_a_manifest(run, name):
    """Refused by name, or taken for what it is: a number that costs nothing."""
    edit_json(run / MANIFEST, *HUGE[name])
    if name in ("parameters", "inputs", "kernel", "planned"):
        manifest = read_manifest(run / MANIFEST)
        assert RunDirectory(run).snapshot(manifest, 10).iteration == 10
    else:
        with pytest.raises(LogError, match=name):
            read_manifest(run / MANIFEST)


def webp(width, height, *, size=64):
    """Return the head of a lossless WebP that says it has width x height pixels."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(size)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def png_bomb():
    """Return a PNG of 60,000 x 60,000 black pixels: kilobytes that unfold to 10 gigabytes."""

    def part(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(bytes(60_001 * 50), 9)
    head = part(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", rows) + part(b"IEND", b"")


SHEETS = {
    0: webp(16_384, 16_384),
    1: png_bomb(),
    2: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(100),
    3: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    4: b"RIFF\xff\xff\xff\xffWEBP",
    5: b"",
}


def test_pictures(tmp_path):
    """Only a WebP of the size that the manifest lets expect is taken; nothing is unfolded."""
    run = tmp_path / "run"
    small_logs.write_small_log(run, iterations=(10,))
    edit_json(run / MANIFEST, ("classes",), [f"class {number}" for number in range(8)])
    edit_json(run / MANIFEST, ("thumbnail",), [8, 8])
    edit_json(run / MANIFEST, ("images", "class"), [0, 1, 4, 7, 7])
    (run / "thumbnails").mkdir()
    for number, data in SHEETS.items():
        contact_sheet_path(run, number).write_bytes(data)
    contact_sheet_path(run, 6).touch()
    os.truncate(contact_sheet_path(run, 6), GIGABYTES)
    contact_sheet_path(run, 7).write_bytes(webp(16, 8))
    found, sheets, *errors = read_with_little_memory(run).splitlines()
    assert (found, sheets) == ("[10]", "[7]")
    assert len(errors) == 7
    assert all(str(run / "thumbnails") in error for error in errors)


def test_links_and_devices_in_the_place_of_files(run, tmp_path):
    """Nothing outside the log is opened, and nothing that never ends."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for number, target in enumerate([secret, "/dev/zero", "/proc/self/environ", run], start=30):
        snapshot_path(run, number).symlink_to(target)
    os.mkfifo(snapshot_path(run, 40))
    source, bad = RunDirectorySource(run, roots=[tmp_path]), []
    manifest = source.manifest()
    found = list(source.snapshots(manifest, source.changed(), on_bad=bad.append))
    assert [snapshot.iteration for snapshot in found] == [10, 20]
    assert len(bad) == 5
    assert "secret" not in " ".join(error.problem for error in bad)
    (run / MANIFEST).unlink()
    (run / MANIFEST).symlink_to(secret)
    with pytest.raises(LogError, match="symbolic link"):
        source.manifest()
