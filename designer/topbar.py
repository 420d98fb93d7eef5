"""The top bar: the menu, the document with a dot while unsaved, the network, command search, Export… and Train."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from designer.actions import key_of
from designer.document import Document
from designer.style import dress
from designer.theme import themes
from designer.widgets import Strip
from designer.words import told, tr

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Mark(QWidget):
    """Our mark: two nodes and what joins them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(28, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in accent."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = themes.current.color("accent")
        painter.setPen(QPen(accent, 2, c=Qt.PenCapStyle.RoundCap))
        path = QPainterPath(QPointF(8, 8))
        path.cubicTo(QPointF(8, 16), QPointF(20, 12), QPointF(20, 20))
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        for x, y in ((8, 7), (20, 7), (8, 21), (20, 21)):
            painter.drawEllipse(QRectF(x - 2.5, y - 2.5, 5, 5))


class _KeyRow(QStyledItemDelegate):
    """A command with its key at the right."""

    def __init__(self, actions: Mapping[str, QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The row as ever, then the key."""
        super().paint(painter, option, index)
        theme = themes.current
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setFont(theme.mono_font(11))
        painter.setPen(theme.color("onacc" if chosen else "ink3"))
        painter.drawText(option.rect.adjusted(0, 0, -8, 0), _RIGHT, key_of(self._actions[index.data()]))


class CommandSearch(QLineEdit):
    """Type a command's name, Enter runs it; `left` fires before it runs, and on Escape."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Search or run a command"))
        self.setAccessibleName(tr("Search or run a command"))
        self.setMinimumWidth(230)
        self._actions: dict[str, QAction] = {}
        self.returnPressed.connect(self._run)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """The commands there are, by their names."""
        self._actions = {told(name).rstrip("…"): action for name, action in actions.items()}
        self._english = {name.rstrip("…").lower(): action for name, action in actions.items()}
        completer = QCompleter(list(self._actions), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.popup().setItemDelegate(_KeyRow(self._actions, completer))
        completer.activated.connect(self._run)
        self.setCompleter(completer)

    def _run(self) -> None:
        query = self.text().strip().lower()
        if not query:
            return
        exact = [action for name, action in self._actions.items() if name.lower() == query]
        near = [action for name, action in self._actions.items() if query in name.lower()]
        action = next(iter(exact or near), None) or self._english.get(query)
        if action is not None and action.isEnabled():
            self.clear()
            self.left.emit()
            action.trigger()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape lets go."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        super().keyPressEvent(event)


class TopBar(Strip):
    """44 high, across the window."""

    export_clicked = Signal()
    train_clicked = Signal()

    def __init__(self, document: Document, menu: QMenuBar) -> None:
        super().__init__("chrome", "topbar")
        self._document = document
        self.name, self.dot, self.slash, self.network = QLabel(), QLabel("●"), QLabel("/"), QComboBox()
        dress(self.name, font="strong")
        dress(self.dot, font="small", ink="change")
        dress(self.slash, ink="ink3")
        self.network.setAccessibleName(tr("Network"))
        self.network.setProperty("quiet", True)
        self.search = CommandSearch()
        self.export = QPushButton(tr("Export…"))
        self.train = QPushButton(tr("Train"))
        self.train.setProperty("primary", True)
        dress(self.export, glyph="ui_export")
        dress(self.train, glyph="ui_play", glyph_ink="onacc")
        menu.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(Mark())
        row.addWidget(menu, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        for widget in (self.name, self.dot, self.slash, self.network):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.search, self.export, self.train):
            row.addWidget(widget)
        self.export.clicked.connect(self.export_clicked)
        self.train.clicked.connect(self.train_clicked)
        self.network.activated.connect(lambda place: document.look((), self.network.itemText(place)))
        themes.changed.connect(menu.updateGeometry)  # it does not tell the layout that its words have grown
        document.renamed.connect(self.refresh)
        document.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the document's name and state."""
        document = self._document
        self.name.setText(document.name + (tr(" (read only)") if document.read_only else ""))
        self.dot.setVisible(document.unsaved)
        self.dot.setToolTip(tr("There are changes that no file has yet"))
        names = list(document.project.networks)
        if [self.network.itemText(k) for k in range(self.network.count())] != names:
            self.network.clear()
            self.network.addItems(names)
        self.network.setCurrentText(document.network)

    def show_training(self, running: bool, paused: bool = False) -> None:
        """Train becomes Pause while a run is under way, and Resume while it waits."""
        self.train.setText(tr("Resume") if paused else tr("Pause") if running else tr("Train"))
        dress(self.train, glyph="ui_pause" if running and not paused else "ui_play", glyph_ink="onacc")
