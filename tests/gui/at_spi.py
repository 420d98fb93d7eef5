"""Reads the window as a screen reader does, over AT-SPI: run under dbus-run-session, prints one line of JSON.

The window runs in a process of its own on a virtual display; what is read comes through the bus only.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

Ref = tuple[str, str]  # the name on the bus, the object's path
ACCESSIBLE = "org.a11y.atspi.Accessible"

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QSocketNotifier
from designer.application import application
from designer.settings import Settings
from designer.window import MainWindow
app = application()
window = MainWindow(Settings(Path(sys.argv[1], "settings.ini")), lambda files: files.new_from_template("lenet"))
window.files.may_leave = lambda: True
window.canvas.motion = False
window.resize(1400, 900)
window.show()
window.activateWindow()
window.outline.tree.expandAll()
def remove():
    sys.stdin.readline()
    window.verbs.remove(window.document.selection, True)
told = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
told.activated.connect(remove)
app.exec()
"""


class Bus:
    """Calls on the accessibility bus."""

    def __init__(self) -> None:
        told = self._run("--session", "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus.GetAddress")
        self.address: str = told[0]

    def call(self, ref: Ref, method: str, *args: str) -> Any:
        """A method's answer as Python values."""
        return self._run("--address=" + self.address, ref[0], ref[1], method, *args)

    def get(self, ref: Ref, name: str) -> Any:
        """A property of an accessible object."""
        return self.call(ref, "org.freedesktop.DBus.Properties.Get", ACCESSIBLE, name)[0]

    def children(self, ref: Ref) -> list[Ref]:
        """The objects under one."""
        return [(name, path) for name, path in self.call(ref, f"{ACCESSIBLE}.GetChildren")[0]]

    def role(self, ref: Ref) -> str:
        """What kind of object it is, in words."""
        return str(self.call(ref, f"{ACCESSIBLE}.GetRoleName")[0])

    def find(self, ref: Ref, name: str, role: str, deep: int = 12) -> Ref | None:
        """The first object of that name and role under one; what is not there is looked past."""
        for child in self.children(ref):
            if self.get(child, "Name") == name and self.role(child) == role:
                return child
            found = self.find(child, name, role, deep - 1) if deep else None
            if found is not None:
                return found
        return None

    def _run(self, bus: str, name: str, path: str, method: str, *args: str) -> Any:
        command = ["gdbus", "call", bus, "--dest", name, "--object-path", path, "--method", method, *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode:
            raise RuntimeError(f"{method} of {path}: {done.stderr}")
        return parsed(done.stdout)


def parsed(text: str) -> Any:
    """What gdbus prints, as Python values: its words for types are taken out, strings are left alone."""
    parts = re.split(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", text.strip())
    for k in range(0, len(parts), 2):
        bare = re.sub(r"\b(objectpath|uint32|int32|uint64|int64|byte)\s+|@\S+\s+", "", parts[k])
        parts[k] = re.sub(r"[<>]", "", bare).replace("true", "True").replace("false", "False")
    return ast.literal_eval("".join(parts))


def display() -> tuple[subprocess.Popen[bytes], str]:
    """A virtual display, and its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1500x1000x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    return server, f":{number}"


def application_of(bus: Bus, process: subprocess.Popen[bytes]) -> Ref:
    """The window's application, once the registry has it."""
    registry = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the window ended with {process.returncode}")
        apps = bus.children(registry)
        if apps and bus.children(apps[0]) and bus.find(apps[0], "Drawing", "list"):
            return apps[0]
        time.sleep(0.3)
    raise RuntimeError("the window did not come onto the bus")


def main() -> None:
    """Start a display and the window, read, and say what was found."""
    folder = Path(sys.argv[1])
    server, screen = display()
    env = os.environ | {
        "DISPLAY": screen,
        "QT_QPA_PLATFORM": "xcb",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        "XDG_DATA_HOME": str(folder),
    }
    command = [sys.executable, "-c", WINDOW, str(folder)]
    window = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        bus = Bus()
        app = application_of(bus, window)
        canvas = bus.find(app, "Drawing", "list")
        outline = bus.find(app, "Outline", "tree")
        assert canvas is not None
        assert outline is not None
        plates = bus.children(canvas)
        seen = []
        for plate in plates:
            box = bus.call(plate, "org.a11y.atspi.Component.GetExtents", "1")[0]
            seen.append((bus.get(plate, "Name"), bus.role(plate), box, bus.get(plate, "Description")))
        end = time.monotonic() + 30
        while len(bus.children(outline)) < len(plates) and time.monotonic() < end:
            time.sleep(0.1)  # rows are laid out a little after the drawing
        rows = [bus.get(row, "Name") for row in bus.children(outline)]
        actions = [a[0] for a in bus.call(plates[1], "org.a11y.atspi.Action.GetActions")[0]]
        bus.call(plates[1], "org.a11y.atspi.Action.DoAction", str(actions.index("Press")))
        chosen = bus.call(canvas, "org.a11y.atspi.Selection.GetSelectedChild", "0")[0]
        pressed = bus.get(tuple(chosen), "Name")
        assert window.stdin is not None
        window.stdin.write(b"remove\n")
        window.stdin.flush()
        end = time.monotonic() + 30
        while len(bus.children(canvas)) == len(plates) and time.monotonic() < end:
            time.sleep(0.1)
        told = {
            "canvas": [bus.get(canvas, "Name"), bus.role(canvas)],
            "plates": seen,
            "outline": [bus.get(outline, "Name"), *rows],
            "pressed": pressed,
            "left": [bus.get(plate, "Name") for plate in bus.children(canvas)],
        }
        print(json.dumps(told))
    finally:
        window.kill()
        server.kill()


if __name__ == "__main__":
    main()
