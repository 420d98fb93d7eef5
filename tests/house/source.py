"""The project's own source as the rules read it: files, modules, syntax trees, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("graph_core", "codegen", "designer")
SKIPPED = {"build", "dist", "__pycache__"}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, with forward slashes, and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """The dotted name by which it is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether it is an ``__init__.py``."""
        return self.path.endswith("/__init__.py")

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return parsed(self)


@dataclass(frozen=True)
class Import:
    """One imported module: its dotted name, the line, whether only a type checker runs it, and whether by a call."""

    name: str
    line: int
    for_types: bool
    by_call: bool


@cache
def parsed(source: Source) -> ast.Module:
    """The syntax tree of ``source``, made once."""
    return ast.parse(source.text, source.path)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below ``folders``, sorted by path; by default those of the three packages."""
    found = [path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")]
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(found)
        if not SKIPPED.intersection(path.parts)
    )


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the constants that are docstrings, or other strings that stand as statements."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _checks_types(test: ast.expr) -> bool:
    return any(getattr(part, "id", getattr(part, "attr", "")) == "TYPE_CHECKING" for part in ast.walk(test))


def _statements(tree: ast.AST, for_types: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, for_types
        if isinstance(node, ast.If) and _checks_types(node.test):
            for part in node.body:
                yield part, True
                yield from _statements(part, True)
            for part in node.orelse:
                yield part, for_types
                yield from _statements(part, for_types)
        else:
            yield from _statements(node, for_types)


def imports(source: Source, known: frozenset[str] = frozenset()) -> list[Import]:
    """Every import of ``source``, those inside functions and by ``import_module("…")`` too.

    ``from a import b`` counts as ``a.b`` where that is one of the ``known`` modules, else as ``a``.
    """
    here = source.module.split(".") if source.is_package else source.module.split(".")[:-1]
    found: list[Import] = []
    for node, for_types in _statements(source.tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [full if (full := f"{base}.{alias.name}") in known else base for alias in node.names]
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                names = [str(first.value)]
        by_call = isinstance(node, ast.Call)
        found += [Import(name, getattr(node, "lineno", 0), for_types, by_call) for name in dict.fromkeys(names)]
    return found


def within(name: str, modules: tuple[str, ...]) -> bool:
    """Whether ``name`` is one of ``modules`` or lies below one."""
    return any(name == module or name.startswith(module + ".") for module in modules)
