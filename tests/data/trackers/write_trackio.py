"""Writes runs with Trackio: odd numbers, nested names, a resumed run, two projects in one file."""

import math

import numpy as np
import trackio


def start(project: str, name: str, **options: object) -> None:
    trackio.init(project=project, name=name, embed=False, **options)


start("p1", "one", config={"lr": 0.1, "opt": {"name": "sgd"}})
trackio.log({"loss": math.nan, "up": math.inf, "down": -math.inf, "text": "hello", "flag": True})
trackio.log({"nest": {"a": 1.0}, "nest.a": 2.0, "nest/a": 3.0})
trackio.log({"loss": 0.25}, step=10)
trackio.log({"loss": 0.2}, step=10)
trackio.finish()

start("p1", "two", config={"lr": 0.2, "opt": {"name": "adam"}})
trackio.log({"loss": 0.5, "weights": trackio.Histogram(np.arange(10.0))})
trackio.alert("hot", text="the loss rises")
trackio.finish()

start("p 1", "three", config={"lr": 1})
trackio.log({"loss": 9})
trackio.finish()

start("p1", "one", resume="must")
trackio.log({"loss": 0.1})
trackio.finish()
