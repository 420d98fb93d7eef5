"""What is public in graph_core and codegen says what it is."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import Source, sources

Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(name: str) -> bool:
    return not name.startswith("_")


def _is_overload(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(getattr(one, "id", getattr(one, "attr", "")) in ("overload", "setter") for one in decorators)


def undocumented(modules: tuple[Source, ...]) -> list[str]:
    """Public modules, classes, functions and methods without a docstring, as ``path:line name``.

    A method that overrides a documented one need not repeat it; a layer's ``help`` line documents it.
    """
    classes = [node for source in modules for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    said = {
        part.name
        for node in classes
        for part in node.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(part)
    } | {"rule"}
    found: list[str] = []
    for source in modules:
        if not all(_public(part) or part == "__init__" for part in source.module.split(".")):
            continue
        if source.text.strip() and not ast.get_docstring(source.tree):
            found.append(f"{source.path}:1 the module")
        for node in source.tree.body:
            if isinstance(node, Documented) and _public(node.name) and not _is_overload(node):
                if not ast.get_docstring(node):
                    found.append(f"{source.path}:{node.lineno} {node.name}")
                for part in node.body if isinstance(node, ast.ClassDef) else ():
                    if not isinstance(part, Documented) or not _public(part.name) or _is_overload(part):
                        continue
                    if not ast.get_docstring(part) and not (node.bases and part.name in said):
                        found.append(f"{source.path}:{part.lineno} {node.name}.{part.name}")
    return found


def test_public_names_have_docstrings():
    assert undocumented(sources("graph_core", "codegen")) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("x = 1", ["the module"]),
        ('"""A."""\ndef f(): pass', ["f"]),
        ('"""A."""\nclass A:\n    def g(self): pass', ["A", "A.g"]),
        ('"""A."""\ndef _f(): pass\nclass A:\n    """B."""\n    def _g(self): pass', []),
    ],
)
def test_a_missing_docstring_is_seen(text: str, missing: list[str]):
    assert [line.partition(" ")[2] for line in undocumented((Source("graph_core/a.py", text),))] == missing
