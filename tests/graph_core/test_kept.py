"""Weights beside a drawing as files: they go where the drawing goes, and undo finds the old ones again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from graph_core.graph import Project
from graph_core.history import History
from graph_core.jsontext import FileError
from graph_core.kept import (
    carry_weights,
    find_weights,
    hash_of,
    put,
    refer,
    reference,
    stored,
    weights_path,
    without_reference,
)
from graph_core.project import dumps


def tensors(name: str, *values: int) -> bytes:
    """A safetensors file with one tensor of bytes."""
    header = json.dumps({name: {"dtype": "U8", "shape": [len(values)], "data_offsets": [0, len(values)]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(values)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def kept(project: Project, store: Path, *values: int) -> str:
    """Refer to weights that are put into the store."""
    store.mkdir(exist_ok=True)
    path = store / "part"
    path.write_bytes(tensors("main/c1:weight", *values))
    hash = hash_of(path)
    path.replace(stored(store, hash))
    refer(project, hash)
    return hash


def test_saving_puts_them_beside_the_file(tmp_path: Path, store: Path):
    project, file = Project.new(), tmp_path / "a.netw"
    hash = kept(project, store, 1, 2, 3)
    carry_weights(project, None, file, store)
    assert weights_path(file).read_bytes() == tensors("main/c1:weight", 1, 2, 3)
    assert hash_of(weights_path(file)) == hash
    assert find_weights(project, file, store) == weights_path(file)
    assert sorted(os.listdir(tmp_path)) == ["a.safetensors", "store"]


def test_they_go_along_to_another_name(tmp_path: Path, store: Path):
    project, file = Project.new(), tmp_path / "a.netw"
    hash = kept(project, store, 1)
    carry_weights(project, None, file, store)
    stored(store, hash).unlink()
    other = tmp_path / "b.netw"
    carry_weights(project, file, other, store)
    assert hash_of(weights_path(other)) == hash == hash_of(weights_path(file))


def test_undo_refers_to_the_old_ones_and_saving_finds_them(tmp_path: Path, store: Path):
    project, file = Project.new(), tmp_path / "a.netw"
    history = History(project)
    first = kept(project, store, 1)
    carry_weights(project, file, file, store)
    stored(store, first).unlink()  # only the file beside the drawing is left
    second = kept(project, store, 2)
    carry_weights(project, file, file, store)
    assert hash_of(weights_path(file)) == second
    history.undo()
    assert reference(project) == first
    carry_weights(project, file, file, store)
    assert hash_of(weights_path(file)) == first
    history.undo()
    assert reference(project) == ""
    assert "weights" not in dumps(project)
    history.redo()
    history.redo()
    carry_weights(project, file, file, store)
    assert hash_of(weights_path(file)) == second


def test_a_drawing_that_cannot_be_saved_leaves_the_old_weights(tmp_path: Path, store: Path):
    project, file = Project.new(), tmp_path / "a.netw"
    take_back = carry_weights(project, None, file, store)
    take_back()
    kept(project, store, 1)
    carry_weights(project, None, file, store)()
    assert not weights_path(file).exists()
    carry_weights(project, None, file, store)
    before = weights_path(file).read_bytes()
    kept(project, store, 2)
    take_back = carry_weights(project, file, file, store)
    assert weights_path(file).read_bytes() != before
    take_back()
    assert weights_path(file).read_bytes() == before


@pytest.mark.parametrize("content", [tensors("layer.weight", 1), b"", b"\xff" * 20, b"notes of mine"])
def test_a_file_that_is_not_a_drawings_is_never_replaced(tmp_path: Path, store: Path, content: bytes):
    project, file = Project.new(), tmp_path / "a.netw"
    weights_path(file).write_bytes(content)
    carry_weights(project, None, file, store)  # it refers to none
    kept(project, store, 1)
    with pytest.raises(FileError, match=r"a\.safetensors beside it holds no weights of a drawing; move it"):
        carry_weights(project, None, file, store)
    assert weights_path(file).read_bytes() == content


def test_lost_weights_keep_nobody_from_saving(tmp_path: Path, store: Path):
    project, file = Project.new(), tmp_path / "a.netw"
    refer(project, "0" * 64)
    assert find_weights(project, file, store) is None
    carry_weights(project, None, file, store)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("hash", ["../../etc/passwd", "a/b", "", "a\0b", "."])
def test_a_reference_is_never_a_way_to_another_file(tmp_path: Path, store: Path, hash: str):
    project = Project.new()
    project.fill("", "meta", "weights", hash)
    assert find_weights(project, tmp_path / "a.netw", store) is None


def test_a_copy_is_whole_where_links_are_not_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_bytes(b"abc")
    put(tmp_path / "a", tmp_path / "folder" / "b")
    assert (tmp_path / "folder" / "b").read_bytes() == b"abc"
    assert os.listdir(tmp_path / "folder") == ["b"]


def test_a_drawing_without_its_weights_is_the_same_drawing():
    project = Project.new("net")
    text = dumps(project)
    refer(project, "0" * 64)
    assert dumps(without_reference(project)) == text
    assert reference(project) == "0" * 64
