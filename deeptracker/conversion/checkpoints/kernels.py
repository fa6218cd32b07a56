"""Kernels of Keras and of JAX turned as PyTorch has them: filters, inputs, then the window."""

import re
from math import prod

import numpy as np

from deeptracker.conversion.checkpoints.contents import Array

_HEADS_OUT = re.compile(r"(?:^|[._ ])(?:query|key|value)(?:[._ ]|$)")
_HEADS_IN = re.compile(r"(?:^|[._ ])(?:attention_output|out)(?:[._ ]|$)")


def filters_first(array: Array, words: str) -> Array:
    """Return a view [filters, inputs, *window] (or [filters, inputs]) of a kernel.

    `words` are the name and the class of its layer, which tell convolutions by channel, transposed
    ones and the heads of attention from others: these have [*window, inputs, filters].
    """
    axes, words = array.ndim, words.lower()
    if axes == 2:
        return array.T
    if axes == 3 and _HEADS_OUT.search(words):
        return array.reshape(len(array), -1).T
    if axes == 3 and _HEADS_IN.search(words):
        return array.reshape(-1, array.shape[-1]).T
    if "depthwise" in words:
        *window, channels, times = array.shape
        return np.moveaxis(array.reshape(*window, 1, channels * times), (-1, -2), (0, 1))
    if "transpose" in words:
        return np.moveaxis(array, (-2, -1), (0, 1))
    return np.moveaxis(array, (-1, -2), (0, 1))


def shape_of_filters_first(shape: tuple[int, ...], words: str) -> tuple[int, ...]:
    """Return the shape that `filters_first` gives, without the numbers."""
    if prod(shape) >= 2**62:
        raise ValueError(f"an array of shape {shape} is larger than any")
    return filters_first(np.broadcast_to(np.float32(0), shape), words).shape
