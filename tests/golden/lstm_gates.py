"""lstm_gates: made with Netwright."""

import torch
from torch import Tensor, nn


class LSTMCell(nn.Module):
    """N × features, N × hidden_size, N × hidden_size → N × hidden_size,
    N × hidden_size, N × hidden_size.
    """

    def __init__(self, features: int, hidden_size: int = 64) -> None:
        super().__init__()
        self.forget_gate = nn.Linear(features + hidden_size, hidden_size)
        self.cell_gate = nn.Linear(features + hidden_size, hidden_size)
        self.input_gate = nn.Linear(features + hidden_size, hidden_size)
        self.output_gate = nn.Linear(features + hidden_size, hidden_size)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = torch.cat([x, h], dim=1)  # N × features′
        y = torch.sigmoid(self.input_gate(x))  # N × hidden_size
        kept = torch.sigmoid(self.forget_gate(x)) * c  # N × hidden_size
        c = kept + y * torch.tanh(self.cell_gate(x))
        h = torch.sigmoid(self.output_gate(x)) * torch.tanh(c)  # N × hidden_size
        return h, h, c


class LSTMGates(nn.Module):
    """N × 1 × 8 × 8 → N × 10."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = LSTMCell(8)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, 0]  # N × 8 × 8
        h = x.new_zeros(x.shape[0], 64)
        c = x.new_zeros(x.shape[0], 64)
        ys = []
        for x_t in x.unbind(1):
            y_t, h, c = self.lstm(x_t, h, c)
            ys.append(y_t)
        return self.fc(torch.stack(ys, dim=1)[:, -1])  # N × 10
