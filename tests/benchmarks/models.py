"""Drawings of the sizes that benchmarks are about: ResNet-50, ViT-B/16, and chains of a thousand and more layers."""

from __future__ import annotations

from collections.abc import Callable

from graph_core import Param, Project, edits
from graph_core.graph import Graph
from tests.templates import Step, chain, finish, new_graph, new_project, projection


def resnet50() -> Project:
    """ResNet-50 (He et al. 2015; stride in the 3×3 convolution, as torchvision has it): 25,557,032 parameters."""
    project = new_project("resnet50", "ResNet50")
    projection(project, bias=False)
    block = new_graph(project, "bottleneck", "Bottleneck", width=None, stride=1)
    block.add("Input", id="x", name="x", shape=["N", "in_channels", "H", "W"])
    end = chain(
        block,
        "x.y",
        ("c1", "Conv2d", "conv1", {"out_channels": "width", "kernel_size": 1, "bias": False}),
        ("b1", "BatchNorm2d", "bn1", {}),
        ("a1", "ReLU", "relu1", {}),
        ("c2", "Conv2d", "conv2", {"out_channels": "width", "padding": 1, "stride": "stride", "bias": False}),
        ("b2", "BatchNorm2d", "bn2", {}),
        ("a2", "ReLU", "relu2", {}),
        ("c3", "Conv2d", "conv3", {"out_channels": "4 * width", "kernel_size": 1, "bias": False}),
        ("b3", "BatchNorm2d", "bn3", {}),
    )
    shortcut = {"out_channels": "4 * width", "stride": "stride"}
    beside = chain(block, "x.y", ("d1", "projection", "downsample", shortcut))
    edits.set_when(block, "d1", "stride != 1 or in_channels != 4 * width")
    join(block, "e1", "add", end, beside)
    finish(block, chain(block, "e1.y", ("a3", "ReLU", "relu3", {})))
    graph = project.networks["main"]
    edits.set_graph_param(graph, "num_classes", Param(1000))
    graph.add("Input", id="x", name="x", shape=["N", 3, 224, 224])
    stride = {"stride": "2 if i == 0 else 1"}
    stages: list[Step] = [
        (f"s{k}", "bottleneck", f"layer{k}", {"width": 32 << k, **(stride if k > 1 else {})}) for k in (1, 2, 3, 4)
    ]
    end = chain(
        graph,
        "x.y",
        ("c1", "Conv2d", "conv1", {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}),
        ("b1", "BatchNorm2d", "bn1", {}),
        ("a1", "ReLU", "relu", {}),
        ("p1", "MaxPool2d", "maxpool", {"kernel_size": 3, "stride": 2, "padding": 1}),
        *stages,
        ("p2", "AdaptiveAvgPool2d", "avgpool", {}),
        ("f1", "Flatten", "flatten", {}),
        ("l1", "Linear", "fc", {"out_features": "num_classes"}),
    )
    finish(graph, end)
    for stage, times in zip(stages, (3, 4, 6, 3), strict=True):
        edits.set_repeat(graph, stage[0], times)
    return project


def vit_b_16() -> Project:
    """ViT-B/16 (Dosovitskiy et al. 2020) on 224×224 images, its class read from the mean of the patches."""
    project = new_project("vit_b_16", "ViT")
    block = new_graph(project, "encoder_block", "EncoderBlock", num_heads=12, mlp_dim=3072)
    block.add("Input", id="x", name="x", shape=["N", "T", "dim"])
    normed = chain(block, "x.y", ("n1", "LayerNorm", "ln_1", {}))
    block.add("MultiheadAttention", id="a1", name="self_attention", num_heads="num_heads")
    for port in ("query", "key", "value"):
        block.connect(normed, f"a1.{port}")
    join(block, "e1", "add1", "a1.y", "x.y")
    end = chain(
        block,
        "e1.y",
        ("n2", "LayerNorm", "ln_2", {}),
        ("l1", "Linear", "fc1", {"out_features": "mlp_dim"}),
        ("g1", "GELU", "gelu", {}),
        ("l2", "Linear", "fc2", {"out_features": "dim"}),
    )
    join(block, "e2", "add2", end, "e1.y")
    finish(block, "e2.y")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 3, 224, 224])
    end = chain(
        graph,
        "x.y",
        ("c1", "Conv2d", "conv_proj", {"out_channels": 768, "kernel_size": 16, "stride": 16}),
        ("f1", "Flatten", "flatten", {"start_dim": 2}),
        ("p1", "Permute", "permute", {"dims": [0, 2, 1]}),
        ("q1", "PositionalEncoding", "positions", {}),
        ("r1", "encoder_block", "layers", {}),
        ("n1", "LayerNorm", "ln", {}),
        ("m1", "Mean", "pool", {"dim": [1]}),
        ("l1", "Linear", "head", {"out_features": 1000}),
    )
    finish(graph, end)
    edits.set_repeat(graph, "r1", 12)
    return project


def convolutions(length: int) -> Project:
    """A chain of convolutions, ``length`` of them, on 32×32 maps of 16 channels."""
    project = Project.new("chain")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 16, 32, 32])
    steps: list[Step] = [(f"c{k}", "Conv2d", f"conv{k}", {"out_channels": 16, "padding": 1}) for k in range(length)]
    finish(graph, chain(graph, "x.y", *steps))
    return project


def join(graph: Graph, id: str, name: str, a: str, b: str) -> None:
    """Add the sum of two outputs."""
    graph.add("Add", id=id, name=name)
    graph.connect(a, f"{id}.a")
    graph.connect(b, f"{id}.b")


SUBJECTS: dict[str, Callable[[], Project]] = {
    "resnet50": resnet50,
    "vit_b_16": vit_b_16,
    "chain of 1,000": lambda: convolutions(1000),
    "chain of 5,000": lambda: convolutions(5000),
}
