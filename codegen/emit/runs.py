"""Runs of modules that are made alike, as a comprehension over their numbers."""

from __future__ import annotations

import ast
import copy
import keyword
import re
from collections.abc import Sequence

from codegen.emit import trees
from codegen.emit.printing import flat

LEAST = 3  # of a run that is worth a loop
_NUMBERED = re.compile(r"(.*?)(0|[1-9][0-9]*)")


def ordered(names: Sequence[str], made: Sequence[ast.expr]) -> ast.expr:
    """``OrderedDict(conv=…, norm=…)``, or with names that are no identifiers of a dict.

    A run of numbered names is one comprehension.
    """
    items: list[ast.expr] = []
    start = 0
    while start < len(names):
        prefix, first = _split(names[start])
        end = start + 1
        while end < len(names) and first is not None and _split(names[end]) == (prefix, first + end - start):
            end += 1
        element = in_turn(made[start:end]) if end - start >= LEAST else None
        while element is None and end - start > 1:
            end = start + 1
        if element is None or first is None:
            items.append(ast.Tuple([ast.Constant(names[start]), made[start]]))
        else:
            number: ast.expr = trees.name("i")
            number = trees.joined(number, "+", trees.constant(first)) if first else number
            name = ast.JoinedStr([ast.Constant(prefix), ast.FormattedValue(number, -1)])
            times = trees.constant(end - start)
            items.append(ast.Starred(trees.spread_over(ast.Tuple([name, element]), "i", times)))
        start = end
    if len(items) == 1 and isinstance(items[0], ast.Starred):
        return trees.call("OrderedDict", [items[0].value])
    if not any(isinstance(item, ast.Starred) for item in items):
        if all(name.isidentifier() and name.isascii() and not keyword.iskeyword(name) for name in names):
            return trees.call("OrderedDict", [], list(zip(names, made, strict=True)))
        return trees.call("OrderedDict", [ast.Dict([ast.Constant(name) for name in names], list(made))])
    return trees.call("OrderedDict", [ast.List(items)])


def _split(name: str) -> tuple[str, int | None]:
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def in_turn(made: Sequence[ast.expr]) -> ast.expr | None:
    """One expression in ``i`` that is each of them in turn, from ``i = 0``; None where there is none."""
    first, second = made[0], made[1]
    if all(flat(one) == flat(first) for one in made):
        return first
    if not all(isinstance(one, ast.Call) and flat(one.func) == flat(first.func) for one in made):  # type: ignore[attr-defined]
        return None
    assert isinstance(first, ast.Call)
    assert isinstance(second, ast.Call)
    if len(first.args) != len(second.args):
        return None
    args = [_grown(a, b) for a, b in zip(first.args, second.args, strict=True)]
    tree = ast.Call(first.func, args, first.keywords)
    return tree if all(flat(_at(tree, i)) == flat(one) for i, one in enumerate(made)) else None


def _grown(first: ast.expr, second: ast.expr) -> ast.expr:
    """A whole number that grows by a step."""
    if not (isinstance(first, ast.Constant) and isinstance(second, ast.Constant)) or flat(first) == flat(second):
        return first
    if type(first.value) is not int or type(second.value) is not int:
        return first
    by = second.value - first.value
    grown: ast.expr = trees.name("i")
    grown = grown if by == 1 else trees.joined(trees.constant(by), "*", grown)
    return trees.joined(trees.constant(first.value), "+", grown) if first.value else grown


def _at(tree: ast.expr, i: int) -> ast.expr:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return trees.constant(i) if node.id == "i" else node

    put: ast.expr = Put().visit(ast.parse(flat(tree), mode="eval").body)
    return trees.fold(put)


class _AfterFirst(ast.NodeTransformer):
    """What depends on ``i`` being 0, where it is more."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        chosen: ast.expr = self.visit(node.orelse) if flat(node.test) == "i == 0" else node
        return chosen


def after_first(tree: ast.expr) -> ast.expr:
    """An expression in ``i`` for steps from the second on: ``2 if i == 0 else 1`` is 1."""
    after: ast.expr = _AfterFirst().visit(copy.deepcopy(tree))
    return after
