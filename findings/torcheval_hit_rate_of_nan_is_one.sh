#!/usr/bin/env bash
# torcheval: a recommender that has diverged, or that gives all items the same score, hits every time.
#
# torcheval 0.0.7, torch 2.13.0, numpy 2.4.6, Python 3.11, on the CPU.
# HitRate(k=1) is the share of users whose item is the best scored one, ReciprocalRank 1 over its place.
# One would expect NaN, or a complaint, of scores that are NaN, and of scores that are all alike what
# guessing has (1 of 1,000 items). Seen: a place is the number of items that are scored higher, and nothing
# is higher than NaN, or than what is alike, so both are 1.0 for NaN and for zeros; a network that saturates
# (many scores of exactly 1 after a sigmoid in half precision) rises the more, the more its scores are
# alike. MulticlassAccuracy(k=1) of the same scores takes the first of them. The documentation says nothing
# of ties and of NaN. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torcheval==0.0.7 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch

warnings.simplefilter("ignore", DeprecationWarning)  # of its imports
from torcheval.metrics import HitRate, MulticlassAccuracy, ReciprocalRank

torch.manual_seed(0)
wanted = torch.randint(0, 1000, (500,))
noise = torch.randn(500, 1000)
cases = {
    "noise": noise,
    "saturated": (noise * 4 + 8).half().sigmoid(),
    "all alike": torch.zeros(500, 1000),
    "NaN": torch.full((500, 1000), torch.nan),
}
seen = {}
for name, scores in cases.items():
    metrics = HitRate(k=1), ReciprocalRank(), MulticlassAccuracy(k=1)
    seen[name] = [metric.update(scores, wanted).compute().mean().item() for metric in metrics]
    print(f"{name}: hit rate, reciprocal rank, accuracy {[round(x, 3) for x in seen[name]]}")
assert seen["noise"][0] < 0.01 and seen["noise"][1] < 0.02
assert seen["saturated"][0] > 0.2, seen
for name in ("all alike", "NaN"):
    assert seen[name][:2] == [1, 1]
    assert seen[name][2] < 0.01
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" 2>/dev/null
