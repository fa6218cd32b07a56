#!/usr/bin/env bash
# Keras: a metric that is NaN in the first epoch is the best one for good: EarlyStopping gives back the
# weights of that epoch, ModelCheckpoint keeps its file.
#
# keras 3.15.1 on jax 0.10.2, Python 3.11, on the CPU.
# Some metrics are undefined at first: a correlation of constant predictions, F1 of a class that nobody
# predicts yet. One would expect NaN to be no best value, as in Lightning and in Hugging Face's Trainer.
# Seen: of NaN, 0.1, 0.5, 0.7, 0.8, 0.9 (mode "max", patience 3) EarlyStopping takes NaN as the best, finds
# nothing larger, ends the training after epoch 4 though each epoch was better than the one before, and
# restore_best_weights restores those of epoch 1; ModelCheckpoint(save_best_only=True) writes epoch 1 and
# never again. With 0 instead of NaN all six epochs are run and written. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2

cat >"$folder/try.py" <<'PYTHON'
import math
import sys
from pathlib import Path

import keras
import numpy as np


class Give(keras.callbacks.Callback):
    """Puts the values of a metric into the logs, one an epoch."""

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        logs["val_f1"] = self.values[epoch]


def trained(first: float, folder: Path) -> tuple[int, int, list[str]]:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    stop = keras.callbacks.EarlyStopping("val_f1", mode="max", patience=3, restore_best_weights=True)
    files = str(folder / "{epoch}.weights.h5")
    keep = keras.callbacks.ModelCheckpoint(
        files, monitor="val_f1", mode="max", save_best_only=True, save_weights_only=True
    )
    x = np.ones((8, 1), "float32")
    values = [first, 0.1, 0.5, 0.7, 0.8, 0.9]
    history = model.fit(x, x, epochs=6, verbose=0, callbacks=[Give(values), stop, keep])
    return len(history.epoch), stop.best_epoch + 1, sorted(p.name[0] for p in folder.iterdir())


said = {}
for first in (0.0, math.nan):
    folder = Path(sys.argv[1]) / str(first)
    folder.mkdir()
    said[str(first)] = trained(first, folder)
    print(f"first {first}: epochs run, best epoch, files {said[str(first)]}")
assert said == {"0.0": (6, 6, list("123456")), "nan": (4, 1, ["1"])}
print("as described")
PYTHON
KERAS_BACKEND=jax "$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null
