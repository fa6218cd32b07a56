"""The five kinds of network of the insight benchmark, each tiny, for images of 8 to 24 pixels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from deeptracker.demo import Block

_WIDTH = 48
_HEADS = 3


class Residual(nn.Module):
    """Three stages of residual blocks with batch normalisation."""

    def __init__(self, channels: int, size: int, classes: int, width: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 2 if size > 8 else 1, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(Block(width, width, 1))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2), Block(2 * width, 2 * width, 1))
        self.layer3 = nn.Sequential(Block(2 * width, 4 * width, 2))
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images [batch, channels, size, size] to class scores [batch, classes]."""
        x = torch.relu(self.norm1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean(dim=(2, 3)))


class Plain(nn.Module):
    """Four convolutions and two fully connected layers, without normalisation or short cuts."""

    def __init__(self, channels: int, size: int, classes: int, width: int = 12) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 2 if size > 8 else 1, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.conv3 = nn.Conv2d(width, 2 * width, 3, 2, padding=1)
        self.conv4 = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.fc1 = nn.Linear(8 * width, 64)
        self.fc2 = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """See Residual."""
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        return self.fc2(torch.relu(self.fc1(self.pool(x).flatten(1))))


def _patch(size: int) -> int:
    """Return the side of a patch, so that 16 of them make an image."""
    return size // 4


class _Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        images, tokens, width = x.shape
        parts = self.qkv(x).reshape(images, tokens, 3, _HEADS, width // _HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        out = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.proj(out.transpose(1, 2).reshape(images, tokens, width))


class _VitBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = _Attention(width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.fc2 = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(nn.functional.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    """A vision transformer of three blocks over 16 patches and a class token."""

    def __init__(self, channels: int, size: int, classes: int) -> None:
        super().__init__()
        patch = _patch(size)
        self.patch_embed = nn.Conv2d(channels, _WIDTH, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, _WIDTH))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 17, _WIDTH))
        self.blocks = nn.Sequential(*(_VitBlock(_WIDTH) for _ in range(3)))
        self.norm = nn.LayerNorm(_WIDTH)
        self.head = nn.Linear(_WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """See Residual."""
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x)[:, 0]))


class Encoder(nn.Module):
    """torch's own nn.TransformerEncoder over the rows of an image, as sequences are classified."""

    def __init__(self, channels: int, size: int, classes: int) -> None:
        super().__init__()
        self.embed = nn.Linear(channels * size, _WIDTH)
        self.position = nn.Parameter(0.1 * torch.randn(1, size, _WIDTH))
        block = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, 2 * _WIDTH, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.fc = nn.Linear(_WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """See Residual."""
        rows = x.permute(0, 2, 1, 3).flatten(2)
        return self.fc(self.encoder(self.embed(rows) + self.position).mean(dim=1))


class _MixerBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.tokens1, self.tokens2 = nn.Linear(16, 32), nn.Linear(32, 16)
        self.norm2 = nn.LayerNorm(width)
        self.channels1, self.channels2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        mixed = self.tokens2(nn.functional.gelu(self.tokens1(self.norm1(x).transpose(1, 2))))
        x = x + mixed.transpose(1, 2)
        return x + self.channels2(nn.functional.gelu(self.channels1(self.norm2(x))))


class Mixer(nn.Module):
    """An MLP-mixer of three blocks over 16 patches."""

    def __init__(self, channels: int, size: int, classes: int) -> None:
        super().__init__()
        patch = _patch(size)
        self.patch_embed = nn.Conv2d(channels, _WIDTH, patch, patch)
        self.blocks = nn.Sequential(*(_MixerBlock(_WIDTH) for _ in range(3)))
        self.norm = nn.LayerNorm(_WIDTH)
        self.head = nn.Linear(_WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """See Residual."""
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(x)).mean(dim=1))


NETWORKS: Mapping[str, Callable[[int, int, int], nn.Module]] = MappingProxyType(
    {"residual": Residual, "plain": Plain, "vit": Vit, "encoder": Encoder, "mixer": Mixer}
)
CONVOLUTIONAL = frozenset({"residual", "plain"})
