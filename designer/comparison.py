"""What changed from a file to the open drawing, as a list: Enter or a double click goes to the place."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.document import Document
from designer.files import FILTER, sentence_of
from designer.style import dress
from designer.theme import themes
from designer.words import tr
from graph_core import Graph
from graph_core.difference import SIGNS, Difference, compare
from graph_core.itemized import Item
from graph_core.jsontext import FileError
from graph_core.project import load

INKS = {"added": "less", "removed": "error", "moved": "note", "renamed": "warn", "changed": "warn"}
MOMENT = 0.05  # seconds that an edit may take longer for the list beside it
ITEM = Qt.ItemDataRole.UserRole


def ask_comparison(document: Document, window: QWidget) -> ComparisonDialog | None:
    """Choose a file and list what changed from it; a file that cannot be read is told and changes nothing."""
    folder = str(document.path.parent if document.path else Path.home())
    name, _ = QFileDialog.getOpenFileName(window, tr("Compare with"), folder, FILTER)
    if not name:
        return None
    try:
        dialog = ComparisonDialog(document, Path(name), window)
    except (FileError, OSError) as error:
        document.refused.emit(sentence_of(Path(name), error))
        return None
    dialog.show()
    return dialog


class ComparisonDialog(QDialog):
    """Beside the window, which stays usable. Raises FileError.

    The list follows every edit while that takes a moment; of large drawings it is made again when asked for.
    """

    def __init__(self, document: Document, file: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Compared with {file}", file=file.name))
        self.resize(640, 560)
        self._document, self._other = document, load(file)
        head = QLabel(tr("From {file} to the open drawing", file=file.name))
        dress(head, font="small", ink="ink3")
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setAccessibleName(tr("Changes"))
        self.tree.itemActivated.connect(self._go_to)
        self.figures = QLabel()
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        dress(self.figures, font="mono", ink="ink2")
        shut = QPushButton(tr("Close"))
        shut.setAutoDefault(False)  # Enter goes to a change
        shut.clicked.connect(self.close)
        self.again = QPushButton(tr("Compare again"))
        self.again.setAutoDefault(False)
        self.again.clicked.connect(self.refresh)
        self.again.hide()
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.again)
        buttons.addWidget(shut)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(head)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.figures)
        layout.addLayout(buttons)
        document.edited.connect(self._follow)
        document.replaced.connect(self.close)
        themes.changed.connect(self.refresh)
        self.refresh()

    def _follow(self, *_: object) -> None:
        if self._seconds < MOMENT:
            self.refresh()
        else:
            self.again.show()

    def refresh(self, *_: object) -> None:
        """Compare as of now."""
        start = perf_counter()
        self.show_difference(compare(self._other, self._document.project))
        self._seconds = perf_counter() - start
        self.again.hide()

    def show_difference(self, difference: Difference) -> None:
        """List the changes by where they are, each with its sign: no kind is told by its colour alone."""
        self.tree.clear()
        places: dict[str, QTreeWidgetItem] = {}
        for item in difference.items:
            if not item.text:
                continue
            place = places.get(item.place)
            if place is None:
                place = places[item.place] = QTreeWidgetItem(self.tree, [item.place])
                place.setFont(0, themes.current.ui_font("strong"))
                place.setFlags(Qt.ItemFlag.ItemIsEnabled)
                place.setExpanded(True)
            row = QTreeWidgetItem(place, [f"{SIGNS[item.kind].replace('-', '−')}  {item.text}"])
            row.setForeground(0, themes.current.color(INKS[item.kind]))
            row.setToolTip(0, f"{item.kind}: {item.text}")
            row.setData(0, ITEM, item)
        if not places:
            QTreeWidgetItem(self.tree, [tr("No difference.")]).setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.figures.setText("\n".join(difference.figure_lines()))
        self.figures.setVisible(not difference.same)

    def _go_to(self, row: QTreeWidgetItem) -> None:
        item = row.data(0, ITEM)
        if not isinstance(item, Item) or not item.graph:
            return
        node = item.key.partition(".")[0]
        way = way_to(self._document.root_graph, item.graph)
        if way is not None and node in self._document.project.graphs[item.graph].nodes:
            self._document.reveal(item.graph, node, f"{way}{node}")


def way_to(root: Graph, key: str) -> str | None:
    """The ids on the way from a network's graph to a block's, each with a slash; None where it is not used there."""
    todo = [(root, "")]
    seen = {root.key}
    for graph, way in todo:
        if graph.key == key:
            return way
        for node in graph.nodes.values():
            inner = graph.project.graphs.get(node.type)
            if inner is not None and inner.key not in seen:
                seen.add(inner.key)
                todo.append((inner, f"{way}{node.id}/"))
    return None
