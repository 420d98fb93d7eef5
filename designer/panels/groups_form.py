"""Parameter groups of the optimizer: a card for each, in the order in which they are asked, and what it matches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from designer.controls import box
from designer.document import Document
from designer.numbers import exact
from designer.panels.forms import FieldEditor, TextEditor, add_row, editor_of, form_layout
from designer.style import dress
from designer.theme import themes
from designer.widgets.labels import Text, button
from designer.words import told, tr
from graph_core import EditError
from graph_core.groups import GROUP, Share, groups_of, parameters_of, share_out
from graph_core.optimizers import KINDS, kind_of
from graph_core.propagate import engine_of
from graph_core.setup_edits import add_group, move_group, remove_group, set_group

_SHOWN = ("match", "role", "frozen")  # fields that every card shows; others once they are given


class GroupCard(QWidget):
    """One group: what it matches, what it does with it, and the buttons that move it and take it away."""

    def __init__(self, form: GroupsForm, place: int, count: int, group: Mapping[str, Any], kind: str) -> None:
        super().__init__()
        self._form, self._place = form, place
        self.setAccessibleName(tr("Group {place}", place=place + 1))
        base = KINDS[kind]
        own = kind_of(group) if "kind" in group else base
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.setSpacing(5)
        layout.addLayout(self._head(count))
        self._rows = form_layout()
        self.editors: dict[str, FieldEditor] = {}
        for name in _SHOWN:
            self._add_editor(name, GROUP[name])
        match = self.editors["match"]
        if isinstance(match, TextEditor):
            match.entry.setPlaceholderText(tr("every path"))
        self.kind: QComboBox | None = None
        self.more: QPushButton | None = None
        if base.grouped and group.get("frozen") is not True:
            self._add_kind(kind, own.name, "kind" in group)
            for name, field in own.fields.items():
                if name in group:
                    self._add_editor(name, field, removable=True)
            self._add_more([name for name in own.fields if name not in group])
        layout.addLayout(self._rows)

    def _head(self, count: int) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(Text(tr("Group {place}", place=self._place + 1), "small_strong", "ink2"))
        self.count = Text("", "mono_small", "ink3")
        row.addSpacing(8)
        row.addWidget(self.count, 1)
        number = self._place + 1
        self.up = self._mover("↑", tr("Move group {number} up", number=number), self._place > 0, -1)
        self.down = self._mover("↓", tr("Move group {number} down", number=number), number < count, 1)
        self.remove = button("", "ui_x", quiet=True, small=True, tip=tr("Remove group {number}", number=number))
        self.remove.clicked.connect(lambda: self._form.do(remove_group, self._place))
        for made in (self.up, self.down, self.remove):
            dress(made, width=24)
            row.addWidget(made)
        return row

    def _mover(self, sign: str, tip: str, enabled: bool, step: int) -> QPushButton:
        made = button(sign, quiet=True, small=True, tip=tip)
        made.setAccessibleName(tip)
        made.setEnabled(enabled)
        made.clicked.connect(lambda: self._form.do(move_group, self._place, self._place + step))
        return made

    def _add_editor(self, name: str, field: Any, *, removable: bool = False) -> None:
        editor = self.editors[name] = editor_of(field, self._apply)
        if not removable:
            add_row(self._rows, name, editor)
            return
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(editor, 1)
        away = button(
            "",
            "ui_x",
            quiet=True,
            small=True,
            tip=tr("Take {name} out of group {place}", name=name, place=self._place + 1),
        )
        dress(away, width=24)
        away.clicked.connect(lambda: self._apply(name, None))
        row.addWidget(away)
        add_row(self._rows, name, holder)

    def _add_kind(self, base: str, now: str, own: bool) -> None:
        """Which optimizer steps the group; the network's where it names none."""
        choice = self.kind = QComboBox()
        choice.addItem(tr("{kind}, as the rest", kind=base), "")
        for name, kind in KINDS.items():
            if kind.grouped and name != base:
                choice.addItem(name, name)
        choice.setCurrentIndex(max(choice.findData(now), 0) if own else 0)
        choice.setAccessibleName("kind")
        choice.setToolTip(told(GROUP["kind"].help))
        dress(choice, font="mono")
        choice.activated.connect(lambda at: self._apply("kind", choice.itemData(at) or None))
        add_row(self._rows, "kind", choice)

    def _add_more(self, names: list[str]) -> None:
        """A menu of the fields that the group does not give yet."""
        self.more = button(
            tr("Give a field…"), small=True, tip=tr("A field in which this group differs from the rest.")
        )
        menu = QMenu(self.more)
        for name in names:
            menu.addAction(name, partial(self._form.give, self._place, name))
        self.more.setMenu(menu)
        self.more.setEnabled(bool(names))
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch()
        self._rows.addRow("", row)

    def _apply(self, name: str, value: Any) -> str:
        if name in ("match", "role", "frozen") and value in ([], "any", False):
            value = None  # which is what a group means that does not say it
        return self._form.set_field(self._place, name, value, typed=name in self.editors and self.editors[name].typed)

    def show_group(self, group: Mapping[str, Any], share: Share, matched: int) -> None:
        """Show the group as it is, and how many parameters it gets."""
        for name, editor in self.editors.items():
            default = editor.field.default
            editor.show_value(group.get(name, list(default) if isinstance(default, tuple) else default))
        tensors = len(share.parameters)
        if tensors:
            self.count.setText(
                f"{tr('1 tensor') if tensors == 1 else tr('{count} tensors', count=tensors)} · {exact(share.numel)}"
            )
        else:
            self.count.setText(tr("matches nothing") if not matched else tr("earlier groups take all"))
        dress(self.count, ink="ink3" if tensors else "error" if not matched else "warn")

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card with a hairline round it."""
        theme, painter = themes.current, QPainter(self)
        box(painter, self.rect(), theme.radius("field"), None, QPen(theme.color("line2"), 1))
        painter.end()


class GroupsForm(QWidget):
    """The cards in their order, and a button for one more; every change is one edit of the document."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._key: Any = None
        self._sitting = 0
        self.cards: list[GroupCard] = []
        self._cards = QVBoxLayout()
        self._cards.setSpacing(6)
        self.add = button(
            tr("Add a group"), "ui_plus", small=True, tip=tr("Other fields, or none, for some parameters.")
        )
        self.add.clicked.connect(lambda: self.do(add_group))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._cards)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch()
        layout.addLayout(row)

    def refresh(self) -> None:
        """Show the document as of now; editors stay while the groups keep their fields."""
        document = self._document
        optimizer = document.project.setup(document.network).get("optimizer", {})
        groups, kind = groups_of(optimizer), kind_of(optimizer).name
        key = (id(document.project), document.network, kind, tuple(_structure(group) for group in groups))
        if key != self._key:
            self._key = key
            self._rebuild(groups, kind)
        if not groups:
            return
        parameters = parameters_of(engine_of(document.project).root(document.network))
        shares = share_out(optimizer, parameters)
        for card, group, share in zip(self.cards, groups, shares, strict=False):
            alone = share.parameters or share_out({"groups": [group]}, parameters)[0].parameters
            card.show_group(group, share, len(alone))

    def _rebuild(self, groups: list[Mapping[str, Any]], kind: str) -> None:
        self._sitting += 1
        for card in self.cards:
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [GroupCard(self, place, len(groups), group, kind) for place, group in enumerate(groups)]
        for card in self.cards:
            self._cards.addWidget(card)

    def do(self, change: Callable[..., Any], *given: Any) -> None:
        """Make an edit of the set-up; a refusal is told where refusals are."""
        document = self._document
        document.edit(lambda: change(document.project, document.network, *given))

    def set_field(self, place: int, name: str, value: Any, *, typed: bool) -> str:
        """Set a field of a group (None: not given); a word typed into one field is one step to undo."""
        document = self._document
        try:
            with document.history.merging(f"group {place} {name} {self._sitting}" if typed else ""):
                set_group(document.project, document.network, place, {name: value})
        except EditError as error:
            return str(error)
        return ""

    def give(self, place: int, name: str) -> None:
        """Let a group give a field, at first with the value that holds for it now."""
        document = self._document
        optimizer = document.project.setup(document.network).get("optimizer", {})
        value = share_out(optimizer, [])[place].values[name]
        self.do(set_group, place, {name: value})


def _structure(group: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a card's rows depend on."""
    return (group.get("kind"), group.get("frozen") is True, *sorted(name for name in group if name not in _SHOWN))
