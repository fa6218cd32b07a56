#!/usr/bin/env bash
# torch: where a GradScaler leaves out the very first step, fused SGD begins its momentum with what happened
# to lie in memory.
#
# torch 2.13.0, numpy 2.4.6, Python 3.11, on the CPU (x86-64).
# A GradScaler begins with a scale of 65,536, and a first step or two whose scaled gradients overflow are
# ordinary: it leaves them out. One would expect the optimizer after that to be as fresh as before, as Adam
# is, fused or not, and SGD without fused=True. Seen of SGD(momentum=0.9, fused=True): the step that is left
# out makes the buffer of the momentum without filling it (torch.empty_like), and the next one takes it for
# the momentum so far: 0.9 times it is added to the first gradient. It is other numbers each time; once the
# first step that was taken led some weights to -0.1, as it should, and some to -1.7e30. With
# torch.use_deterministic_algorithms(True), which fills fresh memory with NaN, all weights are NaN after it,
# and stay so. A step that is left out later does no harm, nor does momentum=0. Nothing is said, and the
# documentation does not speak of it. fused=False helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math

import torch

torch.use_deterministic_algorithms(True)  # what is not filled is NaN, instead of another number each time


def trained(kind: type, slopes: tuple[float, ...], **options: object) -> float:
    """Return a weight that began at 0, after a step of 0.1 for each slope of the loss."""
    weights = torch.nn.Parameter(torch.zeros(1000))
    optimizer = kind([weights], lr=0.1, **options)
    scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)
    for slope in slopes:
        optimizer.zero_grad()
        scaler.scale((weights * slope).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    assert scaler.get_scale() == 65536.0 / 2 ** sum(map(math.isinf, slopes))  # left out, and noticed
    return weights[0].item()


first, later = (math.inf, 1.0, 1.0), (1.0, math.inf, 1.0)
for name, kind, options in (
    ("SGD", torch.optim.SGD, {"momentum": 0.9}),
    ("SGD without momentum", torch.optim.SGD, {}),
    ("Adam", torch.optim.Adam, {}),
    ("AdamW", torch.optim.AdamW, {}),
):
    plain = [trained(kind, slopes, fused=False, **options) for slopes in (first, later)]
    fused = [trained(kind, slopes, fused=True, **options) for slopes in (first, later)]
    print(f"{name}: first step left out {plain[0]:.4f}, fused {fused[0]:.4f}; "
          f"second {plain[1]:.4f}, fused {fused[1]:.4f}")
    assert math.isclose(plain[0], plain[1], rel_tol=1e-6)
    assert math.isclose(plain[1], fused[1], rel_tol=1e-6)
    assert math.isnan(fused[0]) if name == "SGD" else math.isclose(plain[0], fused[0], rel_tol=1e-6)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
