"""The call of a layer in forward, by the four forms that declarations use: module, function, method, operator."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.emit import trees
from codegen.emit.given import layer_arguments, phrase_tree
from codegen.emit.trees import Lookup
from graph_core.graph import Graph, Node
from graph_core.layer import Function, Held, Layer, Method, Module, Operator, Phrase

Operands = Mapping[str, ast.expr]  # by port; only those that are wired


def call_layer(node: Node, layer: Layer, module: ast.expr | None, operands: Operands, lookup: Lookup) -> ast.expr:
    """The expression of one call; ``module`` is the attribute of what was made in the constructor."""
    spelling = layer.spelling_for(layer.values)
    if isinstance(spelling, Module):
        assert module is not None
        positional, keywords = _taken(spelling.takes or tuple(layer.inlets), layer, operands)
        keywords += [(name, trees.declared(source)) for name, source in spelling.call]
        return trees.call(module, positional, keywords)
    if isinstance(spelling, Held):
        assert module is not None
        return module
    if isinstance(spelling, Phrase):
        return phrase_tree(spelling.text, node, layer, lookup, operands)
    required, optional = layer_arguments(node, layer, lookup)
    if isinstance(spelling, Function):
        positional, keywords = _taken(spelling.takes or tuple(layer.inlets), layer, operands)
        positional = [ast.List(positional)] if spelling.as_list else positional
        keywords += [(name, trees.declared(source)) for name, source in spelling.call]
        return trees.call(spelling.name, [*positional, *required], [*keywords, *optional])
    if isinstance(spelling, Operator):
        left, right = (operands[port] for port in layer.inlets)
        return trees.joined(left, spelling.sign, right)
    assert isinstance(spelling, Method)
    subject, *others = operands.values()
    if spelling.spread:
        required = [part for tree in required for part in (tree.elts if isinstance(tree, ast.Tuple) else [tree])]
    if spelling.first:
        first = trees.declared(spelling.first.replace("{x}", "x"))
        others.insert(0, _with_subject(first, subject))
    return trees.call(ast.Attribute(subject, trees.name(spelling.name).id), [*others, *required], optional)


def needs_variable(layer: Layer) -> bool:
    """Whether its spelling names the input twice, so that the input must be a variable."""
    spelling = layer.spelling_for(layer.values)
    if isinstance(spelling, Phrase):
        used = [part.id for part in ast.walk(trees.declared(spelling.text)) if isinstance(part, ast.Name)]
        return any(used.count(port) > 1 for port in layer.inlets)
    return isinstance(spelling, Method) and bool(spelling.first)


def _with_subject(tree: ast.expr, subject: ast.expr) -> ast.expr:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return subject if node.id == "x" else node

    copied: ast.expr = Put().visit(ast.parse(ast.unparse(tree), mode="eval").body)
    return copied


def _taken(takes: Sequence[Any], layer: Layer, operands: Operands) -> tuple[list[ast.expr], list[tuple[str, ast.expr]]]:
    """Positional and keyword arguments by the nesting of ``takes``; what is not wired is left out."""
    positional: list[ast.expr | None] = []
    keywords: list[tuple[str, ast.expr]] = []
    for item in takes:
        if isinstance(item, tuple):
            parts = [operands[port] for port in item if port in operands]
            positional.append(ast.Tuple(parts) if parts else None)
            continue
        keyword, _, port = item.rpartition("=")
        if keyword:
            if port in operands:
                keywords.append((keyword, operands[port]))
        elif layer.inlets[port].variadic:
            positional += [tree for name, tree in operands.items() if name.startswith(port)]
        else:
            positional.append(operands.get(port))
    while positional and positional[-1] is None:
        positional.pop()
    return [ast.Constant(None) if tree is None else tree for tree in positional], keywords


def returned(layer: Layer) -> Sequence[Any]:
    """The results of the call, nested as torch's are, by port; ``_`` for one that is no port."""
    spelling = layer.spelling_for(layer.values)
    if isinstance(spelling, Module) and spelling.returns:
        return spelling.returns
    return tuple(layer.outlets)


def results_of(graph: Graph, node: Node, layer: Layer | None) -> Sequence[Any]:
    """The results of a node's call, nested as they are returned; a block is no layer."""
    return graph.out_ports(node) if layer is None else returned(layer)


def ports_in(outs: Sequence[Any]) -> list[str]:
    """The ports among nested results."""
    return [port for item in outs for port in (ports_in(item) if isinstance(item, tuple) else [item]) if port != "_"]
