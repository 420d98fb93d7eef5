"""Edits of the size symbols of a project: a free name, another name everywhere, taken out where nothing uses it."""

from __future__ import annotations

from collections.abc import Iterator

from graph_core import edits
from graph_core.graph import EditError, Graph, Node, Project
from graph_core.names import BadName, check_identifier, numbered
from graph_core.substitution import names_of, substituted

USUAL = ("N", "T", "H", "W", "C", "D", "K", "L", "S")


def free_symbol(project: Project) -> str:
    """A usual name that neither a symbol nor a parameter of a network has."""
    taken = {*project.symbols, *(name for graph in project.networks.values() for name in graph.params)}
    return next((name for name in USUAL if name not in taken), numbered("S", taken, bare=True))


def users_of(project: Project, symbol: str) -> Iterator[tuple[Graph, Node]]:
    """The nodes that refer to a symbol. Only networks see symbols, and a parameter of theirs hides one of its name."""
    for graph in dict.fromkeys(project.networks.values()):
        if symbol not in graph.params:
            yield from ((graph, node) for node in graph.nodes.values() if symbol in names_of(project, node))


def rename_symbol(project: Project, old: str, new: str) -> None:
    """Call a symbol by another name, wherever it is used; raises EditError where that name means something already."""
    if old not in project.symbols:
        raise EditError(f"There is no symbol {old}; there are {', '.join(project.symbols) or 'none'}.")
    if old == new:
        return
    try:
        check_identifier(new)
    except BadName as error:
        raise EditError(str(error)) from error
    if new in project.symbols:
        raise EditError(f"There is a symbol {new} already; choose another name.")
    users = list(users_of(project, old))
    for graph in project.networks.values():
        if new in graph.params:
            raise EditError(f"{graph.name} has a parameter {new} already; choose another name.")
        known = next((node for node in graph.nodes.values() if new in names_of(project, node)), None)
        if known is not None:
            raise EditError(f"{known.name} speaks of {new} already; choose another name, or give {new} an example.")
    value = project.symbols[old]
    with project.editing(f"Rename {old} to {new}"):
        names = [new if name == old else name for name in project.symbols]
        sizes = {new: value, **project.symbols}
        for name in reversed(list(project.symbols)):  # so that undo puts them back in their order
            project.record("", "symbols", name, None)
        for name in names:
            project.record("", "symbols", name, sizes[name])
        for graph, node in users:
            project.record(graph.key, "nodes", node.id, substituted(project, node, {old: new}))


def remove_symbol(project: Project, symbol: str) -> None:
    """Take a symbol out; raises EditError where a node uses it."""
    user = next(users_of(project, symbol), None)
    if user is not None:
        graph, node = user
        raise EditError(f"{node.name} of {graph.name} uses {symbol}; give it a number there first.")
    if symbol not in project.symbols:
        raise EditError(f"There is no symbol {symbol}.")
    with project.editing(f"Remove symbol {symbol}"):
        edits.remove_entry(project, "", "symbols", symbol)
