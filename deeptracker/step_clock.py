"""Where the time of the iterations goes: waiting for data, recording, the forward pass, the rest.

Between the end of `step()` and the next forward pass in training, the training waits for its data.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

Batch = TypeVar("Batch")


class Spent(NamedTuple):
    """Seconds since this was asked last, and images; None: not known."""

    loading: float | None
    recording: float
    until_backward: float | None  # of loading and forward passes: no other rank is waited for
    images: int | None


class StepClock:
    """Adds up the times of one process. What a script tells counts more than what hooks see.

    On a GPU these are times of the process, which runs ahead of what the GPU computes.
    """

    def __init__(self) -> None:
        self._hooks: list[Any] = []
        self._entered = 0.0
        # When the last step() ended; None: not known, or the network ran without training since.
        self._left: float | None = None
        self._forward: float | None = None
        self._told_loading = self._told_images = self._seen = self._timed = False
        self._reset()

    def _reset(self) -> None:
        self._loading = self._waited = self._recording = self._passes = 0.0
        self._images = self._counted = 0

    def watch(self, model: nn.Module, network: nn.Module, *, passes: bool) -> None:
        """See the forward passes of `model`, until it is closed; time those of `network` within.

        passes: whether they are timed, as where there are other ranks.
        """
        with contextlib.suppress(Exception):  # such as of a scripted module
            begins = _Hook(self._begins)
            self._hooks.append(
                model.register_forward_pre_hook(begins, prepend=True, with_kwargs=True)
            )
            if passes:
                starts, ends = _Hook(self._starts), _Hook(self._ends)
                self._hooks.append(network.register_forward_pre_hook(starts, with_kwargs=True))
                self._hooks.append(network.register_forward_hook(ends))

    def close(self) -> None:
        """Take the hooks away."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def enter(self) -> None:
        """Note that an iteration ends, and its recording begins."""
        self._entered = time.perf_counter()

    def leave(self) -> None:
        """Note that recording is over; from here on the training waits for data."""
        self._left = time.perf_counter()
        self._recording += self._left - self._entered

    def note_loading(self, seconds: float) -> None:
        """Add time in which the training waited for data, as the script tells it."""
        self._loading += seconds
        self._told_loading = True

    def note_images(self, number: int) -> None:
        """Count the images of a batch, as the script tells them."""
        self._images += number
        self._told_images = True

    def take(self) -> Spent:
        """Return what was spent since this was asked last."""
        loading = self._loading if self._told_loading else self._waited if self._seen else None
        spent = Spent(
            loading,
            self._recording,
            self._passes + (loading or 0.0) if self._timed else None,
            self._images if self._told_images else self._counted or None,
        )
        self._reset()
        return spent

    def _begins(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        left, self._left = self._left, None
        # A validation of the script's own is none of loading, nor is what surrounds it.
        if not (module.training and torch.is_grad_enabled()):
            return
        if left is not None:
            self._waited += time.perf_counter() - left
            self._seen = True
        self._counted += _batch_size(args, kwargs)

    def _starts(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        trains = module.training and torch.is_grad_enabled()
        self._forward = time.perf_counter() if trains else None

    def _ends(self, *_: Any) -> None:
        if self._forward is not None:
            self._passes += time.perf_counter() - self._forward
            self._forward, self._timed = None, True


def timed(loader: Iterable[Batch], note: Callable[[float], None]) -> Iterator[Batch]:
    """Yield what `loader` yields, and tell how many seconds each took to come."""
    batches = iter(loader)
    while True:
        began = time.monotonic()
        try:
            batch = next(batches)
        except StopIteration:
            return
        note(time.monotonic() - began)
        yield batch


def _batch_size(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    for given in (args, kwargs.values()):
        for one in given:
            if isinstance(one, Tensor) and one.ndim:
                return one.shape[0]
    return 0


class _Hook:
    """A hook on a network that looks on; where that is compiled, it does nothing.

    With a copy of the network, or in a file that holds it whole, is what needs no DeepTracker.
    """

    def __init__(self, look: Callable[..., None]) -> None:
        self._look = look

    def __call__(self, *given: Any) -> None:
        if not torch.compiler.is_compiling():
            self._look(*given)

    def __reduce__(self) -> tuple[Any, ...]:
        # It takes whatever it is given, and returns None.
        return getattr, (contextlib.nullcontext(), "__exit__")
