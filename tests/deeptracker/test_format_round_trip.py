"""What is written is read again, number by number, whatever the sizes and values."""

import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from deeptracker.errors import LogError
from deeptracker.format import (
    BAND_THRESHOLDS,
    FILTER_QUANTITIES,
    MANIFEST,
    QUANTITIES,
    STATES,
    STATISTICS,
    Graph,
    GraphNode,
    Images,
    LayerSpec,
    Manifest,
    ModuleSpec,
    RunDirectory,
    Sampling,
    Series,
    Snapshot,
    Unrecorded,
    no_prediction,
    prediction_dtype,
    read_manifest,
    read_snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.format.graph import NODE_KINDS
from tests.deeptracker import small_logs

whole = st.integers(1, 2**20)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=20
).filter(lambda text: ".." not in text)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64), names,
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
times = st.floats(0, 4e9)
unrecorded = st.builds(
    Unrecorded, names, st.lists(names, max_size=2).map(tuple), whole, st.integers(0, 2**20)
)
nodes = st.builds(
    GraphNode,
    kind=st.sampled_from(NODE_KINDS),
    name=names,
    module=names,
    layers=st.sampled_from([(), (0,)]),
    shape=st.none() | st.lists(whole, max_size=3).map(tuple),
    flops=st.none() | whole,
    after=st.lists(names, max_size=2).map(tuple),
)
_AFTER_FIRST = nodes.map(lambda node: replace(node, inputs=(0,)))
in_tmp = settings(max_examples=40, deadline=None)


@st.composite
def layer_specs(draw: st.DrawFn) -> LayerSpec:
    return LayerSpec(
        name=draw(st.text(string.ascii_lowercase + ".", min_size=1).filter(lambda n: n != "..")),
        kind=draw(names),
        stage=draw(names),
        block=draw(names),
        branch=draw(st.sampled_from(["main", "shortcut"])),
        filters=draw(st.integers(1, 6)),
        parameters=draw(whole),
        inputs=draw(whole),
        kernel=tuple(draw(st.lists(whole, max_size=3))),
        stride=tuple(draw(st.lists(whole, max_size=3))),
        groups=draw(whole),
    )


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    classes = tuple(draw(st.lists(names, max_size=5)))
    count = draw(st.integers(0, 8)) if classes else 0
    class_id = draw(arrays.arrays("i4", count, elements=st.integers(0, max(0, len(classes) - 1))))
    image_names = st.lists(names, min_size=count, max_size=count).map(tuple)
    unknown_or = st.one_of(st.none(), whole)
    modules = draw(st.lists(names, unique=True, max_size=3))
    return Manifest(
        run=draw(st.uuids()).hex,
        name=draw(names),
        model=draw(names),
        dataset=draw(names),
        created_at=draw(times),
        layers=tuple(draw(st.lists(layer_specs(), min_size=1, max_size=4, unique_by=_name))),
        modules=tuple(ModuleSpec(name, draw(names)) for name in modules),
        classes=classes,
        images=Images(class_id, draw(st.one_of(st.none(), image_names)), draw(names)),
        hyperparameters=draw(
            st.dictionaries(names, st.one_of(plain, st.lists(plain, max_size=3)), max_size=4)
        ),
        sampling=Sampling(draw(unknown_or), draw(unknown_or), draw(unknown_or)),
        state=draw(st.sampled_from(STATES)),
        ended_at=draw(st.one_of(st.none(), times)),
        lost_snapshots=draw(st.integers(0, 1000)),
        thumbnail=draw(st.one_of(st.none(), st.tuples(st.integers(1, 1024), st.integers(1, 1024)))),
        unrecorded=draw(st.one_of(st.none(), st.lists(unrecorded, max_size=2).map(tuple))),
        graph=draw(st.none() | st.builds(Graph, st.tuples(nodes, _AFTER_FIRST), names)),
    )


@st.composite
def sized_manifests(draw: st.DrawFn) -> Manifest:
    """Manifests of which only the sizes differ: those are what a snapshot depends on."""
    widths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    layers = tuple(small_logs.layer(f"conv{n}", filters=w) for n, w in enumerate(widths))
    return small_logs.manifest(images=draw(st.integers(0, 8)), layers=layers)


def _name(layer: LayerSpec) -> str:
    return layer.name


@st.composite
def _mixed(draw: st.DrawFn, kind: str, shape: tuple[int, ...], numbers: st.SearchStrategy):
    """An array of a few drawn numbers in random places: what a number is matters, not its place."""
    few = draw(st.lists(numbers, min_size=1, max_size=4))
    places = np.random.default_rng(draw(st.integers(0, 99))).integers(0, len(few), shape)
    return np.array(few, kind)[places]


def _any(kind: str, shape: tuple[int, ...]) -> st.SearchStrategy:
    """Arrays of any floats, NaN and Inf among them."""
    return _between(kind, shape, -float(np.finfo(kind).max), None)


def _up_to(kind: str, shape: tuple[int, ...], most: float | None = None) -> st.SearchStrategy:
    """Arrays of floats from 0 to `most` (None: to Inf), or NaN."""
    return _between(kind, shape, 0.0, most)


def _between(kind: str, shape: tuple[int, ...], low: float, high: float | None):
    # Both ends are given: numbers without an end are drawn as f8, and mostly do not fit.
    end = float(np.finfo(kind).max) if high is None else high
    special = [np.nan] + [np.inf] * (high is None) + [-np.inf] * (low < 0)
    numbers = st.floats(low, end, width=np.dtype(kind).itemsize * 8)
    return _mixed(kind, shape, st.one_of(numbers, st.sampled_from(special)))


@st.composite
def snapshots(draw: st.DrawFn, of: Manifest) -> Snapshot:
    """Any values that FORMAT.md allows, NaN and Inf where they have a meaning."""
    rows, images = len(of.layers), len(of.images.class_id)
    smallest = min(layer.parameters for layer in of.layers)
    signed = _any("f4", (rows, len(STATISTICS)))

    def statistics() -> np.ndarray:
        values = draw(signed).copy()
        for column in ("std", "l1", "l2"):
            values[:, STATISTICS.index(column)] = draw(_up_to("f4", (rows,)))
        values[:, STATISTICS.index("zero_share")] = draw(_up_to("f4", (rows,), 1.0))
        for column in ("nan_count", "inf_count"):
            values[:, STATISTICS.index(column)] = draw(st.integers(0, min(smallest, 2**20)))
        return values

    def scalars() -> Series:
        at = np.array(sorted(draw(st.sets(st.integers(0, 2**31 - 1), max_size=5))), "i8")
        return Series(at, draw(_any("f8", (len(at),))))

    quantities = QUANTITIES + (("activation",) if draw(st.booleans()) else ())
    histogram = small_logs.snapshot(of, seed=draw(st.integers(0, 99))).histogram
    classes = len(of.classes)
    predicted = arrays.arrays(
        prediction_dtype(classes),
        images,
        elements=st.one_of(st.integers(0, max(0, classes - 1)), st.just(no_prediction(classes))),
    )
    return Snapshot(
        iteration=draw(st.integers(0, 2**31 - 1)),
        epoch=draw(st.one_of(st.just(float("nan")), st.floats(0, 1e6))),
        recorded_at=draw(times),
        statistics={quantity: statistics() for quantity in quantities},
        histogram={name: np.minimum(value, smallest // 83) for name, value in histogram.items()},
        bands=draw(_up_to("f4", (rows, len(BAND_THRESHOLDS)), 1.0)),
        filters={
            name: draw(
                _any("f4", (of.filters,))
                if name == "weight_mean"
                else _up_to("f4", (of.filters,), 2.0 if name == "cosine_change" else None)
            )
            for name in FILTER_QUANTITIES
        },
        prediction=draw(predicted) if images else None,
        probability=draw(_up_to("f2", (images,), 1.0)) if images else None,
        scalars={name: scalars() for name in draw(st.lists(names, unique=True, max_size=3))},
    )


@in_tmp
@given(manifest=manifests())
def test_any_manifest_is_read_as_it_was_written(tmp_path: Path, manifest: Manifest) -> None:
    path = tmp_path / MANIFEST
    write_manifest(path, manifest)
    found = read_manifest(path)
    np.testing.assert_array_equal(found.images.class_id, manifest.images.class_id)
    assert found.images.class_id.dtype == np.int32
    same_images = replace(found.images, class_id=manifest.images.class_id)
    assert replace(found, images=same_images) == manifest


@in_tmp
@given(data=st.data())
def test_any_snapshot_is_read_as_it_was_written(tmp_path: Path, data: st.DataObject) -> None:
    manifest = data.draw(sized_manifests())
    taken = data.draw(snapshots(manifest))
    path = tmp_path / "snapshot"
    write_snapshot(path, manifest, taken)
    small_logs.assert_same(read_snapshot(path, manifest), taken)


def test_a_run_directory_is_read_piece_by_piece(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    log = RunDirectory(tmp_path / "run")
    manifest = log.manifest()
    assert log.iterations() == [10, 20, 30]
    for iteration in log.iterations():
        wanted = small_logs.snapshot(manifest, iteration=iteration, seed=iteration)
        small_logs.assert_same(log.snapshot(manifest, iteration), wanted)
    assert log.contact_sheet(0) is None


def test_a_run_without_validation_has_no_predictions(tmp_path: Path) -> None:
    manifest = small_logs.manifest(images=0)
    path = tmp_path / "snapshot"
    write_snapshot(path, manifest, small_logs.snapshot(manifest))
    found = read_snapshot(path, manifest)
    assert found.prediction is None
    assert found.probability is None


def test_more_classes_than_u2_holds_are_predicted_in_i4(tmp_path: Path) -> None:
    manifest = replace(
        small_logs.manifest(), classes=tuple(f"class {number}" for number in range(2**16 + 1))
    )
    taken = small_logs.snapshot(manifest)
    assert taken.prediction is not None
    assert taken.prediction.dtype == np.int32
    taken.prediction[0] = 2**16
    write_snapshot(tmp_path / "snapshot", manifest, taken)
    found = read_snapshot(tmp_path / "snapshot", manifest)
    assert found.prediction is not None
    assert found.prediction[0] == 2**16


def test_iterations_beyond_nine_digits_are_found(tmp_path: Path) -> None:
    manifest = small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    late = 2**31 - 1
    path = snapshot_path(tmp_path / "run", late)
    write_snapshot(path, manifest, replace(small_logs.snapshot(manifest), iteration=late))
    assert RunDirectory(tmp_path / "run").iterations() == [10, late]


def test_hyperparameters_of_any_kind_are_written_as_what_they_say(tmp_path: Path) -> None:
    given_values = {
        "rate": np.float32(0.5),
        "seed": 2**70,
        "limit": float("inf"),
        "folder": Path("data"),
        "betas": (0.9, np.float64(0.999)),
        "nested": [[1, 2]],
        "group": {"lr": 1},
        "bad\ntext": "line\nline \udc80",
        7: True,
    }
    write_manifest(
        tmp_path / MANIFEST, replace(small_logs.manifest(), hyperparameters=given_values)
    )
    assert read_manifest(tmp_path / MANIFEST).hyperparameters == {
        "rate": 0.5,
        "seed": str(2**70),
        "limit": "inf",
        "folder": "data",
        "betas": [0.9, 0.999],
        "nested": ["[1, 2]"],
        "group": "{'lr': 1}",
        "bad\ufffdtext": "line\ufffdline \ufffd",
        "7": True,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "line\nline"}, "name"),
        ({"classes": ("cat", "do\x00g", "crane")}, "classes[1]"),
        ({"classes": ("cat", "dog", "\udc80")}, "classes[2]"),
        ({"created_at": float("nan")}, "created_at"),
        ({"run": "01234567-89ab-cdef-0123-456789abcdef"}, "run"),
        ({"layers": (small_logs.layer("a"), small_logs.layer("a"))}, "layers"),
        ({"images": Images(np.array([7], np.int32))}, "images.class"),
    ],
)
def test_a_manifest_that_could_not_be_read_is_not_written(
    tmp_path: Path, changes: dict, field: str
) -> None:
    with pytest.raises(LogError) as caught:
        write_manifest(tmp_path / MANIFEST, replace(small_logs.manifest(), **changes))
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"bands": np.zeros((2, 7))}, "bands"),
        ({"bands": np.zeros((3, 7), "f4")}, "bands"),
        ({"statistics": {}}, "statistics.weight"),
        ({"iteration": -1}, "iteration"),
        ({"iteration": 2**31}, "iteration"),
        ({"recorded_at": float("inf")}, "recorded_at"),
        ({"prediction": None}, "prediction"),
        ({"probability": None}, "probability"),
        ({"scalars": {"a\nb": Series(np.arange(1), np.zeros(1))}}, "scalar.a\\nb"),
        ({"scalars": {"../a": Series(np.arange(1), np.zeros(1))}}, "scalar.../a"),
        ({"scalars": {"a": Series(np.arange(1), np.zeros(1, "f4"))}}, "scalar.a.values"),
        ({"scalars": {"a": Series(np.arange(2), np.zeros(1))}}, "scalar.a.iterations"),
        ({"scalars": {"a": Series(np.array([5, 5]), np.zeros(2))}}, "scalar.a.iterations"),
    ],
)
def test_a_snapshot_that_could_not_be_read_is_not_written(
    tmp_path: Path, changes: dict, field: str
) -> None:
    manifest = small_logs.manifest()
    with pytest.raises(LogError) as caught:
        write_snapshot(
            tmp_path / "snapshot", manifest, replace(small_logs.snapshot(manifest), **changes)
        )
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []
