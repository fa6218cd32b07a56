"""The images that activate filters most, and means over classes, equal those found by hand."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from deeptracker.format import MOST_TOP_CLASSES, restore_maps
from deeptracker.layers import find_layers
from deeptracker.seen_field import seen_fields
from deeptracker.top_watch import TOP_IMAGES, TopWatch
from tests.deeptracker.test_probes import train
from tests.deeptracker.trainings import make_training, validation_set

IMAGES = 24
SIDE = 6


class Known(nn.Module):
    """Filters whose favourites are known: bright points, dark ones, a vertical edge, nothing."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4, 3)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.bias.zero_()
            self.conv.weight[0, 0, 1, 1] = 1
            self.conv.weight[1, 0, 1, 1] = -1
            self.conv.weight[2, 0, :, 0], self.conv.weight[2, 0, :, 2] = -1, 1

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).amax(dim=(2, 3)))


@pytest.fixture
def images():
    """Black pictures with one point, the brighter the later, dark in every third."""
    found = torch.zeros(IMAGES, 1, SIDE, SIDE)
    for at in range(IMAGES):
        found[at, 0, at % SIDE, 2] = (1 + at) * (-1 if at % 3 == 0 else 1)
    return found


def watched(model, images, labels, *, batch=5):
    layers = find_layers(model, normalisation=False)
    watch = TopWatch(model, layers, range(len(layers)), labels, images.shape[2:])
    with torch.no_grad(), watch:
        for first in range(0, len(images), batch):
            part = images[first : first + batch]
            watch.batch(first, len(part))
            model(part)
    return watch


def test_favourites_that_are_known(images):
    labels = np.arange(IMAGES, dtype=np.int32) % 3
    tops = watched(Known().eval(), images, labels).take()
    conv = tops.layers[0]
    bright = [at for at in range(IMAGES)[::-1] if at % 3]
    dark = [at for at in range(IMAGES)[::-1] if not at % 3]
    assert conv.image[0].tolist() == bright[:TOP_IMAGES]
    assert conv.value[0].tolist() == [at + 1 for at in bright[:TOP_IMAGES]]
    assert conv.image[1, : len(dark)].tolist() == dark
    middle = [[round((at % SIDE + 0.5) / SIDE * 255), round(2.5 / SIDE * 255)] for at in bright]
    assert conv.place[0].tolist() == middle[:TOP_IMAGES]
    # Of the edge the point lies right of the middle: the greatest value one to the left of it.
    assert conv.place[2, 0, 1] == round(1.5 / SIDE * 255)
    # Always 0: the first images, and no class more than another.
    assert conv.image[3].tolist() == list(range(TOP_IMAGES))
    assert not conv.value[3].any()
    np.testing.assert_allclose(conv.field, [3 / SIDE, 3 / SIDE])
    np.testing.assert_array_equal(tops.layers[1].field, [1, 1])


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_any_batches_give_what_a_plain_forward_gives(batch):
    data = validation_set()
    images, labels = data.tensors
    model = make_training().model.eval()
    tops = watched(model, images, labels.numpy().astype(np.int32), batch=batch).take()
    with torch.no_grad():
        first = torch.relu(model.norm1(model.conv1(images)))
        second = torch.relu(model.norm2(model.conv2(first)))
        scores = model.fc(second.mean(dim=(2, 3)))[:, :, None, None]
    assert tops.classes.tolist() == list(range(10))
    for place, values in enumerate((first, second, scores)):
        layer, flat = tops.layers[place], values.flatten(2)
        peak = flat.amax(dim=2).numpy()
        expected = -np.sort(-peak, axis=0)[:TOP_IMAGES].T
        np.testing.assert_allclose(layer.value, expected, rtol=1e-5, atol=1e-6)
        filters = np.arange(peak.shape[1])[:, None]
        np.testing.assert_allclose(peak[layer.image, filters], expected, rtol=1e-5, atol=1e-6)
        mean = flat.mean(dim=2).numpy()
        classes = np.stack([mean[labels.numpy() == c].mean(axis=0) for c in range(10)], axis=1)
        found = restore_maps(layer.mean[:, None], layer.low, layer.high)[:, 0]
        spread = np.ptp(classes, axis=1, keepdims=True)
        assert (np.abs(found - classes) <= spread / 508 + 1e-5).all()


def test_what_is_not_finite_counts_for_nothing(images):
    images[20, 0, 0, 0], images[23, 0, 1, 1] = torch.nan, torch.inf
    tops = watched(Known().eval(), images, np.zeros(IMAGES, np.int32)).take()
    assert not {20, 23} & set(tops.layers[0].image[0].tolist())
    assert np.isfinite(tops.layers[0].value[0]).all()
    assert np.isfinite(tops.layers[0].high).all()
    few = watched(Known().eval(), images[20:21], np.zeros(1, np.int32)).take()
    assert (few.layers[0].image == -1).all()
    assert np.isnan(few.layers[0].value).all()


def test_a_pass_that_fails_leaves_nothing_and_the_next_one_all(images):
    model, labels = Known().eval(), np.zeros(IMAGES, np.int32)
    watch = watched(model, images, labels)

    def fail():
        with watch:
            watch.batch(0, 5)
            model(images[:5])
            model(torch.zeros(5, 2, SIDE, SIDE))

    with pytest.raises(RuntimeError):
        fail()
    assert watch.take() is None
    with torch.no_grad(), watch:
        watch.batch(0, IMAGES)
        model(images)
    assert watch.take().layers[0].image[0, 0] == IMAGES - 1


def test_of_many_classes_a_few_are_kept():
    classes = MOST_TOP_CLASSES * 2
    images = torch.rand(classes, 1, SIDE, SIDE)
    tops = watched(Known().eval(), images, np.arange(classes, dtype=np.int32)).take()
    assert tops.classes.tolist() == list(range(1, classes, 2))
    mean = images[tops.classes.tolist()].mean(dim=(1, 2, 3)).numpy()
    layer = tops.layers[0]
    found = restore_maps(layer.mean[:, None], layer.low, layer.high)[0, 0]
    np.testing.assert_allclose(found, mean, atol=0.005)


def test_how_much_of_a_picture_a_value_sees():
    chain = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 2, 3, stride=2, padding=1),
        nn.Conv2d(2, 2, 3, padding=1, dilation=1),
        nn.Flatten(),
        nn.Linear(2 * 8 * 8, 3),
    )
    layers = find_layers(chain, normalisation=False)
    sizes = {0: (32, 32), 1: (8, 8), 2: (8, 8), 3: (1, 1)}
    found = seen_fields(layers, sizes, (32, 32))
    # 3; the pool adds 1, the kernel 2 steps of 2; the last one 2 steps of 4.
    assert [float(found[at][0] * 32) for at in range(4)] == [3, 8, 16, 32]
    assert {float(one[1]) for one in seen_fields(layers, sizes, None).values()} == {1}


def test_the_recorder_keeps_them_where_the_snapshot_is_validated(tmp_path):
    data = validation_set()
    _, log = train(tmp_path / "run", iterations=8, probes=2, probe_every=1, validation_every=2)
    manifest = log.manifest()
    tops = [log.probe(manifest, at).tops for at in log.probe_iterations()]
    assert [one is None for one in tops] == [True, False, True, False]
    assert {manifest.layers[place].name for place in tops[1].layers} == {"conv1", "conv2", "fc"}
    assert tops[1].layers[0].image.shape == (6, TOP_IMAGES)
    images = TensorDataset(data.tensors[0].flatten(1), data.tensors[1])
    network = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    training = make_training(model=nn.Sequential(nn.Flatten(), network))
    _, log = train(tmp_path / "flat", iterations=2, training=training, validation=images, probes=2)
    layer = log.probe(log.manifest(), 2).tops.layers[0]
    np.testing.assert_array_equal(layer.field, [1, 1])
