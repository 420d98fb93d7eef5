"""What the inspector shows of a frame or a note: its words, and the colour of a frame."""

from __future__ import annotations

from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import add_row, caption, form_layout
from designer.style import dress
from designer.theme import themes, tokens
from designer.widgets import Field
from designer.words import told, tr
from graph_core import EditError, mark_edits
from graph_core.marks import Frame, Note, kind_of_mark

COLORS = {
    "conv": tr("blue"),
    "linear": tr("green"),
    "norm": tr("lilac"),
    "act": tr("brown"),
    "pool": tr("petrol"),
    "rnn": tr("plum"),
    "attn": tr("red"),
    "emb": tr("ochre"),
    "shape": tr("grey"),
    "gen": tr("leaf"),
    "block": tr("violet"),
}


class MarkForm(QWidget):
    """The rows of one mark. Words are live; those typed in one sitting are one step to undo."""

    def __init__(self, document: Document, key: str) -> None:
        super().__init__()
        self._document, self._graph, self._key = document, document.graph, key
        self._showing = False
        self.text: Field | QPlainTextEdit
        self.color = QComboBox()
        mark = self._graph.marks[key]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        heading = QLabel(told(kind_of_mark(key).capitalize()))
        dress(heading, font="title")
        layout.addWidget(heading)
        if isinstance(mark, Frame):
            form = form_layout()
            self.text = Field(mark.text, font="ui")
            self.text.setAccessibleName(tr("Title"))
            self.text.edited.connect(self._write)
            add_row(form, tr("title"), self.text)
            self.color.setAccessibleName(tr("Colour"))
            for family in tokens()["family"]["light"]:
                if family in COLORS:
                    self.color.addItem(_swatch(family), COLORS[family], family)
            self.color.activated.connect(lambda place: self._paint(self.color.itemData(place)))
            add_row(form, tr("colour"), self.color)
            layout.addLayout(form)
            none = QLabel(tr("Moving the frame moves what lies in it; drag its lower right corner to resize it."))
        else:
            layout.addWidget(caption(tr("Text")))
            self.text = QPlainTextEdit()
            self.text.setAccessibleName(tr("Text"))
            self.text.setTabChangesFocus(True)
            self.text.setMinimumHeight(themes.current.px(140))
            self.text.textChanged.connect(lambda: self._write(self._words()))
            layout.addWidget(self.text)
            none = QLabel(tr("Notes are for people: they change nothing in the network."))
        none.setWordWrap(True)
        dress(none, font="small", ink="ink3")
        layout.addWidget(none)
        layout.addStretch()
        self.refresh()

    def refresh(self) -> None:
        """Show the mark as of now; what is being typed stays."""
        mark = self._graph.marks.get(self._key)
        self._showing = True
        if isinstance(mark, Frame) and isinstance(self.text, Field):
            if not self.text.hasFocus() or self.text.text() != mark.text:
                self.text.set_value(mark.text)
            self.color.setCurrentIndex(max(0, self.color.findData(mark.color)))
        elif isinstance(mark, Note) and isinstance(self.text, QPlainTextEdit) and self._words() != mark.text:
            self.text.setPlainText(mark.text)
        self._showing = False

    def focus(self) -> None:
        """Edit the words, all of them selected."""
        self.text.setFocus()
        self.text.selectAll()

    def _words(self) -> str:
        assert isinstance(self.text, QPlainTextEdit)
        return self.text.toPlainText()

    def _write(self, words: str) -> None:
        if self._showing or self._key not in self._graph.marks:
            return
        with self._document.history.merging(f"text of {self._graph.key} {self._key} {id(self)}"):
            self._document.edit(lambda: mark_edits.set_text(self._graph, self._key, words))

    def _paint(self, color: str) -> None:
        try:
            mark_edits.set_color(self._graph, self._key, color)
        except EditError as error:
            self._document.refused.emit(str(error))


def _swatch(family: str) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(themes.current.family(family))
    return QIcon(pixmap)
