#!/usr/bin/env bash
# torch: by FlopCounterMode a transformer costs nothing once it is evaluated, an LSTM never anything.
#
# torch 2.13.0, Python 3.11, on the CPU (x86-64).
# FlopCounterMode counts the operations of a forward pass; one would expect the same from the same layer
# and input, whether it is trained or evaluated. Seen: a TransformerEncoderLayer (64 wide, 10 tokens, 2
# texts) has 1,361,920 in training mode, 1,310,720 in evaluation mode with gradients, and 0 in evaluation
# mode under no_grad, where torch takes one fused operation for all of it. The attention itself is 0 in the
# second (its scores and sums, 51,200, are missing: reported as 195460). An LSTM is 0 forward and backward
# in float32, 1,310,720 in float64; GRU and RNN, and an LSTMCell step by step, are counted in both. The
# documentation lists no operation that is left out. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

warnings.simplefilter("error")
torch.manual_seed(0)
texts = torch.randn(2, 10, 64)


def count(call) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
seen = {"training": count(lambda: layer(texts))}
seen["evaluation"] = count(lambda: layer.eval()(texts))
with torch.no_grad():
    seen["evaluation, no_grad"] = count(lambda: layer.eval()(texts))
    seen["training, no_grad"] = count(lambda: layer.train()(texts))
print("a transformer's layer:", seen)
assert list(seen.values()) == [1_361_920, 1_310_720, 0, 1_361_920]
for kind, single in ((nn.LSTM, 0), (nn.GRU, 983_040), (nn.RNN, 327_680)):
    net = kind(64, 64, batch_first=True)
    found = count(lambda: net(texts)), count(lambda: net(texts)[0].sum().backward())
    double = count(lambda: net.double()(texts.double()))
    print(f"{kind.__name__}: forward, with backward {found}, forward in float64 {double}")
    assert found[0] == single and (found[1] > single or not single)
    assert double == (single or 1_310_720)
cell = nn.LSTMCell(64, 64)
assert count(lambda: [cell(texts[:, step]) for step in range(10)]) == 1_310_720
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
