"""Instances of one class become one class: with parameters, conditions and repeats, and nothing else changes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from codegen import emit_source
from codegen.intake import import_with_report, sizes
from codegen.intake.conditions import Conditions
from codegen.intake.turns import form_of
from tests.codegen.intake.equal import imported
from tests.codegen.intake.test_small import Dense, ResNet


def source_of(module: nn.Module, *inputs: Tensor) -> str:
    """The source of an import that is the very same function."""
    return emit_source(imported(module, *inputs).project)


def test_blocks_with_and_without_a_projection_are_one_class():
    source = source_of(ResNet(), torch.randn(2, 3, 20, 20))
    assert source.count("\nclass ") == 2
    assert "if in_channels != out_channels:" in source
    assert "Block(8, 16, stride=2), Block(16, 16)" in source


class Kernel(nn.Module):
    """A convolution that keeps the size, with or without what comes in added, and one activation or another."""

    def __init__(self, channels: int, kernel: int, *, adds: bool, smooth: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, kernel, padding=kernel // 2)
        self.back = nn.Conv2d(2 * channels, channels, 1)
        self.act = nn.GELU() if smooth else nn.ReLU()
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        y = self.back(self.act(self.conv(x)))
        return y + x if self.adds else y


def test_what_differs_follows_from_sizes_and_parameters():
    kernels = [(3, True, True), (5, False, True), (3, False, False), (5, True, False)]
    parts = [Kernel(4, size, adds=adds, smooth=smooth) for size, adds, smooth in kernels]
    module = nn.Sequential(*parts, nn.Conv2d(4, 6, 1), Kernel(6, 3, adds=True, smooth=True))
    source = source_of(module, torch.randn(2, 4, 6, 6))
    assert source.count("class Kernel") == 1
    assert "in_channels, 2 * in_channels, kernel_size, padding=kernel_size // 2" in source
    assert "if self.adds:" in source
    assert "F.gelu(y)" in source
    assert "F.relu(y)" in source


class Layer(nn.Module):
    """A layer of a stack that is called with a mask."""

    def __init__(self, width: int, rate: float) -> None:
        super().__init__()
        self.fc, self.drop = nn.Linear(width, width), nn.Dropout(rate)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return x + self.drop(self.fc(x)) * mask


class Stack(nn.Module):
    def __init__(self, rates: list[float]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(6, rate) for rate in rates)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, mask)
        return x


def test_a_list_of_equal_layers_repeats():
    module = Stack([0.1] * 5)
    found = imported(module, torch.randn(2, 6), torch.randn(2, 6))
    [block] = [n for n in found.project.networks["main"].nodes.values() if n.type in found.project.graphs]
    assert block.run is not None
    source = emit_source(found.project)
    assert "nn.ModuleList(Layer() for _ in range(5))" in source
    assert "for layer in self.layers:" in source


def test_rates_that_grow_are_told_by_the_place():
    module = Stack([0.3 * place / 7 for place in range(8)])
    found = import_with_report(module.eval(), (torch.randn(2, 6), torch.randn(2, 6)))
    assert "Layer(0.3 * i / 7) for i in range(8)" in emit_source(found.project)


def test_layers_in_no_order_are_written_out():
    module = nn.Sequential(nn.Sequential(*(Kernel(4, k, adds=True, smooth=True) for k in (3, 5, 1, 1, 5))))
    source = source_of(module, torch.randn(2, 4, 6, 6))
    assert source.count("Kernel(") == 6


def test_named_children_keep_their_names():
    from collections import OrderedDict

    layers = OrderedDict((f"layer{place}", nn.Sequential(nn.Linear(6, 6), nn.ReLU())) for place in range(1, 6))
    source = source_of(nn.Sequential(OrderedDict([("body", nn.Sequential(layers))])), torch.randn(2, 6))
    assert 'OrderedDict((f"layer{i + 1}", ' in " ".join(source.split()).replace("( (", "((")


class Chain(nn.Sequential):
    """A chain of a person's own class."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))


def test_a_chain_of_its_own_class_is_one():
    source = source_of(nn.Sequential(Chain(6, 12), nn.Linear(6, 4), Chain(4, 8)), torch.randn(2, 6))
    assert "class Chain(nn.Sequential):" in source
    assert "nn.Linear(in_features, 2 * in_features)" in source


class Grown(nn.Module):
    """A layer of a dense block, which takes the list of all that was made before."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, found: list[Tensor]) -> Tensor:
        return self.conv(torch.cat(found, 1)).relu()


class Growing(nn.ModuleDict):
    def __init__(self, count: int, channels: int) -> None:
        super().__init__({f"layer{place}": Grown(channels + 3 * place) for place in range(count)})

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for layer in self.values():
            found.append(layer(found))
        return torch.cat(found, 1)


def test_lists_that_grow_are_handed_on():
    module = nn.Sequential(Growing(4, 4), nn.Conv2d(16, 5, 1), Growing(6, 5))
    source = source_of(module, torch.randn(2, 4, 6, 6))
    assert source.count("class Grown") == 1
    assert "Grown(4 + 3 * i)" in source
    assert "Grown(5 + 3 * i)" in source


def test_a_list_that_grows_of_layers_stays():
    assert "torch.cat(" in source_of(Dense(), torch.randn(2, 4, 8, 8))


@pytest.mark.parametrize("fault", ["sizes", "conditions"])
def test_a_merge_that_goes_wrong_is_not_taken(fault: str, monkeypatch: pytest.MonkeyPatch):
    """With a fault in an expression the weights or the outputs are others: another way of merging is taken."""
    if fault == "sizes":
        monkeypatch.setattr(sizes, "multiple", lambda name, known, wanted: f"3 * {name}")
    else:
        monkeypatch.setattr(Conditions, "of", lambda self, joined: "")
    parts = [Kernel(4, 3, adds=True, smooth=True), nn.Conv2d(4, 6, 1), Kernel(6, 3, adds=False, smooth=True)]
    source = source_of(nn.Sequential(*parts), torch.randn(2, 4, 6, 6))
    assert source.count("class Kernel") == (1 if fault == "sizes" else 2)


def test_no_way_that_holds_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("codegen.intake.checking.Original.is_drawn_by", lambda *args, **more: False)
    found = import_with_report(nn.Linear(3, 2).eval(), (torch.randn(2, 3),))
    assert "other outputs" in found.notes[0].reason


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([3, 3, 3], 3),
        ([1, 2, 2], "1 if i == 0 else 2"),
        ([4, 7, 10], "4 + 3 * i"),
        ([0, 1, 2], "i"),
        ([2, 5, 2, 5], "2 if i % 2 == 0 else 5"),
        ([False, True, False], "i % 2 == 1"),
        ([0.2 * (i + 2) / 11 for i in range(4)], "0.2 * (i + 2) / 11"),
    ],
)
def test_numbers_in_turn_as_an_expression(values: list[object], text: object):
    form = form_of([values])
    assert form is not None
    numbers = form.numbers(values)
    assert numbers is not None
    assert form.text(numbers) == text


def test_numbers_without_an_order_have_no_expression():
    assert form_of([[1, 5, 2, 9]]) is None
    assert form_of([[0.1, 0.5, 0.2]]) is None


class Cut(nn.Module):
    """Keeps some of its channels, whose number follows from no size that comes in."""

    def __init__(self, kept: int) -> None:
        super().__init__()
        self.kept, self.conv = kept, nn.Conv2d(kept, kept, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x[:, : self.kept])


class Flip(nn.Module):
    """Has nothing to make."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(2, 3)


def test_what_is_said_of_shapes_is_true_of_all_instances():
    source = source_of(nn.Sequential(Cut(5), nn.Conv2d(5, 10, 1), Cut(7)), torch.randn(2, 6, 4, 4))
    [cut] = [part for part in source.split("\n\n\n") if part.startswith("class Cut")]
    assert "× 5 ×" not in cut
    assert "N × kept × H × W" in cut


def test_a_class_that_makes_nothing_has_no_constructor():
    source = source_of(nn.Sequential(nn.Conv2d(3, 3, 1), Flip(), nn.Conv2d(3, 3, 1), Flip()), torch.randn(2, 3, 4, 4))
    [flip] = [part for part in source.split("\n\n\n") if part.startswith("class Flip")]
    assert "__init__" not in flip


class Branches(nn.Module):
    """The same layer several times beside itself, and one of two ways to end."""

    def __init__(self, width: int, *, adds: bool) -> None:
        super().__init__()
        self.parts, self.adds = nn.ModuleList(nn.Linear(width, width) for _ in range(5)), adds

    def forward(self, x: Tensor) -> Tensor:
        y = torch.stack([part(x) for part in self.parts]).amax(0)
        return y + x if self.adds else y.sin()


def test_one_of_two_ways_is_an_else():
    source = source_of(nn.Sequential(Branches(6, adds=True), Branches(6, adds=False)), torch.randn(2, 6))
    assert "nn.ModuleList(nn.Linear(6, 6) for _ in range(5))" in source
    assert source.count("if ") == 1
    assert "        else:\n" in source


def test_a_merge_that_goes_wrong_leaves_the_others_merged(monkeypatch: pytest.MonkeyPatch):
    right = Conditions.of
    kernels = lambda self: self.definer.bodies[0].kind == "Kernel"  # noqa: E731
    monkeypatch.setattr(Conditions, "of", lambda self, joined: "" if kernels(self) else right(self, joined))
    parts = [Kernel(4, 3, adds=True, smooth=True), nn.Conv2d(4, 6, 1), Kernel(6, 3, adds=False, smooth=True)]
    others = [Branches(6, adds=True), Branches(6, adds=False)]
    source = source_of(nn.Sequential(*parts, *others), torch.randn(2, 4, 6, 6))
    assert source.count("class Kernel") == 2
    assert source.count("class Branches") == 1
