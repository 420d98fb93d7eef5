"""Custom code on its way to torch: it stays out of everything until its user trusts it, and then runs as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from codegen import build_module, emit_source
from codegen.build import Probed
from codegen.drawing import drawing_of
from codegen.emit import EmitError
from codegen.errors import Refusal
from codegen.verbs import run_verb
from graph_core import Graph, Param, Project, analyze, edits, load, save
from graph_core.blocks import collapse
from graph_core.trust import distrust, is_trusted, trust
from tests.graph_core.test_custom import GATE, gated

PLAIN = GATE.replace("import numpy as np\n\n\n", "")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trusted texts of the test's own; commands that a test starts see it too."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data" / "netwright"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def evil(mark: Path, **more: Any) -> Graph:
    """Code that makes a folder wherever it runs: when it is compiled into a class, made, or called."""
    act = f"__import__('os').makedirs({str(mark)!r}, exist_ok=True)"
    code = f"@(lambda made: {act} or made)\n{PLAIN}".replace("super().__init__()", f"super().__init__(); {act}")
    return gated(code=code, **more)


def test_code_that_is_not_trusted_never_enters_a_file(home: Path):
    graph = evil(home / "ran")
    source = emit_source(graph.project)
    assert "makedirs" not in source
    space: dict[str, Any] = {}
    exec(source, space)
    with pytest.raises(RuntimeError, match="Trust the code of Gate in Netwright, and make this file again"):
        space["Gated"]()
    assert not (home / "ran").exists()


@pytest.mark.parametrize(
    "use",
    [
        build_module,
        Probed,
        lambda project: drawing_of(project).build(),
        lambda project: drawing_of(project).source,
        lambda project: drawing_of(project).probed(),
    ],
)
def test_what_would_run_it_refuses(home: Path, use: Any):
    with pytest.raises(Refusal) as error:
        use(evil(home / "ran").project)
    assert str(error.value) == (
        "gate holds code that is not trusted on this computer; read it, and trust it in the inspector or with "
        "netwright trust."
    )
    assert not (home / "ran").exists()


def test_no_command_runs_it(home: Path, capsys: pytest.CaptureFixture[str]):
    file = str(home / "evil.netw")
    graph = evil(home / "ran")
    graph.set("x", shape=["N", 1, 8, 8])
    for type, id in (("Linear", "l"), ("Flatten", "f")):
        graph.add(type, id=id)
        edits.insert_on_wire(graph, "y.x" if id == "l" else "l.x", id)
    graph.set("l", out_features=10)
    save(graph.project, file)
    for verb, arguments, code in (
        ("check", [], 0),
        ("summary", ["--json"], 0),
        ("emit", ["-o", str(home / "model.py")], 0),
        ("train", ["--data", "digits", "--epochs", "1", "--out", str(home / "run")], 1),
        ("export", ["--format", "py", "-o", str(home / "out.py")], 1),
        ("export", ["--format", "onnx", "-o", str(home / "out.onnx")], 1),
        ("trust", ["--json"], 1),
    ):
        assert run_verb(verb, [file, *arguments]) == code, verb
        said = capsys.readouterr().err.strip().splitlines()
        if verb in ("train", "export"):
            assert "gate holds code that is not trusted on this computer" in said[-1]
    assert not (home / "ran").exists()
    assert not (home / "out.py").exists()


def test_rendering_does_not_run_it(home: Path):
    file = str(home / "evil.netw")
    save(evil(home / "ran").project, file)
    start = "import sys; from designer.command import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", start, "render", file, "-o", str(home / "picture.svg")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (home / "picture.svg").exists()
    assert not (home / "ran").exists()


def test_trusted_code_runs_as_it_is(home: Path):
    mark = home / "ran"
    project = evil(mark).project
    trust(project.networks["main"].nodes["k"].params["code"])
    module = build_module(project)
    assert mark.exists()
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(module(x), 8 * x)
    distrust(project.networks["main"].nodes["k"].params["code"])
    with pytest.raises(EmitError):
        build_module(project)


def test_it_becomes_a_class_of_its_own_with_its_imports():
    trust(GATE)
    source = emit_source(gated().project)
    head, _, rest = source.partition("class Gate(nn.Module):")
    assert head.splitlines()[2:] == ["import numpy as np", "", "import torch", "from torch import Tensor, nn", "", ""]
    assert rest.count("class ") == 1
    assert "        self.gate = Gate(3, 2 * 4)\n" in rest
    assert "return x * self.weight.sum(1)[:, None, None] + self.bias[:, None, None]" in rest


def test_one_text_is_one_class_and_two_texts_of_one_name_are_two():
    graph = gated(code=PLAIN)
    other = PLAIN.replace("torch.ones", "torch.zeros")
    for id, code in (("k2", PLAIN), ("k3", other)):
        graph.add("Custom", id=id, **{**graph.nodes["k"].params, "code": code})
        edits.insert_on_wire(graph, "y.x", id)
    trust(PLAIN)
    trust(other)
    source = emit_source(graph.project)
    assert (source.count("class Gate("), source.count("class Gate2(")) == (1, 1)
    assert source.count("= Gate(3") == 2
    assert build_module(graph.project)(torch.ones(1, 3, 2, 2)).abs().sum() == 0


def test_the_drawings_own_class_may_have_its_name():
    project = Project.new("gate")
    inner = gated(code=PLAIN)
    graph = project.networks["main"]
    for node in inner.nodes.values():
        graph.add(node.type, id=node.id, name=node.name, **node.params)
    graph.connect("x.y", "k.x0")
    graph.connect("k.y", "y.x")
    trust(PLAIN)
    assert build_module(project)(torch.ones(1, 3, 2, 2)).shape == (1, 3, 2, 2)


def test_in_a_block_it_follows_the_wire_and_the_parameters():
    graph = gated(code=PLAIN, arguments=[2])
    node = collapse(graph, ["k"], "Gates", {"x.y": [1, 3, 8, 8]})
    block = graph.project.graphs["Gates"]
    edits.set_graph_param(block, "width", Param(2))
    block.set("k", arguments=["width * 2"])
    edits.set_repeat(graph, node.id, 2)
    edits.set_when(block, "k", "width > 1")
    trust(PLAIN)
    source = emit_source(graph.project)
    assert "self.gate = Gate(in_channels, width * 2)" in source
    module = build_module(graph.project)
    assert sum(p.numel() for p in module.parameters()) == analyze(graph.project).params.total == 2 * (3 * 4 + 3)


def test_several_inputs_and_outputs():
    graph = Project.new("two").networks["main"]
    code = (
        "class Both(nn.Module):\n    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:\n"
        "        return torch.cat([a, b], 1), a.argmax(1)\n"
    )
    graph.add("Custom", id="k", code=code, inputs="N, C; N, D", outputs="N, C + D; N: int64", macs="0")
    for id, width in (("a", 3), ("b", 4)):
        graph.add("Input", id=id, shape=["N", width])
    graph.connect("a.y", "k.x0")
    graph.connect("b.y", "k.x1")
    for id, port in (("p", "y"), ("q", "y1")):
        graph.add("Output", id=id)
        graph.connect(f"k.{port}", f"{id}.x")
    trust(code)
    one, two = build_module(graph.project)(torch.zeros(5, 3), torch.zeros(5, 4))
    assert (one.shape, two.shape) == ((5, 7), (5,))


def test_other_weights_than_are_stated_are_refused():
    graph = gated(code=PLAIN, weights="weight: C, width")
    trust(PLAIN)
    with pytest.raises(EmitError) as error:
        build_module(graph.project)
    assert str(error.value) == (
        "gate states weight: 3, 8, and its code makes weight: 3, 8; bias: 3; mean: 3; state what it makes."
    )


def test_code_that_fails_is_one_sentence():
    broken = PLAIN.replace("super().__init__()", "raise KeyError('no\\nsuch')")
    graph = gated(code=broken)
    trust(broken)
    with pytest.raises(EmitError) as error:
        build_module(graph.project)
    assert "\n" not in str(error.value)
    assert "Gated cannot be built" in str(error.value)


def test_the_verb_shows_trusts_and_withdraws(home: Path, capsys: pytest.CaptureFixture[str]):
    file = home / "gate.netw"
    code = PLAIN
    save(gated(code=code).project, file)
    assert run_verb("trust", [str(file)]) == 1
    shown = capsys.readouterr()
    assert "# Gated.gate" in shown.out
    assert "class Gate(nn.Module):" in shown.out
    assert shown.err == "netwright trust: The code above is not trusted; where you trust it, say so with --yes.\n"
    assert run_verb("trust", [str(file), "--yes"]) == 0
    assert is_trusted(code)
    capsys.readouterr()
    assert run_verb("trust", [str(file), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["codes"]
    assert (found["nodes"], found["trusted"], found["code"]) == (["Gated.gate"], True, code)
    assert analyze(load(file)).problems == ()
    assert run_verb("trust", [str(file), "--withdraw"]) == 0
    assert not is_trusted(code)


def test_the_verb_shows_what_a_text_would_do_to_a_terminal(home: Path, capsys: pytest.CaptureFixture[str]):
    graph = gated(code=PLAIN)
    node = graph.nodes["k"]
    with graph.project.editing("break"):  # no edit lets it in, but a file may hold it
        hidden = {**node.params, "code": PLAIN.replace("Scales", "\x1b[2JScales")}
        graph.project.record("main", "nodes", "k", replace(node, params=hidden))
    save(graph.project, home / "gate.netw")
    assert run_verb("trust", [str(home / "gate.netw")]) == 1
    shown = capsys.readouterr().out
    assert "\\x1b[2JScales" in shown
    assert "\x1b" not in shown
    assert [p.code for p in analyze(load(home / "gate.netw")).problems] == ["parameter"]


def test_a_function_runs_as_a_module_of_its_own():
    graph = Project.new("scaled").networks["main"]
    code = "import math\n\n\ndef scale(x: Tensor) -> Tensor:\n    return x * math.pi\n"
    graph.add("Input", id="x", shape=["N", 3])
    graph.add("Custom", id="k", name="scaled", code=code)
    graph.add("Output", id="y")
    graph.connect("x.y", "k.x0")
    graph.connect("k.y", "y.x")
    trust(code)
    source = emit_source(graph.project)
    assert "self.scaled = Scale()" in source
    torch.testing.assert_close(build_module(graph.project)(torch.ones(2, 3)), torch.full((2, 3), 3.14159265))
    other = code.replace("math.pi", "2")
    trust(other)
    graph.add("Custom", id="l", name="again", code=other)
    edits.insert_on_wire(graph, "y.x", "l")
    with pytest.raises(EmitError, match="Two custom functions are called scale; rename one of them"):
        build_module(graph.project)
