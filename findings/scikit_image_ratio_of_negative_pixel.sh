#!/usr/bin/env bash
# scikit-image: one pixel of -1e-9 in the true image raises the peak signal-to-noise ratio by 6 decibels.
#
# scikit-image 0.26.0, numpy 2.4.6, Python 3.11.
# peak_signal_noise_ratio(true, made) without data_range estimates the range "from the image data-type",
# says its documentation. One would expect the same range for all images of float. Seen: it looks at the
# least value of the true image: the range is 1 if that is 0 or more, 2 if it is below. Of two images between
# 0 and 1 the ratio is 20.00; with a single pixel of the true one at -1e-9 instead of 0, as interpolation and
# inverse transforms make it, 26.02; with the two changed over 20.00 again. So the mean of a validation set
# that was resized with a cubic filter depends on how many of its images overshoot below 0. What is above 1 is
# refused with an error. Nothing is said. data_range=1 helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  scikit-image==0.26.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
from skimage.metrics import peak_signal_noise_ratio

warnings.simplefilter("error")
true = np.random.default_rng(0).random((32, 32)) * 0.9
true[0, 0] = 0
made = np.clip(true + 0.1, 0, 1)
below = true.copy()
below[0, 0] = -1e-9
plain, raised = peak_signal_noise_ratio(true, made), peak_signal_noise_ratio(below, made)
print(f"{plain:.2f}, with one pixel of -1e-9 {raised:.2f}")
assert abs(plain - 20) < 0.01
assert abs(raised - plain - 20 * np.log10(2)) < 0.01
turned = peak_signal_noise_ratio(made, below)
print(f"changed over: {turned:.2f}")
assert abs(turned - plain) < 0.01
told = [peak_signal_noise_ratio(image, made, data_range=1) for image in (true, below)]
print("with data_range=1:", np.round(told, 2))
assert abs(told[0] - told[1]) < 0.01
above = true.copy()
above[0, 0] = 1 + 1e-9
try:
    peak_signal_noise_ratio(above, made)
    raise AssertionError("a pixel above 1 was taken")
except ValueError as error:
    print("above 1:", error)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
