#!/usr/bin/env bash
# OpenCV: NaN stands in the lowest bin of a histogram, wherever that begins; Infinity stands in none.
#
# opencv-python-headless 5.0.0.93, numpy 2.4.6, Python 3.11, on x86-64.
# cv2.calcHist counts pixels, and any other numbers of float32. What lies outside of the range is left out;
# one would expect NaN to be left out, too, as by numpy.histogram with a range, or a complaint. Seen: each NaN
# counts in the lowest bin: of five NaN and 0.5, with four bins from 0 to 1, it is [5, 0, 1, 0], from 2 to 3
# it is [5, 0, 0, 0]. Infinity and -Infinity are left out. So a layer that has diverged looks as if its
# weights were all at the lower end. cv2.compareHist of two such histograms finds them alike. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  opencv-python-headless==5.0.0.93 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import cv2
import numpy as np

warnings.simplefilter("error")
NAN, INF = float("nan"), float("inf")


def counts(values: list[float], lower: float, upper: float) -> list[float]:
    array = np.array([values], np.float32)
    found = cv2.calcHist([array], [0], None, [4], [lower, upper]).ravel()
    inside = np.histogram(array, bins=4, range=(lower, upper))[0]
    print(f"{values} from {lower} to {upper}: OpenCV {found.tolist()}, numpy {inside.tolist()}")
    return found.tolist()


diverged = [*[NAN] * 5, 0.5]
assert counts(diverged, 0, 1) == [5, 0, 1, 0]
assert counts(diverged, -1, 1) == [5, 0, 0, 1]
assert counts(diverged, 2, 3) == [5, 0, 0, 0]
assert counts([INF, -INF, 0.5, 7], 0, 1) == [0, 0, 1, 0]
low, lost = np.zeros((1, 6), np.float32), np.full((1, 6), NAN, np.float32)
first, second = (cv2.calcHist([array], [0], None, [4], [0, 1]) for array in (low, lost))
alike = cv2.compareHist(first, second, cv2.HISTCMP_CORREL)
print("weights of 0 and weights of NaN, correlation of their histograms:", alike)
assert abs(alike - 1) < 1e-6
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
