"""What can be said of a graph's nodes only when all of them are worked out: ties, shared weights, passed inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph_core.context import Context
from graph_core.expressions import names_in
from graph_core.layer import layer_types
from graph_core.names import natural
from graph_core.problems import Finding
from graph_core.sharing import sharing_findings
from graph_core.ties import findings_of


def settled_findings(context: Context) -> tuple[tuple[str, Finding], ...]:
    """Each finding with the id of the node it is about; quick where a graph has nothing of the kind."""
    graph = context.graph
    ties = findings_of(context) if graph.ties else ()
    shared = sharing_findings(context) if graph.borrowers else ()
    idle = sorted(_idle(context), key=natural) if graph.conditional else ()
    passed = (*_passed(context, idle), *_asleep(context, idle)) if idle else ()
    return (*ties, *shared, *passed)


def _idle(context: Context) -> Iterator[str]:
    """The ids of nodes that do not act here, but for layers that just pass on the one thing they are wired for."""
    graph, results, types = context.graph, context.results, layer_types()
    for id in graph.conditional:
        result = results.get(id)
        if result is None or result.calls or result.facts is not None:
            continue
        declaration, wired = types.get(result.node.type), graph.incoming.get(id, {})
        if declaration is None or len(result.specs) > 1 or not wired.keys() >= declaration.inlets.keys():
            yield id


def _asleep(context: Context, ids: Iterable[str]) -> Iterator[tuple[str, Finding]]:
    """Inputs without a wire of what does not act here: its source is written for where it does."""
    graph = context.graph
    for id in ids:
        result = context.results.get(id)
        if result is None or result.enabled is not False:
            continue
        node, wired = result.node, graph.incoming.get(id, {})
        block, declaration = graph.project.graphs.get(node.type), layer_types().get(node.type)
        needed: list[tuple[str, str]] = []
        if block is not None:
            states = node.run.carry if node.run is not None else ()
            needed = [(port.id, port.name) for port in block.inputs() if port.id not in states]
        elif declaration is not None:
            for name, inlet in declaration.inlets.items():
                ports = [f"{name}{k}" for k in range(inlet.least)] if inlet.variadic else [name]
                needed += [(port, port) for port in ports if not inlet.optional]
        if not names_in(node.when):
            needed = [] if wired else needed[:1]  # it never acts: all that it needs is something to pass on
        for port, name in needed:
            if port not in wired:
                yield id, Finding("unwired", f"{node.name} has no wire at {name}", port)


def _passed(context: Context, ids: Iterable[str]) -> Iterator[tuple[str, Finding]]:
    """Outputs that are read, though a false condition, or a repeat ×0, leaves the first one only."""
    graph = context.graph
    for id in ids:
        result = context.results.get(id)
        passes = result is not None and not result.calls and result.facts is None and any(result.specs[:1])
        if result is None or not passes or len(result.specs) < 2:
            continue
        node = result.node
        first = graph.out_ports(node)[0]
        lost = sorted(
            (natural(target), target, port, out)
            for (target, port), out in graph.outgoing.get(id, {}).items()
            if out != first and target in graph.nodes
        )
        if lost:
            _, target, port, out = lost[0]
            block = graph.project.graphs.get(node.type)
            name = block.nodes[out].name if block is not None and out in block.nodes else out
            why, what = ("as it repeats ×0", "let it run") if result.enabled is not False else ("", "")
            message = (
                f"{node.name} only passes its first input on {why or 'where its condition is false'}, so "
                f"{graph.nodes[target].name} cannot read its output {name}; "
                f"{what or 'remove the condition'} or remove that wire"
            )
            yield id, Finding("passed", message, hints={"lost": f"{target}.{port}"})
