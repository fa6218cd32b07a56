"""Small real trainings that tell the Recorder of their batches, one of them mislabelled."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from deeptracker import Recorder
from deeptracker.demo import CLASSES, load_digits

ITERATIONS, AT = 60, 45


def train(run_dir: Path, *, at: int | None = AT, iterations: int = ITERATIONS, **options: Any):
    """Train on digits; return the places of the images whose labels are exchanged at `at`.

    They are the images of the sixes and nines of that batch, called zeros.
    """
    torch.manual_seed(3)
    training, validation = load_digits()
    images, labels = training.tensors
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    bad: set[int] = set()
    start = options.get("start_iteration") or 0
    recorder = Recorder(
        model,
        optimizer,
        run_dir,
        validation=validation,
        classes=CLASSES,
        every=20,
        planned_iterations=start + iterations,
        **options,
    )
    with recorder:
        for iteration in range(start + 1, start + iterations + 1):
            index = torch.randint(len(images), (48,))
            classes = labels[index]
            if iteration == at:
                wrong = (classes == 6) | (classes == 9)
                classes[wrong] = 0
                bad = set(index[wrong].tolist())
            losses = nn.functional.cross_entropy(model(images[index]), classes, reduction="none")
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            recorder.batch(index, losses, classes)
            recorder.step(train_loss=losses.mean())
    return bad
