"""Bringing one context up to date: its stale nodes in schedule order, each followed as far as its outputs change."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from graph_core.context import Context, Totals, total
from graph_core.graph import Graph, Node
from graph_core.instances import summed_again
from graph_core.nodes import evaluate_again, evaluate_node

if TYPE_CHECKING:
    from graph_core.propagate import Engine


def only_renamed(contexts: Collection[Context], graph: Graph, old: Node, new: Node) -> bool:
    """Whether only the name of a node changed, and no sentence of the analysis tells it: its results get the new node.

    A port's name is told in sentences elsewhere, so that it never comes down to this.
    """
    if old.name == new.name or graph.ties or graph.borrowers or replace(old, name=new.name) != new:
        return False
    results = [c.results.get(new.id) for c in contexts if not c.tie_findings and new.id not in c.stale]
    found = [result for result in results if result is not None and not result.findings]
    if len(found) < len(contexts):
        return False
    for result in found:
        result.node = new
    return True


def refresh_context(engine: Engine, context: Context) -> None:
    """Work out the stale nodes of a context, and what follows from them, in schedule order."""
    plan = engine.schedule_of(context.graph)
    position, outgoing, results = plan.position, context.graph.outgoing, context.results
    heap: list[tuple[int, str]] = []
    came: list[Totals] = []
    went: list[Totals] = []
    for id in context.resummed - context.stale:
        before = results.get(id)
        after = summed_again(context, before) if before is not None else None
        if before is None or after is None:
            context.stale.add(id)
            continue
        results[id] = after
        came.append(after.totals)
        went.append(before.totals)
    context.resummed.clear()
    for id in context.stale:
        if id in position:
            heap.append((position[id], id))
        elif id in results:
            went.append(engine.forget(context, id).totals)
    context.stale.clear()
    context.order = plan.order
    for id in plan.cyclic:
        if id in results:
            went.append(engine.forget(context, id).totals)
            heap += [(position[t], t) for t, _ in outgoing.get(id, {}) if t in position]
    heapq.heapify(heap)
    queued = {id for _, id in heap}
    nodes = context.graph.nodes
    while heap:
        id = heapq.heappop(heap)[1]
        while id in queued:
            queued.discard(id)
            old, node = results.get(id), nodes[id]
            again = evaluate_again(engine, context, old) if old is not None and old.node is node else None
            new = again or evaluate_node(engine, context, node)
            engine.put(context, id, old, new)
            if old is None:
                came.append(new.totals)
            elif old.totals is not new.totals:
                came.append(new.totals)
                went.append(old.totals)
            if old is not None and (old.specs is new.specs or old.specs == new.specs):
                break
            read = outgoing.get(id, ())
            for target, _ in read:
                if target in position and target not in queued:
                    queued.add(target)
                    if heap or len(read) > 1:
                        heapq.heappush(heap, (position[target], target))
                    else:
                        id = target  # a chain is followed without a detour
    if came or went:
        context.totals = context.totals.plus(total(came)).minus(total(went))
