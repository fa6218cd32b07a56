#!/usr/bin/env bash
# torch, torch-ema: the moving average of bfloat16 weights never moves, however long the training; in
# float16 it stops half way.
#
# torch 2.13.0, torch-ema 0.3, numpy 2.4.6, Python 3.11, on the CPU.
# The average of the weights with a decay of 0.999 is what is validated and kept in many trainings.
# Weights are 1, then 2 for 5,000 steps; one would expect 1.993, as of float32. Seen: the average has the
# type of the weights, and a step of a thousandth of 1 is less than half of the last digit of bfloat16
# (0.0078), so AveragedModel with get_ema_multi_avg_fn is 1.0 for good, and so is ExponentialMovingAverage
# of torch-ema: it is the network of the first step. In float16 they stop at about 1.5, where a step is
# half of the last digit. So curves of the averaged network are flat, or lag by more than the decay says.
# The plain mean of AveragedModel stops, too, at 1.94. Nothing is said; the documentation of both does not
# speak of types. A decay of 0.99 in bfloat16 stops at 1.6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torch-ema==0.3 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch_ema import ExponentialMovingAverage


def averages(kind: torch.dtype, decay: float = 0.999) -> list[float]:
    model = torch.nn.Linear(1, 1, bias=False).to(kind)
    model.weight.data.fill_(1)
    moving = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    mean = AveragedModel(model)
    other = ExponentialMovingAverage(model.parameters(), decay=decay, use_num_updates=False)
    for averaged in (moving, mean):
        averaged.update_parameters(model)
    model.weight.data.fill_(2)
    for _ in range(5000):
        moving.update_parameters(model)
        mean.update_parameters(model)
        other.update()
    found = [moving.module.weight.item(), other.shadow_params[0].item(), mean.module.weight.item()]
    print(f"{kind}, decay {decay}: AveragedModel {found[0]:.4f}, torch-ema {found[1]:.4f}, "
          f"mean {found[2]:.4f}")
    return found


right = averages(torch.float32)
assert all(abs(value - 1.9933) < 0.0005 for value in right[:2]) and abs(right[2] - 2) < 0.001
still = averages(torch.bfloat16)
assert still[:2] == [1, 1] and 1.9 < still[2] < 1.97
half = averages(torch.float16)
assert all(1.45 < value < 1.6 for value in half[:2])
faster = averages(torch.bfloat16, 0.99)
assert all(1.5 < value < 1.7 for value in faster[:2])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
