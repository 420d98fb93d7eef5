"""The lenses as a row of segments, with what can be chosen of the one that is on, and the button that measures."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from designer.lens import LENSES, MEASURED, Lenses
from designer.style import dress
from designer.widgets import Segments, Text, button
from designer.words import tr


class LensBar(QWidget):
    """`chosen` carries a lens, "" for none. Lenses that need a measurement say so until there is one."""

    chosen = Signal(str)

    def __init__(self, lenses: Lenses) -> None:
        super().__init__()
        self._lenses = lenses
        self.lit = False  # by the sketch pad
        self.segments = Segments(tuple(LENSES.items()), optional=True)
        self.segments.setAccessibleName(tr("Lens"))
        self.list = QComboBox()  # the same, where the row has no room
        self.list.setAccessibleName(tr("Lens"))
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for key, word in (("", tr("No lens")), *LENSES.items()):
            self.list.addItem(word, key)
        dress(self.list, font="small")
        self.list.hide()
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("What the lens shows"))
        self.choice.setProperty("quiet", True)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        dress(self.choice, font="small")
        self.measure = button("", glyph="ui_clock", quiet=True, small=True, tip=tr("Measure latency and activations"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.choice)
        self._word = Text(tr("Lens"), "small", "ink3")
        row.addWidget(self._word)
        row.addWidget(self.segments)
        row.addWidget(self.list)
        row.addWidget(self.measure)
        self.segments.chosen.connect(self.chosen)
        self.list.activated.connect(lambda _: self.chosen.emit(self.list.currentData()))
        self.choice.activated.connect(lambda _: lenses.choose_part(self.choice.currentData()))
        self.measure.clicked.connect(lenses.measuring.measure)
        self.refresh()

    def refresh(self) -> None:
        """Show which lens is on and what can be chosen."""
        lenses = self._lenses
        self.segments.set_current(lenses.lens)
        self.list.setCurrentIndex(self.list.findData(lenses.lens))
        for lens in MEASURED:
            reason = "" if lens == "activations" and self.lit else lenses.why_not(lens)
            self.segments.segment(lens).setEnabled(not reason)
            self.segments.segment(lens).setToolTip(reason)
            item = self.list.model().item(self.list.findData(lens))  # type: ignore[attr-defined]
            item.setEnabled(not reason)
            item.setToolTip(reason)
        choices = {} if self.lit and lenses.lens == "activations" else lenses.choices
        self.choice.setVisible(bool(choices))
        if {self.choice.itemData(k): self.choice.itemText(k) for k in range(self.choice.count())} != choices:
            self.choice.clear()
            for key, words in choices.items():
                self.choice.addItem(words, key)
        self.choice.setCurrentIndex(self.choice.findData(lenses.choice))
        self.updateGeometry()
        self._fold()

    # Room ----------------------------------------------------------------------------------------------------

    def _wide(self, lenses: QWidget) -> int:
        """How wide it is with the lenses in a row, or in a list."""
        shown = [self.choice] if not self.choice.isHidden() else []
        parts = [*shown, lenses, self.measure, *([self._word] if lenses is self.segments else [])]
        return sum(part.sizeHint().width() for part in parts) + 6 * (len(parts) - 1)

    def sizeHint(self) -> QSize:
        """With all lenses in a row."""
        return QSize(self._wide(self.segments), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """With the lenses in a list."""
        return QSize(self._wide(self.list), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A row, or a list where that has no room."""
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        roomy = self.width() >= self._wide(self.segments)
        self.segments.setVisible(roomy)
        self._word.setVisible(roomy)
        self.list.setVisible(not roomy)
