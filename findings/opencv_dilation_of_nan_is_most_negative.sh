#!/usr/bin/env bash
# OpenCV: the maximum of 1, 2 and NaN, by dilation, is -3.4e38; with a window of another shape it is NaN, in
# float64 2.
#
# opencv-python-headless 5.0.0.93, scipy 1.17.1, numpy 2.4.6, Python 3.11, on x86-64.
# cv2.dilate takes the maximum of a window (of an elevation, a depth, a heat map of activations), cv2.erode
# the minimum. Where there is NaN one would expect NaN, or what the others have. Seen of the row 1, 2, NaN, 4,
# 5, 6 in float32: with a window of 3 x 3 the second place, whose neighbours are 1 and 2, is -3.4e38, the most
# negative number there is, and 3.4e38 by erosion; the places behind are the maximum of the others. With a
# window of 1 x 3 it is NaN; in float64 it is 2, and the NaN and the place behind it are -1.8e308. A window of
# 3 x 1, with nothing but the place itself in it, makes -3.4e38 out of NaN. So a place beside the NaN is the
# lowest of the map after cv2.dilate, isfinite() finds nothing, and the mean is -6e37. A row that is -Infinity
# throughout, as in a mask of attention, has -3.4e38 at both ends. Nothing is said. The documentation has the
# maximum of the neighbours, and nothing of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  opencv-python-headless==5.0.0.93 scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import cv2
import numpy as np
import scipy.ndimage

lowest, highest = np.finfo(np.float32).min, np.finfo(np.float32).max
row = np.array([[1, 2, np.nan, 4, 5, 6]], np.float32)
square, flat, tall = np.ones((3, 3)), np.ones((1, 3)), np.ones((3, 1))

grown = cv2.dilate(row, square)[0]
shrunk = cv2.erode(row, square)[0]
print("3 x 3:", grown, "erosion:", shrunk)
assert grown.tolist() == [2, lowest, 4, 5, 6, 6]
assert shrunk[1] == highest
assert np.isfinite(grown).all() and grown.mean() < -5e37

print("1 x 3:", cv2.dilate(row, flat)[0], "3 x 1:", cv2.dilate(row, tall)[0])
assert np.isnan(cv2.dilate(row, flat)[0, 1])
assert cv2.dilate(row, tall)[0].tolist() == [1, 2, lowest, 4, 5, 6]

double = cv2.dilate(row.astype(np.float64), square)[0]
print("float64:", double, "scipy:", scipy.ndimage.maximum_filter(row, 3)[0])
assert double[1] == 2 and double[2] == np.finfo(np.float64).min
assert scipy.ndimage.maximum_filter(row, 3)[0, 1] == 2

hidden = cv2.dilate(np.full((1, 6), -np.inf, np.float32), flat)[0]
print("of -Infinity:", hidden)
assert hidden.tolist() == [lowest, *[-np.inf] * 4, lowest]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
