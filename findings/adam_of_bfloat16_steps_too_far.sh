#!/usr/bin/env bash
# torch, optax: of bfloat16 weights Adam steps 0.86 times the learning rate at first and 1.39 times later.
#
# torch 2.13.0, optax 0.2.8, jax 0.10.2, numpy 2.4.6, Python 3.11, on the CPU.
# Adam divides by the root of the mean square of the gradients, so that gradients that are always 1 give
# steps of the learning rate, from the first to the last, whatever the type. One would expect that to hold
# to the two or three digits of bfloat16. Seen: the mean square is kept in the type of the weights, and
# 0.999 of it is itself again there: it only grows, by what a new gradient adds, and stands still at 0.5,
# while the correction for the start goes on as if it had risen to 1. The steps are 0.97 times the
# learning rate at step 100, 0.86 at 300, 1.11 at 1,000, 1.39 from 5,000 on, in torch (with and without
# foreach) and in optax alike. A gradient that falls to a tenth at step 5,000 moves 0.15 learning rates
# from then on (in float32 0.78 at step 10,000, and rising to 1), since the mean square never falls. So
# the same learning rate is another one in bfloat16, and changes along the training. Nothing is said;
# torch's and optax's documentation of Adam do not speak of it (optax has mu_dtype for the mean, none for
# the square).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import jax
import jax.numpy as jnp
import optax
import torch

SHOWN = 1, 101, 301, 1001, 5000, 10_000


def gradient(step: int) -> float:
    return 1.0 if step <= 5000 else 0.1


def of_torch(kind: torch.dtype, foreach: bool) -> dict[int, float]:
    """Return what a step moves, in learning rates: the quotient that AdamW multiplies by it."""
    weight = torch.nn.Parameter(torch.zeros(1, dtype=kind))
    optimizer = torch.optim.AdamW([weight], lr=1.0, weight_decay=0.0, foreach=foreach)
    moved = {}
    for step in range(1, 10_001):
        weight.data.zero_()
        weight.grad = torch.full_like(weight, gradient(step))
        optimizer.step()
        if step in SHOWN:
            moved[step] = -weight.item()
    return moved


def of_optax(kind: str) -> dict[int, float]:
    adam = optax.adam(1.0)
    state = adam.init(jnp.zeros(1, kind))
    update = jax.jit(adam.update)
    moved = {}
    for step in range(1, 10_001):
        change, state = update(jnp.full(1, gradient(step), kind), state)
        if step in SHOWN:
            moved[step] = -float(change[0])
    return moved


right, wrong = of_torch(torch.float32, False), of_torch(torch.bfloat16, False)
others = of_torch(torch.bfloat16, True), of_optax("bfloat16")
for name, moved in (("float32", right), ("bfloat16", wrong), ("foreach", others[0]), ("optax", others[1])):
    print(f"{name}: " + ", ".join(f"{value:.3f} at {step}" for step, value in moved.items()))
for step in SHOWN[:5]:
    assert abs(right[step] - 1) < 0.001
    for moved in others:
        assert abs(moved[step] - wrong[step]) < 0.02
for step, factor in zip(SHOWN, (1, 0.97, 0.86, 1.11, 1.39), strict=False):
    assert abs(wrong[step] - factor) < 0.02
assert 0.7 < right[10_000] < 0.85 and 0.13 < wrong[10_000] < 0.16
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
