"""What a graph is by itself: the defaults of its parameters, and which of them may stay symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core.context import Context
from graph_core.dims import Dim, Expr, symbol
from graph_core.evaluate import axes_of
from graph_core.expressions import ExpressionError, Value, evaluate, names_in
from graph_core.fields import PerAxis, Size, Sizes
from graph_core.graph import Graph, Node, Project, Repeat
from graph_core.layer import Spec, layer_types


def defaults(graph: Graph) -> dict[str, Value]:
    """The values of the parameters that have a default; computed in no scope."""
    values: dict[str, Value] = {}
    for name, param in graph.params.items():
        try:
            value = evaluate(param.default, {}) if isinstance(param.default, str) else param.default
        except ExpressionError:
            continue
        if value is not None:
            values[name] = frozen(value)
    return values


def frozen(value: Any) -> Value:
    """A value as a scope holds it: lists, and lists in them, as tuples."""
    result: Value = tuple(frozen(part) for part in value) if isinstance(value, list | tuple) else value
    return result


def definition_scope(graph: Graph, example: Context | None) -> dict[str, Value]:
    """The parameters of a block in its definition: symbols where they are sizes only, else an instance's values."""
    values = defaults(graph)
    if example is not None:
        values.update({name: v for name, v in example.scope.items() if name in graph.params})
    sizes = size_params(graph.project, graph.key, {})
    return {name: symbol(name) if name in sizes else values.get(name, 1) for name in graph.params}


def definition_input(
    port: Node, example: Context | None, scope: Mapping[str, Value], bound: dict[str, Dim]
) -> Spec | None:
    """What an Input of a block brings in its definition; names in its shape are bound to symbols in ``bound``."""
    given = example.inputs.get(port.id) if example else None
    dtype = given.dtype if given else str(port.params.get("dtype", "float32"))
    if "shape" not in port.params:
        return given
    shape: list[Dim] = []
    for axis in axes_of(port):
        if isinstance(axis, str) and axis.isidentifier() and axis not in scope:
            shape.append(bound.setdefault(axis, symbol(axis)))
            continue
        try:
            size = evaluate(axis, {**scope, **bound}) if isinstance(axis, str) else axis
        except ExpressionError:
            return None
        if not isinstance(size, int | Expr):
            return None
        shape.append(size)
    return Spec(tuple(shape), dtype)


def size_params(project: Project, key: str, known: dict[str, set[str]]) -> set[str]:
    """The parameters of a graph that are used as sizes only, so that its definition may leave them as symbols.

    ``known`` remembers the answer for each graph: blocks nested forty deep would otherwise be asked 2⁴⁰ times.
    """
    if key in known:
        return known[key]
    known[key] = set()  # what a graph that contains itself is told
    graph = project.graphs[key]
    fixed: set[str] = set()
    for node in graph.nodes.values():
        if isinstance(node.run, Repeat) and isinstance(node.run.times, str):
            fixed |= names_in(node.run.times)
        inner = project.graphs.get(node.type)
        sizes = size_params(project, node.type, known) if inner else set()
        declaration = layer_types().get(node.type)
        for name, value in node.params.items():
            used: set[str] = set()
            for part in value if isinstance(value, list | tuple) else [value]:
                if isinstance(part, str):
                    used |= names_in(part.removeprefix("="))
            field = declaration.fields.get(name) if declaration else None
            if not (isinstance(field, Size | PerAxis | Sizes) or name in sizes):
                fixed |= used
    known[key] = {name for name, param in graph.params.items() if name not in fixed and _may_be_size(param.default)}
    return known[key]


def _may_be_size(default: Any) -> bool:
    return default is None or isinstance(default, str) or (isinstance(default, int) and not isinstance(default, bool))
