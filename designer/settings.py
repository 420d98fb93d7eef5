"""What the window remembers between sessions: recent files, theme, layout. A plain ini in the user's own folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

KEPT = 12
CONTRASTS: Mapping[str, bool | None] = {"high": True, "normal": False, "system": None}


def data_folder() -> Path:
    """Where what the window keeps for its user lies: runs, and the weights that drawings refer to."""
    import platformdirs

    return Path(platformdirs.user_data_dir("netwright"))


def weights_store() -> Path:
    """Where weights are kept by their hash: see graph_core.kept."""
    return data_folder() / "weights"


class Settings:
    """Wraps QSettings; `path` is for tests and portable use."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "netwright", "netwright")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def recent(self) -> list[Path]:
        """Files opened or saved last, newest first, those that are still there."""
        stored = self._store.value("recent", [])
        names = [stored] if isinstance(stored, str) else list(stored or [])  # type: ignore[call-overload]
        return [path for path in map(Path, names) if path.is_file()]

    def remember(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        path = path.absolute()
        names = [str(path), *(str(other) for other in self.recent() if other != path)]
        self._store.setValue("recent", names[:KEPT])

    @property
    def theme(self) -> str:
        """light, dark or system."""
        value = str(self._store.value("theme", "system"))
        return value if value in ("light", "dark", "system") else "system"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def contrast(self) -> str:
        """high, normal or system."""
        value = str(self._store.value("contrast", "system"))
        return value if value in CONTRASTS else "system"

    @contrast.setter
    def contrast(self, name: str) -> None:
        self._store.setValue("contrast", name)

    @property
    def still(self) -> bool:
        """Whether nothing moves on the screen."""
        return bool(self._store.value("still", False, bool))

    @still.setter
    def still(self, still: bool) -> None:
        self._store.setValue("still", still)

    @property
    def language(self) -> str:
        """system, or one of designer.words.LANGUAGES; anything else is as the system."""
        return str(self._store.value("language", "system"))

    @language.setter
    def language(self, name: str) -> None:
        self._store.setValue("language", name)

    def keys(self) -> dict[str, str]:
        """The keys that a person gave to commands, by the commands' names; what is no such table is none."""
        try:
            found = json.loads(str(self._store.value("keys", "{}")))
        except ValueError:
            return {}
        return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}

    def keep_keys(self, keys: Mapping[str, str]) -> None:
        """Remember the keys of commands."""
        self._store.setValue("keys", json.dumps(dict(keys)))

    @property
    def text_size(self) -> float:
        """Of the panels, 1.0 = 100 %; what is no number is that."""
        try:
            return float(str(self._store.value("text_size", 1.0)))
        except ValueError:
            return 1.0

    @text_size.setter
    def text_size(self, scale: float) -> None:
        self._store.setValue("text_size", scale)

    @property
    def toured(self) -> bool:
        """Whether the tour was begun once."""
        return bool(self._store.value("toured", False, bool))

    @toured.setter
    def toured(self, begun: bool) -> None:
        self._store.setValue("toured", begun)

    def layout(self) -> tuple[QByteArray | None, QByteArray | None]:
        """The window's geometry and docks, where they were kept."""
        found = self._store.value("geometry"), self._store.value("docks")
        return tuple(value if isinstance(value, QByteArray) else None for value in found)  # type: ignore[return-value]

    def keep_layout(self, geometry: QByteArray, docks: QByteArray) -> None:
        """Keep the window's geometry and docks."""
        self._store.setValue("geometry", geometry)
        self._store.setValue("docks", docks)
