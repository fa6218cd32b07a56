"""Entropy and largest logit of attention: against the weights that torch itself gives."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from deeptracker import Recorder
from deeptracker.attention import AttentionWatch
from deeptracker.errors import RecordingError
from deeptracker.format import RunDirectory
from deeptracker.layers import find_layers
from tests.deeptracker.networks import HEADS, WIDTH, EncoderNet, FusedAttention

N, QUERIES, KEYS = 3, 5, 7


def entropy_of(weights: torch.Tensor, allowed: torch.Tensor) -> float:
    """The slow reference: weights [n, heads, queries, keys], where attention is allowed."""
    shares = []
    for row, where in zip(weights.reshape(-1, KEYS), allowed.reshape(-1, KEYS), strict=True):
        if int(where.sum()) > 1:
            parts = [float(w) for w in row[where]]
            shares.append(-sum(w * math.log(w) for w in parts if w) / math.log(len(parts)))
    return float(np.mean(shares))


def made(**options) -> nn.MultiheadAttention:
    torch.manual_seed(0)
    return nn.MultiheadAttention(WIDTH, HEADS, batch_first=True, **options).eval()


def inputs(key_width: int = WIDTH) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    query = torch.randn(N, QUERIES, WIDTH, generator=generator)
    return 3 * query, torch.randn(N, KEYS, key_width, generator=generator)


def watched(module: nn.Module, call) -> dict[str, float]:
    with torch.no_grad(), AttentionWatch(find_layers(module, normalisation=False)) as watch:
        call(module)
    return dict(watch.scalars())


BLOCKED = torch.zeros(QUERIES, KEYS, dtype=torch.bool)
BLOCKED[0, 1:], BLOCKED[1, 3:] = True, True
PADDED = torch.zeros(N, KEYS, dtype=torch.bool)
PADDED[1, 5:] = True


@pytest.mark.parametrize(
    ("masks", "allowed"),
    [
        ({}, torch.ones(N, HEADS, QUERIES, KEYS, dtype=torch.bool)),
        ({"attn_mask": BLOCKED}, (~BLOCKED).expand(N, HEADS, -1, -1)),
        ({"key_padding_mask": PADDED}, (~PADDED)[:, None, None].expand(-1, HEADS, QUERIES, -1)),
        (
            {"attn_mask": BLOCKED.repeat(N * HEADS, 1, 1), "key_padding_mask": PADDED},
            ~(BLOCKED | PADDED[:, None, None]).expand(-1, HEADS, -1, -1),
        ),
        (
            {"attn_mask": torch.zeros(QUERIES, KEYS).masked_fill(BLOCKED, -torch.inf)},
            (~BLOCKED).expand(N, HEADS, -1, -1),
        ),
    ],
    ids=["none", "attn_mask", "key_padding_mask", "both", "additive"],
)
def test_the_entropy_is_that_of_torchs_weights(masks, allowed):
    holder = nn.ModuleDict({"attn": made()})
    query, key = inputs()
    call = {"need_weights": True, "average_attn_weights": False, **masks}
    found = watched(holder, lambda m: m["attn"](query, key, key, **call))
    with torch.no_grad():
        _, weights = holder["attn"](query, key, key, **call)
    assert found["attention_entropy/attn"] == pytest.approx(entropy_of(weights, allowed), rel=1e-5)


def test_the_logit_is_the_largest_of_the_scaled_products():
    holder = nn.ModuleDict({"attn": made()})
    query, key = inputs()
    found = watched(holder, lambda m: m["attn"](query, key, key))
    weight, bias = holder["attn"].in_proj_weight, holder["attn"].in_proj_bias
    largest = 0.0
    with torch.no_grad():
        for head in range(HEADS):
            rows = slice(head * WIDTH // HEADS, (head + 1) * WIDTH // HEADS)
            q = query @ weight[:WIDTH][rows].T + bias[:WIDTH][rows]
            k = key @ weight[WIDTH : 2 * WIDTH][rows].T + bias[WIDTH : 2 * WIDTH][rows]
            largest = max(largest, float((q @ k.transpose(1, 2)).abs().max()))
    wanted = largest / math.sqrt(WIDTH / HEADS)
    assert found["attention_logit/attn"] == pytest.approx(wanted, rel=1e-5)


def test_other_shapes_give_the_same():
    query, key = inputs()
    holder = nn.ModuleDict({"attn": made()})
    plain = watched(holder, lambda m: m["attn"](query, key, key))
    holder["attn"].batch_first = False
    turned = watched(
        holder,
        lambda m: m["attn"](query.transpose(0, 1), key.transpose(0, 1), key.transpose(0, 1)),
    )
    assert turned == pytest.approx(plain)
    alone = watched(holder, lambda m: m["attn"](query[0], key[0], value=key[0]))
    assert 0 < alone["attention_entropy/attn"] < 1
    unpacked = nn.ModuleDict({"attn": made(kdim=4, vdim=4, bias=False)})
    query, key = inputs(4)
    assert 0 < watched(unpacked, lambda m: m["attn"](query, key, key))["attention_entropy/attn"] < 1


def test_a_fused_layer_and_what_is_not_finite():
    torch.manual_seed(2)
    holder = nn.ModuleDict({"attn": FusedAttention()})
    images = torch.randn(N, KEYS, WIDTH)
    found = watched(holder, lambda m: m["attn"](images))
    with torch.no_grad():
        query, keys, _ = holder["attn"].qkv(images).reshape(N, KEYS, 3, HEADS, -1).unbind(2)
        logits = torch.einsum("nqhd,nkhd->nhqk", query, keys) / math.sqrt(WIDTH / HEADS)
    everywhere = torch.ones_like(logits, dtype=torch.bool)
    wanted = entropy_of(logits.softmax(-1), everywhere)
    assert found["attention_entropy/attn.qkv"] == pytest.approx(wanted, rel=1e-5)
    assert found["attention_logit/attn.qkv"] == pytest.approx(float(logits.abs().max()), rel=1e-5)
    images[0, 0, 0] = torch.nan
    odd = watched(holder, lambda m: m["attn"](images))
    assert all(math.isnan(value) for value in odd.values())


def trained(run_dir=None) -> EncoderNet:
    torch.manual_seed(3)
    model = EncoderNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images, labels = torch.randn(12, 1, 8, 8), torch.arange(12) % 10
    recorder = run_dir and Recorder(
        model,
        optimizer,
        run_dir,
        every=2,
        validation=TensorDataset(images, labels),
        attention=True,
        activations=True,
    )
    for _ in range(4):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        if recorder:
            recorder.step()
    if recorder:
        recorder.close()
    return model


def test_a_training_logs_both_and_stays_the_same(tmp_path):
    plain, recorded = trained(), trained(tmp_path / "run")
    for name, values in plain.state_dict().items():
        assert torch.equal(values, recorded.state_dict()[name]), name
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    assert manifest.remarks == ()
    for iteration in (2, 4):
        scalars = directory.snapshot(manifest, iteration).scalars
        for layer in (0, 1):
            name = f"encoder.layers.{layer}.self_attn"
            assert 0 < scalars[f"attention_entropy/{name}"].values[-1] <= 1
            assert scalars[f"attention_logit/{name}"].values[-1] > 0


def test_what_has_no_attention_is_told_so(tmp_path):
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    dataset = TensorDataset(torch.randn(6, 4), torch.arange(6) % 3)
    with pytest.raises(RecordingError, match="attention=True needs a network with attention"):
        Recorder(model, optimizer, tmp_path / "a", every=1, validation=dataset, attention=True)
    with pytest.raises(RecordingError, match="attention=True needs validation="):
        Recorder(model, optimizer, tmp_path / "b", every=1, attention=True)
