"""A node's glyph on its family's tint, as the inspector's tile."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from designer.theme import themes
from graph_core import Graph, Node
from graph_core.layer import layer_types


class Tile(QWidget):
    """36 px: a square for layers and blocks, a circle with the sign for operators."""

    def __init__(self, graph: Graph, node: Node) -> None:
        super().__init__()
        declaration = layer_types().get(node.type)
        self._sign = declaration.operator_sign() if declaration else ""
        self._family = declaration.family if declaration else "block"
        self._glyph = "io_out" if declaration and not declaration.outlets else self._family
        self.setFixedSize(themes.current.px(36), themes.current.px(36))
        self.setAccessibleName(node.type)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tile."""
        theme = themes.current
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.family_tint(self._family))
        rect = QRectF(self.rect())
        if self._sign:
            painter.drawEllipse(rect)
            painter.setPen(theme.family(self._family))
            painter.setFont(theme.canvas_font(theme.px(18), 400))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._sign)
            return
        painter.drawRoundedRect(rect, theme.radius("node"), theme.radius("node"))
        inset = rect.width() * 0.24
        theme.paint_glyph(painter, self._glyph, rect.adjusted(inset, inset, -inset, -inset), theme.family(self._family))
