"""A block instance written out: its nodes in its place, with its parameters put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graph_core import edits
from graph_core.copying import corner, insert, moved
from graph_core.ends import own_weights
from graph_core.evaluate import axes_of
from graph_core.expressions import ExpressionError, parse
from graph_core.graph import EditError, Graph, Node, Scan
from graph_core.layer import layer_types
from graph_core.order import callees_first
from graph_core.propagate import engine_of
from graph_core.substitution import INDEX, field_of, names_of, substituted
from graph_core.ties import rewrite

MAX_TIMES = 64
STEP_GAP = 200.0


def expand(graph: Graph, id: str) -> list[str]:
    """Put the nodes of a block in the place of an instance, once per repetition; returns their ids.

    The block itself stays. Raises EditError, and changes nothing, where the instance has no equal written out.
    """
    node = graph.node(id)
    project = graph.project
    block, times = _check(graph, node)
    widths = _widths(graph, node, block)
    steps = [_inner_nodes(graph, node, block, widths, step) for step in range(times)]
    ins, outs = block.inputs(), block.outputs()
    sources = {port.id: graph.wires.get(f"{id}.{port.id}", "") for port in ins}
    readers = [(f"{target}.{port}", out) for (target, port), out in graph.outgoing.get(id, {}).items()]
    at = graph.view.get(id)
    # Of a block that never runs, the first output is the first input.
    ends = {out.id: "" if place else next(iter(sources.values()), "") for place, out in enumerate(outs)}
    added: list[str] = []
    with project.editing(f"Expand {node.name}"):
        ties = dict(graph.ties)
        edits.remove(graph, [id])
        first: dict[str, str] = {}
        ways: dict[str, str] = {}
        own = own_weights(node)
        for step, nodes in enumerate(steps):
            again = bool(first and not own)
            inner = {} if again else block.ties
            copies = insert(graph, nodes, block.wires, _places(block, nodes, at, step), ties=inner, keep_ids=True)
            if again:
                _share(graph, block, copies, first)
            if own or not first:
                ways |= {f"{id}#{step}/{inner}" if own else f"{id}/{inner}": copy for inner, copy in copies.items()}
            first = first or copies
            added += copies.values()
            for target, source in block.wires.items():
                into, _, port = target.partition(".")
                if into in copies and source.partition(".")[0] in sources:
                    feed = _outer(source, copies, sources)
                    project.record(graph.key, "wires", f"{copies[into]}.{port}", feed or None)
            wired = {out.id: list(block.incoming.get(out.id, {}).values()) for out in outs}
            ends = {id: _outer(".".join(found[0]), copies, sources) if found else "" for id, found in wired.items()}
            sources = {**sources, **dict(zip(sources, ends.values(), strict=False))}
        for target, out in readers:
            if ends.get(out):
                project.record(graph.key, "wires", target, ends[out])
        rewrite(graph, ties, ways, {id: times} if own else {})
    return added


def _outer(source: str, copies: Mapping[str, str], sources: Mapping[str, str]) -> str:
    """What ``node.port`` inside the block is outside; empty for nothing."""
    id, _, port = source.partition(".")
    return f"{copies[id]}.{port}" if id in copies else sources.get(id, "")


def _check(graph: Graph, node: Node) -> tuple[Graph, int]:
    """The block of an instance and how often it runs; raises EditError where it cannot be written out."""
    block = graph.project.graphs.get(node.type)
    if block is None:
        raise EditError(f"{node.name} is a layer; only a block can be expanded.")
    if node.type in callees_first(graph.project)[1]:
        raise EditError(f"{block.name} contains itself; mend that first.")
    if node.when:
        raise EditError(f"{node.name} has a condition; take that off first.")
    if node.use:
        raise EditError(f"{node.name} uses the weights of another block; give it its own first.")
    for other in graph.nodes.values():
        if other.use == node.id:
            raise EditError(f"{other.name} uses the weights of {node.name}; give it its own first.")
    if isinstance(node.run, Scan):
        raise EditError(f"{node.name} scans, and its steps cannot be written out; let it run once first.")
    times = node.run.times if node.run else 1
    if not isinstance(times, int) or times > MAX_TIMES:
        raise EditError(f"{node.name} repeats ×{times}; a number up to {MAX_TIMES} can be written out.")
    return block, times


def _inner_nodes(graph: Graph, node: Node, block: Graph, widths: Mapping[str, Any], step: int) -> list[Node]:
    """The nodes of one iteration in terms of the outer graph."""
    project = graph.project
    given = substituted(project, node, {INDEX: step}, params_only=True).params if node.run else node.params
    values: dict[str, Any] = dict(widths)
    for name, param in block.params.items():
        if name not in given and param.default is None:
            raise EditError(f"{node.name} gives no {name}, which {block.name} needs; set it first.")
        values[name] = given.get(name, param.default)
    ports = {port.id for port in (*block.inputs(), *block.outputs())}
    found = []
    for inner in block.nodes.values():
        if inner.id in ports:
            continue
        for name in sorted(names_of(project, inner) - values.keys()):
            raise EditError(f"{inner.name} in {block.name} uses {name}, which has no value here; mend that first.")
        found.append(_without_defaults(graph, substituted(project, inner, values)))
    return found


def _without_defaults(graph: Graph, node: Node) -> Node:
    params = {}
    for name, value in node.params.items():
        field = field_of(graph.project, node, name)
        if field is None or not edits.is_default(field, value):
            params[name] = value
    return replace(node, params=params)


def _widths(graph: Graph, node: Node, block: Graph) -> dict[str, Any]:
    """What the names in the shapes of the block's inputs stand for, in terms of the outer graph.

    Where they differ from one repetition to the next, or are not known, they are left out.
    """
    bound = {
        axis
        for port in block.inputs()
        for axis in (axes_of(port) if "shape" in port.params else ())
        if isinstance(axis, str) and axis.isidentifier() and axis not in block.params
    }
    if not any(names_of(graph.project, inner) & bound for inner in block.nodes.values()):
        return {}
    engine = engine_of(graph.project)
    network = next((name for name, key in graph.project.network_keys.items() if key == graph.key), None)
    context = engine.symbolic_root(network) if network else engine.definition(graph.key)
    result = context.results.get(node.id)
    if result is None or len(result.calls) != 1:
        return {}
    widths: dict[str, Any] = {}
    for name, size in result.calls[0].context.inferred.items():
        if isinstance(size, int):
            widths[name] = int(size)
            continue
        try:
            parse(str(size))
            widths[name] = str(size)
        except ExpressionError:
            continue
    return widths


def _share(graph: Graph, block: Graph, copies: Mapping[str, str], first: Mapping[str, str]) -> None:
    """Let the nodes of a later repetition call the weights of the first one's again."""
    for id, copy in copies.items():
        node = graph.nodes[copy]
        declaration = layer_types().get(node.type)
        if node.type in graph.project.graphs or (declaration is not None and declaration.owns_weights()):
            owner = first[block.nodes[id].use or id]
            graph.project.record(graph.key, "nodes", copy, replace(node, use=owner))


def _places(
    block: Graph, nodes: list[Node], at: tuple[float, float] | None, step: int
) -> dict[str, tuple[float, float]]:
    """Where the nodes lie: their top left corner where the instance was, each repetition right of the one before."""
    ids = [node.id for node in nodes]
    start = corner(block.view, ids)
    if start is None or at is None:
        return {}
    width = max(block.view[id][0] for id in ids if id in block.view) - start[0] + STEP_GAP
    return moved(block.view, (at[0] - start[0] + step * width, at[1] - start[1]))
