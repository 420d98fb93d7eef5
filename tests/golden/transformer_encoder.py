"""transformer_encoder: made with Netwright."""

import torch.nn.functional as F
from torch import Tensor, nn


class EncoderLayer(nn.Module):
    """N × T × dim → N × T × dim."""

    def __init__(
        self,
        dim: int,
        num_heads: int = 8,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(
            dim, num_heads, dropout=dropout, batch_first=True
        )
        self.dropout1 = nn.Dropout(dropout)
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, dim_feedforward)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, dim)
        self.dropout2 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.self_attn(x, x, x, need_weights=False)
        x = self.norm1(x + self.dropout1(y))
        y = self.dropout(F.relu(self.linear1(x)))  # N × T × dim_feedforward
        return self.norm2(x + self.dropout2(self.linear2(y)))


class TransformerEncoder(nn.Module):
    """N × T × 512 → N × T × 512."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(EncoderLayer(512) for _ in range(6)))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
