"""Which numbers of a module are layers, and how they become filters; heads of attention are."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm

NORMALISATION = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
_DIMENSIONS = ("1d", "2d", "3d")
_KINDS = {
    "Linear",
    "GroupNorm",
    "LayerNorm",
    "RMSNorm",
    *(f"{kind}{d}" for kind in ("Conv", "ConvTranspose", "BatchNorm") for d in _DIMENSIONS),
    *(f"InstanceNorm{d}" for d in _DIMENSIONS),
}
_OF_ATTENTION = ("query", "key", "value")
_UNPACKED = {"q_proj_weight": "query", "k_proj_weight": "key", "v_proj_weight": "value"}
# timm, DINO, Swin and SAM; lucidrains; minGPT.
_FUSED = re.compile(r"(to_|w)?qkv(_proj)?|c_attn", re.IGNORECASE)
_HEADS = ("num_heads", "heads", "n_head")
_GROUPED = ("num_kv_heads", "num_key_value_heads", "n_kv_heads")
_EMBEDS = re.compile(r"pos|embed|token|prompt|query|queries|register", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """What of a module is one layer: a parameter of it, or some rows of that; see `cut`.

    `below` is what the layer's name has below the module's, "" where it is the module's own name.
    `rows` are the first row and the one after the last; None: all. `last` says that the last
    axis counts the filters, not the first. `inputs` and the like are those of a LayerSpec.
    """

    kind: str
    filters: int
    inputs: int
    parameter: str = "weight"
    below: str = ""
    rows: tuple[int, int] | None = None
    last: bool = False
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    groups: int = 1

    def cut(self, tensor: Tensor) -> Tensor:
        """Return the layer's part of a tensor of the parameter's shape; shares its memory."""
        return tensor if self.rows is None else tensor[self.rows[0] : self.rows[1]]

    def as_rows(self, tensor: Tensor, module: nn.Module) -> Tensor:
        """Return what `cut` gave as [F, K], a row per filter."""
        if isinstance(module, _ConvTransposeNd) and not self.below:
            # [in, out / groups, kernel]: an output channel is fed by the inputs of its group.
            split = tensor.reshape(self.groups, tensor.shape[0] // self.groups, tensor.shape[1], -1)
            tensor = split.transpose(1, 2)
        elif self.last:
            return tensor.reshape(-1, tensor.shape[-1]).T
        return tensor.reshape(self.filters, -1)

    def size(self, shape: torch.Size) -> int:
        """Return how many numbers `cut` leaves of a tensor of this shape."""
        first, end = self.rows or (0, shape[0])
        return shape.numel() // shape[0] * (end - first)

    def output(self, module: nn.Module, output: Tensor) -> Tensor | None:
        """Return what the layer gave of what its module gave; None where that is not known."""
        if not self.below:
            return output
        if self.rows is not None and isinstance(module, nn.Linear):
            return output[..., self.rows[0] : self.rows[1]]
        return None


def is_ordinary(module: nn.Module) -> bool:
    """Say whether the module is one whose `weight` is a layer by itself, of whatever shape."""
    return isinstance(module, (_ConvNd, nn.Linear, *NORMALISATION))


def parts_of(
    module: nn.Module, parameter: str, weight: Tensor, *, name: str, above: nn.Module | None
) -> list[Part]:
    """Return the layers that a parameter holds, none where it has less than two axes.

    name: what the module is called in the one above it.
    """
    if parameter == "weight" and is_ordinary(module):
        if isinstance(module, nn.Linear) and (heads := _fused_heads(name, weight, above)):
            return _heads(parameter, weight, heads)
        return [_ordinary(module, weight)]
    if weight.dim() < 2 or not weight.is_floating_point() or isinstance(module, NORMALISATION):
        return []
    if isinstance(module, nn.MultiheadAttention):
        heads = module.num_heads
        if parameter == "in_proj_weight" and len(weight) % (3 * heads) == 0:
            return _heads(parameter, weight, heads)
        if (below := _UNPACKED.get(parameter)) and len(weight) % heads == 0:
            return [Part("Attention", heads, weight.shape[1], parameter, below)]
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and parameter == "weight":
        return [_embedding(weight, parameter, "")]
    below = "" if parameter == "weight" else parameter
    if _EMBEDS.search(parameter) or (weight.dim() > 2 and weight.shape[0] == 1):
        return [_embedding(weight, parameter, below)]
    kind = "Parameter" if below else _kind(module)
    # transformers' Conv1D, of GPT-2, is a linear layer that keeps [in, out].
    axis = -1 if kind == "Conv1D" else 0
    filters = weight.shape[axis]
    return [Part(kind, filters, weight.numel() // filters, parameter, below, last=axis == -1)]


def _ordinary(module: nn.Module, weight: Tensor) -> Part:
    kind = _kind(module)
    if isinstance(module, _ConvNd):
        return Part(
            kind,
            module.out_channels,
            module.in_channels // module.groups,
            kernel=tuple(module.kernel_size),
            stride=tuple(module.stride),
            groups=module.groups,
        )
    if isinstance(module, nn.Linear):
        return Part(kind, module.out_features, module.in_features)
    return Part(kind, weight.numel(), 1)


def _heads(parameter: str, weight: Tensor, heads: int) -> list[Part]:
    """Return query, key and value, which follow each other in the rows, a filter per head."""
    each = len(weight) // len(_OF_ATTENTION)
    return [
        Part(
            "Attention",
            heads,
            weight.shape[1],
            parameter,
            below,
            rows=(place * each, (place + 1) * each),
        )
        for place, below in enumerate(_OF_ATTENTION)
    ]


def _fused_heads(name: str, weight: Tensor, above: nn.Module | None) -> int:
    """Return how many heads the query, key and value of a linear layer have, 0: it has none.

    Only where all three are as wide, so that their order in the rows is beyond doubt.
    """
    if above is None or not _FUSED.fullmatch(name) or weight.dim() != 2:
        return 0
    there = [getattr(above, attribute, None) for attribute in _HEADS]
    heads = next((n for n in there if type(n) is int and n > 0), 0)
    if not heads or any(getattr(above, other, heads) != heads for other in _GROUPED):
        return 0
    rows, inputs = weight.shape
    width = getattr(above, "head_dim", None)
    fits = rows == 3 * inputs or (type(width) is int and rows == 3 * heads * width)
    return heads if fits and rows % (3 * heads) == 0 else 0


def _embedding(weight: Tensor, parameter: str, below: str) -> Part:
    """Return vectors as a layer: a filter per dimension of theirs, one in all of a single vector.

    A filter of one number would say nothing of its direction.
    """
    width = weight.shape[-1]
    vectors = weight.numel() // width
    if vectors == 1:
        return Part("Embedding", 1, width, parameter, below)
    return Part("Embedding", width, vectors, parameter, below, last=True)


def _kind(module: nn.Module) -> str:
    """Return the name of torch's own class, also for a subclass of it."""
    classes = (cls.__name__ for cls in type(module).__mro__)
    return next((name for name in classes if name in _KINDS), class_name(module))


def class_name(module: nn.Module) -> str:
    """Return the name of the script's class, for which fully_shard() puts in one of its own."""
    first, *bases = type(module).__mro__
    return bases[1].__name__ if bases[0].__name__ == "FSDPModule" else first.__name__
