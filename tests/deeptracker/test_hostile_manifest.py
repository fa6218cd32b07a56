"""A manifest that is torn, wrong or hostile gives one LogError that names file and entry."""

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeptracker.errors import LogError, UnknownVersion
from deeptracker.format import MANIFEST, read_manifest
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_json, refusal

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    small_logs.write_small_log(tmp_path / "run", iterations=())
    return tmp_path / "run" / MANIFEST


def refused(path: Path) -> LogError:
    return refusal(lambda: read_manifest(path), path)


WRONG_TEXTS = [
    7,
    None,
    True,
    ["a"],
    {},
    "a\x00b",
    "a\nb",
    "a\x1b[31m",
    "\x85",
    "\u202e",
    "x" * 2001,
]
WRONG_NAMES = ["..", "../etc/passwd", "a/../b", "a\\..", "..\\a", "x" * 501]
WRONG_WHOLES = [0, -1, 1.0, 1.5, True, "3", None, [3], 2**53 + 1, 10**400, math.nan]
NODE = {"kind": "layer", "name": "conv1"}
UNRECORDED = {"reason": "bias", "names": ["fc.bias"], "tensors": 1, "parameters": 10}
WRONG_TIMES = [math.nan, math.inf, -1, 1e300, 10**400, True, "1", [1]]


def cases() -> list[tuple[tuple, Any, str]]:
    """Return (place, value, the field that the error must name)."""
    found: list[tuple[tuple, Any, str]] = []
    for key in ("name", "model", "dataset"):
        found += [((key,), value, key) for value in WRONG_TEXTS]
    for value in WRONG_TEXTS + WRONG_NAMES:
        found.append((("classes", 1), value, "classes[1]"))
        for key in ("name", "kind", "stage", "block", "branch"):
            found.append((("layers", 1, key), value, f"layers[1].{key}"))
    found += [(("name",), value, "name") for value in WRONG_NAMES]
    found += [(("modules", 0, "name"), value, "modules[0].name") for value in WRONG_NAMES]
    for key in ("filters", "parameters", "inputs", "groups"):
        found += [(("layers", 0, key), value, f"layers[0].{key}") for value in WRONG_WHOLES]
    for key in ("every", "iterations_per_epoch", "planned_iterations"):
        whole = [value for value in WRONG_WHOLES if value is not None]
        found += [(("sampling", key), value, f"sampling.{key}") for value in whole]
    found += [(("created_at",), value, "created_at") for value in [*WRONG_TIMES, None]]
    found += [(("ended_at",), value, "ended_at") for value in WRONG_TIMES]
    for key in ("layers", "classes", "hyperparameters", "images", "sampling", "state", "run"):
        found += [((key,), value, key) for value in (7, None, "text", True, ...)]
    found += [
        (("format",), "other", "format"),
        (("format",), ..., "format"),
        (("version",), "1", "version"),
        (("version",), 1.0, "version"),
        (("version",), ..., "version"),
        (("run",), "not-a-uuid", "run"),
        (("state",), "paused", "state"),
        (("lost_snapshots",), -1, "lost_snapshots"),
        (("layers",), [7], "layers[0]"),
        (("layers", 1, "name"), "layer1.0.conv1", "layers"),
        (("layers", 0, "filters"), 20_000_000, "layers"),
        (("layers", 0, "kernel"), [3, -3], "layers[0].kernel[1]"),
        (("layers", 0, "kernel"), [3, 3.0], "layers[0].kernel[1]"),
        (("layers", 0, "kernel"), [3] * 17, "layers[0].kernel"),
        (("layers", 0, "stride"), "3", "layers[0].stride"),
        (("layers", 0, "stride"), ..., "layers[0].stride"),
        (("modules", 1, "name"), "layer1", "modules"),
        (("modules",), {}, "modules"),
        (("images", "class"), ..., "images.class"),
        (("images", "class", 2), 3, "images.class"),
        (("images", "class", 2), -1, "images.class[2]"),
        (("images", "class", 2), 1.0, "images.class[2]"),
        (("images", "class", 2), True, "images.class[2]"),
        (("images", "class", 2), 2**31, "images.class[2]"),
        (("images", "names"), ["a"], "images.names"),
        (("images", "names"), ["../a"] * 5, "images.names[0]"),
        (("images", "digest"), 7, "images.digest"),
        (("hyperparameters", "lr"), math.nan, "hyperparameters.lr"),
        (("hyperparameters", "lr"), math.inf, "hyperparameters.lr"),
        (("hyperparameters", "lr"), {"a": 1}, "hyperparameters.lr"),
        (("hyperparameters", "lr"), [[1]], "hyperparameters.lr"),
        (("hyperparameters", "lr"), "a\x00", "hyperparameters.lr"),
        (("hyperparameters", "lr"), 10**30, "hyperparameters.lr"),
        (("hyperparameters", "lr"), [0] * 10_001, "hyperparameters"),
        (("hyperparameters", "a\nb"), 1, "hyperparameters.a\\nb"),
        (("thumbnail",), [8], "thumbnail"),
        (("thumbnail",), [8, 0], "thumbnail"),
        (("thumbnail",), [8, 1025], "thumbnail"),
        (("thumbnail",), "8x8", "thumbnail"),
        (("unrecorded",), {}, "unrecorded"),
        (("unrecorded",), [7], "unrecorded[0]"),
        (("unrecorded",), [{**UNRECORDED, "names": "a"}], "unrecorded[0].names"),
        (("unrecorded",), [{**UNRECORDED, "names": ["../a"]}], "unrecorded[0].names[0]"),
        (("unrecorded",), [{**UNRECORDED, "tensors": 0}], "unrecorded[0].tensors"),
        (("unrecorded",), [{**UNRECORDED, "parameters": -1}], "unrecorded[0].parameters"),
        (("unrecorded",), [UNRECORDED] * 101, "unrecorded"),
        (("graph",), [], "graph"),
        (("graph",), {}, "graph.nodes"),
        (("graph",), {"nodes": [NODE] * 20_001}, "graph.nodes"),
        (("graph",), {"nodes": [], "missing": 7}, "graph.missing"),
        (("graph",), {"nodes": [{"name": "a"}]}, "graph.nodes[0].kind"),
        (("graph",), {"nodes": [{**NODE, "name": "../a"}]}, "graph.nodes[0].name"),
        # An input comes before; a layer is one of the run's.
        (("graph",), {"nodes": [NODE, {**NODE, "inputs": [1]}]}, "graph.nodes[1].inputs[0]"),
        (("graph",), {"nodes": [{**NODE, "inputs": [0]}]}, "graph.nodes[0].inputs[0]"),
        (("graph",), {"nodes": [{**NODE, "layers": [20_000]}]}, "graph.nodes[0].layers[0]"),
        (("graph",), {"nodes": [{**NODE, "shape": [1] * 17}]}, "graph.nodes[0].shape"),
        (("graph",), {"nodes": [{**NODE, "flops": -1}]}, "graph.nodes[0].flops"),
        (("graph",), {"nodes": [{**NODE, "after": "ReLU"}]}, "graph.nodes[0].after"),
    ]
    return found


@pytest.mark.parametrize(("place", "value", "field"), cases(), ids=lambda value: repr(value)[:30])
def test_a_wrong_entry_is_named(path: Path, place: tuple, value: Any, field: str) -> None:
    edit_json(path, place, value)
    assert refused(path).field == field


def test_too_many_of_something(path: Path) -> None:
    edit_json(path, ("layers",), [{}] * 20_001)
    assert refused(path).field == "layers"
    edit_json(path, ("classes",), ["a"] * 1_000_001)
    assert refused(path).field == "classes"


@pytest.mark.parametrize("version", [3, 2**40])
def test_a_log_that_needs_a_newer_reader_is_told_apart(path: Path, version: int) -> None:
    edit_json(path, ("version",), version)
    edit_json(path, ("needs",), version)
    error = refused(path)
    assert isinstance(error, UnknownVersion)
    assert error.field == "version"
    assert str(version) in str(error)


@pytest.mark.parametrize("version", [0, -1, "2", None, 2.0])
def test_no_version(path: Path, version: object) -> None:
    edit_json(path, ("version",), version)
    assert refused(path).field == "version"


def test_what_a_newer_writer_adds_is_passed_over(path: Path) -> None:
    before = read_manifest(path)
    edit_json(path, ("added",), {"deep": [{"er": None}]})
    edit_json(path, ("layers", 0, "added"), 1)
    edit_json(path, ("images", "added"), [1])
    assert read_manifest(path).layers == before.layers


def test_truncated_at_every_byte(path: Path) -> None:
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        refused(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"deeptracker"',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"name": "\xff"}',
        b'{"name": "caf\xe9"}',
        b"{" * 200_000,
        b"[" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"version": ' + b"9" * 100_000 + b"}",
        b'{"format": "deeptracker", "format": "deeptracker"}',
        b"{} {}",
        b"\x00" * 100,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_manifest_at_all(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    refused(path)


@pytest.mark.parametrize("levels", [2_000, 100_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("[", ""), ('{"a":', "}")])
def test_nested_without_end(path: Path, levels: int, begin: str, end: str) -> None:
    inner = "1" if begin != "[" else ""
    path.write_text(f'{{"hyperparameters": {begin * levels}{inner}{end * levels}}}')
    assert "nested too deeply" in str(refused(path))


def test_lone_surrogates(path: Path) -> None:
    data = path.read_bytes().replace(b'"a run"', b'"\\ud800"')
    path.write_bytes(data)
    assert refused(path).field == "name"


def test_an_entry_that_stands_twice(path: Path) -> None:
    data = path.read_bytes().replace(b'"every":', b'"every":1,"every":')
    path.write_bytes(data)
    assert "every" in refused(path).problem


def test_links_folders_and_devices_are_no_manifest(path: Path) -> None:
    path.rename(path.with_name("elsewhere.json"))
    path.symlink_to(path.with_name("elsewhere.json"))
    assert "symbolic link" in refused(path).problem
    path.unlink()
    assert "No such file" in refused(path).problem
    path.mkdir()
    assert "regular file" in refused(path).problem or "directory" in refused(path).problem
    path.rmdir()
    path.symlink_to("/dev/zero")
    refused(path)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_change_is_read_or_refused(path: Path, data: st.DataObject) -> None:
    document = json.loads(path.read_text())
    node, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
        node = node[key]
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(keys))
    node[key] = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        )
    )
    changed = path.with_name("changed.json")
    changed.write_text(json.dumps(document))
    with contextlib.suppress(LogError):
        assert read_manifest(changed).filters >= 0


_BOUNDED = """
import resource, sys
from pathlib import Path
from deeptracker.errors import LogError
from deeptracker.format import read_manifest
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_manifest(Path(sys.argv[1]))
except LogError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def grown(path: Path) -> int:
    """Return by how many MiB a process grew that reads (and refuses) the manifest."""
    done = subprocess.run(
        [sys.executable, "-c", _BOUNDED, str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_file_of_ten_gigabytes_is_not_read(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10 * 2**30)
    assert grown(path) < 20


@pytest.mark.parametrize("part", [b"[],", b"{},", b"[[],[]],"])
def test_a_bomb_of_lists_does_not_fill_the_memory(path: Path, part: bytes) -> None:
    path.write_bytes(b'{"layers": [' + part * (63 * 2**20 // len(part)) + b"1]}")
    # The bytes themselves, and not twenty times as much in empty lists.
    assert grown(path) < 100
