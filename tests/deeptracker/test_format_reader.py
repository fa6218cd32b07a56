"""The reader runs where there is no torch, and FORMAT.md says all that the code knows."""

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import deeptracker.format
from deeptracker.format import (
    BAND_THRESHOLDS,
    BINS,
    HISTOGRAM_EDGES,
    MANIFEST,
    OPTIONAL_QUANTITIES,
    SERIES,
    STATISTICS,
    VERSION,
    Event,
    Failure,
    Generation,
    Graph,
    GraphNode,
    Images,
    LayerSpec,
    Manifest,
    ModuleSpec,
    Remark,
    Sampling,
    Unrecorded,
    entries,
    manifest_file,
    snapshot_file,
    write_manifest,
)
from tests.deeptracker import small_logs

DOCUMENT = (Path(deeptracker.format.__file__).parents[1] / "FORMAT.md").read_text()
PROJECT = Path(__file__).parents[2]

_READ = """
import sys
for name in ("torch", "flask", "dash", "sqlalchemy"):
    sys.modules[name] = None  # importing it raises ImportError
from pathlib import Path
from deeptracker.format import RunDirectory
log = RunDirectory(Path(sys.argv[1]))
manifest = log.manifest()
print([log.snapshot(manifest, iteration).iteration for iteration in log.iterations()])
"""


def test_a_log_is_read_without_torch(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path / "run")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[10, 20, 30]\n", "")


def rows(chapter: str = "") -> dict[str, list[str]]:
    """Return the rows of the tables of FORMAT.md, or of a chapter, by the first code word."""
    found = {}
    for line in "".join(
        part for part in DOCUMENT.split("\n## ") if part.startswith(chapter)
    ).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and (name := re.match(r"`([^`]+)`", cells[0])):
            found[name[1]] = cells
    return found


def test_every_manifest_entry_is_described(tmp_path: Path) -> None:
    full = replace(
        small_logs.manifest(),
        images=Images(np.zeros(1, np.int32), ("a",), "digest"),
        ended_at=1.0,
        thumbnail=(8, 8),
        failure=Failure("ValueError", "train.py", 7),
        remarks=(Remark("scalar", "f1", "is None", 1, 1, 1),),
        events=(Event(3, 1.0, "unfroze"),),
        generations=(Generation(0, 1.0),),
        parent=small_logs.RUN,
        unrecorded=(Unrecorded("bias", ("fc.bias",), 1, 10),),
        graph=Graph((GraphNode("layer", "fc"),)),
    )
    write_manifest(tmp_path / MANIFEST, full)
    written = json.loads((tmp_path / MANIFEST).read_text())
    # What a reader did not know is no entry.
    assert {field.name for field in fields(Manifest)} - {"unknown"} == set(written) - {
        "format",
        "needs",
    }
    names = set(written) | set(written["images"]) | set(written["contents"])
    for kind in (LayerSpec, ModuleSpec, Sampling, GraphNode):
        names |= {field.name for field in fields(kind)}
    described = set(rows())
    assert names <= described, names - described


def test_every_array_is_described_with_its_dtype_and_shape() -> None:
    manifest = small_logs.manifest()
    layers, images = len(manifest.layers), len(manifest.images.class_id)
    sizes = {"L": layers, "S": len(STATISTICS), "B": BINS, "F": manifest.filters, "N": images}
    described = rows("2. Snapshot")
    required = snapshot_file.required_arrays(manifest)
    for name, (dtype, shape) in snapshot_file.arrays_of(manifest).items():
        _, kinds, dimensions, presence, *_ = described[name]
        assert kinds.split(",")[0] == dtype.str[1:], name
        letters = dimensions.strip("`[]").split(", ")
        assert tuple(sizes.get(letter) or int(letter) for letter in letters) == shape, name
        assert presence.startswith("MUST") == (name in required), name
    for quantity in OPTIONAL_QUANTITIES:
        assert described[f"statistics.{quantity}"][3] == "MAY"
    assert {"scalar.NAME.iterations", "scalar.NAME.values", *SERIES} <= set(described)


def test_every_text_of_a_snapshot_is_described(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    data = (tmp_path / "run/snapshots/000000010.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert set(header["__metadata__"]) <= set(rows())


def test_columns_bins_and_thresholds_are_those_of_the_code() -> None:
    first_cells = re.findall(r"^\| ((?:`[a-z0-9_]+`(?:, )?)+) \|", DOCUMENT, re.MULTILINE)
    columns = [name for cell in first_cells for name in re.findall(r"`([a-z0-9_]+)`", cell)]
    assert set(STATISTICS) <= set(columns)
    assert f"`S` = {len(STATISTICS)} statistics, `B` = {BINS} histogram bins" in DOCUMENT
    assert "1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6 |" in DOCUMENT
    assert BAND_THRESHOLDS == (1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    magnitudes = [10 ** (j / 4) for j in range(-32, 9)]
    edges = [-np.inf, *[-m for m in reversed(magnitudes)], *magnitudes, np.inf]
    np.testing.assert_allclose(HISTOGRAM_EDGES, edges, rtol=1e-15)
    assert HISTOGRAM_EDGES[41] < 0 < HISTOGRAM_EDGES[42]


@pytest.mark.parametrize(
    "limit",
    [
        manifest_file.MAX_LAYERS,
        manifest_file.MAX_FILTERS,
        manifest_file.MAX_IMAGES,
        manifest_file.MAX_CLASSES,
        manifest_file.MAX_MODULES,
        manifest_file.MAX_BRACKETS,
        entries.MAX_TEXT,
        entries.MAX_NAME,
        entries.MAX_PLAIN_VALUES,
        snapshot_file.MAX_SCALARS,
        snapshot_file.MAX_SCALAR_VALUES,
    ],
)
def test_every_limit_is_described(limit: int) -> None:
    assert re.search(rf"\b{limit:,}\b", DOCUMENT)


def test_sizes_and_version_are_described() -> None:
    assert f"Version {VERSION}." in DOCUMENT
    assert manifest_file.MAX_BYTES == 64 * 2**20
    assert "at most 64 MiB" in DOCUMENT
    assert snapshot_file.MAX_BESIDES == 128 * 2**20
    assert "plus 128 MiB" in DOCUMENT
