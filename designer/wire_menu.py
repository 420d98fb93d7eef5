"""Wires without a mouse: what feeds each input of a node is chosen from a menu, and a layer is placed behind a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from designer.canvas.scene import End
from designer.document import Document
from designer.judge import DocumentJudge
from designer.words import tr
from graph_core import Graph, Node

if TYPE_CHECKING:
    from designer.verbs import Verbs

OFFERED = 24  # the nearest that fit; what is further away is wired by C, in the order chosen


def add_wires(menu: QMenu, document: Document, judge: DocumentJudge, verbs: Verbs, id: str, at: QPoint) -> None:
    """Add “Inputs” and “Place behind…” of a node to its menu; what fits is looked for when they are opened."""
    graph, node = document.graph, document.graph.nodes[id]
    ins, outs = graph.in_ports(node), graph.out_ports(node)
    if ins:
        inputs = menu.addMenu(tr("Inputs"))
        for port in ins:
            source = graph.wires.get(f"{id}.{port}", "")
            fed = source and _named(graph, _end(source))
            title = tr("{port} from {source}", port=_port(graph, node, port), source=fed) if fed else ""
            choice = inputs.addMenu(title or tr("{port} without a wire", port=_port(graph, node, port)))
            choice.aboutToShow.connect(_filler(choice, document, judge, verbs, (id, port)))
    for out in outs:
        name = tr("Place behind…") if len(outs) == 1 else tr("Place behind {port}…", port=_port(graph, node, out))
        menu.addAction(name, lambda out=out: verbs.search_behind(id, out, at))


def _filler(menu: QMenu, document: Document, judge: DocumentJudge, verbs: Verbs, target: End) -> Callable[[], None]:
    def fill() -> None:
        menu.clear()
        graph = document.graph
        now = graph.wires.get(".".join(target), "")
        ends = list(islice(_fitting(document, judge, target, now), OFFERED))
        for end in ends:
            action = menu.addAction(_named(graph, end), lambda end=end: verbs.connect_ends(end, target))
            action.setCheckable(True)
            action.setChecked(now == ".".join(end))
        if not ends:
            menu.addAction(tr("Nothing fits here")).setEnabled(False)
        if now:
            menu.addSeparator()
            menu.addAction(tr("Remove the wire"), lambda: verbs.remove_wires((".".join(target),)))

    return fill


def _fitting(document: Document, judge: DocumentJudge, target: End, now: str) -> Iterator[End]:
    """The ends that may feed an input: the one that does, then those that run before it, the nearest first."""
    graph, order = document.graph, list(document.context().order)
    here = order.index(target[0]) if target[0] in order else len(order)
    if now:
        yield _end(now)
    for id in [*reversed(order[:here]), *order[here + 1 :]]:
        node = graph.nodes.get(id)
        for out in graph.out_ports(node) if node is not None else ():
            if f"{id}.{out}" != now and judge.wire((id, out), target).ok:
                yield id, out


def _end(text: str) -> End:
    node, _, port = text.partition(".")
    return node, port


def _named(graph: Graph, end: End) -> str:
    """A node's name, and its port where it has several."""
    node = graph.nodes[end[0]]
    return node.name if len(graph.out_ports(node)) == 1 else f"{node.name}.{_port(graph, node, end[1])}"


def _port(graph: Graph, node: Node, port: str) -> str:
    """What a port is called: a block's by its Input or Output."""
    block = graph.project.graphs.get(node.type)
    names = {p.id: p.name for p in (*block.inputs(), *block.outputs())} if block else {}
    return names.get(port, port)
