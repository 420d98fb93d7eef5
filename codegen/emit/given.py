"""What a layer is given in source: the arguments that differ from torch's defaults, and phrases filled in."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from codegen.emit import trees
from codegen.emit.printing import flat
from codegen.emit.scopes import value_tree
from codegen.emit.trees import Lookup
from graph_core.expressions import names_in
from graph_core.fields import Axes, Field, FieldError, Real, SameAs
from graph_core.graph import Node
from graph_core.layer import Layer


def layer_arguments(
    node: Node, layer: Layer, lookup: Lookup, *, follows: bool = False
) -> tuple[list[ast.expr], list[tuple[str, ast.expr]]]:
    """The positional and keyword arguments that a layer's parameters make: what differs from torch's defaults.

    A real number that comes first needs no keyword (``nn.Dropout(0.2)``), unless widths come before it.
    """
    positional: list[ast.expr] = []
    keywords: list[tuple[str, ast.expr]] = []
    first = not follows
    for name, field in layer.fields.items():
        if not field.emit:
            continue
        if field.spread:
            given = node.params.get(name, field.default)
            positional += [value_tree(part, lookup) for part in (given if isinstance(given, list | tuple) else [given])]
            continue
        if field.required or (first and isinstance(field, Real) and _differs(node, layer, field)):
            positional.append(_field_tree(field, node.params.get(name, field.default), lookup))
        elif _differs(node, layer, field):
            keywords.append((field.argument, _field_tree(field, node.params.get(name, field.default), lookup)))
        first = False
    return positional, keywords


class _Fill(ast.NodeTransformer):
    """Puts trees in the place of names; ``*name`` spreads a tuple."""

    def __init__(self, trees_of: Mapping[str, ast.expr]) -> None:
        self.trees_of = trees_of

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.trees_of.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        args: list[ast.expr] = []
        for arg in node.args:
            filled = self.visit(arg)
            spread = isinstance(filled, ast.Starred) and isinstance(filled.value, ast.Tuple)
            args += filled.value.elts if spread else [filled]
        keywords = [ast.keyword(keyword.arg, self.visit(keyword.value)) for keyword in node.keywords]
        return ast.Call(self.visit(node.func), args, keywords)


def phrase_tree(text: str, node: Node, layer: Layer, lookup: Lookup, operands: Mapping[str, ast.expr]) -> ast.expr:
    """The tree of a phrase with what is wired and what is set in the place of ports and parameters."""
    values = {
        name: _field_tree(field, node.params.get(name, field.default), lookup) for name, field in layer.fields.items()
    }
    unwired = {port: ast.Constant(None) for port in layer.inlets if port not in operands}
    filled: ast.expr = _Fill({**values, **unwired, **operands}).visit(ast.parse(text, mode="eval").body)
    return _one_index(filled)


def _one_index(tree: ast.expr) -> ast.expr:
    """``x[:, ::2, 1::2]`` for ``x[:, ::2][:, :, 1::2]``: slices of other axes than those before."""
    if not (isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Subscript)):
        return tree
    before, after = _parts(tree.value.slice), _parts(tree.slice)
    kept = after[: len(before)]
    slices = all(isinstance(part, ast.Slice) for part in before)
    if not slices or len(after) <= len(before) or any(flat(part) != ":" for part in kept):
        return tree
    return ast.Subscript(tree.value.value, ast.Tuple([*before, *after[len(before) :]]))


def _parts(index: ast.expr) -> list[ast.expr]:
    return list(index.elts) if isinstance(index, ast.Tuple) else [index]


def _field_tree(field: Field[Any], value: Any, lookup: Lookup) -> ast.expr:
    if field.is_expression(value):
        return trees.author(field.expression(value), lookup)
    if isinstance(value, list | tuple):
        if isinstance(field, Axes) and field.single and len(value) == 1:
            return _field_tree(field, value[0], lookup)
        return ast.Tuple([_field_tree(field, part, lookup) for part in value])
    return trees.constant(value)


def _differs(node: Node, layer: Layer, field: Field[Any]) -> bool:
    """Whether an optional argument has to be written: it differs from torch's default, or may in another instance."""
    default = field.torch_default
    given = node.params.get(field.name, field.default)
    other = default.name if isinstance(default, SameAs) else ""
    if _field_names(field, given):
        return not other or given != node.params.get(other, layer.fields[other].default)
    if other:
        named = _field_names(layer.fields[other], node.params.get(other, layer.fields[other].default))
        return bool(named) or layer.values[field.name] != layer.values[other]
    try:
        expected = field.check(tuple(default) if isinstance(default, list) else default)
    except FieldError:
        return True
    return bool(layer.values[field.name] != expected)


def _field_names(field: Field[Any], value: Any) -> set[str]:
    parts = value if isinstance(value, list | tuple) else [value]
    return {name for part in parts if field.is_expression(part) for name in names_in(field.expression(part))}


def known_arguments(
    layer: Layer, positional: list[ast.expr], keywords: list[tuple[str, ast.expr]]
) -> tuple[list[ast.expr], list[tuple[str, ast.expr]]]:
    """The arguments with arithmetic worked out, and without those that come to be torch's defaults."""
    defaults = {
        field.argument: flat(trees.constant(field.torch_default))
        for field in layer.fields.values()
        if not field.required and isinstance(field.torch_default, int | float | bool)
    }
    folded = [(name, trees.fold(value)) for name, value in keywords]
    return [trees.fold(value) for value in positional], [kw for kw in folded if defaults.get(kw[0]) != flat(kw[1])]
