"""The names of arrays in a checkpoint: without wrappers, without buffers, in forward order."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# What wrappers put before the names of the whole network, and within them.
_AROUND = ("module", "base_model")
_WITHIN = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
# Arrays of floating-point numbers that are state, not weights; the last part of their names.
_BUFFERS = (
    "running_mean", "running_var", "num_batches_tracked", "inv_freq", "original_inv_freq",
    "attn_mask", "masked_bias", "causal_mask", "relative_coords_table", "anchor_grid", "anchors",
    "position_ids", "pixel_mean", "pixel_std", "moving_mean", "moving_variance",
)  # fmt: skip
# The masks of GPT-2 and its like, which are called as biases are.
_MASK = re.compile(r"(?:^|\.)attn(?:ention)?\.bias$")
# Of arrays in eight or four bits, the numbers that they are to be multiplied with.
SCALES = ("scale", "scales", "scale_inv", "weight_scale", "weight_scale_inv", "absmax")


def without_wrappers(names: Mapping[str, T]) -> dict[str, T]:
    """Return the same without the parts of names that DDP, FSDP and torch.compile put there.

    Where two would then be called the same, all keep their names.
    """
    short = {bare(name): value for name, value in names.items()}
    return short if len(short) == len(names) else dict(names)


def bare(name: str) -> str:
    """Return a name without the parts that wrappers put there."""
    parts = [part for part in name.split(".") if part not in _WITHIN]
    while len(parts) > 1 and parts[0] in _AROUND:
        # PEFT: base_model.model.<name>
        del parts[: 2 if parts[0] == "base_model" and parts[1:2] == ["model"] else 1]
    return ".".join(parts) or name


def is_buffer(name: str, shape: tuple[int, ...]) -> bool:
    """Say whether an array is a state of its layer, such as the mean that BatchNorm has seen."""
    if name.rpartition(".")[2] in _BUFFERS:
        return True
    return len(shape) == 4 and shape[:2] == (1, 1) and bool(_MASK.search(name))


def forward_order(names: Mapping[str, Any]) -> list[str]:
    """Return names as a network is passed; safetensors keeps them by the alphabet.

    Numbers count as numbers, what embeds comes first, and heads come last.
    """
    first, last = ("embed", "stem", "patch"), ("head", "classifier", "fc.", "score", "output")

    def key(name: str) -> tuple[Any, ...]:
        lower = name.lower()
        top = lower.split(".", 1)[0] + "."
        place = 2 if top.startswith(last) or lower.startswith("lm_head") else 1
        if any(word in lower for word in first):
            place = 0
        return place, [(int(p), "") if p.isdigit() else (-1, p) for p in re.split(r"(\d+)", name)]

    return sorted(names, key=key)
