#!/usr/bin/env bash
# Blosc2: the place of the largest value of an array with NaN is neither that of NaN nor of the largest.
#
# blosc2 4.14.1, numpy 2.4.6, Python 3.11, on x86-64.
# argmax() is asked where a metric was best. One would expect the place of NaN, as in numpy, since max() is
# NaN; or that of the largest number, as of numpy.nanargmax. Seen: of [3, NaN, 7, 1] both argmax() and
# argmin() are 0, the place of 3. A chunk in which there is a NaN is passed over as a whole, so the answer
# depends on how the array is cut: of a million values of which one is NaN it is the largest of the other
# chunks, though a larger one lies beside the NaN; where there is one chunk alone it is its first value.
# max() and min() are NaN. The documentation speaks of ties only. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile blosc2==4.14.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import blosc2
import numpy as np

warnings.simplefilter("error")


def places(values: np.ndarray, **cut) -> tuple[int, int]:
    array = blosc2.asarray(values, **cut)
    assert np.isnan([array.max(), array.min()]).all()
    return int(array.argmax()), int(array.argmin())


for values in ([3, np.nan, 7, 1], [1, 5, np.nan, 9], [5, 4, 3, np.nan, 9, 1]):
    few = np.array(values)
    print(values, "numpy", (np.argmax(few), np.argmin(few)), "blosc2", places(few))
    assert places(few) == (0, 0)
many = np.random.default_rng(0).random(1_000_000)
many[[500, 600, 700_000]] = np.nan, 3.0, 2.0
for chunk in (100_000, 550, 1_000_000):
    seen = places(many, chunks=(chunk,))[0]
    print(f"a million in chunks of {chunk}: argmax {seen}, {many[seen]:.3f}; the largest is 3 at 600")
    assert seen == {100_000: 700_000, 550: 600, 1_000_000: 0}[chunk]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
