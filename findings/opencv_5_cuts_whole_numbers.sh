#!/usr/bin/env bash
# OpenCV: of whole numbers of 64 bits the upper half is cut off on the way in; 2**40 and 0 are equal.
#
# opencv-python-headless 5.0.0.93, albumentations 2.0.8, numpy 2.4.6, Python 3.11.
# An array of numpy's default integers is what masks with ids of instances, and counts, are. OpenCV 5 has
# types for integers of 64 bits (cv2.CV_64S), and takes such arrays; one would expect the numbers, or a
# refusal, as there is one for numbers of 32 bits where a function lacks them (resize). Seen: what comes out
# of flip, copyMakeBorder, add, absdiff or a resize is int32, [1, 2**40, 2**31] has become [1, 0, -2**31].
# compare() finds 2**40 equal to 0, countNonZero() of 2**32 is 0, the sum of 2**31 is negative. uint64 is cut
# in the same way; uint32 is right. So the mask of Albumentations, where it resizes one of int64, is 0 for the
# instance 2**40. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  opencv-python-headless==5.0.0.93 albumentations==2.0.8 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import os
import warnings

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
warnings.simplefilter("error")

import albumentations
import cv2
import numpy as np

assert hasattr(cv2, "CV_64S")
ids = np.array([[1, 2**40, 2**31]])
cut = [[1, 0, -(2**31)]]
assert ids.dtype == np.int64
for name, found in {
    "flip": cv2.flip(cv2.flip(ids, 1), 1),
    "add": cv2.add(ids, 0),
    "absdiff": cv2.absdiff(ids, np.zeros_like(ids)),
    "copyMakeBorder": cv2.copyMakeBorder(ids, 0, 0, 0, 0, cv2.BORDER_REPLICATE),
    "resize": cv2.resize(ids, (3, 1), interpolation=cv2.INTER_NEAREST),
}.items():
    print(f"{name}: {ids.tolist()} -> {found.tolist()} ({found.dtype})")
    assert found.dtype == np.int32
    assert found.tolist() == cut
same = cv2.compare(ids, np.array([[1, 0, -(2**31)]]), cv2.CMP_EQ)
print("compare with", cut, ":", same.tolist())
assert same.tolist() == [[255, 255, 255]]
assert cv2.countNonZero(np.array([[2**32, 1]])) == 1
assert cv2.sumElems(np.array([[2**31]]))[0] == -(2**31)
assert cv2.flip(np.array([[2**40, 5]], np.uint64), 1).tolist() == [[5, 0]]
assert cv2.flip(np.array([[2**31, 5]], np.uint32), 1).tolist() == [[5, 2**31]]
mask = np.full((4, 4), 2**40)
resized = albumentations.Resize(2, 2)(image=np.zeros((4, 4, 3), np.uint8), mask=mask)["mask"]
print("Albumentations, mask of 2**40, resized:", np.unique(resized))
assert np.unique(resized).tolist() == [0]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
