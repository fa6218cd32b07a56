#!/usr/bin/env bash
# DDSketch: NaN is counted as the number 0; the median of a loss of which half has diverged is 0.
#
# ddsketch 3.0.1, numpy 2.4.6.
# A sketch sums up a stream of numbers for its quantiles, here to one part in a hundred. Of NaN one would
# expect that it is refused, left out, or makes the quantiles NaN, as numpy.quantile does.
# Seen: a value that is neither above the least that can be told from 0 nor below its negative goes to the
# bin of zeros, and neither holds of NaN. Of the losses 1 to 100 and 101 times NaN the sketch's median is 0,
# its 90 % quantile 80, and it counts 201 values; min and max stay 1 and 100, so that the median is less
# than the minimum. Only the average and the sum are NaN. Merged into a healthy sketch, the zeros go with it.
# Infinity, on the other hand, raises OverflowError and leaves the sketch as it was. Not documented.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ddsketch==3.0.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math

import numpy as np
from ddsketch import DDSketch

losses = [float(at) for at in range(1, 101)]


def sketch(values: list[float]) -> DDSketch:
    made = DDSketch(0.01)
    for value in values:
        made.add(value)
    return made


healthy, diverged = sketch(losses), sketch([*losses, *[math.nan] * 101])
assert abs(healthy.get_quantile_value(0.5) / 50 - 1) < 0.03
assert np.isnan(np.quantile([*losses, *[math.nan] * 101], 0.5))
told = [diverged.get_quantile_value(share) for share in (0.25, 0.5, 0.9)]
print("quartile, median, 90 %:", told, "of", diverged.count, "average:", diverged.avg)
assert told[:2] == [0, 0] and abs(told[2] / 80 - 1) < 0.03
assert diverged.count == 201 and math.isnan(diverged.avg) and math.isnan(diverged.sum)
healthy.merge(diverged)
share = 101 / 301
print("merged, a third of all:", healthy.get_quantile_value(share - 0.02), healthy.count)
assert healthy.get_quantile_value(share - 0.02) == 0 and healthy.count == 301
other = sketch(losses)
try:
    other.add(math.inf)
except OverflowError as error:
    print("infinity:", error)
else:
    raise AssertionError("infinity is taken")
assert other.count == 100 and other.sum == sum(losses), (other.count, other.sum)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
