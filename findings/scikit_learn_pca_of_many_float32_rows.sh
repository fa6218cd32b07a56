#!/usr/bin/env bash
# scikit-learn: the principal components of float32 data far from zero are right for 90 rows and wrong for
# 100 and more.
#
# scikit-learn 1.9.1, numpy 2.4.6, Python 3.11.
# PCA takes the mean off, so it does not depend on where zero is. One would expect the same from the same
# numbers in float32 and float64, and more rows to make it better. Seen: of 10 columns with deviations of 1
# to 10 around 10,000 (a year, a pressure, activations behind a large bias) all is right up to 90 rows.
# With 10 times as many rows as columns svd_solver="auto" takes "covariance_eigh", which multiplies the
# rows as they are and takes the mean off the products, in float32: of 100 rows the largest variance is
# twice, of 2,000 ten times what it should be, and the first direction is another one. Around zero, in
# float64 and with svd_solver="full" all is well. The documentation says "covariance matrix (on centered
# data)", and that it is less stable with "a large range of singular values". Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile scikit-learn==1.9.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
from sklearn.decomposition import PCA

warnings.simplefilter("error")
random = np.random.default_rng(0)
rows = (random.normal(size=(2000, 10)) * np.arange(1, 11) + 10_000).astype(np.float32)


def compared(data: np.ndarray, **options) -> tuple[float, float]:
    """Return the largest variance over that of float64, and the cosine of both first directions."""
    found, right = PCA(3, **options).fit(data), PCA(3).fit(data.astype(np.float64))
    share = found.explained_variance_[0] / right.explained_variance_[0]
    return float(share), float(abs(found.components_[0] @ right.components_[0]))


for number in (50, 90, 100, 200, 2000):
    share, cosine = compared(rows[:number])
    print(f"{number} rows: {share:.3f} times the variance, cosine of the directions {cosine:.3f}")
    if number <= 90:
        assert abs(share - 1) < 1e-4 and cosine > 0.999
    else:
        assert share > 1.2 and cosine < 0.95, (share, cosine)
for data, options in ((rows, {"svd_solver": "full"}), (rows - 10_000, {})):
    share, cosine = compared(data, **options)
    assert abs(share - 1) < 1e-3 and cosine > 0.999
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
