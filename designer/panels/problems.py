"""The problems, each with its place, the cost of its best fix, and one button that applies it.

A conflict of a merge has no best fix: each choice has a button of its own.
"""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from designer.background import is_running
from designer.document import Document
from designer.numbers import change
from designer.style import dress
from designer.theme import themes
from designer.widgets import Badge, button
from designer.words import told, tr
from graph_core import EditError
from graph_core.fixes import Fix, fixes, preview
from graph_core.problems import Problem

_SPOKEN = {"error": tr("error"), "warning": tr("warning"), "note": tr("note|problem")}
_KINDS = {"warning": "warn"}  # as badges call it
SHOWN = 60
LARGE = 2000  # nodes in all
LATER_MS = 20
SLICE = 0.04  # seconds of a turn in which costs are worked out
BUDGET = 0.4  # seconds for all of them: in a drawing where each takes long, the rest are told when one looks at them


class ProblemRow(QFrame):
    """One problem: icon, sentence, place, cost, button. Enter applies the fix, a click shows the place.

    Where there is a choice, Enter goes to the first of its buttons: nobody chooses by accident.
    """

    revealed = Signal(object)
    applied = Signal(object)
    proposed = Signal(object)  # a fix to be drawn on the canvas as long as one thinks about it, or None

    def __init__(self, document: Document, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self._document = document
        self.options = fixes(document.project, problem, document.network)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(themes.current.size("row_problem"))
        self.setToolTip(f"{problem.code} · {problem.path}")
        self.setAccessibleName(f"{_SPOKEN[problem.severity]}: {told(problem.message)}")
        icon = Badge(_KINDS.get(problem.severity, problem.severity))
        conflict = problem.code == "conflict"
        named = problem.node or conflict  # begins with the name of something, which stays as it is
        first = problem.message[0] if named else problem.message[0].upper()
        self.sentence = QLabel(told(f"{first}{problem.message[1:]}."))
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        place = QLabel(problem.path or (tr("project") if conflict else tr("network")))
        dress(self.sentence, font="ui")
        dress(place, font="mono_small", ink="ink3")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(12)
        layout.addWidget(icon)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(place)
        self.choices = [fix for fix in self.options if fix.choice]
        self.buttons: list[QPushButton] = []
        self._untold: list[tuple[Fix, QLabel]] = []
        for fix in self.choices or self.options[:1]:
            cost = QLabel()
            cost.hide()
            self._untold.append((fix, cost))
            layout.addWidget(cost)
            self.buttons.append(self._button(fix))
            layout.addWidget(self.buttons[-1])
        if len(self.options) > 1 and not self.choices:
            more = button("", "ui_more", quiet=True, small=True, tip=tr("Other fixes"))
            more.clicked.connect(lambda: self._menu().exec(more.mapToGlobal(more.rect().bottomLeft())))
            layout.addWidget(more)
        self.button = self.buttons[0] if self.buttons else None

    def tell_costs(self) -> None:
        """Show what each offered fix costs: it is tried and taken back, which takes as long as an edit."""
        while self._untold:
            fix, cost = self._untold.pop(0)
            try:
                params, macs, _ = preview(self._document.project, fix, self._document.network)
            except EditError:
                continue
            cost.setText("" if fix.choice and not params else change(params))
            cost.setToolTip(tr("{params} parameters, {macs} MACs", params=change(params), macs=change(macs)))
            dress(cost, font="mono_small", ink="more" if params > 0 else "less" if params < 0 else "ink3")
            cost.setVisible(bool(cost.text()))

    def _button(self, fix: Fix) -> QPushButton:
        made = QPushButton(told(fix.title))
        made.setProperty("small", True)
        if fix.choice:
            made.setAutoDefault(True)  # Enter presses it
        else:
            dress(made, glyph="ui_bolt")
        made.setToolTip(told(fix.detail or fix.title))
        made.clicked.connect(lambda: self.applied.emit(fix))
        if len(self.options) > 1:
            made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            made.customContextMenuRequested.connect(lambda at: self._menu().exec(made.mapToGlobal(at)))
        return made

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for fix in self.options:
            action = menu.addAction(told(fix.title))
            action.setToolTip(told(fix.detail))
            action.triggered.connect(lambda _=False, fix=fix: self.applied.emit(fix))
            action.hovered.connect(lambda fix=fix: self.proposed.emit(fix))
        menu.aboutToHide.connect(self._propose)
        return menu

    def _propose(self) -> None:
        """While the row has the focus or the pointer, its best fix is drawn."""
        thinking = (self.hasFocus() or self.underMouse()) and self.options and not self.choices
        if thinking:
            self.tell_costs()
        self.proposed.emit(self.options[0] if thinking else None)
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer is over the row."""
        super().enterEvent(event)
        self._propose()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has gone."""
        super().leaveEvent(event)
        self._propose()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard is here."""
        super().focusInEvent(event)
        self._propose()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard has gone."""
        super().focusOutEvent(event)
        self._propose()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The row that is thought about stands out; a hairline below each."""
        theme, painter = themes.current, QPainter(self)
        if self.hasFocus() or self.underMouse():
            painter.fillRect(self.rect(), theme.color("acctint" if self.hasFocus() else "hover"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        painter.end()

    def contextMenuEvent(self, event: object) -> None:
        """Every fix there is, not only the best."""
        if self.options:
            self._menu().exec(event.globalPos())  # type: ignore[attr-defined]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the place."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.revealed.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter applies the fix, Space shows the place."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.options:
            if self.choices:
                self.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
            else:
                self.applied.emit(self.options[0])
        elif event.key() == Qt.Key.Key_Space:
            self.revealed.emit(self.problem)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class ProblemsPanel(QWidget):
    """All problems of the network; `counted` fires with (errors, warnings, notes) after each look."""

    counted = Signal(int, int, int)
    proposed = Signal(object)  # a fix to be drawn on the canvas, or None

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: tuple[Problem, ...] | None = None
        self._at = -1
        self.rows: list[ProblemRow] = []
        self.sound = QLabel(tr("No problems: every shape is known and everything reaches an output."))
        dress(self.sound, font="ui", ink="ink3")
        self.more = QLabel()
        dress(self.more, font="small", ink="ink3")
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addWidget(self.sound)
        self._list.addWidget(self.more)
        self._list.addStretch()
        for label in (self.sound, self.more):
            label.setContentsMargins(16, 12, 16, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self._slow = QTimer(self, singleShot=True, interval=0)
        self._slow.timeout.connect(self._tell_costs)
        self._spent = 0.0
        document.altered.connect(self.refresh)
        document.replaced.connect(self.refresh)
        document.moved_view.connect(self.refresh)  # perhaps to another network
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the problems as of now; rows stay where they did not change."""
        problems = self._document.analysis().problems
        if problems == self._shown:
            return
        focused = next((k for k, row in enumerate(self.rows) if row.hasFocus()), None)
        self.proposed.emit(None)
        for row in self.rows:
            self._list.removeWidget(row)
            row.deleteLater()
        self._shown = problems
        self.rows = [ProblemRow(self._document, problem) for problem in problems[:SHOWN]]
        for k, row in enumerate(self.rows):
            row.revealed.connect(self.reveal)
            row.applied.connect(self._document.apply_fix)
            row.proposed.connect(self.proposed)
            self._list.insertWidget(k, row)
        self._spent = 0.0
        if sum(len(graph.nodes) for graph in self._document.project.graphs.values()) < LARGE:
            self._tell_costs()
        else:
            self._slow.start()  # trying one fix may take long
        self.sound.setVisible(not problems)
        self.more.setText(tr("{count} more problems come after these.", count=len(problems) - SHOWN))
        self.more.setVisible(len(problems) > SHOWN)
        if focused is not None and self.rows:
            self.rows[min(focused, len(self.rows) - 1)].setFocus()
        counts = [sum(1 for p in problems if p.severity == s) for s in ("error", "warning", "note")]
        self.counted.emit(*counts)

    def _tell_costs(self) -> None:
        """The costs of fixes, a slice of them each turn of the event loop."""
        if is_running():
            self._slow.start(LATER_MS)
            return
        start = monotonic()
        for row in self.rows:
            took = monotonic() - start
            if self._spent + took > BUDGET:
                break
            if took > SLICE:
                self._slow.start()
                break
            row.tell_costs()
        self._spent += monotonic() - start

    def reveal(self, problem: Problem) -> None:
        """Look at the place of a problem."""
        if problem.graph:
            self._document.reveal(problem.graph, problem.node, problem.id)
        else:  # of the set-up, which the inspector shows while nothing is selected
            self._document.select(())

    def step(self, way: int) -> None:
        """The next or previous problem, with its place shown."""
        if self.rows:
            self._at = (self._at + way) % len(self.rows)
            self.rows[self._at].setFocus()
            self.reveal(self.rows[self._at].problem)

    def apply_first(self) -> None:
        """Apply the best fix of the focused problem, else of the selected node's, else of the first that has one.

        Choices are left to be made by their own buttons.
        """
        selected = set(self._document.selection)
        ranked = sorted(self.rows, key=lambda row: (not row.hasFocus(), row.problem.node not in selected))
        row = next((row for row in ranked if row.options and not row.choices), None)
        if row is not None:
            self._document.apply_fix(row.options[0])
