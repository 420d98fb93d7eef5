"""Tied weights in a constructor: ``self.head.weight = self.embedding.weight``, after both layers are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.emit import trees
from codegen.emit.naming import attribute
from codegen.emit.statements import Assign, If, Statement
from codegen.emit.structure import is_chain
from graph_core.graph import Graph, Node
from graph_core.names import first_of, natural, parts_of

if TYPE_CHECKING:
    from codegen.emit.classes import ClassWriter


def tied_weights(writer: ClassWriter) -> Iterator[Statement]:
    """A line for each tie of a class's graph; under an ``if`` where a layer is only made on a condition."""
    graph = writer.graph
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
        line = Assign(_weight(writer, target), _weight(writer, source), spots=() if tests else spots)
        if tests:
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
            yield If(test, [line], spots=spots)
        else:
            yield line


def _weight(writer: ClassWriter, end: str) -> ast.expr:
    """The attribute at an end: through blocks by name, into an nn.Sequential by number."""
    way, weight = parts_of(end)
    graph: Graph = writer.graph
    node: Node = graph.nodes[way[0]]
    tree = writer.module(node)
    for id in way[1:]:
        graph = writer.plan.project.graphs[node.type]
        node = graph.nodes[id]
        tree = _inside(tree, graph, node)
    for part in weight.split(".") if weight else ():
        tree = ast.Attribute(tree, trees.name(part).id)
    return tree


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
