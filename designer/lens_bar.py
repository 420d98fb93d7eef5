"""The lenses as a row of segments, with what can be chosen of the one that is on, and the button that measures."""

from __future__ import annotations

from PySide6.QtCore import Signal
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
        row.addWidget(Text(tr("Lens"), "small", "ink3"))
        row.addWidget(self.segments)
        row.addWidget(self.measure)
        self.segments.chosen.connect(self.chosen)
        self.choice.activated.connect(lambda _: lenses.choose_part(self.choice.currentData()))
        self.measure.clicked.connect(lenses.measuring.measure)
        self.refresh()

    def refresh(self) -> None:
        """Show which lens is on and what can be chosen."""
        lenses = self._lenses
        self.segments.set_current(lenses.lens)
        for lens in MEASURED:
            reason = "" if lens == "activations" and self.lit else lenses.why_not(lens)
            self.segments.segment(lens).setEnabled(not reason)
            self.segments.segment(lens).setToolTip(reason)
        choices = {} if self.lit and lenses.lens == "activations" else lenses.choices
        self.choice.setVisible(bool(choices))
        if {self.choice.itemData(k): self.choice.itemText(k) for k in range(self.choice.count())} != choices:
            self.choice.clear()
            for key, words in choices.items():
                self.choice.addItem(words, key)
        self.choice.setCurrentIndex(self.choice.findData(lenses.choice))
