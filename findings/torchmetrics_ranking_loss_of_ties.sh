#!/usr/bin/env bash
# torchmetrics: the ranking loss of a network that says the same of all labels depends on the order of the
# labels.
#
# torchmetrics 1.9.0, scikit-learn 1.9.1, torch 2.13.0, Python 3.11, on the CPU.
# The ranking loss is the share of pairs (a label that an image has, one that it has not) that are in the
# wrong order; scikit-learn counts pairs of equal scores as wrong. One would expect some rule for them,
# the same for any order of columns. Seen: equal scores stand in the order of their columns, the last one as
# the best. Scores that are all 0 have a loss of 1.0 if each image has the first labels alone, 0.0 if it has
# the last ones; scikit-learn has 1.0 for both. Of a network that saturates (many scores of exactly 1
# after a sigmoid in half precision) it is 0.75, or 0 with the columns turned round. The coverage error
# and the ranking average precision of the same scores agree with scikit-learn. The documentation says
# nothing of ties. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu \
  torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import sklearn.metrics
import torch
from torchmetrics.functional.classification import (
    multilabel_coverage_error,
    multilabel_ranking_average_precision,
    multilabel_ranking_loss,
)

warnings.simplefilter("error")


def losses(scores: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """Return the loss, that of the columns turned round, and scikit-learn's."""
    number = scores.shape[1]
    found = [
        multilabel_ranking_loss(scores, labels, number).item(),
        multilabel_ranking_loss(scores.flip(1), labels.flip(1), number).item(),
        sklearn.metrics.label_ranking_loss(labels.numpy(), scores.numpy()),
    ]
    cover = multilabel_coverage_error(scores, labels, number).item()
    assert abs(cover - sklearn.metrics.coverage_error(labels.numpy(), scores.numpy())) < 1e-4
    precise = multilabel_ranking_average_precision(scores, labels, number).item()
    right = sklearn.metrics.label_ranking_average_precision_score(labels.numpy(), scores.numpy())
    assert abs(precise - right) < 1e-4
    return [round(x, 3) for x in found]


first = torch.zeros(50, 10, dtype=torch.int64)
first[:, :3] = 1
print("all scores 0, the first labels:", losses(torch.zeros(50, 10), first))
assert losses(torch.zeros(50, 10), first) == [1, 0, 1]
torch.manual_seed(0)
scores = torch.randn(50, 10) + 3 * first
print("without ties:", losses(scores.sigmoid(), first))
assert len(set(losses(scores.sigmoid(), first))) == 1
flat = (scores * 3 + 10).half().sigmoid().float()
print("saturated:", losses(flat, first))
one, other, right = losses(flat, first)
assert other + 0.3 < one <= right
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
