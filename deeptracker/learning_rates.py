"""The learning rates that the last steps used, also where the script replaces its optimizers."""

import weakref
from collections.abc import Sequence

from torch import Tensor
from torch.optim import Optimizer

Rate = float | Tensor


class LearningRates:
    """Rates by the names of their scalars: `learning_rate`, and `learning_rate/1` and so on.

    They count through the parameter groups of all optimizers. An optimizer that takes a step and
    holds parameters of another one takes that one's place. No optimizer is kept alive here.
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
            if rates is None:
                optimizer = known()
                rates = [] if optimizer is None else _rates_now(optimizer)
            for rate in rates:
                if rate is not None:
                    found[f"learning_rate/{number}" if number else "learning_rate"] = rate
                number += 1
        return found


def _rates_now(optimizer: Optimizer) -> list[Rate | None]:
    return [_rate(group.get("lr")) for group in optimizer.param_groups]


def _rate(rate: object) -> Rate | None:
    if isinstance(rate, Tensor):
        # A rate held in a tensor is changed in place by its schedule.
        return rate.detach().clone()
    return float(rate) if isinstance(rate, (int, float)) else None


def _parameters(optimizer: Optimizer) -> set[int]:
    return {id(p) for group in optimizer.param_groups for p in group["params"]}
