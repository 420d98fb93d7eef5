"""Orders over a drawing: the schedule of a graph, and which graphs use which.

Plain-dict Kahn on the path of each edit (networkx is five to twenty times slower there); networkx names the cycles,
which is a question for when something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graph_core.graph import Change, Edit, Graph, Project
from graph_core.names import natural

MAX_DEPTH = 64  # blocks in blocks
_natural = lru_cache(maxsize=65536)(natural)


@dataclass(frozen=True, slots=True)
class Mend:
    """How a schedule came from another, known by its token: one node was added, or taken out."""

    before: object
    id: str
    added: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Nodes in the order they run, their positions in it, and those that wait for themselves."""

    order: tuple[str, ...]
    position: dict[str, int]
    cyclic: frozenset[str]
    mend: Mend | None = field(default=None, compare=False)
    token: object = field(default_factory=object, compare=False, repr=False)


def schedule(graph: Graph) -> Schedule:
    """Depth-first Kahn: a branch is followed to its end before the next begins, consumers in the order of their ids."""
    nodes, incoming, outgoing = graph.nodes, graph.incoming, graph.outgoing
    gone = {id for id in outgoing.keys() - nodes.keys() if outgoing[id]}  # wires begin there, but nothing is there
    waiting: dict[str, int] = {}  # how many sources of a node with several are still to run
    ready = [id for id in nodes if not incoming.get(id)]
    if gone:
        ready += [id for id in nodes if incoming.get(id) and gone.issuperset(s for s, _ in incoming[id].values())]
    ready.sort(key=_natural, reverse=True)
    order: list[str] = []
    while ready:
        id = ready.pop()
        while True:
            order.append(id)
            read = outgoing.get(id)
            if not read:
                break
            freed = []
            for target in (next(iter(read))[0],) if len(read) == 1 else {target for target, _ in read}:
                wired = incoming[target]
                if len(wired) > 1:
                    left = waiting.get(target)
                    if left is None:
                        sources = {source for source, _ in wired.values()}
                        left = len(sources - gone if gone else sources)
                    waiting[target] = left = left - 1
                    if left:
                        continue
                if target in nodes:
                    freed.append(target)
            if len(freed) == 1:
                id = freed[0]  # a chain is followed without a detour
                continue
            freed.sort(key=_natural, reverse=True)
            ready += freed
            break
    cyclic = frozenset(nodes) - frozenset(order) if len(order) < len(nodes) else frozenset()
    return Schedule(tuple(order), dict(zip(order, range(len(order)), strict=True)), cyclic)


def mend_schedules(schedules: dict[str, Schedule], project: Project, edit: Edit) -> None:
    """Keep the schedules of graphs whose structure an edit changed, where that is easy; the others are forgotten."""
    changed = {c.graph for c in edit.changes if c.table == "wires" or (c.table == "nodes" and not (c.old and c.new))}
    for key in changed:
        plan = schedules.pop(key, None)
        if plan is not None and key in project.graphs:
            plan = mended(plan, project.graphs[key], [c for c in edit.changes if c.graph == key])
            if plan is not None:
                schedules[key] = plan


def mended(plan: Schedule, graph: Graph, changes: Iterable[Change]) -> Schedule | None:
    """The schedule after an edit, where all it did was to put one node on a chain or to take one out of it.

    A node whose only source has no other consumer runs right after that, and what follows is freed as it was before.
    None where the edit did something else.
    """
    was: dict[tuple[str, str], Any] = {}
    now: dict[tuple[str, str], Any] = {}
    for change in changes:
        if change.table in ("nodes", "wires"):
            was.setdefault((change.table, change.key), change.old)
            now[change.table, change.key] = change.new
    moved = [key for key in now if was[key] != now[key]]
    nodes = [id for table, id in moved if table == "nodes" and (was[table, id] is None) != (now[table, id] is None)]
    if len(nodes) != 1:
        return None
    (id,) = nodes
    added = now["nodes", id] is not None
    before, after = (was, now) if added else (now, was)  # without the node, and with it
    wires = [(key, before["wires", key], after["wires", key]) for table, key in moved if table == "wires"]
    sources = {new.partition(".")[0] for key, _, new in wires if new and key.partition(".")[0] == id}
    source = next(iter(sources), "")
    if len(sources) != 1 or source not in plan.position:
        return None
    readers = set()
    for key, old, new in wires:
        target = key.partition(".")[0]
        if target == id:
            continue
        if not old or not new or old.partition(".")[0] != source or new.partition(".")[0] != id:
            return None
        readers.add(target)
    consumers = {target for target, _ in graph.outgoing.get(source, ())}
    if added:
        known = {target for target, _ in graph.outgoing.get(id, ())} == readers and consumers == {id}
    else:
        known = id in plan.position and consumers == readers
    if not known:
        return None
    place = plan.position[source] + 1
    order = plan.order[:place] + ((id,) if added else ()) + plan.order[place + (0 if added else 1) :]
    position = dict(zip(order, range(len(order)), strict=True))
    return Schedule(order, position, plan.cyclic, Mend(plan.token, id, added))


def loops(graph: Graph, cyclic: Iterable[str]) -> list[list[str]]:
    """The loops among nodes that wait for themselves, each as the list of its nodes in wire order."""
    import networkx as nx

    inside = set(cyclic)
    digraph = nx.DiGraph()
    for id in inside:
        digraph.add_edges_from((id, target) for target, _ in graph.outgoing.get(id, {}) if target in inside)
    found = []
    for component in nx.strongly_connected_components(digraph):
        # Within a component every node leads on, so that walking comes round. Least ids first, so that one drawing has
        # one loop, whatever way it was made.
        walked: dict[str, int] = {}
        id = min(component, key=_natural)
        while id not in walked and (targets := component & set(digraph[id])):
            walked[id] = len(walked)
            id = min(targets, key=_natural)
        if id in walked:
            found.append(list(walked)[walked[id] :])
    return sorted(found, key=lambda loop: _natural(loop[0]))


def blocks_used(graph: Graph) -> set[str]:
    """The keys of the graphs that this graph uses as nodes."""
    graphs = graph.project.graphs
    return {node.type for node in graph.nodes.values() if node.type in graphs}


def callees_first(project: Project) -> tuple[list[str], set[str]]:
    """Graph keys so that each comes after those it uses, and the keys of those that end up using themselves."""
    uses = {key: sorted(blocks_used(graph)) for key, graph in project.graphs.items()}
    order: list[str] = []
    state: dict[str, int] = {}
    recursive: set[str] = set()
    for start in uses:
        if start in state:
            continue
        path = [start]
        todo = [iter(uses[start])]
        state[start] = 1
        while todo:
            key = next(todo[-1], None)
            if key is None:
                todo.pop()
                done = path.pop()
                state[done] = 2
                order.append(done)
            elif state.get(key) == 1:
                recursive.update(path[path.index(key) :])
            elif key not in state:
                state[key] = 1
                path.append(key)
                todo.append(iter(uses[key]))
    return order, recursive


def too_deep(project: Project, order: Iterable[str]) -> set[str]:
    """The keys of graphs that hold more than 64 blocks one in another; ``order`` has each after those it uses."""
    if len(project.graphs) <= MAX_DEPTH:
        return set()
    heights: dict[str, int] = {}
    for key in order:
        heights[key] = 1 + max((heights.get(used, 0) for used in blocks_used(project.graphs[key])), default=0)
    return {key for key, height in heights.items() if height > MAX_DEPTH}
