"""Search-and-place: a field at the cursor; type a few letters, Enter places the first fit."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.search import Entry, best
from designer.style import dress
from designer.theme import themes
from designer.words import told, tr

_ENTRY = Qt.ItemDataRole.UserRole


class _Row(QStyledItemDelegate):
    """Glyph, type in mono, its help behind."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(option.rect.width(), themes.current.px(28))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = themes.current
        entry: Entry = index.data(_ENTRY)
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("acctint"))
        cell = QRectF(rect.x() + 10, rect.y() + (rect.height() - 16) / 2, 16, 16)
        theme.paint_glyph(painter, entry.family, cell, theme.family(entry.family))
        painter.setFont(theme.ui_font("mono"))
        painter.setPen(theme.color("ink"))
        name = rect.adjusted(36, 0, -8, 0)
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, entry.title)
        left = max(painter.fontMetrics().horizontalAdvance(entry.title) + 48, theme.px(132))
        painter.setFont(theme.ui_font("small"))
        painter.setPen(theme.color("ink3"))
        room = rect.adjusted(left, 0, -10, 0)
        text = painter.fontMetrics().elidedText(told(entry.help), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


class SearchPopup(QFrame):
    """Opens at a point; `placed` fires with the chosen type's key. Esc or a click elsewhere lets go."""

    placed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.field, self.list, self.none = QLineEdit(), QListWidget(), QLabel()
        self.field.setPlaceholderText(tr("Place a layer"))
        self.field.setAccessibleName(tr("Place a layer"))
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setAccessibleName(tr("Layers that fit"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        dress(self.none, font="small", ink="ink3")
        self.none.setContentsMargins(10, 4, 10, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 4)
        layout.setSpacing(6)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        layout.addWidget(self.none)
        self.setFixedWidth(themes.current.px(380))
        self._entries: list[Entry] = []
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._place_current)
        self.list.itemClicked.connect(lambda item: self._place(item))
        self.field.installEventFilter(self)

    def open_at(self, at: QPoint, entries: list[Entry], fits: Callable[[Entry], bool] | None = None) -> None:
        """Show what can be placed, only what fits where `fits` is given; `at` is global."""
        self._entries = [entry for entry in entries if fits is None or fits(entry)]
        self.field.clear()
        self._fill("")
        self.move(self._inside(at))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _inside(self, at: QPoint) -> QPoint:
        screen = self.screen().availableGeometry()
        size = self.sizeHint()
        return QPoint(
            max(screen.left(), min(at.x(), screen.right() - self.width())),
            max(screen.top(), min(at.y(), screen.bottom() - size.height())),
        )

    def _fill(self, words: str) -> None:
        self.list.clear()
        for entry in best(self._entries, words):
            item = QListWidgetItem(entry.title, self.list)
            item.setData(_ENTRY, entry)
        self.list.setCurrentRow(0)
        count = self.list.count()
        self.list.setVisible(count > 0)
        self.list.setFixedHeight(max(1, count) * themes.current.px(28) + 4)
        self.none.setText("" if count else tr("No layer fits “{words}”.", words=words))
        self.none.setVisible(not count)
        self.adjustSize()

    def _place_current(self) -> None:
        if self.list.currentItem() is not None:
            self._place(self.list.currentItem())

    def _place(self, item: QListWidgetItem) -> None:
        type = item.data(_ENTRY).type
        self.hide()
        self.placed.emit(type)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys walk the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
            if event.key() == Qt.Key.Key_Tab and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + 1) % self.list.count())
                return True
        return super().eventFilter(watched, event)
