"""Which part of a picture one value of a layer's map sees, from kernels, strides and map sizes."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from deeptracker.layers import Layer

# Height and width.
Sides = Sequence[int]


def seen_fields(
    layers: Sequence[Layer], sizes: Mapping[int, Sides], sides: Sides | None
) -> dict[int, NDArray[np.float32]]:
    """Return f4 [2] of each layer in `sizes`: the shares of height and width, at most 1.

    `sizes` are heights and widths of maps, in the order in which the layers ran; `sides` those of
    a picture. A convolution of k values that are s apart in its input widens what is seen by
    (k - 1) * s steps of that input; a step is as many pixels as the picture has for one value of
    it (Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, 2019). An
    approximation where branches run side by side (all of the main one are treated as a chain), and
    a pool as one as wide as its stride. What is no map of a picture sees all of it.
    """
    whole = np.ones(2, np.float32)
    if sides is None:
        return dict.fromkeys(sizes, whole)
    found, pixels = {}, np.ones(2)
    # Pixels for one value of the layer before.
    step = np.ones(2)
    for place, size in sizes.items():
        layer = layers[place]
        if not isinstance(layer.module, nn.Conv2d) or min(size) < 1:
            found[place] = whole
            continue
        out = np.asarray(sides, float) / np.asarray(size, float)
        into = np.maximum(out / np.asarray(layer.module.stride, float), 1)
        wider = np.maximum(into - step, 0)
        reach = (np.asarray(layer.module.kernel_size) - 1) * np.asarray(layer.module.dilation)
        seen = pixels + wider + reach * into
        found[place] = np.minimum(seen / np.asarray(sides), 1).astype(np.float32)
        if layer.spec.branch == "main":
            pixels, step = seen, out
    return found
