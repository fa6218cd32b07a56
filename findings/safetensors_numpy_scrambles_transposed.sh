#!/usr/bin/env bash
# safetensors: a transposed numpy array comes back with its numbers in another order; nothing is said.
#
# safetensors 0.8.0 and 0.5.3, numpy 2.4.6, Python 3.11.
# safetensors.numpy.save_file takes arrays of numpy. One would expect the array back that was stored, or
# an error as safetensors.torch gives one for such tensors. Seen with 0.8.0: the memory is written in the
# order in which it lies, under the shape of the view: of [[0, 1, 2], [3, 4, 5]].T, which is [[0, 3],
# [1, 4], [2, 5]], the file holds [[0, 1], [2, 3], [4, 5]]. Its documentation asks for contiguous arrays.
# 0.5.3 stored the very array, so code that worked writes wrong weights after an update.
# numpy.ascontiguousarray before storing helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/try.py" <<'PYTHON'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load, save

array = np.arange(6, dtype=np.float32).reshape(2, 3).T
found = load(save({"array": array}))["array"]
print(f"safetensors {safetensors.__version__}: stored {array.tolist()}, found {found.tolist()}")
assert np.array_equal(load(save({"array": np.ascontiguousarray(array)}))["array"], array)
assert str(np.array_equal(found, array)) == sys.argv[1]
PYTHON
for pair in 0.8.0:False 0.5.3:True; do
  version=${pair%:*}
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check \
    "safetensors==$version" numpy==2.4.6
  "$folder/$version/bin/python" "$folder/try.py" "${pair#*:}"
done
echo "as described"
