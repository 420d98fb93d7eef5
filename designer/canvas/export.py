"""The drawing as a file: PNG, SVG with text that stays text, PDF or TikZ, cropped to the ink. Needs no display."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

from designer.canvas.camera import Box, Camera
from designer.canvas.picture import Picture
from designer.canvas.scene import Scene, mono_width, text_width
from designer.canvas.snapshot import Snapshot
from designer.canvas.spots import label_spot
from designer.canvas.text import axes_runs
from designer.canvas.tikz import TikzPainter

if TYPE_CHECKING:
    from designer.theme import Theme

FORMATS = ("png", "svg", "pdf", "tex")
MARGIN = 24.0
_DPI = 96  # what a unit means on paper: 96 to an inch, whatever screen is attached
_SIDE_MAX = 16_000  # pixels: a larger PNG is painted at a smaller scale
_PIXELS_MAX = 120_000_000


def application() -> QGuiApplication:
    """The running application, or one that needs no display. Keep what it returns as long as you paint."""
    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QGuiApplication([])


def render(scene: Scene, path: str | Path, theme: Theme, *, scale: float = 2.0, bare: bool = False) -> None:
    """Write the scene to `path`; its suffix says how. `scale` is pixels per unit of a PNG; `bare` leaves the sheet out.

    ValueError for another suffix or an empty drawing, OSError if the file can't be written; an old file stays whole
    until the new one is complete.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise ValueError(f"{target.name}: the picture's name must end in .png, .svg, .pdf or .tex")
    if not scene.plates:
        raise ValueError("the drawing is empty: there is nothing to paint")
    writers = {"svg": to_svg, "pdf": to_pdf, "tex": to_tikz}
    data = to_png(scene, theme, scale, bare=bare) if kind == "png" else writers[kind](scene, theme, bare=bare)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def ink_box(snap: Snapshot) -> Box:
    """The box around everything that is painted, labels, badges and names beside operators included."""
    bounds = snap.bounds()
    assert bounds is not None
    x0, y0, x1, y1 = bounds
    for i, wire in enumerate(snap.wires):
        spot = label_spot(snap, i)
        if spot is not None and wire.axes:
            wide = axes_runs(wire.axes)[1]
            x1 = max(x1, spot.x + (wide / 2 if spot.above else wide + 9))
            y0 = min(y0, spot.y - 14) if spot.above else y0
        if wire.error:
            end = snap.paths.of(i)[-1]
            wide = mono_width(wire.error_label) + 14
            x0, x1 = min(x0, float(end[0]) - wide), max(x1, float(end[0]) + wide)
    for i, row in enumerate(snap.rows):
        plate = row.plate
        x, y, w, h = snap.rect[i].tolist()
        if plate.kind == "operator" and (plate.named or plate.problem):
            x0 = min(x0, x - 32 - text_width(plate.name))
        if plate.when or plate.tag:
            y0, y1 = min(y0, y - 24), max(y1, y + h + 20)
        if plate.repeat > 1 or plate.problem or plate.mark or plate.scan:
            x1, y0 = max(x1, x + w + 14), min(y0, y - 9)
    return x0 - MARGIN, y0 - MARGIN, x1 + MARGIN, y1 + MARGIN


def _paint(
    painter: QPainter | TikzPainter, scene: Scene, theme: Theme, view: Camera, size: QSize, *, vector: bool, bare: bool
) -> None:
    snap = Snapshot(scene)
    box = ink_box(snap)
    view = view._replace(ox=round(-box[0] * view.scale), oy=round(-box[1] * view.scale))
    if not bare:
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), theme.color("canvas"))
    Picture(theme, _DPI, frozenset(("buttons",))).paint(
        painter,  # type: ignore[arg-type]
        snap,
        view,
        QRect(0, 0, size.width(), size.height()),
        ground=False,
        vector=vector,
    )


def _size(scene: Scene) -> tuple[float, float]:
    x0, y0, x1, y1 = ink_box(Snapshot(scene))
    return x1 - x0, y1 - y0


def to_image(scene: Scene, theme: Theme, scale: float = 2.0, *, bare: bool = False) -> QImage:
    """The scene as pixels, `scale` to a unit or as many as a picture of reasonable size allows."""
    w, h = _size(scene)
    scale = min(scale, _SIDE_MAX / max(w, h), (_PIXELS_MAX / (w * h)) ** 0.5)
    size = QSize(max(1, round(w * scale)), max(1, round(h * scale)))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied if bare else QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.transparent)
    image.setDotsPerMeterX(round(_DPI / 0.0254))
    image.setDotsPerMeterY(round(_DPI / 0.0254))
    painter = QPainter(image)
    # At full detail whatever the scale: who makes a picture of it wants to read it.
    _paint(painter, scene, theme, Camera(1.0, scale), size, vector=False, bare=bare)
    painter.end()
    return image


def to_png(scene: Scene, theme: Theme, scale: float = 2.0, *, bare: bool = False) -> bytes:
    """The scene as a PNG file's bytes."""
    image = to_image(scene, theme, scale, bare=bare)
    image.setDotsPerMeterX(round(_DPI / 0.0254 * scale))
    image.setDotsPerMeterY(round(_DPI / 0.0254 * scale))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError("the picture could not be encoded as PNG")
    return bytes(data.data())


def to_svg(scene: Scene, theme: Theme, *, bare: bool = False) -> bytes:
    """The scene as an SVG file's bytes, one unit to a pixel."""
    from PySide6.QtSvg import QSvgGenerator

    w, h = _size(scene)
    size = QSize(round(w), round(h))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QSvgGenerator()
    writer.setOutputDevice(buffer)
    writer.setResolution(_DPI)
    writer.setSize(size)
    writer.setViewBox(QRect(0, 0, size.width(), size.height()))
    writer.setTitle(scene.title or "Netwright")
    painter = QPainter(writer)
    _paint(painter, scene, theme, Camera(), size, vector=True, bare=bare)
    painter.end()
    return bytes(data.data())


def to_pdf(scene: Scene, theme: Theme, *, bare: bool = False) -> bytes:
    """The scene as a one-page PDF's bytes, the page as large as the drawing (96 units to an inch)."""
    w, h = _size(scene)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    page = QPageSize(QSizeF(w * 0.75, h * 0.75), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setTitle(scene.title or "Netwright")
    writer.setCreator("Netwright")
    painter = QPainter(writer)
    _paint(painter, scene, theme, Camera(), QSize(round(w) + 1, round(h) + 1), vector=True, bare=bare)
    painter.end()
    return bytes(data.data())


def to_tikz(scene: Scene, theme: Theme, *, bare: bool = False) -> bytes:
    """The scene as a LaTeX document's bytes, one TikZ picture that compiles by itself and that a paper can input."""
    x0, y0, x1, y1 = ink_box(Snapshot(scene))
    size = QSize(round(x1 - x0), round(y1 - y0))
    painter = TikzPainter(theme, _DPI)
    _paint(painter, scene, theme, Camera(), size, vector=True, bare=bare)
    painter.name(scene.plates.values(), round(-x0), round(-y0))
    return painter.document(scene.title or "Netwright", size).encode()
