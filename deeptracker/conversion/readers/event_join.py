"""The event files of one run joined: those of a folder one after another, folders side by side."""

import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from deeptracker.conversion.collected import Collected, Histogram
from deeptracker.conversion.readers.event_file import REPEATED, Events, Series, same
from deeptracker.conversion.readers.event_runs import BY_EPOCH, TRAINING, by_epoch, name_series

_NEGATIVE = "a value of TensorBoard's at a step below 0"
# Beside the event files of Lightning; in these, its steps count from 0, and there is a series of
# epochs. Its checkpoints count from 1.
_LIGHTNING, _EPOCH = "hparams.yaml", "epoch"
# The same of Hugging Face's Trainer, in fractions.
_EPOCHS = "train/epoch"
_EVALUATED = "evaluation_loss_vs_iterations"

_T = TypeVar("_T")


def collected_of(files: Mapping[Path, Events], *, base: Path, starts: bool) -> Collected:
    """Return what event files hold of one run, whose folder is `base`.

    With `starts`, each folder in it is of one start of the run, and no part of it.
    """
    into = Collected(kinds=["TensorBoard"] if files else [])
    folders = _joined(files, base, starts=starts)
    epochs = _iterations_per_epoch(folders)
    into.iterations_per_epoch = epochs
    later = int(
        _EPOCH in folders.get("", Events()).scalars and (base / _LIGHTNING).is_file()
    )  # fmt: skip
    hparams = [name for name, one in folders.items() if one.hyperparameters is not None]
    names = name_series(
        {name: one.scalars for name, one in folders.items()}, [name for name in hparams if name]
    )
    for place, name in names.items():
        series = _moved(folders[place[0]].scalars[place[1]], later, into)
        if series:
            (into.by_epoch if by_epoch(place) else into.values)[name] = series
    for folder, events in folders.items():
        if not (folder and events.hyperparameters is not None):
            into.times |= {
                at + later: time for at, time in events.times.items() if at >= 0 and 0 < time < 1e11
            }
        _texts(folder, events, into, later)
        _histograms(folder, events, into, later)
        into.drop_all(events.dropped)
    _hyperparameters([folders[name] for name in hparams], into)
    return into


def _joined(files: Mapping[Path, Events], base: Path, *, starts: bool) -> dict[str, Events]:
    """Return what each sub-folder holds, "" being the run's own folder."""
    found: dict[str, Events] = {}
    for path, events in sorted(files.items(), key=lambda one: (one[1].first, one[0].name)):
        parts = path.parent.relative_to(base).parts[int(starts) :]
        into = found.setdefault("/".join(parts), Events())
        # What a later writer declared void is so in all files before its own.
        if events.restart is not None:
            into.forget(events.restart)
        _append(into, into.scalars, events.scalars)
        _append(into, into.histograms, events.histograms)
        for tag, texts in events.texts.items():
            for at, said in texts.items():
                into.texts.setdefault(tag, {}).setdefault(at, []).extend(said)
        into.times |= events.times
        into.first = min(into.first, events.first)
        if events.hyperparameters is not None:
            into.hyperparameters = (into.hyperparameters or {}) | events.hyperparameters
        for reason, times in events.dropped.items():
            into.drop(reason, times)
    return found


def _append(whole: Events, into: Series[_T], series: Series[_T]) -> None:
    for tag, values in series.items():
        before = into.setdefault(tag, {})
        if before:
            again = before.keys() & values.keys()
            if repeated := sum(not same(before[at], values[at]) for at in again):
                whole.drop(REPEATED, repeated)
        before.update(values)


def _moved(series: Mapping[int, _T], later: int, into: Collected) -> dict[int, _T]:
    """Return a series without steps below 0, each as many steps later."""
    if not later and (not series or min(series) >= 0):
        return dict(series)
    kept = {at + later: value for at, value in series.items() if at >= 0}
    if len(kept) < len(series):
        into.drop(_NEGATIVE, len(series) - len(kept))
    return kept


def _texts(folder: str, events: Events, into: Collected, later: int) -> None:
    for texts in events.texts.values():
        for at, said in _moved(texts, later, into).items():
            before = f"{folder}: " if folder else ""
            into.texts.setdefault(at, []).extend(f"{before}{text}" for text in said)


def _histograms(folder: str, events: Events, into: Collected, later: int) -> None:
    """Take the histograms of a folder; Keras counts those of its layers by epochs, from 0."""
    part = PurePosixPath(folder).name.lower()
    training = part in TRAINING
    epochs = training and any(tag.startswith(BY_EPOCH) for tag in events.scalars)
    for tag, found in events.histograms.items():
        series: dict[int, Histogram] = _moved(found, later, into)
        if epochs and tag.endswith("/histogram"):
            if (per := into.iterations_per_epoch) is None:
                into.drop(
                    "a histogram by epoch: how many iterations an epoch has is not known",
                    len(series),
                )
                continue
            series = {(at + 1) * per: one for at, one in series.items()}
        name = tag if training or not folder else f"{folder}/{tag}"
        if name in into.histograms:
            name = f"{folder}/{tag}"
        into.histograms.setdefault(name, {}).update(series)


def _hyperparameters(sets: list[Events], into: Collected) -> None:
    known: list[dict[str, object]] = []
    for events in sorted(sets, key=lambda one: one.first):
        settings = events.hyperparameters or {}
        if settings not in known:
            known.append(settings)
        into.hyperparameters |= settings
    if len(known) > 1:
        into.drop("an earlier set of hyperparameters, where a later one says otherwise",
                  len(known) - 1)  # fmt: skip


def _iterations_per_epoch(folders: Mapping[str, Events]) -> int | None:
    """Return how many iterations an epoch has, where the files say it."""
    for events in folders.values():
        if series := events.scalars.get(_EPOCHS):
            step = max(series)
            epoch = series[step]
            if step > 0 and math.isfinite(epoch) and epoch > 0:
                return max(1, round(step / epoch))
        # Keras tells the loss after each epoch by epoch, from 0, and again by iteration.
        ends, epochs = (
            sorted(events.scalars.get(tag, ())) for tag in (_EVALUATED, f"{BY_EPOCH}loss")
        )
        counts = {end / (epoch + 1) for end, epoch in zip(ends, epochs, strict=False)}
        if len(counts) == 1 and (count := counts.pop()) >= 1 and count == int(count):
            return int(count)
    return None
