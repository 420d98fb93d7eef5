"""Tells a freedesktop.org desktop about Netwright: menu entry, file type and icons, for the user who asks.

All is put under ``$XDG_DATA_HOME``. Specifications: Desktop Entry 1.5, Shared MIME-info 0.21, Icon Theme 0.13.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

from codegen.files import write_atomic

MIME = "application/x-netwright"
_ENTRY = """[Desktop Entry]
Type=Application
Version=1.5
Name=Netwright
GenericName=Neural network designer
GenericName[zh_CN]=神经网络设计器
Comment=Design neural networks by drawing them
Comment[zh_CN]=用画图的方式设计神经网络
Exec={command} %f
Icon=netwright
Terminal=false
Categories=Science;ArtificialIntelligence;Development;
MimeType={mime};
StartupNotify=true
StartupWMClass=netwright
"""
_TYPE = """<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{mime}">
    <comment>Netwright drawing</comment>
    <comment xml:lang="zh_CN">Netwright 绘图</comment>
    <sub-class-of type="application/json"/>
    <icon name="{icon}"/>
    <glob pattern="*.netw"/>
  </mime-type>
</mime-info>
"""
_ICON = "application-x-netwright"


def files(home: Path) -> dict[Path, bytes]:
    """What is put where under the data home."""
    icon = (resources.files("assets") / "icon.svg").read_bytes()
    scalable = home / "icons" / "hicolor" / "scalable"
    return {
        home / "applications" / "netwright.desktop": _ENTRY.format(command=command(), mime=MIME).encode(),
        home / "mime" / "packages" / "netwright.xml": _TYPE.format(mime=MIME, icon=_ICON).encode(),
        scalable / "apps" / "netwright.svg": icon,
        scalable / "mimetypes" / f"{_ICON}.svg": icon,
    }


def install() -> int:
    """Write the files, those that are there already anew; 0 done, 1 not possible, told in one sentence."""
    home = _home()
    if home is None:
        return _not_here()
    try:
        for path, content in files(home).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content)
            print(path)
    except OSError as error:
        return _failed(home, error)
    _tell_desktop(home)
    return 0


def uninstall() -> int:
    """Remove what `install` wrote, whatever of it is there."""
    home = _home()
    if home is None:
        return _not_here()
    try:
        for path in files(home):
            if path.exists():
                path.unlink()
                print(f"removed {path}")
    except OSError as error:
        return _failed(home, error)
    _tell_desktop(home)
    return 0


def command() -> str:
    """How a menu entry starts this Netwright: the command beside the interpreter, or the interpreter itself."""
    script = Path(sys.executable).with_name("netwright")
    if script.is_file() and os.access(script, os.X_OK):
        return quoted(str(script))
    return f"{quoted(sys.executable)} -m designer.command"


def quoted(word: str) -> str:
    """One argument of an Exec key: quoted, then escaped as every string of the file is."""
    inner = "".join(f"\\{sign}" if sign in '"`$\\' else sign for sign in word)
    return f'"{inner}"'.replace("\\", "\\\\").replace("%", "%%")


def _home() -> Path | None:
    if os.name != "posix" or sys.platform == "darwin":
        return None
    given = os.environ.get("XDG_DATA_HOME", "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "share"


def _tell_desktop(home: Path) -> None:
    """Have the desktop's caches made anew; where it has none of these, it reads the files themselves."""
    for line in (
        ("update-mime-database", home / "mime"),
        ("update-desktop-database", home / "applications"),
        ("gtk-update-icon-cache", "-q", "-t", "-f", home / "icons" / "hicolor"),
    ):
        if found := shutil.which(line[0]):
            subprocess.run([found, *map(str, line[1:])], capture_output=True, timeout=60, check=False)


def _not_here() -> int:
    print("netwright: This system has no freedesktop.org menu; its own installer makes the entry.", file=sys.stderr)
    return 1


def _failed(home: Path, error: OSError) -> int:
    where = error.filename or home
    print(f"netwright: {where} cannot be changed: {error.strerror or error}.", file=sys.stderr)
    return 1
