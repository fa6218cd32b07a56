"""A validation set as the Trainer of transformers takes it: dictionaries, a collator, id2label."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.utils.data import DataLoader, IterableDataset

from deeptracker.errors import RecordingError

_LABELS = ("label", "labels", "label_ids")
# The one input of a model of images: a batch of it is a batch of images, which have thumbnails.
_IMAGES = "pixel_values"


def validation_loader(
    source: Any, model: nn.Module, *, collator: Any, batch: int, labels: Sequence[str]
) -> DataLoader[Any]:
    """Return a loader of (inputs, labels) over a data set of dictionaries, or of a loader's set.

    What the model's forward does not take is left out before a batch is made, as the Trainer does
    it. `labels` are names of labels besides those that every Trainer knows.
    """
    if isinstance(source, DataLoader):
        found, collator, batch = source.dataset, source.collate_fn, source.batch_size or batch
    else:
        found = source
    if not isinstance(found, IterableDataset) and not hasattr(found, "__getitem__"):
        raise RecordingError(
            f"validation= is a {type(found).__name__}; pass a data set as of eval_dataset="
        )
    if collator is None:
        raise RecordingError("validation= needs collator=, which makes a batch of its dictionaries")
    names = (*labels, *(name for name in _LABELS if name not in labels))
    return DataLoader(found, batch_size=batch, collate_fn=_Collate(collator, model, names))


class _Collate:
    """Makes (inputs, labels) of some items of the set."""

    def __init__(self, collator: Callable[[Any], Any], model: nn.Module, labels: Sequence[str]):
        self._collator, self._labels = collator, labels
        self._kept = {*inspect.signature(model.forward).parameters, *labels}

    def __call__(self, items: list[Any]) -> tuple[Any, Any]:
        if items and isinstance(items[0], Mapping):
            items = [{n: v for n, v in item.items() if n in self._kept} for item in items]
        batch = self._collator(items)
        if not isinstance(batch, Mapping):
            raise RecordingError(
                f"the collator gives a {type(batch).__name__} for the validation set; pass "
                "collator=, which gives dictionaries"
            )
        inputs = dict(batch)
        labels = [inputs.pop(name) for name in self._labels if name in inputs]
        if not labels:
            raise RecordingError(
                f"the validation set has no {' or '.join(map(repr, self._labels))}, but "
                f"{', '.join(map(repr, list(inputs)[:8]))}; pass "
                "TrainingArguments(label_names=[...]), or validation= a set with labels"
            )
        return (inputs[_IMAGES] if list(inputs) == [_IMAGES] else inputs), labels[0]


def forward(model: nn.Module) -> Callable[[Any], Any]:
    """Return what gives the model's output for a batch of inputs."""

    def run(inputs: Any) -> Any:
        return model(**inputs) if isinstance(inputs, Mapping) else model(**{_IMAGES: inputs})

    return run


def class_names(model: nn.Module) -> tuple[str, ...] | None:
    """Return the names of the classes as the model's configuration has them; None: it has none."""
    config = getattr(model, "config", None)
    names = getattr(config, "id2label", None)
    if not isinstance(names, Mapping) or sorted(names) != list(range(len(names))) or len(names) < 2:
        return None
    return tuple(str(names[number]) for number in range(len(names)))
