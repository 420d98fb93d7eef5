"""What the inspector shows of several nodes: the parameters that all of them have, set for all as one edit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import short
from designer.panels.forms import FieldForm, caption, fields_of
from designer.style import dress
from designer.words import tr
from graph_core import EditError, edits
from graph_core.fields import Field
from graph_core.finding import parameters, type_name


class SeveralForm(QWidget):
    """Fields that all have, under one name and of one kind; where values differ it says mixed."""

    def __init__(self, document: Document, ids: tuple[str, ...]) -> None:
        super().__init__()
        self._document, self._graph, self._ids = document, document.graph, ids
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.heading, self.types, self.figures = QLabel(), QLabel(), QLabel()
        dress(self.heading, font="title")
        self.types.setWordWrap(True)
        dress(self.types, font="mono_small", ink="ink3")
        dress(self.figures, font="small", ink="ink2")
        common = self._common()
        self.form = FieldForm(common, self._apply)
        layout.addWidget(self.heading)
        layout.addWidget(self.types)
        layout.addWidget(self.figures)
        layout.addWidget(caption(tr("Parameters of all")))
        layout.addWidget(self.form)
        if not self.form.editors:
            none = QLabel(tr("They have none in common; select nodes of one type."))
            none.setWordWrap(True)
            dress(none, font="small", ink="ink3")
            layout.addWidget(none)
        layout.addStretch()

    def _common(self) -> dict[str, Field[Any]]:
        one_of_each = {self._graph.nodes[id].type: self._graph.nodes[id] for id in self._ids}
        tables = [fields_of(self._graph, node) for node in one_of_each.values()]
        first = tables[-1]
        return {
            name: field
            for name, field in first.items()
            if field.kind not in ("fixed", "code", "text")
            and all(name in table and type(table[name]) is type(field) for table in tables)
            and all(getattr(table[name], "length", 0) == getattr(field, "length", 0) for table in tables)
        }

    def show_nodes(self, ids: tuple[str, ...]) -> None:
        """Show nodes of the same types as of now; what is being typed stays."""
        self._ids = ids
        nodes = [self._graph.nodes[id] for id in ids]
        project = self._graph.project
        counted = Counter(type_name(project, node.type) for node in nodes)
        self.heading.setText(tr("{count} nodes", count=len(nodes)))
        self.types.setText(", ".join(f"{count} {name}" for name, count in counted.most_common()))
        tables = [parameters(project, node) for node in nodes] if self.form.editors else []
        results = self._document.context().results
        for name, editor in self.form.editors.items():
            values = [_listed(table.get(name)) for table in tables]
            if all(value == values[0] and type(value) is type(values[0]) for value in values):
                result = results.get(nodes[-1].id)
                resolved = result.layer.values.get(name) if result and result.layer else None
                editor.show_value(values[0], resolved)
            else:
                editor.show_mixed()
        totals = [results[node.id].totals for node in nodes if node.id in results]
        count = sum(t.trainable + t.frozen for t in totals if isinstance(t.trainable + t.frozen, int))
        self.figures.setText(tr("{count} parameters together", count=short(int(count))) if count else "")

    def _apply(self, name: str, value: Any) -> str:
        """Set a parameter of all, as one edit; each keystroke is seen at once, a word is one step to undo."""
        graph = self._graph
        typed = f"{graph.key} {self._ids} {name} {id(self)}" if self.form.editors[name].typed else ""
        try:
            with (
                self._document.history.merging(typed),
                graph.project.editing(f"Set {name} of {len(self._ids)} nodes"),
            ):
                for node in self._ids:
                    edits.set_params(graph, node, {name: value})
        except EditError as error:
            return str(error)
        return ""


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
