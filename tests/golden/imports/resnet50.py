"""ResNet: made with Netwright."""

import torch.nn.functional as F
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """N × in_channels × H × W → N × 4*width × H′ × W′."""

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample: nn.Module = nn.Identity()
        if in_channels != 4 * width:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, 4 * width, 1, stride=stride, bias=False),
                nn.BatchNorm2d(4 * width),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))  # N × width × H × W
        y = F.relu(self.bn2(self.conv2(y)))  # N × width × H′ × W′
        y = self.bn3(self.conv3(y))  # N × 4*width × H′ × W′
        return F.relu(y + self.downsample(x))


class ResNet(nn.Module):
    """N × 3 × 224 × 224 → N × 1000."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(
            Bottleneck(64, 64), Bottleneck(256, 64), Bottleneck(256, 64)
        )
        self.layer2 = nn.Sequential(
            Bottleneck(256, 128, stride=2), *(Bottleneck(512, 128) for _ in range(3))
        )
        self.layer3 = nn.Sequential(
            Bottleneck(512, 256, stride=2), *(Bottleneck(1024, 256) for _ in range(5))
        )
        self.layer4 = nn.Sequential(
            Bottleneck(1024, 512, stride=2),
            Bottleneck(2048, 512),
            Bottleneck(2048, 512),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))  # N × 64 × 112 × 112
        x = self.maxpool(x)  # N × 64 × 56 × 56
        x = self.layer1(x)  # N × 256 × 56 × 56
        x = self.layer2(x)  # N × 512 × 28 × 28
        x = self.layer3(x)  # N × 1024 × 14 × 14
        x = self.layer4(x)  # N × 2048 × 7 × 7
        return self.fc(self.avgpool(x).flatten(1))  # N × 1000
