"""Where what is counted by epochs, or by steps of its own, stands among the iterations."""

from collections.abc import Sequence

from deeptracker.conversion.checkpoints.finding import Checkpoint
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.told import Told

UNPLACED = "a value by epoch: how many iterations an epoch has is not known"


def end_of(epoch: int, *, from_zero: bool, per_epoch: int) -> int:
    """Return the iteration that ends an epoch; those that are counted from 0 are over one later."""
    return (epoch + from_zero) * per_epoch


def by_iteration(
    collected: Collected, per_epoch: int | None
) -> tuple[dict[str, dict[int, float]], int]:
    """Return the values by name and iteration, and how many by epoch have no place among these.

    Where an iteration has a value of its own, one by epoch gives way.
    """
    rows = dict(collected.values)
    if per_epoch is None:
        return rows, sum(map(len, collected.by_epoch.values()))
    from_zero = any(0 in values for values in collected.by_epoch.values())
    for name, values in collected.by_epoch.items():
        into = rows[name] = dict(rows.get(name, {}))
        for epoch, value in values.items():
            into.setdefault(end_of(epoch, from_zero=from_zero, per_epoch=per_epoch), value)
    return rows, 0


def placed(
    checkpoints: Sequence[Checkpoint], per_epoch: int | None, said: Told
) -> dict[int, Checkpoint]:
    """Return checkpoints by iteration; where those of an epoch are not known, an epoch is one."""
    from_zero = any(one.by_epoch and one.number == 0 for one in checkpoints)

    def at(one: Checkpoint) -> int:
        if one.by_epoch:
            return end_of(one.number, from_zero=from_zero, per_epoch=per_epoch or 1)
        return one.number * said.step(one.files[0])

    return {at(one): one for one in checkpoints}
