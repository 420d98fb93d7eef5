"""The ledger's rows for Qt: a tree of blocks, whose inside is made when it is opened, or a flat list of layers."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt

from designer.numbers import bytes_text, exact, percent
from designer.theme import themes
from designer.words import told, tr
from graph_core.ledger import MACS, Convention, Entry

Index = QModelIndex | QPersistentModelIndex
SHARE = Qt.ItemDataRole.UserRole
BYTES: Final = 6  # the column
MOST_LAYERS: Final = 20_000


class Item:
    """An entry at its place in the tree."""

    __slots__ = ("_parts", "entry", "operations", "parent", "place", "row")

    def __init__(self, entry: Entry, parent: Item | None, place: int, convention: Convention) -> None:
        self.entry, self.parent, self.place = entry, parent, place
        self.row = place  # as it is sorted
        self.operations = entry.operations(convention)
        self._parts: list[Item] | None = None

    def parts(self, convention: Convention) -> list[Item]:
        """What is inside, made on first use."""
        if self._parts is None:
            self._parts = [Item(part, self, k, convention) for k, part in enumerate(self.entry.parts)]
        return self._parts

    def line(self) -> list[Entry]:
        """From itself up to the network."""
        found, here = [self.entry], self.parent
        while here is not None:
            found.append(here.entry)
            here = here.parent
        return found


class LedgerModel(QAbstractItemModel):
    """Columns: layer, type, output, parameters, operations by the convention, their share of all, bytes.

    It sorts its rows itself, by one key for each: a proxy would ask for thousands of cells.
    """

    def __init__(self, heads: tuple[str, ...]) -> None:
        super().__init__()
        self._heads = heads
        self.convention: Convention = MACS
        self.flat = False
        self.root: Item | None = None
        self._layers: list[Item] = []
        self._sorting = (0, False)  # column, and whether the largest comes first
        self._sorted: dict[int, list[Item]] = {}  # rows as they are shown, by what they lie in

    def show(self, whole: Entry | None, convention: Convention, *, flat: bool, words: str = "") -> None:
        """Other entries, another convention, or another form; as a list only what has all the words in it."""
        self.beginResetModel()
        self.convention, self.flat = convention, flat
        self.root = Item(whole, None, 0, convention) if whole is not None else None
        self._layers = []
        self._sorted.clear()
        if self.root is not None and flat:
            wanted = words.lower().split()
            some = islice(self._walk(self.root), MOST_LAYERS)
            self._layers = [item for item in some if all(word in self._words(item) for word in wanted)]
            for place, item in enumerate(self._layers):
                item.place = item.row = place
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """See QAbstractItemModel; what is alike stays in the order of the schedule."""
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        self._sorting = max(column, 0), order == Qt.SortOrder.DescendingOrder
        self._sorted.clear()
        now = []
        for index in kept:
            item = self.item(index)
            assert item is not None
            self._rows(item.parent if not self.flat else self.root)
            now.append(self.createIndex(item.row, index.column(), item))
        self.changePersistentIndexList(kept, now)
        self.layoutChanged.emit()

    def _walk(self, item: Item):  # type: ignore[no-untyped-def]
        for part in item.parts(self.convention):
            if part.entry.work is not None:
                yield part
            else:
                yield from self._walk(part)

    def _words(self, item: Item) -> str:
        return f"{item.entry.path} {item.entry.type} {self._shape(item)}".lower()

    @property
    def layers(self) -> list[Item]:
        """The rows of a list, in the order of the schedule."""
        return self._layers

    def parts(self, item: Item) -> list[Item]:
        """What is inside of a row of the tree."""
        return item.parts(self.convention)

    def index_of(self, item: Item) -> QModelIndex:
        """Where an item stands."""
        self._rows(self.root if self.flat else item.parent)
        return self.createIndex(item.row, 0, item)

    def item(self, index: Index) -> Item | None:
        """What stands there; the network above everything."""
        return index.internalPointer() if index.isValid() else self.root

    def _rows(self, item: Item | None) -> list[Item]:
        if item is None:
            return []
        if self.flat and item is not self.root:
            return []
        found = self._sorted.get(id(item))
        if found is None:
            column, falling = self._sorting
            found = list(self._layers if self.flat else item.parts(self.convention))
            if column or falling:
                found.sort(key=lambda part: self._sort_key(part, column), reverse=falling)
            for row, part in enumerate(found):
                part.row = row
            self._sorted[id(item)] = found
        return found

    # What Qt asks.

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """See QAbstractItemModel."""
        rows = self._rows(self.item(parent))
        return self.createIndex(row, column, rows[row]) if 0 <= row < len(rows) else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        """See QAbstractItemModel."""
        item: Item | None = index.internalPointer() if index.isValid() else None
        above = item.parent if item is not None else None
        if self.flat or above is None or above is self.root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Without making what is inside."""
        item = self.item(parent)
        if item is None or item is self.root or self.flat:
            return bool(self._rows(item))
        return item.entry.work is None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        return len(self._rows(self.item(parent))) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        return len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractItemModel."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and section == 4:
            return told(self.convention.help)
        if role == Qt.ItemDataRole.ToolTipRole and section == BYTES:
            return tr("Weights, buffers and all outputs; the Memory tab says what is held at one time")
        if role == Qt.ItemDataRole.DisplayRole:
            return self.convention.unit if section == 4 else self._heads[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None or not index.isValid():
            return None
        column = index.column()
        if role == Qt.ItemDataRole.FontRole:
            return themes.current.ui_font("mono")
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == SHARE:
            return self._share(item, column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(item, column)
        return None

    def _sort_key(self, item: Item, column: int) -> Any:
        match column:
            case 0:
                return item.place
            case 1:
                return item.entry.type
            case 2:
                return self._shape(item)
            case 3:
                return item.entry.params
            case 6:
                return item.entry.memory
            case _:
                return item.operations

    def _share(self, item: Item, column: int) -> float:
        if self.root is None or column < 3:
            return 0.0
        if column == BYTES:
            return item.entry.memory / (self.root.entry.memory or 1)
        whole = self.root.entry.params if column == 3 else self.root.operations
        return (item.entry.params if column == 3 else item.operations) / (whole or 1)

    def _shape(self, item: Item) -> str:
        return ", ".join("×".join(map(str, shape)) or tr("scalar") for shape in item.entry.output)

    def _text(self, item: Item, column: int) -> str:
        entry = item.entry
        match column:
            case 0:
                times = (
                    f"  ×{exact(entry.calls)}" if entry.calls > (item.parent.entry.calls if item.parent else 1) else ""
                )
                return f"{entry.path if self.flat else entry.name}{times}"
            case 1:
                return entry.type
            case 2:
                return self._shape(item)
            case 3:
                return exact(entry.params)
            case 4:
                return exact(item.operations)
            case 6:
                return bytes_text(entry.memory)
            case _:
                return percent(self._share(item, 4))
