"""Every command of the window, once: its name, its key, what it does. Menus, shortcuts and search are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from designer.words import told, tr

# What a menu calls otherwise than the command.
ALSO = {
    "Open in place": "Open block in place, or close it",
    "Close in place": "Open block in place, or close it",
    "Open block": "Look into the block",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``menu`` is its menu, or ``Menu/Submenu``; ``key`` is a portable sequence or empty, ``shown_key``
    one that the canvas itself listens for. ``checked`` tells whether what it sets is so now: the menu marks it;
    of those with one name in ``one_of`` one is so at a time.
    """

    menu: str
    text: str
    run: Callable[[], object]
    key: str = ""
    canvas_only: bool = False
    shown_key: str = ""
    checked: Callable[[], bool] | None = None
    one_of: str = ""


class Actions:
    """The commands as actions, by English text; keys of ``canvas_only`` commands act while the canvas has the focus."""

    def __init__(
        self, window: QWidget, canvas: QWidget, menu_bar: QMenuBar, commands: list[Command | tuple[str, str]]
    ) -> None:
        self.by_text: dict[str, QAction] = {}
        self.commands: dict[str, Command] = {}
        menus: dict[str, QMenu] = {}
        groups: dict[str, QActionGroup] = {}
        for command in commands:
            if isinstance(command, tuple):
                menus[command[0]].addSeparator()
                continue
            menu = menus.get(command.menu)
            if menu is None:
                above, _, name = command.menu.rpartition("/")
                menu = menus[command.menu] = (menus[above] if above else menu_bar).addMenu(told(name))
                menu.aboutToShow.connect(self.mark)
            text = told(command.text)
            action = QAction(text, window)
            action.setCheckable(command.checked is not None)
            if command.one_of:
                group = groups.setdefault(command.one_of, QActionGroup(window))
                group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
                group.addAction(action)
            if command.key:
                action.setShortcuts([QKeySequence(part) for part in command.key.split(" | ")])
                everywhere = not command.canvas_only
                context = Qt.ShortcutContext.WindowShortcut if everywhere else Qt.ShortcutContext.WidgetShortcut
                action.setShortcutContext(context)
            elif command.shown_key:
                action.setText(f"{text}\t{command.shown_key}")
            action.triggered.connect(lambda _=False, run=command.run: (run(), self.mark()))
            menu.addAction(action)
            (canvas if command.canvas_only else window).addAction(action)
            self.by_text[command.text] = action
            self.commands[command.text] = command
        self.menus = menus
        self.mark()

    def mark(self) -> None:
        """Mark the commands whose state is so now; it may have changed by other ways than they."""
        for text, command in self.commands.items():
            if command.checked is not None:
                self.by_text[text].setChecked(command.checked())

    def tell_keys(self, menu: QMenu) -> None:
        """Put beside each entry of another menu the key of the command that is called so."""
        keys = {action.text().partition("\t")[0]: key_of(action) for action in self.by_text.values()}
        keys |= {tr(words): key_of(self.by_text[text]) for words, text in ALSO.items()}
        for action in menu.actions():
            if key := keys.get(action.text()):
                action.setText(f"{action.text()}\t{key}")

    def __getitem__(self, text: str) -> QAction:
        return self.by_text[text]


def key_of(action: QAction) -> str:
    """The key of a command as its menu shows it."""
    native = QKeySequence.SequenceFormat.NativeText
    return action.shortcut().toString(native) or action.text().partition("\t")[2]
