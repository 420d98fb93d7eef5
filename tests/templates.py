"""The templates, drawn through the public verbs. ``python -m tests.templates`` writes their files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graph_core import Param, Project, dumps, edits
from graph_core.graph import Graph

FOLDER = Path(__file__).parents[1] / "assets" / "templates"
Step = tuple[str, str, str, dict[str, Any]]  # id, type, name, parameters

DIGITS = {"data": "digits", "epochs": 40, "batch_size": 32, "schedule": "one-cycle"}


def new_project(name: str, title: str) -> Project:
    """A project whose only network becomes the class ``title``."""
    project = Project.new(name)
    with project.editing("Name the network"):
        project.record("main", "head", "name", title)
    return project


def new_graph(project: Project, key: str, name: str, **params: Any) -> Graph:
    """A graph for a block, with its parameters and their defaults; None for one that must be given."""
    with project.editing(f"New block {name}"):
        project.record("", "graphs", key, True)
        project.record(key, "head", "name", name)
        for param, default in params.items():
            edits.set_graph_param(project.graphs[key], param, Param(default))
    return project.graphs[key]


def chain(graph: Graph, source: str, *steps: Step) -> str:
    """Add nodes, each wired to the one before; gives the last output."""
    for id, type, name, params in steps:
        node = graph.add(type, id=id, name=name, **params)
        graph.connect(source, f"{id}.{graph.in_ports(node)[0]}")
        source = f"{id}.{graph.out_ports(node)[0]}"
    return source


def finish(graph: Graph, source: str) -> None:
    """The Output of a graph."""
    graph.add("Output", id="y", name="y")
    graph.connect(source, "y.x")


def train_on_digits(project: Project, lr: float) -> None:
    """The set-up for the bundled handwritten digits."""
    edits.set_setup(project, "main", "optimizer", {"kind": "AdamW", "lr": lr, "weight_decay": 0.01})
    edits.set_setup(project, "main", "training", DIGITS)


def mlp() -> Project:
    """Three dense layers on 8×8 digits."""
    project = new_project("mlp", "MLP")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 1, 8, 8])
    end = chain(
        graph,
        "x.y",
        ("f1", "Flatten", "flatten", {}),
        ("l1", "Linear", "fc1", {"out_features": 128}),
        ("a1", "ReLU", "relu1", {}),
        ("l2", "Linear", "fc2", {"out_features": 64}),
        ("a2", "ReLU", "relu2", {}),
        ("l3", "Linear", "fc3", {"out_features": 10}),
    )
    finish(graph, end)
    train_on_digits(project, 0.005)
    return project


def lenet() -> Project:
    """LeCun's network of 1998 for 8×8 digits: two convolutions, two pools, three dense layers."""
    project = new_project("lenet", "LeNet")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 1, 8, 8])
    end = chain(
        graph,
        "x.y",
        ("c1", "Conv2d", "conv1", {"out_channels": 16, "padding": 1}),
        ("a1", "ReLU", "relu1", {}),
        ("p1", "MaxPool2d", "pool1", {}),
        ("c2", "Conv2d", "conv2", {"out_channels": 32, "padding": 1}),
        ("a2", "ReLU", "relu2", {}),
        ("p2", "MaxPool2d", "pool2", {}),
        ("f1", "Flatten", "flatten", {}),
        ("l1", "Linear", "fc1", {"out_features": 120}),
        ("a3", "ReLU", "relu3", {}),
        ("l2", "Linear", "fc2", {"out_features": 84}),
        ("a4", "ReLU", "relu4", {}),
        ("l3", "Linear", "fc3", {"out_features": 10}),
    )
    finish(graph, end)
    train_on_digits(project, 0.01)
    return project


def projection(project: Project, *, bias: bool) -> None:
    """The 1×1 convolution and batch norm by which a shortcut takes the shape of the main path."""
    graph = new_graph(project, "projection", "Projection", out_channels=None, stride=1)
    graph.add("Input", id="x", name="x", shape=["N", "in_channels", "H", "W"])
    conv = {"out_channels": "out_channels", "kernel_size": 1, "stride": "stride"} | ({} if bias else {"bias": False})
    finish(graph, chain(graph, "x.y", ("c1", "Conv2d", "0", conv), ("b1", "BatchNorm2d", "1", {})))


def residual(project: Project, key: str, name: str, shortcut: str, *, bias: bool) -> None:
    """Two 3×3 convolutions beside a shortcut, which is projected only where the shapes differ."""
    projection(project, bias=bias)
    graph = new_graph(project, key, name, out_channels=None, stride=1)
    graph.add("Input", id="x", name="x", shape=["N", "in_channels", "H", "W"])
    plain = {"out_channels": "out_channels", "padding": 1} | ({} if bias else {"bias": False})
    end = chain(
        graph,
        "x.y",
        ("c1", "Conv2d", "conv1", {**plain, "stride": "stride"}),
        ("b1", "BatchNorm2d", "bn1", {}),
        ("a1", "ReLU", "relu1", {}),
        ("c2", "Conv2d", "conv2", plain),
        ("b2", "BatchNorm2d", "bn2", {}),
    )
    beside = chain(graph, "x.y", ("d1", "projection", shortcut, {"out_channels": "out_channels", "stride": "stride"}))
    edits.set_when(graph, "d1", "stride != 1 or in_channels != out_channels")
    graph.add("Add", id="e1", name="add")
    graph.connect(end, "e1.a")
    graph.connect(beside, "e1.b")
    finish(graph, chain(graph, "e1.y", ("f1", "ReLU", "relu2", {})))


def resblock() -> Project:
    """One residual block, 64 to 128 channels with stride 2."""
    project = new_project("resblock", "Net")
    residual(project, "resblock", "ResBlock", "shortcut", bias=True)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 64, 56, 56])
    finish(graph, chain(graph, "x.y", ("r1", "resblock", "block", {"out_channels": 128, "stride": 2})))
    return project


def resnet18() -> Project:
    """ResNet-18 by torchvision's names: a stem, four stages of two basic blocks, a classifier."""
    project = new_project("resnet18", "ResNet18")
    residual(project, "basic_block", "BasicBlock", "downsample", bias=False)
    graph = project.networks["main"]
    edits.set_graph_param(graph, "num_classes", Param(1000))
    graph.add("Input", id="x", name="x", shape=["N", 3, 224, 224])
    stem = {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}
    stages: list[Step] = [
        (
            f"s{k}",
            "basic_block",
            f"layer{k}",
            {"out_channels": 32 << k, **({"stride": "2 if i == 0 else 1"} if k > 1 else {})},
        )
        for k in (1, 2, 3, 4)
    ]
    end = chain(
        graph,
        "x.y",
        ("c1", "Conv2d", "conv1", stem),
        ("b1", "BatchNorm2d", "bn1", {}),
        ("a1", "ReLU", "relu", {}),
        ("p1", "MaxPool2d", "maxpool", {"kernel_size": 3, "stride": 2, "padding": 1}),
        *stages,
        ("p2", "AdaptiveAvgPool2d", "avgpool", {}),
        ("f1", "Flatten", "flatten", {}),
        ("l1", "Linear", "fc", {"out_features": "num_classes"}),
    )
    finish(graph, end)
    for stage in stages:
        edits.set_repeat(graph, stage[0], 2)
    return project


def lstm_classifier() -> Project:
    """Words to vectors, an LSTM along them, its last step to class scores."""
    project = new_project("lstm_classifier", "LSTMClassifier")
    edits.set_symbol(project, "T", 64)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="tokens", shape=["N", "T"], dtype="int64")
    end = chain(
        graph,
        "x.y",
        ("e1", "Embedding", "embed", {"num_embeddings": 10000, "embedding_dim": 128}),
        ("r1", "LSTM", "lstm", {"hidden_size": 256}),
        ("s1", "Select", "last", {}),
        ("d1", "Dropout", "dropout", {"p": 0.2}),
        ("l1", "Linear", "fc", {"out_features": 4}),
    )
    finish(graph, end)
    return project


def lstm_cell(project: Project) -> Graph:
    """One step of an LSTM by its six equations: four gates over [x, h], the cell, the state."""
    graph = new_graph(project, "lstm_cell", "LSTMCell", hidden_size=64)
    graph.add("Input", id="x1", name="x", shape=["N", "features"])
    graph.add("Input", id="x2", name="h", shape=["N", "hidden_size"])
    graph.add("Input", id="x3", name="c", shape=["N", "hidden_size"])
    graph.add("Concat", id="k1", name="xh")
    graph.connect("x1.y", "k1.x0")
    graph.connect("x2.y", "k1.x1")
    gates = {
        "i": ("Sigmoid", "input_gate"),
        "f": ("Sigmoid", "forget_gate"),
        "g": ("Tanh", "cell_gate"),
        "o": ("Sigmoid", "output_gate"),
    }
    for gate, (type, name) in gates.items():
        linear = (f"l{gate}", "Linear", name, {"out_features": "hidden_size"})
        chain(graph, "k1.y", linear, (f"a{gate}", type, f"{gate}_t", {}))
    for id, type, name, a, b in (
        ("m1", "Mul", "kept", "af.y", "x3.y"),
        ("m2", "Mul", "written", "ai.y", "ag.y"),
        ("s1", "Add", "c_t", "m1.y", "m2.y"),
    ):
        graph.add(type, id=id, name=name)
        graph.connect(a, f"{id}.a")
        graph.connect(b, f"{id}.b")
    graph.add("Tanh", id="t1", name="tanh")
    graph.connect("s1.y", "t1.x")
    graph.add("Mul", id="m3", name="h_t")
    graph.connect("ao.y", "m3.a")
    graph.connect("t1.y", "m3.b")
    for id, name, source in (("y1", "y", "m3.y"), ("y2", "h", "m3.y"), ("y3", "c", "s1.y")):
        graph.add("Output", id=id, name=name)
        graph.connect(source, f"{id}.x")
    return graph


def lstm_gates() -> Project:
    """An LSTM drawn from its gates, stepped along the rows of a digit, its last state to class scores."""
    project = new_project("lstm_gates", "LSTMGates")
    lstm_cell(project)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 1, 8, 8])
    rows = chain(graph, "x.y", ("s1", "Select", "rows", {"index": 0}))
    graph.add("lstm_cell", id="r1", name="lstm")
    graph.connect(rows, "r1.x1")
    edits.set_scan(graph, "r1", 1, ["x1"], ["x2", "x3"])
    finish(graph, chain(graph, "r1.y1", ("s2", "Select", "last", {}), ("l1", "Linear", "fc", {"out_features": 10})))
    train_on_digits(project, 0.005)
    return project


def transformer_encoder() -> Project:
    """Six encoder layers as in Vaswani et al. 2017, normalized after each sum, by torch's names."""
    project = new_project("transformer_encoder", "TransformerEncoder")
    edits.set_symbol(project, "T", 128)
    layer = new_graph(project, "encoder_layer", "EncoderLayer", num_heads=8, dim_feedforward=2048, dropout=0.1)
    layer.add("Input", id="x", name="x", shape=["N", "T", "dim"])
    drop = {"p": "dropout"}
    layer.add("MultiheadAttention", id="a1", name="self_attn", num_heads="num_heads", dropout="dropout")
    for port in ("query", "key", "value"):
        layer.connect("x.y", f"a1.{port}")
    one = chain(layer, "a1.y", ("d1", "Dropout", "dropout1", drop))
    layer.add("Add", id="e1", name="add1")
    layer.connect("x.y", "e1.a")
    layer.connect(one, "e1.b")
    normed = chain(layer, "e1.y", ("n1", "LayerNorm", "norm1", {}))
    two = chain(
        layer,
        normed,
        ("l1", "Linear", "linear1", {"out_features": "dim_feedforward"}),
        ("f1", "ReLU", "relu", {}),
        ("d2", "Dropout", "dropout", drop),
        ("l2", "Linear", "linear2", {"out_features": "dim"}),
        ("d3", "Dropout", "dropout2", drop),
    )
    layer.add("Add", id="e2", name="add2")
    layer.connect(normed, "e2.a")
    layer.connect(two, "e2.b")
    finish(layer, chain(layer, "e2.y", ("n2", "LayerNorm", "norm2", {})))
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", "T", 512])
    finish(graph, chain(graph, "x.y", ("r1", "encoder_layer", "layers", {})))
    edits.set_repeat(graph, "r1", 6)
    return project


# Name -> how it is drawn, its title, one line of help, words that search finds it by. In the order of the gallery.
TEMPLATES: dict[str, tuple[Callable[[], Project], str, str, list[str]]] = {
    "mlp": (mlp, "MLP", "Three dense layers that read 8×8 digits.", ["image", "digits", "start"]),
    "lenet": (
        lenet,
        "LeNet",
        "Two convolutions and three dense layers that read 8×8 digits; ready to train.",
        ["image", "digits", "start", "convolution"],
    ),
    "resnet18": (
        resnet18,
        "ResNet-18",
        "Eighteen layers with residual shortcuts, for 224×224 images; torchvision's names.",
        ["image", "residual", "convolution"],
    ),
    "resblock": (
        resblock,
        "Residual block",
        "One block whose shortcut is projected only where shapes differ.",
        ["block", "residual", "convolution"],
    ),
    "lstm_classifier": (
        lstm_classifier,
        "LSTM classifier",
        "Words to vectors, an LSTM along them, its last step to classes.",
        ["text", "recurrent", "sequence"],
    ),
    "lstm_gates": (
        lstm_gates,
        "LSTM from its gates",
        "A cell of six equations, stepped along the rows of 8×8 digits; ready to train.",
        ["recurrent", "sequence", "scan", "digits", "cell"],
    ),
    "transformer_encoder": (
        transformer_encoder,
        "Transformer encoder",
        "Six layers of attention and feed-forward maps, normalized after each sum.",
        ["text", "attention", "sequence"],
    ),
}


def files() -> dict[str, str]:
    """Every file of the folder by its name, as it should be."""
    found = {f"{name}.netw": dumps(draw()) for name, (draw, *_) in TEMPLATES.items()}
    rows = [
        {"name": name, "title": title, "help": help, "tags": tags} for name, (_, title, help, tags) in TEMPLATES.items()
    ]
    found["index.json"] = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in files().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
