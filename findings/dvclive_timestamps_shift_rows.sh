#!/usr/bin/env bash
# DVCLive: a metric that is logged now with a timestamp and now without has rows whose cells are shifted.
#
# dvclive 3.49.1, Python 3.11.
# Live.log_metric(name, value, timestamp=True) adds the time to a row. One would expect that the table of
# a metric has the same columns in all its rows, also where one value was logged without, as after a resume.
# Seen: the columns are those of the first row. A later row without a time has a cell less, so that its
# step stands under "timestamp" and its value under "step"; a later row with one has a cell more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dvclive==3.49.1

cat >"$folder/try.py" <<'PYTHON'
import csv
import os
import sys

os.chdir(sys.argv[1])
os.environ["DVC_NO_ANALYTICS"] = "1"
from dvclive import Live

with Live(dir="logs", save_dvc_exp=False, report=None) as live:
    for name, first in (("with", True), ("without", False)):
        live.step = 0
        live.log_metric(name, 0.5, timestamp=first)
        live.next_step()
        live.log_metric(name, 0.25, timestamp=not first)
for name in ("with", "without"):
    with open(f"logs/plots/metrics/{name}.tsv") as file:
        print(name, file.read().splitlines())
        file.seek(0)
        last = list(csv.DictReader(file, delimiter="\t"))[-1]
    assert last[name] != "0.25", last
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null
