"""Bypassing: a node passes its first input on, and its own condition waits in its ``when`` until it acts again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graph_core.graph import EditError, Graph, Node

_NEVER = "False"
_AND = "False and ("


def is_bypassed(node: Node) -> bool:
    """Whether a node is bypassed; a condition that only happens to be false is none of this."""
    return node.when == _NEVER or (node.when.startswith(_AND) and node.when.endswith(")"))


def set_bypassed(graph: Graph, ids: Iterable[str], on: bool) -> None:
    """Bypass nodes, or let them act again under the condition that they had; raises EditError."""
    nodes = [graph.node(id) for id in dict.fromkeys(ids)]
    for node in nodes:
        if on and not (graph.in_ports(node) and graph.out_ports(node)):
            raise EditError(f"{node.name} has nothing to pass on; bypass nodes between an input and an output.")
    changed = [node for node in nodes if is_bypassed(node) != on]
    if not changed:
        return
    what = changed[0].name if len(changed) == 1 else f"{len(changed)} nodes"
    with graph.project.editing(f"Bypass {what}" if on else f"Stop bypassing {what}"):
        for node in changed:
            if on:
                when = f"{_AND}{node.when})" if node.when else _NEVER
            else:
                when = node.when[len(_AND) : -1] if node.when != _NEVER else ""
            graph.project.record(graph.key, "nodes", node.id, replace(node, when=when))
