"""The inspector: what is selected, edited in place. Made from the declaration; nothing here knows a layer type."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import percent, short
from designer.panels.custom_code import CodeEditor
from designer.panels.forms import FieldForm, add_row, caption, fields_of, form_layout
from designer.panels.mark_form import MarkForm
from designer.panels.network_form import NetworkForm
from designer.panels.running import RunForm
from designer.panels.several import SeveralForm
from designer.panels.weights import LayerWeights, WeightRows, WeightsInside
from designer.plates import label
from designer.style import dress
from designer.theme import themes
from designer.widgets import Banner, FamilyTile, FollowsField, NameField, ShareBar
from designer.words import tr
from graph_core import EditError, Graph, Node, edits
from graph_core.context import Result
from graph_core.layer import layer_types
from graph_core.tied_inside import weights_in


class Inspector(QWidget):
    """Shows the first selected node, or the network where none is. Editors stay while the same node is shown."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: tuple[Any, ...] | None = None
        self.form: FieldForm | None = None
        self._sitting = 0  # counts the times that a node was taken up
        self.weights: WeightRows | None = None
        title = QLabel(tr("Inspector"))
        dress(title, font="small_strong")
        self._body = QWidget()
        self._layout = QVBoxLayout(self._body)
        self._layout.setContentsMargins(12, 0, 12, 12)
        self._layout.setSpacing(6)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(title)
        layout.addLayout(head)
        layout.addWidget(area)
        self._network: NetworkForm | None = None
        self.mark_form: MarkForm | None = None
        self.several: SeveralForm | None = None
        for signal in (document.altered, document.replaced, document.selected, document.moved_view):
            signal.connect(self.refresh)
        self.refresh()

    @property
    def node(self) -> Node | None:
        """The node that is shown."""
        chosen = self._document.selection
        return self._document.graph.nodes.get(chosen[-1]) if chosen else None

    def refresh(self, *_: object) -> None:
        """Show the selection as of now; what is being typed into stays."""
        node = self.node
        graph = self._document.graph
        key = None
        if node is not None:
            block = graph.project.graphs.get(node.type)
            key = (graph.key, node.id, node.type, tuple(block.params) if block else ())
            if self._document.selection[1:]:
                key = (graph.key, tuple(sorted({graph.nodes[id].type for id in self._document.selection})))
        elif self._document.marked:
            key = (graph.key, self._document.marked[-1])
        if key != self._shown or self.form is None:
            self._shown = key
            self._rebuild(graph, node)
        if self.mark_form is not None:
            self.mark_form.refresh()
        elif self.several is not None:
            self.several.show_nodes(self._document.selection)
        elif node is None:
            assert self._network is not None
            self._network.refresh()
        else:
            self._fill(graph, node)

    def focus_first(self) -> None:
        """Edit the first parameter."""
        if self.mark_form is not None:
            self.mark_form.focus()
        elif self.form is not None and self.form.editors:
            next(iter(self.form.editors.values())).focus()

    def focus_name(self) -> None:
        """Edit the name."""
        if self.mark_form is not None:
            self.mark_form.focus()
        elif self.node is not None and self.several is None:
            self.name.setFocus()
            self.name.selectAll()

    # Building ------------------------------------------------------------------------------------------------

    def _rebuild(self, graph: Graph, node: Node | None) -> None:
        self._network, self.mark_form, self.several = None, None, None
        self._sitting += 1
        self.weights = None
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.form = FieldForm({}, self._apply)
        if node is None and self._document.marked:
            self.mark_form = MarkForm(self._document, self._document.marked[-1])
            self._layout.addWidget(self.mark_form)
            return
        if node is not None and self._document.selection[1:]:
            self.several = SeveralForm(self._document, self._document.selection)
            self.form = self.several.form
            self._layout.addWidget(self.several)
            return
        if node is None:
            self._network = NetworkForm(self._document)
            self._layout.addWidget(self._network)
            self._layout.addStretch()
            return
        self._layout.addWidget(self._header(graph, node))
        self.problem = Banner(card=True, closable=False)
        self._layout.addWidget(self.problem)
        fields = fields_of(graph, node)
        self._layout.addWidget(caption(tr("Parameters|settings")))
        self.form = FieldForm(fields, self._apply, {"code": CodeEditor})
        for editor in self.form.editors.values():
            if isinstance(editor, CodeEditor):
                editor.trust_changed.connect(self._document.look_again)
        self._layout.addWidget(self.form)
        if not self.form.editors:
            none = QLabel(
                tr("{type} has none.", type=node.type) if node.type in layer_types() else tr("This block has none.")
            )
            dress(none, font="small", ink="ink3")
            self._layout.addWidget(none)
        self.running = RunForm(self._document, graph, node)
        self._layout.addWidget(self.running)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(4)
        holder = QWidget()
        holder.setLayout(self._facts)
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(holder)
        self._layout.addStretch()

    def _header(self, graph: Graph, node: Node) -> QWidget:
        header = QWidget()
        row = QHBoxLayout(header)
        row.setContentsMargins(0, 0, 0, 4)
        row.setSpacing(12)
        declaration = layer_types().get(node.type)
        tile = FamilyTile()
        glyph = "io_out" if declaration and not declaration.outlets else ""
        tile.set_family(declaration.family if declaration else "block", glyph)
        row.addWidget(tile)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.name = NameField(node.name)
        self.name.setAccessibleName(tr("Name"))
        self.name.committed.connect(lambda _: self._rename())
        self.path = QLabel()
        dress(self.path, font="mono_small", ink="ink3")
        self.path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self.name)
        words.addWidget(self.path)
        row.addLayout(words, 1)
        return header

    # Showing -------------------------------------------------------------------------------------------------

    def _fill(self, graph: Graph, node: Node) -> None:
        assert self.form is not None
        result = self._document.context().results.get(node.id)
        self.name.set_value(node.name)
        type = graph.project.graphs[node.type].name if node.type in graph.project.graphs else node.type
        self.path.setText(f"{type} · {self._document.state_path(node.id)}")
        problems = [p for p in self._document.analysis().problems if (p.graph, p.node) == (graph.key, node.id)]
        if problems:
            worst = "warn" if problems[0].severity == "warning" else problems[0].severity
            self.problem.show_message("\n".join(f"{problem.message}." for problem in problems), worst)
        else:
            self.problem.hide()
        self.form.show_values(node.params, self._resolved(node, result))
        self.running.show_node(node)
        self._fill_facts(graph, node, result)

    def _resolved(self, node: Node, result: Result | None) -> dict[str, Any]:
        if result is None:
            return {}
        if result.layer is not None:
            return result.layer.values
        return dict(result.calls[0].context.scope) if result.calls else {}

    def _fill_facts(self, graph: Graph, node: Node, result: Result | None) -> None:
        asked = self.weights.focused() if self.weights else None
        self.weights = None  # deleted with the rest, and for a while the node may have none
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if result is None:
            return
        facts = result.facts
        if facts is not None and facts.follows:
            self._facts.addWidget(caption(tr("Follows the wire")))
            wired = graph.incoming.get(node.id, {})
            origin = next((graph.nodes[s].name for s, _ in wired.values() if s in graph.nodes), "")
            for name, size in facts.follows.items():
                shown = (
                    ", ".join(map(str, size))
                    if isinstance(size, tuple)
                    else str(int(size) if isinstance(size, int) else size)
                )
                form = form_layout()
                add_row(form, name, FollowsField(shown, origin))
                holder = QWidget()
                holder.setLayout(form)
                self._facts.addWidget(holder)
        shapes = [(port, spec) for port, spec in zip(graph.out_ports(node), result.specs, strict=False) if spec]
        if shapes:
            self._facts.addWidget(caption(tr("Output") if len(shapes) == 1 else tr("Outputs")))
            block = graph.project.graphs.get(node.type)
            names = {port.id: port.name for port in block.outputs()} if block else {}
            for port, spec in shapes:
                self._fact(names.get(port, port if len(port) < 10 else "y"), label(spec), spec.dtype)
        if facts is not None and facts.weights:
            self._weights(tr("Weights"), LayerWeights(self._document, node.id, facts.weights), asked)
        elif result.calls and not node.use and any(weights_in(self._document.context(), node.id, every=True)):
            self._weights(tr("Tied inside"), WeightsInside(self._document, node.id), asked)
        self._figures(result)

    def _weights(self, title: str, rows: WeightRows, asked: Any) -> None:
        self._facts.addWidget(caption(title))
        self._facts.addWidget(rows)
        self.weights = rows
        if asked is not None and asked in rows.buttons:
            rows.buttons[asked].setFocus()

    def _figures(self, result: Result) -> None:
        now = self._document.figures()
        totals = result.totals
        params, macs = totals.trainable + totals.frozen, totals.macs
        rows = [(tr("Parameters"), params, now.params), ("MACs", macs, now.macs)]
        rows = [row for row in rows if isinstance(row[1], int) and row[1]]
        if rows:
            self._facts.addWidget(caption(tr("Figures")))
        for name, value, whole in rows:
            share = int(value) / max(1, whole)  # type: ignore[arg-type]
            self._fact(name, short(int(value)), percent(share), mono=False, share=share)

    def _fact(self, name: str, value: str, note: str, *, mono: bool = True, share: float | None = None) -> None:
        row = QFrame()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        left, middle, right = QLabel(name), QLabel(value), QLabel(note)
        dress(left, font="mono" if mono else "small", ink="ink2")
        dress(middle, font="mono")
        dress(right, font="mono_small", ink="ink3")
        left.setMinimumWidth(88)
        middle.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(left)
        layout.addWidget(middle)
        if share is None:
            layout.addStretch()
        else:
            middle.setMinimumWidth(themes.current.px(72))
            layout.addWidget(ShareBar(share), 1)
            right.setMinimumWidth(themes.current.px(44))
            right.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.addWidget(right)
        self._facts.addWidget(row)

    # Applying ------------------------------------------------------------------------------------------------

    def _apply(self, name: str, value: Any) -> str:
        """Set a parameter of the node."""
        graph, node = self._document.graph, self.node
        if node is None:
            return ""
        # Each keystroke is seen at once; a word typed into one field is one step to undo.
        typed = f"{graph.key} {node.id} {name} {self._sitting}" if self.form and self.form.editors[name].typed else ""
        try:
            with self._document.history.merging(typed), graph.project.editing(f"Set {name} of {node.name}"):
                edits.set_params(graph, node.id, {name: value})
        except EditError as error:
            return str(error)
        return ""

    def _rename(self) -> None:
        node, graph = self.node, self._document.graph
        if node is not None and self.name.text().strip() != node.name:
            text = self.name.text().strip()
            if not self._document.edit(lambda: edits.rename(graph, node.id, text)):
                self.name.set_value(node.name)
