#!/usr/bin/env bash
# numcodecs: BitRound turns NaN, as NVIDIA's GPUs make it, into -0.0, and other NaN into Infinity; numpy's
# NaN stays NaN.
#
# numcodecs 0.16.6, zarr 3.1.6, numpy 2.4.6, Python 3.11.
# BitRound drops digits of floats so that they compress better. One would expect NaN to stay NaN, whoever
# made it, as in a cast to float16. Seen: half a digit is added to the bits as to an integer, and of NaN
# whose bits are all ones (0x7fffffff, the one that CUDA's arithmetic gives, by NVIDIA's PTX manual) the
# sum runs over into the sign: -0.0, or 0.0 of 0xffffffff; of NaN that says something in its lowest bits,
# as R's NA does (0x7ff00000000007a2), that is cut off: Infinity. The NaN of numpy, 0x7fc00000, stays. So
# a loss of 2.5, NaN, 2.25 that came from a GPU is 2.5, -0.0, 2.25 in a zarr array with this filter: its
# best value is where it diverged. The same in float64 and float16. Nothing is said, when writing or when
# reading; the documentation does not speak of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  numcodecs==0.16.6 zarr==3.1.6 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import zarr
from numcodecs import BitRound

warnings.simplefilter("error")
KINDS = {  # of each type: the NaN of numpy, of a GPU, its negative, with low bits alone
    np.float16: (np.uint16, 0x7E00, 0x7FFF, 0xFFFF, 0x7C01),
    np.float32: (np.uint32, 0x7FC00000, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001),
    np.float64: (np.uint64, 0x7FF8 << 48, (1 << 63) - 1, (1 << 64) - 1, 0x7FF00000000007A2),
}
for kind, (whole, *bits) in KINDS.items():
    values = np.array(bits, whole).view(kind)
    assert np.isnan(values).all()
    for digits in (3, 7, 9):
        codec = BitRound(keepbits=digits)
        back = np.frombuffer(codec.decode(codec.encode(values.copy())), kind)
        print(f"{kind.__name__}, {digits} bits: {back.tolist()}")
        assert np.isnan(back[0])
        assert back[1:].tolist() == [0, 0, np.inf]
        assert np.signbit(back[1:3]).tolist() == [True, False]

losses = np.array([2.5, 0, 2.25], np.float32)
losses.view(np.uint32)[1] = 0x7FFFFFFF
assert np.isnan(losses[1]) and np.isnan(losses.astype(np.float16)[1])
array = zarr.create_array(
    sys.argv[1] + "/a", shape=3, dtype="f4", zarr_format=2, filters=[BitRound(keepbits=7)], fill_value=1
)
array[:] = losses
print("zarr:", losses.tolist(), "->", array[:].tolist(), "smallest at", int(np.argmin(array[:])))
assert array[:].tolist() == [2.5, 0, 2.25]
array[:] = np.array([2.5, np.nan, 2.25])
assert np.isnan(array[1])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
