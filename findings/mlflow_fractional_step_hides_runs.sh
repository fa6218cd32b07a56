#!/usr/bin/env bash
# MLflow: one value logged at a step that is no whole number makes a run of a folder store unreadable
# to MLflow itself, and with it the list of all runs of the experiment.
#
# mlflow-skinny 3.17.2.
# `log_metric(run, "loss", 1.0, step=1.5)` is what a script does that counts half epochs. One would
# expect it to be refused, or to be kept, as the database store keeps it (where it comes back as 1.5).
# Seen: the folder store writes the line "... 1.0 1.5" without a word, and from then on `get_run` and
# `search_runs` of the experiment, and so `log_artifact` of the run, raise ValueError: "invalid literal
# for int() with base 10: '1.5'". The other runs are listed again once the line is taken out by hand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1 sqlparse==0.6.1

cat >"$folder/try.py" <<'PYTHON'
import logging
import sys

logging.disable()
from mlflow import MlflowClient


def answers(uri: str) -> str:
    client = MlflowClient(uri)
    good, odd = (client.create_run("0").info.run_id for _ in range(2))
    client.log_metric(good, "loss", 1.0, step=1)
    client.log_metric(odd, "loss", 1.0, step=1.5)
    found = []
    for ask in (
        lambda: client.get_metric_history(odd, "loss")[0].step,
        lambda: "got" if client.get_run(odd) else "",
        lambda: len(client.search_runs(["0"])),
    ):
        try:
            found.append(str(ask()))
        except Exception as error:
            found.append(type(error).__name__)
    return ", ".join(found)


print(f"database: {answers('sqlite:///' + sys.argv[1] + '/mlflow.db')};",
      f"folder: {answers(sys.argv[1] + '/mlruns')}")
PYTHON
said=$(cd "$folder" && MLFLOW_DISABLE_TELEMETRY=true MLFLOW_ALLOW_FILE_STORE=true \
    "$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null)
echo "$said"
[ "$said" = "database: 1.5, got, 2; folder: ValueError, ValueError, ValueError" ]
