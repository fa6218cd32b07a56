#!/usr/bin/env bash
# TensorStore: the median of 1, 2 and NaN is 1, 2 or NaN, by the order in which they lie; the mean of 33
# million ones is 0.5.
#
# tensorstore 0.1.86, numpy 2.4.6, Python 3.11, on x86-64.
# tensorstore.downsample makes the overviews of large arrays (volumes, maps of activations). One would expect
# the median of a block to be a matter of its values: NaN as numpy.median has it, or that of the others, as
# "min" and "max" pass over NaN here. Seen: a comparison sorts, and NaN has no place in it, so of the six
# orders of 1, 2, NaN two give 1, three 2 and one NaN, and of 5, NaN, 1, 4, 2 the median is 2, 4, 5 or NaN: 5
# is the largest. So an overview has ordinary numbers at some places where NaN is, and wrong ones. "mean" is
# NaN wherever one is; of float32 it adds up one by one in float32, so that the mean of a block of 2**25 ones
# (a channel of 512 x 256 x 256 voxels brought to one) is 0.5. Nothing is said; the documentation does not
# speak of either.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  tensorstore==0.1.86 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import collections
import itertools

import numpy as np
import tensorstore


def reduced(values: object, method: str) -> float:
    array = np.asarray(values, np.float32)
    return float(tensorstore.downsample(tensorstore.array(array), [len(array)], method).read().result()[0])


def medians(values: list[float]) -> collections.Counter:
    """Return how often each median comes out, over all orders of the values."""
    return collections.Counter(str(reduced(order, "median")) for order in itertools.permutations(values))


three = medians([1, 2, np.nan])
print("of 1, 2, NaN:", dict(three))
assert three == {"1.0": 2, "2.0": 3, "nan": 1}
five = medians([5, np.nan, 1, 4, 2])
print("of 5, NaN, 1, 4, 2:", dict(five))
assert set(five) == {"2.0", "4.0", "5.0", "nan"}
assert set(medians([5, 3, 1, 4, 2])) == {"3.0"}
for order in itertools.permutations([1, 2, np.nan]):
    assert (reduced(order, "min"), reduced(order, "max")) == (1, 2)
    assert np.isnan(reduced(order, "mean"))

ones = reduced(np.ones(2**25), "mean")
print("mean of 2**25 ones:", ones)
assert ones == 0.5
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
