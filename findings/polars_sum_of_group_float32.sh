#!/usr/bin/env bash
# polars: the sum of a float32 column within groups is off by a twelfth, where the sum of the same column
# and the mean of the group are right.
#
# polars 2.1.0, numpy 2.4.6, Python 3.11.
# Losses are float32, and group_by("run") with sum() is the ordinary way to a total. One would expect what
# sum() of the column is, to its seven digits, and what mean() times len() is. Seen: of twenty million times
# 0.1 in one group agg(sum()) is 2,175,874, of the column 2,000,000.125, over("run") 2,000,000, the mean of
# the group 0.1; of a million 100,354 instead of 100,000. The numbers are added one by one in float32
# (collect(engine="streaming") is off as well). Once the rows are sorted by the group it is right, so the
# order of the rows decides. In float64 it is right. cum_sum() is known to be inexact in float32 (issue
# 27662); of sum() in a group nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile polars==2.1.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import numpy as np
import polars as pl

IN_GROUP = [pl.col("loss").sum().alias("sum"), pl.col("loss").mean().alias("mean")]


def totals(rows: int) -> dict[str, float]:
    losses = pl.DataFrame({"loss": np.full(rows, 0.1, np.float32), "run": np.zeros(rows, np.int64)})
    grouped = losses.group_by("run").agg(IN_GROUP).row(0, named=True)
    streamed = losses.lazy().group_by("run").agg(IN_GROUP).collect(engine="streaming")
    ordered = losses.sort("run").group_by("run").agg(IN_GROUP).row(0, named=True)
    wide = losses.with_columns(pl.col("loss").cast(pl.Float64)).group_by("run").agg(IN_GROUP)
    found = {
        "group": grouped["sum"],
        "streamed": streamed["sum"][0],
        "column": losses["loss"].sum(),
        "over": losses.select(pl.col("loss").sum().over("run")).item(0, 0),
        "sorted": ordered["sum"],
        "float64": wide["sum"][0],
        "mean times rows": grouped["mean"] * rows,
    }
    print(f"{rows} times 0.1:", found)
    return {name: value / (0.1 * rows) for name, value in found.items()}


for rows, least, most in ((20_000_000, 1.08, 1.09), (1_000_000, 1.003, 1.004)):
    shares = totals(rows)
    assert least < shares.pop("group") < most
    assert 1.002 < shares.pop("streamed") < 1.1
    assert all(abs(share - 1) < 1e-6 for share in shares.values())
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
