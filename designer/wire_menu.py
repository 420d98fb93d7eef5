"""Wires by menus, without a mouse: what feeds each input of a node, what stands behind a port, where a wire leads."""

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
            fed = source and called(graph, _end(source))
            title = tr("{port} from {source}", port=_port(graph, node, port), source=fed) if fed else ""
            choice = inputs.addMenu(title or tr("{port} without a wire", port=_port(graph, node, port)))
            choice.aboutToShow.connect(_filler(choice, document, judge, verbs, (id, port)))
    for out in outs:
        name = tr("Place behind…") if len(outs) == 1 else tr("Place behind {port}…", port=_port(graph, node, out))
        menu.addAction(name, lambda out=out: verbs.search_behind(id, out, at))


def add_wire(menu: QMenu, document: Document, judge: DocumentJudge, verbs: Verbs, wire: str) -> None:
    """Add to a wire's menu where it may come from and lead to, and the nodes that may go into it."""
    graph = document.graph
    end, source = _end(wire), _end(graph.wires[wire])
    comes, leads = menu.addMenu(tr("Comes from")), menu.addMenu(tr("Leads to"))
    into = menu.addMenu(tr("Put a node here"))
    comes.aboutToShow.connect(lambda: _fill_sources(comes, document, judge, verbs, end))

    def fill_targets() -> None:
        _fill(leads, graph, _taking(document, judge, source, end), lambda to: verbs.reroute(wire, source, to), end)

    def fill_nodes() -> None:
        into.clear()
        free = (n for n in graph.nodes.values() if _has_room(graph, n) and judge.insert(n.id, wire).ok)
        for node in islice(free, OFFERED):
            into.addAction(node.name, lambda id=node.id: verbs.put_into_wire(id, wire))
        _say_none(into)

    leads.aboutToShow.connect(fill_targets)
    into.aboutToShow.connect(fill_nodes)


def sources_menu(document: Document, judge: DocumentJudge, verbs: Verbs, wire: str, menu: QMenu) -> None:
    """What a wire may come from, as a menu of its own."""
    _fill_sources(menu, document, judge, verbs, _end(wire))


def called(graph: Graph, end: End, *, out: bool = True) -> str:
    """An end by its node's name, and its port where the node has several on that side."""
    node = graph.nodes.get(end[0])
    if node is None:
        return ""
    ports = graph.out_ports(node) if out else graph.in_ports(node)
    return node.name if len(ports) == 1 else f"{node.name}.{_port(graph, node, end[1])}"


def _filler(menu: QMenu, document: Document, judge: DocumentJudge, verbs: Verbs, target: End) -> Callable[[], None]:
    return lambda: _fill_sources(menu, document, judge, verbs, target)


def _fill_sources(menu: QMenu, document: Document, judge: DocumentJudge, verbs: Verbs, target: End) -> None:
    graph = document.graph
    now = graph.wires.get(".".join(target), "")
    ends = _fitting(document, judge, target, now)
    _fill(menu, graph, ends, lambda end: verbs.connect_ends(end, target), _end(now), out=True)
    if now:
        menu.addSeparator()
        menu.addAction(tr("Remove the wire"), lambda: verbs.remove_wires((".".join(target),)))


def _fill(
    menu: QMenu, graph: Graph, ends: Iterator[End], do: Callable[[End], object], now: End, *, out: bool = False
) -> None:
    """The nearest of some ends, the present one marked."""
    menu.clear()
    for end in islice(ends, OFFERED):
        action = menu.addAction(called(graph, end, out=out), lambda end=end: do(end))
        action.setCheckable(True)
        action.setChecked(end == now)
    _say_none(menu)


def _say_none(menu: QMenu) -> None:
    if menu.isEmpty():
        menu.addAction(tr("Nothing fits here")).setEnabled(False)


def _has_room(graph: Graph, node: Node) -> bool:
    """Whether a node has an output, and an input without a wire."""
    wired = graph.incoming.get(node.id, {})
    return bool(graph.out_ports(node)) and any(port not in wired for port in graph.in_ports(node))


def _taking(document: Document, judge: DocumentJudge, source: End, now: End) -> Iterator[End]:
    """The inputs that an output may lead to: the one it does, then those that run after it, the nearest first."""
    graph, order = document.graph, list(document.context().order)
    here = order.index(source[0]) if source[0] in order else -1
    yield now
    for id in [*order[here + 1 :], *reversed(order[: max(here, 0)])]:
        node = graph.nodes.get(id)
        for port in graph.in_ports(node) if node is not None else ():
            fed = graph.wires.get(f"{id}.{port}")
            if (id, port) != now and fed != ".".join(source) and judge.wire(source, (id, port)).ok:
                yield id, port


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


def _port(graph: Graph, node: Node, port: str) -> str:
    """What a port is called: a block's by its Input or Output."""
    block = graph.project.graphs.get(node.type)
    names = {p.id: p.name for p in (*block.inputs(), *block.outputs())} if block else {}
    return names.get(port, port)
