"""Which key calls which command: the defaults, what a person made of them, and who has a key already."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence

from designer.actions import Actions
from designer.canvas.surface import Canvas
from designer.settings import Settings
from designer.words import told

Combo = tuple[int, int]

# What the canvas does with keys and mouse held together, which no command stands for: told in the list of keys.
BY_HAND = (
    ("Choose another plate along the wire", "Up, Down"),
    ("Choose a plate on the next branch", "Left, Right"),
    ("Extend the selection", "Shift+Arrows"),
    ("Walk without choosing, choose where one is", "Ctrl+Arrows, Ctrl+Space"),
    ("Nudge the selection", "Alt+Shift+Arrows"),
    ("Let go", "Esc"),
    ("Cut the wires that are crossed", "X held, drag"),
    ("Pan", "Space held, drag"),
    ("Copy", "Alt held, drag"),
    ("Move past wires", "Ctrl held, drag"),
)


class Keymap:
    """Applies keys to the actions, and to what the canvas itself listens for; remembers them in the settings."""

    def __init__(self, actions: Actions, canvas: Canvas, settings: Settings) -> None:
        self._actions, self._canvas, self._settings = actions, canvas, settings
        self._own: dict[str, str] = {text: key for text, key in settings.keys().items() if text in actions.commands}
        if self._own:
            self._apply()

    def default(self, text: str) -> str:
        """The key that a command comes with, in the form of a file; empty for none."""
        command = self._actions.commands[text]
        return command.key or command.shown_key

    def key(self, text: str) -> str:
        """The key of a command now."""
        return self._own.get(text, self.default(text))

    def is_own(self, text: str) -> bool:
        """Whether a person gave the command another key."""
        return text in self._own

    def owner(self, key: str, but: str) -> str:
        """The other command that has a key; empty where it is free."""
        wanted = QKeySequence(key)
        for text in self._actions.commands:
            if text != but and any(QKeySequence(part) == wanted for part in self.key(text).split(" | ") if part):
                return text
        return ""

    def assign(self, text: str, key: str) -> str:
        """Give a command a key, empty for none; whoever had it goes without. The command that it was taken from."""
        key = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
        loser = self.owner(key, text) if key else ""
        for name, value in ((loser, ""), (text, key)):
            if name:
                self._own[name] = value
                if value == self.default(name):
                    del self._own[name]
        self._apply()
        self._settings.keep_keys(self._own)
        return loser

    def reset(self, text: str = "") -> None:
        """Give a command its own key back, or all of them."""
        if text:
            self.assign(text, self.default(text).split(" | ")[0])
            self._own.pop(text, None)
        else:
            self._own = {}
        self._apply()
        self._settings.keep_keys(self._own)

    def _apply(self) -> None:
        rebound: dict[Combo, Combo | None] = {}
        for text, command in self._actions.commands.items():
            action, key, words = self._actions[text], self.key(text), told(text)
            if not command.shown_key:
                action.setShortcuts([QKeySequence(part) for part in key.split(" | ") if part])
                continue
            action.setText(f"{words}\t{key}" if key else words)
            if key != command.shown_key:
                was = _combo(command.shown_key)
                rebound.setdefault(was, None)
                if key:
                    rebound[_combo(key)] = was
        self._canvas.rebound = rebound


def _combo(key: str) -> Combo:
    found = QKeySequence(key)[0]
    return found.key().value, found.keyboardModifiers().value


def shown(key: str) -> str:
    """A key, or several, as this system writes them."""
    parts = (QKeySequence(part).toString(QKeySequence.SequenceFormat.NativeText) for part in key.split(" | ") if part)
    return ", ".join(parts)
