"""Two weights that are one: an explicit tie, such as of an output projection to the embedding.

``Graph.ties`` maps ``target.weight`` to ``source.weight``: the target has no weight of its own, it calls the source's.
An end is the id of a layer in the graph, or the way to one inside of blocks (``decoder/head.weight``), each of which
runs once. Both weights have one shape and one type; torch keeps both keys in the state dict and counts one parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graph_core.context import Context, Result, Totals, layer_totals, weight_totals
from graph_core.dims import same, shape_text
from graph_core.evaluate import decided
from graph_core.graph import EditError, Graph, Node
from graph_core.layer import Weight, layer_types
from graph_core.names import first_of, parts_of
from graph_core.problems import Finding

MAX_CANDIDATES = 100

# Edits.


def tie(graph: Graph, target: str, source: str) -> None:
    """Let ``target`` (``node.weight``) be the same tensor as ``source``; raises EditError.

    What was tied to ``target`` goes along, and a source that is tied itself is followed: there are no chains.
    """
    nodes = _owner(graph, target), _owner(graph, source)
    source = graph.ties.get(source, source)
    if target == source:
        raise EditError(f"{told(graph, target)} cannot be tied to itself; choose another weight.")
    with graph.project.editing(f"Tie {told(graph, target)} to {nodes[1].name}"):
        for other in [other for other, owner in graph.ties.items() if owner == target]:
            graph.project.record(graph.key, "ties", other, source)
        graph.project.record(graph.key, "ties", target, source)


def untie(graph: Graph, target: str) -> None:
    """Give ``target`` a weight of its own again; raises EditError where it has one."""
    if target not in graph.ties:
        raise EditError(f"{told(graph, target)} is not tied; it has a weight of its own.")
    with graph.project.editing(f"Untie {told(graph, target)}"):
        graph.project.record(graph.key, "ties", target, None)


def moved(ties: Mapping[str, str], copies: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The ties whose ends both are among ``copies`` (old id -> new), under the new ids."""
    for target, source in ties.items():
        ends = [f"{copies[id]}{end[len(id) :]}" for end in (target, source) if (id := first_of(end)) in copies]
        if len(ends) == 2:
            yield ends[0], ends[1]


def rewrite(graph: Graph, ties: Mapping[str, str], ways: Mapping[str, str]) -> None:
    """Inside an edit: nodes went to another place. ``ties`` is what there was, ``ways`` old ways -> new ones.

    Ties that do not concern a way stay as they are now.
    """

    def now(end: str) -> str:
        way = end.partition(".")[0]
        old = next((old for old in ways if way == old or way.startswith(f"{old}/")), None)
        return end if old is None else f"{ways[old]}{end[len(old) :]}"

    for target, source in ties.items():
        if (now(target), now(source)) != (target, source):
            graph.project.record(graph.key, "ties", now(target), now(source))


def _owner(graph: Graph, end: str) -> Node:
    """The layer at an end; raises EditError where there is none that makes weights."""
    way, weight = parts_of(end)
    if not weight and not end.endswith("."):
        raise EditError(f"“{end}” names no weight; write node.weight, such as head.weight.")
    here, node = graph, graph.node(way[0])
    for id in way[1:]:
        if node.type not in graph.project.graphs:
            raise EditError(f"{node.name} is a layer, and no block with a {id} inside.")
        here = graph.project.graphs[node.type]
        node = here.node(id)
    declaration = layer_types().get(node.type) if node.type not in graph.project.graphs else None
    if declaration is None or not declaration.owns_weights() or node.use:
        raise EditError(f"{node.name} has no weights of its own; choose a layer that has.")
    return node


def told(graph: Graph, end: str) -> str:
    """An end by the names on its way, as the state dict has it; by its id where a node is not there."""
    way, weight = parts_of(end)
    names: list[str] = []
    here: Graph | None = graph
    for id in way:
        node = here.nodes.get(id) if here else None
        names.append(node.name if node else id)
        here = graph.project.graphs.get(node.type) if node else None
    return ".".join([*names, weight] if weight else names)


# Analysis.


@dataclass(frozen=True, slots=True)
class Owned:
    """A weight where it was found: in a context, or not, and then why."""

    weight: Weight | None = None
    fault: str = ""  # goes on from the end's name; empty with no weight: nothing is known yet, or it does not act


def find(context: Context, end: str, first: Result | None = None) -> Owned:
    """The weight at an end in a context; ``first`` is the result of the end's first node, where that is new."""
    way, name = parts_of(end)
    graphs = context.graph.project.graphs
    here, result = context, first
    for depth, id in enumerate(way):
        node = here.graph.nodes.get(id)
        if node is None:
            return Owned(fault=f"{id} is not there")
        if depth and node.when:
            return Owned(fault=f"{node.name} has a condition inside of its block")
        if node.use:
            return Owned(fault=f"{node.name} uses the weights of another node")
        result = first if first and not depth else here.results.get(id)
        if depth == len(way) - 1:
            return _weight_of(node, result, name, block=node.type in graphs)
        if node.type not in graphs:
            return Owned(fault=f"{node.name} is no block")
        if node.run is not None:
            return Owned(fault=f"{node.name} runs more than once")
        if result is None or not result.calls:
            return Owned()
        here = result.calls[0].context
    return Owned()


def _weight_of(node: Node, result: Result | None, name: str, *, block: bool) -> Owned:
    if block or not _makes_weights(node):
        return Owned(fault=f"{node.name} has no weights of its own")
    if result is None or result.enabled is False or result.facts is None:
        return Owned()
    owned = [w for w in result.facts.weights if w.role != "buffer"]
    names = ", ".join(w.name for w in owned) or "none"
    found = next((w for w in owned if w.name == name), None)
    return Owned(found, "" if found else f"{node.name} has no weight {name}; it has {names}")


def _makes_weights(node: Node) -> bool:
    declaration = layer_types().get(node.type)
    return declaration is not None and declaration.owns_weights()


def shared(context: Context, node: Node, result: Result) -> Result:
    """A node's result with what is tied to other weights marked, and not counted again."""
    graph = context.graph
    for target in sorted(graph.tied.get(node.id, ())):
        source = graph.ties[target]
        if not _acts(context, source):
            continue
        way, name = parts_of(target)
        if len(way) > 1:
            result = _shared_inside(context, result, target)
        elif result.facts is not None:
            marked = [replace(w, tied=source) if _is(w, name) else w for w in result.facts.weights]
            result.facts = replace(result.facts, weights=tuple(marked))
    if result.facts is not None and not node.use and any(w.tied for w in result.facts.weights):
        counted = layer_totals(result.facts)
        result.totals = result.totals._replace(
            trainable=counted.trainable, frozen=counted.frozen, buffers=counted.buffers, bytes=counted.bytes
        )
    return result


def _is(weight: Weight, name: str) -> bool:
    return weight.name == name and weight.role != "buffer"


def _shared_inside(context: Context, result: Result, target: str) -> Result:
    """What one instance of a block has less, because a weight inside is another's."""
    found = find(context, target, result).weight
    if found is not None and found.role != "buffer":
        result.totals = result.totals.minus(weight_totals(found))
    return result


def _acts(context: Context, end: str) -> bool:
    """Whether there is a node at an end that makes weights: where its condition is false, there are none to share."""
    node = context.graph.nodes.get(first_of(end))
    return node is not None and decided(node, context.scope)[0] is not False


def findings_of(context: Context) -> tuple[tuple[str, Finding], ...]:
    """What is wrong with the ties of a context's graph, each with the id of the node it is about."""
    return tuple(_findings(context))


def _findings(context: Context) -> Iterator[tuple[str, Finding]]:
    graph = context.graph
    for target, source in graph.ties.items():
        fault = _fault(context, target, source)
        if fault:
            at = first_of(target) if first_of(target) in graph.nodes else ""
            message = f"{told(graph, target)} is tied to {told(graph, source)}, but {fault}"
            yield at, Finding("tie", message, parts_of(target)[1], {"tie": target})


def _fault(context: Context, target: str, source: str) -> str:
    graph = context.graph
    if target == source:
        return "a weight cannot be tied to itself"
    if source in graph.ties:
        return f"{told(graph, source)} is itself tied to {told(graph, graph.ties[source])}"
    one, other = find(context, target), find(context, source)
    if one.fault or other.fault:
        return one.fault or other.fault
    if one.weight is None or other.weight is None:
        return ""
    mine, theirs = one.weight, other.weight
    axes = zip(mine.shape, theirs.shape, strict=False)
    if len(mine.shape) != len(theirs.shape) or any(same(a, b) is False for a, b in axes):
        return f"their shapes differ: {shape_text(mine.shape)} and {shape_text(theirs.shape)}"
    if mine.dtype != theirs.dtype:
        return f"their types differ: {mine.dtype} and {theirs.dtype}"
    return ""


def ties_inside(context: Context) -> dict[str, str]:
    """The ties of a context's graph whose target lies inside of a block instance: target -> source."""
    return {t: s for t, s in context.graph.ties.items() if "/" in t and _acts(context, s)}


def counted(result: Result, id: str, tied: Mapping[str, str]) -> Totals:
    """What a layer counts inside of an instance where some of its weights are ``tied`` from above."""
    totals = result.totals
    for weight in result.facts.weights if result.facts and not result.node.use else ():
        if f"{id}.{weight.name}" in tied and weight.role != "buffer" and not weight.tied:
            totals = totals.minus(weight_totals(weight))
    return totals


def marked(weights: Iterable[Weight], id: str, tied: Mapping[str, str]) -> list[Weight]:
    """The weights of a layer, those that are ``tied`` from above marked as such."""
    return [replace(w, tied=tied[end]) if (end := f"{id}.{w.name}") in tied else w for w in weights]


def inside(ties: Mapping[str, str], id: str) -> dict[str, str]:
    """The targets that lie inside of a block instance, from there on: ``b/head.weight`` gives ``head.weight``."""
    return {target[len(id) + 1 :]: source for target, source in ties.items() if target.startswith(f"{id}/")}


def blocks_tied(graph: Graph) -> set[str]:
    """The block nodes with a tied weight inside: what such a weight is, their outputs and totals need not tell."""
    return {first_of(end) for tie in graph.ties.items() for end in tie if "/" in end}


def nodes_tied(graph: Graph) -> set[str]:
    """The nodes at one or the other end of a tie."""
    return {first_of(end) for tie in graph.ties.items() for end in tie}


def users_of(graph: Graph, id: str) -> Iterator[str]:
    """The nodes whose weights are counted with those of another, by its id."""
    yield from map(first_of, graph.lent.get(id, ()))


def candidates(context: Context, target: str) -> list[str]:
    """The weights to which one could be tied: of one role, shape and type, not tied themselves; at most 100."""
    mine = find(context, target).weight
    if mine is None:
        return []
    found = []
    for end, weight in _weights(context, ""):
        fits = (weight.role, weight.shape, weight.dtype) == (mine.role, mine.shape, mine.dtype)
        if fits and end != target and end not in context.graph.ties:
            found.append(end)
            if len(found) == MAX_CANDIDATES:
                break
    return found


def _weights(context: Context, way: str) -> Iterator[tuple[str, Weight]]:
    """Every weight of a context to which a tie can lead."""
    for id in context.order:
        result = context.results[id]
        if result.node.use or (way and result.node.when):
            continue
        if result.calls and result.node.run is None:
            yield from _weights(result.calls[0].context, f"{way}{id}/")
        elif result.facts is not None and result.enabled is not False and _makes_weights(result.node):
            yield from ((f"{way}{id}.{w.name}", w) for w in result.facts.weights if w.role != "buffer")
