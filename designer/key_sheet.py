"""All commands with their keys: searchable, and each key can be changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.actions import Actions
from designer.focus import TabsAsRead
from designer.keymap import BY_HAND, Keymap, shown
from designer.style import dress
from designer.theme import themes
from designer.widgets import SearchField, Text
from designer.words import told, tr

_COMMAND = Qt.ItemDataRole.UserRole


class KeySheet(TabsAsRead, QDialog):
    """A table by menus. A chosen command takes the key that is pressed below; a key that is taken is told first."""

    def __init__(self, actions: Actions, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._keymap = actions, keymap
        self.setWindowTitle(tr("Keys"))
        self.resize(themes.current.px(560), themes.current.px(620))
        self.search = SearchField(tr("Search commands and keys"))
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Command"), tr("Key")])
        self.tree.setAccessibleName(tr("Commands and keys"))
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(themes.current.px(12))
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.entry = QKeySequenceEdit()
        self.entry.setMaximumSequenceLength(1)
        self.entry.setAccessibleName(tr("New key"))
        self.set, self.none, self.back = (
            QPushButton(tr("Set key")),
            QPushButton(tr("No key")),
            QPushButton(tr("Default")),
        )
        self.all_back = QPushButton(tr("Reset all keys"))
        self.said = Text(tr("Choose a command, then press its new key in the field below."), "small", "ink2")
        self.said.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(self.said)
        row = QHBoxLayout()
        row.addWidget(self.entry, 1)
        for button in (self.set, self.none, self.back, self.all_back):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._fill()
        self.search.textChanged.connect(self._filter)
        self.search.moved.connect(self._step)
        self.search.entered.connect(self.entry.setFocus)
        self.tree.currentItemChanged.connect(lambda *_: self._choose())
        self.tree.itemActivated.connect(lambda *_: self.entry.setFocus())
        self.entry.keySequenceChanged.connect(lambda _: self._look())
        self.set.clicked.connect(self._set)
        self.none.clicked.connect(lambda: self._give(""))
        self.back.clicked.connect(self._default)
        self.all_back.clicked.connect(self._reset)
        self._choose()
        self.search.setFocus()

    def _fill(self) -> None:
        menus: dict[str, QTreeWidgetItem] = {}
        for text, command in self._actions.commands.items():
            if command.menu not in menus:
                menus[command.menu] = self._caption(" › ".join(map(told, command.menu.split("/"))))
            item = QTreeWidgetItem(menus[command.menu], [told(text), ""])
            item.setData(0, _COMMAND, text)
            item.setFont(1, themes.current.mono_font(11.5))
            self._items[text] = item
        hand = self._caption(tr("On the canvas, with the mouse or the arrows"))
        for text, key in BY_HAND:
            QTreeWidgetItem(hand, [told(text), told(key)]).setFont(1, themes.current.mono_font(11.5))
        self.tree.expandAll()
        self._show_keys()

    def _caption(self, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [text, ""])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setFont(0, themes.current.ui_font("small_strong"))
        return item

    def _show_keys(self) -> None:
        for text, item in self._items.items():
            item.setText(1, shown(self._keymap.key(text)) + (" •" if self._keymap.is_own(text) else ""))

    @property
    def command(self) -> str:
        """The chosen command; empty for none."""
        item = self.tree.currentItem()
        return str(item.data(0, _COMMAND) or "") if item is not None else ""

    def choose(self, text: str) -> None:
        """Choose a command."""
        self.tree.setCurrentItem(self._items[text])

    def _choose(self) -> None:
        chosen = self.command
        for widget in (self.entry, self.none, self.back):
            widget.setEnabled(bool(chosen))
        self.entry.setKeySequence(QKeySequence(self._keymap.key(chosen).split(" | ")[0] if chosen else ""))
        self._look()

    def _typed(self) -> str:
        return self.entry.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _look(self) -> None:
        """Tell who has the key that was pressed."""
        chosen, key = self.command, self._typed()
        owner = self._keymap.owner(key, chosen) if chosen and key else ""
        self.set.setEnabled(bool(chosen and key and key != self._keymap.key(chosen)))
        self.set.setText(tr("Take the key") if owner else tr("Set key"))
        if owner:
            self._say(
                tr("{key} is the key of {owner}; take it, or press another.", key=shown(key), owner=owner), "warn"
            )
        elif chosen:
            self._say(tr("{chosen}: press its new key in the field below.", chosen=chosen))
        else:
            self._say(tr("Choose a command, then press its new key in the field below."))

    def _say(self, sentence: str, ink: str = "ink2") -> None:
        self.said.setText(sentence)
        dress(self.said, font="small", ink=ink)

    def _set(self) -> None:
        self._give(self._typed())

    def _give(self, key: str) -> None:
        chosen = self.command
        loser = self._keymap.assign(chosen, key)
        self._show_keys()
        self._choose()
        if loser:
            self._say(tr("{chosen} has {key} now; {loser} has no key.", chosen=chosen, key=shown(key), loser=loser))

    def _default(self) -> None:
        self._keymap.reset(self.command)
        self._show_keys()
        self._choose()

    def _reset(self) -> None:
        self._keymap.reset()
        self._show_keys()
        self._choose()

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        first = None
        for k in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(k)
            seen = 0
            for n in range(group.childCount()):
                item = group.child(n)
                text = f"{group.text(0)} {item.text(0)} {item.text(1)}".lower()
                fits = all(word in text for word in wanted)
                item.setHidden(not fits)
                seen += fits
                first = first or (item if fits else None)
            group.setHidden(not seen)
        if wanted and first is not None:
            self.tree.setCurrentItem(first)

    def _step(self, way: int) -> None:
        item = self.tree.currentItem()
        found = self.tree.itemBelow(item) if way > 0 else self.tree.itemAbove(item)
        if found is not None:
            self.tree.setCurrentItem(found)
