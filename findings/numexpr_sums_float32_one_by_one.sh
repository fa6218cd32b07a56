#!/usr/bin/env bash
# NumExpr: the sum of a million losses in float32 is off by a hundredth, of thirty million by a third; its
# maximum leaves NaN out.
#
# numexpr 2.14.2, numpy 2.4.6, Python 3.11.
# NumExpr evaluates expressions on arrays of numpy in less memory; one would expect numpy's numbers. Seen:
# sum() of float32 is added up one by one in float32. Of 100,000 times 0.1 it is 9,998.6 (numpy 10,000.0),
# of a million 100,958, of thirty million 2,097,152, where it stands still; of twenty million ones it
# is 16,777,216. Squared errors that are summed this way give a wrong mean. max() and min() of an
# array with NaN are those of the rest, where numpy's are NaN, while its sum is NaN. In float64 sums are
# right (a constant as in sum(losses * 1.0) is enough). Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile numexpr==2.14.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numexpr
import numpy as np

warnings.simplefilter("error")
seen = {}
for number in (100_000, 1_000_000, 30_000_000):
    losses = np.full(number, 0.1, np.float32)
    seen[number] = float(numexpr.evaluate("sum(losses)"))
    print(f"{number} times 0.1: {seen[number]:.1f}, numpy {losses.sum():.1f}")
    assert abs(losses.sum() / (number / 10) - 1) < 1e-6
assert 9998 < seen[100_000] < 9999 and 100_900 < seen[1_000_000] < 101_000
assert seen[30_000_000] == 2**21
ones = np.ones(20_000_000, np.float32)
assert numexpr.evaluate("sum(ones)") == 2**24
assert numexpr.evaluate("sum(ones * 1.0)") == 20_000_000
some = np.array([1.0, np.nan, 3.0])
largest, least, total = (float(numexpr.evaluate(f"{name}(some)")) for name in ("max", "min", "sum"))
print("of 1, NaN, 3: max, min, sum", largest, least, total, "numpy", some.max(), some.min())
assert (largest, least) == (3, 1) and np.isnan([total, some.max(), some.min()]).all()
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
