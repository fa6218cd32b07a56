"""Probes in the store: the same file once, a later one in its place, none of another generation."""

from dataclasses import replace

import numpy as np

from db.load_probe import drop_abandoned_probes, save_probe
from db.queries.measurements.probe_saliency import saliency
from db.queries.measurements.probe_tops import filter_tops, layer_tops, top_iterations
from db.queries.measurements.probes import probe_course, probe_maps, probes
from db.queries.runs import runs
from deeptracker.format import Tops, quantise_maps
from tests.deeptracker import small_logs


def values(seed, layer):
    filters = small_logs.manifest().layers[layer].filters
    return np.random.default_rng(seed).random((3, filters, 4, 5)).astype("f4")


def test_what_was_saved_is_looked_up(session, run):
    save_probe(session, run_id=run.run_id, probe=small_logs.probe())
    given = small_logs.probe()
    found = probes(session, run_id=run.run_id)
    assert found.iteration.tolist() == [10, 20]
    assert found.image.tolist() == [0, 1, 2, 4, 5]
    assert found.layer.tolist() == [0, 1]
    assert found.prediction.tolist() == [[0, -2, -1, 2, -2], [-2, 0, -2, -2, -1]]
    maps = probe_maps(session, run_id=run.run_id, layer_id=0, image_id=2, at=10)
    np.testing.assert_array_equal(maps.codes, given.maps[0].codes[1])
    assert np.isnan(maps.mean).tolist() == [False, True, False]
    one, other = saliency(session, run_id=run.run_id, image_id=2, at=10)
    assert (one.method, other.method) == tuple(given.saliency)
    np.testing.assert_array_equal(one.codes, given.saliency["grad-cam"].maps.codes[1])
    np.testing.assert_array_equal(other.low, given.saliency["integrated-gradients"].maps.low[1])
    course = probe_course(session, run_id=run.run_id, layer_id=0, image_id=2, filter=2)
    np.testing.assert_array_equal(course.maps[0], given.maps[0].codes[1, 2])
    assert course.mean == maps.mean[2]
    assert course.low <= course.mean <= course.high


def test_a_later_file_of_an_iteration_replaces_and_the_same_one_changes_nothing(session, run):
    version = lambda: runs.get_run(session, run_id=run.run_id).version  # noqa: E731
    first = small_logs.probe()
    # The later one looked at another layer.
    later = replace(first, recorded_at=2.0, maps={1: first.maps[1]}, kernels=None, saliency={})
    seen = []
    for one in (first, first, later):
        save_probe(session, run_id=run.run_id, probe=one)
        seen.append((version(), probes(session, run_id=run.run_id).layer.tolist()))
    assert seen[0] == seen[1] == (seen[2][0] - 1, [0, 1])
    assert seen[2][1] == [1]
    assert saliency(session, run_id=run.run_id, image_id=2, at=10) == ()


def test_only_what_a_later_generation_replaced_goes(session, run):
    for iteration, at in ((30, 5.0), (40, 5.0), (45, 15.0)):
        one = replace(small_logs.probe(), iteration=iteration, recorded_at=at)
        save_probe(session, run_id=run.run_id, probe=one)
    drop_abandoned_probes(session, run_id=run.run_id, seams=[(35, 10.0)])
    assert probes(session, run_id=run.run_id).iteration.tolist() == [20, 30, 45]
    course = probe_course(session, run_id=run.run_id, layer_id=0, image_id=4, filter=0)
    assert course.iteration.tolist() == [30, 45]


def test_tops_are_saved_replaced_and_dropped_with_their_probe(session, run):
    first = small_logs.probe()
    fewer = Tops(first.tops.classes, {0: first.tops.layers[0].first(1, np.arange(2))})
    save_probe(session, run_id=run.run_id, probe=first)
    save_probe(session, run_id=run.run_id, probe=replace(first, iteration=30, tops=fewer))
    save_probe(session, run_id=run.run_id, probe=replace(first, iteration=40, tops=None))
    assert top_iterations(session, run_id=run.run_id).tolist() == [10, 20, 30]
    found = filter_tops(session, run_id=run.run_id, layer_id=0, filter=1)
    given = first.tops.layers[0]
    assert found.iteration.tolist() == [10, 30]
    assert found.image.tolist() == [[1, -1], [1, -1]]
    np.testing.assert_array_equal(found.place[0], given.place[1])
    np.testing.assert_array_equal(found.field, [given.field] * 2)
    np.testing.assert_array_equal(found.value[1], [given.value[1, 0], np.nan])
    stored = layer_tops(session, run_id=run.run_id, at=[10, 30])
    assert [(one.layer, one.iteration) for one in stored] == [(0, 10), (0, 30), (1, 10)]
    for name, array in vars(given).items():
        np.testing.assert_array_equal(getattr(stored[0].tops, name), array)
    assert stored[0].classes.tolist() == [0, 2]
    save_probe(session, run_id=run.run_id, probe=replace(first, recorded_at=2.0, tops=None))
    drop_abandoned_probes(session, run_id=run.run_id, seams=[(25, 1e12)])
    assert top_iterations(session, run_id=run.run_id).tolist() == [20]


def test_maps_of_other_sizes_follow_each_other(session, run):
    for iteration, side in ((30, 4), (40, 2)):
        maps = {0: quantise_maps(values(side, 0)[:, :, :side, :side])}
        one = replace(small_logs.probe(), iteration=iteration, maps=maps)
        save_probe(session, run_id=run.run_id, probe=one)
    course = probe_course(session, run_id=run.run_id, layer_id=0, image_id=0, filter=2)
    assert [one.shape for one in course.maps] == [(4, 4), (2, 2)]
