"""What two processes do for `test_recorder_sharded`: trainings with FSDP2, and what is refused."""

import json
import os
import warnings
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
from torch import distributed, nn
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.tensor import DTensor, Replicate, init_device_mesh
from torch.distributed.tensor.parallel import RowwiseParallel, parallelize_module

from deeptracker import Recorder, lockstep
from deeptracker.errors import RecordingError
from tests.deeptracker.recording_page import block
from tests.deeptracker.trainings import load_digits, seed_all, validation_set

ITERATIONS = 4


class GatedNet(nn.Module):
    """Layers whose filters do not divide by two: 5, a single one (an empty shard), and 10."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 5, 3, padding=1)
        self.gate = nn.Conv2d(5, 1, 1)
        self.up = nn.ConvTranspose2d(5, 6, 2, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 10)

    def forward(self, images):
        x = torch.relu(self.conv(images))
        x = torch.relu(self.norm(self.up(x * torch.sigmoid(self.gate(x)))))
        return self.fc(x.mean(dim=(2, 3)))


class AttentionNet(nn.Module):
    """Heads of three rows each, in a packed weight that is sharded through them; positions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 9, (1, 8))
        self.position = nn.Parameter(torch.randn(8, 9))
        self.attention = nn.MultiheadAttention(9, 3, batch_first=True)
        self.fc = nn.Linear(9, 10)

    def forward(self, images):
        x = self.conv(images).squeeze(3).transpose(1, 2) + self.position
        return self.fc((x + self.attention(x, x, x)[0]).mean(dim=1))


def attentive(network):
    """In place of the network."""
    return AttentionNet()


def shard(network, mesh=None):
    """Shard the parts and the whole, as people do; the gate's one filter is in one process.

    The transposed convolution is cut through its filters, which are along dimension 1.
    """
    fully_shard(network.conv, mesh=mesh)
    return fully_shard(network, mesh=mesh)


class Loop:
    """A training on the same batches in all processes, or in one."""

    def __init__(self, wrap=lambda network: network):
        self.data = load_digits()[0]
        seed_all(0)
        self.network = wrap(GatedNet())
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.01)
        self.order = torch.Generator().manual_seed(1)
        self.norm = None

    def iterate(self):
        chosen = torch.randint(len(self.data), (16,), generator=self.order)
        images, labels = (part[chosen] for part in self.data.tensors)
        scores = self.network(images + 0.1 * torch.rand(1))
        loss = nn.functional.cross_entropy(scores, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.norm = nn.utils.clip_grad_norm_(self.network.conv.parameters(), 1.0)
        self.optimizer.step()
        return loss.detach()

    def recorder(self, folder, **options):
        whole = {"every": 2, "validation": validation_set(), "normalisation": True, **options}
        return Recorder(self.network, self.optimizer, folder, **whole)

    def record(self, folder, iterations=ITERATIONS, **options):
        with self.recorder(folder, **options) as recorder:
            for _ in range(iterations):
                recorder.step(train_loss=self.iterate())
        return self.state()

    def state(self):
        """All that the training has reached, as text: every bit counts."""
        found = {
            name: (value.full_tensor() if isinstance(value, DTensor) else value).tolist()
            for name, value in self.network.state_dict().items()
        }
        return repr((found, torch.get_rng_state().sum().item()))


def without_recorder(wrap):
    loop = Loop(wrap)
    for _ in range(ITERATIONS):
        loop.iterate()
    return loop.state()


def refusal(make):
    try:
        make().close()
    except RecordingError as error:
        return f"{type(error).__name__}: {error}"
    return "not refused"


class BrokenImages(torch.utils.data.Dataset):
    """A set of which one process cannot read an image."""

    def __init__(self, rank):
        self._whole, self._broken = validation_set(), rank == 1

    def __len__(self):
        return len(self._whole)

    def __getitem__(self, index):
        if self._broken and index == 7:
            raise OSError("image 7 is gone")
        return self._whole[index]


def fails_once(folder, rank):
    """A training in whose first snapshot the validation fails, in one process alone."""
    broken = []

    def loss(output, labels):
        if rank == 1 and broken:
            raise ValueError("one process has lost its loss")
        return nn.functional.cross_entropy(output, labels)

    loop = Loop(shard)
    with loop.recorder(folder, validation_loss=loss) as recorder:
        for iteration in range(ITERATIONS):
            broken[:] = [None] * (iteration == 1)
            recorder.step(train_loss=loop.iterate())
    return loop.state()


def poisoned(folder, wrap, rank):
    """A training one of whose weights becomes infinite."""
    loop = Loop(wrap)
    with loop.recorder(folder, activations=True) as recorder:
        for iteration in range(ITERATIONS):
            loss, weight = loop.iterate(), loop.network.fc.weight.data
            if iteration == ITERATIONS - 1 and rank == 1:
                whole = weight.to_local() if isinstance(weight, DTensor) else weight
                whole[-1, 0] = torch.inf
            recorder.step(train_loss=loss)


def wrapped_in_fsdp1(network):
    return FullyShardedDataParallel(network, device_id=torch.device("cpu"))


def in_parts(network):
    """Tensor parallel of the last layer, along its inputs, and FSDP of all."""
    mesh = init_device_mesh("cpu", (1, 2), mesh_dim_names=("data", "tensor"))
    styles = {"fc": RowwiseParallel(input_layouts=Replicate())}
    parallelize_module(network, mesh["tensor"], styles)
    return shard(network, mesh["data"])


def recorded_cases(folder, rank):
    """Trainings that are recorded; their final states."""
    hybrid = init_device_mesh("cpu", (2, 1), mesh_dim_names=("replicate", "shard"))
    found = {
        "alone": without_recorder(shard),
        "recorded": Loop(shard).record(f"{folder}/sharded", activations=True),
        "hybrid": Loop(partial(shard, mesh=hybrid)).record(f"{folder}/hybrid", activations=True),
        "attention": Loop(lambda network: shard(attentive(network))).record(f"{folder}/attention"),
        "parts alone": without_recorder(in_parts),
        "parts": Loop(in_parts).record(f"{folder}/parts", activations=True),
        "failed": fails_once(f"{folder}/failed", rank),
    }
    loop = Loop(shard)
    loop.record(f"{folder}/resumed", iterations=2)
    with loop.recorder(f"{folder}/resumed", resume=True) as recorder:
        found["resumed at"] = recorder.iteration
        for _ in range(2):
            loss, part = loop.iterate(), loop.network.fc.weight.detach().norm()
            recorder.step(train_loss=loss, norm=loop.norm, part=part, whole=part.full_tensor())
    found["resumed"] = loop.state()
    poisoned(f"{folder}/poisoned", shard, rank)
    return found


def refused_cases(folder, rank):
    """What is refused at the start, and in which words."""

    def of(wrap=shard, **options):
        return refusal(lambda: Loop(wrap).recorder(f"{folder}/refused", **options))

    def wider(network):
        network.conv = nn.Conv2d(1, 5, 5, padding=2)
        return shard(network)

    def computed(network):
        nn.utils.parametrizations.weight_norm(network.fc)
        return shard(network)

    return {
        "fsdp1": of(wrapped_in_fsdp1),
        "computed": of(computed),
        "images": of(validation=BrokenImages(rank)),
        "ranks": of(rank=0),
        "every": of(every=2 + rank),
        "option": of(every=None),
        "folder": refusal(lambda: Loop(wider).recorder(f"{folder}/sharded", resume=True)),
    }


def documented(folder):
    """The block of docs/recording.md, run in a folder of its own."""
    home = Path(folder) / "page"
    home.mkdir(exist_ok=True)
    os.chdir(home)
    seed_all(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))
    network.blocks = [network[1]]
    batches = [tuple(part[at : at + 16] for part in load_digits()[0].tensors) for at in (0, 16)]
    names = {"network": network, "batches": batches, "validation_set": validation_set()}
    exec(block("fsdp2"), names)


def optimizer_of_before(folder):
    """The optimizer holds parameters that the network has no more: torch says nothing."""
    loop = Loop()
    shard(loop.network)
    with loop.recorder(f"{folder}/before") as recorder:
        for _ in range(2):
            loop.iterate()
            recorder.step()


def sharded_later(folder):
    """The network is sharded when the Recorder has been made: rank 0 would wait for the others."""
    loop = Loop()
    with loop.recorder(f"{folder}/later") as recorder:
        shard(loop.network)
        loop.optimizer = torch.optim.AdamW(loop.network.parameters(), lr=0.01)
        for _ in range(ITERATIONS):
            loop.iterate()
            recorder.step()
    return loop.state()


def late(folder, rank):
    """One process does not call step(): the others go on without it."""
    lockstep.LATE = timedelta(seconds=1)
    loop = Loop(shard)
    recorder = loop.recorder(f"{folder}/late")
    for _ in range(ITERATIONS):
        loop.iterate()
        if rank == 0:
            recorder.step()
    recorder.close()
    return loop.state()


def missing(folder, rank):
    """One process makes no Recorder: the other one says so. Nothing can come after this."""
    lockstep.MEETING = timedelta(seconds=1)
    loop = Loop(shard)
    return refusal(lambda: loop.recorder(f"{folder}/missing")) if rank == 0 else ""


def worker(rank, folder):
    warnings.simplefilter("ignore")
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    found = {**recorded_cases(folder, rank), **refused_cases(folder, rank)}
    documented(folder)
    optimizer_of_before(folder)
    found["later"] = sharded_later(folder)
    found["late"] = late(folder, rank)
    found["missing"] = missing(folder, rank)
    (Path(folder) / f"found-{rank}.json").write_text(json.dumps(found))
    with suppress(Exception):
        distributed.destroy_process_group()
