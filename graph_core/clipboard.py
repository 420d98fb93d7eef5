"""Copy and paste as text: a small project file, so that a person can read it, send it, or save it.

The text holds the chosen nodes as the network ``clipboard``, with the blocks that they use and the symbols that they
name. A whole project file can be pasted too: its network comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graph_core.copying import aside, chosen, corner, insert, moved
from graph_core.graph import EditError, Graph, Node, Project
from graph_core.jsontext import FileError
from graph_core.layer import layer_types
from graph_core.mark_edits import copy_marks
from graph_core.marks import kind_of_mark
from graph_core.names import class_name_from, numbered
from graph_core.order import blocks_used, callees_first
from graph_core.project import dumps, graph_tree, loads
from graph_core.substitution import names_of
from graph_core.ties import moved as moved_ties

NETWORK = "clipboard"


def copy(graph: Graph, ids: Iterable[str]) -> str:
    """The chosen nodes as text, with the wires between them, the blocks they use and where they lie.

    Frames and notes go along by their keys.
    """
    ids = list(ids)
    marks = {key: graph.marks[key] for key in ids if key in graph.marks}
    nodes = chosen(graph, [id for id in ids if id not in marks]) if len(marks) < len(ids) or not ids else []
    project, scratch = graph.project, Project()
    used = _used(project, {node.type for node in nodes})
    key = numbered(NETWORK, used, bare=True)
    scratch.fill("", "meta", "name", f"from {project.name}"[:200])
    for name, size in project.symbols.items():
        if any(name in names_of(project, node) for node in nodes):
            scratch.fill("", "symbols", name, size)
    for block in used:
        _fill(scratch, block, project.graphs[block])
    scratch.fill("", "graphs", key, True)
    taken = {project.graphs[block].name for block in used}
    scratch.fill(key, "head", "name", numbered(class_name_from(NETWORK), taken, bare=True))
    scratch.fill("", "network_keys", NETWORK, key)
    inside = {node.id for node in nodes}
    for node in nodes:
        scratch.fill(key, "nodes", node.id, node)
        if node.id in graph.view:
            scratch.fill(key, "view", node.id, graph.view[node.id])
    for mark_key, mark in marks.items():
        scratch.fill(key, "marks", mark_key, mark)
    for target, source in graph.wires.items():
        if target.partition(".")[0] in inside and source.partition(".")[0] in inside:
            scratch.fill(key, "wires", target, source)
    for target, source in moved_ties(graph.ties, {id: id for id in inside}):
        scratch.fill(key, "ties", target, source)
    return dumps(scratch)


def looks_like_nodes(text: str) -> bool:
    """Whether ``paste`` may take ``text``: quick, for the state of a menu."""
    return text.lstrip()[:1] == "{" and '"netw"' in text[:400]


def paste(graph: Graph, text: str, at: tuple[float, float] | None = None) -> list[str]:
    """Put in the nodes that ``text`` holds and return their ids; their top left corner comes to ``at``.

    Without ``at`` they stand a step from where they were copied; many, to the right of the whole drawing. Blocks that
    the project has already are used; others come in, renamed where their name is taken. Raises EditError in one
    sentence where the text holds no nodes, and changes nothing.
    """
    if not looks_like_nodes(text):
        raise EditError("The clipboard holds no nodes; copy some first.")
    try:
        scratch = loads(text)
    except FileError as error:
        raise EditError(f"The clipboard holds no nodes that can be pasted: {error}") from error
    networks = scratch.networks
    source = networks.get(NETWORK) or networks.get("main") or next(iter(networks.values()), None)
    if source is None or not (source.nodes or source.marks):
        raise EditError("The clipboard holds a drawing without nodes; copy some first.")
    order, recursive = callees_first(scratch)
    if recursive:
        raise EditError(f"The clipboard holds the block {min(recursive)}, which contains itself; mend it first.")
    project = graph.project
    place = corner(
        {**source.view, **{key: mark.at for key, mark in source.marks.items()}}, {**source.nodes, **source.marks}
    )
    by = aside(graph, source.view) if at is None or place is None else (at[0] - place[0], at[1] - place[1])
    nodes = list(source.nodes.values())
    things = [*(node.name for node in nodes), *map(kind_of_mark, source.marks)]
    used = _used(scratch, blocks_used(source))
    with project.editing(f"Paste {things[0]}" if len(things) == 1 else f"Paste {len(nodes)} nodes"):
        types: dict[str, str] = {}
        for key in order:
            if key in used:
                types[key] = _bring(project, scratch.graphs[key], types)
        if graph.is_network:
            for name, size in scratch.symbols.items():
                if name not in project.symbols:
                    project.record("", "symbols", name, size)
        view = moved(source.view, by)
        copies = insert(graph, [_typed(node, types) for node in nodes], source.wires, view, ties=source.ties)
        marks = copy_marks(graph, source.marks, by)
    return [*copies.values(), *marks]


def _used(project: Project, types: Iterable[str]) -> list[str]:
    """The keys of the blocks among ``types``, and of those that they use in turn."""
    found: dict[str, None] = {}
    todo = sorted(type for type in types if type in project.graphs)
    while todo:
        key = todo.pop()
        if key not in found:
            found[key] = None
            todo += sorted(blocks_used(project.graphs[key]))
    return list(found)


def _fill(project: Project, key: str, graph: Graph) -> None:
    project.fill("", "graphs", key, True)
    for table in Graph.TABLES:
        for name, value in getattr(graph, table).items():
            project.fill(key, table, name, value)


def _typed(node: Node, types: dict[str, str]) -> Node:
    return replace(node, type=types[node.type]) if node.type in types else node


def _stem(name: str) -> str:
    return name.rstrip("0123456789")


def _bring(project: Project, block: Graph, types: dict[str, str]) -> str:
    """The key under which the project has a block, which comes in where it has none that is equal."""
    tree = graph_tree(block, types)
    for key, graph in project.graphs.items():
        if _stem(graph.name) == _stem(block.name) and graph_tree(graph) == tree:
            return key
    names = {graph.name for graph in project.graphs.values()}
    key = numbered(block.key[:36], {*project.graphs, *layer_types()}, bare=True)
    project.record("", "graphs", key, True)
    for name, value in block.head.items():
        project.record(key, "head", name, value)
    project.record(key, "head", "name", numbered(block.name[:50], names, bare=True))
    for name, param in block.params.items():
        project.record(key, "params", name, param)
    for node in block.nodes.values():
        project.record(key, "nodes", node.id, _typed(node, types))
    for target, wire in block.wires.items():
        project.record(key, "wires", target, wire)
    for target, tied in block.ties.items():
        project.record(key, "ties", target, tied)
    for id, at in block.view.items():
        project.record(key, "view", id, at)
    for mark_key, mark in block.marks.items():
        if kind_of_mark(mark_key) != "bookmark":  # its digit may be taken
            project.record(key, "marks", mark_key, mark)
    return key
