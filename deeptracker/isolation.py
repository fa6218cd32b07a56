"""Running the model in between, so that the training never notices."""

import random
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deeptracker.kept_values import Undo, keep_values
from deeptracker.observers import only_observes
from deeptracker.reachable import Generator, Reached, content_of, names_in

_PLAIN = (int, float, bool, str, bytes, complex, type(None))
_MOST_ITEMS = 10_000


@contextmanager
def untouched(*data: Any, network: Iterable[Any] = ()) -> Iterator[None]:
    """Leave everything as it was that can be reached from data and network, and torch itself.

    Random states (of Python, numpy, torch and its devices, and of every generator that is
    reached), modules (modes, parameters, buffers, attributes), attributes of data sets and the
    like, values of tensors and arrays, what hooks count and collect, and torch's settings are given
    back. Within, every module that is reached is in evaluation mode, nothing records gradients or
    fills autocast's cache, and hooks that only look on are silent. Parameters and buffers are there
    twice meanwhile.
    """
    behind_data, behind_network = Reached(data), Reached(network)
    modules = {**behind_data.modules, **behind_network.modules}
    values = {**behind_data.values, **behind_network.values}
    with ExitStack() as stack:
        for undo in (
            *_settings(),
            *map(_generator, (*behind_data.generators, *behind_network.generators)),
            *map(_attributes, (*behind_data.others, *behind_network.others)),
            *map(_content, behind_network.containers),
            *map(_variables, behind_network.functions),
            *map(_module, modules.values()),
            *keep_values(modules.values(), values.values()),
        ):
            stack.callback(undo)
        stack.enter_context(_unchanged_randomness())
        stack.enter_context(torch.no_grad())
        for module in modules.values():
            # Not eval(): a network may have one of its own.
            module.training = False
        torch.set_autocast_cache_enabled(False)
        stack.enter_context(_nothing_compiled())
        yield


def _nothing_compiled() -> AbstractContextManager[Any]:
    """Let compiled parts run as they are written: for other modes and hooks they would be compiled
    again, and torch gives up after a few times."""
    stance: Any = getattr(torch.compiler, "set_stance", None)  # since torch 2.6
    return nullcontext() if stance is None else stance("force_eager")


@contextmanager
def _unchanged_randomness() -> Iterator[None]:
    python, with_numpy = random.getstate(), np.random.get_state()
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()
    # fork_rng leaves the CPU's and all named devices' generators as they were.
    devices = list(range(torch.cuda.device_count())) if on_gpu else []
    on_mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(with_numpy)
        if on_mps is not None:
            torch.mps.set_rng_state(on_mps)


def _settings() -> Iterator[Undo]:
    """Yield what gives torch's settings back as they are now."""
    cache = torch.is_autocast_cache_enabled()
    yield lambda: torch.set_autocast_cache_enabled(cache)
    yield _back(torch.get_default_dtype, torch.set_default_dtype)
    yield _back(torch.get_num_threads, torch.set_num_threads)
    yield _back(
        lambda: (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    )
    yield _back(*_attribute(torch.backends.cudnn, "benchmark"))
    yield _back(*_attribute(torch.backends.cudnn, "deterministic"))


def _attribute(of: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    return lambda: getattr(of, name), lambda value: setattr(of, name, value)


def _back(get: Callable[[], Any], put: Callable[[Any], Any]) -> Undo:
    """Return what sets a value back, where it is another one by then."""
    before = get()

    def undo() -> None:
        if get() != before:
            put(before)

    return undo


def _generator(found: Generator) -> Undo:
    if isinstance(found, torch.Generator):
        state = found.get_state()
        return lambda: _put_state(found, state)
    if isinstance(found, np.random.Generator):
        bits, numbers = found.bit_generator, found.bit_generator.state
        return lambda: setattr(bits, "state", numbers)
    if isinstance(found, np.random.RandomState):
        legacy = found.get_state()
        return lambda: found.set_state(legacy)
    python = found.getstate()
    return lambda: found.setstate(python)


def _put_state(found: torch.Generator, state: Tensor) -> None:
    found.set_state(state)


def _attributes(found: Any) -> Undo:
    """Keep plain attributes of an object: counters, flags. What it opened or cached may stay."""
    before = {name: value for name, value in vars(found).items() if isinstance(value, _PLAIN)}

    def undo() -> None:
        own = vars(found)
        for name, value in before.items():
            if own.get(name) is not value and isinstance(own.get(name), _PLAIN):
                own[name] = value

    return undo


def _variables(function: types.FunctionType) -> Undo:
    """Keep the plain variables outside of a function that it may count in."""
    cells = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # not bound yet
            if isinstance(cell.cell_contents, _PLAIN):
                cells.append((cell, cell.cell_contents))
    space = function.__globals__
    names = {
        name: space[name]
        for name in names_in(function.__code__)
        if isinstance(space.get(name, function), _PLAIN)
    }

    def undo() -> None:
        for cell, value in cells:
            if cell.cell_contents is not value:
                cell.cell_contents = value
        for name, value in names.items():
            if space.get(name) is not value:
                space[name] = value

    return undo


def _module(module: nn.Module) -> Undo:
    """Keep mode, attributes, hooks and which buffers there are; silence hooks that look on."""
    own = {name: value for name, value in vars(module).items() if name not in _REGISTRIES}
    mode = module.training  # no attribute of its own in a part that torch.jit made
    own_buffers: Any = module._buffers
    buffers = list(own_buffers.items())
    hooks = [
        _without_observers(module._forward_hooks),
        _without_observers(module._forward_pre_hooks),
    ]

    def undo() -> None:
        for name in [name for name in vars(module) if name not in own and name not in _REGISTRIES]:
            del vars(module)[name]
        for name, value in own.items():
            if vars(module).get(name, module) is not value:
                vars(module)[name] = value
        if module.training is not mode:
            module.training = mode
        for put_back in hooks:
            put_back()
        for name, buffer in buffers:
            # In a part that torch.jit made they are no objects that could be exchanged.
            if isinstance(own_buffers, dict) and own_buffers.get(name) is not buffer:
                own_buffers[name] = buffer

    return undo


_REGISTRIES = frozenset(
    ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks")
)


def _content(found: Any) -> Undo:
    """Keep what a list, deque, dictionary or set holds: the objects, not what is within them.

    No method of a subclass runs, which might make things of its own.
    """
    if len(found) > _MOST_ITEMS:
        return lambda: None
    before = list(content_of(found))
    names = list(dict.keys(found)) if isinstance(found, dict) else []

    def undo() -> None:
        now = list(content_of(found))
        if isinstance(found, set):
            same = set(now) == set(before)
        else:
            same = list(map(id, now)) == list(map(id, before))
        if not same or (isinstance(found, dict) and list(dict.keys(found)) != names):
            _put_back(found, names, before)

    return undo


def _put_back(found: Any, names: list[Any], values: list[Any]) -> None:
    kind: Any = next(k for k in (OrderedDict, dict, list, deque, set) if isinstance(found, k))
    kind.clear(found)
    if isinstance(found, dict):
        for name, value in zip(names, values, strict=True):
            kind.__setitem__(found, name, value)
    elif isinstance(found, set):
        kind.update(found, values)
    else:
        kind.extend(found, values)


def _without_observers(hooks: dict[int, Any]) -> Undo:
    """Take hooks of the script that only look on out of a registry until they are put back."""
    before = list(hooks.items())
    silent = [key for key, hook in before if only_observes(hook)]
    for key in silent:
        del hooks[key]

    def undo() -> None:
        if silent:
            hooks.clear()
            hooks.update(before)

    return undo


def plain_arithmetic(device: torch.device) -> torch.autocast:
    """Return a context in which statistics keep their precision under the script's autocast."""
    return torch.autocast(device.type if device.type != "mps" else "cpu", enabled=False)
