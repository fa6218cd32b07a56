"""What is drawn for one training of the insight benchmark: everything, from a seed and a stream."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from benchmarks.insight.faults import CONTROL, FAULTS
from benchmarks.insight.images import load_images
from benchmarks.insight.networks import CONVOLUTIONAL, NETWORKS
from benchmarks.insight.optimizers import OPTIMIZERS, SCHEDULES
from benchmarks.insight.setting import Setting

PARTS = ("tuning", "reported")
_CONTROLS = 0.3
# The image sets, and how often each.
_SETS = MappingProxyType({"digits": 0.25, "faces": 0.1, "photographs": 0.3, "letters": 0.35})
# As many validation images as can be run through a network at every snapshot.
_MOST_VALIDATED = 1600
_MOST_TRAINED = 250
_FEWEST_TRAINED = 12
_MANY = 60


def draw_seed() -> int:
    """Return a seed that nobody knew before."""
    return secrets.randbelow(10**6)


@dataclass(frozen=True)
class Plan:
    """One training: its name, what it is, what is planted, and the seed of all that is random."""

    name: str
    setting: Setting
    fault: str
    seed: int


def draw(
    seed: int,
    part: str,
    runs: int,
    *,
    faults: Sequence[str] = (),
    sets: Sequence[str] = tuple(_SETS),
) -> list[Plan]:
    """Return so many trainings; those of the two parts share no random number.

    Faults and controls take turns in an order of their own; all else is drawn for each training by
    itself. `faults`, `sets` of images: only these.
    """
    chosen = [
        name
        for name, fault in FAULTS.items()
        if (not faults or name in faults) and fault.sets.intersection(sets)
    ]
    order = _order(np.random.default_rng([seed, PARTS.index(part), 0]), runs, chosen)
    return [_plan(seed, part, place, fault, sets) for place, fault in enumerate(order)]


def _order(rng: np.random.Generator, runs: int, faults: Sequence[str]) -> list[str]:
    every = [name for name in faults if name != CONTROL]
    controls = round(_CONTROLS * runs) if CONTROL in faults else 0
    if not every:
        controls = runs
    planted: list[str] = []
    while len(planted) < runs - controls:
        planted += [every[i] for i in rng.permutation(len(every))]
    both = planted[: runs - controls] + [CONTROL] * controls
    return [both[i] for i in rng.permutation(runs)]


def _plan(seed: int, part: str, place: int, fault: str, sets: Sequence[str]) -> Plan:
    # Even streams are for tuning, odd ones are reported.
    rng = np.random.default_rng([seed, 2 * place + PARTS.index(part), 1])
    setting = _setting(rng, sets)
    while not FAULTS[fault].applies(setting):
        setting = _setting(rng, sets)
    name = f"{part}-{seed}-{place:03d}-{fault.replace(' ', '-')}"
    return Plan(name, setting, fault, int(rng.integers(2**31)))


def _setting(rng: np.random.Generator, sets: Sequence[str]) -> Setting:
    weights = np.array([_SETS[name] for name in sets])
    data = str(rng.choice(sets, p=weights / weights.sum()))
    images = load_images(data)
    available = np.sort(np.bincount(images.labels))[::-1]
    classes = _log_whole(rng, 2, min(300, len(available)))
    least = int(available[classes - 1])
    most = min(500, max(5, _MOST_VALIDATED // classes), (least - _FEWEST_TRAINED) // 2)
    validated = _log_whole(rng, 5, max(5, most))
    network = str(rng.choice(list(NETWORKS)))
    convolutional, many = network in CONVOLUTIONAL, classes > _MANY
    # Plain momentum does not teach tokens so many classes in so short a time; Muon is for matrices.
    suited = OPTIMIZERS[many and not convolutional : 2 if convolutional else 3]
    optimizer = str(rng.choice(suited))
    snapshots = int(rng.integers(40, 111))
    iterations = int(rng.integers(240, 501))
    return Setting(
        data=data,
        classes=classes,
        train_per_class=min(_MOST_TRAINED, least - validated),
        validation_per_class=validated,
        network=network,
        optimizer=optimizer,
        schedule=str(rng.choice(list(SCHEDULES))),
        bf16=bool(rng.random() < 0.15),
        augmented=bool(rng.random() < 0.3),
        resumed=bool(rng.random() < 0.15),
        logs_error=bool(rng.random() < 0.7),
        activations=bool(rng.random() < 0.6),
        iterations=iterations,
        every=max(2, round(iterations / snapshots)),
        batch=64 if many else int(rng.choice([32, 64])),
        weight_decay=float(rng.choice([0.0, 5e-4, 1e-2] if optimizer != "sgd" else [0.0, 5e-4])),
    )


def _log_whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(np.floor(np.exp(rng.uniform(np.log(low), np.log(high + 1)))))
