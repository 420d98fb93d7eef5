"""Calls of torch by their families: what is drawn for each has the original's outputs and gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codegen.intake import import_with_report
from tests.codegen.intake.equal import imported


class Calls(nn.Module):
    """A linear layer, then one function of its output and of two weights."""

    def __init__(self, function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.fc, self.function = nn.Linear(8, 8), function
        self.row, self.matrix = nn.Parameter(torch.ones(8)), nn.Parameter(torch.ones(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.fc(x), self.row, self.matrix)


class Maps(nn.Module):
    """A convolution, then one function of its output."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.function = nn.Conv2d(4, 8, 1), function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


class Holds(nn.Module):
    """A layer of torch.nn, and something behind it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * 1.5


def in_place(x: Tensor) -> Tensor:
    x += 1
    x *= 2
    x -= 0.5
    x /= 3
    x **= 2
    return x


def written_by_mask(x: Tensor) -> Tensor:
    y = x.clone()
    y[x > 0] = 0.5
    return y * x


def written_into_zeros(x: Tensor) -> Tensor:
    """Zeros that are written into later are zeros where they were made."""
    y = torch.zeros_like(x)
    y[:, 0] = x[:, 1]
    y[..., 1:3] = x[..., 4:6]
    return y + x


def cleared(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 2:4] = 0.0
    return y


class Conditional(nn.Module):
    """Filters of each sample's own: the batch lies in the channels (CondConv)."""

    def __init__(self) -> None:
        super().__init__()
        self.route, self.weight = nn.Linear(4, 3), nn.Parameter(torch.ones(3, 6 * 4 * 9))

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        filters = (self.route(x.mean((2, 3))).sigmoid() @ self.weight).view(n * 6, c, 3, 3)
        y = F.conv2d(x.reshape(1, n * c, h, w), filters, padding=1, groups=n)
        return y.permute(1, 0, 2, 3).view(n, 6, h, w)


class Positions(nn.Module):
    """Positions that are made of sizes only, in a module that is given no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Conv2d(2, 4, 1)

    def forward(self, n: int, h: int, w: int) -> Tensor:
        rows = torch.zeros(n, h, w).logical_not().cumsum(1, dtype=torch.float32)
        return self.project(torch.stack([rows.sin(), rows.cos()], dim=1))


class Positioned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.positions = Positions()

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        return x + self.positions(n, h, w)


class Shifted(nn.Module):
    """A mask for each window of each sample, as shifted windows have; the batch lies first or second."""

    def forward(self, x: Tensor) -> Tensor:
        n, t, c = x.shape
        mask = torch.tril(torch.ones(3, 4, 4)) * torch.arange(1.0, 4.0)[:, None, None]
        y = x.reshape(n * 3, t // 3, c) @ x.reshape(n * 3, t // 3, c).mT + mask.repeat(n, 1, 1)
        steps = torch.arange(float(c))[:, None, None].expand(-1, n, t)
        return y.reshape(n, 3, -1).sum(-1)[:, :, None] + (steps.permute(1, 2, 0) * x)[:, :3]


class Owner(nn.Module):
    """A table that is looked up by torch's function, tied to a layer outside."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.ones(9, 4))
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.embedding(x, self.table))


class TiedOutside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = Owner(), nn.Linear(4, 9, bias=False)
        self.head.weight = self.body.table

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class Warns(nn.Module):
    """Asks the data for something that leads to a warning only, as transformers does of padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.fc, self.asked = nn.Embedding(9, 4), nn.Linear(4, 4), 0

    def forward(self, x: Tensor) -> Tensor:
        if 0 in x[:, [-1, 0]]:
            self.asked += 1
        return self.fc(self.embed(x))


class Swaps(nn.Module):
    """Asks the data which of two tensors comes first: the same calls, on other values."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.one(x), self.other(x)
        if a.sum() > b.sum():
            a, b = b, a
        return a - b


class Inside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.swaps = nn.Linear(4, 4), Swaps()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.swaps(x))


class Turn(nn.Module):
    """One module that is called for two tables of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("near", torch.linspace(0.5, 1, 4), persistent=False)
        self.register_buffer("far", torch.linspace(1, 3, 4), persistent=False)

    def forward(self, x: Tensor, table: str) -> Tensor:
        return (x * getattr(self, table)).cos()


class Turned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.turn = nn.Linear(4, 4), Turn()

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        return self.turn(x, "near") + 2 * self.turn(x, "far")


@functools.lru_cache(maxsize=4)
def distances(size: int) -> Tensor:
    steps = torch.arange(size, dtype=torch.float32)
    return steps[:, None] - steps[None, :]


class Remembered(nn.Module):
    """Constants of a function that keeps what it made for earlier calls."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(1, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(distances(x.shape[1]).unsqueeze(-1)).sum(-1) @ x


class Bias(nn.Module):
    """A bias that a method makes of coordinates, as relative positions are; the module itself is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
        self.register_buffer("places", torch.linspace(-1, 1, 16).reshape(8, 2), persistent=False)

    def bias(self) -> Tensor:
        return self.mlp(self.places).squeeze(-1)


class Biased(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.positions = nn.Linear(4, 8), Bias()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.positions.bias()


class Caches(nn.Module):
    """Indices that are computed anew where the size differs, and kept as a buffer that no state dict has."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(1, 4)
        self.register_buffer("distances", torch.zeros(1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.distances.shape[0] != x.shape[1]:
            steps = torch.arange(x.shape[1], dtype=torch.float32)
            self.distances = steps[:, None] - steps[None, :]
        return self.fc(self.distances.unsqueeze(-1)).sum(-1) @ x


POINTWISE: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "floor": lambda x, w, m: (x.detach() // 2.0) + x % 2.0,
    "powers": lambda x, w, m: x.abs() ** w.abs(),
    "factors": lambda x, w, m: torch.add(x, w, alpha=0.5) - torch.sub(x * w, 1, alpha=2),
    "rounded division": lambda x, w, m: torch.div(x.detach(), 2, rounding_mode="floor") + x,
    "cut division": lambda x, w, m: torch.div(x, w, rounding_mode="trunc") + x,
    "lerp": lambda x, w, m: torch.lerp(x, w, 0.3) + x.lerp(x * 2, w),
    "addcmul": lambda x, w, m: torch.addcmul(x, x, w, value=0.5) + torch.addcdiv(x, x, w),
    "comparison": lambda x, w, m: torch.where(x > 0, x, x * 0.1) + (x > w).float() * x,
    "number first": lambda x, w, m: (x > 1) * x + (2 - (x > 0).long()) * x,
    "logic": lambda x, w, m: x.masked_fill((x > 0) & (x < 0.5) | ~(x > -1), 0.0),
    "where": lambda x, w, m: torch.where(x > 0, 1.0, 0.0) * x + torch.where(x > 0, x, 0.0) + x.where(x > 0, w),
    "bounds": lambda x, w, m: torch.clamp(x, min=-w, max=w) + x.clamp_min(0.1) + torch.maximum(x, w),
    "angles": lambda x, w, m: torch.atan2(x, w) + torch.asinh(x) + torch.logaddexp(x, w),
    "activations": lambda x, w, m: F.celu(x) + F.tanhshrink(x) + F.softshrink(x, 0.1) + F.threshold(x, 0.1, 0.5),
    "learned slope": lambda x, w, m: F.prelu(x, w),
    "filled": lambda x, w, m: x + torch.full_like(x, 2.0) + x.clone().zero_(),
    "nan": lambda x, w, m: x.masked_fill(torch.isnan(x), 0.0),
    "types": lambda x, w, m: x.type(torch.float64).type_as(x) * 2 + F.softmax(x, dim=-1, dtype=torch.float64).float(),
    "in place": lambda x, w, m: in_place(x),
    "mask": lambda x, w, m: written_by_mask(x),
    "zeros": lambda x, w, m: written_into_zeros(x),
    "slice": lambda x, w, m: cleared(x),
    "detached": lambda x, w, m: x * x.detach() + x * x.data,
}
REDUCING: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "largest": lambda x, w, m: x.max(-1)[0] + x.amin(-1) + torch.min(x, 1).values,
    "where it stands": lambda x, w, m: x.gather(1, x.max(-1, keepdim=True)[1].expand(-1, 3)),
    "all": lambda x, w, m: x * x.mean() - x.sum(),
    "ranked": lambda x, w, m: x.topk(3, dim=-1)[0] + torch.sort(x, -1, descending=True)[0][:, :3],
    "argsort": lambda x, w, m: x.gather(1, x.argsort(-1)),
    "products": lambda x, w, m: x.prod(-1, keepdim=True) + x.cumprod(-1),
    "counted": lambda x, w, m: x * (x > 1).any(-1, keepdim=True) / ((x > 0).sum(-1, keepdim=True) + 1),
    "integers": lambda x, w, m: ((x > 0).long().cumsum(-1) // 2) * x + (x > 0).cumsum(-1) * x,
    "one hot": lambda x, w, m: F.one_hot(x.argmax(-1), 8) * x,
    "spread": lambda x, w, m: x / (1 + torch.var_mean(x, -1, keepdim=True)[0]) + x.std(-1, keepdim=True),
    "lengths": lambda x, w, m: x / x.norm(p=1, dim=-1, keepdim=True) + x.norm(float("inf"), dim=-1, keepdim=True),
}
OTHERS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "vectors": lambda x, w, m: (x @ w)[:, None] + torch.dot(w, w) * x + x @ torch.outer(w, w),
    "batches": lambda x, w, m: torch.baddbmm(x[:, None], x[:, None], x[:, :, None] * m, beta=0.5, alpha=2),
    "equations": lambda x, w, m: torch.einsum("bi->b", x)[:, None] + torch.einsum("bi,ij", x, m),
    "triangle": lambda x, w, m: x @ m.tril() + x @ torch.triu(m, 1),
    "turned": lambda x, w, m: x.flip(-1) * w + (x[:, :, None] @ x[:, None]).mT.sum(1),
    "picked by two": lambda x, w, m: x * m[torch.tensor([[0, 1], [1, -1]]), torch.tensor([1, 2])].sum(),
    "picked by a list": lambda x, w, m: x[:, [1, 3, -1]] + x.index_select(1, torch.tensor([3, 1, 0])),
    "picked for each sample": lambda x, w, m: x.reshape(-1, 4, 2)[torch.arange(x.shape[0]), x.argmax(-1) % 4],
    "picked and cut": lambda x, w, m: x.reshape(-1, 2, 4)[:, 0, torch.tensor([1, 0])],
    "new axes": lambda x, w, m: x[:, None, [0, 2]],
    "infinite border": lambda x, w, m: F.max_pool1d(F.pad(x[:, None], (1, 1), value=float("-inf")), 3),
    "given filters": lambda x, w, m: F.conv1d(x[:, None], m[:1, :3].reshape(1, 1, 3), padding="same"),
    "given table": lambda x, w, m: F.embedding(x.argmax(-1), m, padding_idx=3) * x,
    "each channel": lambda x, w, m: F.instance_norm(x.reshape(-1, 2, 4)),
    "windows": lambda x, w, m: x.unfold(1, 4, 2),
    "odds": lambda x, w, m: torch.logit(x.sigmoid()) + torch.logit(w.sigmoid(), eps=0.3),
    "lengths of several axes": lambda x, w, m: F.normalize(x.reshape(-1, 2, 4) ** 3, dim=(1, 2)) * x.reshape(-1, 2, 4),
}
MAPS: dict[str, Callable[[Tensor], Tensor]] = {
    "largest": lambda x: F.adaptive_max_pool2d(x, 1),
    "means": lambda x: F.adaptive_avg_pool2d(x, (2, None)),
    "dropped channels": lambda x: F.dropout2d(x, 0.0),
    "folded": lambda x: F.fold(F.unfold(x, 3, padding=1), (8, 8), 3, padding=1),
    "resized": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "volumes": lambda x: F.max_pool3d(x[:, None], 2),
    "pixels": lambda x: F.pixel_shuffle(x, 2),
    "channels of pixels": lambda x: F.pixel_unshuffle(x, 2),
    "shuffled channels": lambda x: F.channel_shuffle(x, 2),
    "neighbouring channels": lambda x: F.local_response_norm(x, 3, alpha=0.5),
    "powers": lambda x: F.lp_pool2d(x.abs() + 0.1, 3.0, 2),
    "mirrored": lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
}
LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "Conv3d": (nn.Conv3d(3, 4, 3, padding=1), (2, 3, 4, 5, 6)),
    "MaxPool3d": (nn.MaxPool3d(2), (2, 3, 4, 6, 6)),
    "BatchNorm3d": (nn.BatchNorm3d(3), (2, 3, 4, 4, 4)),
    "InstanceNorm1d": (nn.InstanceNorm1d(3), (2, 3, 9)),
    "InstanceNorm2d": (nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 4, 4)),
    "PReLU": (nn.PReLU(3), (2, 3, 4, 4)),
    "AdaptiveMaxPool2d": (nn.AdaptiveMaxPool2d(2), (2, 3, 8, 8)),
    "Softmin": (nn.Softmin(-1), (2, 5)),
    "Hardshrink": (nn.Hardshrink(), (2, 5)),
    "ReflectionPad2d": (nn.ReflectionPad2d(1), (2, 3, 4, 4)),
    "ConstantPad1d": (nn.ConstantPad1d(2, 1.5), (2, 3, 4)),
    "Upsample": (nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 4, 4)),
    "Fold": (nn.Fold((4, 4), 2, stride=2), (2, 12, 4)),
}


@pytest.mark.parametrize("name", [*POINTWISE, *REDUCING, *OTHERS])
def test_a_call_on_rows(name: str):
    function: Any = {**POINTWISE, **REDUCING, **OTHERS}[name]
    imported(Calls(function), torch.randn(2, 8, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("name", MAPS)
def test_a_call_on_maps(name: str):
    imported(Maps(MAPS[name]), torch.randn(2, 4, 8, 8))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_torch_nn(name: str):
    layer, shape = LAYERS[name]
    imported(Holds(layer), torch.randn(shape))


def test_filters_of_each_samples_own():
    imported(Conditional(), torch.randn(2, 4, 5, 5))


def test_constants_for_every_sample_of_a_batch_that_is_not_at_hand():
    imported(Positioned(), torch.randn(2, 4, 5, 6))


def test_a_buffer_that_is_filled_at_the_first_call():
    imported(Caches(), torch.randn(2, 5, 8))


def test_constants_that_hold_several_positions_a_sample():
    imported(Shifted(), torch.randn(2, 12, 5))


def test_a_layer_keeps_a_weight_that_another_module_reads_by_another_name():
    found = imported(TiedOutside(), torch.randint(0, 9, (2, 3)))
    assert found.project.networks["main"].ties


def test_what_the_data_is_asked_for_a_warning_decides_nothing():
    imported(Warns(), torch.randint(1, 9, (2, 5)))


def test_what_the_data_is_asked_for_the_order_of_two_tensors_decides():
    found = import_with_report(Inside(), (torch.randn(2, 4),))
    assert [note.path for note in found.opaque] == ["swaps"]


def test_a_module_that_is_called_for_two_tables():
    imported(Turned(), torch.randn(2, 4))


def test_constants_that_a_function_keeps_for_later_calls():
    imported(Remembered(), torch.randn(2, 5, 8))


def test_a_buffer_beside_layers_of_a_module_that_is_never_called():
    imported(Biased(), torch.randn(2, 4))
