"""Statements of emitted source, and how they become lines that remember which nodes they stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from codegen.emit.docs import docstring
from codegen.emit.printing import STEP, WIDTH, signature, statement, top

Spot = tuple[str, str]  # the key of a graph and the id of a node in it; an empty id for the graph's whole class
Spans = dict[Spot, list[tuple[int, int]]]


@dataclass(slots=True)
class Statement:
    """One statement. ``spots`` are the nodes it stands for; ``comment`` goes behind it where it fits."""

    spots: tuple[Spot, ...] = field(default=(), kw_only=True)
    comment: str = field(default="", kw_only=True)


@dataclass(slots=True)
class Assign(Statement):
    """``target: annotation = value``, or with another ``sign``."""

    target: ast.expr
    value: ast.expr
    annotation: str = ""
    sign: str = "="


@dataclass(slots=True)
class Evaluate(Statement):
    """An expression by itself."""

    value: ast.expr


@dataclass(slots=True)
class Return(Statement):
    """``return value``."""

    value: ast.expr


@dataclass(slots=True)
class If(Statement):
    """``if test:`` and its body, and that of ``else:``."""

    test: ast.expr
    body: list[Statement]
    other: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class For(Statement):
    """``for target in values:`` and its body."""

    target: ast.expr
    values: ast.expr
    body: list[Statement]


@dataclass(slots=True)
class Function(Statement):
    """A method with typed arguments; ``heads`` are the nodes that its first lines stand for."""

    name: str
    arguments: Sequence[str]
    returns: str
    body: list[Statement]
    heads: tuple[Spot, ...] = ()


@dataclass(slots=True)
class Class(Statement):
    """A class with a docstring and methods."""

    name: str
    base: str
    doc: str
    methods: list[Function]


class Page:
    """Lines as they are written, and where each node's statements stand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.spans: Spans = {}

    def text(self) -> str:
        """The whole source."""
        return "\n".join(self.lines) + "\n"

    def raw(self, lines: Iterable[str]) -> None:
        """Lines as they are."""
        self.lines += lines

    def blank(self, count: int = 1) -> None:
        """Empty lines."""
        self.lines += [""] * count

    def write(self, item: Statement, indent: int = 0) -> None:
        """Print one statement, with what is inside it."""
        first = len(self.lines) + 1
        self._write(item, indent)
        for spot in item.spots:
            self.spans.setdefault(spot, []).append((first, len(self.lines)))

    def _write(self, item: Statement, indent: int) -> None:
        pad = " " * indent
        match item:
            case Assign():
                colon = f": {item.annotation}" if item.annotation else ""
                head = f"{top(item.target)}{colon} {item.sign} "
                self._simple(statement(head, item.value, "", indent), item.comment, indent)
            case Evaluate():
                self._simple(statement("", item.value, "", indent), item.comment, indent)
            case Return():
                self._simple(statement("return ", item.value, "", indent), item.comment, indent)
            case If():
                self.raw(statement("if ", item.test, ":", indent))
                self._body(item.body, indent + STEP)
                if item.other:
                    self.raw([f"{pad}else:"])
                    self._body(item.other, indent + STEP)
            case For():
                self.raw(statement(f"for {top(item.target)} in ", item.values, ":", indent))
                self._body(item.body, indent + STEP)
            case Function():
                first = len(self.lines) + 1
                self.raw(signature(item.name, item.arguments, item.returns, indent))
                for spot in item.heads:
                    self.spans.setdefault(spot, []).append((first, len(self.lines)))
                self._body(item.body, indent + STEP)
            case Class():
                self.raw([f"{pad}class {item.name}({item.base}):"])
                if item.doc:
                    self.raw(docstring(item.doc, indent + STEP))
                for place, method in enumerate(item.methods):
                    if place or item.doc:
                        self.blank()
                    self.write(method, indent + STEP)

    def _body(self, body: Sequence[Statement], indent: int) -> None:
        for item in body:
            self.write(item, indent)

    def _simple(self, lines: list[str], comment: str, indent: int) -> None:
        if comment and len(lines) == 1 and len(lines[0]) + len(comment) + 4 <= WIDTH:
            lines = [f"{lines[0]}  # {comment}"]
        elif comment and indent + len(comment) + 2 <= WIDTH:
            lines = [f"{' ' * indent}# {comment}", *lines]
        self.raw(lines)
