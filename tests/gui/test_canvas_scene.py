"""View models and their geometry: sizes, ports, routes, and what changed between two scenes."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from designer.canvas.base import changed_boxes
from designer.canvas.camera import Camera
from designer.canvas.ports import anchors
from designer.canvas.routes import CORNERED, CURVED, RADIUS, STRAIGHT, clipped
from designer.canvas.rows import ERROR, UNKNOWN, size_class
from designer.canvas.scene import Plate, Port, Scene, Since, Wire, plate_size, text_width
from designer.canvas.snapshot import Snapshot
from designer.canvas.spots import label_spot
from designer.canvas.text import axes_runs, cut, cut_detail, layout
from tests.gui.canvas_scenes import X, Y, chain, moved, plate, scene_of, stage, wire


def test_sizes_are_those_of_the_look():
    assert plate_size("layer", "relu") == (152, 32)
    assert plate_size("layer", "conv1", "Conv2d 3×3") == (152, 48)
    assert plate_size("block", "layer1", "BasicBlock") == (152, 56)
    assert plate_size("operator", "add") == (26, 26)
    assert plate_size("layer", "fc", "Linear 10", activation=True) == (208, 84)
    assert plate_size("block", "shortcut", when="off") == (32, 32)


def test_long_names_widen_a_plate_to_a_limit_and_keep_its_middle_on_the_grid():
    widths = [plate_size("layer", "m" * n)[0] for n in range(1, 60)]
    assert widths == sorted(widths)
    assert widths[-1] == 248
    assert {w % 16 for w in widths} == {152 % 16}


def test_advances_are_those_of_the_bundled_font(qapp):
    from PySide6.QtGui import QFontMetricsF

    from designer.theme import Theme

    font = Theme().canvas_font(12, 600)
    font.unsetFeature(font.Tag("tnum"))
    for name in ("conv1", "downsample.0", "AdaptiveAvgPool2d", "W_q", "111"):
        assert text_width(name) == pytest.approx(QFontMetricsF(font).horizontalAdvance(name), rel=0.06)


def test_ports_stand_on_their_edges():
    p = plate("a", "attn", "attn", inputs=(Port("q"), Port("k"), Port("v")))
    top = [a for a in anchors(p) if a.is_input]
    assert [a.y for a in top] == [0, 0, 0]
    assert [a.x for a in top] == [76 - 32, 76, 76 + 32]
    assert next(a for a in anchors(p) if not a.is_input)[2:4] == (76, p.h)


def test_an_opened_block_has_its_inlet_where_its_port_says():
    p = plate("b", "block", "b", kind="block", opened=True, w=300, h=200, inputs=(Port("x", at=92),), outputs=Y)
    found = {(a.port.name, a.inner): (a.x, a.y, a.dy) for a in anchors(p)}
    assert found["x", False] == (92, 0, -1)
    assert found["x", True] == (92, 30, 1)
    assert found["y", True] == (150, 200, -1)


def test_an_operator_takes_the_shortcut_from_the_side():
    p = Plate("s", "operator", "arith", "add", w=26, h=26, inputs=(Port("a"), Port("b")), outputs=Y)
    found = {a.port.name: (a.x, a.y, a.dx, a.dy) for a in anchors(p)}
    assert found["a"] == pytest.approx((13, 0, 0, -1))
    assert found["b"] == pytest.approx((26, 13, 1, 0))
    assert found["y"] == pytest.approx((13, 26, 0, 1))


def scene_with(dx: float, dy: float, **more: object) -> Snapshot:
    a, b = plate("a", "act", "a"), plate("b", "act", "b", x=dx, y=dy)
    return Snapshot(scene_of([a, b], [wire("a.y", "b.x", 8, **more)]))  # type: ignore[arg-type]


def test_aligned_wires_are_straight_and_free_ones_curved():
    assert scene_with(0, 90).paths.shape.tolist() == [STRAIGHT]
    assert scene_with(40, 90).paths.shape.tolist() == [CURVED]
    assert scene_with(0, -90).paths.shape.tolist() == [CURVED]


def test_a_route_is_followed_and_its_corners_rounded():
    route = ((76.0, 32.0), (76.0, 60.0), (300.0, 60.0), (300.0, 200.0))
    snap = scene_with(224, 200, route=route)
    assert snap.paths.shape.tolist() == [CORNERED]
    assert snap.paths.of(0).tolist() == [list(point) for point in route]
    points, start = snap.paths.fine(np.array([0]), snap.parting)
    assert start.tolist() == [0, len(points)]
    corner = np.array([76.0, 60.0])
    gap = np.hypot(*(points - corner).T).min()
    # The curve passes the corner at r/2·√½ and nowhere touches it.
    assert gap == pytest.approx(RADIUS * 0.25 * 2**0.5, rel=0.01)
    assert points[0].tolist() == [76, 32]
    assert points[-1].tolist() == [300, 200]


def test_a_wire_into_an_operators_side_takes_a_lane_clear_of_the_chain():
    add = Plate("s", "operator", "arith", "add", x=63, y=300, w=26, h=26, inputs=(Port("a"), Port("b")), outputs=Y)
    snap = Snapshot(scene_of([plate("a", "act", "a"), add], [wire("a.y", "s.b", 8)]))
    lane = snap.paths.of(0)[:, 0].max()
    assert snap.paths.shape.tolist() == [CORNERED]
    assert lane >= 152 + 27


def test_wires_find_both_sides_of_an_opened_block():
    snap = Snapshot(stage())
    i = snap.wire_index["layer1.conv1.x"]
    assert snap.ends[i].tolist() == [304, 54, 304, 90]
    j = snap.wire_index["layer1.y"]
    assert snap.ends[j].tolist()[2:] == [304, 554]


def test_a_wire_to_nowhere_is_left_out():
    snap = Snapshot(scene_of([plate("a", "act", "a")], [wire("a.y", "gone.x", 8)]))
    assert snap.wires == []


@pytest.mark.parametrize(("values", "width"), [(3_999, 0), (4_000, 1), (64_000, 2), (999_999, 2), (1_000_000, 3)])
def test_width_tells_the_size(values: int, width: int):
    assert size_class(values) == width


def test_groups_say_what_is_wrong_first():
    assert scene_with(0, 90, error="no", kind="int").group.tolist() == [ERROR]
    assert scene_with(0, 90, unknown=True).group.tolist() == [UNKNOWN]


def test_unchanged_rows_are_taken_over():
    scene = chain(400, 4)
    before = Snapshot(scene)
    now = Snapshot(moved(scene, {"n7"}, 8, 0), before)
    assert now.fresh.tolist() == now.lost.tolist() == [7]
    assert now.rows[8] is before.rows[8]
    fresh = Snapshot(moved(scene, {"n7"}, 8, 0))
    assert np.array_equal(now.rect, fresh.rect)
    assert np.array_equal(now.ends, fresh.ends)


def altered(scene: Scene, rng: np.random.Generator) -> Scene:
    """Some plates moved, removed or renamed, some wires gone or changed, some plates added."""
    plates, wires = dict(scene.plates), dict(scene.wires)
    for name in rng.choice(list(plates), 6, replace=False).tolist():
        what = rng.integers(4)
        if what == 0:
            del plates[name]
        elif what == 1:
            plates[name] = replace(plates[name], x=plates[name].x + 8, problem="error")
        elif what == 2:
            fresh = f"{name}+"
            plates[fresh] = replace(plates[name], id=fresh, y=plates[name].y + 4)
        else:
            plates = {name: plates[name], **plates}
    for name in rng.choice(list(wires), 4, replace=False).tolist():
        if rng.integers(2):
            del wires[name]
        else:
            wires[name] = replace(wires[name], route=None, values=5)
    return Scene(plates, wires)


def retouched(scene: Scene, rng: np.random.Generator, *, told: bool) -> Scene:
    """Some plates and wires are others, none comes or goes; `told` has the scene say which."""
    plates, wires = dict(scene.plates), dict(scene.wires)
    names = rng.choice(list(plates), 5, replace=False).tolist()
    for name in names:
        more = [{"x": plates[name].x + 400}, {"problem": "error"}, {"name": "stem"}, {"heat": 0.5}][rng.integers(4)]
        plates[name] = replace(plates[name], **more)
    changed = rng.choice(list(wires), 3, replace=False).tolist()
    for name in changed:
        more = [{"route": None}, {"values": 5_000_000}, {"error": "no"}, {"source": (names[0], "y")}][rng.integers(4)]
        wires[name] = replace(wires[name], **more)
    since = Since(scene.number, frozenset(names), frozenset(changed)) if told else None
    return Scene(plates, wires, since=since)


@pytest.mark.parametrize("how", ["altered", "retouched", "told"])
def test_a_snapshot_made_after_another_equals_one_made_alone(how: str):
    rng = np.random.default_rng(7)
    scene = chain(120, 3)
    snap = Snapshot(scene)
    for turn in range(40):
        again = how == "altered" or turn % 8 == 7
        scene = altered(scene, rng) if again else retouched(scene, rng, told=how == "told")
        snap = Snapshot(scene, snap)
        alone = Snapshot(scene)
        assert snap.ids == alone.ids
        assert snap.wire_ids == alone.wire_ids
        for name in ("rect", "layer", "bar", "source", "target", "ends", "ways", "group", "outlet"):
            assert np.array_equal(getattr(snap, name), getattr(alone, name)), name
        for name in ("points", "start", "shape", "box", "owner"):
            assert np.array_equal(getattr(snap.paths, name), getattr(alone.paths, name)), name
        assert [snap.palette[k] for k in snap.colors] == [alone.palette[k] for k in alone.colors]
        assert [row.plate for row in snap.rows] == list(scene.plates.values())
        assert np.array_equal(snap.junctions[0], alone.junctions[0])
        assert np.array_equal(snap.segments[0], alone.segments[0])
        assert snap.extent == alone.extent
        assert snap.below == alone.below
        assert (snap.has_badges, snap.any_failing, snap.reach) == (alone.has_badges, alone.any_failing, alone.reach)
        spots = [label_spot(snap, i) for i in range(len(snap.wires))]
        assert spots == [label_spot(alone, i) for i in range(len(alone.wires))]


def test_changed_boxes_cover_where_a_plate_was_and_is():
    scene = chain(60, 2)
    before = Snapshot(scene)
    now = Snapshot(moved(scene, {"n7"}, 400, 0), before)
    boxes = changed_boxes(before, now)
    old, new = scene.plates["n7"], now.scene.plates["n7"]
    for p in (old, new):
        assert any(x0 < p.x and y0 < p.y and x1 > p.x + p.w and y1 > p.y + p.h for x0, y0, x1, y1 in boxes)
    assert changed_boxes(before, Snapshot(scene, before)) == []


def test_figure_yields_before_the_name():
    narrow = plate("a", "conv", "a_rather_long_name", "Conv2d", "1,234,567")
    assert [run.text for run in layout(narrow)] == ["a_rather_long_name", "Conv2d"]
    assert "36.86 k" in [run.text for run in layout(plate("a", "conv", "conv1", "Conv2d", "36.86 k"))]


def test_the_types_end_yields_before_its_settings():
    assert cut_detail("AdaptiveAvgPool2d 1×1", 106) == "AdaptiveAvg… 1×1"
    assert cut_detail("Conv2d 3×3 s2 p1", 106) == "Conv2d 3×3 s2 p1"
    assert cut_detail("Conv2d 3×3 s2 p1 d2 g64", 106).startswith("Conv2d 3×3")
    assert cut_detail("Linear" + " 1" * 50_000, 80) == "Linear 1 1 1"
    assert cut_detail("MaxPool2d 3×3 s2 p1", 106) == "MaxPool2d 3×3 s2"
    assert cut("downsample_projection", 60)[:6] == "downsa"
    assert len(cut("downsample_projection", 1)) == 7


def test_labels_of_one_output_do_not_stand_on_each_other():
    def spots(gap: float) -> list[tuple[float, float, bool] | None]:
        a, b = plate("a", "act", "a"), plate("b", "attn", "b", y=32 + gap, inputs=(Port("x"),))
        c = plate("c", "act", "c", x=300, y=400)
        d = plate("d", "act", "d", x=-20, y=32 + gap)
        part = 32 + gap - 16
        far = ((76.0, 32.0), (76.0, part), (376.0, part), (376.0, 400.0))
        near = ((76.0, 32.0), (76.0, part), (56.0, part), (56.0, 32 + gap))
        label = (64, 56, 56)
        wires = [
            wire("a.y", "b.x", *label),
            wire("a.y", "c.x", *label, route=far),
            wire("a.y", "d.x", *label, route=near),
        ]
        snap = Snapshot(scene_of([a, b, c, d], wires))
        found = [label_spot(snap, i) for i in range(3)]
        return [None if spot is None else (spot.x, spot.y, spot.above) for spot in found]

    assert spots(48) == [None, (226, 64, True), None]
    assert spots(96) == [(76, 72, False), (226, 112, True), None]


def test_changed_axes_stand_out_and_symbols_lean():
    pieces, width = axes_runs((("N", False, True), ("64", True, False), ("56", False, False)))
    assert [(font, text, role) for font, _, text, role in pieces] == [
        ("mono_i", "N", "ink3"),
        ("mono", "×", "ink3"),
        ("bold", "64", "ink"),
        ("mono", "×56", "ink3"),
    ]
    assert width == pytest.approx(7 * 6.3)


def test_camera_keeps_the_point_under_the_cursor(qapp):
    from PySide6.QtCore import QPointF

    camera = Camera(0.5, 1.5, -37, 12)
    at = QPointF(321, 123)
    for zoom in (0.1, 0.77, 3.9):
        before, after = camera.to_canvas(at), camera.zoomed(zoom, at).to_canvas(at)
        assert abs(before.x() - after.x()) * zoom * 1.5 < 1
        assert abs(before.y() - after.y()) * zoom * 1.5 < 1


def test_view_models_load_without_qt_and_numpy():
    import subprocess

    code = "import sys, designer.canvas.scene, designer.canvas.ports; print({'PySide6', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_equal_plates_may_be_kept():
    a = plate("a", "act", "a")
    assert replace(a) == a
    assert Scene({"a": a}) != Scene({"a": a})
    assert X[0].wired


def test_lines_are_clipped_to_what_is_in_sight():
    lines = np.array(
        [[-100, 50, 300, 50], [10, 10, 20, 30], [-10, -10, -5, 400], [50, -50, 50, 500], [-60, 0, 40, 200.0]]
    )
    found, inside = clipped(lines, (0, 0, 100, 100))
    assert inside.tolist() == [True, True, False, True, False]
    assert found.tolist() == [[0, 50, 100, 50], [10, 10, 20, 30], [50, 0, 50, 100]]
    found, inside = clipped(np.array([[-50.0, 0, 150, 200]]), (0, 0, 100, 100))
    assert found.tolist() == [[0, 50, 50, 100]]


def test_a_shortcut_leaves_its_junction_squarely_and_arrives_at_the_operators_side():
    route = ((76.0, 32.0), (76.0, 60.0), (300.0, 60.0), (300.0, 213.0), (102.0, 213.0))
    plates = (
        Plate("a", "layer", "conv", "a", outputs=(Port("y"),)),
        Plate("b", "layer", "conv", "b", y=100, inputs=(Port("x"),)),
        Plate("c", "operator", "arith", "c", symbol="+", x=76, y=200, w=26, h=26,
              inputs=(Port("a"), Port("b", side="right", at=18.0))),
    )  # fmt: skip
    wires = (
        Wire("b.x", ("a", "y"), ("b", "x"), route=((76.0, 48.0), (76.0, 100.0))),
        Wire("c.b", ("a", "y"), ("c", "b"), route=route),
    )
    snap = Snapshot(Scene({p.id: p for p in plates}, {w.id: w for w in wires}))
    assert snap.parting.tolist() == [False, True]
    points, _ = snap.paths.fine(np.array([1]), snap.parting)
    assert [76.0, 60.0] in points.tolist()
    assert [300.0, 60.0] not in points.tolist()
    anchor = snap.rows[2].table["b", True, False]
    assert (anchor.x - 13) ** 2 + (anchor.y - 13) ** 2 == pytest.approx(13**2)
    assert anchor.y == 18.0
    assert anchor.x > 13


def test_clipping_a_few_among_many_gives_what_clipping_each_gives():
    rng = np.random.default_rng(5)
    segments = rng.uniform(-60, 160, (400, 4))
    box = (0.0, 0.0, 100.0, 100.0)
    cut, kept = clipped(segments, box)
    one_by_one = [clipped(segments[k : k + 1], box) for k in range(len(segments))]
    assert kept.tolist() == [bool(inside.any()) for _, inside in one_by_one]
    assert np.allclose(cut, np.concatenate([part for part, _ in one_by_one]))
    assert 0 < kept.sum() < len(kept)
