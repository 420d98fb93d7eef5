"""Ways to a graph: which blocks lead there from a network, and looking at a node wherever it is."""

from __future__ import annotations

from designer.document import Document, Step
from designer.words import tr
from graph_core import Graph
from graph_core.blocks import users_of


def way_to(document: Document, graph: Graph) -> tuple[str, tuple[Step, ...]] | None:
    """A network, and the steps in it that lead to a graph; None where nothing uses it."""
    project = document.project
    names = {key: name for name, key in project.network_keys.items()}
    todo: list[tuple[Graph, tuple[Step, ...]]] = [(graph, ())]
    seen = {graph.key}
    while todo:
        here, steps = todo.pop(0)
        if here.key in names:
            return names[here.key], steps
        for user, node in users_of(project, here.key):
            if user.key not in seen:
                seen.add(user.key)
                todo.append((user, (Step(node.id), *steps)))
    return None


def look_at(document: Document, graph: Graph) -> bool:
    """Look at a graph, unless it is worked on already; False, and a sentence, where nothing uses it."""
    if document.graph is graph:
        return True
    found = way_to(document, graph)
    if found is None:
        document.refused.emit(tr("{graph} is used nowhere; place it to look into it.", graph=graph.name))
        return False
    network, steps = found
    if network == document.network:
        document.go(steps)
    else:
        document.look(steps, network)
    return True
