#!/usr/bin/env bash
# torchinfo: the operations of a transformer are counted for one token, whatever the length of its text;
# attention counts nothing, an upsampling convolution four times.
#
# torchinfo 1.8.0, torch 2.13.0, Python 3.11, on the CPU.
# summary(model, size).total_mult_adds is read as what a forward pass costs. One would expect 512 times
# one token's for 512 tokens. Seen: of a Linear layer the weights are multiplied with the batch alone, so
# (1, 64) and (1, 512, 64) both have 2,080 (and biases count as multiplications); MultiheadAttention of
# 100 tokens has 0; a transformer's layer of 100 tokens 16,832, where its matrices alone have 3,276,800.
# A ConvTranspose2d with stride 2 is counted at the size of its output, as if each of its weights met
# each: 133,120 for 32,768. Conv2d and LSTM are right but for the biases. The page of the package shows
# "Total mult-adds" without a word on it. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torchinfo==1.8.0 numpy

cat >"$folder/try.py" <<'PYTHON'
import torch
from torch import nn
from torchinfo import summary

# Each: network, size of its input, multiplications by hand, what is counted.
CASES = (
    (nn.Linear(64, 32), (1, 64), 64 * 32, 2080),
    (nn.Linear(64, 32), (1, 512, 64), 512 * 64 * 32, 2080),
    (nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), (1, 100, 64), 3_276_800, 16_832),
    (nn.ConvTranspose2d(16, 8, 2, stride=2), (1, 16, 8, 8), 8 * 8 * 16 * 8 * 4, 133_120),
    (nn.Conv2d(16, 16, 3, padding=1), (2, 16, 8, 8), 2 * 64 * 16 * 16 * 9, 296_960),
    (nn.LSTM(16, 32, batch_first=True), (1, 100, 16), 100 * 4 * 32 * 48, 640_000),
)
for network, size, by_hand, wanted in CASES:
    counted = summary(network, size, verbose=0).total_mult_adds
    print(f"{type(network).__name__} of {size}: {counted:,}, by hand {by_hand:,}")
    assert counted == wanted, counted
tokens = [torch.zeros(1, 100, 64)] * 3
attention = nn.MultiheadAttention(64, 4, batch_first=True)
assert summary(attention, input_data=tokens, verbose=0).total_mult_adds == 0
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
