"""Networks that are no CNN, tiny, for digits of 8 x 8: each with what it is recorded as."""

import torch
from torch import nn

WIDTH, HEADS, CLASSES = 8, 2, 10


def patches(images):
    """Return images [N, 1, 8, 8] as 16 patches of 2 x 2: [N, 16, 4]."""
    return nn.functional.unfold(images, 2, stride=2).transpose(1, 2)


class EncoderNet(nn.Module):
    """torch's own encoder, with a class token and embeddings of positions."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(0.5 * torch.randn(1, 17, WIDTH))
        self.patch = nn.Linear(4, WIDTH)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 2 * WIDTH, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, images):
        found = self.patch(patches(images))
        tokens = torch.cat([self.cls_token.expand(len(found), -1, -1), found], dim=1)
        return self.head(self.encoder(tokens + self.pos_embed)[:, 0])


class FusedAttention(nn.Module):
    """Attention as timm writes it: one linear layer for query, key and value."""

    def __init__(self):
        super().__init__()
        self.num_heads, self.head_dim = HEADS, WIDTH // HEADS
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        n, length, width = x.shape
        qkv = self.qkv(x).reshape(n, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        found = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.proj(found.transpose(1, 2).reshape(n, length, width))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn = FusedAttention()
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 16), nn.GELU(), nn.Linear(16, WIDTH))
        self.gamma = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        x = x + self.gamma * self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class FusedNet(nn.Module):
    """A Vision Transformer in the way of timm."""

    def __init__(self):
        super().__init__()
        self.patch_embed = nn.Conv2d(1, WIDTH, 2, 2)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, images):
        x = self.patch_embed(images).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(dim=1))


class MixerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.token_mix = nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 16))
        self.channel_mix = nn.Sequential(nn.Linear(WIDTH, 16), nn.GELU(), nn.Linear(16, WIDTH))

    def forward(self, x):
        x = x + self.token_mix(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel_mix(self.norm2(x))


class MixerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, WIDTH)
        self.blocks = nn.Sequential(MixerBlock(), MixerBlock())
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, images):
        return self.head(self.blocks(self.stem(patches(images))).mean(dim=1))


class Adapted(nn.Module):
    """A frozen linear layer with a low-rank adapter, as in LoRA."""

    def __init__(self, base, rank=2):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(0.1 * torch.randn(rank, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.lora_A.T @ self.lora_B.T


class AdaptedNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Adapted(nn.Linear(64, 16)), nn.ReLU())
        self.head = nn.Linear(16, CLASSES)

    def forward(self, images):
        return self.head(self.body(images.flatten(1)))


class TiedNet(nn.Module):
    """Grey values as words: their embedding is the weight of a layer that is thrown away, too."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(17, WIDTH, padding_idx=0)
        self.decoder = nn.Linear(WIDTH, 17, bias=False)
        self.places = nn.Embedding(64, WIDTH)
        self.decoder.weight = self.words.weight
        self.head = nn.Linear(WIDTH + 17, CLASSES)

    def forward(self, images):
        words = (images.flatten(1) * 16).round().long().clamp(0, 16)
        x = self.words(words) * self.places.weight
        return self.head(torch.cat([x.mean(dim=1), self.decoder(x).mean(dim=1)], dim=1))
