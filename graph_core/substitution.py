"""Names in a node's expressions: which there are, and other expressions in their place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graph_core.expressions import MAX_LENGTH, ExpressionError, evaluate, names_in, parse
from graph_core.fields import Field
from graph_core.graph import EditError, Node, Project, Repeat
from graph_core.layer import layer_types

INDEX = "i"  # the iteration, in the parameters of a node that repeats


def names_of(project: Project, node: Node) -> set[str]:
    """The names that a node's parameters, condition and repetition refer to in the scope of its graph."""
    names = {name for text in _texts(project, node) for name in names_in(text)}
    if isinstance(node.run, Repeat):
        names.discard(INDEX)
        if isinstance(node.run.times, str):
            names |= names_in(node.run.times)
    return names | names_in(node.when)


def _texts(project: Project, node: Node) -> Iterator[str]:
    for name, value in node.params.items():
        field = field_of(project, node, name)
        for part in value if isinstance(value, list | tuple) else [value]:
            if is_expression(field, part):
                yield field.expression(part) if field else part


def field_of(project: Project, node: Node, name: str) -> Field[Any] | None:
    """The declared field of a layer's parameter; None for parameters of blocks and unknown ones."""
    declaration = layer_types().get(node.type) if node.type not in project.graphs else None
    return declaration.fields.get(name) if declaration else None


def is_expression(field: Field[Any] | None, value: object) -> bool:
    """Whether a stored value is the text of an expression."""
    return field.is_expression(value) if field else isinstance(value, str)


def substituted(project: Project, node: Node, values: Mapping[str, Any], *, params_only: bool = False) -> Node:
    """The node with ``values`` (literals, or texts of expressions) in the place of the names in its expressions.

    Raises EditError where an expression becomes too long. With ``params_only`` the rest of the node stays.
    """
    hidden = values
    if isinstance(node.run, Repeat) and not params_only:
        hidden = {name: v for name, v in values.items() if name != INDEX}
    try:
        params = {name: _stored(field_of(project, node, name), value, hidden) for name, value in node.params.items()}
        if params_only:
            return replace(node, params=params)
        when, run = node.when, node.run
        if when:
            result = put_in(when, values)
            when = "" if result is True else str(result)
        if isinstance(run, Repeat) and isinstance(run.times, str):
            times = put_in(run.times, values)
            run = replace(run, times=times if isinstance(times, int | str) else run.times)
        return replace(node, params=params, when=when, run=run)
    except ExpressionError as error:
        raise EditError(f"{node.name}: {error}") from error


def _stored(field: Field[Any] | None, value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, list | tuple):
        return [_stored(field, part, values) for part in value]
    if not is_expression(field, value):
        return value
    if field is None or not field.textual:
        return put_in(value, values)
    result = put_in(field.expression(value), values)
    try:
        word = evaluate(result, {}) if isinstance(result, str) else None
    except ExpressionError:
        word = None
    return word if isinstance(word, str) else f"={result}"


def put_in(text: str, values: Mapping[str, Any]) -> Any:
    """``text`` with values in the place of names: a number or a list where nothing else is left, else a text."""
    tree = parse(text)
    if isinstance(tree, ast.Name) and tree.id in values:
        return values[tree.id]
    if not names_in(text) & values.keys():
        return text
    result = ast.unparse(_Substitution(values).visit(copy.deepcopy(tree)))
    if len(result) > MAX_LENGTH:
        raise ExpressionError(f"An expression would have {len(result)} characters; {MAX_LENGTH} are allowed.")
    if names_in(result):
        return result
    try:
        number = evaluate(result, {})
    except ExpressionError:
        return result
    return number if isinstance(number, bool | int | float) else result


class _Substitution(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _tree(self.values[node.id]) if node.id in self.values else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        return node


def _tree(value: Any) -> ast.expr:
    if isinstance(value, str):
        return copy.deepcopy(parse(value))
    if isinstance(value, list | tuple):
        return ast.Tuple([_tree(part) for part in value], ast.Load())
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        # As a person writes it: a constant of -3 would lose its parentheses in (-3) ** 2.
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)
