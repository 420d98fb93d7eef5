"""Small pictures of templates, painted by the canvas itself."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap

from designer.canvas.export import to_image
from designer.document import Document
from designer.drawing import Drawing
from designer.plates import place_all
from designer.theme import Theme
from graph_core.templates import open_template

HEIGHT = 440  # units: folded so, most networks fill a card


def thumbnail(name: str, size: QSize, theme: Theme, ratio: float) -> tuple[QPixmap, int]:
    """The picture of a template, at most of that size, and its parameters."""
    document = Document()
    project = open_template(name)
    place_all(project, HEIGHT)
    document.new(project)
    picture = to_image(Drawing(document).scene(), theme, 1.0)
    pixmap = QPixmap.fromImage(picture)
    shown = size * ratio
    pixmap = pixmap.scaled(shown, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap, document.figures().params
