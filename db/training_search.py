"""Grids and random searches over the arguments of a training script."""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import product

from db.errors import Conflict
from db.training_scripts import Argument, Value, checked

MOST = 100
# A random search that finds no more new values after so many draws has drawn all there are.
_DRAWS = 20


def grid(
    arguments: Sequence[Argument], given: Mapping[str, Sequence[object]], *, budget: int
) -> list[dict[str, Value]]:
    """Return every combination of the values given; Conflict where there are more than `budget`.

    An argument without values has its default.
    """
    _check_budget(budget)
    _check_known(arguments, given)
    lists = [list(dict.fromkeys(given.get(one.name) or [None])) for one in arguments]
    number = math.prod(map(len, lists))
    if number > budget:
        raise Conflict(
            f"The grid has {number:,} combinations, more than the budget of {budget:,} trainings. "
            "Give fewer values, or search at random."
        )
    names = [one.name for one in arguments]
    return [checked(arguments, dict(zip(names, values, strict=True))) for values in product(*lists)]


def draw(
    arguments: Sequence[Argument],
    given: Mapping[str, Sequence[object] | tuple[float, float]],
    *,
    budget: int,
    seed: int,
) -> list[dict[str, Value]]:
    """Return up to `budget` different combinations, drawn at random.

    A tuple is a range, drawn from evenly on the argument's scale; a list holds the values to draw
    from; an argument that is not given has its default. Conflict as in `grid`.
    """
    _check_budget(budget)
    _check_known(arguments, given)
    for one in arguments:
        values = given.get(one.name)
        for value in values or ():
            one.checked(value)
        if isinstance(values, tuple) and one.type not in ("int", "float"):
            raise Conflict(f"{one.name} has no range: it must be {one.said()}.")
        if isinstance(values, tuple) and values[0] > values[1]:
            raise Conflict(f"The range of {one.name} must begin with its lower end.")
    source = random.Random(seed)  # noqa: S311 - nothing here is secret
    found: dict[tuple[Value, ...], dict[str, Value]] = {}
    for _ in range(budget * _DRAWS):
        drawn = {one.name: _drawn(one, given.get(one.name), source) for one in arguments}
        fitting = checked(arguments, drawn)
        found.setdefault(tuple(fitting.values()), fitting)
        if len(found) == budget:
            break
    return list(found.values())


def _drawn(
    argument: Argument,
    values: Sequence[object] | tuple[float, float] | None,
    source: random.Random,
) -> object:
    if not values:
        return None
    if not isinstance(values, tuple):
        return source.choice(list(values))
    low, high = values
    if argument.scale == "log":
        number = math.exp(source.uniform(math.log(low), math.log(high)))
    else:
        number = source.uniform(low, high)
    number = min(max(number, low), high)  # the logarithm rounds
    return round(number) if argument.type == "int" else number


def _check_budget(budget: int) -> None:
    if not 1 <= budget <= MOST:
        raise Conflict(f"The budget must be a whole number from 1 to {MOST} trainings.")


def _check_known(arguments: Sequence[Argument], given: Mapping[str, object]) -> None:
    known = {one.name for one in arguments}
    if strange := sorted(set(given) - known):
        raise Conflict(f"The training script takes no argument {strange[0][:40]!r}.")


def read_values(argument: Argument, text: str) -> list[Value]:
    """Return the values of "0.1, 0.01"; Conflict where one does not fit."""
    return [argument.checked(_number(argument, part)) for part in text.split(",") if part.strip()]


def read_search(argument: Argument, text: str) -> list[Value] | tuple[float, float]:
    """Return the range of "0.001..0.1", or values as above."""
    low, dots, high = text.partition("..")
    if not dots:
        return read_values(argument, text)
    ends = [argument.checked(_number(argument, end)) for end in (low, high)]
    return float(ends[0]), float(ends[1])


def _number(argument: Argument, text: str) -> object:
    text = text.strip()
    try:
        return int(text) if argument.type == "int" and len(text) < 20 else float(text)
    except ValueError:
        return text  # the argument says what it must be
