"""The templates as a person would write them, from torch's documentation and the papers: emission is held to them."""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mlp() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(64, 128),
            relu1=nn.ReLU(),
            fc2=nn.Linear(128, 64),
            relu2=nn.ReLU(),
            fc3=nn.Linear(64, 10),
        )
    )


def lenet() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, 3, 1, 1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2, 2),
            conv2=nn.Conv2d(16, 32, 3, 1, 1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2, 2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(128, 120),
            relu3=nn.ReLU(),
            fc2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            fc3=nn.Linear(84, 10),
        )
    )


class BasicBlock(nn.Module):
    """He et al. 2015, figure 5 left, with torchvision's names."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        hidden = F.relu(self.bn1(self.conv1(x)))
        return F.relu(shortcut + self.bn2(self.conv2(hidden)))


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            hidden = stage(hidden)
        return self.fc(hidden.mean((2, 3)))


class ResBlockNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Module()
        self.block.conv1 = nn.Conv2d(64, 128, 3, 2, 1)
        self.block.bn1 = nn.BatchNorm2d(128)
        self.block.conv2 = nn.Conv2d(128, 128, 3, 1, 1)
        self.block.bn2 = nn.BatchNorm2d(128)
        self.block.shortcut = nn.Sequential(nn.Conv2d(64, 128, 1, 2), nn.BatchNorm2d(128))

    def forward(self, x: Tensor) -> Tensor:
        b = self.block
        hidden = b.bn2(b.conv2(F.relu(b.bn1(b.conv1(x)))))
        return F.relu(b.shortcut(x) + hidden)


class LSTMClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10000, 128)
        self.lstm = nn.LSTM(128, 256, batch_first=True)
        self.fc = nn.Linear(256, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        _, (last, _) = self.lstm(self.embed(tokens))
        return self.fc(last[-1])


class LSTMGates(nn.Module):
    """What nn.LSTM computes, its matrices put together from those of the gates."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.Module()
        for gate in ("input_gate", "forget_gate", "cell_gate", "output_gate"):
            self.lstm.add_module(gate, nn.Linear(8 + 64, 64))
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        cell = self.lstm
        gates = [cell.input_gate, cell.forget_gate, cell.cell_gate, cell.output_gate]
        weight, bias = torch.cat([gate.weight for gate in gates]), torch.cat([gate.bias for gate in gates])
        zeros = torch.zeros(1, len(x), 64)
        flat = [weight[:, :8], weight[:, 8:], bias, torch.zeros_like(bias)]
        y, _, _ = torch.lstm(x[:, 0], (zeros, zeros), flat, True, 1, 0.0, False, False, True)
        return self.fc(y[:, -1])


def transformer_encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(512, 8, 2048, dropout=0.1, batch_first=True)
    return nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
