"""Stages of a network, whose first step is another and whose rates grow, become one class whatever their lengths."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from codegen import emit_source
from codegen.intake import import_with_report
from tests.codegen.intake.equal import imported


class Step(nn.Module):
    """A residual step that may change channels and size; the first of all drops nothing."""

    def __init__(self, channels: int, out_channels: int, stride: int, rate: float) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(3, stride=2, padding=1) if stride > 1 else nn.Identity()
        self.proj = nn.Conv2d(channels, out_channels, 1) if channels != out_channels else nn.Identity()
        self.conv = nn.Conv2d(channels, 4 * out_channels, 3, stride=stride, padding=1)
        self.back = nn.Conv2d(4 * out_channels, out_channels, 1)
        self.drop = nn.Dropout(rate) if rate else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(self.pool(x)) + self.drop(self.back(self.conv(x).relu()))


class Stage(nn.Module):
    """Steps of which the first goes to another width."""

    def __init__(self, channels: int, out_channels: int, rates: list[float]) -> None:
        super().__init__()
        widths = [channels] + [out_channels] * len(rates)
        self.steps = nn.ModuleList(
            Step(a, b, 2 if place == 0 else 1, rate)
            for place, (a, b, rate) in enumerate(zip(widths, widths[1:], rates, strict=False))
        )

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


def staged() -> nn.Module:
    rates = torch.linspace(0, 0.2, 11, dtype=torch.float64).mul(50).round().div(50).tolist()
    return nn.Sequential(Stage(4, 6, rates[:2]), Stage(6, 8, rates[2:4]), Stage(8, 12, rates[4:9]))


def test_stages_of_several_lengths_are_one_class():
    imported(staged(), torch.randn(2, 4, 32, 32))
    source = emit_source(import_with_report(staged().eval(), (torch.randn(2, 4, 32, 32),)).project)
    assert source.count("class Step") == 1
    assert source.count("class Stage") == 1
    assert "for i in range(1, times)" in source


def test_a_rate_of_nothing_is_why_a_dropout_is_not_there():
    source = emit_source(import_with_report(staged().eval(), (torch.randn(2, 4, 32, 32),)).project)
    assert "if p > 0:" in source
    assert "0.02 * (i + first)" in source


class Rates(nn.Module):
    """A stage whose rates follow no rule that other stages have, too."""

    def __init__(self, rates: list[float], *, adds: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(rate) for rate in rates)
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.layers:
            y = layer(y)
        return y + x if self.adds else y


class Layer(nn.Module):
    def __init__(self, rate: float) -> None:
        super().__init__()
        self.fc, self.drop = nn.Linear(6, 6), nn.Dropout(rate)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop(self.fc(x))


def test_what_cannot_be_one_class_keeps_the_others_merged():
    """Rates without a common form part their own class alone: all others are merged as ever."""
    first, share = [0.1, 0.3, 0.3], [0.1 * (place + 1) for place in range(4)]
    parts = [Rates(first, adds=True), Rates(share, adds=True), Rates([0.1, 0.4, 0.4], adds=True)]
    module = nn.Sequential(*parts, Rates(share, adds=False)).eval()
    source = emit_source(import_with_report(module, (torch.randn(2, 6),)).project)
    assert source.count("class Layer") == 1
    assert source.count("class Rates") == 2


class Twofold(nn.Module):
    """Gives out one tensor twice, the second time as a view of all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.fc(x)
        return y, y[:, :]


class Lists(nn.Module):
    """Lists of one layer and of several, and what is handed on in part only."""

    def __init__(self, count: int, *, adds: bool) -> None:
        super().__init__()
        self.steps = nn.Sequential(*(Layer(0.0) for _ in range(count)))
        self.twofold, self.adds = Twofold(), adds

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.twofold(self.steps(x))
        return torch.cat([(a + b)[:, :2].relu(), a[:, 2:]], dim=1) if self.adds else a + b


def test_a_list_of_one_is_as_one_of_several():
    source = emit_source(imported(nn.Sequential(Lists(1, adds=True), Lists(3, adds=True)), torch.randn(2, 6)).project)
    assert source.count("class Lists") == 1
    assert "for _ in range(times)" in source
    alone = emit_source(imported(nn.Sequential(Lists(1, adds=True), Layer(0.0)), torch.randn(2, 6)).project)
    assert "self.steps = nn.Sequential(Layer())" in alone


def test_what_is_joined_in_some_only_has_a_condition():
    source = emit_source(imported(nn.Sequential(Lists(2, adds=True), Lists(3, adds=False)), torch.randn(2, 6)).project)
    assert source.count("class Lists") == 1
    assert "if self.adds:" in source


def test_a_tensor_given_out_twice_is_one_output():
    source = emit_source(imported(nn.Sequential(Lists(2, adds=True)), torch.randn(2, 6)).project)
    assert "tuple[Tensor" not in source


def test_equal_lists_in_a_list_repeat():
    def rows(count: int) -> nn.Module:
        return nn.Sequential(*(nn.Sequential(Layer(0.0), nn.LayerNorm(6)) for _ in range(count)))

    class Rows(nn.Module):
        def __init__(self, count: int) -> None:
            super().__init__()
            self.rows = rows(count)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.rows(x)

    source = emit_source(imported(nn.Sequential(Rows(2), Rows(5)), torch.randn(2, 6)).project)
    assert source.count("class Rows") == 1
    assert "nn.Sequential(Layer(), nn.LayerNorm(6)) for _ in range(times)" in source
