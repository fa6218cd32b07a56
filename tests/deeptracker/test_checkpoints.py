"""Checkpoints as the newest real libraries write them: their true numbers, names and facts."""

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file, save_model
from torch import nn
from torch.nn import utils
from torch.nn.utils import parametrizations, prune
from transformers import GPT2Config, GPT2LMHeadModel

from deeptracker.conversion.checkpoints.clocks import clocks
from deeptracker.conversion.checkpoints.reading import (
    Checkpoint,
    Contents,
    arrays_of,
    contents_of,
    find_checkpoints,
)
from deeptracker.conversion.joining import convert
from deeptracker.errors import LogError
from deeptracker.format import STATISTICS, RunDirectory


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))


def read(path: Path) -> Contents:
    return contents_of(Checkpoint(1, False, (path,)))


def names(found: Contents) -> list[str]:
    """The arrays that can be layers."""
    return [name for name, array in found.arrays.items() if array.ndim > 1]


# Numbers of every kind.


@pytest.mark.parametrize(
    "kind",
    [
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn,
        torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
    ],
)  # fmt: skip
def test_every_number_of_a_kind_is_read_exactly(tmp_path: Path, kind: torch.dtype) -> None:
    bits = {1: torch.uint8, 2: torch.int16}.get(kind.itemsize)
    if bits is None:
        weight = torch.tensor([0.1, -0.0, torch.inf, torch.nan, 1e-40, 3e38], dtype=kind)
    else:  # all there are, NaN and Inf among them
        weight = torch.arange(256 ** min(kind.itemsize, 2)).to(bits).view(kind)
    save_file({"layer.weight": weight.reshape(2, -1)}, tmp_path / "1.safetensors")
    found = arrays_of(find_checkpoints(tmp_path).checkpoints[0])["layer.weight"]
    known = weight if kind == torch.float64 else weight.float()
    assert found.dtype == known.numpy().dtype
    assert np.array_equal(found, known.reshape(2, -1).numpy(), equal_nan=True)


def test_four_bits_a_number(tmp_path: Path) -> None:
    codes = torch.arange(16, dtype=torch.uint8)
    packed = (codes[::2] | codes[1::2] << 4).view(torch.float4_e2m1fn_x2).reshape(2, 4)
    scales = torch.ones(2, 1, dtype=torch.uint8).view(torch.float8_e8m0fnu)
    save_file({"a.weight": packed, "a.weight_scale": scales}, tmp_path / "1.safetensors")
    found = read(tmp_path / "1.safetensors")
    half = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    # Its header counts numbers, though its bytes hold two each.
    assert found.arrays["a.weight"].tolist() == [half, [-each for each in half]]
    assert list(found.arrays) == ["a.weight"]
    assert "without their scales (a.weight_scale)" in found.facts.remarks[0]


def test_whole_numbers_are_left_out_aloud(tmp_path: Path) -> None:
    state = {"q.weight": torch.ones(3, 4, dtype=torch.int8), "a.weight": torch.ones(3, 4)}
    save_file(state, tmp_path / "1.safetensors")
    found = read(tmp_path / "1.safetensors")
    assert list(found.arrays) == ["a.weight"]
    assert found.facts.remarks == ["left out, no floating-point numbers but I8: q.weight"]


@pytest.mark.filterwarnings("ignore")
def test_quantised_weights_are_left_out_aloud_of_every_kind(tmp_path: Path) -> None:
    state = {
        "q.weight": torch.ones(3, 4, dtype=torch.int8),
        "a.weight": torch.ones(3, 4),
        "places": torch.ones(2, 2, dtype=torch.int64),
    }
    torch.save(state, tmp_path / "1.pt")
    said = "left out, no floating-point numbers but int8: "
    assert read(tmp_path / "1.pt").facts.remarks == [f"{said}q.weight"]
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="d")])
    model.quantize("int8")
    (tmp_path / "keras").mkdir()
    model.save(tmp_path / "keras" / "step=2.keras")
    assert read(tmp_path / "keras" / "step=2.keras").facts.remarks == [f"{said}d.kernel"]
    with pytest.raises(LogError, match=r"step=2.keras: holds no weights of two axes .* d\.kernel"):
        convert(tmp_path / "keras", tmp_path / "run")


def test_a_name_in_two_files_of_one_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint-5"
    folder.mkdir()
    save_file({"weight": torch.ones(2, 2)}, folder / "model.safetensors")
    save_file({"weight": torch.zeros(2, 2)}, folder / "model_ema.safetensors")
    with pytest.raises(LogError, match=r"model_ema.safetensors: weight: is in another file"):
        contents_of(find_checkpoints(tmp_path).checkpoints[0])
    (tmp_path / "deeptracker.toml").write_text('files = ["*/model.safetensors"]')
    found = contents_of(find_checkpoints(tmp_path).checkpoints[0])
    assert found.arrays["weight"].all()


def test_nan_and_inf_are_counted(tmp_path: Path) -> None:
    for step in (10, 20):
        weight = torch.ones(2, 4)
        if step == 20:
            weight[0, :3] = torch.tensor([torch.nan, torch.inf, -torch.inf])
        torch.save({"weight": weight}, tmp_path / f"{step}.pt")
    convert(tmp_path, tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    assert run.manifest().model == ""  # nothing says it: it is not "not known" by name
    rows = [run.snapshot(run.manifest(), step).statistics["weight"][0] for step in (10, 20)]
    counts = [[row[STATISTICS.index(n)] for n in ("nan_count", "inf_count")] for row in rows]
    assert counts == [[0, 0], [1, 2]]


# Names.


class Tied(nn.Module):
    """An embedding whose weight the head shares."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
        self.head.weight = self.embed.weight


def test_tied_weights_are_stored_once(tmp_path: Path) -> None:
    save_model(Tied(), str(tmp_path / "1.safetensors"))
    found = read(tmp_path / "1.safetensors")
    assert list(found.arrays) == ["embed.weight"]
    assert found.facts.remarks == [
        "head.weight is the same weight as embed.weight, which is recorded"
    ]


def test_names_in_the_order_of_the_network(tmp_path: Path) -> None:
    order = ["embed.weight", *(f"layers.{n}.weight" for n in range(12)), "head.weight"]
    save_file({name: torch.ones(2, 2) for name in order}, tmp_path / "1.safetensors")
    assert names(read(tmp_path / "1.safetensors")) == order


def test_wrappers_are_no_part_of_a_name(tmp_path: Path) -> None:
    compiled = torch.compile(network())
    save_file(compiled.state_dict(), tmp_path / "1.safetensors")
    parallel = nn.DataParallel(network())
    torch.save(parallel.state_dict(), tmp_path / "2.pt")
    sharded = {
        f"_fsdp_wrapped_module.{name[0]}._checkpoint_wrapped_module{name[1:]}": tensor
        for name, tensor in network().state_dict().items()
    }
    torch.save(sharded, tmp_path / "3.pt")
    for one in find_checkpoints(tmp_path).checkpoints:
        # Nor is what BatchNorm has seen a weight.
        assert sorted(arrays_of(one)) == sorted(name for name, _ in network().named_parameters())


def test_masks_and_other_buffers_are_no_layers(tmp_path: Path) -> None:
    model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=2, n_positions=8, vocab_size=9))
    state = model.state_dict()
    # Older releases kept it in the file.
    state["transformer.h.0.attn.bias"] = torch.ones(1, 1, 8, 8)
    torch.save(state, tmp_path / "1.bin")
    assert "transformer.h.0.attn.bias" not in read(tmp_path / "1.bin").arrays
    model.save_pretrained(tmp_path / "checkpoint-2", max_shard_size="1KB")
    sharded = find_checkpoints(tmp_path).checkpoints[-1]
    assert len(sharded.files) > 3
    # The head is the embedding, and is in no file.
    assert set(arrays_of(sharded)) == set(state) - {"transformer.h.0.attn.bias", "lm_head.weight"}


def test_the_folder_of_an_adapter_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint-5"
    folder.mkdir()
    name = "base_model.model.layers.0.q_proj.lora_A.weight"
    save_file({name: torch.ones(2, 4)}, folder / "adapter_model.safetensors")
    about = {"peft_type": "LORA", "base_model_name_or_path": "small/base"}
    (folder / "adapter_config.json").write_text(json.dumps(about))
    found = contents_of(find_checkpoints(tmp_path).checkpoints[0])
    assert names(found) == ["layers.0.q_proj.lora_A.weight"]
    assert "PEFT's LORA beside small/base" in found.facts.remarks[0]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (["epoch=3-step=500", "last"], [(False, 500), None]),
        (["model-9", "model-10"], [(False, 9), (False, 10)]),
        (["epoch=1-val_loss=0.25", "epoch=12-val_loss=1.5e-3"], [(True, 1), (True, 12)]),
        (["resnet50_1", "resnet50_2"], [(False, 1), (False, 2)]),
        (["3_resnet50", "7_resnet50"], [(False, 3), (False, 7)]),
        (["model_3_acc0.91", "model_4_acc0.94"], [(False, 3), (False, 4)]),
        (["epoch=9-step=100-v1"], [(False, 100)]),
        (["weights.02-0.31", "weights.10-0.29"], [(False, 2), (False, 10)]),
        (["iter_0000500", "global_step1000"], [(False, 500), (False, 1000)]),
        (["model_0", "model_1", "model_2"], [(True, 0), (True, 1), (True, 2)]),
        (["model_0", "model_5", "step=1"], [(False, 0), (False, 5), (False, 1)]),
        (["checkpoint-20", "ckpt_5000"], [(False, 20), (False, 5000)]),
        (["best", "net-0676ba61", "1" * 40], [None, None, None]),
    ],
)  # fmt: skip
def test_what_a_name_counts(given: list[str], known: list[object]) -> None:
    assert [clocks(given)[name] for name in given] == known


def test_one_iteration_in_two_forms_or_written_twice(tmp_path: Path) -> None:
    state = network().state_dict()
    save_file(state, tmp_path / "model-5.safetensors")
    torch.save(state, tmp_path / "model-5.pt")
    for name in ("epoch=0-step=9", "epoch=0-step=9-v2", "epoch=0-step=9-v1"):
        torch.save({"state_dict": state, "global_step": 9}, tmp_path / f"{name}.ckpt")
    found = find_checkpoints(tmp_path)
    assert [one.files[0].name for one in found.checkpoints] == [
        "model-5.safetensors", "epoch=0-step=9-v2.ckpt",
    ]  # fmt: skip
    assert len(found.remarks) == 3


def test_the_folder_that_lightning_makes_by_default(tmp_path: Path) -> None:
    within = tmp_path / "checkpoints"
    within.mkdir()
    for step in (8, 16):
        content = {"state_dict": network().state_dict(), "global_step": step}
        torch.save(content, within / f"epoch={step // 8 - 1}-step={step}.ckpt")
    (tmp_path / "metrics.csv").write_text("epoch,step,train_loss\n0,7,0.5\n1,15,0.25\n")
    found = find_checkpoints(tmp_path)
    assert [one.number for one in found.checkpoints] == [8, 16]
    assert found.unnumbered == ()
    done = convert(tmp_path, tmp_path / "run")
    assert (done.snapshots, done.layers, done.scalars) == (2, 2, 1)
    # What has a number itself comes before what is in a folder beside it.
    save_file(network().state_dict(), tmp_path / "step=24.safetensors")
    assert [one.number for one in find_checkpoints(tmp_path).checkpoints] == [24]
    assert find_checkpoints(tmp_path).unnumbered == ("checkpoints",)


def test_an_epoch_is_no_step_of_the_optimizer(tmp_path: Path) -> None:
    for name in ("epoch", "step"):
        folder = tmp_path / name
        folder.mkdir()
        for number in (1, 2):
            weight = torch.full((2, 4), float(number))
            save_file({"weight": weight}, folder / f"{name}={number}.safetensors")
        convert(folder, tmp_path / f"run-{name}")
        run = RunDirectory(tmp_path / f"run-{name}")
        update = run.snapshot(run.manifest(), 2).statistics["update"]
        # What changed in an epoch is not what one step applied.
        assert np.isnan(update[0, 0]) == (name == "epoch")


def test_folders_of_deepspeed(tmp_path: Path) -> None:
    folder = tmp_path / "global_step2"
    folder.mkdir()
    state = network().state_dict()
    # What the optimizer has beside the weights, in classes of DeepSpeed's, is not read.
    (folder / "zero_pp_rank_0_mp_rank_00_optim_states.pt").write_bytes(b"no file of torch's")
    torch.save({"module": state, "param_shapes": []}, folder / "mp_rank_00_model_states.pt")
    (one,) = find_checkpoints(tmp_path).checkpoints
    assert np.array_equal(arrays_of(one)["3.weight"], state["3.weight"].numpy())
    empty = {"module": {"3.weight": torch.empty(0)}, "param_shapes": []}
    torch.save(empty, folder / "mp_rank_00_model_states.pt")
    with pytest.raises(LogError, match=r"zero_to_fp32\.py"):
        contents_of(find_checkpoints(tmp_path).checkpoints[0])


def test_the_folder_that_accelerate_makes_by_default(tmp_path: Path) -> None:
    for number in (0, 1):
        folder = tmp_path / "checkpoints" / f"checkpoint_{number}"
        folder.mkdir(parents=True)
        save_file(network().state_dict(), folder / "model.safetensors")
        torch.save({"state": {}}, folder / "optimizer.bin")
    found = find_checkpoints(tmp_path).checkpoints
    # Accelerate counts how often it saved, from 0.
    assert [(one.by_epoch, one.number, len(one.files)) for one in found] == [
        (True, 0, 1), (True, 1, 1),
    ]  # fmt: skip


def test_archives_of_torch_count_epochs(tmp_path: Path) -> None:
    state = network().state_dict()
    for epoch in (0, 1):  # as timm writes them, with its moving average
        content = {"epoch": epoch, "arch": "net", "state_dict": state, "state_dict_ema": state}
        torch.save(content, tmp_path / f"checkpoint-{epoch}.pth.tar")
    torch.save(content, tmp_path / "model_best.pth.tar")
    torch.save(content, tmp_path / "recovery-1-40.pth.tar")
    found = find_checkpoints(tmp_path)
    assert [(one.by_epoch, one.number) for one in found.checkpoints] == [(True, 0), (True, 1)]
    assert found.unnumbered == ("model_best.pth.tar",)
    assert "0.weight" in contents_of(found.checkpoints[0]).arrays
    torch.save(content, tmp_path / "step=500.pth.tar")
    assert [one.number for one in find_checkpoints(tmp_path).checkpoints] == [500]


# PyTorch's files.


def test_plain_data_beside_weights_is_no_obstacle(tmp_path: Path) -> None:
    state = network().state_dict()
    content = {
        "model": state,
        "model_ema": state,
        "best_loss": np.float64(0.5),
        "history": np.arange(3.0),
        "args": argparse.Namespace(lr=np.float32(0.5), name="mine", layers=[1]),
        "global_step": 12,
        "epoch": 3,
    }
    torch.save(content, tmp_path / "best.pt")
    found = find_checkpoints(tmp_path)
    assert [one.number for one in found.checkpoints] == [12]
    facts = contents_of(found.checkpoints[0]).facts
    assert facts.hyperparameters == {"lr": 0.5, "name": "mine"}
    assert facts.epoch == 3
    assert facts.remarks == ["of two networks in a file, model is recorded, not model_ema"]


def test_the_old_form_of_torch(tmp_path: Path) -> None:
    state = network().state_dict()
    torch.save(state, tmp_path / "1.pth", _use_new_zipfile_serialization=False)
    assert np.array_equal(read(tmp_path / "1.pth").arrays["0.weight"], state["0.weight"].numpy())


def test_a_single_number_among_weights(tmp_path: Path) -> None:
    # CLIP's logit_scale, a learned temperature.
    state = {"logit_scale": torch.tensor(4.5), "proj.weight": torch.ones(2, 3)}
    torch.save(state, tmp_path / "1.pt")
    assert read(tmp_path / "1.pt").arrays["logit_scale"] == np.float32(4.5)


def test_a_file_with_a_network_for_each_part(tmp_path: Path) -> None:
    state = network().state_dict()
    parts = {"netG": state, "netD": state, "optimizerG": {"state": {}, "param_groups": []}}
    torch.save({**parts, "epoch": 3}, tmp_path / "1.pt")
    found = read(tmp_path / "1.pt")
    assert names(found) == ["netG.0.weight", "netG.3.weight", "netD.0.weight", "netD.3.weight"]
    assert "(netG, netD) are recorded as one" in found.facts.remarks[0]


@pytest.mark.filterwarnings("ignore")
def test_a_program_of_torchscript_is_refused_by_name(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "1.pt"))
    with pytest.raises(LogError, match="is a program of TorchScript"):
        read(tmp_path / "1.pt")


@pytest.mark.filterwarnings("ignore")
def test_a_folder_of_distributed_checkpoint(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": 7}
    dcp.save(content, checkpoint_id=tmp_path / "newest")
    (one,) = find_checkpoints(tmp_path).checkpoints
    assert one.number == 7
    found = arrays_of(one)
    assert set(found) == {name for name, _ in model.named_parameters()}
    for name, weight in model.named_parameters():
        assert np.array_equal(found[name], weight.detach().numpy())
    # The folder itself may be what is given.
    assert find_checkpoints(tmp_path / "newest").checkpoints[0].number == 7


# Keras and JAX.


@pytest.fixture(scope="module")
def keras_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """A folder with one network of Keras in all its forms, and its true kernels."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras import layers

    folder = tmp_path_factory.mktemp("keras")
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="stem")(image)
    x = layers.BatchNormalization()(x)
    # Its group is called conv2d_1: the class is counted, the name is an attribute.
    x = layers.Conv2D(5, 3, name="conv2d")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="each")(x)
    x = layers.Conv2DTranspose(7, 2, name="up")(x)
    x = layers.Flatten()(x)
    x = keras.Sequential([layers.Dense(6, name="d")], name="inner")(x)
    model = keras.Model(image, layers.Dense(2, name="out")(x))
    model.compile(keras.optimizers.Adam(0.25), "mse")
    model.fit(np.ones((4, 8, 8, 3)), np.ones((4, 2)), batch_size=2, verbose=0)
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.save_weights(folder / "model.weights.h5")
    true = {
        layer.name: np.asarray(layer.trainable_variables[0].numpy())
        for layer in model._flatten_layers()
        if layer.trainable_variables and not isinstance(layer, keras.Model)
    }
    return folder, true


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5", "model.h5"])
def test_files_of_keras(keras_files: tuple[Path, dict[str, np.ndarray]], name: str) -> None:
    folder, true = keras_files
    found = read(folder / name)
    kernels = {each.removesuffix(".kernel"): array for each, array in found.arrays.items()}
    assert list(kernels) == ["stem", "conv2d", "each", "up", "inner.d", "out"]
    # A filter is an output unit: [out, in, y, x] of what Keras has as [y, x, in, out].
    assert np.array_equal(kernels["conv2d"][3, 2], true["conv2d"][:, :, 2, 3])
    assert np.array_equal(kernels["each"][3, 0], true["each"][:, :, 1, 1])
    assert np.array_equal(kernels["up"][6, 2], true["up"][:, :, 6, 2])
    assert np.array_equal(kernels["out"], true["out"].T)
    assert found.facts.filter_axis == 0
    assert found.facts.iteration == 2  # the steps that the optimizer took
    if name == "model.keras":
        assert found.facts.hyperparameters["learning_rate"] == 0.25
        assert found.facts.hyperparameters["optimizer"] == "Adam"


def test_a_run_of_keras_files(
    keras_files: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    shutil.copy(keras_files[0] / "model.keras", tmp_path / "at-2.keras")
    done = convert(tmp_path, tmp_path / "run")
    manifest = RunDirectory(tmp_path / "run").manifest()
    assert [layer.filters for layer in manifest.layers] == [4, 5, 10, 7, 6, 2]
    assert manifest.layers[1].kernel == (3, 3)
    assert manifest.layers[1].inputs == 4
    assert manifest.hyperparameters["learning_rate"] == 0.25
    assert done.snapshots == 1


@pytest.mark.filterwarnings("ignore")
def test_folders_of_orbax(tmp_path: Path) -> None:
    import jax.numpy as jnp
    import orbax.checkpoint as ocp
    from orbax.checkpoint import v1

    kernel = jnp.arange(3 * 3 * 2 * 5, dtype=jnp.bfloat16).reshape(3, 3, 2, 5)
    tree = {
        # A dot in a name, and a name within another one, look alike in the store.
        "params": {"Conv.x": {"kernel": kernel}, "Dense": {"kernel": jnp.ones((4, 3))}},
        "opt_state": ({"mu": jnp.zeros((4, 3))},),
        "step": 7,
    }
    with ocp.CheckpointManager(tmp_path / "manager") as manager:
        manager.save(7, args=ocp.args.StandardSave(tree))
        manager.wait_until_finished()
    ocp.PyTreeCheckpointer(use_ocdbt=False).save(tmp_path / "plain" / "at", tree)
    v1.save_pytree(tmp_path / "new" / "at", tree)
    for folder in ("manager", "plain", "new"):
        (one,) = find_checkpoints(tmp_path / folder).checkpoints
        assert one.number == 7
        found = contents_of(one)
        assert set(found.arrays) == {"Conv.x.kernel", "Dense.kernel"}
        assert found.arrays["Dense.kernel"].shape == (3, 4)
        true = np.asarray(kernel, dtype=np.float32)
        assert np.array_equal(found.arrays["Conv.x.kernel"], true.transpose(3, 2, 0, 1))


def test_a_link_out_of_the_folder(tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "outside.safetensors")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "step-3.safetensors").symlink_to(tmp_path / "outside.safetensors")
    with pytest.raises(LogError, match="leads out of the folder"):
        find_checkpoints(tmp_path / "in")


# Weights that are computed from parts.


@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_a_weight_is_what_the_network_computes_with(tmp_path: Path) -> None:
    torch.manual_seed(0)
    pruned, by_hooks, parametrized = network(), network(), network()
    prune.l1_unstructured(pruned[0], "weight", 0.5)
    utils.weight_norm(by_hooks[0])
    utils.spectral_norm(by_hooks[3])
    parametrizations.weight_norm(parametrized[0], dim=None)
    parametrizations.spectral_norm(parametrized[3])
    up = parametrizations.spectral_norm(nn.ConvTranspose2d(3, 4, 2))
    turned = parametrizations.weight_norm(nn.Linear(4, 5), dim=1)
    for number, model in enumerate((pruned, by_hooks, parametrized, up, turned), start=1):
        torch.save(model.state_dict(), tmp_path / f"{number}.pt")
        found = read(tmp_path / f"{number}.pt")
        model.eval()
        if len(list(model.children())) > 1:
            model(torch.ones(1, 1, 4, 4))  # hooks compute their weight in a pass
        true = {
            f"{path}.weight".removeprefix("."): weight
            for path, module in model.named_modules()
            if isinstance(weight := getattr(module, "weight", None), torch.Tensor)
            and weight.ndim > 1
        }
        assert set(names(found)) == set(true)
        for name, weight in true.items():
            assert np.allclose(found.arrays[name], weight.detach().numpy(), rtol=1e-6, atol=1e-8)
        assert "computed from their parts" in found.facts.remarks[0]
    # Half of what was pruned is 0, which its trained tensor is not.
    assert np.mean(read(tmp_path / "1.pt").arrays["0.weight"] == 0) == 0.5


def test_a_parametrization_that_nobody_knows_is_said(tmp_path: Path) -> None:
    layer = parametrizations.orthogonal(nn.Linear(3, 3, bias=False), use_trivialization=False)
    torch.save(layer.state_dict(), tmp_path / "1.pt")
    found = read(tmp_path / "1.pt")
    assert "parametrizations.weight.original" in found.arrays
    assert "in a way that the file does not tell" in found.facts.remarks[0]
    # A name that only looks like a part is a weight like any other.
    alike = {"to_v.proj_v": torch.ones(2, 3), "x_g": torch.ones(2, 2)}
    save_file(alike, tmp_path / "2.safetensors")
    assert set(read(tmp_path / "2.safetensors").arrays) == set(alike)
