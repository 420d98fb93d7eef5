"""One step of a block: the values of its parameters there, and the context that step has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from graph_core.context import Context
from graph_core.definitions import defaults, frozen
from graph_core.dims import Dim
from graph_core.evaluate import bind_input
from graph_core.expressions import ExpressionError, Value, evaluate
from graph_core.graph import Graph, Node, Repeat
from graph_core.layer import Spec
from graph_core.problems import MAX_INSIDE, Finding

if TYPE_CHECKING:
    from graph_core.propagate import Engine


def step_scope(context: Context, node: Node, block: Graph, step: int) -> dict[str, Value] | Finding:
    """The parameters of a block in one of its steps, or what keeps the instance from having them."""
    outer = {**context.scope, "i": step} if isinstance(node.run, Repeat) else context.scope
    scope = defaults(block)
    for name in block.params:
        if name in node.params:
            value = node.params[name]
            try:
                scope[name] = evaluate(value, outer) if isinstance(value, str) else frozen(value)
            except ExpressionError as error:
                return Finding("parameter", f"{node.name}: {name}: {error}", hints={"parameter": name})
        elif name not in scope:
            message = f"{node.name} gives no {name}, which {block.name} needs"
            return Finding("missing-parameter", message, hints={"parameter": name})
    return scope


def step_context(
    engine: Engine, node: Node, block: Graph, scope: dict[str, Value], given: Mapping[str, Spec | None]
) -> Context | Finding:
    """The context of a block under these parameters and inputs, or what does not fit."""
    key = (tuple(scope.items()), tuple(given.items()))
    found = engine.instance(block, key)
    if found is not None:
        return found
    if engine.is_full():
        message = f"{node.name} comes to more than {MAX_INSIDE:,} nodes in different instances of blocks"
        return Finding("instances", f"{message}; give blocks fewer different values")
    bound = bound_widths(node, block, scope, given)
    return bound if isinstance(bound, Finding) else engine.new_context(block, "instance", key, scope, bound, given)


def bound_widths(
    node: Node, block: Graph, scope: Mapping[str, Value], given: Mapping[str, Spec | None]
) -> dict[str, Dim] | Finding:
    """The widths that the names in the shapes of a block's inputs stand for, or what does not fit."""
    bound: dict[str, Dim] = {}
    for port in block.inputs():
        spec = given.get(port.id)
        finding = bind_input(port, spec, bound, scope) if spec else None
        if finding:
            return Finding(finding.code, f"{node.name} {finding.message}", finding.port, finding.hints)
    return bound
