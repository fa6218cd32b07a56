"""Transformers, mixers, adapters and embeddings: all parameters are recorded, or listed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from deeptracker import Recorder
from deeptracker.format import MANIFEST, STATISTICS, read_manifest, write_manifest
from deeptracker.layers import find_layers
from deeptracker.unrecorded import find_unrecorded
from tests.deeptracker import references
from tests.deeptracker.logs import read
from tests.deeptracker.networks import (
    HEADS,
    WIDTH,
    AdaptedNet,
    EncoderNet,
    FusedNet,
    MixerNet,
    TiedNet,
)
from tests.deeptracker.trainings import make_training, seed_all, validation_set

ENCODER = "encoder.layers.0.self_attn"
FUSED = "blocks.0.attn.qkv"


def trained(net, run_dir, *, steps=2, **options):
    """Train a network for some steps; return it and what it was before the last one."""
    seed_all(0)
    training = make_training(model=net(), make=lambda p: torch.optim.SGD(p, lr=0.1))
    before = {}
    with Recorder(training.model, training.optimizer, run_dir, every=steps, **options) as recorder:
        for _ in range(steps):
            parameters = training.model.named_parameters(remove_duplicate=False)
            before = {name: p.detach().clone() for name, p in parameters}
            recorder.step(train_loss=training.iterate())
    return training.model, before


def heads(packed, place):
    """Return query (0), key (1) or value (2) of a packed weight, a row per head."""
    return packed.detach().numpy()[place * WIDTH :][:WIDTH].reshape(HEADS, -1).astype(float)


def dimensions(vectors):
    return vectors.detach().numpy().reshape(-1, vectors.shape[-1]).T.astype(float)


def whole(parameter):
    return parameter.detach().numpy().reshape(len(parameter), -1).astype(float)


def expected_of(name, model):
    """Return how the numbers of a layer are found in what has the parameters' names and shapes."""
    for place, part in enumerate(("query", "key", "value")):
        if name.endswith(f".{part}"):
            above = name.removesuffix(f".{part}")
            packed = f"{above}.in_proj_weight" if above.endswith("self_attn") else f"{above}.weight"
            return lambda of: heads(of[packed], place)
    if name == "cls_token":
        return lambda of: of[name].detach().numpy().reshape(1, -1).astype(float)
    if name == "pos_embed":
        return lambda of: dimensions(of[name])
    if name == "places":
        return lambda of: dimensions(of["places.weight"])
    parameter = name if name in dict(model.named_parameters()) else f"{name}.weight"
    return lambda of: whole(of[parameter])


def kinds(layers):
    return {layer.name: (layer.kind, layer.filters) for layer in layers}


def norms(rows):
    return np.linalg.norm(rows, axis=1)


@pytest.fixture(scope="module", params=[EncoderNet, FusedNet, MixerNet, TiedNet, AdaptedNet])
def run(request, tmp_path_factory):
    """Return a network, its parameters before the last step, the manifest and the snapshot."""
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    model, before = trained(request.param, run_dir, validation=validation_set(20))
    manifest, (snapshot,) = read(run_dir)
    return model, before, manifest, snapshot


def test_the_numbers_of_every_layer_are_those_of_its_parameter(run):
    model, before, manifest, snapshot = run
    now = dict(model.named_parameters(remove_duplicate=False))
    gradients = {name: p.grad for name, p in now.items() if p.grad is not None}
    for place, layer in enumerate(manifest.layers):
        own = slice(manifest.filter_offsets[place], manifest.filter_offsets[place + 1])
        rows_of = expected_of(layer.name, model)
        rows = rows_of(now)
        assert rows.shape == (layer.filters, layer.parameters // layer.filters), layer.name
        filters = {name: values[own] for name, values in snapshot.filters.items()}
        assert filters["weight_l2"] == pytest.approx(norms(rows), rel=1e-5)
        assert filters["weight_mean"] == pytest.approx(rows.mean(axis=1), rel=1e-4, abs=1e-7)
        assert snapshot.histogram["weight"][place].tolist() == references.histogram(
            rows.astype(np.float32)
        )
        if layer.name == "body.0.base":
            assert np.isnan(filters["gradient_l2"]).all()
            assert not filters["update_ratio"].any()
            continue
        assert filters["gradient_l2"] == pytest.approx(
            norms(rows_of(gradients)), rel=1e-4, abs=1e-9
        )
        old = rows_of(before)
        change = [references.ratio(new - then, then) for new, then in zip(rows, old, strict=True)]
        assert filters["update_ratio"] == pytest.approx(change, rel=1e-3, abs=1e-7)


def test_every_parameter_is_recorded_or_listed(run):
    model, _, manifest, _ = run
    recorded = sum(layer.parameters for layer in manifest.layers)
    listed = sum(group.parameters for group in manifest.unrecorded)
    assert recorded + listed == sum(p.numel() for p in model.parameters())
    assert manifest.remarks == ()


def test_torch_s_encoder_has_its_heads_and_tokens():
    model = EncoderNet()
    layers = [layer.spec for layer in find_layers(model, normalisation=False)]
    found = kinds(layers)
    assert {found[f"{ENCODER}.{part}"] for part in ("query", "key", "value")} == {
        ("Attention", HEADS)
    }
    assert found["cls_token"] == ("Embedding", 1)
    assert found["pos_embed"] == ("Embedding", WIDTH)
    assert found[f"{ENCODER}.out_proj"] == ("Linear", WIDTH)
    assert [layer.name for layer in layers[:3]] == ["cls_token", "pos_embed", "patch"]
    query = next(layer for layer in layers if layer.name == f"{ENCODER}.query")
    assert (query.stage, query.block) == ("encoder.layers", "encoder.layers.0")
    assert (query.inputs, query.parameters, query.kernel) == (WIDTH, WIDTH * WIDTH, ())
    assert {(one.stage, one.block) for one in layers[:3]} == {("", "")}
    (bias, norm) = find_unrecorded(model, find_layers(model, normalisation=False))
    assert (bias.reason, norm.reason) == (
        "bias",
        "normalisation: pass normalisation=True to record it",
    )
    assert "encoder.layers.*.self_attn.in_proj_bias" in bias.names
    assert norm.names == ("encoder.layers.*.norm*.weight",)
    assert (norm.tensors, norm.parameters) == (4, 4 * WIDTH)
    with_norms = find_layers(model, normalisation=True)
    assert [group.reason for group in find_unrecorded(model, with_norms)] == ["bias"]


def test_a_fused_layer_is_split_where_its_heads_are_beyond_doubt():
    model = FusedNet()
    layers = [layer.spec for layer in find_layers(model, normalisation=False)]
    assert kinds(layers)[f"{FUSED}.key"] == ("Attention", HEADS)
    assert FUSED not in kinds(layers)
    key = next(layer for layer in layers if layer.name == f"{FUSED}.key")
    assert (key.stage, key.block, key.branch) == ("blocks", "blocks.0", "main")
    scale = find_unrecorded(model, find_layers(model, normalisation=True))[-1]
    assert (scale.names, scale.tensors) == (("blocks.*.gamma",), 2)
    for block in model.blocks:
        block.attn.num_kv_heads = 1  # query, key and value are not as wide as each other
    assert kinds([x.spec for x in find_layers(model, normalisation=False)])[FUSED] == (
        "Linear",
        3 * WIDTH,
    )


def test_attention_over_other_widths_has_its_three_parameters():
    model = nn.MultiheadAttention(WIDTH, HEADS, kdim=6, vdim=4, add_bias_kv=True)
    found = find_layers(model, normalisation=False)
    assert {x.spec.name: (x.spec.kind, x.spec.filters, x.spec.inputs) for x in found} == {
        "query": ("Attention", HEADS, WIDTH),
        "key": ("Attention", HEADS, 6),
        "value": ("Attention", HEADS, 4),
        "bias_k": ("Embedding", 1, WIDTH),
        "bias_v": ("Embedding", 1, WIDTH),
        "out_proj": ("Linear", WIDTH, WIDTH),
    }
    key = found[1]
    assert torch.equal(key.rows(key.effective()), model.k_proj_weight.reshape(HEADS, -1))


def test_a_weight_that_is_shared_with_an_embedding_counts_once():
    model = TiedNet()
    found = kinds([x.spec for x in find_layers(model, normalisation=False)])
    assert found == {
        "decoder": ("Linear", 17),
        "places": ("Embedding", WIDTH),
        "head": ("Linear", 10),
    }


def test_an_adapter_and_what_it_adapts_are_layers():
    layers = [x.spec for x in find_layers(AdaptedNet(), normalisation=False)]
    assert kinds(layers) == {
        "body.0.lora_A": ("Parameter", 2),
        "body.0.lora_B": ("Parameter", 16),
        "body.0.base": ("Linear", 16),
        "head": ("Linear", 10),
    }


def test_a_linear_layer_that_keeps_its_weight_the_other_way_round():
    from transformers.pytorch_utils import Conv1D

    model = nn.ModuleDict({"c_proj": Conv1D(3, 5)})
    (layer,) = find_layers(model, normalisation=False)
    assert (layer.spec.name, layer.spec.kind, layer.spec.filters) == ("c_proj", "Conv1D", 3)
    assert torch.equal(layer.rows(layer.effective()), model["c_proj"].weight.T)


def test_recurrent_weights_and_odd_parameters():
    parts = {"rnn": nn.LSTM(3, 4), "odd": nn.Bilinear(3, 4, 5), "lazy": nn.LazyBatchNorm1d()}
    model = nn.ModuleDict(parts)
    model["scales"] = nn.ParameterList(torch.ones(3) for _ in range(2))
    model.register_parameter("wave", nn.Parameter(torch.zeros(2, 2, dtype=torch.complex64)))
    model.register_parameter("nothing", nn.Parameter(torch.zeros(0, 3)))
    layers = find_layers(model, normalisation=False)
    assert kinds([layer.spec for layer in layers]) == {
        "rnn.weight_ih_l0": ("Parameter", 16),
        "rnn.weight_hh_l0": ("Parameter", 16),
        "odd": ("Bilinear", 5),
    }
    assert {one.reason: (one.names, one.tensors) for one in find_unrecorded(model, layers)} == {
        "numbers of the kind complex64": (("wave",), 1),
        "no numbers in it": (("nothing",), 1),
        "one axis, such as a scale: it has no filters": (("scales.*",), 2),
        "bias": (("rnn.bias_ih_l0", "rnn.bias_hh_l0", "odd.bias", "lazy.bias"), 4),
        "normalisation: pass normalisation=True to record it": (("lazy.weight",), 1),
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda m: prune.l1_unstructured(m, "in_proj_weight", 0.5),
        lambda m: parametrizations.spectral_norm(m, "in_proj_weight"),
        lambda m: parametrizations.weight_norm(m, "in_proj_weight"),
    ],
)
def test_the_weight_that_attention_computes_with_counts(change):
    model = nn.Sequential(nn.MultiheadAttention(WIDTH, HEADS)).eval()
    change(model[0])
    layers = find_layers(model, normalisation=False)
    names = [layer.spec.name for layer in layers]
    assert names == ["0.query", "0.key", "0.value", "0.out_proj"]
    effective = model[0].in_proj_weight.detach()
    assert torch.equal(layers[2].effective(), effective[2 * WIDTH :])
    assert [group.reason for group in find_unrecorded(model, layers)] == ["bias"]
    assert all(layer.find(model) for layer in layers)


def test_attention_that_is_replaced_is_followed_by_its_name(tmp_path):
    training = make_training(model=EncoderNet(), make=lambda p: torch.optim.SGD(p, lr=0.1))
    model = training.model
    recorder = Recorder(model, training.optimizer, tmp_path / "run", every=1)
    with recorder:
        model.encoder.layers[0].self_attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        training.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        recorder.step(train_loss=training.iterate())
        model.pos_embed = nn.Parameter(torch.zeros(1, 17, 1))
        with pytest.warns(RuntimeWarning, match="'pos_embed' is no longer in the network"):
            recorder.step(train_loss=training.iterate())
    manifest, (first, second) = read(tmp_path / "run")
    names = [layer.name for layer in manifest.layers]
    at = manifest.filter_offsets[names.index(f"{ENCODER}.value")]
    packed = model.encoder.layers[0].self_attn.in_proj_weight
    assert second.filters["weight_l2"][at : at + HEADS] == pytest.approx(norms(heads(packed, 2)))
    assert np.isfinite(first.filters["update_ratio"]).all()
    gone = manifest.filter_offsets[names.index("pos_embed")]
    assert np.isnan(second.filters["weight_l2"][gone : gone + WIDTH]).all()


def test_what_a_head_puts_out_is_its_part_of_the_fused_layer(tmp_path):
    model, _ = trained(FusedNet, tmp_path / "run", validation=validation_set(20), activations=True)
    manifest, (snapshot,) = read(tmp_path / "run")
    images = validation_set(20).tensors[0]
    seen = []
    model.blocks[0].attn.qkv.register_forward_hook(lambda *call: seen.append(call[-1]))
    with torch.no_grad():
        model.eval()(images)
    table = snapshot.statistics["activation"]
    names = [layer.name for layer in manifest.layers]
    for place, part in enumerate(("query", "key", "value")):
        own = seen[0][..., place * WIDTH : (place + 1) * WIDTH]
        row = table[names.index(f"{FUSED}.{part}")]
        assert row[STATISTICS.index("mean")] == pytest.approx(float(own.mean()), rel=1e-4)
        assert row[STATISTICS.index("l2")] == pytest.approx(float(own.norm()), rel=1e-4)


def test_a_token_has_no_activation_of_its_own(tmp_path):
    trained(EncoderNet, tmp_path / "run", validation=validation_set(20), activations=True)
    manifest, (snapshot,) = read(tmp_path / "run")
    names = [layer.name for layer in manifest.layers]
    known = np.isfinite(snapshot.statistics["activation"][:, STATISTICS.index("mean")])
    there = dict(zip(names, known.tolist(), strict=True))
    found = [there[name] for name in ("patch", "head", "cls_token", "pos_embed")]
    assert found == [True, True, False, False]


@pytest.mark.parametrize("net", [EncoderNet, FusedNet])
def test_the_training_is_the_same_with_and_without(net, tmp_path):
    options = {"validation": validation_set(20), "activations": True, "normalisation": True}
    with_it, _ = trained(net, tmp_path / "run", **options)
    seed_all(0)
    alone = make_training(model=net(), make=lambda p: torch.optim.SGD(p, lr=0.1))
    for _ in range(2):
        alone.iterate()
    for name, value in alone.model.state_dict().items():
        assert torch.equal(value, with_it.state_dict()[name]), name


def test_muon_for_matrices_beside_adamw_for_the_rest(tmp_path):
    training = make_training(model=EncoderNet())
    model = training.model
    matrices = [p for name, p in model.encoder.named_parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    both = [torch.optim.Muon(matrices, lr=0.02), torch.optim.AdamW(others, lr=0.01)]
    with Recorder(model, both, tmp_path / "run", every=1) as recorder:
        before = model.encoder.layers[1].self_attn.in_proj_weight.detach().clone()
        loss = training.loss()
        loss.backward()
        for optimizer in both:
            optimizer.step()
        recorder.step(train_loss=loss)
    manifest, (snapshot,) = read(tmp_path / "run")
    assert manifest.remarks == ()
    assert np.isfinite(snapshot.filters["update_ratio"]).all()
    names = [layer.name for layer in manifest.layers]
    at = manifest.filter_offsets[names.index("encoder.layers.1.self_attn.key")]
    after = model.encoder.layers[1].self_attn.in_proj_weight
    old = heads(before, 1)
    assert snapshot.filters["update_ratio"][at : at + HEADS] == pytest.approx(
        norms(heads(after, 1) - old) / norms(old), rel=1e-4
    )


def test_a_run_of_an_older_recorder_goes_on_with_the_layers_that_it_has(tmp_path):
    trained(EncoderNet, tmp_path / "run")
    path = tmp_path / "run" / MANIFEST
    now = read_manifest(path)
    known = tuple(x for x in now.layers if x.kind == "Linear")
    for file in (tmp_path / "run" / "snapshots").iterdir():
        file.unlink()
    write_manifest(path, replace(now, layers=known, unrecorded=None))
    trained(EncoderNet, tmp_path / "run", start_iteration=0)
    manifest, (snapshot,) = read(tmp_path / "run")
    assert manifest.layers == known
    assert snapshot.statistics["weight"].shape[0] == len(known)
    left = [
        group for group in manifest.unrecorded if group.reason == "the run was begun without it"
    ]
    assert "encoder.layers.*.self_attn.in_proj_weight" in left[0].names
