"""SwinTransformer: made with Netwright."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DropPath(nn.Module):
    """In training sets whole samples to zero at random and scales up the rest (Huang et al. 2016)."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        sizes = (x.shape[0],) + (1,) * (x.ndim - 1)
        kept = x.new_empty(sizes).bernoulli_(1.0 - self.p)
        return x * kept if self.p == 1.0 else x * kept.div_(1.0 - self.p)


class Permute(nn.Module):
    """N × in_channels × H × W → N × H × W × in_channels."""

    def __init__(self, dims: tuple[int, ...] = (0, 2, 3, 1)) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)  # N × H × W × in_channels


class PatchMerging(nn.Module):
    """N × H × W × dim → N × ((H + 1) // 2) × ((W + 1) // 2) × 2*dim."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = x[:, ::2, ::2]  # N × ((H + 1) // 2) × ((W + 1) // 2) × dim
        part4 = x[:, 1::2, ::2]  # N × (H // 2) × ((W + 1) // 2) × dim
        # N × ((H + 1) // 2) × ((W + 1) // 2) × 4*dim
        y = torch.cat([y, part4, x[:, ::2, 1::2], x[:, 1::2, 1::2]], dim=-1)
        # N × ((H + 1) // 2) × ((W + 1) // 2) × 2*dim
        return self.reduction(self.norm(y))


class MLP(nn.Sequential):
    """N × H × W × dim → N × H × W × dim."""

    def __init__(self, dim: int) -> None:
        super().__init__(
            nn.Linear(dim, 4 * dim),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(4 * dim, dim),
            nn.Dropout(0.0),
        )


class ShiftedWindowAttention(nn.Module):
    """The values of constant are kept with the weights of the drawing.

    N × H × W × dim → N × H × W × dim.
    """

    def __init__(self, H: int, W: int, dim: int, shift: bool = False) -> None:
        super().__init__()
        self.shift = shift
        self.relative_position_index = nn.Buffer(torch.zeros(2401, dtype=torch.int64))
        if shift:
            self.constant = nn.Buffer(
                torch.zeros(1, H // 7 * (W // 7), 1, 49, 49), persistent=False
            )
        self.relative_position_bias_table = nn.Parameter(
            0.02 * torch.randn(169, dim // 32)
        )
        self.qkv = nn.Linear(dim, 3 * dim)
        self.dropout = nn.Dropout(0.0)
        self.proj = nn.Linear(dim, dim)
        self.dropout2 = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        _, H, W, dim = x.shape
        # 2401 × (dim // 32)
        y = self.relative_position_bias_table[self.relative_position_index]
        if self.shift:
            x = torch.roll(x, (-3, -3), dims=(1, 2))
        # N × (H // 7) × 7 × (W // 7) × 7 × dim
        x = x.reshape(x.shape[0], H // 7, 7, W // 7, 7, dim)
        # N′ × 49 × 3*dim
        x = self.qkv(x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 49, dim))
        # 3 × N′ × (dim // 32) × 49 × 32
        x = x.reshape(x.shape[0], 49, 3, dim // 32, 32).permute(2, 0, 3, 1, 4)
        scaled = x[0] * 0.1767766952966369  # N′ × (dim // 32) × 49 × 32
        # 1 × (dim // 32) × 49 × 49
        y = y.reshape(49, 49, dim // 32).permute(2, 0, 1).unsqueeze(0)
        scaled = scaled @ x[1].transpose(-2, -1) + y  # N′ × (dim // 32) × 49 × 49
        if self.shift:
            scaled = scaled.reshape(-1, H // 7 * (W // 7), dim // 32, 49, 49)
            scaled = scaled + self.constant
            scaled = scaled.reshape(-1, dim // 32, 49, 49)
        # N′ × (dim // 32) × 49 × 32
        scaled = self.dropout(F.softmax(scaled, dim=-1)) @ x[2]
        scaled = scaled.transpose(1, 2)  # N′ × 49 × (dim // 32) × 32
        scaled = self.proj(scaled.reshape(scaled.shape[0], 49, dim))  # N′ × 49 × dim
        # N × (H // 7) × (W // 7) × 7 × 7 × dim
        scaled = self.dropout2(scaled).reshape(-1, H // 7, W // 7, 7, 7, dim)
        # N × (H // 7) × 7 × (W // 7) × 7 × dim
        scaled = scaled.permute(0, 1, 3, 2, 4, 5)
        scaled = scaled.reshape(scaled.shape[0], H, W, dim)  # N × H × W × dim
        if self.shift:
            scaled = torch.roll(scaled, (3, 3), dims=(1, 2))
        return scaled


class SwinTransformerBlock(nn.Module):
    """N × H × W × dim → N × H × W × dim."""

    def __init__(self, H: int, W: int, dim: int, p: float, shift: bool = False) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = ShiftedWindowAttention(H, W, dim, shift=shift)
        self.stochastic_depth = DropPath(p)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MLP(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformer(nn.Module):
    """N × 3 × 224 × 224 → N × 1000."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 96, 4, stride=4), Permute(), nn.LayerNorm(96)),
            nn.Sequential(
                *(
                    SwinTransformerBlock(56, 56, 96, 0.2 * i / 11, shift=i % 2 == 1)
                    for i in range(2)
                ),
            ),
            PatchMerging(96),
            nn.Sequential(
                *(
                    SwinTransformerBlock(
                        28, 28, 192, 0.2 * (i + 2) / 11, shift=i % 2 == 1
                    )
                    for i in range(2)
                ),
            ),
            PatchMerging(192),
            nn.Sequential(
                *(
                    SwinTransformerBlock(
                        14, 14, 384, 0.2 * (i + 4) / 11, shift=i % 2 == 1
                    )
                    for i in range(6)
                ),
            ),
            PatchMerging(384),
            nn.Sequential(
                *(
                    SwinTransformerBlock(7, 7, 768, 0.2 * (i + 10) / 11)
                    for i in range(2)
                ),
            ),
        )
        self.norm = nn.LayerNorm(768)
        self.permute = Permute(dims=(0, 3, 1, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(768, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # N × 7 × 7 × 768
        x = self.norm(x)
        x = self.permute(x)  # N × 768 × 7 × 7
        return self.head(self.avgpool(x).flatten(1))  # N × 1000
