"""What goes from the store of weights, and what stays."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from designer import pruning
from designer.autosave import Session, State
from designer.document import Document
from designer.pruning import MONTH, WeightsStore
from designer.settings import Settings
from graph_core import Project, dumps, save
from graph_core.kept import refer


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightsStore:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("aa", "bb", "cc", "dd"):
        (folder / f"{name}.safetensors").write_bytes(b"")
    now = time.time()
    monkeypatch.setattr(pruning.time, "time", lambda: now + MONTH + 60)  # a month later
    fresh = folder / "dd.safetensors"
    os.utime(fresh, (now + MONTH, now + MONTH))
    return WeightsStore(folder)


def drawing(path: Path, hash: str) -> Path:
    project = Project.new("one")
    refer(project, hash)
    save(project, path)
    return path


def left(store: WeightsStore) -> set[str]:
    return {path.stem for path in store.folder.glob("*.safetensors")}


def test_what_nothing_needs_goes_after_a_month(store: WeightsStore, tmp_path: Path):
    file = drawing(tmp_path / "one.netw", "aa")
    gone = store.prune([file, tmp_path / "missing.netw"], tmp_path / "recovery", ["bb"])
    assert [path.stem for path in gone] == ["cc"]
    assert left(store) == {"aa", "bb", "dd"}  # of the drawing, of the caller, and the one of yesterday


def test_what_a_session_left_is_needed(store: WeightsStore, tmp_path: Path):
    project = Project.new("lost")
    refer(project, "cc")
    session = Session(tmp_path / "recovery")
    session.keep(State(0, "lost", None, "", 1, dumps(project)))
    store.prune([], tmp_path / "recovery")
    assert left(store) == {"cc", "dd"}


def test_nothing_goes_while_another_window_is_open(store: WeightsStore, tmp_path: Path):
    other = WeightsStore(store.folder)
    other.open()
    store.open()
    assert store.prune([], tmp_path / "recovery") == []
    other.close()
    assert store.prune([], tmp_path / "recovery")
    store.close()


def test_without_a_store_nothing_is_made(tmp_path: Path):
    store = WeightsStore(tmp_path / "none")
    store.open()
    assert store.prune([], tmp_path) == []
    assert not (tmp_path / "none").exists()


def test_an_application_holds_its_store_and_prunes_it(store: WeightsStore, tmp_path: Path, monkeypatch, qapp):
    monkeypatch.setattr(pruning, "weights_store", lambda: store.folder)
    monkeypatch.setattr(pruning, "recovery_folder", lambda: tmp_path / "recovery")
    settings = Settings(tmp_path / "settings.ini")
    settings.remember(drawing(tmp_path / "recent.netw", "bb"))
    document = Document()
    document.open(drawing(tmp_path / "open.netw", "aa"))
    held = pruning.tidy(settings, document, qapp)
    for _ in range(200):
        if left(store) == {"aa", "bb", "dd"}:
            break
        threading.Event().wait(0.05)
    assert left(store) == {"aa", "bb", "dd"}
    assert list(store.folder.glob("*.window"))
    held.close()
    assert not list(store.folder.glob("*.window"))
