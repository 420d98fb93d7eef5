"""A scene brought up to date: plates and wires are looked at anew only where what they show may have changed.

What they show is read from lists that are compared by identity, a few passes in C over a whole drawing, so that an
edit of a large drawing costs what it affects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.background import Steps
from designer.canvas.identity import differing, places, taken, unequal
from designer.canvas.scene import Legend, Plate, Scene, Since, Wire
from designer.leading import Leading
from designer.making import Making, Problems
from designer.sheets import Level
from graph_core.graph import Graph

_STRIDE = 100  # plates or wires that are made between two looks at the clock


@dataclass
class _Read:
    """What a scene was made from, each list in the order of `ids`, or of the wires' `keys`."""

    graph: str = ""
    ids: list[str] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    fed: list[Any] = field(default_factory=list)
    heat: list[Any] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    marks: Mapping[str, Plate] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)
    tied: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    blocks: Mapping[str, Any] = field(default_factory=dict)
    saved: object = None


class Redrawing:
    """Keeps the last scene of a graph in which no block is opened, with all that it was made from."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self.forget()

    def forget(self) -> None:
        """Another graph is looked at."""
        self._read = _Read()
        self._own: dict[str, Plate] = {}  # plates with the ports where they are before wires are led
        self._shown: dict[str, Plate] = {}
        self._leading = Leading()
        self.scene = Scene()

    def steps(self, level: Level, marks: Mapping[str, Plate], problems: Problems, legend: Legend | None) -> Steps:
        """Bring `scene` up to date, with a stop after each part of the work.

        Nothing may be edited between two stops: whoever gives up begins anew.
        """
        graph = level.graph
        if self._read.graph != graph.key:
            self.forget()
        before, now = self._read, self._look(level, marks, problems)
        stale, loose = self._stale(before, now, graph)
        own = self._own.copy()
        for id in own.keys() - graph.nodes.keys():
            del own[id]
        for k, id in enumerate(stale):
            if k % _STRIDE == _STRIDE - 1:
                yield
            own[id] = self._making.plate(
                graph, level.context, graph.nodes[id], level.places[id], problems, "", "", None
            )
        fresh = [id for id in stale if own[id] is not self._own.get(id)] if before.ids else stale
        yield
        # From here on what is kept is no longer that of the scene before: it is read anew by whoever begins again.
        self._read, leading = _Read(graph.key), self._leading
        rerouted = yield from leading.bring(graph, own, fresh)
        yield
        shown = self._shown.copy() if before.ids else {}
        for id in shown.keys() - own.keys():
            del shown[id]
        for id in {*fresh, *(key.partition(".")[0] for key in rerouted)} & own.keys():
            shown[id] = self._with_sides(own[id])
        for id in fresh:  # without its port there is no wire
            if id not in self._own or self._own[id].outputs != own[id].outputs:
                loose.update(f"{target}.{port}" for target, port in graph.outgoing.get(id, ()))
        wires = dict(self.scene.wires)
        for k, key in enumerate(loose | rerouted):
            if k % _STRIDE == _STRIDE - 1:
                yield
            wire = self._wire(level, key, own, problems)
            if wire is not None:
                wires[key] = wire
            else:
                wires.pop(key, None)
        self._finish(now, own, shown, wires, legend)

    # What may have changed -----------------------------------------------------------------------------------

    def _look(self, level: Level, marks: Mapping[str, Plate], problems: Problems) -> _Read:
        graph, making = level.graph, self._making
        ids = list(graph.nodes)
        return _Read(
            graph.key,
            ids,
            list(graph.nodes.values()),
            list(map(level.context.results.get, ids)),
            list(map(graph.incoming.get, ids)),
            list(map(making.heat.get, ids)),
            list(map(level.places.get, ids)),
            list(graph.wires),
            list(graph.wires.values()),
            marks,
            problems,
            frozenset(making.tied),
            frozenset(making.frozen),
            _blocks(graph),
            making.document.saved_nodes,
        )

    def _stale(self, before: _Read, now: _Read, graph: Graph) -> tuple[list[str], set[str]]:
        """The nodes whose plates may be others, and the wires, by their ends."""
        ids = now.ids
        if not before.ids:
            return list(ids), set(now.keys)
        moved: set[str] = set()
        changed: set[str] = set()
        where = None
        if ids != before.ids:
            index = {id: k for k, id in enumerate(before.ids)}
            where = places(index, ids)
            changed.update(id for id in ids if id not in index)
        for found, compare, name in (
            (changed, differing, "nodes"),
            (changed, differing, "results"),
            (changed, differing, "fed"),
            (changed, unequal, "heat"),
            (moved, unequal, "places"),
        ):
            old, new = getattr(before, name), getattr(now, name)
            found.update(ids[i] for i in compare(old if where is None else taken(old, where), new).tolist())
        if before.problems or now.problems:
            told = before.problems.keys() | now.problems.keys()
            changed |= {id for id in told if before.problems.get(id) != now.problems.get(id)}
        changed |= (before.tied ^ now.tied) | (before.frozen ^ now.frozen)
        if before.blocks != now.blocks:
            other = {type for type, look in now.blocks.items() if before.blocks.get(type) != look}
            changed.update(node.id for node in graph.nodes.values() if node.type in other)
        loose = _changed_wires(before, now, changed)
        changed &= graph.nodes.keys()
        if 3 * len(changed) > len(ids):
            loose = set(now.keys) | loose
        else:
            for id in changed:
                loose.update(f"{id}.{port}" for port in graph.incoming.get(id, ()))
                for target, port in graph.outgoing.get(id, ()):
                    # What a wire carries is compared with what went into the node that it comes from.
                    loose.add(f"{target}.{port}")
                    loose.update(f"{end}.{into}" for end, into in graph.outgoing.get(target, ()))
        if before.saved is not now.saved:  # what was told as changed is not changed any more
            moved.update(id for id, plate in self._own.items() if plate.changed)
        return list((changed | moved) & graph.nodes.keys()), loose

    # Making --------------------------------------------------------------------------------------------------

    def _with_sides(self, plate: Plate) -> Plate:
        if plate.kind != "operator" or len(plate.inputs) < 2:
            return plate
        leading = self._leading
        return self._making.with_sides(plate, "", plate.id, leading.routes, leading.sides, (0.0, 0.0))

    def _wire(self, level: Level, key: str, own: Mapping[str, Plate], problems: Problems) -> Wire | None:
        source = level.graph.wires.get(key)
        if source is None:
            return None
        (start, _, out), (end, _, port) = source.partition("."), key.partition(".")
        if start not in own or end not in own or all(out != p.name for p in own[start].outputs):
            return None
        route = self._leading.routes.get(key)
        return self._making.wire(level, key, (start, out), (end, port), route, None, problems, "")

    def _finish(
        self, now: _Read, own: dict[str, Plate], shown: dict[str, Plate], wires: dict[str, Wire], legend: Legend | None
    ) -> None:
        last, graph = self.scene, now.graph
        plates = {**now.marks, **(shown if list(shown) == now.ids else {id: shown[id] for id in now.ids})}
        if list(wires) != now.keys:
            wires = {key: wires[key] for key in now.keys if key in wires}
        since = None
        if list(plates) == list(last.plates) and list(wires) == list(last.wires):
            since = Since(last.number, _others(last.plates, plates), _others(last.wires, wires))
        title = self._making.document.project.graphs[graph].name
        self._read, self._own, self._shown = now, own, shown
        self.scene = Scene(plates, wires, title, legend, since)
        self._making.keep(plates, wires)


def _others(before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
    """The keys under which one of two mappings, of the same keys in the same order, has another object."""
    keys = list(now)
    return frozenset(keys[k] for k in unequal(list(before.values()), list(now.values())).tolist())


def _blocks(graph: Graph) -> dict[str, Any]:
    """What a drawing shows of each block that is used in it."""
    known, found = graph.project.graphs, {}
    for type in {node.type for node in graph.nodes.values()}:
        if type in known:
            ports = [(port.id, port.name) for port in (*known[type].inputs(), *known[type].outputs())]
            found[type] = (known[type].name, ports)
    return found


def _changed_wires(before: _Read, now: _Read, changed: set[str]) -> set[str]:
    """Wires that are new, come from elsewhere or are gone; the nodes at their ends are added to what changed."""
    if now.keys == before.keys:
        here = unequal(before.sources, now.sources).tolist()
        found = {now.keys[k] for k in here}
        ends = [source for k in here for source in (before.sources[k], now.sources[k])]
    else:
        old, new = (dict(zip(read.keys, read.sources, strict=True)) for read in (before, now))
        pairs = old.items() ^ new.items()
        found, ends = {key for key, _ in pairs}, [source for _, source in pairs]
    changed.update(end.partition(".")[0] for end in (*ends, *found))
    return found
