"""Widgets as the window shows them: in the house's style, in a theme that the test chooses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from designer import style
from designer.theme import themes


@pytest.fixture
def house(qapp: QApplication) -> Iterator[QApplication]:
    """The application in our style and the light theme at 100 %; given back as it was found."""
    style.install(qapp)
    themes.set_scale(1.0)
    themes.choose("light")
    yield qapp
    themes.set_still(False)
    themes.set_scale(1.0)
    themes.choose("light")


@pytest.fixture(params=["light", "dark"])
def both(request: pytest.FixtureRequest, house: QApplication) -> str:
    """Each of the themes in turn."""
    themes.choose(request.param)
    return request.param
