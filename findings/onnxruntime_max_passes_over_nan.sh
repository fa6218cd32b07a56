#!/usr/bin/env bash
# ONNX Runtime: max pooling passes over NaN, so that a network that has diverged may put out ordinary
# numbers; whether it does depends on the place of the NaN.
#
# onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11, on the CPU (x86-64).
# In torch, numpy and JAX the maximum of numbers with NaN is NaN, in reductions and in pooling; onnx's
# own reference evaluator has it so for GlobalMaxPool and ReduceMax (not for MaxPool). One would expect
# it here. Seen: with one NaN among 49 numbers, GlobalMaxPool, ReduceMax and MaxPool over 7 x 7 give NaN
# at 1 of the 49 places, the largest of the other numbers at 48; ReduceMin likewise. Relu keeps NaN
# wherever it is. So who searches the outputs for NaN may find none. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def nan_places(operator: str, **attributes: list[int]) -> tuple[int, int]:
    """Return for how many places of one NaN among 49 the runtime and the reference give NaN."""
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], **attributes)], "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 1, 7, 7))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    reference, found = ReferenceEvaluator(model), [0, 0]
    for place in range(49):
        given = np.arange(49, dtype=np.float32)
        given[place] = math.nan
        for one, evaluator in enumerate((session, reference)):
            given = given.reshape(1, 1, 7, 7)
            found[one] += int(np.isnan(evaluator.run(None, {"x": given})[0]).any())
    return found[0], found[1]


said = {name: nan_places(name) for name in ("ReduceMax", "ReduceMin", "GlobalMaxPool", "Relu")}
said["MaxPool"] = nan_places("MaxPool", kernel_shape=[7, 7])
for operator, (runtime, reference) in said.items():
    print(f"{operator}, NaN at 49 places in turn: NaN in {runtime} outputs, of the reference {reference}")
assert said["Relu"] == (49, 49)
for name in ("ReduceMax", "ReduceMin", "GlobalMaxPool"):
    assert said[name] == (1, 49), said[name]
assert said["MaxPool"][0] == 1
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
