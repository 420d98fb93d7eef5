"""Where the nodes of a graph stand: as placed by hand, else arranged around those."""

from __future__ import annotations

from collections.abc import Mapping

from designer.plates import box_of, wire_ends
from graph_core.arrange import Box, Point, place
from graph_core.graph import Graph, Node
from graph_core.propagate import engine_of


class _Arranged:
    """An arrangement, and all that it was made from."""

    def __init__(self, graph: Graph, before: _Arranged | None) -> None:
        self.nodes, self.fed = dict(graph.nodes), dict(graph.incoming)
        self.wires, self.view = dict(graph.wires), dict(graph.view)
        self.boxes = {id: self._box(graph, node, before) for id, node in graph.nodes.items()}
        if before is not None and (self.boxes, self.wires, self.view) == (before.boxes, before.wires, before.view):
            self.places: Mapping[str, Point] = before.places
            return
        near = {id: graph.view[id] for id in graph.nodes if id in graph.view}
        rest = place(self.boxes, wire_ends(graph), near=near or None)
        self.places = {id: near.get(id, at) for id, at in rest.items()}

    def _box(self, graph: Graph, node: Node, before: _Arranged | None) -> Box:
        id = node.id
        known = before is not None and before.nodes.get(id) is node and before.fed.get(id) is self.fed.get(id)
        if known and before is not None and node.type not in graph.project.graphs:
            return before.boxes[id]
        return box_of(graph, node)


class Standing:
    """Remembers the places of each graph from one edit to the next; an arrangement until what it hangs on changes."""

    def __init__(self) -> None:
        self._known: dict[Graph, Mapping[str, Point]] = {}
        self._arranged: dict[Graph, _Arranged] = {}
        self._version = -1

    def forget(self) -> None:
        """Another project, or another graph of it, is looked at."""
        self._known.clear()
        self._arranged.clear()

    def of(self, graph: Graph) -> Mapping[str, Point]:
        """The place of each node, its upper left corner."""
        version = engine_of(graph.project).version
        if self._version != version:
            self._version = version
            self._known.clear()
        found = self._known.get(graph)
        if found is None:
            places = list(map(graph.view.get, graph.nodes))
            if None in places:
                made = self._arranged[graph] = _Arranged(graph, self._arranged.get(graph))
                found = made.places
            else:
                found = dict(zip(graph.nodes, places, strict=True))  # type: ignore[arg-type]
            self._known[graph] = found
        return found
