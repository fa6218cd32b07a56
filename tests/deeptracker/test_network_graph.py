"""The graph of a network is that of its forward pass; following it changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from deeptracker import Recorder
from deeptracker.format import MANIFEST, Graph, Manifest, read_manifest, write_manifest
from deeptracker.graph_parts import operations_of
from deeptracker.layers import find_layers
from deeptracker.network_graph import GraphTrace
from tests.deeptracker.networks import EncoderNet, TiedNet
from tests.deeptracker.trainings import (
    SmallNet,
    make_training,
    random_states,
    validation_set,
    weights,
)

IMAGES = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)


class Residual(nn.Module):
    """Two branches that are added in place, behind a shared convolution that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.shared = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.down = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        x = functional.relu(self.norm(self.stem(images)), inplace=True)
        y = self.shared(functional.relu(self.shared(x)))
        y += self.down(x)
        return self.fc(functional.max_pool2d(y, 2).mean((2, 3)))


class Dense(nn.Module):
    """Every layer gets the outputs of all before it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3 + 2 * n, 2, 3, padding=1) for n in range(3))
        self.head = nn.Linear(9, 5)

    def forward(self, images: Tensor) -> Tensor:
        found = [images]
        for layer in self.layers:
            found.append(torch.relu(layer(torch.cat(found, 1))))
        return self.head(torch.cat(found, 1).mean((2, 3)))


class Branchy(nn.Module):
    """A gate that is multiplied, a product of two ways, a part that is written into a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 1)
        self.gate = nn.Linear(4, 4)
        self.left, self.right = nn.Linear(64, 8), nn.Linear(64, 8)
        self.head = nn.Linear(4, 5)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        x = self.body(images)
        x = x * torch.sigmoid(self.gate(x.mean((2, 3))))[:, :, None, None]
        flat = x.flatten(2)
        both = self.left(flat) @ self.right(flat).transpose(1, 2)
        table = torch.zeros(len(images), 4)
        table[:, :] = both.mean(2)
        return {"logits": self.head(table)}


def traced(network: nn.Module, images: Tensor = IMAGES) -> tuple[Graph, list[str]]:
    """Return the graph of a network and the names of its layers."""
    layers = find_layers(network, normalisation=False)
    trace = GraphTrace(network, layers)
    with torch.no_grad(), trace:
        network.eval()(images)
    return trace.graph(), [layer.spec.name for layer in layers]


def edges(graph: Graph) -> list[str]:
    """Return the edges in words, in the order of running; a name that comes again is numbered."""
    times: dict[str, int] = {}
    called = []
    for node in graph.nodes:
        times[node.name] = times.get(node.name, 0) + 1
        called.append(node.name + (f"#{times[node.name]}" if times[node.name] > 1 else ""))
    return [
        f"{', '.join(called[place] for place in node.inputs)} > {name}"
        for node, name in zip(graph.nodes, called, strict=True)
        if node.inputs
    ]


EXPECTED: Mapping[type[nn.Module], list[str]] = {
    Residual: [
        "input > stem", "stem > shared", "shared > shared#2", "stem > down",
        "shared#2, down > add", "add > fc", "fc > output",
    ],
    Dense: [
        "input > layers.0", "input, layers.0 > concat", "concat > layers.1",
        "input, layers.0, layers.1 > concat#2", "concat#2 > layers.2",
        "input, layers.0, layers.1, layers.2 > concat#3", "concat#3 > head", "head > output",
    ],
    Branchy: [
        "input > body", "body > gate", "body, gate > multiply", "multiply > left",
        "multiply > right", "left, right > matmul", "matmul > head", "head > output",
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_edges_are_those_of_the_forward_pass(kind: type[nn.Module]) -> None:
    graph, _ = traced(kind())
    assert edges(graph) == EXPECTED[kind]
    assert graph.missing == ""


def test_what_is_known_of_nodes() -> None:
    graph, names = traced(Residual())
    known = {node.name: node for node in graph.nodes}
    assert known["input"].shape == (3, 8, 8)
    assert known["stem"].shape == (4, 4, 4)
    assert known["stem"].after == ("BatchNorm", "ReLU")
    assert known["add"].after == ("MaxPool", "mean")
    assert (known["add"].module, known["add"].layers) == ("", ())
    assert [names[layer] for layer in known["shared"].layers] == ["shared"]
    # A multiply-add is two operations: 4 x 3 x 3 x 3 weights at 16 places; 20 weights once.
    assert known["stem"].flops == 2 * 108 * 16
    assert known["shared"].flops == 2 * (4 * 2 * 9) * 16
    assert known["fc"].flops == 2 * 20
    assert known["add"].flops is None


def test_operations_of_a_transposed_convolution_and_of_others() -> None:
    up = nn.ConvTranspose2d(4, 2, 2, stride=2)
    assert operations_of(up, up.weight.numel(), (4, 3, 3), (2, 6, 6)) == 2 * 32 * 9
    assert operations_of(nn.LSTM(2, 2), 8, (2,), (2,)) is None
    assert operations_of(up, 8, None, (2,)) is None


def test_attention_is_one_node_and_parameters_are_inputs() -> None:
    graph, names = traced(EncoderNet(), validation_set()[0][0][None])
    attention = [node for node in graph.nodes if len(node.layers) == 4]
    assert attention
    assert [names[layer].rpartition(".")[2] for layer in attention[0].layers] == [
        "query", "key", "value", "out_proj",
    ]  # fmt: skip
    free = [node.name for node in graph.nodes if node.kind == "layer" and not node.inputs]
    assert free  # class token and embeddings of positions
    used = {layer for node in graph.nodes for layer in node.layers}
    assert used == set(range(len(names)))


def test_shared_weights_and_weights_that_are_used_by_themselves() -> None:
    graph, names = traced(TiedNet(), validation_set()[0][0][None])
    # The embedding has the weight of the decoder, which is what is recorded of the two.
    assert [(node.name, names[node.layers[0]]) for node in graph.nodes if node.layers] == [
        ("words", "decoder"), ("places", "places"), ("decoder", "decoder"), ("head", "head"),
    ]  # fmt: skip
    assert edges(graph)[:2] == ["input > words", "words, places > multiply"]


def test_a_network_that_cannot_be_followed_says_why() -> None:
    network = Residual()
    trace = GraphTrace(network, find_layers(network, normalisation=False))
    trace._follow = None  # type: ignore[assignment,method-assign]
    with torch.no_grad(), trace:
        network.eval()(IMAGES)
    assert trace.graph().nodes == ()
    assert "TypeError" in trace.graph().missing
    nothing = GraphTrace(network, find_layers(network, normalisation=False))
    assert nothing.graph().missing == "no layer was run by the network's own modules"


def record(run_dir: Path, network: nn.Module | None = None, **options: Any) -> Manifest:
    """Train for three iterations, and return the manifest of what was recorded."""
    training = make_training(model=network)
    options.setdefault("validation", validation_set())
    with Recorder(training.model, training.optimizer, run_dir, every=2, **options) as recorder:
        for _ in range(3):
            recorder.step(train_loss=training.iterate())
    return read_manifest(run_dir / MANIFEST)


def test_a_recorded_run_has_its_graph(tmp_path: Path) -> None:
    manifest = record(tmp_path / "run")
    assert manifest.graph is not None
    assert edges(manifest.graph) == [
        "input > conv1", "conv1 > conv2", "conv2 > fc", "fc > output",
    ]  # fmt: skip
    assert [node.after for node in manifest.graph.nodes][1] == ("BatchNorm", "ReLU")
    assert manifest.remarks == ()


def test_a_compiled_network_is_followed_as_it_is_written(tmp_path: Path) -> None:
    manifest = record(tmp_path / "run", torch.compile(SmallNet(), backend="eager"))
    assert manifest.graph is not None
    assert "conv1 > conv2" in edges(manifest.graph)


def test_without_validation_there_is_none_and_nobody_is_warned(tmp_path: Path) -> None:
    manifest = record(tmp_path / "run", validation=None)
    assert (manifest.graph, manifest.remarks) == (None, ())


def test_what_goes_wrong_is_a_remark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(GraphTrace, "_meet", fail)
    with pytest.warns(RuntimeWarning, match="the network's graph is not recorded: KeyError"):
        manifest = record(tmp_path / "run")
    assert manifest.graph == Graph(missing="it could not be followed (KeyError: 'odd')")
    assert [(remark.kind, remark.subject) for remark in manifest.remarks] == [("network", "graph")]


def test_a_run_of_before_gets_its_graph_when_it_goes_on(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    old = replace(record(run_dir), graph=None)
    write_manifest(run_dir / MANIFEST, old)
    again = record(run_dir, resume=True)
    assert again.graph is not None
    assert again.run == old.run


def test_following_changes_no_bit_of_the_training(tmp_path: Path) -> None:
    def run(*, recorded: bool) -> tuple[dict[str, Tensor], Any]:
        training = make_training(model=None)
        if recorded:
            chosen = {"validation": validation_set(), "every": 1}
            with Recorder(
                training.model, training.optimizer, tmp_path / "run", **chosen
            ) as recorder:
                for _ in range(3):
                    recorder.step(train_loss=training.iterate())
        else:
            for _ in range(3):
                training.iterate()
        return weights(training.model), random_states()

    (plain, random), (followed, after) = run(recorded=False), run(recorded=True)
    assert plain.keys() == followed.keys()
    assert all(torch.equal(plain[name], followed[name]) for name in plain)
    assert repr(random) == repr(after)
