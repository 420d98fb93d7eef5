"""Nothing that a person or a file says can become code: only names, literals and arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from codegen import emit_source
from codegen.emit import EmitError
from graph_core import Param, Project, Repeat, edits
from graph_core.graph import EditError
from graph_core.templates import open_template, templates

HOSTILE = [
    "x = 1\nimport os",
    '"""\nimport os\n"""',
    "'); __import__('os').system('true'); ('",
    "__import__('os').system('true')",
    "a; b",
    "a # b",
    "a\\",
    "a\rb",
    "a b",
    "\u202eevil",
    "x\x00y",
    "lambda: 0",
    "[].append(1)",
    "class",
    "self",
    "nn",
    "Tensor",
    "__class__",
    "forward",
    "_modules",
    "_parameters",
    "super",
    "print",
    "range",
    "tuple",
    "{x}",
    "f'{x}'",
    "a" * 500,
    "(" * 200,
    "naïve",
    "x" + "\u0301",
    "9" * 4000,
    "1e999",
    "10**10**10",
    "x.y",
    "",
    " ",
]
ALLOWED_CALLS = ("nn.", "F.", "torch.", "self.", "super", "range", "min", "max", "abs", "round", "float", "x.", "zip")


def change_node(graph: str, id: str, **fields: Any) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        node = project.graphs[graph].nodes[id]
        with project.editing("Hostile"):
            project.record(graph, "nodes", id, replace(node, **fields))

    return change


def spots(text: str) -> dict[str, Callable[[Project], None]]:
    """Every place of a drawing that holds a text, set to ``text`` behind the back of the edits that check it."""

    def recorded(graph: str, table: str, key: str, value: Any) -> Callable[[Project], None]:
        def change(project: Project) -> None:
            with project.editing("Hostile"):
                project.record(graph, table, key, value)

        return change

    return {
        "project name": recorded("", "meta", "name", text),
        "note": recorded("", "meta", text, text),
        "class name": recorded("resblock", "head", "name", text),
        "class note": recorded("resblock", "head", "note", text),
        "symbol": recorded("", "symbols", text, 3),
        "parameter": recorded("resblock", "params", text, Param(1)),
        "default": recorded("resblock", "params", "stride", Param(text)),
        "node name": change_node("resblock", "c1", name=text),
        "function name": change_node("resblock", "a1", name=text),
        "input name": change_node("resblock", "x", name=text),
        "output name": change_node("main", "y", name=text),
        "condition": change_node("resblock", "d1", when=text),
        "condition of a function": change_node("resblock", "a1", when=text),
        "expression": change_node("resblock", "c1", params={"out_channels": text, "padding": 1}),
        "list": change_node("resblock", "c1", params={"out_channels": 8, "kernel_size": [text, 3]}),
        "word": change_node("resblock", "c1", params={"out_channels": 8, "padding_mode": text}),
        "worked-out word": change_node("resblock", "c1", params={"out_channels": 8, "padding_mode": f"={text}"}),
        "block parameter": change_node("main", "r1", params={"out_channels": text}),
        "repeat": change_node("main", "r1", run=Repeat(text)),
        "weights of": change_node("resblock", "c2", use=text),
        "axis": change_node("resblock", "x", params={"shape": ["N", text, "H", "W"]}),
        "dtype": change_node("resblock", "x", params={"dtype": text}),
        "type": change_node("resblock", "c1", type=text),
    }


def callee(node: ast.Call) -> str:
    return ast.unparse(node.func)


def innocent(source: str) -> None:
    """The source has only the forms that emission uses: no import, call or statement of anybody else's."""
    compile(source, "hostile", "exec")
    tree = ast.parse(source)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    variables = {"block", "layer", "step"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert ast.unparse(node) in (
                "import torch",
                "import torch.nn.functional as F",
                "from torch import Tensor, nn",
            )
        elif isinstance(node, ast.Call):
            name = callee(node)
            known = name in classes or name in variables or name.startswith(ALLOWED_CALLS)
            methods = ("flatten", "select", "reshape", "permute", "unbind", "new_zeros", "append")
            assert known or name.rsplit(".", 1)[-1] in methods, name
        assert not isinstance(node, ast.Lambda | ast.Global | ast.Delete | ast.Try | ast.With | ast.Await | ast.Yield)
    for statement in tree.body:
        assert isinstance(statement, ast.Import | ast.ImportFrom | ast.ClassDef | ast.Expr)
        if isinstance(statement, ast.Expr):
            assert isinstance(statement.value, ast.Constant)


@pytest.mark.parametrize("spot", list(spots("")))
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused_or_stays_a_name_or_a_literal(text: str, spot: str):
    project = open_template("resblock")
    spots(text)[spot](project)
    try:
        source = emit_source(project)
    except EmitError as error:
        sentence = str(error)
        assert "\n" not in sentence
        assert len(sentence) < 400
        return
    innocent(source)


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_what_is_checked_passes_for_honest_drawings(template: str):
    innocent(emit_source(open_template(template)))


def test_the_check_itself_sees_what_is_not_ours():
    for source in ("import os", "class A:\n    x = eval('1')", "x = 1", "class A:\n    f = lambda: 0"):
        with pytest.raises(AssertionError):
            innocent(source)


@pytest.mark.parametrize("text", HOSTILE)
def test_edits_refuse_or_keep_it_harmless(text: str):
    project = open_template("resblock")
    block = project.graphs["resblock"]
    tries: list[Callable[[], object]] = [
        lambda: edits.rename(block, "c1", text),
        lambda: edits.set_graph_param(block, text, Param(1)),
        lambda: edits.set_when(block, "a1", text),
        lambda: edits.set_symbol(project, text, 3),
        lambda: edits.set_params(block, "c1", {"stride": text}),
    ]
    for attempt in tries:
        try:
            attempt()
        except EditError:
            continue
        with suppress(EmitError):
            innocent(emit_source(project))
