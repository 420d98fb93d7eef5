"""Blocks as nodes: instances, repetition, and the contexts of their iterations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graph_core.context import NOTHING, Call, Context, Result
from graph_core.definitions import defaults
from graph_core.dims import Dim
from graph_core.evaluate import bind_input, block_inputs_given, decided, identity, refuse
from graph_core.expressions import ExpressionError, Value, evaluate, names_in
from graph_core.graph import Graph, Node
from graph_core.layer import Spec
from graph_core.problems import Finding

if TYPE_CHECKING:
    from graph_core.propagate import Engine

MAX_DEPTH = 64
MAX_VARYING = 4096


def evaluate_block(engine: Engine, context: Context, node: Node, block: Graph) -> Result:
    """The result of a block node: of its instance, or of all its iterations."""
    outs = [port.id for port in block.outputs()]
    if block.key in engine.recursive_graphs():
        return refuse(node, len(outs), Finding("recursion", f"{node.name} is a {block.name} inside a {block.name}"))
    if engine.depth >= MAX_DEPTH:
        return refuse(node, len(outs), Finding("depth", f"{node.name} is nested deeper than {MAX_DEPTH} blocks"))
    enabled, finding = decided(node, context.scope)
    if finding:
        return refuse(node, len(outs), finding)
    given, findings, waiting = block_inputs_given(context, node, block)
    if enabled is False:
        return identity(node, len(outs), next(iter(given.values()), None))
    try:
        times = _times(context, node)
    except ExpressionError as error:
        findings.append(Finding("parameter", f"{node.name}: repeat: {error}"))
        times = 1
    if findings or waiting:
        result = refuse(node, len(outs), *findings)
        result.waiting = not findings
        result.enabled = enabled
        return result
    with engine.deeper():
        result = _iterate(engine, context, node, block, given, times)
    result.enabled = enabled
    return result


def _times(context: Context, node: Node) -> int:
    if node.run is None:
        return 1
    times = evaluate(node.run.times, context.scope) if isinstance(node.run.times, str) else node.run.times
    if isinstance(times, bool) or not isinstance(times, int) or not 0 <= times < 2**31:
        raise ExpressionError(f"{times} is no number of repetitions; it takes a whole number from 0.")
    return int(times)


def _iterate(
    engine: Engine, context: Context, node: Node, block: Graph, given: dict[str, Spec | None], times: int
) -> Result:
    outs, ins = [port.id for port in block.outputs()], [port.id for port in block.inputs()]
    if times == 0:
        return identity(node, len(outs), next(iter(given.values()), None))
    varies = any(isinstance(v, str) and "i" in names_in(v) for v in node.params.values())
    if varies and times > MAX_VARYING:
        message = f"{node.name} repeats ×{times} with values that depend on i; up to {MAX_VARYING} are worked out"
        return refuse(node, len(outs), Finding("parameter", message))
    calls: list[Call] = []
    step = 0
    while step < times:
        child = _child(engine, context, node, block, given, step)
        if isinstance(child, Finding):
            return refuse(node, len(outs), child)
        outputs = child.outputs()
        if calls and calls[-1].context is child:
            calls[-1].count += 1
        else:
            calls.append(Call(child, step, 1))
        step += 1
        following = {**given, **dict(zip(ins, outputs.values(), strict=False))}
        if any(spec is None for spec in outputs.values()):
            break
        if following == given and not varies:
            calls[-1].count += times - step
            break
        given = following
    return _joined(node, calls, outs)


def _joined(node: Node, calls: list[Call], outs: list[str]) -> Result:
    shared = bool(node.run and node.run.shared)
    totals = NOTHING
    for place, call in enumerate(calls):
        inner = call.context.totals
        if node.use or (shared and place):
            totals = totals.plus(inner.called_again().times(call.count))
        elif shared:
            totals = totals.plus(inner).plus(inner.called_again().times(call.count - 1))
        else:
            totals = totals.plus(inner.times(call.count))
    # Each instance has the same problems: they are counted once, as they are said once.
    totals = totals._replace(
        errors=sum(call.context.totals.errors for call in calls),
        warnings=sum(call.context.totals.warnings for call in calls),
    )
    if shared and len({_weight_shapes(call.context) for call in calls}) > 1:
        message = f"{node.name} repeats with one set of weights, but its steps need different weight shapes"
        return refuse(node, len(outs), Finding("sharing", message))
    outputs = calls[-1].context.outputs()
    specs = tuple(outputs.get(id) for id in outs)
    waiting = any(spec is None for spec in specs)
    return Result(node, specs, totals, calls=tuple(calls), waiting=waiting)


def _child(
    engine: Engine, context: Context, node: Node, block: Graph, given: Mapping[str, Spec | None], step: int
) -> Context | Finding:
    """The context of one iteration, or what keeps the instance from having one."""
    outer = {**context.scope, "i": step} if node.run else context.scope
    scope = defaults(block)
    for name in block.params:
        if name in node.params:
            value = node.params[name]
            try:
                scope[name] = evaluate(value, outer) if isinstance(value, str) else _frozen(value)
            except ExpressionError as error:
                return Finding("parameter", f"{node.name}: {name}: {error}", hints={"parameter": name})
        elif name not in scope:
            message = f"{node.name} gives no {name}, which {block.name} needs"
            return Finding("missing-parameter", message, hints={"parameter": name})
    key = (tuple(scope.items()), tuple(given.items()))
    found = engine.instance(block, key)
    if found is not None:
        return found
    bound: dict[str, Dim] = {}
    for port in block.inputs():
        spec = given.get(port.id)
        finding = bind_input(port, spec, bound, scope) if spec else None
        if finding:
            return Finding(finding.code, f"{node.name} {finding.message}", finding.port, finding.hints)
    return engine.new_context(block, "instance", key, scope, bound, given)


def _frozen(value: Any) -> Value:
    result: Value = tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value
    return result


def _weight_shapes(context: Context) -> tuple[Any, ...]:
    own: list[Any] = []
    for id in context.order:
        result = context.results[id]
        if result.facts:
            own += [(id, w.name, tuple(w.shape)) for w in result.facts.weights]
        own += [(id, _weight_shapes(call.context), call.count) for call in result.calls]
    return tuple(own)
