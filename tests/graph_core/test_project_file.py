"""The project's file: bytes that are stable, diffs that are small, saving that is all or nothing."""

from __future__ import annotations

import difflib
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from graph_core import edits
from graph_core import project as files
from graph_core.dims import Shape
from graph_core.fields import Size
from graph_core.graph import Param, Project
from graph_core.layer import Facts, Function, Inlet, Layer, Outlet, _registry, facts, replaced_types
from graph_core.project import FileError, dumps, load, loads, save


def small() -> Project:
    """A network with a repeated block, conditions, symbols, positions and a set-up."""
    project = Project.new("small")
    with project.editing("Block"):
        project.record("", "graphs", "BasicBlock", True)
        project.record("BasicBlock", "head", "name", "BasicBlock")
        project.record("BasicBlock", "params", "out_channels", Param())
        project.record("BasicBlock", "params", "stride", Param(1))
    block, main = project.graphs["BasicBlock"], project.networks["main"]
    block.add("Input", id="x", shape=["N", "in_channels", "H", "W"])
    block.add("Conv2d", id="c10", name="conv10", out_channels="out_channels", stride="stride", bias=False)
    block.add("Conv2d", id="c2", name="conv2", kernel_size=[3, 1], padding=[1, 0])
    block.add("Output", id="y")
    for source, target in (("x.y", "c10.x"), ("c10.y", "c2.x"), ("c2.y", "y.x")):
        block.connect(source, target)
    main.add("Input", id="x")
    edits.add(main, "BasicBlock", id="b", name="0", params={"out_channels": 8}, at=(120, -3.256))
    main.add("Output", id="y")
    main.connect("x.y", "b.x")
    main.connect("b.y", "y.x")
    edits.set_repeat(main, "b", "2 * 1", shared=True)
    edits.set_when(block, "c2", "stride != 1 or in_channels != out_channels")
    edits.set_symbol(project, "T", 128)
    edits.set_setup(project, "main", "optimizer", {"kind": "SGD", "lr": 1e-05})
    edits.move(main, {"x": (0, 0), "y": (1e3, 0.1)})
    return project


@pytest.mark.parametrize("name", ["layers.0", "heads.left.q", "in-proj", "7", "a" * 60, ".".join(["layers"] * 28)])
def test_every_name_that_an_edit_takes_is_read_again(name: str):
    project = small()
    edits.rename(project.networks["main"], "b", name)
    assert loads(dumps(project)).networks["main"].nodes["b"].name == name


def test_what_is_saved_is_what_is_loaded(tmp_path: Path):
    project = small()
    save(project, tmp_path / "a.netw")
    again = load(tmp_path / "a.netw")
    assert dumps(again) == dumps(project) == (tmp_path / "a.netw").read_text(encoding="utf-8")
    for key, graph in project.graphs.items():
        other = again.graphs[key]
        assert (other.nodes, other.wires, other.params) == (graph.nodes, graph.wires, graph.params)
        assert (other.view, other.head, other.names) == (graph.view, graph.head, graph.names)
        assert {id: ports for id, ports in other.incoming.items() if ports} == graph.incoming
        assert other.inputs() == graph.inputs()
    assert again.symbols == project.symbols
    assert again.setups == project.setups
    assert again.network_keys == project.network_keys
    assert list(again.graphs["BasicBlock"].params) == ["out_channels", "stride"]


def _changed_lines(before: str, after: str) -> int:
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return sum(1 for line in diff if line.startswith("+") and not line.startswith("+++"))


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p.graphs["BasicBlock"].set("c2", stride=2),
        lambda p: p.graphs["BasicBlock"].rename("c2", "second"),
        lambda p: p.graphs["BasicBlock"].connect("x.y", "c2.x"),
        lambda p: edits.move(p.networks["main"], {"b": (5, 5)}),
        lambda p: edits.set_graph_param(p.graphs["BasicBlock"], "stride", Param(2)),
        lambda p: edits.set_symbol(p, "T", 64),
    ],
)
def test_a_change_is_a_line(edit: Any):
    project = small()
    before = dumps(project)
    edit(project)
    assert _changed_lines(before, dumps(project)) == 1


def test_the_bytes_do_not_depend_on_the_way_there():
    project = small()
    before = dumps(project)
    block = project.graphs["BasicBlock"]
    block.set("c10", kernel_size=5)
    block.set("c10", kernel_size=3)
    block.remove("c2")
    block.add("Conv2d", id="c2", name="conv2", padding=[1, 0], kernel_size=[3, 1])
    edits.set_when(block, "c2", "stride != 1 or in_channels != out_channels")
    block.connect("c2.y", "y.x")
    block.connect("c10.y", "c2.x")
    assert dumps(project) == before


def test_defaults_are_not_stored():
    project = Project.new()
    project.networks["main"].add("Conv2d", id="c", out_channels=64, stride=2)
    project.networks["main"].add("Input", id="x", shape=["N", 3, 32, 32])
    assert project.networks["main"].nodes["c"].params == {"stride": 2}
    # A block's Input without a shape takes any: one that happens to equal the default is kept.
    assert "shape" in project.networks["main"].nodes["x"].params
    again = loads(dumps(project).replace('"stride": 2', '"stride": 2, "out_channels": 64'))
    assert dumps(again) == dumps(project)


def test_a_newer_file_is_refused_and_can_be_looked_at(tmp_path: Path):
    text = dumps(small()).replace('"netw": 1', '"netw": 2, "clouds": [1]').replace('"conv2"', "7")
    with pytest.raises(FileError, match="open it with a newer Netwright") as refused:
        loads(text)
    assert refused.value.newer
    project = loads(text, newer_ok=True)
    assert set(project.graphs["BasicBlock"].nodes) == {"c10", "x", "y"}  # what it cannot read is left out
    assert project.networks["main"].nodes["b"].run is not None
    with pytest.raises(FileError, match="newer Netwright"):
        save(project, tmp_path / "b.netw")
    assert not (tmp_path / "b.netw").exists()


def test_an_older_file_migrates(monkeypatch: pytest.MonkeyPatch):
    old = dumps(small()).replace('"params": {', '"arguments": {')

    def rename_arguments(tree: dict[str, Any]) -> None:
        for graph in tree["graphs"].values():
            if "arguments" in graph:
                graph["params"] = graph.pop("arguments")

    monkeypatch.setattr(files, "VERSION", 2)
    monkeypatch.setitem(files.MIGRATIONS, 1, rename_arguments)
    project = loads(old)
    assert list(project.graphs["BasicBlock"].params) == ["out_channels", "stride"]
    assert dumps(project).startswith('{\n  "netw": 2,')
    with pytest.raises(FileError, match="not in the form of that version"):
        loads('{"netw": 1}')


@pytest.fixture
def _renamed_layer(monkeypatch: pytest.MonkeyPatch):
    """A layer type that was called Blur before, with a parameter and ports of other names."""

    class Smooth(Layer):
        """Made up."""

        torch = Function("F.smooth")
        family, stem, help, source = "conv", "smooth", "Smooths.", "none"
        replaces = ("Blur",)
        renamed = {"sigma": "width", "inp": "x", "out": "y"}
        x, y = Inlet("...", variadic=True), Outlet()
        width = Size(3)

        def rule(self, *x: Shape) -> Facts:
            return facts(x[0])

    replaced_types.cache_clear()
    yield
    del _registry["Smooth"]
    replaced_types.cache_clear()


@pytest.mark.usefixtures("_renamed_layer")
def test_renamed_types_parameters_and_ports_open():
    nodes = """{"b": {"name": "b", "type": "Blur", "set": {"sigma": 5}}, "c": {"name": "c", "type": "Blur"}}"""
    wires = """{"c.inp1": "b.out", "c.x0": "b.y"}"""
    project = loads(f'{{"netw": 1, "graphs": {{"main": {{"nodes": {nodes}, "wires": {wires}}}}}}}')
    graph = project.graphs["main"]
    assert graph.nodes["b"].type == "Smooth"
    assert graph.nodes["b"].params == {"width": 5}
    assert graph.wires == {"c.x1": "b.y", "c.x0": "b.y"}


def test_saving_keeps_permissions_and_links(tmp_path: Path):
    real = tmp_path / "deep" / "real.netw"
    real.parent.mkdir()
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.netw"
    link.symlink_to(Path("deep/real.netw"))
    save(small(), link)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert dumps(load(real)) == dumps(small())
    assert os.listdir(tmp_path / "deep") == ["real.netw"]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path):
    save(small(), tmp_path / "a.netw")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a.netw").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("step", ["open", "fchmod", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
):
    path = tmp_path / "a.netw"
    path.write_text("old")

    def fail(*args: Any, **more: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises((FileError, KeyboardInterrupt)) as raised:
            save(small(), path)
    if isinstance(error, OSError):
        assert str(raised.value) == "a.netw cannot be saved: No space left on device."
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.netw"]


def test_the_file_is_on_the_disk_before_it_takes_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, real=real, name=name: (calls.append(name), real(*args))[1])
    save(small(), tmp_path / "a.netw")
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, the folder


SAVER = """
import os, sys
from graph_core.project import load, save
old, new, path, step = load(sys.argv[1]), load(sys.argv[2]), sys.argv[3], int(sys.argv[4])
count = 0
def killing(real):
    def call(*args, **more):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), 9)
        return real(*args, **more)
    return call
if step:
    for name in ("open", "fdopen", "stat", "fchmod", "fsync", "replace", "close"):
        setattr(os, name, killing(getattr(os, name)))
    save(new, path)
    print(count)
else:
    print("ready", flush=True)
    while True:
        save(new, path)
        save(old, path)
"""


def _start(tmp_path: Path, step: int) -> subprocess.Popen[str]:
    script = tmp_path / "saver.py"
    script.write_text(SAVER)
    arguments = [str(tmp_path / name) for name in ("old.netw", "new.netw", "a.netw")]
    root = str(Path(files.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, str(script), *arguments, str(step)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )


def _two_files(tmp_path: Path) -> tuple[str, str]:
    old, new = small(), small()
    for k in range(300):
        new.networks["main"].add("Conv2d", id=f"k{k}")
    for name, project in (("old", old), ("new", new), ("a", old)):
        save(project, tmp_path / f"{name}.netw")
    return dumps(old), dumps(new)


def test_killed_at_any_step_of_a_save_the_file_is_whole(tmp_path: Path):
    old, new = _two_files(tmp_path)
    seen = []
    for step in range(1, 30):
        (tmp_path / "a.netw").write_text(old, encoding="utf-8")
        process = _start(tmp_path, step)
        process.communicate(timeout=60)
        seen.append((tmp_path / "a.netw").read_text(encoding="utf-8"))
        assert seen[-1] in (old, new)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    else:
        raise AssertionError("never came to the end")
    assert seen[0] == old
    assert seen[-1] == new
    assert len(seen) >= 6


def test_killed_at_any_time_the_file_is_whole(tmp_path: Path):
    old, new = _two_files(tmp_path)
    rng = random.Random(1)
    for _ in range(6):
        process = _start(tmp_path, 0)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.06))
        process.kill()
        process.wait()
        assert (tmp_path / "a.netw").read_text(encoding="utf-8") in (old, new)
