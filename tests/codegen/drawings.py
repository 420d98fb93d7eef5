"""Drawings that the tests train and export."""

from __future__ import annotations

from graph_core import Project, edits


def chain(*layers: tuple[str, dict[str, object]], shape: tuple[object, ...], name: str = "drawn") -> Project:
    """A network of layers in a row; each is its type and its parameters, and is named after its type and place."""
    project = Project.new(name)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=list(shape))
    before = "x.y"
    for number, (type, params) in enumerate(layers, 1):
        id = f"n{number}"
        graph.add(type, id=id, name=f"{type.lower()}{number}", **params)
        graph.connect(before, f"{id}.x")
        before = f"{id}.y"
    graph.add("Output", id="y")
    graph.connect(before, "y.x")
    return project


def lenet() -> Project:
    """A LeNet for 8×8 digits that learns them within a few epochs."""
    project = chain(
        ("Conv2d", {"out_channels": 16, "padding": 1}),
        ("ReLU", {}),
        ("MaxPool2d", {}),
        ("Conv2d", {"out_channels": 32, "padding": 1}),
        ("ReLU", {}),
        ("MaxPool2d", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
        shape=("N", 1, 8, 8),
        name="lenet",
    )
    edits.set_setup(project, "main", "optimizer", {"kind": "AdamW", "lr": 0.01})
    edits.set_setup(project, "main", "training", {"data": "digits", "epochs": 8, "batch_size": 32})
    return project


def mlp() -> Project:
    """A small network with a state and with random numbers: batch normalization and dropout."""
    return chain(
        ("Linear", {"out_features": 32}),
        ("BatchNorm1d", {}),
        ("ReLU", {}),
        ("Dropout", {"p": 0.2}),
        ("Linear", {"out_features": 10}),
        shape=("N", 64),
        name="mlp",
    )
