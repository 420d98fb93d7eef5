"""Arranging and routing drawings of 1,000 and 10,000 boxes, beside a plain walk over the same boxes and wires."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from graph_core.arrange import Router, arrange, route
from tests.graph_core.drawings import Drawing, chain, inception, resnet

DRAWINGS = {
    "chain 1,000": chain(1000),
    "resnet 1,000": resnet((35, 35, 35, 35)),
    "inception 1,000": inception(111),
    "chain 10,000": chain(10_000),
    "resnet 10,000": resnet((357, 357, 357, 357)),
    "inception 10,000": inception(1111),
}


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> Drawing:
    benchmark.group = request.param
    return DRAWINGS[request.param]


def test_walk(benchmark: BenchmarkFixture, drawing: Drawing):
    """The yardstick: put every box and every wire into a dictionary once."""

    def walk() -> int:
        found: dict[str, tuple[float, float]] = {}
        for name, box in drawing.boxes.items():
            found[name] = (box.w, box.h)
        for source, _, target, port in drawing.wires:
            found[f"{target}.{port}"] = found[source]
        return len(found)

    assert benchmark.pedantic(walk, rounds=5) == len(drawing.boxes) + len(drawing.wires)


@pytest.mark.parametrize("height", [None, 900.0], ids=["one column", "folded"])
def test_arrange(benchmark: BenchmarkFixture, drawing: Drawing, height: float | None):
    layout = benchmark.pedantic(arrange, (drawing.boxes, drawing.wires), {"height": height}, rounds=3)
    assert len(layout.routes) == len(drawing.wires)


@pytest.mark.parametrize("height", [None, 900.0], ids=["one column", "folded"])
def test_route(benchmark: BenchmarkFixture, drawing: Drawing, height: float | None):
    at = arrange(drawing.boxes, drawing.wires, height=height).positions
    layout = benchmark.pedantic(route, (at, drawing.boxes, drawing.wires), rounds=3)
    assert len(layout.routes) == len(drawing.wires)


def test_drag_one(benchmark: BenchmarkFixture, drawing: Drawing):
    """One frame of a drag: move a box in the middle, route the wires at it."""
    at = arrange(drawing.boxes, drawing.wires).positions
    router = Router(at, drawing.boxes, drawing.wires)
    name = list(drawing.boxes)[len(drawing.boxes) // 2]
    x, y = at[name]
    router.move({name: (x, y)})
    places = iter([(x + 3.0 * i, y) for i in range(1, 60)])
    part = benchmark.pedantic(lambda: router.move({name: next(places)}), rounds=50)
    assert part.routes
