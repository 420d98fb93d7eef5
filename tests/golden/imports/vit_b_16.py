"""VisionTransformer: made with Netwright."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class MLPBlock(nn.Sequential):
    """N × 197 × 768 → N × 197 × 768."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(768, 3072),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(3072, 768),
            nn.Dropout(0.0),
        )


class EncoderBlock(nn.Module):
    """N × 197 × 768 → N × 197 × 768."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(768, eps=1e-06)
        self.self_attention = nn.MultiheadAttention(768, 12, batch_first=True)
        self.dropout = nn.Dropout(0.0)
        self.ln_2 = nn.LayerNorm(768, eps=1e-06)
        self.mlp = MLPBlock()

    def forward(self, input_: Tensor) -> Tensor:
        y = self.ln_1(input_)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        y = self.dropout(y) + input_
        return y + self.mlp(self.ln_2(y))


class Encoder(nn.Module):
    """N × 197 × 768 → N × 197 × 768."""

    def __init__(self) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(0.02 * torch.randn(1, 197, 768))
        self.dropout = nn.Dropout(0.0)
        self.layers = nn.Sequential(
            OrderedDict((f"encoder_layer_{i}", EncoderBlock()) for i in range(12))
        )
        self.ln = nn.LayerNorm(768, eps=1e-06)

    def forward(self, input_: Tensor) -> Tensor:
        input_ = self.dropout(input_ + self.pos_embedding)
        return self.ln(self.layers(input_))


class VisionTransformer(nn.Module):
    """N × 3 × 224 × 224 → N × 1000."""

    def __init__(self) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(1, 1, 768))
        self.conv_proj = nn.Conv2d(3, 768, 16, stride=16)
        self.encoder = Encoder()
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(768, 1000)))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_proj(x)  # N × 768 × 14 × 14
        x = self.class_token.expand(x.shape[0], -1, -1)  # N × 1 × 768
        y = y.reshape(y.shape[0], 768, 196).permute(0, 2, 1)  # N × 196 × 768
        x = torch.cat([x, y], dim=1)  # N × 197 × 768
        x = self.encoder(x)[:, 0]  # N × 768
        return self.heads(x)  # N × 1000
