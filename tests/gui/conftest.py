"""Widgets as the window shows them: in the house's style, in a theme that the test chooses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from designer import style
from designer.theme import themes

_held: list[QWidget] = []


def hold(widget: QWidget) -> None:
    """Keep a window until the next test, so that it is closed before Python takes it apart."""
    _held.append(widget)


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


@pytest.fixture(params=["light", "dark"])
def both(request: pytest.FixtureRequest, house: QApplication) -> str:
    """Each of the themes in turn."""
    themes.choose(request.param)
    return request.param
