"""Clumsy and hostile use of every headless verb: an exit code, one clear line on stderr, and nothing half done."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.client import worker_environment
from codegen.errors import Unusable
from codegen.files import write_atomic
from designer.command import main
from graph_core import Project, blocks, edits, load, save
from graph_core.templates import open_template, template_text

COMMAND = [sys.executable, "-c", "import sys; from designer.command import main; sys.exit(main())"]
LENET = template_text("lenet")


FILES: dict[str, bytes] = {
    "good": LENET.encode(),
    "half": LENET.encode()[: len(LENET) // 2],
    "comma": b'{"netw": 1,,}',
    "empty": b"",
    "latin": b'{"netw": 1, "meta": {"name": "\xff\xfe"}}',
    "zip": b"PK\x03\x04" + bytes(range(256)),
    "deep": b"[" * 100_000,
    "newer": LENET.replace('"netw": 1', '"netw": 7').encode(),
    "older": LENET.replace('"netw": 1', '"netw": 0').encode(),
    "nan": LENET.replace('"out_channels": 16', '"out_channels": NaN').encode(),
    "infinite": LENET.replace('"out_channels": 16', '"out_channels": 1e999').encode(),
    "huge": LENET.replace('"out_channels": 16', '"out_channels": 1000000000000000000').encode(),
    "code": LENET.replace('"out_channels": 16', '"out_channels": "__import__(\'os\').abort()"').encode(),
}
UNREADABLE = ("half", "comma", "empty", "latin", "zip", "deep", "newer", "older", "nan", "infinite")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of drawings to go wrong with."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(f"{name}.netw").write_bytes(content)
    Path("folder.netw").mkdir()
    Path("folder").mkdir()
    Path("text.py").write_text("mine", encoding="utf-8")
    save(Project.new("nothing"), "nothing.netw")
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def refused(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must leave with a code, say one line, and touch nothing."""

    def run(code: int, argv: list[str]) -> str:
        before = everything(place)
        try:
            left = main(argv)
        except SystemExit as leaving:
            left = leaving.code if isinstance(leaving.code, int) else -1
        shown = capsys.readouterr()
        assert (left, shown.out) == (code, ""), shown
        [line] = shown.err.splitlines()
        assert line.startswith("netwright")
        assert "unexpected" not in line
        assert everything(place) == before
        return line

    return run


OUTPUTS: dict[str, list[str]] = {
    "check": [],
    "summary": [],
    "definition": [],
    "emit": ["-o", "m.py"],
    "render": ["-o", "m.svg"],
    "export": ["-o", "m.onnx"],
}
OUTPUTS |= {"train": ["--out", "run"], "quantize": ["--run", "run", "-o", "small"]}


@pytest.mark.parametrize("verb", OUTPUTS)
@pytest.mark.parametrize("name", [*UNREADABLE, "missing", "folder", "folder/x"])
def test_what_is_no_drawing_is_refused_by_every_verb(verb: str, name: str, refused: Callable[..., str]):
    line = refused(2, [verb, f"{name}.netw", *OUTPUTS[verb]])
    assert f"{Path(name).name}.netw" in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
@pytest.mark.parametrize("verb", OUTPUTS)
def test_a_pipe_does_not_make_a_verb_wait(verb: str, place: Path, capsys: pytest.CaptureFixture[str]):
    os.mkfifo("pipe.netw")
    assert main([verb, "pipe.netw", *OUTPUTS[verb]]) == 2
    assert "no ordinary file" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["emit", "export", "train"])
@pytest.mark.parametrize(("name", "said"), [("huge", "the largest it takes is 2147483647"), ("code", "arithmetic")])
def test_a_drawing_with_an_error_becomes_nothing(verb: str, name: str, said: str, refused: Callable[..., str]):
    assert said in refused(1, [verb, f"{name}.netw", *OUTPUTS[verb]])


@pytest.mark.parametrize(
    ("code", "argv", "said"),
    [
        (2, ["frobnicate"], "no verb and no file frobnicate"),
        (2, ["--frobnicate"], "--help"),
        (2, ["good.netw", "half.netw"], "--help"),
        (2, ["templates", "more"], "unrecognized arguments"),
        (2, ["new"], "TEMPLATE"),
        (2, ["new", "lenet"], "-o"),
        (2, ["new", "LeNet", "-o", "x.netw"], "there are mlp, lenet"),
        (2, ["new", "../lenet", "-o", "x.netw"], "no template"),
        (2, ["new", "lenet", "-o", ""], "no name"),
        (2, ["new", "lenet", "-o", "folder"], "is a folder"),
        (2, ["new", "lenet", "-o", "good.netw/x.netw"], "good.netw is a file"),
        (2, ["new", "lenet", "-o", "a\0b"], "null byte"),
        (2, ["new", "lenet", "-o", "x" * 300], "too long"),
        (1, ["new", "lenet", "-o", "text.py"], "--force"),
        (2, ["check"], "FILE"),
        (2, ["check", ""], "cannot be opened"),
        (2, ["check", "a\0b"], "cannot be opened"),
        (2, ["check", "good.netw", "half.netw"], "unrecognized"),
        (2, ["summary", "good.netw", "--set", "N=99999999999999999999"], "N is 99999999999999999999"),
        (2, ["summary", "good.netw", "--set", "N=-1"], "--set takes NAME=SIZE"),
        (2, ["summary", "good.netw", "--set", "N=１２"], "--set takes NAME=SIZE"),
        (2, ["summary", "good.netw", "--set", "=3"], "no size symbol"),
        (2, ["summary", "good.netw", "--network", "other"], "there are: main"),
        (2, ["emit", "good.netw", "-o", "good.netw"], "is a drawing's"),
        (2, ["emit", "good.netw", "-o", "folder"], "is a folder"),
        (2, ["emit", "good.netw", "-o", "nowhere/m.py"], "There is no folder nowhere"),
        (2, ["emit", "good.netw", "-o", ""], "no name"),
        (2, ["emit", "good.netw", "-o", "/dev/null"], "no ordinary file"),
        (1, ["emit", "nothing.netw", "-o", "m.py"], "Output"),
        (2, ["render", "good.netw", "-o", "m.jpg"], ".png, .pdf or .tex"),
        (2, ["render", "good.netw", "-o", "good.netw"], "is a drawing's"),
        (2, ["render", "good.netw", "-o", "nowhere/m.svg"], "There is no folder nowhere"),
        (2, ["render", "good.netw", "-o", "m.png", "--scale", "nan"], "from 0.1 to 10"),
        (2, ["render", "good.netw", "-o", "m.png", "--theme", "blue"], "light or dark"),
        (2, ["render", "good.netw", "-o", "m.png", "--network", "other"], "there are: main"),
        (1, ["render", "nothing.netw", "-o", "m.png"], "is empty"),
        (2, ["train", "good.netw"], "--out"),
        *((2, ["train", "good.netw", "--epochs", n, "--out", "run"], "epochs") for n in ("0", "-1", "1.5", "9" * 30)),
        (2, ["train", "good.netw", "--seed", "4294967296", "--out", "run"], "seed"),
        (2, ["train", "good.netw", "--batch-size", "0", "--out", "run"], "batch_size"),
        (2, ["train", "good.netw", "--nproc", "0", "--out", "run"], "number of processes"),
        (2, ["train", "good.netw", "--schedule", "spiral", "--out", "run"], "linear, polynomial or plateau"),
        (2, ["train", "good.netw", "--data", "cats", "--out", "run"], "named 'cats'"),
        (2, ["train", "good.netw", "--data", "none.npz", "--out", "run"], "There is no file"),
        (2, ["train", "good.netw", "--out", "good.netw"], "is a drawing's"),
        (2, ["train", "good.netw", "--out", "text.py"], "is a file"),
        (2, ["train", "good.netw", "--out", "good.netw/run"], "is a file"),
        (2, ["train", "good.netw", "--out", ""], "takes the path"),
        (1, ["train", "nothing.netw", "--out", "run"], "Nothing is empty"),
        *((2, ["quantize", "good.netw", "--run", "folder", "--bits", n, "-o", "q"], n) for n in ("1", "9", "-8", "x")),
        (2, ["quantize", "good.netw", "--run", "folder", "-o", "q"], "holds no run"),
        (2, ["quantize", "good.netw", "--run", "text.py", "-o", "q"], "cannot be read"),
        (2, ["quantize", "good.netw", "--run", "folder", "-o", "q", "--epochs", "-1"], "from 0 to"),
        (2, ["quantize", "good.netw", "--run", "folder", "-o", "q", "--form", "gif"], "both, torch or onnxruntime"),
        (2, ["quantize", "good.netw", "--run", "folder", "-o", "text.py"], "must be a folder"),
        (2, ["quantize", "good.netw", "--run", "folder", "-o", "nowhere/q.onnx"], "There is no folder nowhere"),
        (2, ["export", "good.netw", "-o", "m"], "--format"),
        (2, ["export", "good.netw", "-o", "m", "--format", "oonx"], "py, package, onnx, pt2 or tensorrt"),
        (2, ["export", "good.netw", "-o", "m.onnx", "--format", "py"], "ends in .onnx"),
        (2, ["export", "good.netw", "-o", "good.netw", "--format", "py"], "is a drawing's"),
        (2, ["export", "good.netw", "-o", "folder", "--format", "pt2"], "is a folder"),
        (2, ["export", "good.netw", "-o", "text.py", "--format", "tensorrt"], "ends in .py"),
        (2, ["export", "good.netw", "-o", "m.onnx", "--opset", "new"], "whole number"),
        (2, ["export", "good.netw", "-o", "m.py", "--run", "folder"], "holds no run"),
        (2, ["export", "good.netw", "-o", "m.py", "--network", "other"], "there are: main"),
        (1, ["export", "nothing.netw", "-o", "m.py"], "Nothing is empty"),
    ],
    ids=lambda value: " ".join(value)[:60].replace("\0", "0") if isinstance(value, list) else None,
)
def test_a_slip_is_one_line_and_touches_nothing(code: int, argv: list[str], said: str, refused: Callable[..., str]):
    assert said in refused(code, argv)


def test_a_network_is_chosen_by_its_name(place: Path, capsys: pytest.CaptureFixture[str]):
    project = open_template("mlp")
    blocks.add_network(project, "second")
    save(project, "two.netw")
    assert main(["summary", "two.netw"]) == 0
    assert "fc1" in capsys.readouterr().out
    assert main(["summary", "two.netw", "--network", "second"]) == 0
    assert "fc1" not in capsys.readouterr().out
    assert main(["render", "two.netw", "--network", "second", "-o", "m.svg"]) == 1, "it is empty"


def test_an_export_takes_its_format_from_an_ending_in_capitals(place: Path):
    assert main(["export", "good.netw", "-o", "M.PY"]) == 0
    assert "class LeNet" in Path("M.PY").read_text(encoding="utf-8")


def test_a_run_that_goes_on_otherwise_names_the_field(place: Path, capsys: pytest.CaptureFixture[str]):
    rows = np.zeros((8, 1, 8, 8), np.float32)
    np.savez("tiny.npz", x=rows, y=np.arange(8) % 2)
    assert main(["train", "good.netw", "--data", "tiny.npz", "--epochs", "1", "--out", "run"]) == 0
    assert "after 1 epoch in" in capsys.readouterr().out
    project = load("good.netw")
    edits.set_setup(project, "main", "optimizer", {"lr": 0.02})
    save(project, "good.netw")
    argv = ["train", "good.netw", "--data", "tiny.npz", "--epochs", "1", "--out", "run", "--resume"]
    assert main(argv) == 2
    assert "optimizer's lr 0.01, not 0.02" in capsys.readouterr().err


def test_a_file_is_written_through_a_link_and_keeps_its_permissions(tmp_path: Path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


@pytest.mark.skipif(os.name != "posix", reason="devices are files there")
def test_a_device_is_never_replaced():
    with pytest.raises(OSError, match="no ordinary file"):
        write_atomic(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_what_cannot_be_put_anywhere_is_said_before_the_work(tmp_path: Path):
    from codegen.files import check_output

    locked = tmp_path / "locked.py"
    locked.touch(0o444)
    if os.access(locked, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(Unusable, match="read-only"):
        check_output(locked)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's to offer")
def test_a_full_disk_and_a_poor_terminal_are_told_in_one_line(place: Path):
    def run(argv: list[str], **more: object) -> tuple[int, str]:
        done = subprocess.run([*COMMAND, *argv], stderr=subprocess.PIPE, text=True, timeout=60, **more)  # type: ignore[call-overload]
        return done.returncode, done.stderr

    with open("/dev/full", "w") as full:
        code, said = run(["summary", "good.netw"], stdout=full, env=worker_environment())
    assert (code, said.count("\n")) == (1, 1)
    assert "No space left" in said
    ascii = {**worker_environment(), "PYTHONIOENCODING": "ascii"}
    assert run(["emit", "good.netw"], stdout=subprocess.DEVNULL, env=ascii) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="signals are sent there")
def test_a_scheduler_that_ends_a_training_loses_nothing(place: Path):
    process = subprocess.Popen(
        [*COMMAND, "train", "good.netw", "--epochs", "100000", "--out", "run"],
        stderr=subprocess.PIPE,
        text=True,
        env=worker_environment(),
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first report: it trains
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert Path("run", "last.safetensors").exists()
