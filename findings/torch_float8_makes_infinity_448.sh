#!/usr/bin/env bash
# torch and JAX's ml_dtypes: Infinity in float8_e4m3fn is 448 for one, NaN for the other; a scale of 0 or
# below is a positive number for one, NaN for the other.
#
# torch 2.13.0, ml_dtypes 0.6.0, numpy 2.4.6, Python 3.11, on the CPU.
# Both write the same eight bits into the same files. One would expect the same bits from the same number,
# and a diverged value to be seen. Seen: what is above 464 in float8_e4m3fn (which has no Infinity) is
# 448 in torch, Infinity too, so that isfinite() of a diverged tensor is true after the cast; it is NaN in
# ml_dtypes. In float8_e4m3fnuz both have NaN, in float8_e5m2 both keep Infinity. In float8_e8m0fnu, the
# type of the scales of MXFP8, which has no sign and no zero, torch makes 2**-127 of 0 and 4 of -3;
# ml_dtypes NaN. torch's page of the types does not speak of what is out of range. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 ml_dtypes==0.6.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import ml_dtypes
import numpy as np
import torch

warnings.simplefilter("error")
numbers = [math.inf, -math.inf, 500.0, 448.0, -3.0, 0.0, math.nan]
seen = {}
for kind in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e8m0fnu"):
    of_torch = torch.tensor(numbers).to(getattr(torch, kind)).float()
    with np.errstate(all="ignore"):
        others = np.array(numbers, np.float32).astype(getattr(ml_dtypes, kind)).astype(np.float32)
    print(f"{kind}: torch {of_torch.tolist()}, ml_dtypes {others.tolist()}")
    seen[kind] = of_torch, torch.tensor(others)
for number in (1, 1000):  # however many there are
    many = torch.full((number,), math.inf).to(torch.float8_e4m3fn).float()
    assert (many == 448).all() and many.isfinite().all()
nan = math.nan
for kind, *wanted in (
    ("float8_e4m3fn", [448, -448, 448, 448, -3, 0, nan], [nan, nan, nan, 448, -3, 0, nan]),
    ("float8_e8m0fnu", [nan, nan, 512, 512, 4, 2**-127, nan], [nan, nan, 512, 512, nan, nan, nan]),
):
    for found, expected in zip(seen[kind], wanted, strict=True):
        assert torch.equal(found.nan_to_num(-1), torch.tensor(expected).nan_to_num(-1)), kind
for kind in ("float8_e4m3fnuz", "float8_e5m2"):
    assert torch.allclose(*seen[kind], equal_nan=True)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
