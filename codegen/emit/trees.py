"""Expressions of emitted source as Python's own syntax trees: the only way by which anything gets into it.

Names are checked where they enter (``name``), values become literals (``constant``), and what a person wrote as
arithmetic is copied form by form from the tree that graph_core.expressions allowed (``author``).
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from codegen.errors import Refusal
from graph_core.expressions import ExpressionError, evaluate, parse

LONGEST = 300  # characters of a sentence
Lookup = Callable[[str], ast.expr]


class EmitError(Refusal):
    """A drawing that cannot become source; the message is one sentence on one line, whatever names it holds."""

    def __init__(self, message: str) -> None:
        shown = " ".join("".join(c if c.isprintable() else " " for c in message).split())
        super().__init__(shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 2]}….")


def name(text: str) -> ast.Name:
    """A name; raises EmitError where the text is no identifier."""
    if not isinstance(text, str) or not text.isidentifier() or not text.isascii() or keyword.iskeyword(text):
        raise EmitError(f"{text!r:.60} cannot be a name in Python source; rename it.")
    return ast.Name(text)


def dotted(path: str) -> ast.expr:
    """``nn.Conv2d``, ``self.layer1.conv``."""
    head, *rest = path.split(".")
    result: ast.expr = name(head)
    for part in rest:
        result = ast.Attribute(result, name(part).id)
    return result


def constant(value: Any) -> ast.expr:
    """A literal; negative numbers as Python reads them, sequences as tuples."""
    if isinstance(value, list | tuple):
        return ast.Tuple([constant(part) for part in value])
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return ast.Constant(value)
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return call("float", [ast.Constant(repr(value))])
        value = int(value) if isinstance(value, int) else value
        if value < 0 or (isinstance(value, float) and math.copysign(1, value) < 0):
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        return ast.Constant(value)
    raise EmitError(f"A value of the kind {type(value).__name__} cannot be written as a literal.")


def call(
    function: str | ast.expr, args: Iterable[ast.expr] = (), keywords: Iterable[tuple[str, ast.expr]] = ()
) -> ast.Call:
    """A call, with positional and keyword arguments."""
    target = dotted(function) if isinstance(function, str) else function
    return ast.Call(target, list(args), [ast.keyword(name(k).id, value) for k, value in keywords])


def passing() -> ast.expr:
    """The module that stands where a condition is false: what comes in goes out."""
    return call("nn.Identity")


def maybe(test: ast.expr, item: ast.expr) -> ast.Starred:
    """``*([item] if test else [])``, in a list."""
    return ast.Starred(ast.IfExp(test, ast.List([item]), ast.List([])))


def maybe_parts(tree: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The test and the item of what ``maybe`` makes; None of anything else."""
    match tree:
        case ast.Starred(value=ast.IfExp(test=test, body=ast.List(elts=[item]), orelse=ast.List(elts=[]))):
            return test, item
    return None


def one_of(first: ast.Starred, other: ast.expr) -> ast.expr:
    """The item of what ``maybe`` made, and where that is not there another."""
    parts = maybe_parts(first)
    assert parts is not None
    return ast.IfExp(parts[0], parts[1], other)


def opposite(one: ast.expr, other: ast.expr) -> bool:
    """Whether of two tests always exactly one holds, as far as their forms tell."""
    for first, second in ((one, other), (other, one)):
        if isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.Not):
            return ast.dump(first.operand) == ast.dump(second)
    if not (isinstance(one, ast.Compare) and isinstance(other, ast.Compare)):
        return False
    sides = [ast.dump(ast.Tuple([test.left, *test.comparators])) for test in (one, other)]
    return sides[0] == sides[1] and {type(test.ops[0]) for test in (one, other)} == {ast.Eq, ast.NotEq}


def spread_over(element: ast.expr, variable: str, *bounds: ast.expr) -> ast.GeneratorExp:
    """``element for variable in range(*bounds)``."""
    loop = ast.comprehension(name(variable), call("range", bounds), [], 0)
    return ast.GeneratorExp(element, [loop])


@lru_cache(maxsize=1024)
def declared(source: str) -> ast.expr:
    """The tree of source that a declaration gives: never a person's text."""
    return ast.parse(source, mode="eval").body


class _Copy(ast.NodeTransformer):
    """A copy with names looked up; the functions of expressions keep theirs."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.lookup(node.id)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return constant(node.value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        return ast.Call(name(node.func.id), [self.visit(part) for part in node.args], [])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        fields: dict[str, Any] = {}
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                fields[field] = [self.visit(part) if isinstance(part, ast.AST) else part for part in value]
            else:
                fields[field] = self.visit(value) if isinstance(value, ast.AST) else value
        return type(node)(**fields)


def author(text: str, lookup: Lookup) -> ast.expr:
    """A person's expression with its names looked up; raises EmitError where it is no plain arithmetic."""
    try:
        tree = parse(text)
    except ExpressionError as error:
        raise EmitError(str(error)) from error
    return copied(tree, lookup)


def copied(tree: ast.expr, lookup: Lookup) -> ast.expr:
    """A copy of a tree of arithmetic with its names looked up."""
    copy: ast.expr = _Copy(lookup).visit(tree)
    return copy


def names_of(tree: ast.expr) -> set[str]:
    """The names that a tree refers to, those of called functions left out."""
    functions = {id(part.func) for part in ast.walk(tree) if isinstance(part, ast.Call)}
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name) and id(part) not in functions}


class _Fold(ast.NodeTransformer):
    """Works out the parts that hold no names."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant | ast.Name | ast.Tuple | ast.UnaryOp):
            value = _known(node)
            if value is not None:
                return constant(value)
        if isinstance(node, ast.IfExp):
            test = _known(node.test)
            if test is not None:
                return self.visit(node.body if test else node.orelse)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = self.visit(node.left)
            if isinstance(left, ast.Constant) and left.value == 0 and type(left.value) is int:
                return self.visit(node.right)
        return self.generic_visit(node)


def fold(tree: ast.expr) -> ast.expr:
    """``tree`` with what holds no names worked out: ``stride if 0 == 0 else 1`` gives ``stride``, ``0 + k`` gives k."""
    folded: ast.expr = _Fold().visit(tree)
    return folded


def _known(tree: ast.expr) -> Any:
    """The value of a tree of an expression without names; None where it has names or no value."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript | ast.Starred | ast.Call | ast.GeneratorExp):
            return None
    try:
        return evaluate(ast.unparse(tree), {})
    except ExpressionError:
        return None


def truth(tree: ast.expr) -> bool | None:
    """Whether a condition without names holds; None where it has names."""
    value = tree.value if isinstance(tree, ast.Constant) else _known(tree)
    return None if value is None else bool(value)


def joined(left: ast.expr, sign: str, right: ast.expr) -> ast.expr:
    """``left sign right`` for an arithmetic sign."""
    return ast.BinOp(left, OPERATORS[sign](), right)


OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "@": ast.MatMult,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
}


def tuple_of(parts: Sequence[ast.expr]) -> ast.expr:
    """The only part, or a tuple of all."""
    return parts[0] if len(parts) == 1 else ast.Tuple(list(parts))
