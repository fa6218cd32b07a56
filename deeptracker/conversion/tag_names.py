"""Which layer and quantity a histogram is of, by the name under which a script logged it."""

import re
from typing import NamedTuple

# First and last parts of names that say what was measured: "gradients/conv1.weight" (W&B's watch),
# "conv1.weight.grad", "conv1/kernel/gradient".
_FIRST = {
    **dict.fromkeys(("weight", "weights", "param", "params", "parameter", "parameters"), "weight"),
    **dict.fromkeys(("grad", "grads", "gradient", "gradients"), "gradient"),
    **dict.fromkeys(("update", "updates"), "update"),
}
_LAST = {
    **dict.fromkeys(("grad", "grads", "gradient", "gradients"), "gradient"),
    **dict.fromkeys(("update", "updates"), "update"),
}
# "conv1.weight_grad".
_JOINED = re.compile(r"(.+)_(grads?|gradients?|updates?)", re.IGNORECASE)
# What Keras appends: "conv2d/kernel/histogram", and of old "conv2d/kernel_0".
_END = "histogram"
_COUNT = r"(?:[_:]\d+)?"
# Weights that say nothing beside the name of their layer, and those that a layer has several of.
_OWN = re.compile(rf"(?:weights?|kernels?|embeddings?|w){_COUNT}", re.IGNORECASE)
_ONE_OF = re.compile(
    r"in_proj_weight|(?:recurrent|depthwise|pointwise)_kernel"
    rf"|weight_[ih]h_l\d+(?:_reverse)?{_COUNT}",
    re.IGNORECASE,
)
_ONE_AXIS = re.compile(
    rf"(?:bias(?:es)?|beta|gamma|moving_mean|moving_variance|b|bias_[ih]h_l\d+){_COUNT}",
    re.IGNORECASE,
)
_NORM = re.compile(
    r"(?:.*_)?(?:bn|ln|(?:batch|layer|group|instance|rms)?_?norm(?:ali[sz]ation)?)(?:_?[\da-z])?",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[./]")


class Named(NamedTuple):
    """What a tag names: a layer by its dotted name, a quantity; whether it has one axis alone."""

    layer: str
    quantity: str
    one_axis: bool = False


def named(tag: str) -> Named | None:
    """Return which weights of which layer a tag is of, None where it does not say so for certain.

    A tag whose parts name nothing measured is of weights where its last part is called as weights
    are, and there is a layer before it.
    """
    parts = [part for part in _PARTS.split(tag) if part]
    if len(parts) > 1 and parts[-1].lower() == _END:
        parts.pop()
    quantity, parts = _measured(parts)
    if not parts:
        return None
    last, above = parts[-1], parts[:-1]
    if _ONE_AXIS.fullmatch(last) and above:
        return Named(".".join(above), quantity or "weight", one_axis=True)
    if _OWN.fullmatch(last) and above:
        return Named(".".join(above), quantity or "weight", bool(_NORM.fullmatch(above[-1])))
    if quantity or (_ONE_OF.fullmatch(last) and above):
        return Named(".".join(parts), quantity or "weight", bool(_NORM.fullmatch(last)))
    return None


def _measured(parts: list[str]) -> tuple[str, list[str]]:
    """Return the quantity that the first or the last part names, "" for none, and the others."""
    quantity = ""
    if len(parts) > 1:
        last = parts[-1]
        joined = _JOINED.fullmatch(last)
        if joined and (_OWN.fullmatch(joined[1]) or _ONE_AXIS.fullmatch(joined[1])):
            quantity, parts = _LAST[joined[2].lower()], [*parts[:-1], joined[1]]
        elif last.lower() in _LAST:
            quantity, parts = _LAST[last.lower()], parts[:-1]
    if len(parts) > 1 and (first := _FIRST.get(parts[0].lower())):
        quantity, parts = quantity or first, parts[1:]
    return quantity, parts
