"""Which modules are layers, which weights belong to which filter, and what stands above."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from benchmarks.resnet50 import FILTERS, ResNet50
from deeptracker.demo import DigitNet
from deeptracker.errors import NothingToRecord, RecordingError
from deeptracker.layers import find_layers, find_modules, place, unwrap

# Each with an input that reaches every filter.
KINDS = [
    (nn.Conv1d(4, 6, 3), (2, 4, 8)),
    (nn.Conv2d(4, 6, (3, 2), stride=(1, 2)), (2, 4, 8, 8)),
    (nn.Conv2d(4, 6, 3, groups=2), (2, 4, 8, 8)),
    (nn.Conv2d(4, 8, 3, groups=4), (2, 4, 8, 8)),
    (nn.Conv3d(2, 3, 2), (2, 2, 4, 4, 4)),
    (nn.ConvTranspose1d(4, 6, 3), (2, 4, 8)),
    (nn.ConvTranspose2d(4, 6, 3, groups=2), (2, 4, 5, 5)),
    (nn.ConvTranspose2d(6, 6, 3, groups=6), (2, 6, 5, 5)),
    (nn.ConvTranspose3d(4, 2, 2, groups=2), (2, 4, 3, 3, 3)),
    (nn.Linear(5, 7, bias=False), (2, 5)),
    (nn.BatchNorm2d(5), (2, 5, 4, 4)),
    (nn.GroupNorm(2, 6), (2, 6, 4, 4)),
]


@pytest.mark.parametrize(("module", "shape"), KINDS, ids=lambda v: str(v)[:40])
def test_a_filter_is_all_weights_of_one_output_unit(module, shape):
    (layer,) = find_layers(nn.Sequential(module), normalisation=True)
    weight = module.weight
    numbers = torch.arange(weight.numel(), dtype=torch.float32).reshape(weight.shape)
    filters = layer.rows(numbers).long()
    assert sorted(filters.reshape(-1).tolist()) == list(range(weight.numel()))
    torch.manual_seed(0)
    images = torch.randn(shape)
    if getattr(module, "bias", None) is not None:
        nn.init.zeros_(module.bias)
    for index, own in enumerate(filters):
        with torch.no_grad():
            weight.zero_()
            weight.view(-1)[own] = torch.rand(len(own)) + 0.5
            out = module(images)
        reached = out.transpose(0, 1).reshape(out.shape[1], -1).abs().amax(dim=1) > 0
        assert reached.nonzero().reshape(-1).tolist() == [index]
    assert layer.spec.filters == out.shape[1]
    assert layer.spec.parameters == weight.numel()
    assert layer.spec.kind == type(module).__name__


@pytest.mark.parametrize(
    ("module", "inputs", "kernel", "stride", "groups"),
    [
        (nn.Conv2d(4, 6, (3, 2), stride=(1, 2)), 4, (3, 2), (1, 2), 1),
        (nn.Conv2d(4, 8, 3, groups=4), 1, (3, 3), (1, 1), 4),
        (nn.ConvTranspose2d(4, 6, 3, groups=2), 2, (3, 3), (1, 1), 2),
        (nn.Linear(5, 7), 5, (), (), 1),
        (nn.LayerNorm((3, 4)), 1, (), (), 1),
    ],
)
def test_the_shape_of_a_layer(module, inputs, kernel, stride, groups):
    (layer,) = find_layers(nn.Sequential(module), normalisation=True)
    spec = layer.spec
    assert (spec.inputs, spec.kernel, spec.stride, spec.groups) == (inputs, kernel, stride, groups)


def test_memory_formats_and_precisions_give_the_same_rows():
    module = nn.Conv2d(3, 4, 3)
    (layer,) = find_layers(module, normalisation=False)
    rows = layer.rows(module.weight)
    assert rows.data_ptr() == module.weight.data_ptr()
    last = module.weight.detach().to(memory_format=torch.channels_last)
    assert torch.equal(layer.rows(last), rows)
    assert layer.rows(module.weight.bfloat16()).dtype == torch.float32
    assert layer.rows(module.weight.double()).is_contiguous()


def test_normalisation_only_on_request():
    model = DigitNet()
    without = find_layers(model, normalisation=False)
    assert len(without) == 16
    assert {layer.spec.kind for layer in without} == {"Conv2d", "Linear"}
    assert "BatchNorm2d" in {x.spec.kind for x in find_layers(model, normalisation=True)}
    assert len(find_layers(nn.BatchNorm2d(3, affine=True), normalisation=True)) == 1
    with pytest.raises(NothingToRecord):
        find_layers(nn.BatchNorm2d(3, affine=False), normalisation=True)


def test_shared_weights_count_once():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    assert [x.spec.name for x in find_layers(model, normalisation=False)] == ["0", "1"]
    shared = nn.Linear(4, 4)
    assert len(find_layers(nn.Sequential(shared, shared), normalisation=False)) == 1


@pytest.mark.parametrize(
    ("change", "trained"),
    [
        (parametrizations.weight_norm, "parametrizations.weight.original1"),
        (parametrizations.spectral_norm, "parametrizations.weight.original"),
        (nn.utils.spectral_norm, "weight_orig"),
        (lambda m: prune.random_unstructured(m, "weight", 0.3), "weight_orig"),
    ],
)
def test_a_computed_weight_is_followed_to_what_is_trained(change, trained):
    module = change(nn.Conv2d(2, 3, 3))
    model = nn.Sequential(module)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    (layer,) = find_layers(model, normalisation=False)
    assert layer.weight is dict(module.named_parameters())[trained]
    assert layer.spec.kind == "Conv2d"
    assert all(torch.equal(before[name], v) for name, v in model.state_dict().items())


def test_a_layer_without_shape_is_an_error_that_says_what_to_do():
    with pytest.raises(RecordingError, match="'0' has no shape yet; run one batch"):
        find_layers(nn.Sequential(nn.LazyConv2d(3, 3)), normalisation=False)


def test_nothing_to_record_names_the_model():
    with pytest.raises(NothingToRecord, match="Sequential has no convolution"):
        find_layers(nn.Sequential(nn.ReLU()), normalisation=False)


def test_wrappers_are_looked_through():
    model = DigitNet()
    assert unwrap(nn.DataParallel(model)) is model
    assert unwrap(torch.compile(model)) is model
    assert unwrap(nn.DataParallel(torch.compile(model))) is model


def test_resnet_50_is_the_real_one():
    layers = find_layers(ResNet50(), normalisation=False)
    assert len(layers) == 54
    assert sum(layer.spec.filters for layer in layers) == FILTERS
    assert sum(layer.spec.parameters for layer in layers) == 25_502_912
    assert [x.spec.stage for x in layers].count("layer3") == 6 * 3 + 1
    assert len({layer.spec.block for layer in layers} - {""}) == 16
    shortcuts = [x.spec.name for x in layers if x.spec.branch == "shortcut"]
    assert shortcuts == [f"layer{stage}.0.downsample.0" for stage in (1, 2, 3, 4)]


PLACES = {
    "conv1": ("", "", "main"),
    "layer1.0.conv1": ("layer1", "layer1.0", "main"),
    "layer1.0.downsample.0": ("layer1", "layer1.0", "shortcut"),
    "layer1.1.shortcut": ("layer1", "layer1.1", "shortcut"),
    "fc": ("", "", "main"),
}


def test_places_in_a_residual_network():
    assert {name: place(name, list(PLACES)) for name in PLACES} == PLACES


def test_places_in_a_plain_sequence():
    names = ["0", "3", "6"]
    assert [place(name, names) for name in names] == [("", "", "main")] * 3


def test_what_merely_wraps_the_stages_is_passed_over():
    dense = [f"features.denseblock{b}.denselayer{i}.conv1" for b in (1, 2) for i in (1, 2, 3)]
    names = ["features.conv0", *dense, "features.transition1.conv", "classifier"]
    first = "features.denseblock1"
    assert place(dense[0], names) == (first, f"{first}.denselayer1", "main")
    assert place("classifier", names) == ("", "", "main")
    wrapped = [f"backbone.{name}" for name in PLACES] + ["head"]
    assert place("backbone.layer1.0.conv1", wrapped)[:2] == ("backbone.layer1", "backbone.layer1.0")
    plain = ["features.0", "features.2", "classifier.0"]
    assert place("features.2", plain) == ("features", "", "main")


def test_a_stage_named_after_sampling_is_no_short_cut():
    names = ["downsample.0.conv", "downsample.1.conv", "stage.0.conv"]
    assert place(names[0], names) == ("downsample", "downsample.0", "main")


def test_modules_are_those_on_the_way():
    model = DigitNet()
    found = find_modules(model, find_layers(model, normalisation=False))
    assert [m.name for m in found[:3]] == ["layer1", "layer1.0", "layer1.1"]
    assert {m.kind for m in found} == {"Sequential", "Block"}
    assert len(found) == 3 + 6


def test_rows_of_a_gradient_follow_those_of_its_weight():
    module = nn.ConvTranspose2d(4, 6, 3, groups=2)
    (layer,) = find_layers(module, normalisation=False)
    module(torch.randn(1, 4, 5, 5))[:, 4].sum().backward()
    touched = layer.rows(module.weight.grad).abs().sum(dim=1)
    assert np.flatnonzero(touched).tolist() == [4]
