"""What the layers put out on the validation set: mean, spread and share of zeros of each."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from deeptracker.format import STATISTICS
from deeptracker.layers import Layer

_RECTIFIERS = {"relu", "relu_", "relu6", "leaky_relu", "gelu", "silu", "hardswish", "elu", "prelu"}


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
    """Within its context, sums up what every layer puts out.

    The activation of a layer is the result of the first activation function after it, as far as
    one comes before the next layer of the main branch; else, and for layers of a short cut,
    what the layer itself gives. Statistics but mean, std, total, l1, l2, extremes and the counts
    are NaN.
    """

    def __init__(self, model: nn.Module, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._sums: list[list[Tensor]] = [[] for _ in layers]
        self._current: tuple[int, Tensor] | None = None
        self._hooks: list[RemovableHandle] = []
        self._mode = _Rectified(self)

    def __enter__(self) -> "ActivationWatch":
        self._sums = [[] for _ in self._layers]
        for index, layer in enumerate(self._layers):
            hook = self._hook(index, layer)
            self._hooks.append(layer.module.register_forward_hook(hook))
        self._mode.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._mode.__exit__(kind, error, traceback)
        self._settle()
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _hook(self, index: int, layer: Layer) -> Any:
        def take(module: nn.Module, inputs: Any, output: Any) -> None:
            own = layer.part.output(module, output) if isinstance(output, Tensor) else None
            if own is None:
                return
            if layer.spec.branch != "main":
                self._add(index, own)
                return
            self._settle()
            # A sum of it now: a rectifier may overwrite the tensor itself.
            self._current = (index, _sums(own))

        return take

    def rectified(self, result: Tensor) -> None:
        """Take the result of an activation function for the latest layer, if it has none yet."""
        if self._current is not None:
            index, self._current = self._current[0], None
            self._add(index, result)

    def _settle(self) -> None:
        if self._current is not None:
            index, sums = self._current
            self._sums[index].append(sums)
            self._current = None

    def _add(self, index: int, output: Tensor) -> None:
        self._sums[index].append(_sums(output))

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


def _sums(output: Tensor) -> Tensor:
    """Return f8 [9]: finite values, their sum, squares, absolutes, zeros; NaN; low, high; Inf."""
    with torch.no_grad():
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
