"""How a node runs: under which condition, and, if it is a block, once, several times in series, or along an axis."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import add_row, caption, form_layout
from designer.style import dress
from designer.widgets import Field as TextField
from designer.widgets import NumberField, Segments
from designer.words import tr
from graph_core import Graph, Node, Repeat, Scan, edits
from graph_core.evaluate import source_spec
from graph_core.ports import MAX_AXES
from graph_core.scanning import proposed_scan

WAYS = (("once", tr("Once")), ("repeat", tr("Repeat")), ("scan", tr("Scan")))
ROLES = {"over": tr("step along"), "carry": tr("state"), "": tr("same at each step")}
HELP = {
    "once": tr("Runs one time."),
    "repeat": tr("Runs several times in series, each output the next input."),
    "scan": tr("Runs once per position of an axis, with one set of weights, and carries states from step to step."),
}


class RunForm(QWidget):
    """The rows of one node. What it shows is set by ``show_node``; every change is one edit of the document."""

    def __init__(self, document: Document, graph: Graph, node: Node) -> None:
        super().__init__()
        self._document = document
        self._graph, self._id = graph, node.id
        self._block = graph.project.graphs.get(node.type)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(caption(tr("Runs")))
        form = form_layout()
        self.when = TextField()
        self.when.setPlaceholderText(tr("always"))
        self.when.setAccessibleName("when")
        self.when.setToolTip(tr("A condition such as stride != 1; where it is false the node is the identity."))
        self.when.committed.connect(lambda _: self._set_when())
        add_row(form, "when", self.when)
        self.way = Segments(WAYS)
        for key, words in HELP.items():
            self.way.segment(key).setToolTip(words)
        self.way.chosen.connect(self._choose)
        layout.addLayout(form)
        self._repeat, self._scan = QWidget(), QWidget()
        if self._block is None:
            return
        add_row(form, tr("mode"), self.way)
        rows = form_layout(self._repeat)
        self.times, self.shared = TextField(), QCheckBox(tr("one set of weights"))
        self.times.setAccessibleName("times")
        self.times.setToolTip(tr("How many times in series; i counts from 0 in the parameters."))
        self.times.committed.connect(lambda _: self._set_repeat())
        self.shared.clicked.connect(lambda _: self._set_repeat())
        add_row(rows, "times", self.times)
        rows.addRow("", self.shared)
        self._rows = form_layout(self._scan)
        self.axis = NumberField("axis", 1, 0, MAX_AXES - 1)
        self.axis.setToolTip(tr("The axis that is stepped along, from 0; results of all steps are stacked there."))
        self.axis.committed.connect(lambda _: self._set_scan())
        add_row(self._rows, "axis", self.axis)
        self.roles: dict[str, QComboBox] = {}
        layout.addWidget(self._repeat)
        layout.addWidget(self._scan)

    @property
    def _node(self) -> Node | None:
        return self._graph.nodes.get(self._id)

    # Showing -------------------------------------------------------------------------------------------------

    def show_node(self, node: Node) -> None:
        """Show how the node runs now; what is being typed into stays."""
        self.when.set_value(node.when)
        if self._block is None:
            return
        run = node.run
        self.way.set_current("scan" if isinstance(run, Scan) else "repeat" if isinstance(run, Repeat) else "once")
        self._repeat.setVisible(isinstance(run, Repeat))
        self._scan.setVisible(isinstance(run, Scan))
        if isinstance(run, Repeat):
            self.times.set_value(str(run.times))
            self.shared.setChecked(run.shared)
        elif isinstance(run, Scan):
            self.axis.set_value(str(run.axis))
            self._show_roles(run)

    def _show_roles(self, scan: Scan) -> None:
        """One row for each input of the block, in the order of its ports."""
        assert self._block is not None
        ports = {port.id: port.name for port in self._block.inputs()}
        shown = {id: box.accessibleName() for id, box in self.roles.items()}
        if shown != ports:
            for box in self.roles.values():
                self._rows.removeRow(box)
            self.roles = {id: self._role_row(id, name) for id, name in ports.items()}
        for id, box in self.roles.items():
            role = "over" if id in scan.over else "carry" if id in scan.carry else ""
            box.setCurrentIndex(box.findData(role))

    def _role_row(self, id: str, name: str) -> QComboBox:
        box = QComboBox()
        for role, words in ROLES.items():
            box.addItem(words, role)
        box.setAccessibleName(name)
        box.setToolTip(
            tr(
                "Step along: one position of the axis in each step. State: what the output {name} of the block gives "
                "goes in at the next step; zeros at first.",
                name=name,
            )
        )
        dress(box, font="small")
        box.activated.connect(lambda _: self._set_scan())
        label: QLabel = add_row(self._rows, name, box)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return box

    # Applying ------------------------------------------------------------------------------------------------

    def _apply(self, change: Any) -> None:
        """Make an edit; where it is refused, show again what there is."""
        if not self._document.edit(change) and (node := self._node) is not None:
            self.show_node(node)

    def _set_when(self) -> None:
        node, text = self._node, self.when.text()
        if node is not None and text.strip() != node.when:
            self._apply(lambda: edits.set_when(self._graph, self._id, text))

    def _choose(self, way: str) -> None:
        node = self._node
        if node is None or self._block is None:
            return
        if way == "once" and node.run is not None:
            self._apply(lambda: edits.set_repeat(self._graph, self._id, 1))
        elif way == "repeat" and not isinstance(node.run, Repeat):
            self._apply(lambda: edits.set_repeat(self._graph, self._id, 2))
        elif way == "scan" and not isinstance(node.run, Scan):
            context = self._document.context()
            wired = self._graph.incoming.get(self._id, {})
            scan = proposed_scan(self._block, {port: source_spec(context, source) for port, source in wired.items()})
            self._apply(lambda: edits.set_scan(self._graph, self._id, scan.axis, scan.over, scan.carry))

    def _set_repeat(self) -> None:
        node = self._node
        if node is None:
            return
        text = self.times.text().strip()
        times: int | str = int(text) if text.isdigit() else text or 1
        shared = self.shared.isChecked()
        if not isinstance(node.run, Repeat) or (times, shared) != (node.run.times, node.run.shared):
            self._apply(lambda: edits.set_repeat(self._graph, self._id, times, shared=shared))

    def _set_scan(self) -> None:
        node, axis = self._node, self.axis.value
        if node is None or not isinstance(node.run, Scan):
            return
        if axis is None:
            self.axis.set_value(str(node.run.axis))
            return
        chosen = {id: box.currentData() for id, box in self.roles.items()}
        over, carry = (tuple(id for id, role in chosen.items() if role == kind) for kind in ("over", "carry"))
        if Scan(int(axis), over, carry) != node.run:
            self._apply(lambda: edits.set_scan(self._graph, self._id, int(axis), over, carry))
