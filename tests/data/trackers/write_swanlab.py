"""Writes a run with SwanLab: its first start, its second after a resume, or another run."""

import math
import sys

import swanlab

folder, which = sys.argv[1:]
options = {"project": "p1", "logdir": folder, "mode": "offline"}
if which == "third":
    swanlab.init(id="other123", experiment_name="other", **options)
    swanlab.log({"loss": 9})
else:
    more = {"resume": "allow"} if which == "second" else {"tags": ["x"], "description": "a note"}
    config = {"lr": 0.1, "opt": {"name": "sgd"}}
    swanlab.init(id="abcdef12", experiment_name="mine", config=config, **options, **more)
if which == "first":
    swanlab.log({"loss": math.nan, "up": math.inf, "down": -math.inf, "zero": 0.0, "flag": True})
    swanlab.log({"loss": 0.5, "nest": {"a": 1.0}, "text": swanlab.Text("hello")})
    swanlab.log({"loss": 0.25}, step=10)
    swanlab.log({"loss": 0.2}, step=10)
if which == "second":
    swanlab.log({"loss": 0.1})
swanlab.finish()
