#!/usr/bin/env bash
# torchmetrics, torcheval and Ignite: R squared of targets far from zero is wrong, up to values above 1.
#
# torchmetrics 1.9.0, torcheval 0.0.7, pytorch-ignite 0.5.5, scikit-learn 1.9.1, torch 2.13.0, Python
# 3.11, on the CPU.
# R squared does not depend on where zero is, and is never above 1. One would expect what scikit-learn
# gives for the same float32 arrays. Seen: all three keep sums of squares in float32 and subtract them at
# the end. Of air pressures in Pa (101,325 with a deviation of 10) and good predictions (0.91)
# torchmetrics gives 0.0, torcheval -Inf, Ignite 1.03; of predictions that are worse than the mean
# (-3.01) 0.0, -Inf and 2.13. torchmetrics' explained variance is 0.0 for both. At 2,000 with a deviation
# of 1 (years) it is 0.93 to 0.94 instead of 0.91. Around zero all agree. Nothing is said; a constant
# taken off both before helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy==2.4.6 \
  torchmetrics==1.9.0 torcheval==0.0.7 pytorch-ignite==0.5.5 scikit-learn==1.9.1 'setuptools<81'

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch

warnings.simplefilter("ignore")
import torcheval.metrics
import torchmetrics
from ignite.metrics.regression import R2Score
from sklearn.metrics import r2_score


def scores(level: float, deviation: float, error: float) -> dict[str, float]:
    """Return R squared of predictions whose error is `error` deviations of the target, by library."""
    noise = [torch.randn(1000, generator=torch.Generator().manual_seed(seed)).double() for seed in (0, 1)]
    target = (noise[0] * deviation + level).float()
    prediction = (target + noise[1] * deviation * error).float()
    first, second, third = torchmetrics.R2Score(), torcheval.metrics.R2Score(), R2Score()
    explained = torchmetrics.ExplainedVariance()
    for one, other in zip(prediction.split(100), target.split(100), strict=True):
        first.update(one, other)
        second.update(one, other)
        third.update((one, other))
        explained.update(one, other)
    said = {
        "scikit-learn": r2_score(target.numpy(), prediction.numpy()),
        "torchmetrics": first.compute().item(), "torcheval": second.compute().item(),
        "Ignite": third.compute(), "explained variance": explained.compute().item(),
    }  # fmt: skip
    print(f"{level:g}, deviation {deviation:g}:", {name: round(value, 3) for name, value in said.items()})
    return said


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for error, right in ((0.3, 0.91), (2.0, -3.0)):
        plain, far = scores(0, 10, error), scores(101_325, 10, error)
        assert all(abs(value - plain["scikit-learn"]) < 0.001 for value in plain.values()), plain
        assert abs(far.pop("scikit-learn") - right) < 0.3, far
        assert all(not abs(value - right) < 0.05 for value in far.values()), far
    scores(2000, 1, 0.3)
assert not [one for one in told if "R2" in str(one.message) or "precision" in str(one.message)]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
