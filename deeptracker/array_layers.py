"""Plain arrays as layers: named, turned so that a row is a filter, and mirrored in torch."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from deeptracker.errors import NothingToRecord, RecordingError
from deeptracker.format import LayerSpec
from deeptracker.hierarchy import place
from deeptracker.layer_parts import Part
from deeptracker.layers import Layer
from deeptracker.unrecorded import NO_NUMBERS, ONE_AXIS, grouped

# Last parts of names that say nothing beside the name of their layer.
_WEIGHTS = ("kernel", "weight", "weights", "w", "embedding", "embeddings")
_DEEPEST = 100


@dataclass(frozen=True)
class Form:
    """What an array is in its network; `inputs` None: as many as a filter has numbers."""

    kind: str = "Array"
    inputs: int | None = None
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    groups: int = 1


class ArrayMirror:
    """A network without a forward, whose layers hold copies of arrays; see `load`.

    Or the arrays themselves, where they are `lent`: nobody changes them.
    """

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        names: Mapping[str, str],
        axis: int,
        forms: Mapping[str, Form],
        *,
        lent: bool = False,
    ):
        """Take arrays, what those that are to be recorded are called, and the axis of filters.

        `forms` are those that are known, by the names of the arrays.
        """
        self.network = nn.Module()
        self._axis, self._lent = axis, lent
        self._leaves: dict[str, nn.Module] = {}
        self.layers: list[Layer] = []
        left = [(name, array) for name, array in arrays.items() if name not in names]
        self.unrecorded = grouped(
            (ONE_AXIS if array.size else NO_NUMBERS, name, array.size) for name, array in left
        )
        if not names:
            raise NothingToRecord(
                "no parameter has two axes or more; pass the parameters as a dictionary, list or "
                "tree of arrays"
            )
        for key, name in names.items():
            leaf = self._leaves[key] = self._leaf(name)
            weight = leaf.weight = nn.Parameter(self._rows(arrays[key]))
            spec = _spec(list(names.values()), name, weight, forms.get(key, Form()))
            part = Part(spec.kind, spec.filters, spec.inputs)
            self.layers.append(Layer(spec, leaf, weight, weight.shape, part, lasting=lent))

    def _leaf(self, name: str) -> nn.Module:
        module = self.network
        for part in name.split("."):
            inner = module._modules.get(part)
            if inner is None:
                inner = nn.Module()
                module.add_module(part, inner)
            module = inner
        return module

    def _rows(self, array: NDArray[Any]) -> torch.Tensor:
        """Return an array as a copy [F, K], or a lent one as it is, where it lies so in memory."""
        moved = np.moveaxis(array, self._axis, 0)
        moved = moved.reshape(len(moved), -1)
        kind = np.float64 if array.dtype == np.float64 else np.float32
        copy = None if self._lent and array.flags.writeable else True
        return torch.from_numpy(np.array(moved, dtype=kind, order="C", copy=copy))

    @torch.no_grad()
    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Copy arrays; one that is missing, or has another shape, leaves its layer without."""
        for (key, leaf), layer in zip(self._leaves.items(), self.layers, strict=True):
            array = arrays.get(key)
            rows = None if array is None else self._rows(array)
            if rows is None or rows.shape != layer.shape:
                leaf.register_parameter("weight", None)
            elif self._lent or not isinstance(leaf.weight, nn.Parameter):
                leaf.weight = nn.Parameter(rows)
            elif leaf.weight.dtype == rows.dtype:
                leaf.weight.copy_(rows)
            else:
                leaf.weight = nn.Parameter(rows)

    def load_gradients(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Copy gradients of the same names; a layer without one has none."""
        for key, leaf in self._leaves.items():
            if not isinstance(leaf.weight, nn.Parameter):
                continue
            array = arrays.get(key)
            rows = None if array is None else self._rows(array)
            fits = rows is not None and rows.shape == leaf.weight.shape
            leaf.weight.grad = rows.to(leaf.weight.dtype) if fits and rows is not None else None


def _spec(names: list[str], name: str, rows: torch.Tensor, form: Form) -> LayerSpec:
    stage, block, branch = place(name, names)
    filters, inputs = rows.shape
    return LayerSpec(
        name=name,
        kind=form.kind,
        stage=stage,
        block=block,
        branch=branch,
        filters=filters,
        parameters=rows.numel(),
        inputs=inputs if form.inputs is None else form.inputs,
        kernel=form.kernel,
        stride=form.stride,
        groups=form.groups,
    )


def layer_names(arrays: Mapping[str, NDArray[Any]], axis: int) -> dict[str, str]:
    """Return what the arrays that are recorded are called: all with two axes or more.

    A name loses its last part where that says "kernel" or the like, and no other layer has the
    rest. Raises RecordingError where an array has no such `axis`.
    """
    kept = [key for key, array in arrays.items() if array.ndim > 1 and array.size]
    for key in kept:
        if not -arrays[key].ndim <= axis < arrays[key].ndim:
            raise RecordingError(
                f"filter_axis= is {axis}, but {key!r} has {arrays[key].ndim} axes; pass the axis "
                "that counts output units: -1 as in JAX and Keras, 0 as in PyTorch"
            )
    short = {key: _without_weight(key) for key in kept}
    times = Counter(short.values())
    taken = set(kept)
    found = {}
    for key in kept:
        clear = times[short[key]] == 1 and (short[key] == key or short[key] not in taken)
        found[key] = short[key] if clear else key
    return found


def _without_weight(name: str) -> str:
    above, _, last = name.rpartition(".")
    return above if above and last in _WEIGHTS else name


def named_arrays(tree: Any) -> dict[str, NDArray[Any]]:
    """Return the arrays of real numbers in a tree by dotted names, as views where that is possible.

    A tree is an array, or a dictionary, list, tuple of trees, or what JAX knows as a tree. Raises
    RecordingError where something in it is no array, or two have the same name.
    """
    found: dict[str, NDArray[Any]] = {}
    for path, leaf in _leaves(tree, ()):
        name = ".".join(part for part in ".".join(path).replace("/", ".").split(".") if part)
        array = _real(name or "array", leaf)
        if array is None:
            continue
        if name in found:
            raise RecordingError(f"two parameters are called {name!r}; give them other names")
        found[name or "array"] = array
    return found


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if len(path) > _DEEPEST:
        raise RecordingError("the parameters are nested too deeply; pass a dictionary of arrays")
    if isinstance(tree, Mapping):
        for name, inner in tree.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        for name, inner in zip(tree._fields, tree, strict=True):
            yield from _leaves(inner, (*path, name))
    elif isinstance(tree, (list, tuple)):
        for number, inner in enumerate(tree):
            yield from _leaves(inner, (*path, str(number)))
    elif hasattr(tree, "__array__") or isinstance(tree, (int, float, complex, bool)):
        yield path, tree
    elif tree is not None:
        yield from _leaves_of_jax(tree, path)


def _leaves_of_jax(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the leaves of a class that was made known to JAX; only what uses JAX has one."""
    jax = sys.modules.get("jax")
    pairs = [] if jax is None else jax.tree_util.tree_flatten_with_path(tree)[0]
    if not pairs or (len(pairs) == 1 and pairs[0][1] is tree):
        where = ".".join(path) or "the parameters"
        raise RecordingError(
            f"{where} is a {type(tree).__name__}, not an array; pass the parameters as a "
            "dictionary, list or tree of arrays"
        )
    for keys, leaf in pairs:
        names = (jax.tree_util.keystr((key,), simple=True) for key in keys)  # type: ignore[union-attr]
        yield from _leaves(leaf, (*path, *names))


def _real(name: str, leaf: Any) -> NDArray[Any] | None:
    """Return a leaf as an array, None where it holds no floating-point numbers."""
    kind = str(getattr(leaf, "dtype", ""))
    if "key<" in kind:  # the state of a random generator of JAX
        return None
    try:
        array = np.asarray(leaf)
    except Exception as error:
        raise RecordingError(
            f"{name!r} cannot be read as an array ({type(error).__name__}: {error}); pass the "
            "parameters as they are after the step"
        ) from error
    if array.dtype.kind == "f":
        return array
    # bfloat16 and its like are no numbers to numpy itself.
    return array.astype(np.float32) if "float" in array.dtype.name else None
