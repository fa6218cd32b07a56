"""The insight benchmark: what is drawn, planted, recorded and scored, on digits alone."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.insight.faults import CONTROL, FAULTS, Truth
from benchmarks.insight.judge import Judgement
from benchmarks.insight.plan import Plan, draw
from benchmarks.insight.score import Score, loss_rises, place_of, score, window
from benchmarks.insight.setting import Setting
from benchmarks.insight.table import Share, figures
from benchmarks.insight.training import train
from deeptracker.format import read_manifest
from ingest.analysis.answer import answer
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from tests.ingest.health.histories import history_of

SETTING = Setting(
    data="digits",
    classes=4,
    train_per_class=20,
    validation_per_class=5,
    network="plain",
    optimizer="sgd",
    schedule="cosine",
    bf16=False,
    augmented=True,
    resumed=False,
    logs_error=True,
    activations=False,
    iterations=24,
    every=4,
    batch=16,
    weight_decay=0.0,
)
