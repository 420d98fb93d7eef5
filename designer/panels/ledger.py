"""The ledger: what every layer costs by a chosen convention, summed up through blocks; each figure opens."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from codegen.measure.dialect import CONVENTIONS
from designer.document import Document
from designer.late import Roomy
from designer.numbers import exact
from designer.panels.ledger_detail import LedgerDetail
from designer.panels.ledger_model import MOST_LAYERS, SHARE, Index, Item, LedgerModel
from designer.panels.ledger_picks import LedgerPicks, LedgerTree
from designer.panels.tables import LazyPanel
from designer.style import dress
from designer.theme import themes
from designer.widgets import Elided, SearchField, Segments, button
from designer.words import told, tr
from graph_core.ledger import Convention, Entry, ledger
from graph_core.opened import as_csv, as_markdown, as_tsv

_HEADS = (tr("Layer"), tr("Type"), tr("Output"), tr("Parameters"), tr("Operations"), tr("Share"), tr("Memory"))
OWN = "own"
FILTER = 110  # least width of the field that filters
# Fields of a convention that a person may switch, each with its word.
SWITCHES = {
    "factor": ("× 2", tr("Two operations for a multiply-add, not one")),
    "attention": (tr("attention"), tr("Count the products QKᵀ and AV inside of attention")),
    "biases": (tr("biases"), tr("Count the additions of biases")),
    "elementwise": (
        tr("element-wise"),
        tr("Count other element-wise and normalization work, one operation an element"),
    ),
}


class _Heat(QStyledItemDelegate):
    """A bar behind the figures of the sorted column, as long as their share of the network's."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view: Any = option.widget
        if isinstance(view, QTreeView) and view.header().sortIndicatorSection() == index.column():
            share = float(index.data(SHARE) or 0)
            rect: QRect = option.rect
            width = round(rect.width() * share)
            color = themes.current.heat(share**0.5)
            color.setAlphaF(0.35)
            painter.fillRect(QRect(rect.right() - width + 1, rect.y() + 3, width, rect.height() - 6), color)
        super().paint(painter, option, index)


class LedgerPanel(LazyPanel):
    """Tree or list with its totals, and beside it what is chosen, opened. Choosing a row shows the layer."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self.convention: Convention = next(iter(CONVENTIONS.values()))
        self.model = LedgerModel(_HEADS)
        self.tree = LedgerTree()
        self.tree.setFrameShape(QTreeView.Shape.NoFrame)
        self.tree.setUniformRowHeights(True)
        self.tree.setModel(self.model)
        self.tree.setSortingEnabled(True)
        self.tree.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.tree.setItemDelegate(_Heat(self.tree))
        self.tree.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.tree.setAccessibleName(tr("Layers and what they cost"))
        self.form = Segments((("blocks", tr("Blocks")), ("layers", tr("Layers"))), "blocks")
        self.form.setAccessibleName(tr("Form of the list"))
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Convention"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(14)
        for name, convention in CONVENTIONS.items():
            self.choice.addItem(tr("as {tool}", tool=convention.title) if convention.rules else convention.title, name)
            self.choice.setItemData(self.choice.count() - 1, told(convention.help), Qt.ItemDataRole.ToolTipRole)
        self.choice.addItem(tr("as switched here"), OWN)
        self.switches: dict[str, QCheckBox] = {}
        for field, (word, tip) in SWITCHES.items():
            box = self.switches[field] = QCheckBox(word)
            box.setToolTip(tip)
            dress(box, font="small")
            box.clicked.connect(self._switch)
        self.filter = SearchField(tr("Filter layers"))
        self.filter.setMinimumWidth(themes.current.px(FILTER))
        self.tsv = button(tr("Copy"), small=True, tip=tr("Copy the selected rows, or all, with tabs between the cells"))
        self.csv = button(tr("as CSV"), small=True, tip=tr("Copy these rows as a spreadsheet reads them"))
        self.markdown = button(tr("as Markdown"), small=True, tip=tr("Copy these rows as a Markdown table"))
        self.csv.setAccessibleName(tr("Copy CSV"))
        self.markdown.setAccessibleName(tr("Copy Markdown"))
        self.totals = Elided("", "mono_strong")
        self.detail = LedgerDetail(document)
        self._lay_out()
        self.form.chosen.connect(lambda _: self.refresh())
        self.choice.activated.connect(self._choose)
        self.filter.textChanged.connect(lambda _: self.refresh())
        self.tsv.clicked.connect(lambda: self._copy(as_tsv))
        self.tree.copied.connect(lambda: self._copy(as_tsv))
        self.csv.clicked.connect(lambda: self._copy(as_csv))
        self.markdown.clicked.connect(lambda: self._copy(as_markdown))
        self.picks = LedgerPicks(document, self.tree, self.model)
        self.tree.selectionModel().currentChanged.connect(self._open)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 12, 4)
        head.setSpacing(8)
        head.addWidget(self.form)
        head.addWidget(self.choice)
        for box in self.switches.values():
            head.addWidget(box)
        head.addWidget(self.filter, 1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tree, 1)
        below = QHBoxLayout()
        below.setContentsMargins(12, 4, 12, 4)
        below.setSpacing(4)
        below.addWidget(self.totals, 1)
        for copier in (self.tsv, self.csv, self.markdown):
            below.addWidget(copier)
        column.addLayout(below)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(Roomy(self.detail))
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([740, 290])
        self.split.setStretchFactor(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.split, 1)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(0)  # of the rows in sight: to look at all of them takes seconds
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)

    # What a person does --------------------------------------------------------------------------------------

    def _choose(self) -> None:
        """Another convention by name."""
        name = self.choice.currentData()
        self.convention = CONVENTIONS[name] if name in CONVENTIONS else self._own()
        self.refresh()

    def _switch(self) -> None:
        """A convention of one's own, unless it is one that has a name."""
        own = self._own()
        alike = [c for c in CONVENTIONS.values() if not c.rules and _switches(c) == _switches(own)]
        self.convention = alike[0] if alike else own
        self.choice.setCurrentIndex(self.choice.findData(self.convention.name))
        self.refresh()

    def _own(self) -> Convention:
        on = {field: box.isChecked() for field, box in self.switches.items()}
        plain = not (on["factor"] or on["elementwise"])
        return replace(
            next(iter(CONVENTIONS.values())),
            name=OWN,
            title="switched here",
            unit="MACs" if plain and not on["biases"] else tr("Operations"),
            help="As the switches say.",
            factor=2 if on["factor"] else 1,
            attention=on["attention"],
            biases=on["biases"],
            elementwise=on["elementwise"],
        )

    def _copy(self, form: Any) -> None:
        """The selected rows where there are several; else all, those of a list as they are shown."""
        root = self.model.root
        if root is None:
            return
        chosen = [item.entry for item in self.picks.items()]
        if len(chosen) > 1:
            entries = chosen
        elif self.model.flat:
            rows = (self._item(self.model.index(row, 0)) for row in range(self.model.rowCount()))
            entries = [item.entry for item in rows if item is not None]
        else:
            entries = list(islice(root.entry.walk(), MOST_LAYERS))
        QGuiApplication.clipboard().setText(form(entries, self.convention))

    def _item(self, index: Index) -> Item | None:
        return self.model.item(index)

    def _open(self, index: QModelIndex, _: object = None) -> None:
        item = self._item(index) if index.isValid() else self.model.root
        if item is None:
            self.detail.clear()
        else:
            self.detail.show_entry(item.line(), self.convention)

    # What is shown -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """List everything anew; what was open and chosen stays so."""
        super().refresh()
        opened, chosen = self._opened_ids(), self._chosen_id()
        words = self.filter.text().strip()
        whole: Entry | None = ledger(self._document.project, self._document.network)
        self.model.show(whole, self.convention, flat=self.form.current == "layers" or bool(words), words=words)
        self.tree.setRootIsDecorated(not self.model.flat)
        for field, box in self.switches.items():
            box.setChecked(bool(_switches(self.convention)[field]))
        self.choice.setToolTip(told(self.convention.help))
        found = self._restore(opened, chosen, QModelIndex())
        if found is None:
            self._open(QModelIndex())
        self.picks.show_selection(going=found is None)
        assert whole is not None
        layers = len(self._document.analysis().layers)
        self.totals.setText(
            tr(
                "{layers} layers   {params} parameters   {operations} {unit}",
                layers=exact(layers),
                params=exact(whole.params),
                operations=exact(whole.operations(self.convention)),
                unit=self.convention.unit,
            )
        )

    def _opened_ids(self) -> set[str]:
        found: set[str] = set()
        todo = [QModelIndex()]
        while todo:
            parent = todo.pop()
            for row in range(
                self.model.rowCount(parent) if not parent.isValid() or self.tree.isExpanded(parent) else 0
            ):
                index = self.model.index(row, 0, parent)
                item = self._item(index)
                if item is not None and self.tree.isExpanded(index):
                    found.add(item.entry.path)
                    todo.append(index)
        return found

    def _chosen_id(self) -> str:
        index = self.tree.currentIndex()
        item = self._item(index) if index.isValid() else None
        return item.entry.path if item is not None else ""

    def _restore(self, opened: set[str], chosen: str, parent: QModelIndex) -> QModelIndex | None:
        found = None
        for row in range(self.model.rowCount(parent)):
            index = self.model.index(row, 0, parent)
            item = self._item(index)
            if item is None:
                continue
            if item.entry.path == chosen:
                self.tree.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
                found = index
            if item.entry.path in opened:
                self.tree.expand(index)
                found = self._restore(opened, chosen, index) or found
        return found


def _switches(convention: Convention) -> dict[str, bool]:
    return {
        "factor": convention.factor > 1,
        "attention": convention.attention,
        "biases": convention.biases,
        "elementwise": convention.elementwise,
    }
