"""What a router keeps books of: which boxes stand where, which wires end at them, and at which ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graph_core.arrange.boxes import Box, Point, Ports, Wire
from graph_core.arrange.space import Plates, Rect


class Register:
    """Boxes, and wires by number; the wires of one output are a net. Changes cost what they touch."""

    def __init__(self, positions: Mapping[str, Point], boxes: Mapping[str, Box], wires: Sequence[Wire]) -> None:
        self.boxes = dict(boxes)
        self.wires = list(wires)
        self.positions = dict(positions)
        ports = Ports(boxes, self.wires)
        self._rects: dict[str, Rect] = {}
        self._round: set[str] = set()
        for name, (x, y) in self.positions.items():
            box = boxes[name]
            self._rects[name] = (y, y + box.h, x, x + box.w, name)
            if box.round:
                self._round.add(name)
        self._plates = Plates(self._rects.values())
        self.keys = [f"{target}.{port}" for _, _, target, port in self.wires]
        self._out = [ports.output(source, out) for source, out, _, _ in self.wires]
        self._in = [ports.input(target, port) for _, _, target, port in self.wires]
        self._numbers = numbers = dict[tuple[str, str], int]()
        self._net = [numbers.setdefault(wire[:2], len(numbers)) for wire in self.wires]
        self._members: list[list[int]] = [[] for _ in numbers]
        for i, net in enumerate(self._net):
            self._members[net].append(i)
        self._into: dict[str, list[int]] = {}
        for i, (_, _, target, _) in enumerate(self.wires):
            if target in self._round:
                self._into.setdefault(target, []).append(i)
        self._ends: dict[str, list[int]] = {}  # made on first use, as are the places of the keys
        self._places: dict[str, int] = {}
        self._free: list[int] = []

    def number(self, key: str) -> int | None:
        """The number of the wire that ends at ``target.port``, None where there is none."""
        self._find_ends()
        return self._places.get(key)

    def touched(self, nodes: Collection[str]) -> list[int]:
        """Wires (by index) at these boxes, and those that share an operator with one: they may change sides."""
        self._find_ends()
        wires: dict[int, None] = {}
        for node in nodes:
            wires.update(dict.fromkeys(self._ends.get(node, ())))
        for i in list(wires):
            wires.update(dict.fromkeys(self._into.get(self.wires[i][2], ())))
        return list(wires)

    def _find_ends(self) -> None:
        if not self._ends:
            for i, (source, _, target, _) in enumerate(self.wires):
                self._ends.setdefault(source, []).append(i)
                self._ends.setdefault(target, []).append(i)
            self._places = {key: i for i, key in enumerate(self.keys)}

    def _cut(self, i: int) -> Wire:
        """Let go of a wire. Its number is given to the next that comes."""
        del self._places[self.keys[i]]
        source, _, target, _ = self.wires[i]
        for members in (self._ends[source], self._ends[target], self._members[self._net[i]]):
            if i in members:
                members.remove(i)
        if target in self._into:
            self._into[target].remove(i)
        self._free.append(i)
        return self.wires[i]

    def _lift(self, node: str) -> None:
        """Let go of a box without wires."""
        self._plates.remove(self._rects.pop(node))
        self._round.discard(node)
        del self.boxes[node], self.positions[node]

    def _put(self, node: str, at: Point, box: Box) -> list[int]:
        """Take a box in, or move or change one; returns the wires that no longer enter an operator."""
        if node in self._rects:
            self._plates.remove(self._rects[node])
        self.boxes[node], self.positions[node] = box, at
        self._rects[node] = (at[1], at[1] + box.h, at[0], at[0] + box.w, node)
        self._plates.add(self._rects[node])
        if box.round and node not in self._round:
            self._find_ends()
            self._round.add(node)
            self._into[node] = [i for i in self._ends.get(node, ()) if self.wires[i][2] == node]
        elif not box.round and node in self._round:
            self._round.discard(node)
            return self._into.pop(node, [])
        return []

    def _join(self, key: str, wire: Wire) -> int:
        """Take a wire in; returns its number."""
        i = self._free.pop() if self._free else len(self.wires)
        net = self._numbers.setdefault(wire[:2], len(self._numbers))
        if net == len(self._members):
            self._members.append([])
        if i == len(self.wires):
            self.wires.append(wire)
            self.keys.append(key)
            self._net.append(net)
            self._out.append(0.0)
            self._in.append(0.0)
        else:
            self.wires[i], self.keys[i], self._net[i] = wire, key, net
        self._places[key] = i
        self._members[net].append(i)
        for end in {wire[0], wire[2]}:
            self._ends.setdefault(end, []).append(i)
        if wire[2] in self._round:
            self._into.setdefault(wire[2], []).append(i)
        return i

    def _spread(self, node: str) -> list[int]:
        """Find where the wires of a box are at its edges; returns those for which that is elsewhere than before."""
        here = self._ends.get(node, [])
        ports = Ports({end: self.boxes[end] for i in here for end in self.wires[i][::2]}, [self.wires[i] for i in here])
        shifted = []
        for i in here:
            source, out, target, port = self.wires[i]
            before = self._out[i], self._in[i]
            if source == node:
                self._out[i] = ports.output(node, out)
            if target == node:
                self._in[i] = ports.input(node, port)
            if (self._out[i], self._in[i]) != before:
                shifted.append(i)
        return shifted
