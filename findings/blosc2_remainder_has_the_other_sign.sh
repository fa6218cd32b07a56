#!/usr/bin/env bash
# Blosc2: -5 % 3 is -2, where Python and numpy have 1; whole division rounds as theirs, so that both do
# not fit together.
#
# blosc2 4.14.1, numpy 2.4.6, Python 3.11, on x86-64.
# blosc2.NDArray is computed with like an array of numpy; blosc2.remainder is "equivalent to the Python
# modulus operator" and refers to numpy.remainder. One would expect a remainder with the sign of the
# divisor. Seen: it has that of the dividend, as in C: of -5 to 4 by 3 it is -2 -1 0 -2 -1 0 1 2 0 1 (numpy
# 1 2 0 1 2 0 1 2 0 1), as the operator and as the function, of integers and floats. x // 3 rounds down as in
# numpy, so that (x // 3) * 3 + x % 3 is -8 for -5. Angles, hours before midnight and places in a ring
# are wrong where they are negative. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile blosc2==4.14.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import blosc2
import numpy as np

warnings.simplefilter("error")
for kind in (np.int64, np.float64):
    plain = np.arange(-5, 5).astype(kind)
    array = blosc2.asarray(plain)
    remainder, function, whole = (
        found[:] for found in (array % 3, blosc2.remainder(array, 3), array // 3)
    )
    print(kind.__name__, "blosc2", remainder.tolist(), "numpy", (plain % 3).tolist())
    assert (remainder == np.fmod(plain, 3)).all() and (function == remainder).all()
    assert (whole == plain // 3).all()
    again = whole * 3 + remainder
    print("(x // 3) * 3 + x % 3 of -5:", again[0])
    assert again[0] == -8
    assert (plain // 3 * 3 + plain % 3 == plain).all()
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
