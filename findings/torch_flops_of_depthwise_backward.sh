#!/usr/bin/env bash
# torch: FlopCounterMode counts the backward pass of a depthwise convolution as 65 times its forward
# pass.
#
# torch 2.13.0, Python 3.11, on the CPU.
# torch.utils.flop_counter.FlopCounterMode counts what a step computes. Backward passes cost about twice
# the forward pass (the gradients of input and weights), as it says of an ordinary convolution. Seen:
# with `groups` it is right forward, and for the gradient of the input; the gradient of the weights is
# counted as if each channel met all the others: of 64 channels in 64 groups the backward pass is 65
# times the forward pass instead of 2 times, of g groups it is 1 + g. The figure for a training step of a
# network like MobileNet or ConvNeXt is too large by that, and the utilisation that is made of it too
# good.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

warnings.simplefilter("error")


def counted(groups: int) -> tuple[int, int]:
    """Return the operations of the forward and of the backward pass."""
    layer = nn.Conv2d(64, 64, 3, padding=1, groups=groups, bias=False)
    images = torch.randn(2, 64, 16, 16, requires_grad=True)
    with FlopCounterMode(display=False) as forward:
        output = layer(images)
    with FlopCounterMode(display=False) as backward:
        output.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


for groups in (1, 4, 64):
    forward, backward = counted(groups)
    exact = 2 * (2 * 16 * 16) * 64 * (64 // groups) * 9
    print(f"{groups} groups: forward {forward:,}, backward {backward:,}, {backward / forward:g} times")
    assert forward == exact, exact
    assert backward == (1 + groups) * forward
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
