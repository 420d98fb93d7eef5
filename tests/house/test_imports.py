"""Imports point one way, designer → codegen → graph_core, and never in a circle."""

from __future__ import annotations

import pytest

from tests.house.source import Source, imports, sources, within

QT = ("PySide6", "shiboken6", "pyqtgraph", "superqt")
HEAVY = ("torch", "onnx", "onnxruntime", "onnxscript", "onnx_ir", "sklearn", "sympy")
FORBIDDEN = {
    # An architecture is plain data: it needs no numbers of a network, and no screen.
    "graph_core": ("codegen", "designer", "torch", "numpy", "onnx", "onnxruntime", "onnxscript", "sklearn", *QT),
    "codegen": ("designer", *QT),
    # What needs torch runs in a worker's process, never in the window's.
    "designer": HEAVY,
}

# Circles that are closed inside functions on purpose. May only shrink.
CIRCLES = [
    ["graph_core.edits", "graph_core.graph"],  # Graph.add and its like are the public shorthand of edits
]


def offences(source: Source) -> list[str]:
    """The imports of ``source`` that its package may not have, as ``path:line imports name``."""
    package = source.path.split("/")[0]
    forbidden = (*FORBIDDEN[package], "tests")
    return [f"{source.path}:{one.line} imports {one.name}" for one in imports(source) if within(one.name, forbidden)]


def cycles(modules: tuple[Source, ...]) -> list[list[str]]:
    """Circles of modules that import each other, each once, starting at its first name.

    Imports for types only do not run. Those by a call (``import_module``) are how a registry that knows no names
    finds its entries, which import the registry.
    """
    known = frozenset(source.module for source in modules)
    below = {
        source.module: sorted(
            {one.name for one in imports(source, known) if not one.for_types and not one.by_call}
            & known - {source.module}
        )
        for source in modules
    }
    found: set[tuple[str, ...]] = set()
    state: dict[str, str] = {}
    trail: list[str] = []

    def visit(module: str) -> None:
        state[module] = "open"
        trail.append(module)
        for other in below[module]:
            if state.get(other) == "open":
                circle = trail[trail.index(other) :]
                start = circle.index(min(circle))
                found.add((*circle[start:], *circle[:start]))
            elif other not in state:
                visit(other)
        trail.pop()
        state[module] = "done"

    for module in sorted(below):
        if module not in state:
            visit(module)
    return [list(circle) for circle in sorted(found)]


def test_imports_point_one_way():
    assert [offence for source in sources() for offence in offences(source)] == []


def test_no_other_modules_import_each_other_in_a_circle():
    assert cycles(sources()) == CIRCLES


@pytest.mark.parametrize(
    "text",
    [
        "import designer.window",
        "def f():\n    from designer import theme",
        "from ...designer import theme",
        "import importlib\nimportlib.import_module('designer.canvas')",
        "if TYPE_CHECKING:\n    from PySide6.QtGui import QColor",
        "async def f():\n    with a: import PySide6",
    ],
)
def test_a_wrong_import_is_seen(text: str):
    assert len(offences(Source("codegen/emit/made_up.py", text))) == 1


def test_a_right_import_passes():
    assert offences(Source("codegen/made_up.py", "import torch\nfrom graph_core import load\nimport designers")) == []


def test_a_circle_is_seen():
    a = Source("graph_core/a.py", "def f():\n    from graph_core import b")
    b = Source("graph_core/b.py", "from .c import x")
    c = Source("graph_core/c.py", "import graph_core.a")
    assert cycles((a, b, c)) == [["graph_core.a", "graph_core.b", "graph_core.c"]]
    typed = Source("graph_core/c.py", "if TYPE_CHECKING:\n    import graph_core.a")
    assert cycles((a, b, typed)) == []
