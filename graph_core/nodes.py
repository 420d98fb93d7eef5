"""The result of any node in a context: of a layer, a port, or a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph_core.context import Context, Outcome, Result
from graph_core.evaluate import (
    MAX_REMEMBERED,
    configured,
    decided,
    identity,
    layer_result,
    misfit,
    network_input,
    outcome_of,
    refuse,
    source_spec,
)
from graph_core.fields import FieldError
from graph_core.graph import Node
from graph_core.instances import call_again, evaluate_block
from graph_core.layer import Inlet, Layer, Port, Spec, layer_types
from graph_core.problems import Finding
from graph_core.ties import shared

if TYPE_CHECKING:
    from graph_core.propagate import Engine

MAX_RECENT = 1000


def evaluate_node(engine: Engine, context: Context, node: Node) -> Result:
    """What a node makes of its inputs in a context."""
    result = _evaluate(engine, context, node)
    return shared(context, node, result) if context.graph.ties else result


def evaluate_again(engine: Engine, context: Context, old: Result) -> Result | None:
    """The result of a node of which only the input may have changed, where that is all it takes; None where it is not.

    Most of what a change of shapes reaches, far down a chain, comes down to this.
    """
    node, layer = old.node, old.layer
    if old.calls and not context.graph.ties:
        return call_again(engine, context, old)
    if layer is None or node.when or node.use or len(layer.inlets) != 1 or context.graph.ties:
        return None
    wired = context.graph.incoming.get(node.id)
    source = wired.get(*layer.inlets) if wired else None
    before = context.results.get(source[0]) if source else None
    if source is None or before is None or before.layer is None or before.layer.places.get(source[1]) != 0:
        return None
    spec = before.specs[0]
    if spec is None:
        return Result(node, (None,) * len(layer.outlets), layer=layer, waiting=True)
    known = layer.recent.get(id(spec))
    if known is None or known[0] is not spec:
        return None
    outcome = known[1]
    return Result(node, outcome.specs, outcome.totals, layer, outcome.facts)


def _evaluate(engine: Engine, context: Context, node: Node) -> Result:
    if node.type in engine.project.graphs:
        return evaluate_block(engine, context, node, engine.project.graphs[node.type])
    declaration = layer_types().get(node.type)
    if declaration is None:
        return refuse(node, 0, Finding("unknown-type", f"{node.name} is of the unknown type {node.type}"))
    if isinstance(declaration.torch, Port):
        return _evaluate_port(engine, context, node, declaration.torch.role)
    count = len(declaration.outlets)
    enabled, finding = decided(node, context.scope) if node.when else (True, None)
    if finding:
        return refuse(node, count, finding)
    result = _remembered(engine, context, node, declaration, enabled) if enabled is not False else None
    if result is None:
        result = _evaluate_afresh(engine, context, node, declaration, enabled)
    return result


def _remembered(
    engine: Engine, context: Context, node: Node, declaration: type[Layer], enabled: bool | None
) -> Result | None:
    """The result of a layer node whose outcome is remembered, or that waits: what most edits come down to."""
    if not declaration.simple:
        return None
    wired = context.graph.incoming.get(node.id)
    specs: list[Spec | None] = []
    waiting = False
    for name in declaration.inlets:
        source = wired.get(name) if wired else None
        spec = source_spec(context, source) if source else None
        waiting = waiting or (spec is None and source is not None)
        specs.append(spec)
    if waiting and len(specs) > 1:
        return None  # what comes in by the other inlets may not fit
    layer = _known_layer(engine, context, node, declaration)
    if layer is None:
        return None
    if waiting:
        return Result(node, (None,) * len(declaration.outlets), layer=layer, enabled=enabled, waiting=True)
    outcome = engine.memory.get((layer, tuple(specs)))
    if outcome is None:
        return None
    if len(specs) == 1 and specs[0] is not None and isinstance(outcome, Outcome) and not outcome.facts.notes:
        if len(layer.recent) > MAX_RECENT:
            layer.recent.clear()
        layer.recent[id(specs[0])] = specs[0], outcome
    return layer_result(node, layer, outcome, enabled)


def _known_layer(engine: Engine, context: Context, node: Node, declaration: type[Layer]) -> Layer | None:
    """The node's layer: as it was if the node is the very same, for a context's scope never changes."""
    old = context.results.get(node.id)
    if old is not None and old.node is node and old.layer is not None:
        return old.layer
    try:
        return configured(node, declaration, context.scope, engine.layers)
    except FieldError:
        return None


def _evaluate_afresh(
    engine: Engine, context: Context, node: Node, declaration: type[Layer], enabled: bool | None
) -> Result:
    """The result of a layer node whose outcome is not remembered, with all that keeps it from having one."""
    count = len(declaration.outlets)
    given, findings, waiting = inputs_given(context, node, declaration)
    if enabled is False:
        first = next((spec for _, spec in given), None)
        return identity(node, count, first)
    try:
        layer = configured(node, declaration, context.scope, engine.layers)
    except FieldError as error:
        return refuse(node, count, Finding("parameter", f"{node.name}: {error}"), *findings)
    if findings:
        return refuse(node, count, *findings, layer=layer)
    if waiting:
        return Result(node, (None,) * count, layer=layer, enabled=enabled, waiting=True)
    key = layer, tuple(spec for _, spec in given)
    outcome = engine.memory.get(key)
    if outcome is None:
        if len(engine.memory) > MAX_REMEMBERED:
            engine.memory.clear()
        outcome = engine.memory[key] = outcome_of(layer, given)
    return layer_result(node, layer, outcome, enabled)


def _evaluate_port(engine: Engine, context: Context, node: Node, role: str) -> Result:
    if role == "output":
        wired = context.graph.incoming.get(node.id, {})
        if "x" not in wired:
            return refuse(node, 1, Finding("unwired", f"{node.name} has no wire at x", "x"))
        spec = source_spec(context, wired["x"])
        return Result(node, (spec,), waiting=spec is None)
    if context.role in ("root", "symbolic"):
        return network_input(node, context.scope, engine.project.symbols)
    spec = context.inputs.get(node.id)
    return Result(node, (spec,), waiting=spec is None)


def inputs_given(
    context: Context, node: Node, declaration: type[Layer]
) -> tuple[list[tuple[Inlet, Spec | None]], list[Finding], bool]:
    """What flows into each inlet, what is wrong with that, and whether something upstream is still to be solved."""
    wired = context.graph.incoming.get(node.id, {})
    given: list[tuple[Inlet, Spec | None]] = []
    findings: list[Finding] = []
    waiting = False
    for name, inlet in declaration.inlets.items():
        if inlet.variadic:
            ports = sorted((p for p in wired if p[: len(name)] == name), key=lambda p: (len(p), p))
            if len(ports) < inlet.least:
                need = f"{node.name} joins at least {inlet.least} tensors and has {len(ports)} wired"
                findings.append(Finding("unwired", need, f"{name}{len(ports)}"))
        else:
            ports = [name]
        for port in ports:
            if port not in wired:
                if not inlet.optional:
                    findings.append(Finding("unwired", f"{node.name} has no wire at {port}", port))
                given.append((inlet, None))
                continue
            spec = source_spec(context, wired[port])
            if spec is None:
                waiting = True
            elif finding := misfit(node, inlet, port, spec):
                findings.append(finding)
            given.append((inlet, spec))
    return given, findings, waiting
