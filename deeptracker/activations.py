"""What the layers put out on the validation set: mean, spread and share of zeros of each."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils.hooks import RemovableHandle

from deeptracker.format import STATISTICS
from deeptracker.layers import Layer

# Beyond it squares of float32 overflow.
_LARGEST = 1e15
# The variance in relation to the square of the mean.
_NARROW = 1e-3
_RECTIFIERS = {"relu", "relu_", "relu6", "leaky_relu", "gelu", "silu", "hardswish", "elu", "prelu"}
# The sums of no value.
_NOTHING = torch.tensor([0, 0, 0, 0, 0, 0, torch.inf, -torch.inf, 0], dtype=torch.float64)


# What is kept of an output: from the place of the layer and what it put out.
Take = Callable[[int, Tensor], Tensor]


class _Output(NamedTuple):
    """What a layer put out; `sums` is None where an activation function is expected."""

    layer: int
    values: Tensor
    version: int
    sums: Tensor | None


class _Rectified(TorchFunctionMode):
    """Hands the results of activation functions to the watch, whoever calls them."""

    def __init__(self, watch: "ActivationWatch") -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Let torch compute, then look at the result."""
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in _RECTIFIERS and isinstance(result, Tensor):
            self._watch.rectified(result)
        return result


class ActivationWatch:
    """Within its context, sums up what every layer puts out, or keeps what `take` makes of it.

    The activation of a layer is the result of the first activation function after it, as far as
    one comes before the next layer of the main branch; else, and for layers of a short cut,
    what the layer itself gives. Statistics but mean, std, total, l1, l2, extremes and the counts
    are NaN.
    """

    def __init__(self, model: nn.Module, layers: Sequence[Layer], take: Take | None = None) -> None:
        self._layers = layers
        self._take = take or (lambda layer, output: _sums(output))
        self._sums: list[list[Tensor]] = [[] for _ in layers]
        # The latest layer of the main branch, what it put out, and the sums of that where wanted.
        self._current: _Output | None = None
        # Layers that were seen with an activation function of their own: their output is not
        # summed up only to be thrown away.
        self._followed: set[int] = set()
        self._hooks: list[RemovableHandle] = []
        self._mode = _Rectified(self)

    def __enter__(self) -> "ActivationWatch":
        self.forget()
        self.attach()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.detach()

    def forget(self) -> None:
        """Drop what was summed up."""
        self._sums = [[] for _ in self._layers]

    def attach(self) -> None:
        """Look at what the layers put out from now on, besides what was seen before."""
        for index, layer in enumerate(self._layers):
            hook = self._hook(index, layer)
            self._hooks.append(layer.module.register_forward_hook(hook))
        self._mode.__enter__()

    def detach(self) -> None:
        """Look no longer."""
        # One that was broken off may have left modes of others above it.
        if self._mode in _get_current_function_mode_stack()[-1:]:
            self._mode.__exit__(None, None, None)
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self.settle()

    def _hook(self, index: int, layer: Layer) -> Any:
        def take(module: nn.Module, inputs: Any, output: Any) -> None:
            own = layer.part.output(module, output) if isinstance(output, Tensor) else None
            if own is None:
                return
            if layer.spec.branch != "main":
                self._add(index, own)
                return
            self.settle()
            # Sums of it now: what follows may overwrite the tensor itself.
            sums = None if index in self._followed else self._take(index, own)
            self._current = _Output(index, own, own._version, sums)

        return take

    def rectified(self, result: Tensor) -> None:
        """Take the result of an activation function for the latest layer, if it has none yet."""
        if self._current is not None:
            index, self._current = self._current.layer, None
            self._followed.add(index)
            self._add(index, result)

    def settle(self) -> None:
        """Take what the latest layer put out, since no activation function came."""
        last, self._current = self._current, None
        if last is None:
            return
        self._followed.discard(last.layer)
        if last.sums is not None:
            self._sums[last.layer].append(last.sums)
        elif last.values._version == last.version:
            self._add(last.layer, last.values)

    def _add(self, index: int, output: Tensor) -> None:
        self._sums[index].append(self._take(index, output))

    def taken(self, index: int) -> list[Tensor]:
        """Return what was kept of each output of a layer in the last context, in their order."""
        return self._sums[index]

    def statistics(self) -> NDArray[np.float32]:
        """Return f4 [L, S] of the last context; NaN for layers that were not run."""
        found = np.full((len(self._layers), len(STATISTICS)), np.nan, dtype=np.float32)
        for index, batches in enumerate(self._sums):
            if not batches:
                continue
            table = torch.stack([b.cpu() for b in batches]).numpy()
            low, high = table[:, 6].min(), table[:, 7].max()
            count, total, square, l1, zeros, nan = table[:, :6].sum(axis=0)
            inf = table[:, 8].sum()
            values = dict.fromkeys(STATISTICS, np.nan) | {"nan_count": nan, "inf_count": inf}
            if count:
                mean = total / count
                values |= {
                    "minimum": low,
                    "maximum": high,
                    "mean": mean,
                    "std": np.sqrt(max(0.0, square / count - mean**2)),
                    "total": total,
                    "l1": l1,
                    "l2": np.sqrt(square),
                    "zero_share": zeros / count,
                }
            found[index] = [values[name] for name in STATISTICS]
        return found


@torch.no_grad()
def _sums(output: Tensor) -> Tensor:
    """Return f8 [9]: finite values, their sum, squares, absolutes, zeros; NaN; low, high; Inf."""
    if not output.numel():
        return _NOTHING
    rows = _rows(output.detach().to(torch.float32))
    low, high = rows.amin(), rows.amax()  # faster than aminmax()
    if not (low > -_LARGEST and high < _LARGEST):  # also where there is a NaN
        return _sums_with_care(output)
    total = rows.sum(dim=1).double().sum()
    # The norm of order 1 is several times as slow in torch.
    sizes = rows.abs() if low < 0 else rows
    l1 = total if sizes is rows else sizes.sum(dim=1).double().sum()
    other = (rows.sign() if sizes is rows else sizes.sign_()).sum(dim=1).double().sum()
    square = torch.linalg.vector_norm(rows, dim=1).double().square().sum()
    count, none = total.new_full((), rows.numel()), torch.zeros_like(total)
    if square * count < total.square() * (1 + _NARROW):
        # Their difference is the variance: of values that hardly vary, float32 does not know it.
        return _sums_with_care(output)
    parts = [count, total, square, l1, count - other, none, low.double(), high.double(), none]
    return torch.stack(parts)


def _rows(values: Tensor) -> Tensor:
    """Return the values as [R, K], in the order in which memory holds them, so without a copy.

    Sums of a row are exact enough in float32, and several times as fast as those of float64.
    """
    if not values.dim():
        return values.reshape(1, 1)
    order = sorted(range(values.dim()), key=values.stride, reverse=True)
    found = values.permute(order)
    return found.reshape(len(found), -1)


def _sums_with_care(output: Tensor) -> Tensor:
    """Return the same in float64, whatever the values are."""
    wide = output.detach().double()
    finite = wide.isfinite()
    clean = wide.where(finite, 0.0)
    nan = wide.isnan().sum()
    count = finite.sum()
    return torch.stack(
        [
            count.double(),
            clean.sum(),
            clean.square().sum(),
            clean.abs().sum(),
            (finite & (wide == 0)).sum().double(),
            nan.double(),
            wide.where(finite, torch.inf).amin(),
            wide.where(finite, -torch.inf).amax(),
            (wide.numel() - count - nan).double(),
        ]
    )
