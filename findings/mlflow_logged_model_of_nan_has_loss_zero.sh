#!/usr/bin/env bash
# MLflow 3: a logged model whose loss is NaN has the loss 0.0, and is found as the best one.
#
# mlflow-skinny 3.17.2, store of a database (SQLite).
# `log_metric(run, "loss", nan, model_id=...)` writes one value twice: for the run and for the model
# that was logged in it. One would expect both to be NaN, and a filter to treat them alike.
# Seen: the run's value comes back as NaN, and `search_runs` leaves the run out of "metrics.loss < 0.1"
# and puts it last however it is ordered. Of the model, 0.0 comes back; `search_logged_models` returns
# it for "metrics.loss < 0.1" and for "= 0", and in ascending order it is the first: of the models of a
# sweep, the one that diverged is the best. A model that was logged without a value is last there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1 sqlparse==0.6.1

cat >"$folder/try.py" <<'PYTHON'
import logging
import math
import sys

logging.disable()
from mlflow import MlflowClient

client = MlflowClient(f"sqlite:///{sys.argv[1]}/store.db")
experiment = client.create_experiment("sweep")
losses = {"diverged": math.nan, "good": 0.05, "poor": 0.5}
for name, loss in losses.items():
    run = client.create_run(experiment, run_name=name).info.run_id
    model = client.create_logged_model(experiment, name=name, source_run_id=run).model_id
    client.log_metric(run, "loss", loss, step=1, model_id=model)


def runs(wanted: str = "", order: list[str] | None = None) -> list[tuple[str, float]]:
    found = client.search_runs([experiment], wanted, order_by=order)
    return [(one.info.run_name, one.data.metrics["loss"]) for one in found]


def models(wanted: str | None = None, order: list[dict] | None = None) -> list[tuple[str, float]]:
    found = client.search_logged_models([experiment], wanted, order_by=order)
    return [(one.name, one.metrics[0].value) for one in found]


ascending = [{"field_name": "metrics.loss", "ascending": True}]
print("runs:  ", runs(order=["metrics.loss ASC"]))
print("models:", models(order=ascending))
assert [name for name, _ in runs(order=["metrics.loss ASC"])] == ["good", "poor", "diverged"]
assert math.isnan(dict(runs())["diverged"])
assert models(order=ascending) == [("diverged", 0.0), ("good", 0.05), ("poor", 0.5)]
below, zero = "metrics.loss < 0.1", "metrics.loss = 0"
print(f"{below}: runs {runs(below)}, models {models(below)}")
assert [name for name, _ in runs(below)] == ["good"]
assert sorted(name for name, _ in models(below)) == ["diverged", "good"]
assert (runs(zero), models(zero)) == ([], [("diverged", 0.0)])
client.create_logged_model(experiment, name="not measured")
last = client.search_logged_models([experiment], order_by=ascending)[-1]
assert (last.name, last.metrics) == ("not measured", None), last
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
