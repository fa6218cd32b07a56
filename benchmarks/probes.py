"""What probes add to a recording: bytes of the log and time of its snapshots, on a ResNet-50.

`python -m benchmarks.probes` records ResNet-50 with 8 probes, 10 layers, at every 10th snapshot,
for 11 snapshots of which two have probes; `--scale` shares its channels
and its images' side, for a machine that has less time. What Grad-CAM adds is measured beside it.
Exit status 1 where a bar does not hold.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import TensorDataset

from benchmarks.report import Row, main, summary
from benchmarks.resnet50 import ResNet50
from deeptracker import Recorder
from deeptracker.format import GRAD_CAM, PROBES, SNAPSHOTS, Probe, RunDirectory
from deeptracker.layers import find_layers
from deeptracker.probe_choice import can_be_probed
from deeptracker.prober import SHARE_OF_BYTES, SHARE_OF_TIME

IMAGES, LAYERS, EVERY = 8, 10, 10
# The first and the last are probed.
TAKEN = EVERY + 1
# Of the validation set: a snapshot of a real one judges many more, so that probes add less to it.
VALIDATED = 64
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
    given: dict[str, Any] = {
        "classes": [str(number) for number in range(classes)],
        "every": 1,
        "probes": IMAGES,
        "probe_layers": chosen,
        "probe_every": EVERY,
        "machine": False,
    }
    with tempfile.TemporaryDirectory() as name:
        whole = TensorDataset(images, labels)
        with Recorder(model, optimizer, f"{name}/run", validation=whole, **given) as recorder:
            for place in range(TAKEN):
                optimizer.step()
                start = time.perf_counter()
                recorder.step(train_loss=1.0)
                took = (time.perf_counter() - start) * 1000
                if place % EVERY:
                    plain.append(took)
        few = TensorDataset(images[:IMAGES], labels[:IMAGES])
        given |= {"probe_saliency": GRAD_CAM}
        with Recorder(model, optimizer, f"{name}/cam", validation=few, **given) as recorder:
            optimizer.step()
            recorder.step(train_loss=1.0)
        log = RunDirectory(Path(name) / "run")
        found = log.probe(log.manifest(), TAKEN)
        assert (len(found.image), len(found.maps)) == (IMAGES, LAYERS)
        sizes = {kind: _size(log.path / kind) for kind in (SNAPSHOTS, PROBES)}
        explained = RunDirectory(Path(name) / "cam")
        cam = explained.probe(explained.manifest(), 1)
        assert GRAD_CAM in cam.saliency
    # The last one's: the first makes its maps twice, to find out how large they may be.
    yield from _rows(found, sizes, summary(plain).p50, took, cam)


def _rows(
    found: Probe, sizes: Mapping[str, float], usual: float, with_probe: float, cam: Probe
) -> Iterator[Row]:
    most = max(maps.codes.shape[2] for maps in found.maps.values())
    what = f"{IMAGES} images, {LAYERS} layers, every {EVERY}th snapshot"
    allowed = sizes[SNAPSHOTS] * EVERY
    yield Row(
        f"bytes of a probe, {what}, maps up to {most} x {most}",
        sizes[PROBES] / 1e6,
        "MB",
        allowed / 1e6,
        f"at most {SHARE_OF_BYTES:.0%} of its {EVERY} snapshots'",
        sizes[PROBES] <= SHARE_OF_BYTES * allowed,
    )
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
    # The first of its run: with its maps made twice.
    yield Row("a probe with Grad-CAM, and a snapshot without", cam.seconds * 1000, "ms", usual)


def _size(folder: Path) -> float:
    """Return the mean size of the files of a folder in bytes."""
    sizes = [file.stat().st_size for file in folder.iterdir()]
    return sum(sizes) / len(sizes)


if __name__ == "__main__":
    main("probes", rows)
