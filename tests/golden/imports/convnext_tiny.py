"""ConvNeXt: made with Netwright."""

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


class CNBlock(nn.Module):
    """N × in_channels × H × W → N × in_channels × H × W."""

    def __init__(self, in_channels: int, p: float) -> None:
        super().__init__()
        self.layer_scale = nn.Parameter(torch.full((in_channels, 1, 1), 1e-06))
        self.block = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 7, padding=3, groups=in_channels),
            Permute(),
            nn.LayerNorm(in_channels, eps=1e-06),
            nn.Linear(in_channels, 4 * in_channels),
            nn.GELU(),
            nn.Linear(4 * in_channels, in_channels),
            Permute(dims=(0, 3, 1, 2)),
        )
        self.stochastic_depth = DropPath(p)

    def forward(self, input_: Tensor) -> Tensor:
        y = self.layer_scale * self.block(input_)  # N × in_channels × H × W
        return self.stochastic_depth(y) + input_


class LayerNorm2d(nn.Module):
    """N × in_channels × H × W → N × in_channels × H × W."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(in_channels))
        self.bias = nn.Parameter(torch.zeros(in_channels))

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)  # N × H × W × in_channels
        x = F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-06)
        return x.permute(0, 3, 1, 2)  # N × in_channels × H × W


class Conv2dNormActivation(nn.Sequential):
    """N × 3 × 224 × 224 → N × 96 × 56 × 56."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 96, 4, stride=4), LayerNorm2d(96))


class ConvNeXt(nn.Module):
    """N × 3 × 224 × 224 → N × 1000."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Conv2dNormActivation(),
            nn.Sequential(*(CNBlock(96, 0.1 * i / 17) for i in range(3))),
            nn.Sequential(LayerNorm2d(96), nn.Conv2d(96, 192, 2, stride=2)),
            nn.Sequential(*(CNBlock(192, 0.1 * (i + 3) / 17) for i in range(3))),
            nn.Sequential(LayerNorm2d(192), nn.Conv2d(192, 384, 2, stride=2)),
            nn.Sequential(*(CNBlock(384, 0.1 * (i + 6) / 17) for i in range(9))),
            nn.Sequential(LayerNorm2d(384), nn.Conv2d(384, 768, 2, stride=2)),
            nn.Sequential(*(CNBlock(768, 0.1 * (i + 15) / 17) for i in range(3))),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            LayerNorm2d(768), nn.Flatten(1), nn.Linear(768, 1000)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # N × 768 × 7 × 7
        x = self.avgpool(x)  # N × 768 × 1 × 1
        return self.classifier(x)  # N × 1000
