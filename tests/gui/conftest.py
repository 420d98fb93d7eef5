"""Widgets as the window shows them: in the house's style, in a theme that the test chooses."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from designer import style
from designer.garbage import OnThisThread
from designer.theme import themes
from tests.gui.window_rig import WindowRig

PATIENCE_MS = 60_000
_held: list[QWidget] = []


def hold(widget: QWidget) -> None:
    """Keep a window until the next test, so that it is closed before Python takes it apart."""
    _held.append(widget)


@pytest.fixture(scope="package", autouse=True)
def collected_here(qapp: QApplication) -> Iterator[None]:
    """As under the application, no thread that works beside a window takes apart what Qt made."""
    keeper = OnThisThread(qapp)
    yield
    keeper.deleteLater()
    gc.enable()


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """A bot that waits as long as a busy machine may need; what comes sooner is gone on with at once."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitExposed", "waitActive"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MS))
    return qtbot


@pytest.fixture(autouse=True)
def tidied() -> Iterator[None]:
    """Now and then everything is collected: the windows of tests that are over, too."""
    yield
    if gc.get_count()[2] > gc.get_threshold()[2]:
        gc.collect()


@pytest.fixture
def house(qapp: QApplication) -> Iterator[QApplication]:
    """The application in our style and the light theme at 100 %; given back as it was found."""
    _held.clear()
    style.install(qapp)
    themes.set_scale(1.0)
    themes.choose("light")
    yield qapp
    for widget in _held:
        widget.hide()  # who is kept alive by a signal would lie over the next test's window
    themes.set_still(False)
    themes.set_scale(1.0)
    themes.choose("light")


@pytest.fixture
def rig(qtbot: QtBot, house: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WindowRig:
    """The whole window, with data and settings of its own; a file's own `rig` may take this one and open something."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    return WindowRig(qtbot, tmp_path)


@pytest.fixture(params=["light", "dark"])
def both(request: pytest.FixtureRequest, house: QApplication) -> str:
    """Each of the themes in turn."""
    themes.choose(request.param)
    return request.param
