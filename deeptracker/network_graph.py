"""The network as a graph: the ways of an image through it, followed while it runs once."""

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from deeptracker.format import Graph, GraphNode
from deeptracker.format.entries import MAX_NAME, fit_text
from deeptracker.format.graph import MAX_AFTER, MAX_INPUTS, MAX_NODES
from deeptracker.graph_parts import operations_of, owners, sizes, tensors
from deeptracker.graph_words import operation, passed
from deeptracker.layer_parts import class_name
from deeptracker.layers import Layer


@dataclass
class _Node:
    kind: str
    name: str
    module: str
    inputs: tuple[int, ...] = ()
    layers: tuple[int, ...] = ()
    shape: tuple[int, ...] | None = None
    flops: int | None = None
    after: list[str] = field(default_factory=list)


class GraphTrace(TorchFunctionMode):
    """Within its context, follows which layers the tensors of a network come from.

    A node is made by every run of a module that has recorded weights, and by every function that
    brings the outputs of several nodes together; what has one of them passes it on. It looks on,
    changes nothing and never raises: what goes wrong is kept as `error`.
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._network = network
        self._paths = {id(module): path for path, module in network.named_modules()}
        self._units, self._parameters = owners(network, layers)
        self._weights = [layer.spec.parameters for layer in layers]
        self._hooks: list[Any] = []
        self.error = ""
        self._begin()

    def _begin(self) -> None:
        self._nodes: list[_Node] = []
        self._sources: dict[int, tuple[weakref.ref[Tensor], int]] = {}
        self._batch = 0
        self._running: list[nn.Module] = []
        # The module with weights that runs, and where its input came from.
        self._unit: tuple[nn.Module, list[int]] | None = None

    def __enter__(self) -> Any:
        try:
            # Not those of all modules of the process: torch 2.13 keeps a part of such for good.
            for module in self._network.modules():
                self._hooks += [
                    module.register_forward_pre_hook(self._enters, prepend=True),
                    module.register_forward_hook(self._leaves, with_kwargs=True, always_call=True),
                ]
        except Exception as error:
            self._fail(error)
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._sources.clear()
        self._running.clear()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Let torch compute, then look at where the arguments came from."""
        result = func(*args, **(kwargs or {}))
        if not self.error and self._unit is None:
            try:
                self._follow(func, (args, kwargs), result)
            except Exception as error:
                self._fail(error)
        return result

    def graph(self) -> Graph:
        """Return what was found; without nodes, and why, where that is nothing."""
        if self.error:
            return Graph(missing=fit_text(f"it could not be followed ({self.error})"))
        if not any(node.kind == "layer" for node in self._nodes):
            return Graph(missing="no layer was run by the network's own modules")
        return Graph(
            tuple(
                GraphNode(
                    kind=node.kind,
                    name=_name(node.name),
                    module=_name(node.module),
                    inputs=node.inputs[:MAX_INPUTS],
                    layers=node.layers[:MAX_INPUTS],
                    shape=node.shape,
                    flops=node.flops,
                    after=tuple(node.after),
                )
                for node in self._nodes
            )
        )

    def _fail(self, error: Exception) -> None:
        self.error = self.error or f"{type(error).__name__}: {error}"

    # Modules

    def _enters(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        if self.error:
            return
        try:
            if module is self._network and self._unit is None:
                self._begin()
                self._take_input(given)
            self._running.append(module)
            if self._unit is None and id(module) in self._units:
                self._unit = (module, self._from(given))
        except Exception as error:
            self._fail(error)

    def _leaves(self, module: nn.Module, given: Any, named: Any, output: Any) -> None:
        if self.error:
            return
        try:
            while self._running and self._running.pop() is not module:
                pass
            if self._unit is None:
                self._went_through(module, (given, named), output)
            elif self._unit[0] is module:
                sources, self._unit = [*self._unit[1], *self._from(named)], None
                self._ran(module, sources, given, output)
        except Exception as error:
            self._fail(error)

    def _take_input(self, given: Any) -> None:
        found = list(tensors(given))
        if found:
            self._batch = len(found[0]) if found[0].dim() else 0
            self._add(_Node("input", "input", "", shape=self._shape(found)), found)

    def _ran(self, module: nn.Module, sources: Sequence[int], given: Any, output: Any) -> None:
        outputs = list(tensors(output))
        layers = self._units[id(module)]
        inputs = tuple(dict.fromkeys(sources))
        if not self._nodes:  # the script runs parts of the network, one after another
            self._take_input(given)
            inputs = (0,) if self._nodes else ()
        shape = self._shape(outputs)
        path = self._paths[id(module)]
        flops = None
        if self._batch:
            weights = sum(self._weights[layer] for layer in layers)
            before = self._shape(list(tensors(given)))
            flops = operations_of(module, weights, before, shape)
        self._add(_Node("layer", path, "", inputs, layers, shape, flops), outputs)

    def _went_through(self, module: nn.Module, given: Any, output: Any) -> None:
        """Take over what a module gave whose functions could not be seen."""
        outputs = list(tensors(output))
        unknown = [tensor for tensor in outputs if self._of(tensor) is None]
        sources = self._from(given) if unknown else []
        if sources:
            self._meet(class_name(module), sources, unknown)
        if module is self._network and not self._running:
            inputs = tuple(self._from(outputs))
            self._add(_Node("output", "output", "", inputs, shape=self._shape(outputs)), [])

    # Functions

    def _follow(self, func: Any, given: Any, result: Any) -> None:
        name = getattr(func, "__name__", "")
        sources = self._from(given)
        # What is written into a tensor belongs to it from then on.
        found = given[0][:1] if name == "__setitem__" else result
        outputs = list(tensors(found))
        if sources and outputs:
            self._meet(name, sources, outputs)

    def _meet(self, name: str, sources: Sequence[int], outputs: Sequence[Tensor]) -> None:
        place = sources[0]
        if len(sources) > 1:
            module = self._paths[id(self._running[-1])] if self._running else ""
            node = _Node("operation", operation(name), module, tuple(sources))
            node.shape = self._shape(outputs)
            self._add(node, outputs)
            return
        after = self._nodes[place].after
        word = passed(name)
        if word and word not in after and len(after) < MAX_AFTER:
            after.append(word)
        self._put(outputs, place)

    # Where tensors come from

    def _add(self, node: _Node, outputs: Iterable[Tensor]) -> None:
        if len(self._nodes) >= MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} steps")
        self._nodes.append(node)
        self._put(outputs, len(self._nodes) - 1)

    def _put(self, outputs: Iterable[Tensor], place: int) -> None:
        for tensor in outputs:
            # Weakly: activations of a whole network would fill the memory.
            self._sources[id(tensor)] = (weakref.ref(tensor), place)

    def _of(self, tensor: Tensor) -> int | None:
        found = self._sources.get(id(tensor))
        if found is not None and found[0]() is tensor:
            return found[1]
        layers = self._parameters.get(id(tensor))
        if layers is None:
            return None
        # A parameter that is used by itself: the module that it belongs to does not run.
        name, places = layers
        self._add(_Node("layer", name, "", layers=places, shape=sizes(tensor)), [tensor])
        return len(self._nodes) - 1

    def _from(self, given: Any) -> list[int]:
        """Return the nodes that the tensors in arguments come from, each once."""
        found = (self._of(tensor) for tensor in tensors(given))
        return list(dict.fromkeys(place for place in found if place is not None))

    # What is known of a node

    def _shape(self, outputs: Sequence[Tensor]) -> tuple[int, ...] | None:
        if not outputs:
            return None
        shape = sizes(outputs[0])
        return shape[1:] if shape and shape[0] == self._batch else shape


def can_trace(network: nn.Module) -> str:
    """Return why the ways through a network cannot be followed, "" where they can."""
    # Compiled parts then run as they are written; see isolation.
    old = not hasattr(torch.compiler, "set_stance")
    if old and any(type(module).__name__ == "OptimizedModule" for module in network.modules()):
        return "a part of it is compiled; it can be followed with torch 2.6 and later"
    return ""


def _name(text: str) -> str:
    return fit_text(text)[:MAX_NAME]
