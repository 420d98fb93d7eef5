"""mlp: made with Netwright."""

import torch.nn.functional as F
from torch import Tensor, nn


class MLP(nn.Module):
    """N × 1 × 8 × 8 → N × 10."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.fc1(x.flatten(1)))  # N × 128
        x = F.relu(self.fc2(x))  # N × 64
        return self.fc3(x)  # N × 10
