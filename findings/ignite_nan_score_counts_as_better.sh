#!/usr/bin/env bash
# Ignite: a score that is NaN counts as an improvement: a diverged training is never stopped early, and
# its first checkpoint is never replaced.
#
# pytorch-ignite 0.5.5, torch 2.13.0, Python 3.11, on the CPU.
# EarlyStopping(patience=2) ends a training whose score has not risen for two epochs. One would expect that
# NaN has not risen. Seen: with a score of 0.9 and then NaN for good all of 12 epochs are run; of 0.9, NaN,
# 0.5, 0.5, ... the NaN wipes out the 0.9, then 0.5 counts as better than NaN and the best score is 0.5.
# Checkpoint(n_saved=1) goes the other way: of NaN, 0.1, 0.5, 0.9 the file of NaN is what is left, since no
# number is larger. So after one NaN the handlers disagree on which epoch was the best. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu pytorch-ignite==0.5.5 torch==2.13.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import os
import sys
import warnings

from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint, DiskSaver, EarlyStopping
from torch import nn

warnings.simplefilter("error")


def stopped(scores: list[float]) -> tuple[int, str]:
    given = iter(scores)
    trainer, judge = Engine(lambda *_: None), Engine(lambda *_: None)
    handler = EarlyStopping(2, lambda _: next(given), trainer)
    judge.add_event_handler(Events.COMPLETED, handler)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda _: judge.run([0]))
    trainer.run([0], max_epochs=len(scores))
    return trainer.state.epoch, str(handler.best_score)


def left(scores: list[float], folder: str) -> list[str]:
    given, engine = iter(scores), Engine(lambda *_: None)
    keep = Checkpoint(
        {"model": nn.Linear(1, 1)}, DiskSaver(folder, create_dir=True), n_saved=1,
        score_function=lambda _: next(given), score_name="f1",
    )
    for _ in scores:
        keep(engine)
    return os.listdir(folder)


said = (
    stopped([0.9] * 12), stopped([0.9] + [math.nan] * 11), stopped([0.9, math.nan] + [0.5] * 10),
    left([0.05, 0.1, 0.5, 0.9], sys.argv[1] + "/a"), left([math.nan, 0.1, 0.5, 0.9], sys.argv[1] + "/b"),
)  # fmt: skip
print("epochs and best score:", *said[:3], "\nfiles left:", *said[3:])
assert said == ((3, "0.9"), (12, "nan"), (5, "0.5"), ["model_f1=0.9000.pt"], ["model_f1=nan.pt"]), said
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null
