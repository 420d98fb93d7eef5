"""The rows of the outline: the nodes of a network in the order they run, those of blocks below them."""

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
from designer.plates import label
from designer.words import tr
from graph_core import edits
from graph_core.context import Context, Result
from graph_core.layer import layer_types
from graph_core.propagate import engine_of

Index = QModelIndex | QPersistentModelIndex
GLYPH, SHAPE, PROBLEM = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class _Item:
    """A row: one node in one place of the drawing; its children are made when they are looked at."""

    __slots__ = ("_children", "context", "id", "inside", "parent", "row", "rows", "trail")

    def __init__(self, parent: _Item | None, row: int, id: str, context: Context, trail: tuple[Step, ...]) -> None:
        self.parent, self.row, self.id, self.context, self.trail = parent, row, id, context, trail
        self._children: list[_Item] | None = None
        self.rows: dict[str, int] = {}  # of the children, by their ids
        self.inside: Context | None = None  # what the children are of

    def result(self) -> Result | None:
        return self.context.results.get(self.id)

    def inner(self) -> Context | None:
        if not self.id:
            return self.context
        result = self.result()
        return result.calls[0].context if result and result.calls else None

    def opens(self) -> bool:
        """Whether it has children, or may have some after another edit."""
        node = self.context.graph.nodes.get(self.id)
        return node is None or node.type in self.context.graph.project.graphs

    def children(self, loaded: list[_Item]) -> list[_Item]:
        """What lies inside; once that was looked at, the item is among the `loaded`."""
        if self._children is None:
            self.inside = inner = self.inner()
            trail = (*self.trail, Step(self.id)) if self.id else ()
            self._children = [_Item(self, k, id, inner, trail) for k, id in enumerate(_order(inner)) if inner]
            self.rows = {child.id: child.row for child in self._children}
            loaded.append(self)
        return self._children

    def rebind(self) -> bool:
        """Take in that the analysis is another; False where other nodes are inside than before."""
        inner = self.inner()
        if _order(inner) != list(self.rows):
            return False
        if inner is not self.inside and inner is not None:
            self.inside = inner
            for child in self._children or ():
                child.context = inner
        return True


def _order(inner: Context | None) -> list[str]:
    """The nodes of a graph in the order they run, and those that do not run."""
    return [*inner.order, *(id for id in inner.graph.nodes if id not in inner.results)] if inner is not None else []


_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_BLOCK = _PLAIN | Qt.ItemFlag.ItemIsEditable
_LAYER = _BLOCK | Qt.ItemFlag.ItemNeverHasChildren


class OutlineModel(QAbstractItemModel):
    """The tree of the network: its nodes in the order they run, blocks opened at their first instance."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._problems: dict[tuple[str, str], str] = {}
        self._loaded: list[_Item] = []  # items whose children were looked at, those above first
        self._root = self._make()

    def _make(self) -> _Item:
        context = engine_of(self._document.project).root(self._document.network)
        return _Item(None, 0, "", context, ())

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
        self._problems = {(p.graph, p.node): p.severity for p in reversed(self._document.analysis().problems)}

    def item(self, index: Index) -> _Item | None:
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

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None or not item.id:
            return _PLAIN
        return _BLOCK if item.opens() else _LAYER

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None:
            return None
        node = item.context.graph.nodes.get(item.id)
        if node is None and item.id:  # gone, and the rows will be in a moment
            return None
        if node is None:
            if role == Qt.ItemDataRole.DisplayRole:
                return item.context.graph.name
            return "block" if role == GLYPH else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return node.name
        declaration = layer_types().get(node.type)
        if role == GLYPH:
            if declaration is None:
                return "block"
            return "io_out" if not declaration.outlets else declaration.family
        if role == SHAPE:
            return self._shape(item)
        if role == PROBLEM:
            return self._problems.get((item.context.graph.key, item.id), "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{node.name}, {node.type}, {self._shape(item)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{node.name}: {node.type}"
        return None

    def _shape(self, item: _Item) -> str:
        result = item.result()
        if result is None:
            return tr("in a loop")
        spec = next((spec for spec in result.specs if spec), None)
        if spec is None:
            return tr("no shape") if result.findings else tr("waits")
        return label(spec)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename the node."""
        item = self.item(index)
        if item is None or not item.id or role != Qt.ItemDataRole.EditRole:
            return False
        graph, id = item.context.graph, item.id
        if str(value).strip() == graph.nodes[id].name:
            return True
        return self._document.edit(lambda: edits.rename(graph, id, str(value).strip()))

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
