"""The loss of every batch that a model of transformers trains on, as the model itself gives it.

The Trainer tells callbacks a smoothed loss only, in which NaN counts as nothing.
"""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

# By model, so that a copy of one (as of an average of its weights) has no watch, and the hook,
# which is copied with it, holds nothing.
_watches: "weakref.WeakKeyDictionary[nn.Module, LossWatch]" = weakref.WeakKeyDictionary()


@dataclass
class Window:
    """The batches of one step: mean loss f4 [], class scores [n, C] and labels [n] where they are.

    `summed` says that the Trainer added up losses that are means already.
    """

    loss: Tensor | None = None
    scores: Tensor | None = None
    labels: Tensor | None = None
    summed: bool = False


@dataclass
class _Batches:
    losses: list[Tensor] = field(default_factory=list)
    scores: list[Tensor] = field(default_factory=list)
    labels: list[Tensor] = field(default_factory=list)
    # Whether the losses were to be shares of the window's loss.
    shares: bool = False


class LossWatch:
    """Sees the outputs of a model in training until it is closed; `seen`: there was a loss."""

    def __init__(self, model: nn.Module, *, processes: int) -> None:
        self.seen = False
        self._model, self._processes = weakref.ref(model), processes
        self._batches = _Batches()
        # Whether the model's loss is a share where the Trainer asks for one; None: not known yet.
        self._heeds: bool | None = None
        _watches[model] = self
        self._hook = model.register_forward_hook(_look, with_kwargs=True)

    def close(self) -> None:
        """Take the hook away."""
        self._hook.remove()
        if (model := self._model()) is not None:
            _watches.pop(model, None)

    @torch.no_grad()
    def look(self, inputs: Mapping[str, Any], output: Any) -> None:
        """Take loss, scores and labels of one batch."""
        loss = _loss(output)
        if loss is None:
            return
        self.seen = True
        # A copy: the Trainer multiplies it in place.
        self._batches.losses.append(loss.detach().float().clone())
        scores, labels = _scores(output), inputs.get("labels")
        items = inputs.get("num_items_in_batch")
        self._batches.shares = items is not None
        if scores is None or not _are_classes(labels) or scores.shape[:1] != labels.shape:
            return
        self._batches.scores.append(scores.detach())
        self._batches.labels.append(labels)
        if items is not None and self._heeds is None:
            self._heeds = _is_share(loss, scores, labels, items)

    def take(self) -> Window:
        """Return the batches since this was asked last."""
        found, self._batches = self._batches, _Batches()
        if not found.losses:
            return Window()
        losses = torch.stack(found.losses)
        summed = found.shares and self._heeds is False and len(losses) > 1
        if found.shares and self._heeds is not False:
            loss = losses.sum() * self._processes
        else:
            loss = losses.mean()
        if len(found.scores) != len(losses):
            return Window(loss, summed=summed)
        return Window(loss, torch.cat(found.scores), torch.cat(found.labels), summed)


def _look(module: nn.Module, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
    watch = _watches.get(module)
    if watch is not None and module.training and torch.is_grad_enabled():
        watch.look(kwargs, output)


def _loss(output: Any) -> Tensor | None:
    if isinstance(output, Mapping):
        loss = output.get("loss")
    else:
        loss = output[0] if isinstance(output, tuple) and output else getattr(output, "loss", None)
    return loss if isinstance(loss, Tensor) and loss.numel() == 1 else None


def _scores(output: Any) -> Tensor | None:
    found = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if found is None and isinstance(output, tuple) and len(output) > 1:
        found = output[1]
    return found if isinstance(found, Tensor) and found.ndim == 2 and found.shape[1] > 1 else None


def _are_classes(labels: Any) -> TypeGuard[Tensor]:
    return isinstance(labels, Tensor) and labels.ndim == 1 and not labels.is_floating_point()


def _is_share(loss: Tensor, scores: Tensor, labels: Tensor, items: Any) -> bool | None:
    """Say whether a loss is the batch's share of the window's mean; None: it cannot be told."""
    mean = functional.cross_entropy(scores.float(), labels)
    share = mean * (labels != -100).sum() / items
    found = torch.stack([part.reshape(()).double() for part in (loss, mean, share)]).tolist()
    is_mean, is_share = (abs(found[0] - other) <= 1e-3 * abs(found[0]) for other in found[1:])
    return is_share if is_mean != is_share else None
