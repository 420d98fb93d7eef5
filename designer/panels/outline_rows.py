"""A row of the outline: a node in one place of the drawing, a wire that ends there, or a frame or note on its sheet."""

from __future__ import annotations

from itertools import compress
from typing import Literal

from designer.document import Step
from designer.plates import is_cause, label
from designer.wire_menu import called
from designer.words import told, tr
from graph_core import Graph, Node
from graph_core.context import Context, Result
from graph_core.evaluate import source_spec
from graph_core.layer import Spec, layer_types
from graph_core.marks import Frame, Mark, Note, is_mark, kind_of_mark
from graph_core.problems import Problem

Kind = Literal["network", "node", "wire", "mark"]


class Item:
    """One row. `id` is a node's id, a wire's (``relu2.x``, the end that it leads to), a mark's key, or empty.

    Below a node lie the wires that end there, then what a block holds; below a sheet its nodes in the order they run,
    then its frames and notes. Children are made when they are looked at.
    """

    __slots__ = ("_children", "_fed", "context", "id", "inside", "kind", "parent", "row", "rows", "trail")

    def __init__(self, parent: Item | None, row: int, id: str, context: Context, trail: tuple[Step, ...]) -> None:
        self.parent, self.row, self.id, self.context, self.trail = parent, row, id, context, trail
        self.kind: Kind = "mark" if is_mark(id) else "wire" if "." in id else "node" if id else "network"
        self._children: list[Item] | None = None
        self.rows: dict[str, int] = {}  # of the children, by their ids
        self.inside: Context | None = None  # what lies in it
        self._fed: frozenset[str] = frozenset()  # the nodes inside at which a wire ends

    @property
    def graph(self) -> Graph:
        """The graph that the row is of."""
        return self.context.graph

    @property
    def node(self) -> Node | None:
        """The node of the row: a wire's is the one that it leads to. None for what has none, or has it no more."""
        return self.graph.nodes.get(self.id.partition(".")[0])

    @property
    def end(self) -> tuple[str, str]:
        """The end that a wire leads to."""
        node, _, port = self.id.partition(".")
        return node, port

    @property
    def source(self) -> tuple[str, str] | None:
        """The end that a wire comes from; None where it is gone."""
        text = self.graph.wires.get(self.id)
        return (text.partition(".")[0], text.partition(".")[2]) if text else None

    def result(self) -> Result | None:
        """What the analysis found of a node."""
        return self.context.results.get(self.id)

    def inner(self) -> Context | None:
        """The analysis of what lies inside; None for what holds nothing."""
        if self.kind == "network":
            return self.context
        result = self.result() if self.kind == "node" else None
        return result.calls[0].context if result and result.calls else None

    def opens(self) -> bool:
        """Whether it has rows below it, or may have some after another edit."""
        if self.kind in ("wire", "mark"):
            return False
        node = self.node
        return node is None or node.type in self.graph.project.graphs or bool(self.graph.incoming.get(self.id))

    def _below(self, inner: Context | None) -> list[str]:
        node = self.node if self.kind == "node" else None
        wired = self.graph.incoming.get(self.id, {}) if node is not None else {}
        wires = [f"{self.id}.{port}" for port in self.graph.in_ports(node) if port in wired] if node and wired else []
        if inner is None:
            return wires
        graph = inner.graph
        marks = [key for key in graph.marks if kind_of_mark(key) != "bookmark"]
        return [*wires, *inner.order, *(id for id in graph.nodes if id not in inner.results), *marks]

    def children(self, loaded: list[Item]) -> list[Item]:
        """What lies below; once that was looked at, the item is among the `loaded`."""
        if self._children is None:
            if not self.opens():
                return []
            self.inside = inner = self.inner()
            trail = (*self.trail, Step(self.id)) if self.kind == "node" else ()
            self._children = []
            for row, id in enumerate(self._below(inner)):
                wire = "." in id
                context = self.context if wire or inner is None else inner
                self._children.append(Item(self, row, id, context, self.trail if wire else trail))
            self.rows = {child.id: child.row for child in self._children}
            self._fed = _fed(inner)
            loaded.append(self)
        return self._children

    def rebind(self) -> bool:
        """Take in that the analysis is another; False where other rows lie below than before, or below those."""
        inner = self.inner()
        if self._below(inner) != list(self.rows) or _fed(inner) != self._fed:
            return False
        other, self.inside = inner is not self.inside, inner
        for child in self._children or ():
            if child.kind == "wire":
                child.context = self.context
            elif other and inner is not None:
                child.context = inner
            else:
                break  # wires come first
        return True


def _fed(inner: Context | None) -> frozenset[str]:
    """The nodes of a graph at which a wire ends: those that have rows below them."""
    incoming = inner.graph.incoming if inner is not None else {}
    return frozenset(compress(incoming, incoming.values()))


def text_of(item: Item) -> str:
    """What a row says: a node's name, where a wire comes from and leads to, a frame's title, a note's first line."""
    graph = item.graph
    if item.kind == "network":
        return graph.name
    if item.kind == "mark":
        return _title(graph.marks.get(item.id))
    node = item.node
    if item.kind == "node" or node is None:
        return node.name if node is not None else ""
    source = item.source
    return f"{called(graph, source)} → {called(graph, item.end, out=False)}" if source is not None else ""


def spoken_of(item: Item) -> str:
    """What a screen reader says of a row."""
    node = item.node
    if item.kind == "mark":
        return f"{told(kind_of_mark(item.id).capitalize())} {text_of(item)}"
    if item.kind == "wire":
        return tr("wire {ends}, {shape}", ends=text_of(item), shape=shape_of(item))
    return f"{node.name}, {node.type}, {shape_of(item)}" if node is not None else text_of(item)


def shape_of(item: Item) -> str:
    """The shape of what a node gives or a wire carries, or why there is none."""
    if item.kind == "wire":
        spec = source_spec(item.context, item.source) if item.source is not None else None
        return label(spec) if spec is not None else tr("no shape")
    result = item.result() if item.kind == "node" else None
    if result is None:
        return tr("in a loop") if item.kind == "node" else ""
    found: Spec | None = next((spec for spec in result.specs if spec), None)
    if found is None:
        return tr("no shape") if result.findings else tr("waits")
    return label(found)


def glyph_of(item: Item) -> str:
    """The glyph of a row: a family of layers, or one of the window's own."""
    if item.kind in ("wire", "mark"):
        return "ui_wire" if item.kind == "wire" else "ui_note" if is_note(item) else "ui_fit"
    node = item.node
    declaration = layer_types().get(node.type) if node is not None else None
    if declaration is None:
        return "block"
    return "io_out" if not declaration.outlets else declaration.family


def is_note(item: Item) -> bool:
    """Whether it is a note: its words are those of several lines."""
    return isinstance(item.graph.marks.get(item.id), Note)


def problem_of(item: Item, problems: dict[tuple[str, str], Problem]) -> str:
    """How grave the first problem of a node is, or that a wire is the cause of one; "" for none."""
    if item.kind not in ("node", "wire"):
        return ""
    problem = problems.get((item.graph.key, item.end[0]))
    if problem is None or (item.kind == "wire" and not is_cause(item.graph, problem, item.end)):
        return ""
    return problem.severity


def _title(mark: Mark | None) -> str:
    if isinstance(mark, Frame):
        return mark.text or tr("Frame")
    return (mark.text.strip().partition("\n")[0] or tr("Note")) if isinstance(mark, Note) else ""
