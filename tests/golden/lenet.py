"""lenet: made with Netwright."""

import torch.nn.functional as F
from torch import Tensor, nn


class LeNet(nn.Module):
    """N × 1 × 8 × 8 → N × 10."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.pool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(128, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(F.relu(self.conv1(x)))  # N × 16 × 4 × 4
        x = self.pool2(F.relu(self.conv2(x)))  # N × 32 × 2 × 2
        x = F.relu(self.fc1(x.flatten(1)))  # N × 120
        x = F.relu(self.fc2(x))  # N × 84
        return self.fc3(x)  # N × 10
