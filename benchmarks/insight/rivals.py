"""What two tools that diagnose training curves say of the same trainings, where they are installed.

`sk-autod` is given the training and the validation loss of every snapshot, `training-doctor` the
training loss and learning rate of every iteration, and validation loss and gradient norm of every
snapshot. Both name an iteration and a kind of fault, never a class or a layer. Their three gravest
statements are held to the same truth, with the same tolerance; of the kinds that they know, each
is taken for every cause that it can mean. On a healthy training, every statement counts that is
more than information. The second was written for thousands of steps: windows of a hundred.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from benchmarks.insight.faults import Truth
from benchmarks.insight.score import FIRST, place_of, window
from ingest.analysis.health.history import History

# What a statement can mean, by its name in either tool.
_MEANS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Exploding gradient": frozenset(
            {"gradient-explosion", "rate-jump", "rate-too-high", "not-finite"}
        ),
        "LR too high": frozenset({"rate-too-high", "rate-jump"}),
        "LR too low": frozenset({"rate-too-low"}),
        "Classic overfitting": frozenset({"overfitting"}),
        "Missed early stopping": frozenset({"overfitting"}),
        "Dying ReLU proxy": frozenset({"dead-units"}),
        "Data leakage": frozenset({"leak"}),
        "Label noise floor": frozenset({"label-noise"}),
        "gradient_instability": frozenset({"gradient-explosion", "not-finite", "dead-units"}),
        "lr_too_high": frozenset({"rate-too-high", "rate-jump", "not-finite"}),
        "lr_too_low": frozenset({"rate-too-low"}),
        "overfitting": frozenset({"overfitting"}),
    }
)


@dataclass(frozen=True)
class Rival:
    """What a tool's first three statements named; `false`: how many a healthy training got."""

    iteration: bool | None
    cause: bool | None
    false: int | None


@dataclass(frozen=True)
class _Statement:
    name: str
    place: int | None
    tells: bool


def judge_by_others(truth: Truth, history: History) -> dict[str, Rival]:
    """Return what each tool that is installed says, by its name."""
    found = {}
    for name, ask in (("sk-autod", _sk_autod), ("training-doctor", _training_doctor)):
        with contextlib.suppress(ImportError):
            found[name] = _held(truth, history, ask(history))
    return found


def _held(truth: Truth, history: History, statements: Sequence[_Statement]) -> Rival:
    if not truth.cause:
        return Rival(None, None, sum(one.tells for one in statements))
    where, first = window(truth, history), statements[:FIRST]
    return Rival(
        None if where is None else any(one.place in where for one in first),
        any(truth.cause in _MEANS.get(one.name, ()) for one in first),
        None,
    )


def _sk_autod(history: History) -> list[_Statement]:
    import sk_autod

    known = np.isfinite(history.train_loss) & np.isfinite(history.validation_loss)
    places = np.flatnonzero(known)
    if len(places) < 5:
        return []
    report = sk_autod.diagnose(
        history.train_loss[known].tolist(), history.validation_loss[known].tolist()
    )
    told = {"CRITICAL", "HIGH", "MEDIUM"}
    return [
        _Statement(
            f.detector_name,
            None if f.epoch is None else int(places[min(f.epoch, len(places) - 1)]),
            f.severity.value in told,
        )
        for f in report.findings
    ]


def _training_doctor(history: History) -> list[_Statement]:
    import training_doctor

    doctor = training_doctor.Doctor()
    said = [
        (one, place_of(history, iteration))
        for iteration, values in _logged(history)
        for one in doctor.log(iteration, **values)
    ]
    severity = ("critical", "warning", "info")
    said.sort(key=lambda pair: (severity.index(pair[0].severity.value), -pair[0].confidence))
    return [
        _Statement(one.detector_name, place, one.severity.value != "info") for one, place in said
    ]


def _logged(history: History) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield what a script would log at every iteration: loss and rate, more at the snapshots."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.sqrt(np.nansum(history.layer("gradient", "l2") ** 2, axis=0))
    snapshot = {int(iteration): at for at, iteration in enumerate(history.iteration)}
    loss, rate = history.logged["train_loss"], history.logged.get("learning_rate")
    rates = {} if rate is None else dict(zip(rate.iterations.tolist(), rate.values, strict=True))
    for iteration, value in zip(loss.iterations.tolist(), loss.values, strict=True):
        values = {"loss": float(value), "lr": float(rates.get(iteration, math.nan))}
        at = snapshot.get(iteration)
        if at is not None:
            values["eval_loss"] = float(history.validation_loss[at])
            values["grad_norm"] = float(norm[at])
        yield iteration, {k: v for k, v in values.items() if k == "loss" or not math.isnan(v)}
