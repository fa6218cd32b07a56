"""A snapshot that is torn, wrong or hostile gives one LogError that names file and array."""

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeptracker.errors import LogError
from deeptracker.format import (
    STATISTICS,
    Manifest,
    Snapshot,
    read_snapshot,
    snapshot_path,
)
from deeptracker.format.snapshot_file import required_arrays
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_header, pack, parts, refusal

PROJECT = Path(__file__).parents[2]
MANIFEST: Manifest = small_logs.manifest()
REQUIRED = required_arrays(MANIFEST)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    return snapshot_path(tmp_path / "run", 10)


def read(path: Path) -> Snapshot:
    return read_snapshot(path, MANIFEST)


def refused(path: Path) -> LogError:
    return refusal(lambda: read(path), path)


def set_value(path: Path, name: str, index: tuple[int, ...] | int, value: float) -> None:
    """Write one number over another in the file's body."""
    header, body = parts(path)
    begin, end = header[name]["data_offsets"]
    kinds = {"F32": "f4", "F16": "f2", "F64": "f8", "U32": "u4", "U16": "u2", "I64": "i8"}
    array = np.frombuffer(body[begin:end], kinds[header[name]["dtype"]]).copy()
    array.reshape(header[name]["shape"])[index] = value
    path.write_bytes(pack(header, body[:begin] + array.tobytes() + body[end:]))


def test_truncated_at_every_byte_of_the_header_and_many_of_the_body(path: Path) -> None:
    data = path.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    for length in [*range(header + 1), *range(header + 1, len(data), 37), len(data) - 1]:
        path.write_bytes(data[:length])
        refused(path)


def test_longer_than_its_header_says(path: Path) -> None:
    data = path.read_bytes()
    for more in (b"\x00", b"x" * 8, data):
        path.write_bytes(data + more)
        refused(path)


def test_every_byte_of_the_header_changed(path: Path) -> None:
    data = path.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    # One value a place: what is said of one array is said of many, so each part of that gets all.
    for place, other in zip(range(header), cycle((0x00, 0x22, 0x30, 0x7D, 0xFF)), strict=False):
        path.write_bytes(data[:place] + bytes([other]) + data[place + 1 :])
        # Some changes say something that is allowed, such as another epoch.
        with contextlib.suppress(LogError):
            read(path)


@pytest.mark.parametrize("length", [0, 1, 2**20, 5 * 2**20, 10 * 2**30, 2**63, 2**64 - 1])
def test_absurd_header_lengths(path: Path, length: int) -> None:
    data = path.read_bytes()
    path.write_bytes(length.to_bytes(8, "little") + data[8:])
    assert refused(path).field.startswith("header")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_array(path: Path, name: str) -> None:
    header, body = parts(path)
    # Taken out with its bytes: nothing else is wrong with the file.
    begin, end = header.pop(name)["data_offsets"]
    for key, entry in header.items():
        if key != "__metadata__" and entry["data_offsets"][0] >= end:
            entry["data_offsets"] = [place - (end - begin) for place in entry["data_offsets"]]
    path.write_bytes(pack(header, body[:begin] + body[end:]))
    error = refused(path)
    assert error.field == name
    assert error.problem == "is missing"


@pytest.mark.parametrize("name", [*REQUIRED, "scalar.train_loss.values"])
@pytest.mark.parametrize("change", ["dtype", "turned", "flat", "deep"])
def test_a_wrong_dtype_or_shape(path: Path, name: str, change: str) -> None:
    other = {"F32": "I32", "U32": "I32", "U16": "BF16", "F16": "BF16", "F64": "I64"}

    def edit(header: dict) -> None:
        entry = header[name]
        if change == "dtype":
            entry["dtype"] = other[entry["dtype"]]
        elif change == "turned":
            entry["shape"] = [*entry["shape"][::-1], 1]
        elif change == "flat":
            entry["shape"] = [1, math.prod(entry["shape"])]
        else:
            entry["shape"] = [*entry["shape"]] + [1] * 200

    edit_header(path, edit)
    error = refused(path)
    assert error.field == name
    assert ("dtype" if change == "dtype" else "shape") in error.problem


BAD_ENTRIES: list[Callable[[dict], Any]] = [
    # Two arrays over the same bytes, a hole, an end before the beginning, an end beyond the file.
    lambda header: header["bands"].update(data_offsets=[0, 56]),
    lambda header: header["bands"].update(data_offsets=header["prediction"]["data_offsets"]),
    lambda header: [part.update(data_offsets=[0, 0]) for part in [header["bands"]]],
    lambda header: header["bands"]["data_offsets"].reverse(),
    lambda header: header["bands"].update(data_offsets=[10**12, 10**12 + 56]),
    lambda header: header["bands"].update(data_offsets=[-56, 0]),
    lambda header: header["bands"].update(data_offsets=[0.0, 56.0]),
    lambda header: header["bands"].update(data_offsets=[2**64, 2**64 + 56]),
    lambda header: header["bands"].update(data_offsets=[0]),
    lambda header: header["bands"].update(data_offsets="0,56"),
    # Shapes that multiply to more than there is, or wrap around.
    lambda header: header["bands"].update(shape=[10**9, 10**9]),
    lambda header: header["bands"].update(shape=[2**32, 2**32]),
    lambda header: header["bands"].update(shape=[2**63, 2]),
    lambda header: header["bands"].update(shape=[-2, -7]),
    lambda header: header["bands"].update(shape=[2.0, 7.0]),
    lambda header: header["bands"].update(shape=[10**4_000] * 900),
    lambda header: header["bands"].update(shape=[True, 14]),
    lambda header: header["bands"].update(shape=None),
    lambda header: header["bands"].update(dtype="F128"),
    lambda header: header["bands"].update(dtype=7),
    lambda header: header["bands"].pop("dtype"),
    lambda header: header["bands"].pop("shape"),
    lambda header: header["bands"].pop("data_offsets"),
    lambda header: header.update(bands=None),
    lambda header: header.update(bands=[]),
    lambda header: header.update(more={"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}),
    lambda header: header.update({str(n): header["bands"] for n in range(1000)}),
]


@pytest.mark.parametrize("number", range(len(BAD_ENTRIES)))
def test_headers_that_lie_about_places(path: Path, number: int) -> None:
    edit_header(path, BAD_ENTRIES[number])
    refused(path)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"__metadata__"',
        b'{"__metadata__": null}',
        b'{"__metadata__": []}',
        b'{"__metadata__": {"version": 1}}',
        b'{"__metadata__": {"version": "1", "version": "1"}}',
        b'{"__metadata__": {"version": "1\xff"}}',
        b'{"__metadata__": {"version": "\\ud800"}}',
        b'{"__metadata__": {"version": "1\\u0000"}}',
        b'{"__metadata__": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b"[" * 4_000_000,
        b'{"a":' * 200_000,
        b'{"__metadata__": {"version": ' + b"9" * 1_000_000 + b"}}",
        json.dumps({"__metadata__": {"version": "x" * 4_000_000}}).encode(),
        "{}".encode("utf-16"),
    ],
    ids=lambda header: repr(header[:40]),
)
def test_headers_that_are_none(path: Path, header: bytes) -> None:
    _, body = parts(path)
    for rest in (b"", body):
        path.write_bytes(pack(header, rest))
        refused(path)


def test_an_array_that_stands_twice_in_the_header(path: Path) -> None:
    header, body = parts(path)
    entry = json.dumps(header["bands"])
    text = json.dumps(header).replace('"bands":', f'"bands": {entry}, "bands":', 1)
    path.write_bytes(pack(text.encode(), body))
    assert "bands" in refused(path).problem


@pytest.mark.parametrize("version", ["0", "1.0", " 1", "", "x" * 1999, "\u0663"])
def test_no_version(path: Path, version: str) -> None:
    edit_header(path, lambda header: header["__metadata__"].update(version=version))
    assert refused(path).field == "version"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("version", [...]),
        ("run", ["f" * 32, "", ...]),
        ("iteration", ["-1", "1.5", "1e3", "", "٣", "0x10", str(2**31), "9" * 1000, ...]),
        ("epoch", ["inf", "-1", "one", "", "1e300", ...]),
        ("recorded_at", ["inf", "-1", "1e300", "now", ...]),
    ],
)
def test_wrong_texts_in_the_header(path: Path, name: str, values: list) -> None:
    good = path.read_bytes()
    for value in values:
        path.write_bytes(good)

        def edit(header: dict, value: Any = value) -> None:
            header["__metadata__"].pop(name)
            if value is not ...:
                header["__metadata__"][name] = value

        edit_header(path, edit)
        assert refused(path).field == name


NAN, INF = math.nan, math.inf
ZEROS, NANS, STD = (STATISTICS.index(name) for name in ("zero_share", "nan_count", "std"))


@pytest.mark.parametrize(
    ("name", "index", "values", "field"),
    [
        ("bands", (1, 3), [INF, -INF, -0.1, 1.1], "bands"),
        ("probability", 2, [INF, -INF, -0.1, 1.5], "probability"),
        ("prediction", 2, [3, 65534], "prediction"),
        ("filter.weight_l2", 6, [-1.0, -INF], "filter.weight_l2"),
        ("filter.cosine_change", 6, [-0.5, 2.5, INF], "filter.cosine_change"),
        ("statistics.weight", (0, ZEROS), [-0.1, 1.5, INF], "statistics.weight[zero_share]"),
        ("statistics.update", (1, NANS), [-1, 109, INF], "statistics.update[nan_count]"),
        ("statistics.gradient", (1, STD), [-1], "statistics.gradient[std]"),
        ("histogram.weight", (0, 5), [55, 2**32 - 1], "histogram.weight"),
    ],
)
def test_values_that_cannot_be(path: Path, name: str, index: Any, values: list, field: str) -> None:
    good = path.read_bytes()
    for value in values:
        path.write_bytes(good)
        set_value(path, name, index, value)
        assert refused(path).field == field


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [
        ("bands", (1, 3), NAN),
        ("probability", 2, NAN),
        ("filter.relative_change", 6, NAN),
        ("filter.update_ratio", 6, INF),
        ("statistics.weight", (0, 4), INF),
        ("statistics.gradient", (0, STD), NAN),
        ("scalar.train_loss.values", 2, INF),
        ("scalar.train_loss.values", 2, NAN),
    ],
)
def test_nan_and_inf_are_kept_where_they_mean_something(
    path: Path, name: str, index: Any, value: float
) -> None:
    set_value(path, name, index, value)
    found = read(path)
    families = {"statistics": found.statistics, "filter": found.filters}
    family, _, rest = name.partition(".")
    array = (
        found.scalars["train_loss"].values
        if family == "scalar"
        else families[family][rest]
        if rest
        else getattr(found, name)
    )
    np.testing.assert_equal(float(array[index]), value)


@pytest.mark.parametrize(
    ("place", "value"), [(0, -1), (9, 2**31), (5, 4), (5, 0), (5, -(2**63)), (5, 2**63 - 1)]
)
def test_iterations_of_a_scalar_that_do_not_rise(path: Path, place: int, value: int) -> None:
    set_value(path, "scalar.train_loss.iterations", place, value)
    assert refused(path).field == "scalar.train_loss.iterations"


def test_iterations_whose_differences_wrap_around(path: Path) -> None:
    set_value(path, "scalar.train_loss.iterations", slice(1, 10), -(2**63))  # type: ignore[arg-type]
    for place in range(2, 10):
        set_value(path, "scalar.train_loss.iterations", place, place - 10)
    assert refused(path).field == "scalar.train_loss.iterations"


def renamed(path: Path, old: str, new: str) -> None:
    edit_header(path, lambda header: header.update({new: header.pop(old)}))


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "\x1b[2J", "../a", "a/..", "\u202e", "x" * 501])
def test_names_of_scalars_that_are_none(path: Path, name: str) -> None:
    for part in ("values", "iterations"):
        renamed(path, f"scalar.train_loss.{part}", f"scalar.{name}.{part}")
    assert refused(path).field.startswith("scalar.")


@pytest.mark.parametrize("name", ["scalar.values", "scalar.iterations", "scalar.", "scalar.x"])
def test_names_that_only_look_like_scalars_are_passed_over(path: Path, name: str) -> None:
    for part in ("values", "iterations"):
        renamed(path, f"scalar.train_loss.{part}", f"{name}{'' if part == 'values' else 's'}")
    assert read(path).scalars == {}


@pytest.mark.parametrize("part", ["values", "iterations"])
def test_half_a_scalar(path: Path, part: str) -> None:
    renamed(path, f"scalar.train_loss.{part}", "something else")
    assert refused(path).field == f"scalar.train_loss.{part}"


def test_too_many_scalars(path: Path) -> None:
    header, body = parts(path)
    place = [len(body), len(body)]
    for number in range(1001):
        for part, dtype in (("values", "F64"), ("iterations", "I64")):
            entry = {"dtype": dtype, "shape": [0], "data_offsets": place}
            header[f"scalar.{number}.{part}"] = entry
    path.write_bytes(pack(header, body))
    assert refused(path).field == "scalar"


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "C64", "U64", "BOOL"])
def test_an_unknown_array_of_any_dtype_is_passed_over(path: Path, dtype: str) -> None:
    width = {"BF16": 2, "C64": 8, "U64": 8}.get(dtype, 1)
    header, body = parts(path)
    place = [len(body), len(body) + 6 * width]
    header["added.later"] = {"dtype": dtype, "shape": [2, 3], "data_offsets": place}
    path.write_bytes(pack(header, body + b"\x01" * 6 * width))
    small_logs.assert_same(read(path), small_logs.snapshot(MANIFEST, iteration=10, seed=10))


def test_predictions_of_a_run_without_images(path: Path) -> None:
    without = small_logs.manifest(images=0)
    error = refusal(lambda: read_snapshot(path, without), path)
    assert error.field == "prediction"


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_change_of_an_entry_is_read_or_refused(path: Path, data: st.DataObject) -> None:
    header, body = parts(path)
    wild = st.none() | st.booleans() | st.integers(-1, 2**65) | st.floats() | st.text(max_size=5)
    name = data.draw(st.sampled_from(sorted(header)))
    key = data.draw(st.sampled_from(sorted(header[name])))
    header[name][key] = data.draw(st.one_of(wild, st.lists(wild, max_size=3)))
    changed = path.with_name("changed")
    changed.write_bytes(pack(header, body))
    with contextlib.suppress(LogError):
        read(changed)


_BOUNDED = """
import resource, sys
from pathlib import Path
from deeptracker.errors import LogError
from deeptracker.format import read_snapshot
from tests.deeptracker import small_logs
manifest = small_logs.manifest()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_snapshot(Path(sys.argv[1]), manifest)
except LogError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def grown(path: Path) -> int:
    """Return by how many MiB a process grew that reads (and refuses) the snapshot."""
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


def test_a_claim_of_ten_gigabytes_takes_no_memory(path: Path) -> None:
    size = 10 * 2**30
    huge = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    edit_header(path, lambda header: header.update(huge=huge))
    assert grown(path) < 20


@pytest.mark.parametrize("entry", ["{}", "[]", "[[[]]]"])
def test_a_header_full_of_lists_does_not_fill_the_memory(path: Path, entry: str) -> None:
    many = (4 * 2**20 - 100) // (len(entry) + 1)
    text = '{"__metadata__": {"version": "1"}, "a": [' + ",".join([entry] * many) + "]}"
    path.write_bytes(pack(text.encode(), b""))
    assert grown(path) < 200


def test_a_header_full_of_empty_arrays_does_not_fill_the_memory(path: Path) -> None:
    header, body = parts(path)
    place = [len(body), len(body)]
    empty = {"dtype": "U8", "shape": [0], "data_offsets": place}
    header.update({f"{number}": empty for number in range(60_000)})
    header["__metadata__"]["iteration"] = "none"
    path.write_bytes(pack(header, body))
    assert path.stat().st_size < 5 * 2**20
    assert grown(path) < 200
