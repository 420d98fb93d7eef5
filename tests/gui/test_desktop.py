"""The menu entry, the file type and the icons, in a home of the test's own."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from designer.command import main
from designer.desktop import MIME, quoted
from tests.house.source import ROOT

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no freedesktop.org desktop")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share"


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a folder, caches that the desktop's own tools make left out."""
    ours = ("netwright.desktop", "netwright.xml", "netwright.svg", "application-x-netwright.svg")
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.name in ours}


def test_installing_twice_is_installing_once_and_nothing_is_left_after(home: Path, capsys):
    assert main(["--install-desktop"]) == 0
    first = contents(home)
    assert set(first) == {
        "applications/netwright.desktop",
        "mime/packages/netwright.xml",
        "icons/hicolor/scalable/apps/netwright.svg",
        "icons/hicolor/scalable/mimetypes/application-x-netwright.svg",
    }
    assert str(home / "applications/netwright.desktop") in capsys.readouterr().out
    assert main(["--install-desktop"]) == 0
    assert contents(home) == first
    (home / "applications/other.desktop").write_text("[Desktop Entry]\n")
    assert main(["--uninstall-desktop"]) == 0
    assert contents(home) == {}
    assert (home / "applications/other.desktop").exists()
    assert main(["--uninstall-desktop"]) == 0


def test_the_entry_starts_this_netwright(home: Path):
    main(["--install-desktop"])
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(home / "applications/netwright.desktop", encoding="utf-8")
    values = entry["Desktop Entry"]
    assert values["MimeType"] == f"{MIME};"
    assert values["Icon"] == "netwright"
    *command, field = shlex.split(values["Exec"])
    assert field == "%f"
    done = subprocess.run([*command, "--version"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("netwright ")
    if validator := shutil.which("desktop-file-validate"):
        found = subprocess.run(
            [validator, str(home / "applications/netwright.desktop")], capture_output=True, check=False
        )
        assert found.returncode == 0, found.stdout


def test_a_drawing_has_its_type(home: Path):
    main(["--install-desktop"])
    tree = ElementTree.parse(home / "mime/packages/netwright.xml")
    assert [one.get("pattern") for one in tree.iter() if one.tag.endswith("glob")] == ["*.netw"]
    ask = "from PySide6.QtCore import *; t = QMimeDatabase().mimeTypeForFile('a.netw'); print(t.name(), t.iconName())"
    done = subprocess.run(
        [sys.executable, "-c", ask], env={**os.environ}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == [MIME, "application-x-netwright"], done.stderr


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/usr/bin/netwright", '"/usr/bin/netwright"'),
        ("/a b/netwright", '"/a b/netwright"'),
        ("/100%/n", '"/100%%/n"'),
        ("/$x/`y`", r'"/\\$x/\\`y\\`"'),
        ("/a\\b", r'"/a\\\\b"'),
    ],
)
def test_odd_places_are_quoted(word: str, written: str):
    assert quoted(word) == written


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert main(["--install-desktop"]) == 1
    assert "cannot be changed" in capsys.readouterr().err
    assert main(["--install-desktop", "x"]) == 2
    assert "takes nothing after it" in capsys.readouterr().err
