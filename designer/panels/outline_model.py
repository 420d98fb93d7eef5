"""The rows of the outline as Qt asks for them: a network's nodes in the order they run, with what lies below each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
)

from designer.document import Document, Step
from designer.panels.outline_rows import Item, glyph_of, is_note, problem_of, shape_of, spoken_of, text_of
from graph_core import edits, mark_edits
from graph_core.problems import Problem
from graph_core.propagate import engine_of

Index = QModelIndex | QPersistentModelIndex
GLYPH, SHAPE, PROBLEM = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NAMED = _PLAIN | Qt.ItemFlag.ItemIsEditable
_LAST = Qt.ItemFlag.ItemNeverHasChildren


class OutlineModel(QAbstractItemModel):
    """The tree of the network: its nodes in the order they run, blocks opened at their first instance."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._problems: dict[tuple[str, str], Problem] = {}
        self._loaded: list[Item] = []  # items whose children were looked at, those above first
        self._root = self._make()

    def _make(self) -> Item:
        context = engine_of(self._document.project).root(self._document.network)
        return Item(None, 0, "", context, ())

    def renew(self) -> bool:
        """Look at the document anew, if the rows are as before; False, and nothing changed, where they are not."""
        root = engine_of(self._document.project).root(self._document.network)
        if root.graph is not self._root.context.graph:
            return False
        self._root.context = root
        if not all(item.rebind() for item in self._loaded):
            return False
        self._read_problems()
        top = self.index(0, 0)
        self.dataChanged.emit(top, top)  # not of each row, of which most are out of sight: the view paints what is not
        return True

    def refresh(self) -> None:
        """Look at the document anew, with other rows."""
        self.beginResetModel()
        self._read_problems()
        self._loaded = []
        self._root = self._make()
        self.endResetModel()

    def _read_problems(self) -> None:
        self._problems = {(p.graph, p.node): p for p in reversed(self._document.analysis().problems)}

    def item(self, index: Index) -> Item | None:
        """The row behind an index; None for the network itself."""
        return index.internalPointer() if index.isValid() else None

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(parent)
        if item is None:
            return self.createIndex(row, column, self._root)
        children = item.children(self._loaded)
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None or item.parent is None:
            return QModelIndex()
        return self.createIndex(item.parent.row, 0, item.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(parent)
        return 1 if item is None else len(item.children(self._loaded))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        return 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(parent)
        return item is None or item.opens()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None or item.kind == "network":
            return _PLAIN
        named = item.kind != "wire" and not is_note(item)
        return (_NAMED if named else _PLAIN) | (Qt.ItemFlag(0) if item.opens() else _LAST)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return text_of(item)  # empty for what is gone: the rows will be in a moment
        if role == GLYPH:
            return glyph_of(item)
        if role == SHAPE:
            return shape_of(item)
        if role == PROBLEM:
            return problem_of(item, self._problems)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken_of(item)
        if role == Qt.ItemDataRole.ToolTipRole and item.node is not None:
            return f"{item.node.name}: {item.node.type}" if item.kind == "node" else text_of(item)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename the node, or give the frame another title."""
        item, text = self.item(index), str(value).strip()
        if item is None or item.kind not in ("node", "mark") or role != Qt.ItemDataRole.EditRole:
            return False
        if text == text_of(item):
            return True
        graph, id = item.graph, item.id
        if item.kind == "mark":
            return self._document.edit(lambda: mark_edits.set_text(graph, id, text))
        return self._document.edit(lambda: edits.rename(graph, id, text))

    def find(self, trail: tuple[Step, ...], id: str) -> QModelIndex:
        """The index of a node in a place; invalid where there is none."""
        index = self.index(0, 0)
        for wanted in [*(step.node for step in trail), id]:
            item = self.item(index)
            if item is None or not item.children(self._loaded) or wanted not in item.rows:
                return QModelIndex()
            index = self.index(item.rows[wanted], 0, index)
        return index

    def rows(self, trail: tuple[Step, ...], ids: Iterable[str]) -> tuple[QItemSelection, QModelIndex]:
        """The rows of nodes in a place, neighbours in one range, and the row of the last node."""
        *above, inside = [step.node for step in trail] or [""]
        place = self.find(tuple(Step(id) for id in above), inside) if inside else self.index(0, 0)
        item = self.item(place) if place.isValid() else None
        chosen, found, last = dict.fromkeys(ids), QItemSelection(), QModelIndex()
        rows = item.rows if item and item.children(self._loaded) else {}
        places = {id: rows[id] for id in chosen if id in rows}
        for start, end in _runs(sorted(places.values())):
            found.append(QItemSelectionRange(self.index(start, 0, place), self.index(end, 0, place)))
        for id in chosen:
            if id in places:
                last = self.index(places[id], 0, place)
        return found, last


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as runs without a gap: first and last of each."""
    start = 0
    for k in range(1, len(numbers) + 1):
        if k == len(numbers) or numbers[k] != numbers[k - 1] + 1:
            yield numbers[start], numbers[k - 1]
            start = k
