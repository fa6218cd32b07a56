#!/usr/bin/env bash
# accelerate: a number of numpy, unless it is a float64, never reaches TensorBoard, and nobody is told.
#
# accelerate 1.15.0, tensorboard 2.21.0, numpy 2.4.6, torch 2.13.0, Python 3.11, on the CPU.
# Accelerator.log takes a dictionary of numbers; with log_with="tensorboard" one would expect a curve of
# each, or an error. Seen: float, numpy.float64 (a float by inheritance), bool and tensors of one number
# without a dimension are there; numpy.float32, numpy.int64, arrays of numpy without a dimension and
# tensors of the shape (1,) are left out without a warning. A loss averaged by numpy in 32 bits, or a
# count of numpy, is missing from the run; the same loss in 64 bits is there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu \
  accelerate==1.15.0 tensorboard==2.21.0 numpy==2.4.6 torch==2.13.0 'setuptools<81'

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

warnings.simplefilter("ignore")
folder = sys.argv[1]
accelerator = Accelerator(log_with="tensorboard", project_dir=folder, cpu=True)
accelerator.init_trackers("run")
values = {
    "float": 1.0,
    "float64": np.float64(1),
    "float32": np.float32(1),
    "int64": np.int64(1),
    "array": np.array(1.0),
    "tensor": torch.tensor(1.0),
    "tensor_of_one": torch.tensor([1.0]),
}
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    accelerator.log(values, step=0)
accelerator.end_training()
found = set()
for path in Path(folder).rglob("*tfevents*"):
    found |= set(EventAccumulator(str(path)).Reload().Tags()["scalars"])
print("logged:", ", ".join(values))
print("found: ", ", ".join(name for name in values if name in found))
assert not told, [str(one.message) for one in told]
assert found & set(values) == {"float", "float64", "tensor"}, found
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/logs" 2>/dev/null
