"""The definition: the five-tuple of the network, set as mathematics, with its conditions; to be read and copied."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QHeaderView, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.tables import Index, LazyPanel, RowModel, plain_table
from designer.style import dress
from designer.symbolic import SymbolicTuple
from designer.theme import themes
from designer.widgets.formula import LATEX, Formula, FormulaDelegate
from designer.widgets.labels import Elided, Text
from designer.words import told, tr
from graph_core.architecture import Condition, FiveTuple, check_definition, five_tuple
from graph_core.latex import escape, value
from graph_core.tuple_forms import space_text
from graph_core.tuple_latex import activation_latex, definition_latex, matrix_latex
from graph_core.tuples import IDENTITY, Matrix, Parts, Row

_HEADS = ("l", tr("layer"), "f", "W", "b")
_DEFINITION = "𝒜 = (L, 𝓕, 𝓦, 𝓑, 𝒪)"
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
QUICK = 0.02  # seconds that a look may take after every keystroke
REST = 250  # milliseconds after the last edit
MOST_WIDE = 420  # px of a column at the start


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: the k-th weight and bias of a layer; only the first names the layer."""

    place: int
    row: Row
    weight: Matrix | None
    bias: Matrix | None
    first: bool


def lines_of(rows: Sequence[Row]) -> list[Line]:
    """The lines of all rows; a layer with several weights has several."""
    found = []
    for place, row in enumerate(rows, 1):
        pairs = list(zip_longest(row.weights, row.biases)) or [(None, None)]
        found += [Line(place, row, weight, bias, not k) for k, (weight, bias) in enumerate(pairs)]
    return found


@dataclass(frozen=True, slots=True)
class Below:
    """A line below the layers, over all columns: 𝒪, one of its groups, or the schedule."""

    latex: str
    plain: str


class TupleModel(RowModel):
    """One line a weight, 𝒪 below: text for screen readers and the clipboard, formulas for the eye."""

    heads = _HEADS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel."""
        line: Line | Below = self.rows[index.row()]
        if role == Qt.ItemDataRole.FontRole:
            return themes.current.ui_font("mono")
        if role == LATEX:
            return line.latex if isinstance(line, Below) else self._latex(line, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.plain(line, index.column())
        return None

    def plain(self, line: Line | Below, column: int) -> str:
        """A cell as text."""
        if isinstance(line, Below):
            return line.plain if not column else ""
        row, place = line.row, str(line.place).translate(_BELOW)
        if column in (3, 4):
            matrix, letter = ((line.weight, "W"), (line.bias, "b"))[column - 3]
            if matrix is None:
                return f"{letter}{place} = 0" if line.first else ""
            many = len(row.weights if column == 3 else row.biases) > 1
            tied = f" = {matrix.tied}" if matrix.tied else ""
            return f"{letter}{place}{f' {matrix.name}' if many else ''} ∈ ℝ {space_text(matrix.space)}{tied}"
        if not line.first:
            return ""
        identity = row.activation == IDENTITY
        return (f"l{place}", f"{row.path} · {row.type}", f"f{place} = {'id' if identity else row.activation}")[column]

    def _latex(self, line: Line, column: int) -> str:
        row, place = line.row, line.place
        match column:
            case 0 if line.first:
                return f"l_{{{place}}}"
            case 2 if line.first:
                return activation_latex(place, row, align=False)
            case 3 if line.weight or line.first:
                return matrix_latex("W", place, line.weight, named=len(row.weights) > 1, align=False)
            case 4 if line.bias or line.first:
                return matrix_latex("b", place, line.bias, named=len(row.biases) > 1, align=False)
        return ""


class DefinitionPanel(LazyPanel):
    """The table, 𝒪 below, whether the conditions hold, and buttons that copy it as LaTeX, JSON or text."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._tuple: FiveTuple | None = None
        self._spent = 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(lambda: super(DefinitionPanel, self).invalidate())
        self.model = TupleModel()
        self.table = plain_table()
        self.table.setModel(self.model)
        self.table.setItemDelegate(FormulaDelegate(self.table))
        self.table.setAccessibleName("Five-tuple")
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(48)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.title = Formula(definition_latex(), _DEFINITION)
        self.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.verdict = Elided("", "small", "ink2")
        self.symbols = QCheckBox(tr("Symbols"))
        self.symbols.setToolTip(tr("Show sizes as expressions over the project's symbols."))
        self.symbols.toggled.connect(lambda _: self.refresh())
        self._symbolic = SymbolicTuple(self)
        self._symbolic.ready.connect(self._show)
        dress(self.symbols, font="small", ink="ink2")
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 0)
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addSpacing(4)
        head.addWidget(self.verdict, 1)
        head.addWidget(self.symbols)
        head.addSpacing(4)
        head.addWidget(Text(tr("Copy as"), "small", "ink3"))
        self.buttons: dict[str, QPushButton] = {}
        for name in ("LaTeX", "JSON", "text"):
            button = self.buttons[name] = QPushButton(told(name))
            button.setProperty("small", True)
            button.setAccessibleName(tr("Copy as {name}", name=told(name)))
            button.setToolTip(tr("Copy the definition as {name}.", name=told(name)))
            dress(button, glyph="ui_copy", font="small")
            button.clicked.connect(lambda _=False, name=name: self.copy(name))
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        rows = QHBoxLayout()
        rows.setContentsMargins(8, 0, 0, 0)  # so that the formulas begin where the heading does
        rows.addWidget(self.table)
        layout.addLayout(rows, 1)
        self.table.clicked.connect(self._reveal)
        themes.changed.connect(self._fit)

    def invalidate(self, *_: object) -> None:
        """The document changed: look again at once, or, where that takes long, when edits have come to rest."""
        if self._spent < QUICK or not self.isVisible():
            super().invalidate()
        else:
            self._stale = True
            self._rest.start()

    def refresh(self) -> None:
        """Derive the tuple anew."""
        document = self._document
        super().refresh()
        self._rest.stop()
        began = time.thread_time()
        found = five_tuple(document.project, document.network)
        self._show(found)
        problems = document.analysis().problems
        self._judge(found, check_definition(document.project, document.network, found, problems))
        self._spent = time.thread_time() - began
        if self.symbols.isChecked():
            self._symbolic.ask(document.project, document.network)
        else:
            self._symbolic.drop()

    def _show(self, found: FiveTuple) -> None:
        self._tuple = found
        lines = lines_of(found.rows)
        below = optimizer_lines(found)
        self.table.clearSpans()
        self.model.show([*lines, *below])
        for place in range(len(lines), len(lines) + len(below)):
            self.table.setSpan(place, 0, 1, len(_HEADS))
        self._fit()

    def _fit(self, *_: object) -> None:
        """Columns as wide as the longest text of each: the formula that takes its place is narrower."""
        self.table.verticalHeader().setDefaultSectionSize(themes.current.size("row"))
        metrics = QFontMetrics(themes.current.ui_font("mono"))
        for column in range(len(_HEADS) - 1):
            texts = (self.model.plain(line, column) for line in self.model.rows if isinstance(line, Line))
            longest = max(texts, key=len, default="")
            width = max(metrics.horizontalAdvance(longest), metrics.horizontalAdvance(_HEADS[column])) + 24
            self.table.setColumnWidth(column, min(width, themes.current.px(MOST_WIDE)))

    def _judge(self, found: FiveTuple, conditions: Sequence[Condition]) -> None:
        failed = [condition for condition in conditions if not condition.holds]
        if not failed:
            count = len(found.rows)
            self.verdict.setText(
                tr("Holds: {count} layers, each with its f, W and b.", count=count)
                if count != 1
                else tr("Holds: 1 layer, each with its f, W and b.")
            )
        else:
            reason = next(problem.message for problem in failed[0].problems if problem.severity == "error")
            self.verdict.setText(tr("Does not hold: {reason}.", reason=told(reason.rstrip("."))))
        dress(self.verdict, ink="error" if failed else "ink2")
        marks = [f"{'✓' if condition.holds else '✕'} {told(condition.sentence)}" for condition in conditions]
        self.title.setToolTip("\n".join(marks))
        self.verdict.setAccessibleDescription("; ".join(marks))

    def copy(self, form: str) -> None:
        """Put the tuple on the clipboard."""
        if self._stale or self._tuple is None:
            self.refresh()
        assert self._tuple is not None
        texts = {"LaTeX": self._tuple.to_latex, "text": self._tuple.to_text}
        text = texts[form]() if form in texts else json.dumps(self._tuple.to_json(), indent=2, ensure_ascii=False)
        QGuiApplication.clipboard().setText(text)

    def _reveal(self, index: QModelIndex) -> None:
        line = self.model.rows[index.row()]
        if isinstance(line, Line):
            self._document.reveal("", line.row.id.split("/")[-1], line.row.id)


def optimizer_lines(found: Parts) -> list[Below]:
    """𝒪, its groups and its schedule."""
    optimizer = found.optimizer
    kind = str(optimizer["kind"])
    lines = [_below(r"\mathcal{O}", "𝒪", kind, {k: v for k, v in optimizer.items() if k not in ("kind", "groups")})]
    for place, group in enumerate(optimizer.get("groups", ()), 1):
        fields = {name: given for name, given in group.items() if name != "kind"}
        sign = f"𝒪{str(place).translate(_BELOW)}"
        lines.append(_below(rf"\mathcal{{O}}_{{{place}}}", sign, str(group.get("kind", kind)), fields))
    schedule = {name: given for name, given in found.schedule.items() if name != "kind"}
    return [*lines, _below(r"\eta", "η", str(found.schedule["kind"]), schedule)]


def _below(letter: str, sign: str, kind: str, fields: dict[str, Any]) -> Below:
    inner = r",\; ".join(rf"\text{{{escape(name)}}} = {value(given)}" for name, given in fields.items())
    plain = ", ".join(f"{name} = {given}" for name, given in fields.items())
    return Below(rf"{letter} = \text{{{escape(kind)}}}({inner})", f"{sign} = {kind}({plain})")
