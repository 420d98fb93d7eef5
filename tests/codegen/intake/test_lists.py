"""Lists that lack some of each other's layers become one: what is not there leaves no place, as in a list in Python."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from codegen.emit import emit_with_spans
from codegen.emit.back import flow_back, put_back
from codegen.weights import weight_keys
from graph_core import Project, analyze, dumps, edits, loads
from graph_core.architecture import five_tuple
from graph_core.chains import CLOSED
from graph_core.complexity import complexity
from tests.codegen.intake.equal import imported
from tests.codegen.test_emit_printing import ruff_format


class Squeeze(nn.Module):
    """Scales channels by what is squeezed out of them."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.up(self.down(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class ConvNorm(nn.Sequential):
    """A convolution and a normalization, with one activation, another, or none."""

    def __init__(self, a: int, b: int, kernel: int, groups: int = 1, act: type[nn.Module] | None = nn.ReLU) -> None:
        parts = [nn.Conv2d(a, b, kernel, padding=kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(b)]
        super().__init__(*parts, *([act()] if act else []))


class Inverted(nn.Module):
    """What MobileNet is made of: it grows where it is told to, and squeezes where it is told to."""

    def __init__(self, a: int, wide: int, b: int, squeeze: int, act: type[nn.Module]) -> None:
        super().__init__()
        layers: list[nn.Module] = [ConvNorm(a, wide, 1, act=act)] if wide != a else []
        layers.append(ConvNorm(wide, wide, 3, groups=wide, act=act))
        layers += [Squeeze(wide, squeeze)] if squeeze else []
        layers.append(ConvNorm(wide, b, 1, act=None))
        self.block = nn.Sequential(*layers)
        self.adds = a == b

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.adds else self.block(x)


SETTINGS = [
    (8, 8, 8, 0, nn.ReLU),
    (8, 24, 12, 0, nn.ReLU),
    (12, 36, 12, 5, nn.Hardswish),
    (12, 40, 16, 6, nn.Hardswish),
    (16, 16, 16, 7, nn.ReLU),
]


class Mobile(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(ConvNorm(3, 8, 3), *(Inverted(*setting) for setting in SETTINGS))

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


@pytest.fixture(scope="module")
def project() -> Project:
    return imported(Mobile(), torch.randn(2, 3, 8, 8)).project


def test_lists_are_one_with_conditions(project: Project):
    source = emit_source(project)
    assert source.count("\nclass ") == 4
    assert "if in_channels != width:\n            layers.append(" in source
    assert "if squeeze_width > 0:\n            layers.append(Squeeze(width, squeeze_width))" in source
    assert ruff_format(source) == source


def test_of_two_activations_one_is_there(project: Project):
    source = emit_source(project)
    assert "with_relu=not with_hardswish" in source or "with_hardswish=not with_relu" in source
    pair = nn.Sequential(*(nn.Sequential(ConvNorm(3, 3, 1, act=act), nn.Dropout()) for act in (nn.GELU, nn.Tanh)))
    source = emit_source(imported(pair, torch.randn(2, 3, 4, 4)).project)
    assert source.count("class ConvNorm") == 1
    assert "nn.GELU() if with_gelu else nn.Tanh()" in source or "nn.Tanh() if with_tanh else nn.GELU()" in source


def test_all_that_names_a_weight_knows_its_place(project: Project):
    wanted = set(Mobile().state_dict())
    assert {path for path, _ in weight_keys(project, "main")} == wanted
    owners = {path.rpartition(".")[0] for path in wanted}
    assert {row.path for row in analyze(project).layers} >= owners
    assert {row.path for row in five_tuple(project).rows} == owners - {"features"}
    assert {cost.path for cost in complexity(project).layers} >= owners


def test_a_file_keeps_it(project: Project):
    again = loads(dumps(project))
    assert any(graph.head.get(CLOSED) for graph in again.graphs.values())
    assert emit_source(again) == emit_source(project)


def test_one_that_is_no_chain_any_more_has_its_own_names(project: Project):
    changed = loads(dumps(project))
    graph = next(g for g in changed.graphs.values() if g.head.get(CLOSED) and len(g.nodes) == 6)
    first = next(id for id, node in graph.nodes.items() if node.name == "1")
    edits.connect(graph, f"{first}.{graph.out_ports(graph.nodes[first])[0]}", f"{edits.add(graph, 'Output').id}.x")
    paths = {path for path, _ in weight_keys(changed, "main")}
    assert paths == set(build_module(changed).state_dict())
    assert paths != {path for path, _ in weight_keys(project, "main")}


def test_a_value_in_a_list_flows_back(project: Project):
    changed = loads(dumps(project))
    source, _ = emit_with_spans(changed)
    new = source.replace("Inverted(8, 24, 12, 0", "Inverted(8, 28, 12, 0")
    assert new != source
    put_back(changed, flow_back(changed, "main", new))
    assert emit_source(changed) == new


def test_lists_with_little_in_common_stay_apart():
    parts = [nn.Sequential(nn.Linear(6, 6), nn.ReLU()), nn.Sequential(nn.LayerNorm(6), nn.Dropout(0.5))]

    class Around(nn.Module):
        def __init__(self, body: nn.Module) -> None:
            super().__init__()
            self.body, self.fc = body, nn.Linear(6, 6)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.body(x))

    source = emit_source(imported(nn.Sequential(*map(Around, parts)), torch.randn(2, 6)).project)
    assert source.count("class Around") == 2
