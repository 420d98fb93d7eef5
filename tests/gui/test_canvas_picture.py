"""What is painted: the kept picture equals a fresh one, words yield, both themes, every zoom, and exports."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter

from designer.canvas import export, far
from designer.canvas.camera import Camera
from designer.canvas.gestures import MovePlates
from designer.canvas.picture import Picture
from designer.canvas.scene import Activation, Legend, Plate, Scene
from designer.canvas.snapshot import Snapshot
from designer.canvas.sprites import Sprites
from designer.canvas.surface import Canvas
from designer.theme import Theme
from tests.gui.canvas_rig import Rig
from tests.gui.canvas_scenes import chain, families, moved, plate, scene_of, stage, states

SIZE = QRect(0, 0, 900, 600)


def pixels(image: QImage) -> np.ndarray:
    """(rows, columns, 3) as int."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return flat[:, : image.width(), :3].astype(int)


def shades(image: np.ndarray) -> int:
    """How many colours there are."""
    return len(np.unique(image @ np.array([1, 256, 65536])))


def fresh(scene: Scene, camera: Camera, theme: str = "light", size: QRect = SIZE) -> np.ndarray:
    """The scene painted without any cache."""
    image = QImage(size.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    Picture(Theme(theme)).paint(painter, Snapshot(scene), camera, size)  # type: ignore[arg-type]
    painter.end()
    return pixels(image)


def kept(rig: Rig) -> np.ndarray:
    """The canvas's own still picture."""
    canvas = rig.canvas
    canvas._refine.stop()
    canvas.repaint()
    return pixels(canvas.base.pixmap.toImage())


def differing(a: np.ndarray, b: np.ndarray, levels: int = 12) -> float:
    """The share of pixels that differ by more than `levels`."""
    return float((np.abs(a - b).max(2) > levels).mean())


ZOOMS = [0.02, 0.05, 0.2, 0.4, 0.7, 1.0, 1.7]


@pytest.mark.parametrize("zoom", ZOOMS)
def test_after_pans_the_kept_picture_equals_a_fresh_one(qtbot, zoom: float):
    scene = chain(600, 12)
    rig = Rig(qtbot, scene, (SIZE.width(), SIZE.height()))
    rig.canvas.set_camera(Camera(zoom, 1.0, 31, -57))
    kept(rig)
    for dx, dy in ((13, 0), (0, -41), (-7, 5), (160, 90), (-1, -1)):
        rig.canvas.set_camera(rig.canvas.camera.moved(dx, dy))
        rig.canvas.repaint()
    painted = kept(rig)
    assert differing(painted, fresh(scene, rig.canvas.camera)) < 0.002
    assert shades(painted) > 3


def test_bars_put_pixel_by_pixel_are_the_rectangles_that_qt_would_fill(qapp, monkeypatch):
    scene, camera = chain(3000, 40), Camera(0.03, 1.0, 300, -40)  # partly outside
    put = fresh(scene, camera)
    monkeypatch.setattr(far, "_TINY", 0)
    assert differing(put, fresh(scene, camera), 0) == 0
    assert shades(put) > 4


def untouched(rig: Rig) -> np.ndarray:
    """All that the canvas shows, overlay included, from a canvas that has nothing kept."""
    canvas, alone = rig.canvas, Canvas(rig.canvas.theme)
    alone.motion = False
    alone.resize(canvas.size())
    alone.show_scene(canvas.scene)
    alone.set_camera(canvas.camera)
    alone.select(canvas.selection, canvas.selected_wires)
    alone.set_hover(canvas.hover_plate, canvas.hover_wire, canvas.bar.hover)
    alone._refine.stop()
    shown = pixels(alone.grab().toImage())
    alone.deleteLater()
    return shown


@pytest.mark.parametrize("zoom", [0.05, 0.2, 0.4, 0.7, 1.0, 1.7])
def test_after_drags_pans_and_zooms_all_that_is_shown_equals_a_canvas_that_has_kept_nothing(qtbot, zoom: float):
    """Opened blocks, a frame round one, a frame and a note on its sheet, residual arcs, selection.

    Tolerance: at most one pixel in 500 differs by more than 12 of 256 levels (edges of lines that were moved).
    """
    scene = stage()
    block = scene.plates["layer1"]
    marks = (
        Plate("frame:1", "frame", "conv", "Stage", x=block.x - 24, y=block.y - 40, w=block.w + 48, h=block.h + 64),
        Plate(
            "layer1/frame:1", "frame", "norm", "Inside", x=block.x + 8, y=block.y + 40, w=180, h=150, parent="layer1"
        ),
        Plate("layer1/note:1", "note", "shape", "Why", x=block.x + 200, y=block.y + 200, w=152, h=40, parent="layer1"),
    )
    scene = Scene({**scene.plates, **{mark.id: mark for mark in marks}}, scene.wires)
    rig = Rig(qtbot, scene, (SIZE.width(), SIZE.height()))
    canvas = rig.canvas
    canvas.set_camera(Camera(zoom, 1.0, 40, 20))
    kept(rig)
    canvas.select(["layer1", "layer1/frame:1", "fc", "conv1"], [next(iter(scene.wires))])
    for dx, dy in ((37, 0), (0, -23), (-150, 90)):
        canvas.set_camera(canvas.camera.moved(dx, dy))
        canvas.repaint()
    canvas.set_camera(canvas.camera.zoomed(zoom * 1.3, QPointF(300, 200)))
    canvas.repaint()
    gesture = MovePlates(canvas, QPointF(300, 200), "layer1")
    canvas.mouse.gesture = gesture
    for k in range(4):
        gesture.move(QPointF(300 + 30 * k, 200 - 11 * k), Qt.KeyboardModifier.NoModifier)
        canvas.repaint()
    canvas.mouse.cancel()
    canvas.show_scene(moved(scene, {"conv1", "layer1/frame:1", "layer1.add"}, 16, 8))
    kept(rig)
    shown = pixels(canvas.grab().toImage())
    assert differing(shown, untouched(rig)) < 0.002
    assert shades(shown) > 8


@pytest.mark.parametrize("zoom", [0.02, 0.1, 0.4, 1.0])
def test_after_edits_the_kept_picture_equals_a_fresh_one(qtbot, zoom: float):
    scene = stage()
    rig = Rig(qtbot, scene, (SIZE.width(), SIZE.height()))
    rig.canvas.set_camera(Camera(zoom, 1.0, 10, 20))
    kept(rig)
    scene = moved(scene, {"note", "layer1.add", "fc"}, 24, 16)
    plates = dict(scene.plates)
    plates["conv1"] = replace(plates["conv1"], problem="error", name="stem")
    del plates["bn1"]
    wires = {i: w for i, w in scene.wires.items() if "bn1" not in (w.source[0], w.target[0])}
    scene = Scene(plates, wires)
    rig.canvas.show_scene(scene)
    assert differing(kept(rig), fresh(scene, rig.canvas.camera)) < 0.0005


def test_after_a_slow_zoom_the_picture_that_stood_in_gives_way_to_a_fresh_one(qtbot):
    scene = chain(600, 12)
    rig = Rig(qtbot, scene, (SIZE.width(), SIZE.height()))
    canvas = rig.canvas
    kept(rig)
    canvas.base.full_ms = 1e6  # as if the last full paint had been slow
    canvas.set_camera(canvas.camera.zoomed(canvas.camera.zoom * 1.7, QPointF(200, 150)))
    canvas.repaint()
    assert canvas.base.scaled
    qtbot.waitUntil(lambda: not canvas.base.scaled)
    assert differing(pixels(canvas.base.pixmap.toImage()), fresh(scene, canvas.camera)) < 0.0005


def test_a_changed_plate_repaints_little(qtbot, monkeypatch):
    scene = chain(600, 12)
    rig = Rig(qtbot, scene, (900, 600))
    kept(rig)
    areas: list[int] = []
    paint = Picture.paint

    def noted(self, p, snap, view, device, **more):
        areas.append(device.width() * device.height())
        paint(self, p, snap, view, device, **more)

    monkeypatch.setattr(Picture, "paint", noted)
    rig.canvas.show_scene(moved(scene, {"n2"}, 8, 0))
    rig.canvas.repaint()
    assert 0 < sum(areas) < 900 * 600 / 2


def test_the_kept_picture_is_right_at_other_pixel_ratios(qtbot):
    scene = stage()
    for dpr in (1.5, 2.0):
        camera = Camera(1.0, dpr, 5, 9)
        size = QRect(0, 0, 1200, 800)
        shown = fresh(scene, camera, size=size)
        plain = fresh(scene, Camera(dpr, 1.0, 5, 9), size=size)
        # Twice the pixels is the same drawing at twice the size, but for the grid's dots.
        assert differing(shown, plain, 40) < 0.01


@pytest.mark.parametrize("dpr", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("zoom", [0.2, 0.4, 1.0])
def test_sprites_are_made_in_the_screens_own_pixels(qapp, zoom: float, dpr: float):
    sprites = Sprites(Theme())
    row = Snapshot(scene_of([plate("c", "conv", "conv", "Conv2d 3×3")], [])).rows[0]
    scale = zoom * dpr
    w, h = row.plate.w * scale, row.plate.h * scale
    full, compact, tile = (
        sprites.full(row, scale),
        sprites.compact(row, scale, dpr),
        sprites.tile(row.plate, scale, dpr),
    )
    for pixmap in (full, compact):
        pad = 2 * math.ceil(14 * scale)
        assert (pixmap.width(), pixmap.height()) == (math.ceil(w) + pad, math.ceil(h) + pad)
    assert tile.height() >= min(20 * dpr, 60 * scale)
    assert sprites.full(row, scale) is full
    assert sprites.full(row, scale * 2) is not full, "another ratio is another sprite"


def test_a_slow_zoom_shows_the_old_picture_first_and_then_the_new(qtbot):
    rig = Rig(qtbot, stage(), (900, 600))
    canvas = rig.canvas
    canvas.base.full_ms = 50.0
    canvas.set_camera(canvas.camera.zoomed(0.8, QPointF(0, 0)))
    canvas.repaint()
    assert canvas.base.scaled
    qtbot.waitUntil(lambda: not canvas.base.scaled)
    assert canvas.base.shown == canvas.camera
    canvas.base.full_ms = 1.0
    canvas.set_camera(canvas.camera.zoomed(0.9, QPointF(0, 0)))
    canvas.repaint()
    assert not canvas.base.scaled


def test_a_plate_being_dragged_is_not_painted_twice(qtbot):
    rig = Rig(qtbot, scene_of([plate("d", "act", "relu", x=80, y=80)], []), (900, 600))
    before = kept(rig)
    rig.press(100, 90)
    rig.move(500, 400)
    rig.canvas.repaint()
    still = pixels(rig.canvas.base.pixmap.toImage())
    where = np.s_[80:112, 80:232]
    assert differing(before[where], still[where]) > 0.5
    assert shades(still[90:100, 90:220]) <= 3  # the empty sheet
    shown = pixels(rig.canvas.grab().toImage())
    assert differing(shown[where], still[where]) == 0
    assert differing(shown[400:420, 480:620], still[400:420, 480:620]) > 0.5
    rig.release(500, 400)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("make", [stage, states, families])
def test_both_themes_paint_every_state_at_every_zoom(qapp, make, name: str):
    scene = make()
    for zoom in ZOOMS:
        shown = fresh(scene, Camera(zoom, 1.0, 0, 0), name)
        assert shades(shown) > 5


def test_themes_differ_and_change_at_once(qtbot):
    rig = Rig(qtbot, stage(), (900, 600))
    light = kept(rig)
    rig.canvas.set_theme(Theme("dark"))
    dark = kept(rig)
    assert light.mean() > 150 > 80 > dark.mean()
    assert differing(dark, fresh(stage(), rig.canvas.camera, "dark")) < 0.001


def near(image: np.ndarray, color, levels: int = 3) -> int:
    """How many pixels have about that colour."""
    wanted = np.array([color.blue(), color.green(), color.red()])
    return int((np.abs(image - wanted).max(2) <= levels).sum())


def test_problems_show_at_every_zoom(qapp):
    scene = scene_of([plate("a", "conv", "a", "Conv2d", problem="error", x=100, y=100)], [])
    error = Theme().color("error")
    for zoom in ZOOMS:
        assert near(fresh(scene, Camera(zoom)), error) >= 5, zoom


def test_a_failing_wire_is_red_at_its_end_only_and_names_what_arrives(qapp):
    from tests.gui.canvas_scenes import broken

    shown = fresh(broken(), Camera(), size=QRect(0, 0, 700, 760))
    error, accent = Theme().color("error"), Theme().color("accent")
    assert near(shown[520:532, 240:300], error) > 60
    assert near(shown[520:532, 310:420], error) == 0
    assert near(shown[520:532, 310:420], accent) > 60  # the rest is the proposal's
    assert near(shown[533:546, 245:330], error, 40) > 20


def test_the_legend_looks_for_a_free_corner(qtbot):
    from tests.gui.canvas_scenes import lens

    rig = Rig(qtbot, lens(), (1060, 730))
    overlay = rig.canvas.overlay
    box = overlay._free_corner(240, 62)
    a, b = rig.canvas.camera.to_canvas(box.topLeft()), rig.canvas.camera.to_canvas(box.bottomRight())
    hidden = rig.canvas.snap.seen((a.x(), a.y(), b.x(), b.y())) & (rig.canvas.snap.layer == 2)
    assert not hidden.any()
    assert not box.intersects(rig.canvas.bar.rect())
    assert not box.intersects(rig.canvas.minimap.rect())


def test_a_lens_colours_the_plate(qapp):
    theme = Theme()
    scene = scene_of([plate("a", "conv", "a", "Conv2d", heat=0.5, x=100, y=100)], [])
    assert near(fresh(scene, Camera()), theme.heat(0.5)) > 3000


def test_activations_fill_their_plates(qapp):
    maps = np.linspace(0, 1, 6 * 8 * 8).reshape(6, 8, 8)
    digits = Activation([0, 0, 0, 0.9, 0, 0.1, 0, 0, 0, 0], tuple("0123456789"), 3)
    plates = [
        plate("a", "conv", "conv1", "Conv2d 3×3 p1", activation=Activation(maps), x=20, y=20),
        plate("b", "linear", "fc", "Linear 84", activation=Activation(np.linspace(0, 1, 84)), x=300, y=20),
        plate("c", "io", "y", activation=digits, x=20, y=200),
        plate("d", "pool", "many", activation=Activation(np.ones((2048, 1, 2))), x=300, y=200),
        plate("e", "act", "empty", activation=Activation(np.zeros((0,))), x=20, y=400),
    ]
    theme = Theme()
    shown = fresh(scene_of(plates, []), Camera())
    assert near(shown[50:100, 20:228], theme.heat(1.0), 8) > 50
    assert near(shown[50:100, 300:508], theme.heat(0.0)) > 20
    column = shown[230:272, 31 + 186 * 3 // 10 + 4 : 31 + 186 * 4 // 10 - 4]
    assert near(column, theme.heat(0.9), 8) > 100


def test_a_legend_is_shown_with_its_ends(qtbot):
    rig = Rig(qtbot, stage(), (900, 600))
    before = pixels(rig.canvas.grab().toImage())
    shown = Scene(rig.canvas.scene.plates, rig.canvas.scene.wires, legend=Legend("MACs, share", "0", "115.6 M"))
    rig.canvas.show_scene(shown)
    after = pixels(rig.canvas.grab().toImage())
    assert differing(before[:80, 650:], after[:80, 650:]) > 0.1


def test_svg_keeps_its_words(qapp):
    text = export.to_svg(stage(), Theme()).decode("utf-8")
    words = set(re.findall(r">([^<>]+)</text>", text))
    assert {"conv1", "Conv2d 7×7 s2 p3", "9,408", "64×112×112", "when: off", "downsample.0"} <= words
    assert text.count("<image") == 0


@pytest.mark.parametrize("name", ["light", "dark"])
def test_pictures_are_cropped_to_what_is_drawn(qapp, name: str):
    theme = Theme(name)  # type: ignore[arg-type]
    image = pixels(export.to_image(states(), theme, 1.0))
    ground = theme.color("canvas")
    empty = np.abs(image - [ground.blue(), ground.green(), ground.red()]).max(2) <= 2
    for edge in (empty[:8], empty[-8:], empty[:, :8], empty[:, -8:]):
        assert edge.all()
    inner = ~empty
    rows, columns = np.flatnonzero(inner.any(1)), np.flatnonzero(inner.any(0))
    assert rows[0] < 40
    assert columns[0] < 40
    assert image.shape[0] - rows[-1] < 60
    assert image.shape[1] - columns[-1] < 60


def test_files_are_written_whole_and_named_by_their_suffix(qapp, tmp_path):
    for suffix, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"picture.{suffix}"
        export.render(stage(), path, Theme())
        assert path.read_bytes().startswith(start)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["picture.pdf", "picture.png", "picture.svg"]
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg, \.pdf or \.tex"):
        export.render(stage(), tmp_path / "picture.gif", Theme())
    with pytest.raises(ValueError, match="empty"):
        export.render(Scene(), tmp_path / "none.png", Theme())


def test_a_huge_drawing_is_still_a_picture(qapp):
    scene = scene_of([plate("a", "act", "a"), plate("b", "act", "b", x=60_000.0, y=50_000.0)], [])
    image = export.to_image(scene, Theme(), 2.0)
    assert max(image.width(), image.height()) <= 16_000
    assert not image.isNull()
