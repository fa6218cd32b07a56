#!/usr/bin/env bash
# fvcore: counting the operations of a network changes it, and its validation from then on.
#
# fvcore 0.1.5.post20221221, torchinfo 1.8.0, torch 2.13.0, Python 3.11, on the CPU.
# FlopCountAnalysis(model, inputs).total() is called once at the start of a script, on a model as it was
# built and inputs that are often zeros or noise. One would expect a count, and the model as before, as
# torchinfo leaves it. Seen: the model is run as it stands, in training mode, so the running mean and
# variance of every BatchNorm take a step of a tenth towards the invented batch, and count it: in
# evaluation mode the same image has other scores afterwards. Nothing is said; model.eval() before helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy==2.4.6 \
  torchinfo==1.8.0 yacs==0.1.8 tqdm pyyaml tabulate termcolor iopath==0.1.10 pillow
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps fvcore==0.1.5.post20221221

cat >"$folder/try.py" <<'PYTHON'
import logging

import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis
from torch import nn

logging.disable()


def moved(look) -> tuple[bool, float]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    image = torch.ones(1, 3, 8, 8)
    before = model.eval()(image)
    look(model.train())
    count = int(model[1].num_batches_tracked)
    after = model.eval()(image)
    return count == 1, round(float((after - before).abs().max()), 3)


inputs = torch.zeros(1, 3, 8, 8)
said = {
    "fvcore": moved(lambda model: FlopCountAnalysis(model, inputs).total()),
    "torchinfo": moved(lambda model: torchinfo.summary(model, input_data=inputs, verbose=0)),
    "fvcore after eval()": moved(lambda model: FlopCountAnalysis(model.eval(), inputs).total()),
}
print("a batch counted, and how far the scores of an image moved:", said)
assert said["fvcore"][0] and said["fvcore"][1] > 0.01, said
assert said["torchinfo"] == said["fvcore after eval()"] == (False, 0.0), said
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" 2>/dev/null
