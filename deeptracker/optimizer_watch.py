"""Hooks around the steps of every torch optimizer that trains the recorded network."""

import contextlib
import inspect
import weakref
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from deeptracker.errors import RecordingError
from deeptracker.learning_rates import LearningRates
from deeptracker.updates import StepObserver

# Names under which wrappers keep the optimizer that does the work.
_WITHIN = ("optimizer", "_optimizer", "base_optimizer")
_DEEPEST = 10
# Functions of torch, torchtitan and torchtnt that step an optimizer only to give it a state.
_MAKE_A_STATE = frozenset({"_init_optim_state", "init_optim_state"})

_Hook = Callable[[Optimizer, tuple[Any, ...], Any], None]


def inner_optimizer(optimizer: object) -> Optimizer:
    """Return the torch optimizer that does the steps, looked for through wrappers of it.

    Raises RecordingError where there is none.
    """
    found: object = optimizer
    for _ in range(_DEEPEST):
        if isinstance(found, Optimizer) and hasattr(found, "_optimizer_step_pre_hooks"):
            return found
        inner = [getattr(found, name, None) for name in _WITHIN]
        found = next((within for within in inner if isinstance(within, Optimizer)), None)
    raise RecordingError(
        f"optimizer is a {type(optimizer).__name__}, not a torch.optim.Optimizer; pass the torch "
        "optimizer that it wraps: optimizer=..."
    )


class OptimizerWatch:
    """Tells the observer of steps, also of optimizers that the script makes later.

    The hooks of the given optimizers see what other hooks of theirs made of the gradient; a hook
    on all optimizers of the process finds those that come later or are wrapped.
    """

    def __init__(
        self,
        optimizers: Sequence[object],
        observer: StepObserver,
        on_error: Callable[[Exception], None],
    ) -> None:
        found = [inner_optimizer(optimizer) for optimizer in optimizers]
        self.rates = LearningRates(found)
        self._observer, self._on_error = observer, on_error
        self._given = {id(optimizer): weakref.ref(optimizer) for optimizer in found}
        self._trains: weakref.WeakKeyDictionary[Optimizer, tuple[int, bool]]
        self._trains = weakref.WeakKeyDictionary()
        self._watched: list[int] = []
        self._hooks: list[RemovableHandle] = []
        if not found:  # who trains tells of the steps
            return
        ahead, after = _out_of_graphs(self._ahead_of_step), _out_of_graphs(self._after_step)
        for optimizer in found:
            self._hooks.append(optimizer.register_step_pre_hook(ahead))
            self._hooks.append(optimizer.register_step_post_hook(after))
        ahead, after = _out_of_graphs(self._ahead_of_any), _out_of_graphs(self._after_any)
        self._hooks.append(register_optimizer_step_pre_hook(ahead))
        self._hooks.append(register_optimizer_step_post_hook(after))

    def close(self) -> None:
        """Take the hooks away."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def holds_nothing(self) -> bool:
        """Say whether none of the given optimizers holds a parameter of a recorded layer."""
        given = [optimizer for known in self._given.values() if (optimizer := known()) is not None]
        owned = (self._observer.owned(parameters_of(optimizer)) for optimizer in given)
        return bool(self._given) and not any(owned)

    def _is_given(self, optimizer: Optimizer) -> bool:
        known = self._given.get(id(optimizer))
        return known is not None and known() is optimizer

    def _is_of_this_network(self, optimizer: Optimizer) -> bool:
        groups = len(optimizer.param_groups)
        known = self._trains.get(optimizer)
        if known is None or known[0] != groups or self._observer.due():
            known = (groups, bool(self._observer.owned(parameters_of(optimizer))))
            self._trains[optimizer] = known
        return known[1]

    def _ahead_of_any(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        if not self._is_given(optimizer):
            with self._never_raising():
                if self._is_of_this_network(optimizer):
                    self._take_before(optimizer, args, kwargs)

    def _after_any(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        if not self._is_given(optimizer):
            self._after_step(optimizer, args, kwargs)

    def _ahead_of_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        with self._never_raising():
            self._take_before(optimizer, args, kwargs)

    def _take_before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        self._watched = []
        if _makes_a_state():
            return
        self.rates.note_step(optimizer)
        if self._observer.wants_step():
            self._watched = self._observer.wanted(parameters_of(optimizer))
        if self._watched:
            scale = getattr(optimizer, "grad_scale", None)
            late = _has_closure(args, kwargs)
            self._observer.before_step(self._watched, gradients=not late, scale=scale)

    def _after_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        if not self._watched:
            return
        watched, self._watched = self._watched, []
        with self._never_raising():
            skipped = getattr(optimizer, "found_inf", None)
            if isinstance(skipped, Tensor) and bool(skipped.any()):
                # A fused optimizer is called also where the scaler found an overflow.
                self._observer.step_was_skipped(watched)
                return
            self._observer.after_step(watched, gradients=_has_closure(args, kwargs))

    @contextlib.contextmanager
    def _never_raising(self) -> Any:
        try:
            with torch.no_grad():
                yield
        except Exception as error:  # the training's step goes on
            self._on_error(error)


def _out_of_graphs(hook: _Hook) -> _Hook:
    """Return a hook that a compiled step calls as it is; what it counts would compile it again."""
    opaque = torch.compiler.disable(hook)

    def call(optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        (opaque if torch.compiler.is_compiling() else hook)(optimizer, args, kwargs)

    return call


def _makes_a_state() -> bool:
    """Say whether the step under way is none of the training, but makes the optimizer's state.

    Who asks torch.distributed.checkpoint for the state of an optimizer that has none gets one by a
    step with rates and gradients of zero; torchtitan does so itself.
    """
    frame: FrameType | None = inspect.currentframe()
    while frame is not None and frame.f_code.co_name not in _MAKE_A_STATE:
        frame = frame.f_back
    return frame is not None


def parameters_of(optimizer: Optimizer) -> set[int]:
    """Return the ids of all parameters that an optimizer holds now."""
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def _has_closure(args: tuple[Any, ...], kwargs: Any) -> bool:
    # The first argument is the optimizer itself.
    return (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None
