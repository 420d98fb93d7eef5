"""resblock: made with Netwright."""

import torch.nn.functional as F
from torch import Tensor, nn


class ResBlock(nn.Module):
    """N × in_channels × H × W → N × out_channels × H′ × W′."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))  # N × out_channels × H′ × W′
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class Net(nn.Module):
    """N × 64 × 56 × 56 → N × 128 × 28 × 28."""

    def __init__(self) -> None:
        super().__init__()
        self.block = ResBlock(64, 128, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)  # N × 128 × 28 × 28
