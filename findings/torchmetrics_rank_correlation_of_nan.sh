#!/usr/bin/env bash
# torchmetrics: the rank correlation of a network that has diverged is an ordinary number, which depends
# on the order of the images.
#
# torchmetrics 1.9.0, scipy 1.17.1, torch 2.13.0, numpy 2.4.6, Python 3.11, on the CPU.
# When a training has diverged, every prediction is NaN. One would expect NaN of a correlation, as of
# scipy.stats.spearmanr and kendalltau, and as of torchmetrics' own PearsonCorrCoef. Seen: NaN is sorted
# behind all numbers, and each gets a rank of its own by where it stands. Of 100 predictions that are all
# NaN Spearman's correlation is far from 0 where the images are sorted by their target (-0.63 here), and
# near 0 where they are not; Kendall's is 0. With every second half NaN (a network whose large outputs
# overflow) they are 0.81 and 0.25 where the rest is perfect. One NaN among 100 good predictions is 0.98
# and 0.98. Predictions that are all alike have 0 and NaN. Nothing is said; the documentation does not
# speak of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torchmetrics==1.9.0 \
  scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import scipy.stats
import torch
from torchmetrics.functional.regression import (
    kendall_rank_corrcoef,
    pearson_corrcoef,
    spearman_corrcoef,
)

warnings.simplefilter("ignore")  # about a deviation of zero, of predictions that are all alike
targets = torch.arange(1.0, 101)
nan = torch.tensor(math.nan)
cases = {
    "all NaN": torch.full((100,), math.nan),
    "NaN above 50": torch.where(targets > 50, nan, targets),
    "one NaN": torch.where(targets == 50, nan, targets),
    "all alike": torch.zeros(100),
}
seen = {}
for name, predictions in cases.items():
    found = [float(f(predictions, targets)) for f in (spearman_corrcoef, kendall_rank_corrcoef)]
    print(f"{name}: Spearman {found[0]:.3f}, Kendall {found[1]:.3f}")
    seen[name] = found
    if name != "all alike":
        assert not any(map(math.isnan, found))
        assert math.isnan(pearson_corrcoef(predictions, targets))
        assert math.isnan(scipy.stats.spearmanr(predictions, targets).statistic)
        assert math.isnan(scipy.stats.kendalltau(predictions, targets).statistic)
assert abs(seen["all NaN"][0]) > 0.3 and seen["all NaN"][1] == 0
assert [round(value, 2) for value in seen["NaN above 50"]] == [0.81, 0.25]
assert [round(value, 2) for value in seen["one NaN"]] == [0.98, 0.98]
assert seen["all alike"][0] == 0 and math.isnan(seen["all alike"][1])
mixed = targets[torch.randperm(100, generator=torch.Generator().manual_seed(0))]
other = float(spearman_corrcoef(cases["all NaN"], mixed))
print(f"all NaN, images in another order: Spearman {other:.3f}")
assert abs(other - seen["all NaN"][0]) > 0.2
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
