"""Logs outlive versions: version 1 loads, a newer log as far as it is known, arrays in C order."""

import json
from dataclasses import replace

import numpy as np
import pytest

from deeptracker.format import (
    BINS,
    MANIFEST,
    STATISTICS,
    Contents,
    RunDirectory,
    no_prediction,
    prediction_dtype,
    snapshot_path,
    write_snapshot,
)
from deeptracker.format.container import pack, unpack
from tests.deeptracker import small_logs

NEW_ENTRIES = (
    "contents",
    "needs",
    "generations",
    "remarks",
    "events",
    "failure",
    "parent",
    "ancestors",
    "place",
)


def rewrite(run_dir, change, *, version, iteration=10):
    """Change arrays and version of a snapshot file."""
    path = snapshot_path(run_dir, iteration)
    container = unpack(path, path.read_bytes())
    codes = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "U32": "<u4", "U16": "<u2"}
    arrays = {
        name: container.array(name, np.dtype(codes[kept.dtype]), tuple(kept.shape)).copy()
        for name, kept in container._stored.items()
    }
    change(arrays)
    path.write_bytes(pack(path, arrays, {**container.texts, "version": str(version)}))


def edit(run_dir, change):
    path = run_dir / MANIFEST
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_log_of_version_1_loads_as_it_did(tmp_path):
    small_logs.write_small_log(tmp_path, iterations=(10,))
    expected = small_logs.snapshot(small_logs.manifest(), iteration=10, seed=10)

    def old(document):
        document["version"] = 1
        for name in NEW_ENTRIES:
            del document[name]

    edit(tmp_path, old)
    rewrite(tmp_path, lambda arrays: None, version=1)
    directory = RunDirectory(tmp_path)
    manifest = directory.manifest()
    assert (manifest.version, manifest.unknown, manifest.lacks) == (1, (), ())
    small_logs.assert_same(directory.snapshot(manifest, 10), expected)


def test_a_newer_log_loads_as_far_as_it_is_known(tmp_path):
    small_logs.write_small_log(tmp_path, iterations=(10,))
    expected = small_logs.snapshot(small_logs.manifest(), iteration=10, seed=10)
    statistics = ["kurtosis", *[name for name in STATISTICS if name != "median"]]
    order = [STATISTICS.index(name) for name in statistics[1:]]

    def newer(document):
        document["version"] = 3
        document["state"] = "hibernating"
        contents = document["contents"]
        contents["statistics"] = statistics
        contents["quantities"].append("curvature")
        contents["filters"].remove("weight_std")
        contents["bands"] = [*contents["bands"][:3], 0.5]
        contents["edges"] = [0.0]
        contents["capabilities"] = ["weight", "dreams"]

    def arrays_of_it(arrays):
        for name in [name for name in arrays if name.startswith("statistics.")]:
            odd = np.full((len(arrays[name]), 1), 7, "f4")
            arrays[name] = np.concatenate([odd, arrays[name][:, order]], axis=1)
        arrays["statistics.curvature"] = arrays["statistics.weight"]
        for name in [name for name in arrays if name.startswith("histogram.")]:
            arrays[name] = arrays[name][:, :2]
        arrays["histogram.curvature"] = arrays["histogram.weight"]
        arrays["bands"] = np.concatenate([arrays["bands"][:, :3], arrays["bands"][:, :1]], axis=1)
        del arrays["filter.weight_std"]

    edit(tmp_path, newer)
    rewrite(tmp_path, arrays_of_it, version=3)
    directory = RunDirectory(tmp_path)
    manifest = directory.manifest()
    assert manifest.state == "stopped"
    said = "; ".join(manifest.unknown)
    for name in ("version 3", "'kurtosis'", "'curvature'", "'dreams'", "histograms", "bands"):
        assert name in said
    assert "gradient" in manifest.lacks
    found = directory.snapshot(manifest, 10)
    median = STATISTICS.index("median")
    for quantity, table in expected.statistics.items():
        kept = np.delete(found.statistics[quantity], median, axis=1)
        assert np.array_equal(kept, np.delete(table, median, axis=1))
        assert np.isnan(found.statistics[quantity][:, median]).all()
    assert "curvature" not in found.statistics
    assert found.histogram == {}
    assert np.array_equal(found.bands[:, :3], expected.bands[:, :3])
    assert np.isnan(found.bands[:, 3:]).all()
    assert np.isnan(found.filters["weight_std"]).all()
    assert np.array_equal(found.filters["weight_l2"], expected.filters["weight_l2"])
    assert found.prediction.tolist() == expected.prediction.tolist()


@pytest.mark.parametrize("order", ["F", "strided"])
def test_arrays_are_stored_in_c_order_whatever_their_memory(order, tmp_path):
    manifest = small_logs.write_small_log(tmp_path, iterations=())
    taken = small_logs.snapshot(manifest)

    def laid_out(array):
        if order == "F":
            return np.asfortranarray(array)
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]

    odd = replace(
        taken,
        statistics={name: laid_out(table) for name, table in taken.statistics.items()},
        histogram={name: laid_out(table) for name, table in taken.histogram.items()},
        bands=laid_out(taken.bands),
    )
    write_snapshot(snapshot_path(tmp_path, 10), manifest, odd)
    small_logs.assert_same(RunDirectory(tmp_path).snapshot(manifest, 10), taken)


@pytest.mark.parametrize(
    ("classes", "none"), [(2, 65_535), (65_535, 65_535), (65_536, -1), (100_000, -1)]
)
def test_no_prediction_is_no_class(classes, none):
    assert no_prediction(classes) == none
    dtype = prediction_dtype(classes)
    assert np.array(-1).astype(dtype) == none
    assert np.iinfo(dtype).max >= classes - 1 > none or none > classes - 1


def test_what_this_version_writes_is_what_it_lists():
    contents = Contents()
    assert len(contents.edges) + 1 == BINS
    assert contents.statistics == STATISTICS
