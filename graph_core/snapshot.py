"""A copy of a project as it is now, to be worked with on another thread while the original is edited on."""

from __future__ import annotations

from graph_core.graph import Graph, Project


def snapshot(project: Project) -> Project:
    """A copy that shares what never changes (nodes, values) and no table; nobody listens to it.

    Takes a few milliseconds for ten thousand nodes.
    """
    copy = Project()
    for table in ("network_keys", "symbols", "setups", "meta"):
        setattr(copy, table, dict(getattr(project, table)))
    for key, graph in project.graphs.items():
        made = copy.graphs[key] = Graph(copy, key)
        for table in Graph.TABLES:
            setattr(made, table, dict(getattr(graph, table)))
        made.incoming = {id: dict(ports) for id, ports in graph.incoming.items()}
        made.outgoing = {id: dict(ports) for id, ports in graph.outgoing.items()}
        made.names = {name: set(ids) for name, ids in graph.names.items()}
        made.ports_of_role = {role: dict(ports) for role, ports in graph.ports_of_role.items()}
    return copy
