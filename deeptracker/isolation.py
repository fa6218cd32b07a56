"""Running the model in between, so that the training never notices."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def unchanged_randomness() -> Iterator[None]:
    """Give back the random states of Python, numpy, torch and its CUDA devices as they were."""
    python, with_numpy = random.getstate(), np.random.get_state()
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()
    # fork_rng leaves the CPU's and all named devices' generators as they were.
    devices = list(range(torch.cuda.device_count())) if on_gpu else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(with_numpy)


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode without gradients; every module gets its own mode back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def plain_arithmetic(device: torch.device) -> torch.autocast:
    """Return a context in which statistics keep their precision under the script's autocast."""
    return torch.autocast(device.type if device.type != "mps" else "cpu", enabled=False)
