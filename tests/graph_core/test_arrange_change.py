"""A router that takes in edits: it knows the same ends as one made anew, and touches nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from graph_core.arrange import Box, Router, Wire, arrange
from graph_core.arrange.boxes import Point
from tests.graph_core.drawings import Drawing, encoder_decoder, resnet
from tests.graph_core.test_arrange import crossed

GRID = 8


class Edited:
    """A drawing under edits, and the router that follows them."""

    def __init__(self, d: Drawing) -> None:
        self.boxes: dict[str, Box] = dict(d.boxes)
        self.at: dict[str, Point] = dict(arrange(d.boxes, d.wires, height=700).positions)
        self.wires: dict[str, Wire] = {f"{w[2]}.{w[3]}": w for w in d.wires}
        self.router = Router(self.at, self.boxes, d.wires)

    def change(self, *nodes: str, wires: tuple[Wire, ...] = (), gone: str = "", cut: tuple[str, ...] = ()) -> set[str]:
        """Let the router follow; returns the keys it has routed, having checked that no other route changed."""
        before = dict(self.router.routes)
        fresh = {f"{w[2]}.{w[3]}": w for w in wires}
        self.wires = {key: wire for key, wire in self.wires.items() if key not in fresh} | fresh
        for key in cut:
            del self.wires[key]
        boxes = {node: (self.at[node], self.boxes[node]) for node in nodes}
        part = self.router.change(boxes, wires, gone=[gone] if gone else [], cut=cut)
        assert all(
            self.router.routes[key] is before[key] for key in before if key in self.wires and key not in part.routes
        )
        self.check()
        return set(part.routes)

    def check(self) -> None:
        """Compare with a router made anew."""
        fresh = Router(self.at, self.boxes, list(self.wires.values()))
        assert set(self.router.routes) == set(self.router.sides) == set(self.wires)
        for key, (_, _, target, _) in self.wires.items():
            mine, theirs = self.router.routes[key], fresh.routes[key]
            assert mine[0] == theirs[0], key
            assert mine[-1] == theirs[-1] or self.boxes[target].round, key
            assert all(x0 == x1 or y0 == y1 for (x0, y0), (x1, y1) in pairwise(mine)), key

    def ends_of(self, node: str) -> dict[str, Wire]:
        return {key: wire for key, wire in self.wires.items() if node in (wire[0], wire[2])}


@pytest.mark.parametrize("seed", range(4))
def test_any_edits_leave_every_wire_at_its_ports(seed: int) -> None:
    random = Random(seed)
    e = Edited(resnet((1, 1)) if seed % 2 else encoder_decoder(1))
    for _ in range(40):
        node = random.choice(sorted(e.boxes))
        match random.choice(("move", "grow", "remove", "wire")):
            case "move":
                x, y = e.at[node]
                e.at[node] = (x + GRID * random.randrange(-30, 30), y + GRID * random.randrange(-30, 30))
                e.change(node)
            case "grow" if not e.boxes[node].round:
                box = e.boxes[node]
                e.boxes[node] = replace(box, w=box.w + 16, inputs=(*box.inputs, f"q{len(box.inputs)}"))
                e.change(node)
            case "remove" if len(e.boxes) > 8:
                wires, at, box = e.ends_of(node), e.at.pop(node), e.boxes.pop(node)
                e.change(gone=node, cut=tuple(wires))
                if random.random() < 0.7:
                    e.at[node], e.boxes[node] = at, box
                    e.change(node, wires=tuple(wires.values()))
            case "wire":
                source = random.choice(sorted(e.boxes))
                if source != node:
                    e.change(wires=((source, "y", node, "p0"),))


def test_a_plate_dropped_on_a_foreign_wire_makes_it_give_way() -> None:
    e = Edited(resnet())
    node = "fc"
    key, way = max(
        ((k, r) for k, r in e.router.routes.items() if len(r) > 3 and node not in e.wires[k]),
        key=lambda item: max(abs(b[1] - a[1]) for a, b in pairwise(item[1])),
    )
    (x, y0), (_, y1) = max(pairwise(way), key=lambda run: abs(run[1][1] - run[0][1]))
    e.at[node] = (x - e.boxes[node].w / 2, (y0 + y1) / 2 - 24)
    assert key in e.change(node)
    assert (key, node) not in crossed(e.router.layout(), e.boxes, list(e.wires.values()))


def test_a_wire_that_comes_back_takes_its_old_way() -> None:
    e = Edited(resnet())
    before = dict(e.router.routes)
    key = "layer2.0.add.p1"
    wire = e.wires[key]
    assert key not in e.change(cut=(key,))
    e.change(wires=(wire,))
    assert e.router.routes == before
