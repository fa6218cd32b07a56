#!/usr/bin/env bash
# torch: no bin of a histogram counts beyond 16,777,216 of a thread; what is more is lost.
#
# torch 2.13.0, numpy 2.4.6, Python 3.11, on the CPU.
# torch.histc and torch.histogram of float32 weights give their counts in float32. One would expect
# counts that are right to its seven digits, as numpy's. Seen: they are added up one by one, and 2**24 +
# 1 is 2**24 in float32, so a bin stands still there: of 50,331,648 equal numbers both count 16,777,216.
# With two threads they count 33,554,432, with three all: the same weights have another histogram on
# another machine. An embedding, of which most of the rows were never touched, or activations with many
# zeros, have such bins. Nothing is said. In float64 the counts are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
import torch

warnings.simplefilter("error")
number = 3 * 2**24
zeros = torch.zeros(number)


def counted(threads: int, kind: torch.dtype) -> tuple[int, int]:
    torch.set_num_threads(threads)
    values = zeros.to(kind)
    found = (torch.histc(values, 2, -1, 1), torch.histogram(values, 2, range=(-1.0, 1.0)).hist)
    return tuple(int(one.sum()) for one in found)


exact = int(np.histogram(zeros.numpy(), 2, (-1, 1))[0].sum())
said = {threads: counted(threads, torch.float32) for threads in (1, 2, 3)}
wide = counted(1, torch.float64)
print(f"{number:,} zeros: numpy counts {exact:,}, torch in float64 {wide}, in float32 {said}")
assert exact == number and wide == (number, number)
assert said == {1: (2**24,) * 2, 2: (2**25,) * 2, 3: (number,) * 2}
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
