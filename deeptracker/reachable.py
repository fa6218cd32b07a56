"""What a piece of the script can reach: random generators and modules behind data and functions."""

import functools
import random
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

# Objects looked at, and items of each list or dictionary: samples of a set are not of interest.
_MOST_OBJECTS = 20_000
_MOST_ITEMS = 200

Generator = torch.Generator | np.random.Generator | np.random.RandomState | random.Random
GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)

_PLAIN = (int, float, bool, str, bytes, complex, type(None))
# The system's generator has no state.
_STATELESS = (random.SystemRandom,)
_SKIPPED = (Tensor, np.ndarray, np.generic, types.ModuleType, type, *_STATELESS, *_PLAIN)
# The state of their modules is their business, and looking at all of it would take long.
_LIBRARIES = sys.stdlib_module_names | {
    *("torch", "numpy", "torchvision", "transformers", "huggingface_hub", "accelerate", "peft"),
    *("lightning", "pytorch_lightning", "lightning_utilities", "torchmetrics", "regex", "tqdm"),
}
# Objects that train, write or wait: a module of Lightning holds its Trainer, which holds all else.
_NOT_LOOKED_INTO = (
    *("deeptracker.", "torch.utils.data.dataloader", "torch.distributed."),
    *("transformers.trainer", "accelerate."),
    *("lightning.", "pytorch_lightning.", "lightning_utilities.", "torchmetrics."),
    *("logging", "threading", "concurrent.", "asyncio.", "multiprocessing.", "importlib"),
)


class Reached:
    """Everything of interest behind some objects, found by walking over their attributes.

    `generators` hold a random state, `modules` are networks with all of their parts, `others` are
    objects with attributes of their own, such as data sets, samplers and transforms; `containers`
    are lists, dictionaries and sets, `functions` those of the script, `values` the tensors and
    arrays by their ids, without parameters and buffers.
    """

    def __init__(self, roots: Iterable[Any]) -> None:
        self.generators: list[Generator] = []
        self.modules: dict[int, nn.Module] = {}
        self.others: list[Any] = []
        self.containers: list[Any] = []
        self.functions: list[types.FunctionType] = []
        self.values: dict[int, Tensor | np.ndarray[Any, Any]] = {}
        self._seen: set[int] = set()
        self._waiting: deque[Any] = deque(roots)
        self._walk()

    def _walk(self) -> None:
        while self._waiting and len(self._seen) < _MOST_OBJECTS:
            found = self._waiting.popleft()
            if isinstance(found, (Tensor, np.ndarray)):
                self.values[id(found)] = found
            if isinstance(found, _SKIPPED) or id(found) in self._seen:
                continue
            self._seen.add(id(found))
            if isinstance(found, GENERATORS):
                self.generators.append(found)
            elif isinstance(found, nn.Module):
                self._take_module(found)
            elif isinstance(found, (tuple, frozenset)):
                self._waiting.extend(_some(found))
            elif isinstance(found, (list, set, deque, dict)):
                self.containers.append(found)
                self._waiting.extend(_some(content_of(found)))
            elif _looks_like_function(found):
                if isinstance(found, types.FunctionType) and not _is_library(found.__module__):
                    self.functions.append(found)
                self._waiting.extend(_behind_function(found))
            else:
                self._take_object(found)

    def _take_module(self, module: nn.Module) -> None:
        for part in module.modules():
            if id(part) not in self.modules:
                self.modules[id(part)] = part
                self._seen.add(id(part))
                own = part.__dict__.items()
                self._waiting.extend(v for name, v in own if name not in OF_EVERY_MODULE)
                self._waiting.extend(_functions_of(_kind(part)))
                self._waiting.extend(part._forward_hooks.values())
                self._waiting.extend(part._forward_pre_hooks.values())

    def _take_object(self, found: Any) -> None:
        # A loader under way is not to be set back, and our own parts are no part of the script.
        if type(found).__module__.startswith(_NOT_LOOKED_INTO):
            if isinstance(found, DataLoader):
                parts = (found.dataset, found.sampler, found.batch_sampler, found.collate_fn)
                self._waiting.extend((*parts, found.generator, found.worker_init_fn))
            return
        attributes = _attributes(found)
        if isinstance(attributes, dict):
            self.others.append(found)
            self._waiting.extend(_some(attributes.values()))
        self._waiting.extend(_in_slots(found))
        self._waiting.extend(_functions_of(_kind(found)))


# The attributes that torch itself gives to every module.
OF_EVERY_MODULE = frozenset(nn.Module().__dict__)


def content_of(found: Any) -> Iterator[Any]:
    """Iterate over values of a dictionary, or items of a list, deque or set.

    Subclasses are asked for nothing: some make what they hold only when it is asked for.
    """
    if isinstance(found, dict):
        return iter(dict.values(found))
    kind = next(kind for kind in (list, deque, set) if isinstance(found, kind))
    return kind.__iter__(found)


def _some(values: Iterable[Any]) -> Iterator[Any]:
    for count, value in enumerate(values):
        if count >= _MOST_ITEMS:
            return
        yield value


def _attributes(found: object) -> Any:
    with suppress(AttributeError):
        return object.__getattribute__(found, "__dict__")
    return None


def _in_slots(found: object) -> Iterator[Any]:
    """Yield what an object keeps in slots, running none of its code."""
    for cls in _kind(found).__mro__:
        for member in cls.__dict__.values():
            if isinstance(member, types.MemberDescriptorType):
                with suppress(AttributeError):  # empty
                    yield member.__get__(found)


def _is_library(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in _LIBRARIES


@functools.lru_cache(maxsize=2_000)
def _functions_of(kind: Any) -> tuple[Any, ...]:
    """Return the methods of a class of the script; through them its global generators are found."""
    return tuple(_methods(kind))


def _kind(found: object) -> Any:
    # A class, which can be hashed; mypy does not believe it of every class.
    return type(found)


def _methods(kind: type) -> Iterator[Any]:
    for cls in kind.__mro__:
        if cls is object or _is_library(cls.__module__):
            continue
        for member in cls.__dict__.values():
            function: Any = member
            if isinstance(member, (staticmethod, classmethod)):
                function = member.__func__
            elif isinstance(member, property):
                function = member.fget
            if isinstance(function, types.FunctionType):
                yield function
            elif isinstance(member, GENERATORS):
                yield member


def _looks_like_function(found: Any) -> bool:
    kinds = (types.FunctionType, types.MethodType, functools.partial, types.BuiltinFunctionType)
    return isinstance(found, kinds)


def _behind_function(found: Any) -> Iterator[Any]:
    if isinstance(found, functools.partial):
        yield from (found.func, *found.args, *found.keywords.values())
    elif isinstance(found, types.MethodType):
        yield from (found.__self__, found.__func__)
    elif isinstance(found, types.FunctionType) and not _is_library(found.__module__):
        for cell in found.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not bound yet
                continue
        yield from found.__defaults__ or ()
        yield from (found.__kwdefaults__ or {}).values()
        for name in names_in(found.__code__):
            if name in found.__globals__:
                yield found.__globals__[name]


@functools.lru_cache(maxsize=10_000)
def names_in(code: types.CodeType) -> tuple[str, ...]:
    """Return the global names that a function, or one within it, may use."""
    inner = [names_in(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return (*code.co_names, *(name for names in inner for name in names))
