"""The learning rates that the last steps used, also where the script replaces its optimizers."""

import weakref
from collections.abc import Sequence
from itertools import zip_longest

from torch import Tensor
from torch.optim import Optimizer

Rate = float | Tensor


class LearningRates:
    """Rates by the names of their scalars: `learning_rate`, and `learning_rate/1` and so on.

    They count through the parameter groups of all optimizers; a group after the first that has a
    `name` of its own goes by that: `learning_rate/head`. An optimizer that takes a step and holds
    parameters of another one takes that one's place. No optimizer is kept alive here.
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self._places = [weakref.ref(optimizer) for optimizer in optimizers]
        self._used: dict[int, list[Rate | None]] = {}

    def note_step(self, optimizer: Optimizer) -> None:
        """Take the rates that an optimizer is about to use."""
        self._used[self._place_of(optimizer)] = _rates_now(optimizer)

    def _place_of(self, optimizer: Optimizer) -> int:
        for place, known in enumerate(self._places):
            if known() is optimizer:
                return place
        own = _parameters(optimizer)
        here = weakref.ref(optimizer)
        for place, known in enumerate(self._places):
            before = known()
            if before is None or own & _parameters(before):
                self._places[place] = here
                return place
        self._places.append(here)
        return len(self._places) - 1

    def values(self) -> dict[str, Rate]:
        """Return the rate of every group at the last step, before the first one those that hold."""
        found: dict[str, Rate] = {}
        number = 0
        for place, known in enumerate(self._places):
            rates = self._used.get(place)
            optimizer = known()
            if rates is None:
                rates = [] if optimizer is None else _rates_now(optimizer)
            names = [] if optimizer is None else _names(optimizer)
            for rate, own in zip_longest(rates, names[: len(rates)]):
                if rate is not None:
                    name = f"learning_rate/{own or number}" if number else "learning_rate"
                    found[f"learning_rate/{number}" if name in found else name] = rate
                number += 1
        return found


def _rates_now(optimizer: Optimizer) -> list[Rate | None]:
    return [_rate(group.get("lr")) for group in optimizer.param_groups]


def _names(optimizer: Optimizer) -> list[str]:
    """Return what the script calls each group, "" where it does not."""
    names = [group.get("name") for group in optimizer.param_groups]
    return [name.strip() if isinstance(name, str) else "" for name in names]


def _rate(rate: object) -> Rate | None:
    if isinstance(rate, Tensor):
        # A rate held in a tensor is changed in place by its schedule.
        return rate.detach().clone()
    return float(rate) if isinstance(rate, (int, float)) else None


def _parameters(optimizer: Optimizer) -> set[int]:
    return {id(p) for group in optimizer.param_groups for p in group["params"]}
