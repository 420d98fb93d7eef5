"""Long lists of layers are written as loops over what differs in them, with the very same modules."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from codegen.emit.back import flow_back, put_back
from graph_core import Project
from tests.codegen.intake.equal import imported
from tests.codegen.test_emit_printing import ruff_format


class Net(nn.Module):
    """A list of layers, and a classifier."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.features, self.fc = nn.Sequential(*layers), nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).flatten(1))


def vgg(*stages: tuple[int, ...], norm: bool = True) -> Net:
    """Stages of convolutions, each with a pooling at its end."""
    layers: list[nn.Module] = []
    channels = 3
    for stage in stages:
        for width in stage:
            layers += [nn.Conv2d(channels, width, 3, padding=1), *([nn.BatchNorm2d(width)] if norm else []), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return Net(*layers)


def drawn(module: nn.Module, size: int) -> Project:
    module(torch.randn(2, 3, size, size))  # gives lazy layers their sizes
    return imported(module, torch.randn(2, 3, size, size)).project


def test_stages_are_a_loop_over_their_widths():
    project = drawn(vgg((4, 4), (8, 8), (8, 6, 8)), 16)
    source = emit_source(project)
    assert "for widths in [[4, 4], [8, 8], [8, 6, 8]]:" in source
    assert "nn.Conv2d(in_width, out_width, 3, padding=1)" in source
    assert "layers.append(nn.MaxPool2d(2))" in source
    assert source.count("nn.Conv2d(") == 1
    assert ruff_format(source) == source


def test_groups_without_an_end_are_one_loop():
    body = [part for width in (4, 6, 8, 6, 4, 5, 7) for part in (nn.LazyConv2d(width, 3, padding=1), nn.LeakyReLU(0.2))]
    source = emit_source(drawn(Net(nn.Conv2d(3, 5, 1), *body, nn.Dropout(0.5)), 8))
    assert "for out_width in [4, 6, 8, 6, 4, 5, 7]:" in source
    assert "nn.Sequential(*layers, nn.Dropout(0.0))" in source
    assert ruff_format(source) == source


def test_several_numbers_that_differ_stand_beside_each_other():
    sizes = [(4, 1), (6, 3), (6, 5), (8, 3), (7, 1)]
    parts = [(nn.LazyConv2d(w, kernel, padding=2), nn.LazyBatchNorm2d(), nn.ReLU()) for w, kernel in sizes]
    source = emit_source(drawn(Net(*(part for group in parts for part in group)), 8))
    assert "for out_width, size in [(4, 1), (6, 3), (6, 5), (8, 3), (7, 1)]:" in source
    assert ruff_format(source) == source


def test_a_list_within_a_list_has_its_loop_before_it():
    layers = vgg((4, 4), (8, 8), (8, 6, 8)).features
    module = nn.Sequential(layers, nn.Flatten(), nn.LazyLinear(3))
    source = emit_source(drawn(module, 16))
    assert "super().__init__(nn.Sequential(*layers), nn.Flatten(1), nn.Linear(" in " ".join(source.split())


def test_a_few_groups_are_written_out():
    source = emit_source(drawn(vgg((4,), (6,), norm=False), 8))
    assert source.count("nn.Conv2d(") == 2
    assert "for " not in source


def test_a_width_in_a_table_flows_back():
    project = drawn(vgg((4, 4), (8, 8), (8, 6, 8)), 16)
    source = emit_source(project)
    put_back(project, flow_back(project, "main", source.replace("[8, 8]", "[8, 9]")))
    assert "[[4, 4], [8, 9], [8, 6, 8]]" in emit_source(project)
    assert build_module(project).state_dict()["features.10.weight"].shape == (9, 8, 3, 3)


def test_the_lines_of_a_loop_are_those_of_its_layers():
    from codegen.emit import emit_with_spans

    project = drawn(vgg((4, 4), (8, 8), (8, 6, 8)), 16)
    source, spans = emit_with_spans(project)
    lines = source.splitlines()
    graph = project.networks["main"]
    [features] = [node for node in graph.nodes.values() if node.name == "features"]
    covered = {number for first, last in spans[graph.key, features.id] for number in range(first, last + 1)}
    assert all(number in covered for number, line in enumerate(lines, 1) if "layers" in line or "widths" in line)
