"""`netwright merge` and `netwright git-setup`: files, exit codes, and git itself in a repository of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.git_driver import diff_lines
from codegen.git_driver import main as driver
from codegen.verbs import run_verb
from codegen.verbs.git_setup import driver_command
from graph_core import Project, choosing, dumps, load, save
from graph_core.templates import open_template

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write LeNet with some parameters set; the file's path."""

    def make(name: str, **changes: dict[str, object]) -> str:
        project = open_template("lenet")
        for id, params in changes.items():
            project.networks["main"].set(id, **params)
        save(project, tmp_path / name)
        return str(tmp_path / name)

    return make


# merge ---------------------------------------------------------------------------------------------------------------


def test_disjoint_changes_are_merged(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sides = [write("b.netw"), write("o.netw", c1={"stride": 2}), write("t.netw", l1={"out_features": 50})]
    out = str(tmp_path / "out.netw")
    assert run_verb("merge", [*sides, "-o", out]) == 0
    assert capsys.readouterr().out.splitlines() == ["Merged; nothing is left to be chosen."]
    graph = load(out).networks["main"]
    assert (graph.nodes["c1"].params["stride"], graph.nodes["l1"].params["out_features"]) == (2, 50)


def test_conflicts_are_listed_kept_and_checked(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sides = [write("b.netw"), write("o.netw", c1={"out_channels": 8}), write("t.netw", c1={"out_channels": 12})]
    out = str(tmp_path / "out.netw")
    assert run_verb("merge", [*sides, "-o", out]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "conflict 1: out_channels of conv1 is 8 in ours, and 12 in theirs.",
        "1 conflict is left to be chosen; ours stands meanwhile.",
    ]
    assert run_verb("merge", [*sides, "-o", out, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["conflicts"] == [
        {
            "id": "1",
            "about": "out_channels of conv1",
            "message": "out_channels of conv1 is 8 in ours, and 12 in theirs.",
            "taken": "ours",
            "parts": [
                {"at": ["graphs", "main", "nodes", "c1", "set", "out_channels"], "base": 16, "ours": 8, "theirs": 12}
            ],
        }
    ]
    assert run_verb("check", [out]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line == (
        "error conv1: out_channels of conv1 is 8 in ours, and 12 in theirs; take one of them. Fix: Take ours."
    )
    project = load(out)
    choosing.choose(project, "1", "theirs")
    save(project, out)
    assert run_verb("check", [out]) == 0
    assert dumps(load(out)) == dumps(load(sides[2]))


def test_a_new_problem_of_the_merge_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    paths = []
    for name, wire in (("b", None), ("o", ("a2.y", "c1.x")), ("t", ("a1.y", "c2.x"))):
        project = open_template("lenet")
        graph = project.networks["main"]
        graph.disconnect("c1.x")
        graph.disconnect("c2.x")
        if wire:
            graph.connect(*wire)
        save(project, tmp_path / f"{name}.netw")
        paths.append(str(tmp_path / f"{name}.netw"))
    assert run_verb("merge", [*paths, "-o", str(tmp_path / "out.netw")]) == 0
    assert "Neither side has this problem: relu1 feeds itself" in capsys.readouterr().out


def test_no_base_is_an_empty_file(write: Write, tmp_path: Path):
    (tmp_path / "none").write_bytes(b"")
    sides = [str(tmp_path / "none"), write("o.netw", c1={"stride": 2}), write("t.netw", c1={"stride": 3})]
    assert run_verb("merge", [*sides, "-o", str(tmp_path / "out.netw")]) == 1
    assert len(load(tmp_path / "out.netw").graphs) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_unreadable_side_is_one_line_and_two(
    write: Write, tmp_path: Path, place: int, capsys: pytest.CaptureFixture[str]
):
    sides = [write(f"{k}.netw") for k in range(3)]
    Path(sides[place]).write_text("{", encoding="utf-8")
    out = tmp_path / "out.netw"
    assert run_verb("merge", [*sides, "-o", str(out)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"netwright merge: {place}.netw")
    assert not out.exists()


def test_a_merge_that_would_not_open_again_is_not_written(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    sides = [write("b.netw"), write("o.netw", c1={"stride": 2}), write("t.netw", c1={"stride": 3})]
    values = [Path(side).read_text(encoding="utf-8") for side in sides]
    monkeypatch.setattr("graph_core.jsontext.MAX_VALUES", max(sum(map(text.count, ",[{")) for text in values))
    assert run_verb("merge", [*sides, "-o", str(tmp_path / "out.netw")]) == 2
    assert "The merge would not open again: The text holds more than" in capsys.readouterr().err
    assert not (tmp_path / "out.netw").exists()


def test_two_networks_hear_of_a_conflict_once(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from graph_core import blocks

    paths = []
    for name, stride in (("b", 1), ("o", 2), ("t", 3)):
        project = open_template("lenet")
        other = blocks.add_network(project, "two")
        other.add("Input", id="x", shape=["N", 4])
        other.add("Output", id="y")
        other.connect("x.y", "y.x")
        project.networks["main"].set("c1", stride=stride)
        save(project, tmp_path / f"{name}.netw")
        paths.append(str(tmp_path / f"{name}.netw"))
    out = str(tmp_path / "out.netw")
    assert run_verb("merge", [*paths, "-o", out]) == 1
    capsys.readouterr()
    assert run_verb("check", [out]) == 1
    assert capsys.readouterr().out.count("stride of conv1 is") == 1


# git -----------------------------------------------------------------------------------------------------------------


class Repository:
    """A repository in a folder with a blank in its name, and a user with a configuration of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self("init", "-q", "-b", "main")

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def commit(self, text: str, **changes: dict[str, object]) -> None:
        """Change the drawing and commit it."""
        path = self.folder / "net.netw"
        project = load(path) if path.exists() else open_template("lenet")
        for id, params in changes.items():
            project.networks["main"].set(id, **params)
        save(project, path)
        self("add", "-A")
        self("commit", "-qm", text)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_PAGER", "cat")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    found = Repository(tmp_path / "my nets")
    monkeypatch.chdir(found.folder)
    return found


def test_git_shows_and_merges_drawings(repository: Repository, capsys: pytest.CaptureFixture[str]):
    assert run_verb("git-setup", []) == 0
    assert "added: *.netw diff=netw merge=netw" in capsys.readouterr().out
    repository.commit("Draw")
    path = repository.folder / "net.netw"
    project = load(path)
    project.networks["main"].set("c1", stride=2)
    save(project, path)
    shown = repository("diff").splitlines()
    assert shown[:3] == ["diff --netw net.netw", "LeNet", "  ~ conv1: stride 1 → 2"]
    repository("checkout", "-q", "--", ".")

    # Neighbouring lines, which git by itself takes for a conflict.
    repository("checkout", "-qb", "side")
    repository.commit("Side", c1={"stride": 2})
    repository("checkout", "-q", "main")
    repository.commit("Main", c2={"stride": 2}, c1={"out_channels": 8})
    repository("merge", "-q", "side", "-m", "Merge")
    graph = load(path).networks["main"]
    assert (graph.nodes["c1"].params["stride"], graph.nodes["c1"].params["out_channels"]) == (2, 8)
    assert graph.nodes["c2"].params["stride"] == 2

    # The same field on both sides.
    repository("checkout", "-qb", "other")
    repository.commit("Other", c1={"stride": 3})
    repository("checkout", "-q", "main")
    repository.commit("Main again", c1={"stride": 4})
    said = repository("merge", "other", code=1)
    assert "net.netw: conflict 1: stride of conv1 is 4 in ours, and 3 in theirs." in said
    assert repository("diff", "--name-only", "--diff-filter=U").split() == ["net.netw"]
    left = load(path)
    assert left.networks["main"].nodes["c1"].params["stride"] == 4
    choosing.choose(left, "1", "theirs")
    save(left, path)
    repository("commit", "-qam", "Choose")
    assert load(path).networks["main"].nodes["c1"].params["stride"] == 3


def test_without_it_git_takes_the_same_for_a_conflict(repository: Repository):
    """What the test above proves is ours, not git's."""
    repository.commit("Draw")
    repository("checkout", "-qb", "side")
    repository.commit("Side", c1={"stride": 2})
    repository("checkout", "-q", "main")
    repository.commit("Main", c2={"stride": 2}, c1={"out_channels": 8})
    repository("merge", "side", code=1)


def test_a_drawing_added_on_both_sides_and_one_removed(repository: Repository):
    run_verb("git-setup", [])
    repository("add", "-A")
    repository("commit", "-qm", "Set up")
    repository("checkout", "-qb", "side")
    repository.commit("Side", c1={"stride": 2})
    repository("checkout", "-q", "main")
    repository.commit("Main", c2={"stride": 3})
    repository("merge", "-q", "side", "-m", "Merge")
    graph = load(repository.folder / "net.netw").networks["main"]
    assert (graph.nodes["c1"].params["stride"], graph.nodes["c2"].params["stride"]) == (2, 3)
    (repository.folder / "net.netw").unlink()
    assert "  - block LeNet with 14 nodes" in repository("diff").splitlines()
    repository("add", "-A")
    save(Project.new("empty"), repository.folder / "new.netw")
    repository("add", "-A")
    assert "diff --netw new.netw" in repository("diff", "--cached").splitlines()


def test_setting_up_twice_changes_nothing(repository: Repository, capsys: pytest.CaptureFixture[str]):
    attributes = repository.folder / ".gitattributes"
    attributes.write_text("*.png binary", encoding="utf-8")
    assert run_verb("git-setup", ["--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert sorted(first["changed"]) == sorted([*first["config"], str(attributes.resolve())])
    assert attributes.read_text(encoding="utf-8") == "*.png binary\n*.netw diff=netw merge=netw\n"
    config = (repository.folder / ".git" / "config").read_bytes()
    assert run_verb("git-setup", ["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == []
    assert (repository.folder / ".git" / "config").read_bytes() == config
    assert attributes.read_text(encoding="utf-8").count("netw merge=") == 1
    assert run_verb("git-setup", []) == 0
    assert capsys.readouterr().out.count("as it was") == 4


def test_for_all_repositories(repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run_verb("git-setup", ["--global"]) == 0
    assert (tmp_path / "config" / "git" / "attributes").read_text(encoding="utf-8").startswith("*.netw ")
    assert not (repository.folder / ".gitattributes").exists()
    repository.commit("Draw")
    assert "diff=netw" in repository("check-attr", "diff", "--", "a.netw").replace(": ", "=")
    path = repository.folder / "net.netw"
    project = load(path)
    project.networks["main"].rename("c1", "stem")
    save(project, path)
    assert "  ~ conv1 is now called stem" in repository("diff").splitlines()


def test_outside_of_a_repository_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert run_verb("git-setup", []) == 2
    assert "Here is no git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert run_verb("git-setup", []) == 1
    assert "There is no git" in capsys.readouterr().err


def test_the_driver_is_quoted_and_takes_no_code_from_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    words = shlex.split(driver_command())
    assert words[-4:] == [sys.executable, "-P", "-m", "codegen.git_driver"]
    run_verb("git-setup", [])
    repository.commit("Draw")
    package = repository.folder / "codegen"
    package.mkdir()
    for name in ("__init__.py", "git_driver.py"):
        (package / name).write_text("open('ran', 'w'); raise SystemExit(1)", encoding="utf-8")
    project = load(repository.folder / "net.netw")
    project.networks["main"].rename("c1", "stem")
    save(project, repository.folder / "net.netw")
    assert "  ~ conv1 is now called stem" in repository("diff").splitlines()
    assert not (repository.folder / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a link is no program there")
def test_a_python_in_an_odd_place_is_run(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    odd = tmp_path / "100%A Ada's $HOME"
    odd.mkdir()
    (odd / "python").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setattr(sys, "executable", str(odd / "python"))
    run_verb("git-setup", [])
    repository.commit("Draw")
    repository("checkout", "-qb", "side")
    repository.commit("Side", c1={"stride": 2})
    repository("checkout", "-q", "main")
    repository.commit("Main", c1={"out_channels": 8})
    assert "Merged; nothing is left to be chosen." in repository("merge", "side", "-m", "Merge")
    shown = repository("show", "--ext-diff", "--first-parent", "-m")
    assert "  ~ conv1: stride 1 → 2" in shown.splitlines()


def test_what_is_no_drawing_is_shown_by_its_lines(write: Write, tmp_path: Path):
    broken = tmp_path / "broken.netw"
    broken.write_text('{"netw": 1,\n<<<<<<< ours\n', encoding="utf-8")
    lines = diff_lines(["net.netw", write("a.netw"), "0", "100644", str(broken), "1", "100644"])
    assert lines[1].startswith("One version is no drawing: broken.netw: ")
    assert "+<<<<<<< ours" in lines
    assert diff_lines(["net.netw"]) == ["diff --netw net.netw", "net.netw is not merged yet."]


def test_git_keeps_ours_where_a_side_is_no_drawing(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ours = write("ours.netw", c1={"stride": 2})
    broken = tmp_path / "broken.netw"
    broken.write_text("{", encoding="utf-8")
    before = Path(ours).read_bytes()
    assert driver(["merge", write("base.netw"), ours, str(broken), "net.netw"]) == 2
    assert capsys.readouterr().err.startswith("net.netw: broken.netw: ")
    assert Path(ours).read_bytes() == before
    assert driver([]) == 2


def test_they_load_no_torch(write: Write, tmp_path: Path):
    sides = [write("b.netw"), write("o.netw", c1={"stride": 2}), write("t.netw", c1={"stride": 3})]
    code = (
        "import sys; from codegen.verbs import run_verb; import codegen.git_driver\n"
        f"sides = {sides!r}\n"
        f"run_verb('merge', [*sides, '-o', {str(tmp_path / 'out.netw')!r}])\n"
        "run_verb('diff', sides[1:])\n"
        "sys.exit(1 if {'torch', 'PySide6', 'onnx', 'sympy', 'numpy'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
