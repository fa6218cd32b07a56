#!/usr/bin/env bash
# torch: asking torch.distributed.checkpoint for the state of an optimizer that has not stepped yet makes
# it step; its first real step is another one then.
#
# torch 2.13.0, Python 3.11, on the CPU, one process.
# get_optimizer_state_dict(model, optimizer) (and get_state_dict) is how a checkpoint is made for any kind
# of sharding; scripts that write one at step 0 call it ahead of the training. One would expect that
# asking changes nothing, as optimizer.state_dict() does not. Seen: where there is no state it takes a
# step with gradients and learning rate of zero. AdamW then counts 1 step, so that the first real one is
# corrected as the second: it moves the weights by 0.0744 instead of 0.1. SGD with momentum and weight
# decay has the decay in its momentum, without its gradient: the first step is 0.19 instead of 0.1. The
# hooks of steps are called; of plain SGD, which never has a state, so they are at each checkpoint that
# is made after zero_grad(). The weights stay. Its documentation does not speak of it; it
# is an open issue of torch (164929).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

warnings.simplefilter("error")


def moved(kind, ask: bool, gradient: float, **options) -> tuple[float, int]:
    """Return by how much the first real step moves a weight of 1, and how many steps hooks saw."""
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(model.weight)
    optimizer = kind(model.parameters(), **options)
    seen = []
    optimizer.register_step_post_hook(lambda *given: seen.append(given))
    if ask:
        get_optimizer_state_dict(model, optimizer)
    assert model.weight.item() == 1
    model.weight.grad = torch.full_like(model.weight, gradient)
    optimizer.step()
    return round(1 - model.weight.item(), 4), len(seen)


for kind, options, gradient, steps in (
    (torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0}, 1.0, (0.1, 0.0744)),
    (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 1}, 0.0, (0.1, 0.19)),
    (torch.optim.SGD, {"lr": 0.1}, 1.0, (0.1, 0.1)),
):
    found = [moved(kind, ask, gradient, **options) for ask in (False, True)]
    print(f"{kind.__name__} {options}: (first step, steps seen) as it is {found[0]}, asked before {found[1]}")
    assert found == [(steps[0], 1), (steps[1], 2)]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
