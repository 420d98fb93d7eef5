"""Blocks as nodes: instances, repetition, and the contexts of their iterations. Scans: graph_core.scanning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from graph_core.context import NOTHING, Call, Context, Result
from graph_core.dims import Dim, Expr, at_least, example_of, number_of
from graph_core.evaluate import block_inputs_given, decided, identity, refuse
from graph_core.expressions import ExpressionError, evaluate, names_in
from graph_core.graph import Graph, Node, Repeat, Scan
from graph_core.layer import Spec
from graph_core.order import MAX_DEPTH
from graph_core.problems import Finding
from graph_core.scanning import evaluate_scan, scan_findings
from graph_core.sharing import steps_differ
from graph_core.steps import step_context, step_scope

if TYPE_CHECKING:
    from graph_core.propagate import Engine

MAX_VARYING = 4096
MAX_UNKNOWN = 4  # steps that are worked out where their number is a symbol and no example is asked for


def evaluate_block(engine: Engine, context: Context, node: Node, block: Graph) -> Result:
    """The result of a block node: of its instance, or of all its iterations."""
    outs = [port.id for port in block.outputs()]
    if block.key in engine.recursive_graphs():
        return refuse(node, len(outs), Finding("recursion", f"{node.name} is a {block.name} inside a {block.name}"))
    if engine.is_too_deep(block.key):
        return refuse(node, len(outs), Finding("depth", f"{node.name} holds blocks nested deeper than {MAX_DEPTH}"))
    enabled, finding = decided(node, context.scope)
    if finding and isinstance(node.run, Repeat) and "i" in names_in(node.when):
        message = f"{node.name} has one condition for all its steps, so it cannot use i"
        inside = f"give {block.name} a parameter set to i, and use that in a condition inside"
        finding = Finding("condition", f"{message}; {inside}")
    if finding:
        return refuse(node, len(outs), finding)
    scan = node.run if isinstance(node.run, Scan) else None
    given, findings, waiting = block_inputs_given(context, node, block, scan.carry if scan else ())
    if enabled is False:
        return identity(node, len(outs), next(iter(given.values()), None))
    if scan:
        findings += scan_findings(node, block, scan, given)
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
    if scan:
        result = evaluate_scan(engine, context, node, block, scan, given)
    else:
        result = _iterate(engine, context, node, block, given, times)
    result.enabled = enabled
    return result


def call_again(engine: Engine, context: Context, old: Result) -> Result | None:
    """The result of a block node whose iterations are the same as before; None where they may be others.

    They are where each still gets what it got: an edit inside a block changes sums far more often than shapes.
    """
    node = old.node
    block = engine.project.graphs.get(node.type)
    if block is None or isinstance(node.run, Scan) or block.key in engine.recursive_graphs():
        return None
    if old.findings or old.waiting:  # then these may not have been all iterations
        return None
    given, findings, waiting = block_inputs_given(context, node, block, ())
    if findings or waiting:
        return None
    ins = [port.id for port in block.inputs()]
    for call in old.calls:
        child = call.context
        if child.released or call.symbolic is not None or child.inputs != given:
            return None
        following = _following(given, ins, child)
        if following is None or (call.count > 1 and child.inputs != following):
            return None
        given = following
    return _rejoined(old, block)


def summed_again(context: Context, old: Result) -> Result | None:
    """The result of a block node where nothing changed but the totals of its iterations; None where that may not be."""
    node, graph = old.node, context.graph
    block = graph.project.graphs.get(node.type)
    plain = node.run is None or (isinstance(node.run, Repeat) and not node.run.shared)
    if block is None or not plain or not old.calls or old.findings or node.use or graph.ties or graph.borrowers:
        return None
    if context.graph.nodes.get(node.id) is not node or any(call.context.released for call in old.calls):
        return None
    return _rejoined(old, block)


def _rejoined(old: Result, block: Graph) -> Result:
    """The result of the very same iterations, summed anew."""
    result = _joined(old.node, list(old.calls), [port.id for port in block.outputs()])
    result.enabled = old.enabled
    return result


def _times(context: Context, node: Node) -> Dim:
    if not isinstance(node.run, Repeat):
        return 1
    times = evaluate(node.run.times, context.scope) if isinstance(node.run.times, str) else node.run.times
    if isinstance(times, Expr):
        return 0 if at_least(times, 1) is False else times  # none at all has another formula
    if isinstance(times, bool) or not isinstance(times, int) or not 0 <= times < 2**31:
        raise ExpressionError(f"{times} is no number of repetitions; it takes a whole number from 0.")
    return int(times)


def _iterate(
    engine: Engine, context: Context, node: Node, block: Graph, given: dict[str, Spec | None], number: Dim
) -> Result:
    outs, ins = [port.id for port in block.outputs()], [port.id for port in block.inputs()]
    example = example_of(number)
    times = MAX_UNKNOWN if example is None else example
    if not times:
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
            return refuse(node, len(outs), child, calls=calls)
        if calls and calls[-1].context is child:
            calls[-1].count += 1
        else:
            calls.append(Call(child, step, 1))
        step += 1
        following = _following(given, ins, child)
        if following is None:
            break
        if following == given and not varies:
            calls[-1].count += times - step
            if isinstance(number, Expr) and at_least(number, step):
                calls[-1].symbolic = number - calls[-1].first
            break
        given = following
    else:
        # What differs from step to step has no formula over their number.
        if number_of(number) is None:
            message = f"{node.name} repeats ×{number} with steps that differ; give it a number"
            return refuse(node, len(outs), Finding("parameter", message))
    return _joined(node, calls, outs)


def _following(given: dict[str, Spec | None], ins: list[str], child: Context) -> dict[str, Spec | None] | None:
    """What the next iteration gets: the outputs of this one by position, and the rest as it was; None while an output
    is not known.
    """
    outputs = child.outputs().values()
    if any(spec is None for spec in outputs):
        return None
    return {**given, **dict(zip(ins, outputs, strict=False))}


def _joined(node: Node, calls: list[Call], outs: list[str]) -> Result:
    shared = bool(node.run and node.run.shared)
    totals = NOTHING
    for place, call in enumerate(calls):
        inner = call.context.totals
        if node.use or (shared and place):
            totals = totals.plus(inner.called_again().times(call.iterations))
        elif shared:
            totals = totals.plus(inner).plus(inner.called_again().times(call.iterations - 1))
        else:
            totals = totals.plus(inner.times(call.iterations))
    # Each instance has the same problems: they are counted once, as they are said once.
    totals = totals._replace(
        errors=sum(call.context.totals.errors for call in calls),
        warnings=sum(call.context.totals.warnings for call in calls),
    )
    if shared and len(calls) > 1 and (finding := steps_differ(node, calls)):
        return refuse(node, len(outs), finding, calls=calls)
    outputs = calls[-1].context.outputs()
    specs = tuple(outputs.get(id) for id in outs)
    waiting = any(spec is None for spec in specs)
    return Result(node, specs, totals, calls=tuple(calls), waiting=waiting)


def _child(
    engine: Engine, context: Context, node: Node, block: Graph, given: Mapping[str, Spec | None], step: int
) -> Context | Finding:
    """The context of one iteration, or what keeps the instance from having one."""
    scope = step_scope(context, node, block, step)
    return scope if isinstance(scope, Finding) else step_context(engine, node, block, scope, given)
