"""Lists and tables of modules: nodes named ``layers.0``, ``layers.1``, ``heads.left`` become one nn.ModuleList or
nn.ModuleDict (of parameters alone, an nn.ParameterDict; of buffers too, a class that holds them), whose items forward
calls one by one.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from codegen.emit import trees
from codegen.emit.printing import flat
from codegen.emit.statements import Assign, Evaluate, Spot, Statement
from codegen.emit.structure import made_in_constructor
from codegen.emit.trees import EmitError
from graph_core.graph import Node
from graph_core.layer import Held, layer_types

if TYPE_CHECKING:
    from codegen.emit.classes import ClassWriter

Table = dict[str, "Table | Node"]  # by the next part of the name


class Containers:
    """The containers of one class, by the first part of their nodes' names."""

    def __init__(self, writer: ClassWriter) -> None:
        self.writer = writer
        self.tables: Table = {}
        self._written: set[str] = set()
        graph = writer.graph
        for node in graph.nodes.values():
            if "." in node.name and not node.use and made_in_constructor(graph, node):
                self._put(node)

    def _put(self, node: Node) -> None:
        here = self.tables
        *way, last = node.name.split(".")
        for part in way:
            below = here.setdefault(part, {})
            if isinstance(below, Node):
                raise EmitError(f"{node.name} lies inside of {below.name}, which is a layer by itself; rename it.")
            here = below
        if last in here:
            raise EmitError(f"{node.name} is both a layer and a list of layers; rename it.")
        here[last] = node

    def made(self, node: Node) -> list[Statement]:
        """The line that makes the node's container, where the node is the first of it."""
        first = node.name.split(".")[0]
        if first in self._written:
            return []
        self._written.add(first)
        if first in self.writer.graph.names:
            raise EmitError(f"{first} is both a layer and a list of layers; rename it.")
        table = self.tables[first]
        assert isinstance(table, dict)
        spots: list[Spot] = []
        made = self._container(table, spots)
        if not first.isidentifier():
            return [Evaluate(trees.call("self.add_module", [ast.Constant(first), made]), spots=tuple(spots))]
        return [Assign(trees.dotted(f"self.{first}"), made, spots=tuple(spots))]

    def _container(self, table: Table, spots: list[Spot]) -> ast.expr:
        held = [_holds(item) for item in table.values()]
        if any(held) and not all(held):
            name = next(item.name for item in table.values() if isinstance(item, Node) and _holds(item))
            raise EmitError(f"{name} is a tensor among modules, for which torch has no container; rename it.")
        if _is_list(table):
            if _holds_buffers(table):
                raise EmitError("torch has no list of buffers; call them by names instead of numbers.")
            items = [self._item(table[str(place)], spots) for place in range(len(table))]
            kind, grouped = "nn.ParameterList" if any(held) else "nn.ModuleList", _grouped(items)
            if len(grouped) == 1 and isinstance(grouped[0], ast.Starred):
                return trees.call(kind, [grouped[0].value])
            return trees.call(kind, [ast.List(grouped)])
        pairs = {name: self._item(item, spots) for name, item in table.items()}
        if _holds_buffers(table):
            return trees.call(self.writer.plan.helpers.holder(), [], list(pairs.items()))
        kind = "nn.ParameterDict" if all(held) else "nn.ModuleDict"
        return trees.call(kind, [ast.Dict([ast.Constant(name) for name in pairs], list(pairs.values()))])

    def _item(self, item: Table | Node, spots: list[Spot]) -> ast.expr:
        if not isinstance(item, Node):
            return self._container(item, spots)
        frame = self.writer.frame
        spots.append(self.writer.spot(item))
        condition = frame.condition(item)
        if condition is False:
            return trees.passing()
        made = frame.block(item) if item.type in frame.plan.project.graphs else frame.layer(item)
        if condition is True:
            return made
        assert isinstance(condition, ast.expr)
        return ast.IfExp(trees.fold(condition), made, trees.passing())

    def item(self, name: str) -> ast.expr:
        """The attribute by which forward reaches a node: ``self.layers[0]``, ``self.heads["left"]``."""
        first, *rest = name.split(".")
        tree = trees.dotted(f"self.{first}") if first.isidentifier() else None
        tree = tree or trees.call("self.get_submodule", [ast.Constant(first)])
        here = self.tables[first]
        for part in rest:
            assert isinstance(here, dict)
            if _holds_buffers(here):
                tree = ast.Attribute(tree, trees.name(part).id)
            else:
                tree = ast.Subscript(tree, ast.Constant(int(part) if _is_list(here) else part))
            here = here[part]
        return tree


def _is_list(table: Table) -> bool:
    return set(table) == {str(place) for place in range(len(table))}


def _holds(item: Table | Node) -> bool:
    declaration = layer_types().get(item.type) if isinstance(item, Node) else None
    return declaration is not None and isinstance(declaration.torch, Held)


def _holds_buffers(table: Table) -> bool:
    """Whether it holds tensors alone, and not parameters alone: torch has no container for those."""
    if not all(_holds(item) for item in table.values()):
        return False
    texts = [_text(item) for item in table.values() if isinstance(item, Node)]
    return not all(text.startswith("nn.Parameter(") for text in texts)


def _text(node: Node) -> str:
    spelling = layer_types()[node.type].torch
    return spelling.text if isinstance(spelling, Held) else ""


def _grouped(items: list[ast.expr]) -> list[ast.expr]:
    """Runs of four and more that are written alike as one comprehension."""
    result: list[ast.expr] = []
    start = 0
    while start < len(items):
        end = start
        while end < len(items) and flat(items[end]) == flat(items[start]):
            end += 1
        alike = items[start:end]
        many = len(alike) > 3
        result += [ast.Starred(trees.spread_over(alike[0], "_", trees.constant(len(alike))))] if many else alike
        start = end
    return result
