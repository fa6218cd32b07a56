"""Batch ledgers made by hand: quiet steps, a jump, and steps after it."""

import numpy as np

from deeptracker.format import Ledger

BATCH, TOTAL, AT = 20, 1_000, 100


def made_ledger(
    *, at_jump=None, after=4, reason="jump", earlier=None, losses=True, seen=True, step_loss=None
) -> Ledger:
    """Thirty quiet steps, one that `at_jump(index, loss, label)` changes, and `after` quiet ones.

    `earlier`: changes the step two before the jump. `after` may be a function of the losses of the
    steps after it. Losses are about 0.5, labels the last digit of the index.
    """
    rng = np.random.default_rng(1)
    changed = after if callable(after) else None
    count = 30 + 1 + (4 if changed else after)
    parts = {"index": [], "loss": [], "usual": [], "label": [], "mean": []}
    for step in range(count):
        index = rng.choice(TOTAL, BATCH, replace=False)
        loss = 0.5 + 0.1 * rng.standard_normal(BATCH)
        usual = loss + 0.02 * rng.standard_normal(BATCH) if seen else np.full(BATCH, np.nan)
        label = index % 10
        if step == 30 and at_jump:
            at_jump(index, loss, label)
        if step == 28 and earlier:
            earlier(index, loss, label)
        if step > 30 and changed:
            loss = changed(loss)
        parts["mean"].append(loss.mean())
        for name, values in zip(parts, (index, loss, usual, label), strict=False):
            parts[name].append(values)
    loss = np.concatenate(parts["loss"]).astype(np.float32)
    means = np.array(parts["mean"])
    if step_loss is not None:
        means[30] = step_loss
    return Ledger(
        iteration=AT,
        reason=reason,
        recorded_at=0.0,
        step_iteration=np.arange(AT - 30, AT - 30 + count),
        step_loss=means,
        step_size=np.full(count, BATCH, np.int32),
        index=np.concatenate(parts["index"]),
        loss=loss if losses else np.full_like(loss, np.nan),
        usual=np.concatenate(parts["usual"]).astype(np.float32),
        label=np.concatenate(parts["label"]).astype(np.int32),
    )


def some_high(index, loss, label):
    """Six images of a class, close to each other, have a high loss; the third the highest."""
    index[:6] = 400 + np.arange(6)
    label[:6] = 3
    loss[:6] = [4, 5, 9, 4.5, 5.5, 6]
