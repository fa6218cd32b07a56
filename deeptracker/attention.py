"""How attention attends on the validation set: its entropy and its largest logit, of each layer."""

import math
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from deeptracker.errors import RecordingError
from deeptracker.layers import Layer

# Images of a batch that are looked at: logits have a number for each pair of positions and head.
_IMAGES = 16


class AttentionWatch:
    """Within its context, takes the first batch that each attention of a network is given.

    Attention is what has a layer "....query": `nn.MultiheadAttention`, with its masks, and a fused
    linear layer `qkv`, of which no mask is known. Cross attention counts, too.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._queries = [layer for layer in layers if layer.part.below == "query"]
        if not self._queries:
            raise RecordingError(
                "attention=True needs a network with attention: nn.MultiheadAttention, or a linear "
                "layer called qkv below a module with num_heads"
            )
        self._found: dict[str, tuple[float, float]] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> "AttentionWatch":
        self._found = {}
        for layer in self._queries:
            name = layer.spec.name.removesuffix(".query")
            if isinstance(layer.module, nn.MultiheadAttention):
                hook = layer.module.register_forward_pre_hook(
                    self._of_packed(name), with_kwargs=True
                )
            else:
                hook = layer.module.register_forward_hook(self._of_fused(name, layer.spec.filters))
            self._hooks.append(hook)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def scalars(self) -> Mapping[str, float]:
        """Return `attention_entropy/LAYER` and `attention_logit/LAYER` of the last context.

        The entropy of the weights over keys, a share of the largest that as many keys could have
        (0: each query attends to one key, 1: to all alike), the mean over heads, queries and
        images (Zhai et al., "Stabilizing Transformer Training by Preventing Attention Entropy
        Collapse", ICML 2023); the largest size of a logit (Dehghani et al., "Scaling Vision
        Transformers to 22 Billion Parameters", ICML 2023). NaN where a logit is.
        """
        found = {}
        for name, (entropy, logit) in self._found.items():
            found[f"attention_entropy/{name}"] = entropy
            found[f"attention_logit/{name}"] = logit
        return found

    def _of_packed(self, name: str) -> Any:
        def take(module: nn.MultiheadAttention, given: tuple[Any, ...], named: Any) -> None:
            if name in self._found:
                return
            places = dict(zip(("query", "key", "value", "key_padding_mask"), given, strict=False))
            asked = {**places, **named}
            queries, keys = _projected(module, asked["query"], asked["key"])
            logits = _logits(queries, keys, module.num_heads)
            masked = _masked(logits, asked.get("attn_mask"), asked.get("key_padding_mask"))
            self._found[name] = _measured(masked)

        return take

    def _of_fused(self, name: str, heads: int) -> Any:
        def take(module: nn.Module, given: Any, output: Any) -> None:
            if name not in self._found and isinstance(output, Tensor) and output.dim() >= 3:
                positions = output[:_IMAGES].detach().flatten(1, -2)
                queries, keys, _ = positions.chunk(3, dim=-1)
                self._found[name] = _measured(_logits(queries, keys, heads))

        return take


@torch.no_grad()
def _projected(module: nn.MultiheadAttention, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
    """Return queries and keys [n, positions, E] of the first images."""
    if query.dim() == 2:
        query, key = query.unsqueeze(0), key.unsqueeze(0)
    elif not module.batch_first:
        query, key = query.transpose(0, 1), key.transpose(0, 1)
    size, bias = module.embed_dim, module.in_proj_bias
    if module.in_proj_weight is not None:
        of_query, of_key = module.in_proj_weight[:size], module.in_proj_weight[size : 2 * size]
    else:
        of_query, of_key = module.q_proj_weight, module.k_proj_weight
    queries = functional.linear(query[:_IMAGES], of_query, None if bias is None else bias[:size])
    keys = functional.linear(key[:_IMAGES], of_key, None if bias is None else bias[size : 2 * size])
    return queries, keys


@torch.no_grad()
def _logits(queries: Tensor, keys: Tensor, heads: int) -> Tensor:
    """Return the logits f4 [n, heads, queries, keys]."""
    size = queries.shape[-1] // heads

    def by_head(values: Tensor) -> Tensor:
        return values.float().unflatten(-1, (heads, size)).transpose(1, 2)

    return by_head(queries) @ by_head(keys).transpose(-1, -2) / math.sqrt(size)


def _masked(logits: Tensor, mask: Tensor | None, padding: Tensor | None) -> Tensor:
    """Return logits with minus infinity where no attention is allowed."""
    number, heads = logits.shape[:2]
    if mask is not None:
        if mask.dim() == 3:  # [n * heads, queries, keys]
            mask = mask.unflatten(0, (-1, heads))[:number]
        logits = logits.masked_fill(mask, -torch.inf) if mask.dtype == torch.bool else logits + mask
    if padding is not None:
        there = (padding if padding.dim() == 2 else padding.unsqueeze(0))[:number, None, None, :]
        wide = there.dtype == torch.bool
        logits = logits.masked_fill(there, -torch.inf) if wide else logits + there
    return logits


@torch.no_grad()
def _measured(logits: Tensor) -> tuple[float, float]:
    """Return entropy and largest logit; queries that may attend to one key only are left out."""
    allowed = ~torch.isneginf(logits)
    count = allowed.sum(dim=-1)
    weights = logits.softmax(dim=-1)
    entropy = -torch.special.xlogy(weights, weights).sum(dim=-1)
    several = count > 1
    shares = (entropy / count.clamp(min=2).log())[several]
    largest = logits.masked_fill(~allowed, 0.0).abs().max()
    mean = shares.double().mean() if shares.numel() else torch.tensor(torch.nan)
    return float(mean), float(largest)
