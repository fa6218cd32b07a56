"""A file of probes: what was written comes back within the loss that is said, or is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deeptracker.errors import LogError
from deeptracker.format import (
    GRAD_CAM,
    MAX_PROBE,
    PROBES,
    LayerMaps,
    RunDirectory,
    Saliency,
    Tops,
    probe_path,
    quantise_kernels,
    quantise_maps,
    restore_maps,
    write_probe,
)
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_header, refusal


@pytest.fixture
def log(tmp_path):
    small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    found = RunDirectory(tmp_path / "run")
    (found.path / PROBES).mkdir()
    write_probe(probe_path(found.path, 10), found.manifest(), small_logs.probe())
    return found


def test_what_was_written_comes_back(log):
    assert log.probe_iterations() == [10]
    found, given = log.probe(log.manifest(), 10), small_logs.probe()
    assert (found.iteration, found.generation, found.seconds) == (10, 2, 0.25)
    for name in ("image", "prediction", "probability"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    assert list(found.maps) == [0, 1]
    for layer, maps in given.maps.items():
        for name, array in vars(maps).items():
            np.testing.assert_array_equal(getattr(found.maps[layer], name), array)
    assert found.kernels.layer == 0
    np.testing.assert_array_equal(found.kernels.codes, given.kernels.codes)
    np.testing.assert_array_equal(found.kernels.scale, given.kernels.scale)
    assert found.saliency.keys() == given.saliency.keys()
    for method, one in given.saliency.items():
        assert found.saliency[method].detail == one.detail
        for name, array in vars(one.maps).items():
            np.testing.assert_array_equal(getattr(found.saliency[method].maps, name), array)


def test_tops_come_back(log):
    found, given = log.probe(log.manifest(), 10).tops, small_logs.probe().tops
    assert found.classes.tolist() == [0, 2]
    assert list(found.layers) == [0, 1]
    for layer, tops in given.layers.items():
        for name, array in vars(tops).items():
            np.testing.assert_array_equal(getattr(found.layers[layer], name), array)


def test_fewer_tops_are_the_first_images_and_classes_spread():
    tops = Tops(np.arange(6), {0: small_logs.layer_tops(3, classes=6)})
    fewer = tops.first(1, 3)
    assert fewer.classes.tolist() == [1, 3, 5]
    np.testing.assert_array_equal(fewer.layers[0].image, tops.layers[0].image[:, :1])
    np.testing.assert_array_equal(fewer.layers[0].place, tops.layers[0].place[:, :1])
    np.testing.assert_array_equal(fewer.layers[0].mean, tops.layers[0].mean[:, [1, 3, 5]])
    assert fewer.nbytes < tops.nbytes
    assert tops.first(9, 64).nbytes == tops.nbytes


def test_kernels_tops_time_and_saliency_may_be_absent(log):
    given = small_logs.probe(kernels=None, seconds=float("nan"), tops=None, saliency={})
    write_probe(probe_path(log.path, 10), log.manifest(), given)
    found = log.probe(log.manifest(), 10)
    assert found.kernels is found.tops is None
    assert found.saliency == {}
    assert np.isnan(found.seconds)


numbers = st.floats(-(2.0**100), 2.0**100, width=32) | st.sampled_from(
    [np.nan, np.inf, -np.inf, 0.0]
)


@given(arrays(np.float32, (2, 1, 3, 2), elements=numbers))
def test_a_map_is_off_by_no_more_than_is_said_and_exact_at_its_ends(values):
    maps = quantise_maps(values)
    found = restore_maps(maps.codes, maps.low, maps.high)
    finite = np.isfinite(values)
    np.testing.assert_array_equal(np.isnan(found), ~finite)
    for image in range(2):
        own = values[image, 0][finite[image, 0]].astype(float)
        if not len(own):
            assert np.isnan([maps.low[image, 0], maps.high[image, 0]]).all()
            continue
        assert (maps.low[image, 0], maps.high[image, 0]) == (own.min(), own.max())
        off = np.abs(found[image, 0][finite[image, 0]] - own)
        assert (off <= (own.max() - own.min()) / 508 * 1.001 + 1e-6 * np.abs(own).max()).all()


@given(arrays(np.float32, (2, 2, 2, 3), elements=numbers))
def test_a_kernel_is_off_by_no_more_than_is_said(values):
    found = quantise_kernels(0, values)
    finite = np.isfinite(values)
    np.testing.assert_array_equal(found.codes == 0, ~finite)
    scale = found.scale[:, None, None, None].astype(float)
    restored = (found.codes.astype(float) - 128) / 127 * scale
    off = np.abs(restored - values.astype(float))[finite]
    assert (off <= (np.broadcast_to(scale, values.shape) / 254 * 1.001)[finite]).all()


def maps_of(shape, **ends):
    maps = quantise_maps(np.zeros(shape, np.float32))
    return {0: replace(maps, **{n: np.full(shape[:2], v, np.float32) for n, v in ends.items()})}


def tops_of(place=0, classes=(0, 2), **changes):
    one = replace(small_logs.layer_tops(3), **changes)
    return {"tops": Tops(np.array(classes, np.int32), {place: one})}


BAD = LayerMaps(np.zeros((3, 3, 1, 1), np.uint8), *np.zeros((2, 3, 2), np.float32))
REFUSED = {
    "image": [
        {"image": np.array([0, 4, 2], np.int32)},
        {"image": np.array([0, 2, 5], np.int32)},
        {"image": np.array([-1, 2, 4], np.int32)},
        {"image": np.zeros(0, np.int32)},
        {"image": np.arange(65, dtype=np.int32)},
    ],
    "prediction": [
        {"prediction": np.array([0, 1, 3], np.int32)},
        {"prediction": np.array([0, -2, 1], np.int32)},
        {"prediction": np.zeros(2, np.int32)},
    ],
    "probability": [{"probability": np.array([0, 1.5, 0], np.float32)}],
    "maps.0": [{"maps": maps_of((3, 3, 17, 1))}, {"maps": maps_of((2, 3, 1, 1))}],
    "maps.2": [{"maps": {2: BAD}}],
    "low.0": [
        {"maps": maps_of((3, 3, 1, 1), low=1, high=0)},
        {"maps": maps_of((3, 3, 1, 1), low=np.nan)},
        {"maps": maps_of((3, 3, 1, 1), high=np.inf)},
        {"maps": {0: BAD}},
    ],
    "kernel": [
        {"kernels": quantise_kernels(0, np.zeros((3, 3, 3, 2)))},
        {"kernels": quantise_kernels(0, np.zeros((4, 3, 3, 1)))},
        {"kernels": quantise_kernels(0, np.zeros((3, 65, 3, 1)))},
    ],
    "top_class": [
        tops_of(classes=(2, 0)),
        tops_of(classes=(0, 3)),
        tops_of(classes=range(65)),
    ],
    "top_image.0": [
        tops_of(image=np.full((3, 2), 5, np.int32)),
        tops_of(image=np.full((3, 17), -1, np.int32)),
        tops_of(image=np.full((2, 2), -1, np.int32)),
    ],
    "top_image.2": [tops_of(place=2)],
    "top_value.0": [tops_of(value=np.zeros((3, 2), np.float32))],
    "top_field.0": [
        tops_of(field=np.array([0.5, 0], np.float32)),
        tops_of(field=np.array([np.nan, 1], np.float32)),
        tops_of(field=np.array([1.5, 1], np.float32)),
    ],
    "top_mean.0": [tops_of(mean=np.zeros((3, 1), np.uint8))],
    "top_low.0": [
        tops_of(low=np.full(3, 2, np.float32)),
        tops_of(high=np.full(3, np.inf, np.float32)),
    ],
    "saliency_maps.grad-cam": [
        {"saliency": {GRAD_CAM: Saliency(quantise_maps(np.zeros(shape)), "")}}
        for shape in ((3, 1, 4, 4), (2, 2, 4, 4), (3, 2, 33, 4))
    ],
    "saliency_low.grad-cam": [
        {"saliency": {GRAD_CAM: Saliency(maps_of((3, 2, 1, 1), high=np.inf)[0], "")}}
    ],
    "saliency_detail.grad-cam": [
        {"saliency": {GRAD_CAM: Saliency(maps_of((3, 2, 1, 1))[0], "x" * 301)}}
    ],
    "kernel_layer": [{"kernels": quantise_kernels(7, np.zeros((3, 3, 3, 1)))}],
}


@pytest.mark.parametrize(
    ("field", "changes"), [(field, one) for field, several in REFUSED.items() for one in several]
)
def test_a_writer_refuses_what_a_reader_would(log, field, changes):
    path = probe_path(log.path, 10)
    before = path.read_bytes()
    with pytest.raises(LogError) as caught:
        write_probe(path, log.manifest(), small_logs.probe(**changes))
    assert caught.value.field == field
    assert path.read_bytes() == before


HOSTILE = {
    "another run": lambda h: h["__metadata__"].update(run="f" * 32),
    "no time": lambda h: h["__metadata__"].update(recorded_at="nan"),
    "odd seconds": lambda h: h["__metadata__"].update(seconds="-1"),
    "iteration of another": lambda h: h["__metadata__"].update(iteration="11"),
    "no array": lambda h: h.pop("low.0"),
    "other dtype": lambda h: h["image"].update(dtype="F32"),
    "no places of tops": lambda h: h.pop("top_place.0"),
    "odd places of tops": lambda h: h["top_place.0"].update(dtype="BOOL"),
    "no kernel scale": lambda h: h.pop("kernel.scale"),
    "no kernel layer": lambda h: h["__metadata__"].pop("kernel_layer"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_is_one_error_that_names_the_file(log, change):
    path = probe_path(log.path, 10)
    edit_header(path, change)
    refusal(lambda: log.probe(log.manifest(), 10), path)


def test_torn_files_and_files_that_are_too_large_are_refused(log):
    path = probe_path(log.path, 10)
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        refusal(lambda: log.probe(log.manifest(), 10), path)
    with path.open("wb") as file:
        file.truncate(MAX_PROBE + 1)
    assert "are allowed" in str(refusal(lambda: log.probe(log.manifest(), 10), path))
