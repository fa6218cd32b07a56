#!/usr/bin/env bash
# DVCLive: a metric that is called "step" takes the place of the column of steps.
#
# dvclive 3.49.1, Python 3.11.
# Live.log_metric takes any name. One would expect a table of the metric with its steps, or a refusal.
# Seen: of a metric "step" the file plots/metrics/step.tsv has one column, its values, and the steps at
# which they were logged are nowhere; in metrics.json "step" is the counter of steps, the metric's last
# value is lost. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dvclive==3.49.1

cat >"$folder/try.py" <<'PYTHON'
import json
import os
import sys
from pathlib import Path

os.chdir(sys.argv[1])
os.environ["DVC_NO_ANALYTICS"] = "1"
from dvclive import Live

with Live(dir="logs", save_dvc_exp=False, report=None) as live:
    for value in (70, 80, 90):
        live.log_metric("step", value)
        live.log_metric("loss", value)
        live.next_step()
step = Path("logs/plots/metrics/step.tsv").read_text()
loss = Path("logs/plots/metrics/loss.tsv").read_text()
last = json.loads(Path("logs/metrics.json").read_text())
print(f"step.tsv {step!r}\nloss.tsv {loss!r}\nmetrics.json {last}")
assert step == "step\n70\n80\n90\n"
assert loss == "step\tloss\n0\t70\n1\t80\n2\t90\n"
assert last["loss"] == 90 and last["step"] != 90, last
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null
