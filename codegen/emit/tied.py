"""Tied weights in a constructor: ``self.head.weight = self.embedding.weight``, after both layers are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.emit import trees
from codegen.emit.naming import attribute, singular
from codegen.emit.statements import Assign, For, If, Statement
from graph_core.chains import is_chain
from graph_core.ends import End, end_of, own_weights
from graph_core.graph import Graph, Node
from graph_core.names import first_of, natural

if TYPE_CHECKING:
    from codegen.emit.classes import ClassWriter

    Loop = tuple[str, ast.expr]  # a variable, and what it goes through


def tied_weights(writer: ClassWriter) -> Iterator[Statement]:
    """A line for each tie of a class's graph; under an ``if`` where a layer is only made on a condition.

    A tie of all steps of a block is a loop over them.
    """
    graph = writer.graph
    variables: dict[tuple[int, str], str] = {}  # of loops, by their wish and how many around them have it
    for target in sorted(graph.ties, key=natural):
        source = graph.ties[target]
        nodes = [graph.nodes[first_of(end)] for end in (target, source)]
        spots = tuple(dict.fromkeys(writer.spot(node) for node in nodes))
        tests: list[ast.expr] = []
        made = True
        for node in nodes:
            condition = writer.frame.condition(node)
            made = made and condition is not False
            if isinstance(condition, ast.expr):
                tests.append(trees.fold(condition))
        if not made:
            continue
        loops: list[Loop] = []
        tree = _weight(writer, end_of(target), loops, variables)
        value = _weight(writer, end_of(source), [], variables)
        line: Statement = Assign(tree, value, spots=() if tests or loops else spots)
        for place, (variable, over) in reversed(list(enumerate(loops))):
            line = For(trees.name(variable), over, [line], spots=() if tests or place else spots)
        if tests:
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
            line = If(test, [line], spots=spots)
        yield line


def _weight(writer: ClassWriter, end: End, loops: list[Loop], variables: dict[tuple[int, str], str]) -> ast.expr:
    """The attribute at an end: through blocks by name, into an nn.Sequential by number, through all steps by a loop."""
    graph: Graph = writer.graph
    node: Node = graph.nodes[end.way[0].id]
    tree = writer.module(node)
    for stop, below in zip(end.way, end.way[1:], strict=False):
        if stop.step is not None:
            tree = ast.Subscript(tree, ast.Constant(stop.step))
        elif own_weights(node):
            wish = singular(node.name.rpartition(".")[2])
            key = sum(variable == wish for variable, _ in loops), wish
            if key not in variables:
                variables[key] = _variable(writer, wish)
            loops.append((variables[key], tree))
            tree = trees.name(variables[key])
        graph = writer.plan.project.graphs[node.type]
        node = graph.nodes[below.id]
        tree = _inside(tree, graph, node)
    module, _, weight = end.weight.rpartition(".")
    if all(part.isidentifier() for part in module.split(".")):
        for part in module.split("."):
            tree = ast.Attribute(tree, trees.name(part).id)
    elif module:
        tree = trees.call(ast.Attribute(tree, "get_submodule"), [ast.Constant(module)])
    return ast.Attribute(tree, trees.name(weight).id) if weight else tree


def _variable(writer: ClassWriter, wish: str) -> str:
    """A name for one of a block's steps, none that an argument of the constructor wants."""
    for name in (*writer.context.inferred, *writer.graph.params):
        writer.scope.names.of(name)
    return writer.scope.names.new(wish)


def _inside(tree: ast.expr, graph: Graph, node: Node) -> ast.expr:
    name = attribute(node.name)
    if "." in name:
        first, *rest = name.split(".")
        tree = _inside(tree, graph, replace(node, name=first))
        for part in rest:
            tree = ast.Subscript(tree, ast.Constant(int(part) if part.isdigit() else part))
        return tree
    if name.isidentifier():
        return ast.Attribute(tree, trees.name(name).id)
    if is_chain(graph):
        return ast.Subscript(tree, ast.Constant(int(name)))
    return trees.call(ast.Attribute(tree, "get_submodule"), [ast.Constant(name)])
