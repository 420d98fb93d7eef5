"""Files in the window: what cannot be read is told in one sentence, and the open document stays as it was."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest

from graph_core import dumps
from graph_core.templates import open_template
from tests.gui.window_rig import WindowRig

LENET = dumps(open_template("lenet"))
BAD = {
    "cut": (LENET[: len(LENET) // 2], "The JSON is broken"),
    "noise": ("\x00\x01\x02", "The JSON is broken"),
    "nothing": ("", "The JSON is empty"),
    "deep": ("[" * 100_000, "nested too deep"),
    "list": ("[]", "The file holds a list"),
    "nan": ('{"netw": 1, "graphs": NaN}', "NaN is no number"),
    "twice": (LENET.replace('"netw": 1', '"netw": 1, "netw": 1', 1), "stands twice"),
    "bare": ('{"netw": 1}', "holds no network"),
    "later": ('{"netw": 99999}', "holds no network"),
}


def test_a_file_that_cannot_be_read_leaves_the_open_document(rig: WindowRig, tmp_path: Path):
    rig.window.files.new_from_template("lenet")
    rig.document.mark_saved()
    rig.graph.set(rig.node("conv1").id, out_channels=20)
    rig.window.files.may_leave = lambda: True  # the user lets the change go, and the file turns out to be bad
    before, name, undo = rig.bytes(), rig.document.name, rig.document.history.undo_title
    said: list[str] = []
    rig.window.files.said.connect(said.append)
    for kind, (text, sentence) in BAD.items():
        path = tmp_path / f"{kind}.netw"
        path.write_text(text, encoding="utf-8")
        assert not rig.window.files.open(path)
        QTest.qWait(1)
        assert said[-1].startswith(f"{kind}.netw: ")
        assert sentence in said[-1]
        assert "\n" not in said[-1]
        assert (rig.bytes(), rig.document.name, rig.document.history.undo_title) == (before, name, undo)
    assert len(said) == len(BAD)
    rig.document.undo()
    assert rig.node("conv1").params["out_channels"] == 16
