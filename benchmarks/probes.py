"""What probes add to a recording: bytes of the log and time of its snapshots, on a ResNet-50.

`python -m benchmarks.probes` records a network of the structure of ResNet-50 with 8 probes, 10
layers, at every 10th snapshot; `--scale` shares its channels and its images' side, for a machine
that has little time. Exit status 1 where a bar does not hold.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import TensorDataset

from benchmarks.report import Row, main, summary
from benchmarks.resnet50 import ResNet50
from deeptracker import Recorder
from deeptracker.format import PROBES, SNAPSHOTS, RunDirectory
from deeptracker.layers import find_layers
from deeptracker.probe_choice import can_be_probed
from deeptracker.prober import SHARE_OF_BYTES, SHARE_OF_TIME

IMAGES, LAYERS, EVERY = 8, 10, 10
PROBED = 4
# Of the validation set: a snapshot of a real one judges many more, so that probes add less to it.
VALIDATED = 256
SIDE = 224


def rows(scale: float) -> Iterator[Row]:
    """Record snapshots with and without a probe, and compare bytes and times of the same run."""
    torch.manual_seed(0)
    model = ResNet50(share=scale)
    side, classes = max(64, round(SIDE * scale)), model.fc.out_features
    labels = torch.arange(max(IMAGES, round(VALIDATED * scale))) % classes
    images = torch.randn(len(labels), 3, side, side)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for parameter in model.parameters():
        parameter.grad = 1e-3 * torch.randn_like(parameter)
    able = [
        layer.spec.name for layer in find_layers(model, normalisation=False) if can_be_probed(layer)
    ]
    chosen = [able[round(at * (len(able) - 1) / (LAYERS - 1))] for at in range(LAYERS)]
    plain: list[float] = []
    probed: list[float] = []
    with (
        tempfile.TemporaryDirectory() as name,
        Recorder(
            model,
            optimizer,
            f"{name}/run",
            validation=TensorDataset(images, labels),
            classes=[str(number) for number in range(classes)],
            every=1,
            probes=IMAGES,
            probe_layers=chosen,
            probe_every=EVERY,
            machine=False,
        ) as recorder,
    ):
        log = RunDirectory(Path(name) / "run")
        for place in range(PROBED * EVERY):
            optimizer.step()
            start = time.perf_counter()
            recorder.step(train_loss=1.0)
            (plain if place % EVERY else probed).append((time.perf_counter() - start) * 1000)
        found = log.probe(log.manifest(), log.probe_iterations()[-1])
        assert (len(found.image), len(found.maps)) == (IMAGES, LAYERS)
        bytes_of = {kind: _size(log.path / kind) for kind in (SNAPSHOTS, PROBES)}
    most = max(maps.codes.shape[2] for maps in found.maps.values())
    share = bytes_of[PROBES] / bytes_of[SNAPSHOTS]
    what = f"{IMAGES} images, {LAYERS} layers, every {EVERY}th snapshot"
    yield Row(
        f"bytes of probes, {what}, maps up to {most} x {most}",
        bytes_of[PROBES] / 1e6,
        "MB",
        bytes_of[SNAPSHOTS] / 1e6,
        f"at most {SHARE_OF_BYTES:.0%} of the snapshots'",
        share <= SHARE_OF_BYTES,
    )
    # The first probe makes its maps twice, to find out how large they may be.
    usual, with_probe = summary(plain).p50, summary(probed[1:]).p50
    yield Row("a snapshot with a probe, and without", with_probe, "ms", usual)
    added = max(0.0, with_probe - usual) / EVERY
    yield Row(
        "time of probes, a snapshot",
        added,
        "ms",
        usual,
        f"at most {SHARE_OF_TIME:.0%} of a snapshot's",
        added <= SHARE_OF_TIME * usual,
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


if __name__ == "__main__":
    main("probes", rows)
