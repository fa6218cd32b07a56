"""Which variables of a Keras model are layers, what they are called, and what their filters are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from deeptracker.array_layers import Form
from deeptracker.errors import NothingToRecord

Array = NDArray[Any]

# Keras's names of what has a name in the log already.
_KINDS = {
    "Dense": "Linear",
    **{f"{kind}{d}D": f"Conv{d}d" for kind in ("Conv", "DepthwiseConv") for d in (1, 2, 3)},
    **{f"SeparableConv{d}D": f"Conv{d}d" for d in (1, 2)},
    **{f"Conv{d}DTranspose": f"ConvTranspose{d}d" for d in (1, 2, 3)},
    "EinsumDense": "EinsumDense",
}
# Of several axes in attention, and in normalisation over several axes.
_NO_LAYERS = ("bias", "gamma", "beta")


@dataclass(frozen=True)
class Kernel:
    """A variable that is a layer; `turn` puts the axis of its filters last, or axes as one."""

    variable: Any
    form: Form
    turn: Callable[[Array], Array]


class Arrays(Mapping[str, Array]):
    """Arrays of kernels, each read when it is asked for; without those that are not there."""

    def __init__(self, kernels: Mapping[str, Kernel], read: Callable[[Any], Array | None]) -> None:
        self._kernels, self._read = kernels, read

    def __getitem__(self, name: str) -> Any:
        kernel = self._kernels[name]
        array = self._read(kernel.variable)
        return None if array is None else kernel.turn(array)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kernels)

    def __len__(self) -> int:
        return len(self._kernels)


def find_kernels(model: Any) -> dict[str, Kernel]:
    """Return the variables that are layers, by the dotted paths that Keras gives them.

    All with two axes or more that a layer trains, or would if it were not frozen. The name of the
    model, which Keras counts up within a process, is left out. Raises NothingToRecord.
    """
    order = {id(variable): place for place, variable in enumerate(model.weights)}
    owners = {
        id(variable): (layer, variable)
        for layer in model._flatten_layers()
        for variable in layer._trainable_variables
        if len(variable.shape) > 1 and variable.name not in _NO_LAYERS
    }
    found: dict[str, Kernel] = {}
    for identity in sorted(owners, key=lambda identity: order.get(identity, len(order))):
        layer, variable = owners[identity]
        within = _torch_parts(layer).get(id(variable.value))
        if within is None:
            found[_free(_path(model, variable.path), found)] = _kernel(layer, variable)
        else:
            name, part = within
            path = _path(model, f"{layer.path or layer.name}/{name}")
            found[_free(path, found)] = _torch_kernel(part, variable)
    if not found:
        raise NothingToRecord(f"no layer of {model.name!r} has a kernel, of two axes or more")
    return found


def _torch_parts(layer: Any) -> dict[int, tuple[str, nn.Module]]:
    """Return parameters of a module of torch that is a layer: their names, and whose they are."""
    wrapped = getattr(layer, "module", None)
    if not isinstance(wrapped, nn.Module):
        return {}
    return {
        id(parameter): (f"{name}.{own}", part)
        for name, part in wrapped.named_modules()
        for own, parameter in part.named_parameters(recurse=False)
    }


def _path(model: Any, path: str) -> str:
    path = path.removeprefix(f"{model.name}/")
    return ".".join(part for part in path.replace("/", ".").split(".") if part)


def _free(path: str, taken: Mapping[str, Any]) -> str:
    """Return a path that is not taken: models within a model may have layers of one name."""
    above, _, last = path.rpartition(".")
    number = 2
    while path in taken:
        path = f"{above}_{number}.{last}" if above else f"{last}_{number}"
        number += 1
    return path


def _torch_kernel(part: nn.Module, variable: Any) -> Kernel:
    """Return a parameter of a module of torch, which has its filters first."""
    shape = tuple(map(int, variable.shape))
    strides = _strides(part, shape[2:]) if hasattr(part, "stride") else ()
    form = Form(type(part).__name__, shape[1], shape[2:], strides, getattr(part, "groups", 1))
    return Kernel(variable, form, lambda array: np.moveaxis(array, 0, -1))


def _kernel(layer: Any, variable: Any) -> Kernel:
    names = [cls.__name__ for cls in type(layer).__mro__]
    known = next((name for name in names if name in _KINDS), "")
    shape = tuple(map(int, variable.shape))
    kind = _KINDS.get(known, names[0])
    if variable.name == "depthwise_kernel" or known.startswith("Depthwise"):
        *window, channels, _ = shape
        strides = _strides(layer, window)
        form = Form(kind, 1, tuple(window), strides, groups=channels)
        return Kernel(variable, form, lambda array: array.reshape(*array.shape[:-2], -1))
    if known.endswith("Transpose"):
        # [window, out, in]
        form = Form(kind, shape[-1], shape[:-2], _strides(layer, shape[:-2]))
        return Kernel(variable, form, lambda array: np.moveaxis(array, -2, -1))
    if "Conv" in known and len(shape) > 2:
        *window, channels, _ = shape
        pointwise = variable.name == "pointwise_kernel"
        strides = (1,) * len(window) if pointwise else _strides(layer, window)
        groups = 1 if pointwise else int(getattr(layer, "groups", 1))
        return Kernel(variable, Form(kind, channels, tuple(window), strides, groups), _as_it_is)
    if known == "EinsumDense":
        return Kernel(variable, Form(kind), _outputs_last(layer.equation))
    return Kernel(variable, Form(kind), _as_it_is)


def _as_it_is(array: Array) -> Array:
    return array


def _strides(layer: Any, window: Any) -> tuple[int, ...]:
    strides = layer.stride if hasattr(layer, "stride") else layer.strides
    return (int(strides),) * len(window) if isinstance(strides, int) else tuple(map(int, strides))


def _outputs_last(equation: str) -> Callable[[Array], Array]:
    """Return what makes one axis of those that the output has, such as head and unit."""
    (_, kernel), output = equation.partition("->")[0].split(","), equation.partition("->")[2]
    inputs = [place for place, letter in enumerate(kernel) if letter not in output]
    outputs = [place for place, letter in enumerate(kernel) if letter in output]

    def turn(array: Array) -> Array:
        moved = array.transpose(*inputs, *outputs)
        return moved.reshape(*moved.shape[: len(inputs)], -1)

    return turn
