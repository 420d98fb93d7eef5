"""Small modules in and out again: what is drawn has the original's keys, outputs and gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from codegen import emit_source
from graph_core import analyze
from tests.codegen.intake.equal import imported


class Block(nn.Module):
    """A residual block as torchvision writes it, with an activation in place that is used twice."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += identity
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.layer1 = nn.Sequential(Block(8, 8), Block(8, 8))
        self.layer2 = nn.Sequential(Block(8, 16, 2), Block(16, 16))
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(16, 5)
        self.scale = nn.Parameter(torch.ones(16))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.stem(x))).mean((2, 3))
        return self.fc(self.drop(x) * self.scale)


class Mixer(nn.Module):
    """One block of an MLP-Mixer with its own ways of turning axes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 12, 4, 4)
        self.norm1, self.norm2 = nn.LayerNorm(12), nn.LayerNorm(12)
        self.tokens = nn.Sequential(nn.Linear(16, 20), nn.GELU(), nn.Linear(20, 16))
        self.channels = nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 12))
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norm2(x))
        return self.head(x.mean(dim=1))


class Dense(nn.Module):
    """A concatenation that grows, over a list of tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(4 + 3 * place, 3, 3, padding=1) for place in range(3))

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)).relu())
        return torch.cat(found, 1)


class UNet(nn.Module):
    """Lists of modules that are called in turns, with links across."""

    def __init__(self) -> None:
        super().__init__()
        self.downs = nn.ModuleList([nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 12, 3, padding=1)])
        self.norms = nn.ModuleDict({"first": nn.BatchNorm2d(6), "second": nn.BatchNorm2d(12)})
        self.up = nn.Conv2d(18, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.norms["first"](self.downs[0](x)).relu()
        two = self.norms["second"](self.downs[1](one)).relu()
        return self.up(torch.cat([one, two], dim=1))


class Token(nn.Module):
    """A class token for every sample, positions, slices."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.zeros(1, 6, 8))
        self.register_buffer("mask", torch.ones(8))

    def forward(self, x: Tensor) -> Tensor:
        n, t, c = x.shape
        x = torch.cat([self.token.expand(n, -1, -1), x], dim=1) + self.positions
        q, k = x.view(n, t + 1, 2, c // 2).permute(2, 0, 1, 3).unbind(0)
        y = (q @ k.transpose(-2, -1)) * (c // 2) ** -0.5
        return y.softmax(dim=-1) @ (x[:, :] * self.mask)[..., 1::2]


def test_residual_blocks():
    found = imported(ResNet(), torch.randn(2, 3, 20, 20))
    source = emit_source(found.project)
    assert "self.scale = nn.Parameter(" in source
    assert "class Block(nn.Module):" in source
    assert analyze(found.project).macs == 8 * 3 * 9 * 18 * 18 + 4 * 8 * 8 * 9 * 18 * 18 + (8 + 16 * 3) * 16 * 9 * 81 + (
        8 * 16 * 81 + 16 * 5
    )


def test_mixer():
    imported(Mixer(), torch.randn(2, 3, 16, 16))


def test_a_concatenation_that_grows():
    source = emit_source(imported(Dense(), torch.randn(2, 4, 8, 8)).project)
    assert "self.layers[2](" in source


def test_lists_and_tables_of_modules():
    source = emit_source(imported(UNet(), torch.randn(2, 3, 8, 8)).project)
    assert 'self.norms["second"](' in source


def test_tokens_positions_and_slices():
    source = emit_source(imported(Token(), torch.randn(2, 5, 8)).project)
    assert "expand(x.shape[0], -1, -1)" in source


def test_torchs_own_transformer_encoder():
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    imported(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), torch.randn(2, 5, 16))


def test_one_sample_tells_as_much_as_two():
    found = imported(Token(), torch.randn(1, 5, 8))
    assert "expand(x.shape[0], -1, -1)" in emit_source(found.project)
