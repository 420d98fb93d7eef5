"""Rows of the ledger and nodes on the canvas, selected together: one or many, inside of blocks too."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QTreeView

from designer.document import Document
from designer.panels.ledger_model import Item, LedgerModel
from designer.theme import themes

NAMES = 110  # least width of the first column, with the names
MOST = 2000  # nodes whose rows are looked for


class LedgerTree(QTreeView):
    """Rows that can be copied: `copied` asks for that, before the window's own Copy, which is of nodes."""

    copied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.header().sectionResized.connect(lambda section, *_: self._fit_first() if section else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The first column takes what the others leave."""
        super().resizeEvent(event)
        self._fit_first()

    def _fit_first(self) -> None:
        header = self.header()
        others = sum(header.sectionSize(column) for column in range(1, header.count()))
        header.resizeSection(0, max(themes.current.px(NAMES), self.viewport().width() - others))

    def event(self, event: QEvent) -> bool:
        """The key is ours."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.matches(QKeySequence.StandardKey.Copy):  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy; else as ever."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        else:
            super().keyPressEvent(event)


class LedgerPicks(QObject):
    """What is selected in the tree is selected in the drawing, as far as it lies in one graph, and the other way round.

    Rows of the graph that is worked on are selected at once; to those of another one a click or Enter goes.
    """

    def __init__(self, document: Document, tree: QTreeView, model: LedgerModel) -> None:
        super().__init__(tree)
        self._document, self._tree, self._model = document, tree, model
        self._telling = False
        selection = tree.selectionModel()
        selection.selectionChanged.connect(self._pick)
        tree.clicked.connect(self._go)
        tree.activated.connect(self._go)
        document.selected.connect(self.show_selection)

    def items(self) -> list[Item]:
        """What the selected rows stand for, in the order in which they are shown."""
        rows = self._tree.selectionModel().selectedRows()
        places = sorted((self._way(row), row) for row in rows)
        return [item for _, row in places if (item := self._item(row)) is not None]

    @staticmethod
    def _way(index: QModelIndex) -> tuple[int, ...]:
        way: list[int] = []
        while index.isValid():
            way.insert(0, index.row())
            index = index.parent()
        return tuple(way)

    def _item(self, index: QModelIndex) -> Item | None:
        return self._model.item(index)

    def _pick(self, *_: object) -> None:
        """Select what lies in the graph that is worked on."""
        if self._telling:
            return
        here = self._here()
        ids = [item.entry.id for item in self.items()]
        mine = [id.rpartition("/")[2] for id in ids if id and id.rpartition("/")[0] == here]
        if mine or not ids:
            self._select(mine)

    def _go(self, index: QModelIndex) -> None:
        """Go to where the row that was clicked lies, with all that is selected there."""
        item = self._item(index)
        if item is None or not item.entry.id:
            return
        above, _, node = item.entry.id.rpartition("/")
        if above != self._here():
            self._telling = True
            self._document.reveal("", node, item.entry.id)
            self._telling = False
            self._pick()

    def _select(self, nodes: list[str]) -> None:
        self._telling = True
        self._document.select(nodes)
        self._telling = False

    def _here(self) -> str:
        return "/".join(step.node for step in self._document.trail)

    # From the canvas -------------------------------------------------------------------------------------------

    def show_selection(self, _: object = None, *, going: bool = True) -> None:
        """Select the rows of what is selected in the drawing; going there opens the blocks that they lie in."""
        if self._telling or not self._tree.isVisible():
            return
        here = self._here()
        wanted = [f"{here}/{id}" if here else id for id in self._document.selection[:MOST]]
        found = QItemSelection()
        last = QModelIndex()
        for item in self._found(wanted):
            index = self._model.index_of(item)
            if index.isValid():
                found.select(index, index)
                last = index if not last.isValid() or item.entry.id == wanted[-1] else last
        self._telling = True
        way = QItemSelectionModel.SelectionFlag
        self._tree.selectionModel().select(found, way.ClearAndSelect | way.Rows)
        if last.isValid() and going:
            self._tree.selectionModel().setCurrentIndex(last, way.NoUpdate)
            self._tree.scrollTo(last)
        self._telling = False

    def _found(self, ids: list[str]) -> Iterator[Item]:
        """The items of these ids; where iterations differ, a node has several."""
        if self._model.flat:
            wanted = set(ids)
            yield from (item for item in self._model.layers if item.entry.id in wanted)
        elif self._model.root is not None:
            below: dict[str, list[str]] = {}
            for id in ids:
                below.setdefault(id.rpartition("/")[0], []).append(id)
            for above, some in below.items():
                parents = [self._model.root]
                for depth in range(1, above.count("/") + 2 if above else 0):
                    step = "/".join(above.split("/")[:depth])
                    parents = [p for parent in parents for p in self._model.parts(parent) if p.entry.id == step]
                wanted = set(some)
                for parent in parents:
                    yield from (part for part in self._model.parts(parent) if part.entry.id in wanted)
