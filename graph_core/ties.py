"""Two weights that are one: an explicit tie, such as of an output projection to the embedding.

``Graph.ties`` maps ``target.weight`` to ``source.weight``: the target has no weight of its own, it calls the source's.
An end is the id of a layer in the graph, or the way to one inside of blocks (``decoder/head.weight``). Of a block that
repeats with weights of its own, a source names the step (``blocks#0/fc.weight``); a target names one or means all, as
``self.blocks[3].fc.weight`` and a loop over ``self.blocks`` do: see graph_core.ends. Both weights have one shape and
one type; torch keeps every key in the state dict and counts one parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graph_core.context import Context, Result, Totals, layer_totals, weight_totals
from graph_core.dims import Dim, same, shape_text
from graph_core.ends import End, Stop, covers, end_of, nodes_on, overlap, own_weights, settled, stripped, told
from graph_core.evaluate import decided
from graph_core.graph import EditError, Graph, Node
from graph_core.layer import Weight, layer_types
from graph_core.names import first_of
from graph_core.problems import Finding

Table = dict[object, list[tuple[str, str]]]
Tables = dict[str, Table]  # by the keys of graphs

# Edits.


def tie(graph: Graph, target: str, source: str) -> None:
    """Let ``target`` (``node.weight``) be the same tensor as ``source``; raises EditError.

    What was tied to ``target`` goes along, and a source that is tied itself is followed: there are no chains. A target
    without a step, in a block that repeats with weights of its own, stands for all steps; the source may be one of
    them.
    """
    _check(graph, target)
    _check(graph, source)
    mine = end_of(target)
    above = next((t for t in graph.ties if covers(end_of(t), end_of(source)) and graph.ties[t] != source), "")
    source = graph.ties.get(above, source)
    if target == source:
        raise EditError(f"{told(graph, target)} cannot be tied to itself; choose another weight.")
    if (one := settled(graph, end_of(source), one=True).text) != source:
        raise EditError(f"{told(graph, source)} are several weights; choose one, such as {told(graph, one)}.")
    weight = f".{end_of(source).weight}"
    with graph.project.editing(f"Tie {told(graph, target)} to {told(graph, source).removesuffix(weight)}"):
        for other, owner in list(graph.ties.items()):
            if other != target and covers(mine, end_of(other)):
                graph.project.record(graph.key, "ties", other, None)
            elif other != target and covers(mine, end_of(owner)):
                graph.project.record(graph.key, "ties", other, source)
        wider = next((t for t in graph.ties if t != target and overlap(end_of(t), mine)), "")
        if not wider:
            graph.project.record(graph.key, "ties", target, source)
        elif graph.ties[wider] != source or not covers(end_of(wider), mine):
            raise EditError(f"{told(graph, target)} is among {told(graph, wider)}, which are tied; untie those first.")


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


def rewrite(graph: Graph, ties: Mapping[str, str], ways: Mapping[str, str], steps: Mapping[str, int]) -> None:
    """Inside an edit: nodes went to another place. ``ties`` is what there was, ``ways`` old ways -> new ones.

    ``steps`` has how often a block ran whose steps went to different places. Ties that do not concern a way stay as
    they are now.
    """

    def now(end: str) -> str:
        way = end.partition(".")[0]
        old = next((old for old in ways if way == old or way.startswith((f"{old}/", f"{old}#"))), None)
        return end if old is None else f"{ways[old]}{end[len(old) :]}"

    for target, source in ties.items():
        id, rest = first_of(target), target[len(first_of(target)) :]
        every = [f"{id}#{k}{rest}" for k in range(steps[id])] if id in steps and rest.startswith("/") else [target]
        for one in every:
            new = now(one), now(source)
            if new != (target, source) and new[0] != new[1] and first_of(new[1]) in graph.nodes:
                graph.project.record(graph.key, "ties", *new)


def _check(graph: Graph, text: str) -> None:
    """Raises EditError unless there is a layer at an end that makes weights."""
    end = end_of(text)
    if not end.weight and not text.endswith("."):
        raise EditError(f"“{text}” names no weight; write node.weight, such as head.weight.")
    here = graph
    for place, stop in enumerate(end.way):
        node = here.node(stop.id)
        block = graph.project.graphs.get(node.type)
        if stop.step is not None and not own_weights(node):
            raise EditError(f"{node.name} has one set of weights; leave out its step {stop.step}.")
        if place + 1 < len(end.way):
            if block is None:
                raise EditError(f"{node.name} is a layer, and no block with a {end.way[place + 1].id} inside.")
            here = block
        elif block is not None or node.use or not _makes_weights(node):
            raise EditError(f"{node.name} has no weights of its own; choose a layer that has.")


# Analysis.


@dataclass(frozen=True, slots=True)
class Owned:
    """A weight where it was found: in a context, or not, and then why; ``copies`` says how many are alike."""

    weight: Weight | None = None
    fault: str = ""  # goes on from the end's name; empty with no weight: nothing is known yet, or it does not act
    copies: Dim = 1


def find(context: Context, end: str) -> Owned:
    """The weight at an end in a context, the first where there are several; what keeps any from being one instead."""
    found = list(_found(context, end_of(end)))
    return next((one for one in found if one.fault), found[0] if found else Owned())


def _found(
    context: Context, end: End, first: Result | None = None, but: End | None = None, *, below: bool = False
) -> Iterator[Owned]:
    """The weights at an end, those that are alike together; ``first`` is the result of its first node, where new.

    The one at ``but``, the way from here to a single copy, is left out.
    """
    stop, *rest = end.way
    node = context.graph.nodes.get(stop.id)
    fault = "" if node is None else _closed(context.graph, node, stop, layer=not rest, below=below)
    if node is None or fault:
        yield Owned(fault=fault or f"{stop.id} is not there")
        return
    result = first or context.results.get(stop.id)
    same_way = but is not None and but.way[0].id == stop.id
    if not rest:
        if not same_way:
            yield _weight_of(node, result, end.weight)
        return
    if result is None:
        return
    if not own_weights(node):
        if result.calls:
            yield from _found(
                result.calls[0].context, end.below(), but=but.below() if same_way and but else None, below=True
            )
        return
    last = result.calls[-1].first + result.calls[-1].count if result.calls else 0
    if stop.step is not None and stop.step >= last and not result.findings and not result.waiting:
        yield Owned(fault=f"{node.name} repeats ×{last} and has no step {stop.step}")
    for call in result.calls:
        steps = range(call.first, call.first + call.count)
        if stop.step is not None and stop.step not in steps:
            continue
        copies: Dim = call.iterations if stop.step is None else 1
        if same_way and but is not None and but.way[0].step in steps:
            yield from _found(call.context, end.below(), but=but.below(), below=True)
            copies = copies - 1
        if copies != 0:
            for one in _found(call.context, end.below(), below=True):
                yield replace(one, copies=one.copies * copies)


def _closed(graph: Graph, node: Node, stop: Stop, *, layer: bool, below: bool) -> str:
    """Why a tie cannot end at a node, or lead into it."""
    block = node.type in graph.project.graphs
    if below and node.when:
        return f"{node.name} has a condition inside of its block"
    if node.use:
        return f"{node.name} uses the weights of another node"
    if stop.step is not None and not own_weights(node):
        return f"{node.name} has one set of weights, and no step {stop.step} of its own"
    if layer and (block or not _makes_weights(node)):
        return f"{node.name} has no weights of its own"
    return "" if layer or block else f"{node.name} is no block"


def _weight_of(node: Node, result: Result | None, name: str) -> Owned:
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
        if not acts(context, source):
            continue
        end = end_of(target)
        if len(end.way) > 1:
            result.totals = result.totals.minus(_lent(context, result, end, source))
        elif result.facts is not None:
            marked = [replace(w, tied=source) if _is(w, end.weight) else w for w in result.facts.weights]
            result.facts = replace(result.facts, weights=tuple(marked))
    if result.facts is not None and not node.use and any(w.tied for w in result.facts.weights):
        counted = layer_totals(result.facts)
        result.totals = result.totals._replace(
            trainable=counted.trainable, frozen=counted.frozen, buffers=counted.buffers, bytes=counted.bytes
        )
    return result


def _is(weight: Weight, name: str) -> bool:
    return weight.name == name and weight.role != "buffer"


def _lent(context: Context, result: Result, end: End, source: str) -> Totals:
    """What a block counts less, because weights inside are another's."""
    owner = end_of(source)
    totals = Totals()
    for one in _found(context, end, result, owner if covers(end, owner) else None):
        if one.weight is not None:
            totals = totals.plus(weight_totals(one.weight).times(one.copies))
    return totals


def acts(context: Context, end: str) -> bool:
    """Whether there is a node at an end that makes weights: where its condition is false, there are none to share."""
    node = context.graph.nodes.get(first_of(end))
    return node is not None and decided(node, context.scope)[0] is not False


def findings_of(context: Context) -> tuple[tuple[str, Finding], ...]:
    """What is wrong with the ties of a context's graph, each with the id of the node it is about."""
    return tuple(_findings(context))


def _findings(context: Context) -> Iterator[tuple[str, Finding]]:
    graph = context.graph
    tables: Tables = {}
    for target, source in graph.ties.items():
        fault = _fault(context, target, source, tables)
        if fault:
            at = first_of(target) if first_of(target) in graph.nodes else ""
            message = f"{told(graph, target)} is tied to {told(graph, source)}, but {fault}"
            yield at, Finding("tie", message, end_of(target).weight, {"tie": target})


def _tied_ends(graph: Graph, tables: Tables) -> Table:
    """A graph's ties by their two ends without steps, each as (the end, its target): made once for many questions."""
    if graph.key not in tables:
        table = tables[graph.key] = {}
        for target, source in graph.ties.items():
            for end in (target, source):
                table.setdefault(stripped(end_of(end)), []).append((end, target))
    return tables[graph.key]


def _fault(context: Context, target: str, source: str, tables: Tables) -> str:
    graph = context.graph
    table = _tied_ends(graph, tables)
    if target == source:
        return "a weight cannot be tied to itself"
    mine, theirs = end_of(target), end_of(source)
    for end, other in table.get(stripped(theirs), ()):
        if end == other and overlap(end_of(other), theirs) and graph.ties[other] != source:
            return f"{told(graph, source)} is itself tied to {told(graph, graph.ties[other])}"
    for end, other in table[stripped(mine)]:
        if end == other < target and overlap(end_of(other), mine):
            return f"{told(graph, other)} is tied to {told(graph, graph.ties[other])} as well"
    if fault := _inner_fault(graph, mine, tables) or _inner_fault(graph, theirs, tables, source=True):
        return fault
    theirs_found = list(_found(context, theirs))
    found = [*_found(context, mine, but=theirs if covers(mine, theirs) else None), *theirs_found]
    if fault := next((one.fault for one in found if one.fault), ""):
        return fault
    if settled(graph, theirs, one=True) != theirs:
        return f"{told(graph, source)} are several weights"
    if not theirs_found and acts(context, source) and _never_runs(context, theirs):
        return f"{told(graph, source)} is in a block that repeats ×0"
    weights = [one.weight for one in found if one.weight is not None]
    if not theirs_found or theirs_found[0].weight is None:
        return ""
    return next((fault for weight in weights if (fault := _unlike(weight, weights[-1]))), "")


def _unlike(mine: Weight, theirs: Weight) -> str:
    axes = zip(mine.shape, theirs.shape, strict=False)
    if len(mine.shape) != len(theirs.shape) or any(same(a, b) is False for a, b in axes):
        return f"their shapes differ: {shape_text(mine.shape)} and {shape_text(theirs.shape)}"
    if mine.dtype != theirs.dtype:
        return f"their types differ: {mine.dtype} and {theirs.dtype}"
    return ""


def _inner_fault(graph: Graph, end: End, tables: Tables, *, source: bool = False) -> str:
    """What a block on the way ties itself, so that a tie from outside would part it, or be one of a chain."""
    for place, (here, _, _) in enumerate(nodes_on(graph, end)):
        if not place or not here.ties:
            continue
        rest = End(end.way[place:], end.weight)
        for one, other in _tied_ends(here, tables).get(stripped(rest), ()):
            if (one == other or not source) and overlap(end_of(one), rest):
                return f"{told(here, other)} is tied to {told(here, here.ties[other])} inside of {here.name}"
    return ""


def _never_runs(context: Context, end: End) -> bool:
    """Whether a block on the way to a weight repeats no time."""
    here = context
    for stop in end.way:
        result = here.results.get(stop.id)
        if result is None or result.findings or result.waiting or result.enabled is False:
            return False
        if not result.calls:
            return result.facts is None
        here = result.calls[0].context
    return False


def blocks_tied(graph: Graph) -> set[str]:
    """The block nodes with a tied weight inside: what such a weight is, their outputs and totals need not tell."""
    return {first_of(end) for tie in graph.ties.items() for end in tie if "/" in end}


def nodes_tied(graph: Graph) -> set[str]:
    """The nodes at one or the other end of a tie."""
    return {first_of(end) for tie in graph.ties.items() for end in tie}


def users_of(graph: Graph, id: str) -> Iterator[str]:
    """The nodes whose weights are counted with those of another, by its id."""
    yield from map(first_of, graph.lent.get(id, ()))
