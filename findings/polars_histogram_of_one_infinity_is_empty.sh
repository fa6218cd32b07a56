#!/usr/bin/env bash
# Polars: one infinite value among a thousand makes every count of a histogram 0, and nothing is said.
#
# polars 2.1.0; numpy 2.4.6 and pandas 3.1.1 beside it.
# One would expect what the documentation says of the default, bins of equal width between the least
# and the largest value, where those are finite, or an error, as numpy.histogram and pandas.cut raise.
# Seen: `hist()` and `hist(bin_count=...)` of a loss that overflowed once return as many rows as asked
# for, all of whose edges are inf (of -inf: NaN but the last), and counts that are all 0: a table
# that draws as a run without values. `describe()` of the same series is right. With edges in `bins`
# the finite values are counted. NaN instead of the infinity is left out, and the rest is counted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    polars==2.1.0 numpy==2.4.6 pandas==3.1.1

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import numpy as np
import pandas as pd
import polars as pl

warnings.simplefilter("error")
losses = [at / 999 for at in range(1000)]


def counts(odd: float, **given: object) -> list[int]:
    return pl.Series([*losses, odd]).hist(**given)["count"].to_list()


print("with NaN:      ", counts(math.nan, bin_count=4))
print("with infinity: ", counts(math.inf, bin_count=4), "of", counts(math.inf))
assert sum(counts(0.5, bin_count=4)) == 1001
assert sum(counts(math.nan, bin_count=4)) == 1000
for infinite in (math.inf, -math.inf):
    assert counts(infinite, bin_count=4) == [0, 0, 0, 0]
    assert counts(infinite) == [0] * 10
    assert sum(counts(infinite, bins=[0.0, 0.25, 0.5, 0.75, 1.0])) == 1000
edges = pl.Series([*losses, math.inf]).hist(bin_count=4)["breakpoint"].to_list()
assert edges == [math.inf] * 4, edges
found = dict(pl.Series([*losses, math.inf]).describe().rows())
assert (found["count"], found["min"], found["max"]) == (1001, 0, math.inf), found
for other in (lambda x: np.histogram(x, 4), lambda x: pd.cut(x, 4)):
    try:
        other(np.array([*losses, math.inf]))
    except ValueError as error:
        print("refused:", error)
    else:
        raise AssertionError("numpy or pandas counts it")
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
