"""The rail between the two canvases: totals before and after, the list of changes, and the fields of the chosen one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.canvas.body import MARKS, draw_symbol
from designer.controls import row_focus
from designer.difference.comparison import FOLLOWS, Comparison, Row
from designer.late import Roomy
from designer.numbers import bytes_text, change, exact
from designer.style import dress
from designer.theme import themes
from designer.widgets import Caption, HeaderBar, Strip, Text, button
from designer.words import told as say
from designer.words import tr
from graph_core.effects import NodeFigures

WIDTH, DETAIL = 264, 240  # how wide it is, and how high the fields of one change may stand
LINE = 24  # letters before and after that stand in one line
ITEM = Qt.ItemDataRole.UserRole
_MARK = {"added": "added", "removed": "removed", "moved": "moved", "renamed": "modified", "changed": "modified"}
_WORDS = {
    "added": tr("added"),
    "removed": tr("removed"),
    "moved": tr("moved"),
    "renamed": tr("renamed"),
    "changed": tr("changed"),
    FOLLOWS: tr("follows"),
}
TOTALS = {
    "params": (tr("Parameters"), ""),
    "macs": ("MACs", ""),
    "bytes": (tr("Weights"), "B"),
    "peak": (tr("Peak activations"), "B"),
}
FOLLOWED = tr("Follows from these")


class _Look(QStyledItemDelegate):
    """A change in two lines: its sign and name with what it comes to, and under them what changed; or a caption."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row = index.data(ITEM)
        theme = themes.current
        return QSize(80, theme.size("row") if not isinstance(row, Row) or not row.said else theme.px(40))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, row = themes.current, index.data(ITEM)
        rect: QRect = option.rect
        if not isinstance(row, Row):
            painter.setFont(theme.ui_font("caption_strong"))
            painter.setPen(theme.color("ink3"))
            painter.drawText(rect.adjusted(12, 4, -8, 0), Qt.AlignmentFlag.AlignVCenter, index.data())
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("acctint"))
            painter.fillRect(rect.x(), rect.y(), 2, rect.height(), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        row_focus(theme, option, painter)
        under = say(row.said)
        line = QRect(rect.x() + 34, rect.y(), rect.width() - 42, theme.size("row"))
        self._sign(painter, row, QRect(rect.x() + 11, rect.y() + 4, 16, theme.size("row") - 8))
        told, ink = figure_of(row)
        painter.setFont(theme.ui_font("mono_small"))
        painter.setPen(theme.color(ink))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, told)
        taken = painter.fontMetrics().horizontalAdvance(told) + 8 if told else 0
        painter.setFont(theme.ui_font("ui" if row.kind == FOLLOWS else "strong"))
        painter.setPen(theme.color("ink2" if row.kind == FOLLOWS else "ink"))
        self._text(painter, line.adjusted(0, 0, -taken, 0), say(row.title))
        if under:
            painter.setFont(theme.ui_font("small"))
            painter.setPen(theme.color("ink2"))
            self._text(painter, line.translated(0, theme.px(17)), under)

    @staticmethod
    def _sign(painter: QPainter, row: Row, box: QRect) -> None:
        theme = themes.current
        if row.kind == FOLLOWS:
            return
        role, sign = MARKS[_MARK[row.kind]]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(role))
        center = box.toRectF().center()
        painter.drawEllipse(center, 7, 7)
        draw_symbol(painter, sign, center, 0.75, theme.color("panel"))
        painter.restore()

    @staticmethod
    def _text(painter: QPainter, room: QRect, text: str) -> None:
        told = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, told)


class Rail(QWidget):
    """Choosing a row goes to it; what is chosen elsewhere is shown by `show_row`. `ended` asks for the end."""

    ended = Signal()

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.comparison = comparison
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        dress(self, width=WIDTH)
        self.setAutoFillBackground(True)
        head = HeaderBar(tr("Changes"))
        self.count = Text("", "small", "ink3")
        self.back = button("", glyph="ui_chevl", quiet=True, small=True, tip=tr("Previous change (Shift+F7)"))
        self.on = button("", glyph="ui_chevr", quiet=True, small=True, tip=tr("Next change (F7)"))
        self.shut = button("", glyph="ui_x", quiet=True, small=True, tip=tr("End the comparison"))
        for widget in (self.count, self.back, self.on, self.shut):
            head.add(widget)
        self.totals: dict[str, tuple[Text, Text]] = {}
        grid = QGridLayout()
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for k, (field, (name, _)) in enumerate(TOTALS.items()):
            value, difference = Text("", "mono_small", "ink2"), Text("", "mono_small", "ink3")
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            grid.addWidget(Text(name, "small", "ink2"), 2 * k, 0)
            grid.addWidget(difference, 2 * k, 1, right)
            grid.addWidget(value, 2 * k + 1, 0, 1, 2)
            self.totals[field] = value, difference
        grid.setColumnStretch(0, 1)
        self.again = button(tr("Compare again"), small=True)
        self.list = QListWidget()
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setAccessibleName(tr("Changes"))
        self.list.setItemDelegate(_Look(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.setFocusProxy(self.list)
        self.detail = QWidget()
        self._fields = QGridLayout(self.detail)
        self._fields.setContentsMargins(12, 8, 12, 8)
        self._fields.setHorizontalSpacing(8)
        self._fields.setVerticalSpacing(2)
        self._below = Roomy(self.detail)
        top = Strip("panel", "header")
        bar = QVBoxLayout(top)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(head)
        rest = QHBoxLayout()
        rest.setContentsMargins(12, 0, 12, 8)
        rest.addWidget(self.again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 1, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addLayout(grid)
        layout.addLayout(rest)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._below)
        self.back.clicked.connect(lambda: comparison.step(-1))
        self.on.clicked.connect(lambda: comparison.step(1))
        self.shut.clicked.connect(self.ended)
        self.again.clicked.connect(comparison.refresh)
        self.list.itemClicked.connect(self._go)
        self.list.currentItemChanged.connect(self._walk)
        comparison.told.connect(self.refresh)
        comparison.went.connect(self.show_row)
        themes.changed.connect(self._restyle)
        self._telling = False
        self.refresh()

    def _restyle(self, *_: object) -> None:
        self.list.doItemsLayout()

    def refresh(self) -> None:
        """List the changes as of the last comparison."""
        comparison = self.comparison
        self._telling = True
        self.list.clear()
        place = None
        for k, row in enumerate(comparison.rows):
            title = FOLLOWED if row.kind == FOLLOWS else row.place
            if title != place:
                place = title
                caption = QListWidgetItem(say(title), self.list)
                caption.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(say(row.title), self.list)
            item.setData(ITEM, row)
            item.setData(ITEM + 1, k)
            told = f"{_WORDS[row.kind]}: {say(row.title)} {say(row.said)}"
            item.setToolTip(told)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{told} {figure_of(row)[0]}".strip())
        if not comparison.rows:
            QListWidgetItem(tr("No difference."), self.list).setFlags(Qt.ItemFlag.NoItemFlags)
        self._telling = False
        self._show_totals()
        self.again.setVisible(comparison.overtaken)
        self.show_row(comparison.row)

    def _show_totals(self) -> None:
        old, new = self.comparison.figures
        for field, (_, unit) in TOTALS.items():
            value, difference = self.totals[field]
            then, now = (getattr(figures, field) if figures is not None else None for figures in (old, new))
            text = bytes_text if unit else exact
            told = [text(one) if one is not None else tr("none") for one in (then, now)]
            value.setText(f"{told[0]} → {told[1]}" if then != now else told[0])
            by = (now or 0) - (then or 0)
            difference.setText(change(by, unit))
            dress(difference, ink="more" if by > 0 else "less" if by < 0 else "ink3")

    def show_row(self, place: int) -> None:
        """Choose a row of the comparison, -1 for none, and show its fields."""
        rows = self.comparison.rows
        changes = sum(row.kind != FOLLOWS for row in rows)
        self.count.setText(
            tr("{nth} of {count}", nth=place + 1, count=changes) if 0 <= place < changes else f"{changes}"
        )
        self._telling = True
        found = next((i for i in map(self.list.item, range(self.list.count())) if i.data(ITEM + 1) == place), None)
        if found is None:
            self.list.setCurrentRow(-1)
        else:
            self.list.setCurrentItem(found)
            self.list.scrollToItem(found)
        self._telling = False
        self._show_fields(rows[place] if 0 <= place < len(rows) else None)

    def _show_fields(self, row: Row | None) -> None:
        while (item := self._fields.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.fields: list[tuple[str, str, str]] = [*row.lines, *figures_between(row)] if row is not None else []
        self._below.setVisible(bool(self.fields))
        if row is None or not self.fields:
            return
        self._fields.addWidget(Caption(say(row.title)), 0, 0, 1, 2)
        for k, (name, then, now) in enumerate(self.fields, 1):
            label = Text(say(name), "small", "ink2")
            arrow = "\n→ " if len(then) + len(now) > LINE else " → "
            told = f"{then}{arrow}{now}" if then and now else then or now
            value = Text(told, "mono_small", "ink", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if not (then and now):
                value.setAccessibleName(f"{_WORDS['added' if now else 'removed']} {told}")
                value.setText(f"{'+' if now else '−'} {told}")
            self._fields.addWidget(label, k, 0, Qt.AlignmentFlag.AlignTop)
            self._fields.addWidget(value, k, 1)
        self._fields.setColumnStretch(1, 1)
        self._fields.setRowStretch(len(self.fields) + 1, 1)
        for k in range(self._fields.count()):
            if (shown := self._fields.itemAt(k).widget()) is not None:
                shown.show()  # what is not shown yet takes no room
        high = max(self._fields.heightForWidth(self.width() - 2), self._fields.sizeHint().height())
        self._below.setFixedHeight(min(high, themes.current.px(DETAIL)))

    def _go(self, item: QListWidgetItem) -> None:
        place = item.data(ITEM + 1)
        if place is not None:
            self.comparison.go(place)

    def _walk(self, item: QListWidgetItem | None, _: object) -> None:
        if not self._telling and item is not None:
            self._go(item)


def figure_of(row: Row) -> tuple[str, str]:
    """What a change comes to on its node, and the colour in which it is told: parameters, else multiply-adds."""
    old, new = row.old or NodeFigures(), row.new or NodeFigures()
    for unit, by in (("", new.params - old.params), ("MACs", new.macs - old.macs), ("B", new.memory - old.memory)):
        if by:
            return change(by, unit), "more" if by > 0 else "less"
    return "", "ink3"


def figures_between(row: Row) -> list[tuple[str, str, str]]:
    """A node's figures before and after, where they differ."""
    old, new = row.old, row.new
    told = []
    for name, text, pick in (
        (tr("parameters"), exact, lambda f: f.params),
        ("MACs", exact, lambda f: f.macs),
        (tr("memory"), bytes_text, lambda f: f.memory),
        (tr("output"), str, lambda f: ", ".join(f.outputs)),
    ):
        then, now = (pick(one) if one is not None else None for one in (old, new))
        if then != now and (then or now):
            told.append((name, text(then) if then is not None else "", text(now) if now is not None else ""))
    return told
