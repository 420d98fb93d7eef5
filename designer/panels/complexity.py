"""Complexity: exact formulas over the symbols, in all and layer by layer, what they hold for, and how they grow."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from designer.document import Document
from designer.formulas import FIGURES, Formulas, Line, Look
from designer.late import Roomy
from designer.numbers import bytes_text, exact, short
from designer.panels.symbols import SymbolRows
from designer.panels.tables import Index, RowModel, plain_table
from designer.theme import themes
from designer.widgets import Caption, Elided, Segments, Text, button
from designer.widgets.formula import LATEX, Formula, FormulaDelegate
from designer.widgets.growth import GrowthPlot
from designer.words import told, tr

UNITS = {"params": "", "macs": "MACs", "flops": "FLOPs"}  # all else is bytes
HELP = {
    "memory_params": tr("Bytes of weights and buffers, in float32"),
    "memory_kept": tr("Bytes that training keeps for backward, in float32"),
    "memory_activations_inference": tr("Most bytes of inputs and activations that inference holds at once, in float32"),
    "memory_activations_training": tr("Most bytes of inputs and activations that training holds at once, in float32"),
}
SHARED = ("memory_kept", "memory_activations_inference", "memory_activations_training")  # not a sum over layers
_SORT = Qt.ItemDataRole.UserRole
_LAYER, _FORMULA, _ORDER, _VALUE = range(4)
MOST = 4  # conditions that are said of one maximum; copied are all
NARROW = 780  # below that width the curve gives way: the readout has it too


class FormulaModel(RowModel):
    """One line a layer that costs something."""

    heads = (tr("Layer"), tr("Formula"), tr("Growth"), tr("Here"))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel; headings stand over what they head."""
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal:
            side = Qt.AlignmentFlag.AlignRight if section == _VALUE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return super().headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel."""
        line: Line = self.rows[index.row()]
        column = index.column()
        if role == LATEX:
            return {_FORMULA: line.latex, _ORDER: line.order_latex}.get(column, "")
        if role == Qt.ItemDataRole.FontRole:
            return themes.current.ui_font("mono")
        if role == Qt.ItemDataRole.TextAlignmentRole and column == _VALUE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return {_FORMULA: line.told or line.text, _LAYER: f"{line.path}, {line.type}"}.get(column)
        if role == _SORT:
            return {_LAYER: index.row(), _VALUE: line.value}.get(column, self._words(line)[column])
        return self._words(line)[column] if role == Qt.ItemDataRole.DisplayRole else None

    @staticmethod
    def _words(line: Line) -> tuple[str, ...]:
        calls = "" if line.calls == "1" else f" ×{line.calls}"
        return f"{line.path}{calls}", line.text, line.order, exact(line.value)


class ComplexityPanel(QWidget):
    """Symbols at the left, formulas in the middle, the curve at the right."""

    def __init__(self, document: Document, formulas: Formulas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._formulas = document, formulas
        self.symbols = SymbolRows(document)
        self.figures = Segments(tuple(FIGURES.items()), formulas.figure)
        self.letters = Segments((("symbols", tr("Symbols")), ("letters", tr("Letters"))), "symbols")
        self.total, self.order = Formula(), Formula(ink="ink2")
        self.value = Text("", "mono_strong")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.told = Elided("", "small", "ink2")
        self.copier = button("", quiet=True, small=True, glyph="ui_copy", tip=tr("Copy the formulas as text"))
        self.copier.clicked.connect(self.copy)
        self.model = FormulaModel()
        self.sorted = QSortFilterProxyModel()
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(_SORT)
        self.table = plain_table()
        self.table.setModel(self.sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(_LAYER, Qt.SortOrder.AscendingOrder)
        self.table.setItemDelegate(FormulaDelegate(self.table))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(_FORMULA, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_LAYER, 170), (_ORDER, 118), (_VALUE, 100)):
            header.resizeSection(column, themes.current.px(width))
        self.words = Text("", "small", "ink2", wrap=True)
        self.words.setContentsMargins(12, 8, 12, 8)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.words)
        self.caption = Caption()
        self.rate = Text("", "mono_small", "ink2")
        self.plot = GrowthPlot(logarithmic=True)
        self._lay_out()
        header.sectionResized.connect(self._align)
        header.geometriesChanged.connect(self._align)
        for figure, sentence in HELP.items():
            self.figures.segment(figure).setToolTip(sentence)
        self.figures.chosen.connect(lambda figure: formulas.choose(figure=figure))
        self.letters.chosen.connect(lambda key: formulas.choose(in_letters=key == "letters"))
        self.symbols.chosen.connect(lambda symbol: formulas.choose(symbol=symbol))
        self.table.setAccessibleName(tr("Formulas of the layers"))
        self.table.clicked.connect(self._reveal)
        self.table.activated.connect(self._reveal)
        self.table.selectionModel().currentRowChanged.connect(lambda index, _: self._say(index))
        formulas.ready.connect(self.refresh)
        document.altered.connect(self._show_symbols)
        formulas.want(self, lines=True)
        self.refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 12, 4)
        head.setSpacing(12)
        for widget in (self.figures, self.letters):
            head.addWidget(widget)
        head.addWidget(self.told, 1)
        head.addWidget(self.copier)
        self._sum = QWidget()
        self._sum.setFixedHeight(themes.current.size("row"))
        self._parts = {
            _LAYER: Text(tr("Total"), "strong"),
            _FORMULA: self.total,
            _ORDER: self.order,
            _VALUE: self.value,
        }
        for part in self._parts.values():
            part.setParent(self._sum)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._sum)
        column.addWidget(self.pages, 1)
        self._right = QWidget()
        self._right.setMinimumWidth(1)  # it gives way: see resizeEvent
        side = QVBoxLayout(self._right)
        side.setContentsMargins(12, 8, 12, 4)
        side.setSpacing(4)
        title = QHBoxLayout()
        title.addWidget(self.caption)
        title.addStretch()
        title.addWidget(self.rate)
        side.addLayout(title)
        side.addWidget(self.plot, 1)
        left = Roomy(self.symbols)
        left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left.setMinimumWidth(themes.current.px(170))
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        for widget, stretch in ((left, 0), (middle, 1), (self._right, 0)):
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        splitter.setSizes([themes.current.px(width) for width in (190, 690, 260)])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the formulas have the room."""
        super().resizeEvent(event)
        self._right.setVisible(self.width() >= themes.current.px(NARROW))

    def _align(self, *_: object) -> None:
        """The total stands over the columns of the table."""
        header = self.table.horizontalHeader()
        margin = themes.current.px(4)
        for column, part in self._parts.items():
            width = header.sectionSize(column) - 2 * margin
            part.setGeometry(header.sectionViewportPosition(column) + margin, 0, width, self._sum.height())

    def refresh(self) -> None:
        """Show what has been worked out."""
        look = self._formulas.look
        self._show_symbols()
        self.figures.set_current(look.figure if look is not None else self._formulas.figure)
        self.letters.set_current("letters" if self._formulas.in_letters else "symbols")
        self.pages.setCurrentWidget(self.table if look is not None and look.lines else self.words)
        if look is None:
            empty = not self._document.root_graph.nodes
            waiting = tr("Place a layer, and its formula stands here.") if empty else tr("Working out the formulas…")
            self.words.setText(self._formulas.problem or waiting)
            for formula in (self.total, self.order):
                formula.set_formula("", "")
            for label in (self.value, self.told, self.symbols.holds, self.caption, self.rate):
                label.setText("")
            self._sum.hide()
            self.plot.show_curve(None, "")
            return
        total, unit = look.total, UNITS.get(look.figure, "B")
        figure = bytes_text(total.value) if unit == "B" else short(total.value, unit)
        self._sum.show()
        self.total.set_formula(total.latex, total.text)
        self.order.set_formula(total.order_latex, total.order)
        self.value.setText(figure)
        self.value.setToolTip(exact(total.value))
        holds = (
            tr("Holds if {conditions}.", conditions=tr(", ").join(map(told, look.conditions)))
            if look.conditions
            else tr("Holds for all sizes.")
        )
        if not self._document.analysis().sound:
            holds = tr("Layers without a shape are left out; see Problems.")
        self.symbols.holds.setText(holds if look.symbols else tr("Name a size here, and write the name in a shape."))
        nothing = tr("No layer has {figure}.", figure=FIGURES[look.figure])
        if look.figure in SHARED:
            nothing = self._whole(look)
        self.words.setText(nothing if look.lines_told else tr("Working out the formulas…"))
        self.model.show(look.lines)
        self._say(QModelIndex())
        name = FIGURES[look.figure]
        self.caption.setText(
            tr("{name} over {symbol}, log scales", name=name, symbol=look.symbol) if look.symbol else ""
        )
        self.rate.setText(look.order if look.symbol else "")
        self.plot.show_curve(look.curve, unit)

    @staticmethod
    def _whole(look: Look) -> str:
        """In the place of layers: the whole formula, however long, and when which of its sums is the largest."""
        lines = [look.total.text]
        if look.first:
            conditions = tr(", ").join(map(told, look.first))
            lines.append(
                tr("Here the first sum is the largest; it stays so while {conditions}.", conditions=conditions)
            )
        return "\n".join([*lines, tr("Layers share tensors: only the whole is told.")])

    def copy(self) -> None:
        """Put the formulas on the clipboard: total, layers, what they hold for; columns by tabs."""
        look = self._formulas.look
        if look is not None:
            rows = [(tr("Total"), look.total), *((line.path, line) for line in look.lines)]
            lines = ["\t".join((name, line.text, line.order, str(line.value))) for name, line in rows]
            said = [tr("holds if {condition}", condition=told(one)) for one in look.conditions]
            said += [tr("the first sum is the largest while {condition}", condition=told(one)) for one in look.first]
            QGuiApplication.clipboard().setText("\n".join([*lines, *said]))

    def _show_symbols(self, *_: object) -> None:
        look = self._formulas.look
        self.symbols.show_symbols(self._document.project.symbols, look.symbol if look else self._formulas.symbol)

    def _say(self, index: QModelIndex) -> None:
        """Above the table: what the letters of the chosen layer are."""
        look = self._formulas.look
        letters = tr("Choose a layer to see its letters.") if look is not None and look.in_letters else ""
        words = self.model.rows[self.sorted.mapToSource(index).row()].told if index.isValid() else ""
        self.told.setText(words or letters)

    def _reveal(self, index: QModelIndex) -> None:
        line: Line = self.model.rows[self.sorted.mapToSource(index).row()]
        self._document.reveal("", line.id.split("/")[-1], line.id)
