"""lstm_classifier: made with Netwright."""

from torch import Tensor, nn


class LSTMClassifier(nn.Module):
    """N × T int64 → N × 4."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10000, 128)
        self.lstm = nn.LSTM(128, 256, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(256, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        y = self.embed(tokens)  # N × T × 128
        y, _ = self.lstm(y)  # N × T × 256
        return self.fc(self.dropout(y[:, -1]))  # N × 4
