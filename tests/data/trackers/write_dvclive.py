"""Let DVCLive write its folder in the current directory: a run of three epochs, resumed once."""

import math
import os
import sys

os.environ["DVC_NO_ANALYTICS"] = "1"
from dvclive import Live

folder = sys.argv[1]
quiet = {"dir": folder, "save_dvc_exp": False, "report": None, "dvcyaml": None}
with Live(**quiet) as live:
    live.log_params({"lr": 0.1, "optimizer": {"name": "sgd", "nesterov": False}})
    live.log_param("epochs", 3)
    for step in range(3):
        live.log_metric("train/loss", 1 / (step + 1), timestamp=True)
        live.log_metric("val/loss", math.nan if step == 1 else 0.5 + step)
        live.log_metric("lr", 0.1)
        live.log_metric("val/class/acc", step / 4)
        live.step += 10
    live.summary["best"] = 0.75
with Live(resume=True, **quiet) as live:
    live.log_metric("train/loss", math.inf)
    live.log_metric("step", 70)
    live.log_metric("last", 1, plot=False)
    live.log_sklearn_plot("confusion_matrix", [0, 1, 1], [0, 1, 0])
