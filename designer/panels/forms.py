"""Form rows made from declared fields: one editor per kind, live while typing, the error beside the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from designer.entries import entry_text, is_expression, parse_entry
from designer.style import dress
from designer.widgets import ExpressionField, PairField, Toggle
from designer.words import told, tr
from graph_core import Graph, Node
from graph_core.fields import Choice, Field, FieldError, Flag, PerAxis
from graph_core.layer import layer_types

# What applies a value: (field name, value); returns the sentence of a refusal, or an empty text.
Apply = Callable[[str, Any], str]


MIXED = tr("mixed")


class AnyValue(Field[Any]):
    """A parameter of a block: whatever its graph makes of it."""

    kind = "value"
    takes = "a number, a word, or an expression"

    def check(self, value: Any) -> Any:
        return value


class FieldEditor(QWidget):
    """Edits one declared field. `show_value` takes the stored value and, for an expression, what it comes to."""

    edited = Signal(str, object)
    typed = False  # whether a value comes letter by letter
    wide = False  # whether it takes the whole width, below its name

    def __init__(self, field: Field[Any], apply: Apply) -> None:
        super().__init__()
        self.field = field
        self._apply = apply
        self._stored: Any = None
        self.error = QLabel()
        self.error.setWordWrap(True)
        self.error.hide()
        dress(self.error, font="small", ink="error")
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self.row)
        layout.addWidget(self.error)
        self.setToolTip(f"{told(field.help)} {told(f'It takes {field.takes}.')}".strip())

    def send(self, value: Any) -> None:
        """Apply a value and show what is wrong with it, if anything is."""
        self.complain(self._apply(self.field.name, value))

    def complain(self, sentence: str) -> None:
        """Show a sentence under the field, or take it away."""
        self.error.setText(told(sentence))
        self.error.setVisible(bool(sentence))

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """Show the stored value; ``resolved`` is what an expression comes to."""
        self._stored = value

    def show_mixed(self) -> None:
        """Several nodes are shown, with different values: what is chosen or typed becomes that of all."""

    def focus(self) -> None:
        """Take the keyboard focus."""
        self.setFocus()


class TextEditor(FieldEditor):
    """A number, a list or an expression as text; an expression shows ƒx before it and its value behind."""

    typed = True

    def __init__(self, field: Field[Any], apply: Apply) -> None:
        super().__init__(field, apply)
        self.entry = ExpressionField()
        self.entry.setAccessibleName(field.name)
        self.entry.set_hint(self.toolTip())
        self.setFocusProxy(self.entry)
        self.row.addWidget(self.entry, 1)
        self.entry.edited.connect(self._typed)

    def show_mixed(self) -> None:
        """See FieldEditor."""
        self.entry.set_value("")
        self.entry.set_result("")
        self.entry.setPlaceholderText(MIXED)

    def _typed(self, text: str) -> None:
        try:
            value = parse_entry(self.field, text)
        except FieldError as error:
            self.complain(str(error))
        else:
            self.send(value)
        self.entry.set_error(self.error.text())

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """See FieldEditor."""
        text = entry_text(value)
        self.entry.set_value(text)
        if not self.entry.hasFocus():
            self.complain("")
            self.entry.set_error("")
        formula = is_expression(value) and not self.field.textual
        shown = "" if not formula or resolved is None else self.field.show(resolved)
        self.entry.set_result(shown if shown != text else "")

    def focus(self) -> None:
        """See FieldEditor."""
        self.entry.setFocus()
        self.entry.selectAll()


class AxesEditor(FieldEditor):
    """One field for each spatial axis; while they are equal, typing in the first changes them all."""

    typed = True

    def __init__(self, field: PerAxis, apply: Apply) -> None:
        super().__init__(field, apply)
        self._length = field.length
        self.pair = PairField([""] * field.length, field.name)
        self.setFocusProxy(self.pair)
        self.row.addWidget(self.pair, 1)
        self.pair.edited.connect(self._typed)

    def show_mixed(self) -> None:
        """See FieldEditor."""
        self.pair.set_values([""] * self._length)
        for entry in self.pair.fields:
            entry.set_result("")
            entry.setPlaceholderText(MIXED)

    def _typed(self, texts: list[str]) -> None:
        try:
            same_text = len(set(texts)) == 1
            value = parse_entry(self.field, texts[0] if same_text else ", ".join(texts))
        except FieldError as error:
            self.complain(str(error))
        else:
            self.send(value)
        self.pair.set_error(self.error.text())

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """See FieldEditor."""
        parts = list(value) if isinstance(value, list | tuple) else [value] * self._length
        if len(parts) != self._length:
            parts = (parts * self._length)[: self._length]
        self.pair.set_values([entry_text(part) for part in parts])
        values = resolved if isinstance(resolved, tuple) and len(resolved) == self._length else (None,) * self._length
        for entry, part, known in zip(self.pair.fields, parts, values, strict=True):
            entry.set_result(str(known) if isinstance(part, str) and known is not None else "")

    def focus(self) -> None:
        """See FieldEditor."""
        self.pair.fields[0].setFocus()
        self.pair.fields[0].selectAll()


class FlagEditor(FieldEditor):
    """A switch with on or off beside it; an expression is edited as text behind it."""

    def __init__(self, field: Field[Any], apply: Apply) -> None:
        super().__init__(field, apply)
        self.box = Toggle()
        self.box.setAccessibleName(field.name)
        self.setFocusProxy(self.box)
        self.row.addWidget(self.box)
        self.row.addStretch()
        self.box.clicked.connect(lambda on: self.send(bool(on)))

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """See FieldEditor."""
        on = resolved if isinstance(value, str) else value
        self.box.setChecked(bool(on))
        self.box.setText(f"ƒx {value}" if isinstance(value, str) else (tr("off"), tr("on"))[bool(on)])

    def show_mixed(self) -> None:
        """See FieldEditor."""
        self.box.setChecked(False)
        self.box.setText(MIXED)

    def focus(self) -> None:
        """See FieldEditor."""
        self.box.setFocus()


class ChoiceEditor(FieldEditor):
    """One of several words."""

    def __init__(self, field: Choice, apply: Apply) -> None:
        super().__init__(field, apply)
        self.box = QComboBox()
        self.box.addItems(field.options)
        self.box.setAccessibleName(field.name)
        dress(self.box, font="mono")
        self.setFocusProxy(self.box)
        self.row.addWidget(self.box, 1)
        self.box.activated.connect(lambda place: self.send(self.box.itemText(place)))

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """See FieldEditor."""
        text = str(value)
        if self.box.findText(text) < 0:
            self.box.addItem(text)
        self.box.setCurrentText(text)

    def show_mixed(self) -> None:
        """See FieldEditor."""
        self.box.setPlaceholderText(MIXED)
        self.box.setCurrentIndex(-1)

    def focus(self) -> None:
        """See FieldEditor."""
        self.box.setFocus()


def editor_of(field: Field[Any], apply: Apply) -> FieldEditor:
    """The editor for a field of its kind."""
    if isinstance(field, Flag):
        return FlagEditor(field, apply)
    if isinstance(field, Choice):
        return ChoiceEditor(field, apply)
    if isinstance(field, PerAxis) and field.length > 1:
        return AxesEditor(field, apply)
    return TextEditor(field, apply)


class FieldForm(QWidget):
    """Rows for a set of fields; the labels are the parameters' names in mono. ``editors`` adds some, by kind."""

    def __init__(
        self, fields: Mapping[str, Field[Any]], apply: Apply, editors: Mapping[str, type[FieldEditor]] | None = None
    ) -> None:
        super().__init__()
        self.editors: dict[str, FieldEditor] = {}
        layout = form_layout(self)
        for name, field in fields.items():
            if field.kind == "fixed":
                continue
            special = (editors or {}).get(field.kind)
            self.editors[name] = special(field, apply) if special else editor_of(field, apply)
            if self.editors[name].wide:
                layout.addRow(self.editors[name])
            else:
                add_row(layout, name, self.editors[name])

    def show_values(self, stored: Mapping[str, Any], resolved: Mapping[str, Any]) -> None:
        """Show stored values, and what their expressions come to."""
        for name, editor in self.editors.items():
            default = editor.field.default
            editor.show_value(
                stored.get(name, list(default) if isinstance(default, tuple) else default), resolved.get(name)
            )


def fields_of(graph: Graph, node: Node) -> dict[str, Field[Any]]:
    """The fields of a layer's declaration, or of a block's parameters."""
    block = graph.project.graphs.get(node.type)
    if block is None:
        declaration = layer_types().get(node.type)
        return dict(declaration.fields) if declaration else {}
    found: dict[str, Field[Any]] = {}
    for name, param in block.params.items():
        found[name] = AnyValue(param.default, tr("A parameter of {block}.", block=block.name))
        found[name].name = name
    return found


def form_layout(parent: QWidget | None = None) -> QFormLayout:
    """A form with the labels at the left, as all panels have it."""
    layout = QFormLayout(parent) if parent is not None else QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(12)
    layout.setVerticalSpacing(5)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return layout


def add_row(layout: QFormLayout, name: str, widget: QWidget) -> QLabel:
    """A row with a name in mono."""
    label = QLabel(name)
    label.setMinimumWidth(88)
    label.setBuddy(widget)
    dress(label, font="mono", ink="ink2")
    layout.addRow(label, widget)
    return label


def caption(text: str) -> QLabel:
    """A group's caption."""
    label = QLabel(text)
    dress(label, font="small_strong", ink="ink2")
    label.setContentsMargins(0, 8, 0, 0)
    return label
