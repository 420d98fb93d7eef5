"""What was done, oldest first: a click goes back to that state, or forward again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from designer.document import Document
from designer.theme import themes
from designer.words import told, tr

SHOWN = 500  # the steps round the present that are listed


class HistoryPanel(QWidget):
    """The steps of the open drawing; those that were taken back are grey until something else is done."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._first = 0
        self.list = QListWidget()
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setAccessibleName(tr("Undo history"))
        self.list.setUniformItemSizes(True)
        self.setFocusProxy(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.list)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        document.renamed.connect(self.refresh)
        document.replaced.connect(self.refresh)
        themes.changed.connect(self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """The steps as of now."""
        self.refresh()

    def refresh(self, *_: object) -> None:
        """List the steps as of now, while they are looked at."""
        if not self.isVisible():
            return
        history = self._document.history
        done, undone = history.titles, history.undone_titles
        saved = history.saved_place
        titles = [self._start(), *done, *undone]
        self._first = max(0, len(done) - SHOWN // 2)
        self.list.clear()
        theme = themes.current
        for place in range(self._first, min(len(titles), self._first + SHOWN)):
            item = QListWidgetItem(told(titles[place]) + (tr("  · saved") if place == saved else ""), self.list)
            item.setForeground(theme.color("ink" if place <= len(done) else "ink3"))
            item.setData(Qt.ItemDataRole.UserRole, place)
            if place == len(done):
                item.setFont(theme.ui_font("strong"))
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, tr("the drawing as it is"))
                self.list.setCurrentItem(item)
        current = self.list.currentItem()
        if current is not None:
            self.list.scrollToItem(current)

    def _start(self) -> str:
        return tr("Opened") if self._document.path else tr("New drawing")

    def _go(self, item: QListWidgetItem) -> None:
        place, history = int(item.data(Qt.ItemDataRole.UserRole)), self._document.history
        while len(history.titles) > place:
            self._document.undo()
        while len(history.titles) < place and history.can_redo:
            self._document.redo()
