"""What starts first loads little: torch, ONNX, formulas and plots come when they are first needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.first_paint import opened
from tests.house.source import ROOT, sources

HEAVY = {"torch", "onnx", "onnxruntime", "onnxscript", "sklearn", "scipy", "sympy", "pyqtgraph", "ziamath"}
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


def there(*modules: str) -> list[str]:
    """Those of ``modules`` that the project has."""
    known = {source.module for source in sources()}
    return [module for module in modules if module in known]


def test_the_core_loads_neither_torch_nor_qt():
    code = "import graph_core\nfrom graph_core.layer import layer_types\nassert layer_types()"
    assert loaded_by(code) & (HEAVY | QT | {"numpy"}) == set()


def test_codegen_loads_nothing_before_it_is_needed():
    assert loaded_by("import codegen") & (HEAVY | QT | {"numpy"}) == set()


@pytest.mark.parametrize("module", there("codegen.emit"))
def test_writing_source_loads_neither_torch_nor_qt(module: str):
    code = DRAW + "from codegen import emit_source\nassert 'nn.Conv2d(3, 16, 3)' in emit_source(project)"
    assert loaded_by(code) & (HEAVY | QT | {"numpy"}) == set()


@pytest.mark.parametrize("module", there("designer.command"))
def test_the_command_line_starts_without_qt_and_torch(module: str):
    assert loaded_by(f"import {module}") & (HEAVY | QT) == set()


@pytest.mark.parametrize("module", there("designer.window"))
def test_the_window_starts_without_torch_formulas_and_plots(module: str):
    assert loaded_by(f"import {module}") & HEAVY == set()


@pytest.mark.parametrize("words", [(), ("--new", "lenet")])
def test_the_first_paint_needs_none_of_them(words: tuple[str, ...]):
    loaded = opened(*words)
    heavy = HEAVY | {"symengine", "pygments", "networkx", "numpy.ma", "designer.panels.code", "designer.export_dialog"}
    assert loaded & heavy == set()
    assert "designer.window" in loaded


def test_no_module_of_the_window_loads_what_workers_need():
    modules = [source.module for source in sources("designer") if source.module != "designer.__main__"]
    code = "from importlib import import_module\n" + "\n".join(f"import_module({name!r})" for name in modules)
    assert loaded_by(code) & (HEAVY - {"pyqtgraph"}) == set()


def test_a_heavy_import_is_seen():
    assert {"sympy", "PySide6"} <= loaded_by("import sympy\nfrom PySide6 import QtCore")


def test_checking_a_drawing_loads_no_formulas():
    code = DRAW + "from graph_core import analyze\nassert analyze(project).sound\nassert analyze(project).memory"
    assert loaded_by(code) & (HEAVY | QT | {"numpy", "symengine"}) == set()
    assert "symengine" in loaded_by(code + "\nassert analyze(project).formulas")
