"""How the wires of the graph on the canvas run, kept up to date with its plates and wires."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from typing import Any

from designer.background import Job
from designer.canvas.scene import Plate
from designer.late import MANY
from designer.plates import edge_ports, wire_ends
from graph_core.arrange import Box, Route, Router
from graph_core.arrange import Wire as Ends
from graph_core.graph import Graph


class Leading:
    """Leads wires around plates. Small drawings are led anew whenever more than places changed, so that they look
    the same however they came about; in large ones only what a change reaches is led anew.
    """

    def __init__(self) -> None:
        self._router: Router | None = None
        self._wires: dict[str, str] = {}

    @property
    def routes(self) -> Mapping[str, Route]:
        """The course of each wire by its end."""
        return self._router.routes if self._router is not None else {}

    @property
    def sides(self) -> Mapping[str, str]:
        """At which side each wire arrives, by its end."""
        return self._router.sides if self._router is not None else {}

    def bring(
        self, graph: Graph, plates: Mapping[str, Plate], fresh: list[str]
    ) -> Generator[Job | None, Any, set[str]]:
        """Take in that the `fresh` plates are others than before; returns the wires that may run elsewhere now.

        Leading all of a drawing anew is a job for whoever goes through the steps.
        """
        router = self._router
        if router is None:
            return (yield from self._anew(graph, plates))
        boxes = {id: _box(graph, plates[id]) for id in fresh}
        other = {id for id, box in boxes.items() if router.boxes.get(id) != box}
        moved = {id: _at(plates[id]) for id in fresh if id not in other and router.positions[id] != _at(plates[id])}
        gone = router.boxes.keys() - plates.keys()
        cut, new = self._changes(graph, plates, other | gone)
        if not (other or gone or cut or new):
            if 3 * len(moved) > len(plates) > MANY:
                return (yield from self._anew(graph, plates))
            return set(router.move(moved).routes) if moved else set()
        if len(plates) <= MANY or 3 * (len(other) + len(new) + len(gone)) > len(plates):
            return (yield from self._anew(graph, plates))
        changed = {id: (_at(plates[id]), boxes[id]) for id in (*other, *moved)}
        return set(router.change(changed, [_ends(key, graph.wires[key]) for key in new], gone=gone, cut=cut).routes)

    def _changes(self, graph: Graph, plates: Mapping[str, Plate], ends: Collection[str]) -> tuple[set[str], set[str]]:
        """The wires that are gone, and those that are new, come from elsewhere, or have their plates only now."""
        before, now = self._wires, graph.wires
        pairs = set() if before == now else before.items() ^ now.items()
        self._wires = dict(now) if pairs else before
        touched = {key for key, _ in pairs}
        for id in ends:
            touched.update(f"{id}.{port}" for port in graph.incoming.get(id, ()))
            touched.update(f"{target}.{port}" for target, port in graph.outgoing.get(id, ()))
        led = self.routes
        there = {key for key in touched if key in now and all(end in plates for end in _ends(key, now[key])[::2])}
        new = {key for key in there if key not in led or (pairs and before.get(key) != now[key])}
        return {key for key in touched - there if key in led}, new

    def _anew(self, graph: Graph, plates: Mapping[str, Plate]) -> Generator[Job | None, Any, set[str]]:
        had, self._wires = self.routes, dict(graph.wires)

        def build() -> Router:
            boxes = {id: _box(graph, plate) for id, plate in plates.items()}
            return Router({id: _at(plate) for id, plate in plates.items()}, boxes, wire_ends(graph))

        self._router = yield build
        return {key for key, route in self.routes.items() if had.get(key) != route}


def _box(graph: Graph, plate: Plate) -> Box:
    """The room of a plate on the canvas."""
    return Box(plate.w, plate.h, plate.kind == "operator", *edge_ports(graph, graph.nodes[plate.id]))


def _at(plate: Plate) -> tuple[float, float]:
    return plate.x, plate.y


def _ends(target: str, source: str) -> Ends:
    """A wire as the router takes it."""
    (start, _, out), (end, _, port) = source.partition("."), target.partition(".")
    return start, out, end, port
