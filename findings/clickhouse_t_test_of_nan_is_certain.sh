#!/usr/bin/env bash
# ClickHouse: two samples with one NaN among them differ with a p-value of 0, by Student's and by Welch's
# test.
#
# chdb 4.4.0 (ClickHouse 26.9.2.1), scipy 1.17.1, numpy 2.4.6, Python 3.11.
# studentTTest and welchTTest give the statistic and the p-value; where they cannot be computed both are NaN,
# as ClickHouse has it of constant samples, and as scipy has it of a sample with NaN. One would expect NaN of
# NaN, too. Seen: the statistic is NaN and the p-value is 0, whatever the other numbers are, and also where
# these are all the same; of samples that are NaN throughout it is 0 as well, and so is that of meanZTest. Two
# groups of runs of which a single one has diverged differ with certainty, p < 0.05 is true, and ORDER BY p
# puts them first. mannWhitneyUTest and kolmogorovSmirnovTest leave NaN out and have the p-values of the rest;
# analysisOfVariance has NaN. Nothing is said; the documentation does not speak of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  chdb==4.4.0 chdb-core==26.9.0 scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import json
import math

import chdb
import numpy as np
import scipy.stats

print("ClickHouse", str(chdb.query("SELECT version()", "CSV")).strip())
options = "SETTINGS output_format_json_quote_denormals = 1"


def tested(function: str, value: str) -> list[float]:
    """Return what the test makes of 20 runs, the even ones against the odd ones."""
    query = f"SELECT {function}(x, i % 2) AS r FROM (SELECT number AS i, {value} AS x FROM numbers(20))"
    found = json.loads(str(chdb.query(f"{query} {options}", "JSONCompactEachRow")))[0]
    numbers = [float(number) for number in (found.values() if isinstance(found, dict) else found)]
    print(function, "of", value, numbers)
    return numbers


same, ramp = "if(number = 3, nan, 0.5)", "if(number = 3, nan, number / 10)"
for function in ("studentTTest", "welchTTest", "meanZTest(1., 1., 0.95)"):
    for value in (same, ramp, "toFloat64(nan)"):
        statistic, certainty = tested(function, value)[:2]
        assert math.isnan(statistic) and certainty == 0
for function in ("studentTTest", "welchTTest"):
    assert all(map(math.isnan, tested(function, "0.5")))
    assert 0.7 < tested(function, "number / 10")[1] < 0.8
assert tested("mannWhitneyUTest('two-sided')", ramp)[1] > 0.5
assert all(map(math.isnan, tested("analysisOfVariance", ramp)))

runs = np.arange(20) / 10
runs[3] = np.nan
other = scipy.stats.ttest_ind(runs[::2], runs[1::2])
print("scipy:", other)
assert math.isnan(other.pvalue)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
