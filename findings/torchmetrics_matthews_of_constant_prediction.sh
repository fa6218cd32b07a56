#!/usr/bin/env bash
# torchmetrics: a network of two classes that always says the same has a Matthews correlation of up to 1,
# instead of 0.
#
# torchmetrics 1.9.0, scikit-learn 1.9.1, torch 2.13.0, Python 3.11, on the CPU.
# The Matthews correlation is taken because a prediction that knows nothing has 0, however uneven the
# classes are; where one of the two is never predicted it is 0 by convention (0/0), in scikit-learn too,
# and in torchmetrics itself for three classes. Seen for two classes: of 1,000 images of class 0 and one of
# class 1, "always 0" has 0.9985 and "always 1" -0.9985; of 3 and 1 it is 0.577, of 90 and 10 0.267, of 512
# and 512 exactly 0. If all labels are alike, "always right" has 1 and "always wrong" -1 (scikit-learn 0).
# So small or uneven validation sets, or each batch by itself, look well predicted before the network has
# learned anything. The documentation of the metric says nothing of this. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu \
  torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 numpy

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from sklearn.metrics import matthews_corrcoef
from torchmetrics.classification import BinaryMatthewsCorrCoef, MulticlassMatthewsCorrCoef

warnings.simplefilter("error")
CASES = (1000, 1, 0.9985), (3, 1, 0.5774), (90, 10, 0.2667), (512, 512, 0.0)
for zeros, ones, wanted in CASES:
    labels = torch.tensor([0] * zeros + [1] * ones)
    for always, sign in ((0, 1), (1, -1)):
        predicted = torch.full_like(labels, always)
        of_two = BinaryMatthewsCorrCoef()(predicted, labels).item()
        assert MulticlassMatthewsCorrCoef(2)(predicted, labels).item() == of_two
        of_three = MulticlassMatthewsCorrCoef(3)(predicted, labels).item()
        reference = matthews_corrcoef(labels, predicted)
        print(
            f"{zeros} of class 0, {ones} of class 1, always {always}: two classes {of_two:.4f}, "
            f"three {of_three:.4f}, scikit-learn {reference:.4f}"
        )
        assert abs(of_two - sign * wanted) < 1e-3
        assert of_three == reference == 0
alike = torch.zeros(8, dtype=torch.long)
assert BinaryMatthewsCorrCoef()(alike, alike).item() == 1
assert BinaryMatthewsCorrCoef()(1 - alike, alike).item() == -1
warnings.simplefilter("ignore")
assert matthews_corrcoef(alike, alike) == matthews_corrcoef(alike, 1 - alike) == 0
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
