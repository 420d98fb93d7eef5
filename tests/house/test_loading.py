"""What starts first loads little: torch, ONNX, formulas and plots come when they are first needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.source import ROOT

HEAVY = {"torch", "onnx", "onnxruntime", "onnxscript", "sklearn", "scipy", "sympy", "pyqtgraph"}
QT = {"PySide6", "shiboken6"}

DRAW = """
from graph_core import Project
project = Project.new("tiny")
graph = project.networks["main"]
graph.add("Input", id="x", shape=["N", 3, 32, 32])
graph.add("Conv2d", id="c", name="stem", out_channels=16)
graph.add("Output", id="y")
graph.connect("x.y", "c.x")
graph.connect("c.y", "y.x")
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``code``."""
    report = "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code + report], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import graph_core.layer as l; assert l.layer_types()", HEAVY | QT | {"numpy"}, id="graph_core"),
        pytest.param("import codegen", HEAVY | QT | {"numpy"}, id="codegen"),
    ],
)
def test_loads_neither(code: str, unwanted: set[str]):
    assert loaded_by(code) & unwanted == set()


def test_a_heavy_import_is_seen():
    assert {"sympy", "PySide6"} <= loaded_by("import sympy\nfrom PySide6 import QtCore")
