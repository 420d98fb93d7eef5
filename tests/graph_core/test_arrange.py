"""Arrangement and routing: geometry that must hold for any drawing, and the rules of the look on typical ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_core.arrange import Box, Layout, Router, Wire, arrange, port_offsets, route, route_some
from graph_core.arrange.router import EFFORT, EFFORT_A_WIRE
from tests.graph_core.drawings import (
    EXAMPLES,
    Drawing,
    chain,
    encoder_decoder,
    inception,
    resnet,
    transformer,
    unet,
    wild,
)

HEIGHTS = (None, 560.0)


def overlaps(layout: Layout, boxes: Mapping[str, Box], apart: float = 0.0) -> list[tuple[str, str]]:
    """Pairs of boxes closer than ``apart`` in both directions."""
    rects = sorted((y, y + boxes[n].h, x, x + boxes[n].w, n) for n, (x, y) in layout.positions.items())
    found = []
    for i, (_, bottom, left, right, name) in enumerate(rects):
        for top, _, other_left, other_right, other in rects[i + 1 :]:
            if top >= bottom + apart:
                break
            if other_left < right + apart and left < other_right + apart:
                found.append((name, other))
    return found


def crossed(layout: Layout, boxes: Mapping[str, Box], wires: Sequence[Wire]) -> list[tuple[str, str]]:
    """(wire, plate) where a route passes through a plate; an operator's own wires may enter its square."""
    found = []
    for _, _, target, port in wires:
        for (x0, y0), (x1, y1) in pairwise(layout.routes[f"{target}.{port}"]):
            for name, (x, y) in layout.positions.items():
                box = boxes[name]
                inside = (
                    min(x0, x1) < x + box.w - 0.5
                    and max(x0, x1) > x + 0.5
                    and min(y0, y1) < y + box.h - 0.5
                    and max(y0, y1) > y + 0.5
                )
                if inside and not (box.round and name == target):
                    found.append((f"{target}.{port}", name))
    return found


def shared(layout: Layout, wires: Sequence[Wire]) -> list[tuple[str, str]]:
    """Pairs of wires from different outputs that run on top of each other."""
    lines: dict[tuple[bool, int], list[tuple[float, float, tuple[str, str], str]]] = {}
    for source, out, target, port in wires:
        key = f"{target}.{port}"
        for (x0, y0), (x1, y1) in pairwise(layout.routes[key]):
            upright = x0 == x1
            low, high = sorted((y0, y1) if upright else (x0, x1))
            lines.setdefault((upright, round(x0 if upright else y0)), []).append((low, high, (source, out), key))
    found = []
    for runs in lines.values():
        runs.sort()
        for i, (_, high, net, key) in enumerate(runs):
            for low, _, other, second in runs[i + 1 :]:
                if low >= high - 1:
                    break
                if other != net:
                    found.append((key, second))
    return found


def check(drawing: Drawing, layout: Layout) -> None:
    """What holds for every arrangement."""
    assert set(layout.positions) == set(drawing.boxes)
    assert set(layout.routes) == set(layout.sides) == {f"{t}.{p}" for _, _, t, p in drawing.wires}
    assert overlaps(layout, drawing.boxes, 24) == []
    assert crossed(layout, drawing.boxes, drawing.wires) == []
    for source, _, target, port in drawing.wires:
        points = layout.routes[f"{target}.{port}"]
        side = layout.sides[f"{target}.{port}"]
        assert all((x0 == x1) != (y0 == y1) for (x0, y0), (x1, y1) in pairwise(points)), points
        (sx, sy), (tx, ty) = layout.positions[source], layout.positions[target]
        a, b = drawing.boxes[source], drawing.boxes[target]
        assert sx < points[0][0] < sx + a.w
        assert points[0][1] == sy + a.h
        assert points[1][0] == points[0][0]
        if side == "top":
            assert points[-1][1] == ty
            assert points[-2][1] < ty
            assert tx < points[-1][0] < tx + b.w
        else:
            assert b.round
            dx, dy = points[-1][0] - tx - 13, points[-1][1] - ty - 13
            assert dx * dx + dy * dy == pytest.approx(169)
            assert (dx > 0) == (side == "right")
            assert (points[-2][0] > points[-1][0]) == (side == "right")
            assert points[-2][1] == points[-1][1]


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_clean(name: str, height: float | None) -> None:
    drawing = EXAMPLES[name]
    layout = arrange(drawing.boxes, drawing.wires, height=height)
    check(drawing, layout)
    assert shared(layout, drawing.wires) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 40), st.integers(0, 10**6), st.floats(0, 0.6), st.floats(0.5, 15), st.sampled_from(HEIGHTS))
def test_any_acyclic_drawing(count: int, seed: int, fan: float, reach: float, height: float | None) -> None:
    drawing = wild(count, seed, fan, reach)
    check(drawing, arrange(drawing.boxes, drawing.wires, height=height))


@st.composite
def series_parallel(draw: st.DrawFn) -> Drawing:
    drawing = Drawing()
    number = iter(range(10**6))

    def grow(x: str, depth: int) -> str:
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from("psb")) if depth else "p"
            if kind == "p":
                x = drawing.plate(f"n{next(number)}", x, height=draw(st.sampled_from([32, 48])))
            else:
                ends = [grow(x, depth - 1) for _ in range(draw(st.integers(1, 3)))]
                ends.append(x if kind == "s" else grow(x, depth - 1))
                x = drawing.operator(f"op{next(number)}", *ends)
        return x

    grow(drawing.plate("x"), 3)
    return drawing


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(series_parallel(), st.sampled_from(HEIGHTS))
def test_any_series_parallel_drawing(drawing: Drawing, height: float | None) -> None:
    check(drawing, arrange(drawing.boxes, drawing.wires, height=height))


def test_a_chain_is_one_straight_line() -> None:
    d = chain(6)
    layout = arrange(d.boxes, d.wires)
    assert {x for x, _ in layout.positions.values()} == {0.0}
    ys = [layout.positions[f"n{i}"][1] for i in range(6)]
    gaps = [b - a - d.boxes[f"n{i}"].h for i, (a, b) in enumerate(pairwise(ys))]
    assert set(gaps) == {48.0}
    assert all(len(r) == 2 for r in layout.routes.values())
    assert layout.junctions == []


def test_gaps_close_up_before_a_chain_folds() -> None:
    d = chain(6)
    layout = arrange(d.boxes, d.wires, height=6 * 40 + 5 * 32)
    ys = [layout.positions[f"n{i}"][1] for i in range(6)]
    assert {b - a - d.boxes[f"n{i}"].h for i, (a, b) in enumerate(pairwise(ys))} == {32.0}


def test_residual_arcs_follow_the_look() -> None:
    d = resnet((2,))
    layout = arrange(d.boxes, d.wires)
    for i, first in enumerate(("maxpool", "layer1.0.relu2")):
        arc = layout.routes[f"layer1.{i}.add.p1"]
        conv_x, conv_y = layout.positions[f"layer1.{i}.conv1"]
        assert layout.sides[f"layer1.{i}.add.p1"] == "right"
        assert layout.sides[f"layer1.{i}.add.p0"] == "top"
        assert arc[1] in layout.junctions
        assert 12 <= conv_y - arc[1][1] <= 20
        assert arc[2][0] == conv_x + 152 + 27
        assert arc[0][0] == layout.positions[first][0] + 76
    assert len(layout.junctions) == 2


def test_nested_skips_stand_further_out_by_fourteen() -> None:
    d = unet(3)
    layout = arrange(d.boxes, d.wires)
    lanes = [layout.routes[f"cat{i}.p1"][2][0] for i in (2, 1, 0)]
    edge = layout.positions["middle"][0] + 152
    assert lanes == [edge + 27, edge + 41, edge + 55]


def test_plates_on_the_shortcut_stand_in_the_lane() -> None:
    d = resnet((1, 1))
    layout = arrange(d.boxes, d.wires)
    at = layout.positions
    x = at["layer2.0.conv1"][0]
    assert at["layer2.0.downsample.0"][0] == at["layer2.0.downsample.1"][0] >= x + 152 + 27
    assert at["layer2.0.conv1"][1] < at["layer2.0.downsample.0"][1] < at["layer2.0.downsample.1"][1]
    assert at["layer2.0.downsample.1"][1] < at["layer2.0.add"][1]
    assert len(layout.routes["layer2.0.downsample.1.p0"]) == 2
    assert len(layout.routes["layer2.0.add.p1"]) == 3


def test_branches_stand_side_by_side_in_their_order() -> None:
    d = inception(1)
    layout = arrange(d.boxes, d.wires)
    xs = [layout.positions[f"0.{name}.0"][0] for name in ("one", "three", "five", "pool")]
    assert xs == sorted(xs)
    assert all(b - a >= 152 + 24 for a, b in pairwise(xs))
    assert [layout.sides[f"0.cat.p{i}"] for i in range(4)] == ["left", "left", "top", "right"]


def test_folding_keeps_the_order_and_the_height() -> None:
    d = resnet()
    layout = arrange(d.boxes, d.wires, height=700)
    line = ["x", "conv1", "bn1", "relu", "maxpool"]
    for stage in range(1, 5):
        for i in range(2):
            line += [f"layer{stage}.{i}.{n}" for n in ("conv1", "bn1", "relu1", "conv2", "bn2", "add", "relu2")]
    line += ["avgpool", "flatten", "fc", "y"]
    centres = [(layout.positions[n][0] + d.boxes[n].w / 2, layout.positions[n][1]) for n in line]
    assert centres == sorted(centres)
    columns = sorted({x for x, _ in centres})
    assert len(columns) > 3
    assert max(y + d.boxes[n].h for n, (_, y) in layout.positions.items()) <= 700
    firsts = [next(n for n, c in zip(line, centres, strict=True) if c[0] == x) for x in columns[1:-1]]
    assert all(name.endswith(".conv1") for name in firsts), firsts
    for x, name in zip(columns[1:], firsts, strict=False):
        wire = layout.routes[f"{name}.p0"]
        riser = wire[2][0]
        assert x - 76 - 36 <= riser <= x - 76 - 12
        assert wire[3][1] < layout.positions[name][1]


def test_inputs_spread_along_the_top() -> None:
    d = transformer(1)
    layout = arrange(d.boxes, d.wires)
    left = layout.positions["0.attn"][0]
    ends = [layout.routes[f"0.attn.p{i}"][-1][0] - left for i in range(3)]
    assert ends == [44, 76, 108]
    assert port_offsets(Box(152, 48), 2) == [52, 100]
    offsets = port_offsets(Box(40, 32), 12)
    assert offsets == sorted(offsets)
    assert offsets[0] >= 8
    assert offsets[-1] <= 32


def test_declared_ports_keep_their_order_and_anchors_bend_the_line() -> None:
    boxes = {
        "a": Box(152, 32, outputs=("y", "h")),
        "b": Box(152, 32, inputs=("x", "mask")),
        "block": Box(400, 300, anchor=100),
    }
    layout = arrange(boxes, [("a", "h", "b", "mask"), ("b", "y", "block", "x")])
    assert layout.routes["b.mask"][0][0] - layout.positions["a"][0] == 100
    assert layout.routes["b.mask"][-1][0] - layout.positions["b"][0] == 100
    assert layout.routes["block.x"] == ((76.0 + 24, 112.0), (76.0 + 24, 160.0))


def test_ports_stand_on_the_half_grid() -> None:
    for d in EXAMPLES.values():
        layout = arrange(d.boxes, d.wires, height=560)
        for name, (x, y) in layout.positions.items():
            box = d.boxes[name]
            assert (x + box.w / 2) % 4 == 0
            assert (y if not box.round else y + 13) % 4 == 0


def test_the_result_does_not_depend_on_the_process() -> None:
    code = (
        "import json, sys\n"
        "from graph_core.arrange import arrange\n"
        "from tests.graph_core.drawings import wild, inception\n"
        "out = []\n"
        "for d in (wild(60, 5, 0.4, 6), inception(3)):\n"
        "    l = arrange(d.boxes, d.wires, height=500)\n"
        "    out.append([list(l.positions.items()), list(l.routes.items()), l.junctions])\n"
        "print(json.dumps(out))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(json.loads(runs[0])[0][0]) == 60


@pytest.mark.parametrize("height", HEIGHTS)
def test_arranging_again_moves_nothing(height: float | None) -> None:
    for d in EXAMPLES.values():
        first = arrange(d.boxes, d.wires, height=height)
        assert arrange(d.boxes, d.wires, height=height, near=first.positions).positions == first.positions


def test_small_edits_move_little() -> None:
    d = resnet()
    before = arrange(d.boxes, d.wires, height=700)
    moved = {name: (x + 400, y - 200) for name, (x, y) in before.positions.items()}
    wires = [w for w in d.wires if w[2] != "layer3.1.relu1"]
    d.boxes["drop"] = Box(152, 32)
    wires += [("layer3.1.bn1", "y", "drop", "x"), ("drop", "y", "layer3.1.relu1", "p0")]
    after = arrange(d.boxes, wires, height=700, near=moved)
    still = [name for name in moved if after.positions[name] == moved[name]]
    assert len(still) >= 0.8 * len(moved)
    assert all(after.positions[n][0] == moved[n][0] for n in moved)


def test_parts_stand_apart_and_loose_plates_form_no_endless_row() -> None:
    d = chain(4)
    for name, box in inception(1).boxes.items():
        d.boxes["other." + name] = box
    d.wires += [("other." + s, o, "other." + t, p) for s, o, t, p in inception(1).wires]
    for i in range(40):
        d.boxes[f"loose{i}"] = Box(152, 32)
    layout = arrange(d.boxes, d.wires)
    check(d, layout)
    width = max(x for x, _ in layout.positions.values())
    height = max(y for _, y in layout.positions.values())
    assert width < 2500
    assert height < 2500


def test_cycles_are_drawn_not_refused() -> None:
    d = chain(4)
    d.wires += [("n3", "y", "n1", "back"), ("n2", "y", "n2", "self")]
    layout = arrange(d.boxes, d.wires)
    check(d, layout)
    ys = [layout.positions[f"n{i}"][1] for i in range(4)]
    assert ys == sorted(ys)


def test_nothing_gives_nothing() -> None:
    assert arrange({}, []) == Layout({})


def test_a_wire_to_nowhere_is_named() -> None:
    with pytest.raises(ValueError, match=r"a\.y to b\.x: there is no box 'b'"):
        arrange({"a": Box(152, 32)}, [("a", "y", "b", "x")])


def test_routes_need_only_positions() -> None:
    for d in EXAMPLES.values():
        layout = arrange(d.boxes, d.wires, height=560)
        again = route(layout.positions, d.boxes, d.wires)
        assert (again.routes, again.sides, again.junctions) == (layout.routes, layout.sides, layout.junctions)


def test_hand_placed_plates_are_gone_around() -> None:
    boxes = {n: Box(152, 48) for n in ("a", "b", "between", "right", "over")}
    at = {
        "a": (0.0, 0.0),
        "b": (0.0, 240.0),
        "between": (16.0, 120.0),
        "right": (300.0, 100.0),
        "over": (300.0, -200.0),
    }
    wires = [("a", "y", "b", "x"), ("a", "y", "right", "x"), ("b", "y", "over", "x")]
    layout = route(at, boxes, wires)
    assert crossed(layout, boxes, wires) == []
    assert len(layout.routes["b.x"]) == 6
    assert len(layout.routes["right.x"]) == 4
    assert layout.routes["over.x"][-2][1] < -200


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_hand_moved_drawings_keep_clear_of_plates(seed: int) -> None:
    """Plates anywhere, as long as they leave room between them."""
    random = Random(seed)
    d = wild(14, seed, 0.3, 4)
    cells = [
        (x * 240.0 + random.randrange(0, 30), y * 110.0 + random.randrange(0, 20)) for x in range(5) for y in range(5)
    ]
    random.shuffle(cells)
    at = dict(zip(d.boxes, cells, strict=False))
    layout = route(at, d.boxes, d.wires)
    assert crossed(layout, d.boxes, d.wires) == []


def test_a_move_routes_only_what_it_touches() -> None:
    d = encoder_decoder(2)
    layout = arrange(d.boxes, d.wires)
    router = Router(layout.positions, d.boxes, d.wires)
    before = dict(router.routes)
    name = "enc.0.gelu"
    x, y = layout.positions[name]
    part = router.move({name: (x + 40, y)})
    assert set(part.routes) == {f"{t}.{p}" for s, _, t, p in d.wires if name in (s, t)}
    assert all(router.routes[k] == before[k] for k in before if k not in part.routes)
    assert part.routes[f"{name}.p0"] != before[f"{name}.p0"]
    touched = [w for w in d.wires if name in (w[0], w[2])]
    assert crossed(router.layout(), d.boxes, touched) == []
    router.move({name: (x, y)})
    assert router.routes == before
    alone = route_some(layout.positions, d.boxes, d.wires, [name])
    assert set(alone.routes) == set(part.routes)


def test_imports_neither_qt_nor_numpy_nor_a_layout_library() -> None:
    code = (
        "import sys\n"
        "from graph_core.arrange import arrange\n"
        "from tests.graph_core.drawings import resnet\n"
        "d = resnet(); arrange(d.boxes, d.wires, height=700)\n"
        "print([m for m in ('PySide6', 'numpy', 'torch', 'networkx', 'fast_sugiyama') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_thicket_costs_no_more_than_its_budget() -> None:
    """Plates upon plates: no shape is free, and after some looking the rest take their first one."""
    boxes = {f"n{k}": Box(152, 48) for k in range(800)}
    places = {f"n{k}": (24.0 * (k // 400) + 300.0 * (k % 400 // 40), 30.0 * (k % 40)) for k in range(800)}
    wires = [(f"n{k}", "y", f"n{k + 7}", "x") for k in range(793)]
    router = Router(places, boxes, wires)
    assert router._ways.effort < 4 * (EFFORT + EFFORT_A_WIRE * len(wires))
    assert all(len(way) > 1 for way in router.routes.values())
