"""Custom code in a drawing: read and never run, with the shapes, weights and work that its author states."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from graph_core import EditError, Graph, Project, analyze, dumps, edits, loads
from graph_core.blocks import collapse
from graph_core.codetext import CodeError, read_code
from graph_core.history import History
from graph_core.layers.custom import DEFAULT_CODE
from graph_core.observed import observe
from graph_core.propagate import engine_of
from graph_core.trust import codes_in, digest, distrust, folder, is_trusted, trust

GATE = '''import numpy as np


class Gate(nn.Module):
    """Scales each channel."""

    def __init__(self, channels: int, width: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, width))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight.sum(1)[:, None, None] + self.bias[:, None, None]
'''
STATED = {
    "code": GATE,
    "inputs": "N, C, H, W",
    "outputs": "N, C, H, W",
    "widths": "C",
    "arguments": ["2 * 4"],
    "weights": "weight: C, width; bias: C; buffer mean: C",
    "macs": "N * C * H * W",
}


def gated(**more: Any) -> Graph:
    """A network of one custom node that is called gate."""
    graph = Project.new("gated").networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 8, 8])
    graph.add("Custom", id="k", name="gate", **{**STATED, **more})
    graph.add("Output", id="y")
    graph.connect("x.y", "k.x0")
    graph.connect("k.y", "y.x")
    return graph


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trusted texts of the test's own."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    return tmp_path / "data"


def test_what_is_stated_is_counted():
    a = analyze(gated().project)
    assert (a.params.trainable, a.params.buffers, a.macs) == (3 * 8 + 3, 3, 3 * 8 * 8)
    [row] = a.layers
    assert (row.path, row.output) == ("gate", ((1, 3, 8, 8),))
    assert a.formulas["macs"] == "192*N"


def test_a_text_is_trusted_by_its_content_and_in_the_users_folder(home: Path):
    graph = gated()
    before = dumps(graph.project)
    [problem] = analyze(graph.project).problems
    assert (problem.code, problem.severity, problem.path) == ("untrusted", "note", "gate")
    assert problem.message == "gate holds code that is not trusted on this computer; read it, and trust it where you do"
    assert problem.fix is None
    assert analyze(graph.project).sound
    trust(GATE)
    assert is_trusted(GATE)
    assert analyze(graph.project).problems == ()
    assert dumps(graph.project) == before
    assert [path.name for path in (home / "trusted").iterdir()] == [f"{digest(GATE)}.py"]
    graph.set("k", code=GATE.replace("zeros", "ones"))
    assert [p.code for p in analyze(graph.project).problems] == ["untrusted"]
    graph.set("k", code=GATE)
    distrust(GATE)
    distrust(GATE)
    assert [p.code for p in analyze(graph.project).problems] == ["untrusted"]


def test_a_file_under_the_right_name_with_another_text_is_no_trust(home: Path):
    folder().mkdir(parents=True)
    (folder() / f"{digest(GATE)}.py").write_text("import os", encoding="utf-8")
    assert not is_trusted(GATE)


def test_what_comes_with_us_is_trusted():
    assert is_trusted(DEFAULT_CODE)
    graph = Project.new("own").networks["main"]
    graph.add("Input", id="x", shape=["N", 5])
    graph.add("Custom", id="k")
    graph.add("Output", id="y")
    graph.connect("x.y", "k.x0")
    graph.connect("k.y", "y.x")
    assert analyze(graph.project).problems == ()


def test_ports_follow_what_is_stated():
    graph = gated()
    two = DEFAULT_CODE.replace("x: Tensor) -> Tensor", "a: Tensor, b: Tensor) -> Tensor").replace(
        "return x", "return a"
    )
    graph.set("k", code=two, inputs="N, C; N, D", outputs="N, C + D; N", widths="", weights="", macs="")
    graph.set("k", arguments=edits.DEFAULT)
    node = graph.nodes["k"]
    assert graph.in_ports(node) == ["x0", "x1"]
    assert graph.out_ports(node) == ["y", "y1"]
    graph.add("Input", id="v", shape=["N", 7])
    graph.add("Input", id="w", shape=["N", 5])
    graph.connect("v.y", "k.x0")
    graph.connect("w.y", "k.x1")
    graph.add("Output", id="z")
    graph.connect("k.y1", "z.x")
    a = analyze(graph.project)
    assert [shape for row in a.layers for shape in row.output] == [(1, 12), (1,)]
    graph.set("k", outputs="N, C")
    assert [(p.code, p.message) for p in analyze(graph.project).problems if p.code == "dangling"] == [
        ("dangling", "gate has a wire at y1, an output it does not have")
    ]
    graph.set("k", outputs="N, C; N")
    assert not any(p.code == "dangling" for p in analyze(graph.project).problems)


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        ({"inputs": "N, C"}, "axes", "gate takes N C at x0 and gets 4 axes: N×3×8×8"),
        ({"inputs": "N, C, H, 9"}, "shape", "gate takes N C H 9 at x0 and gets N×3×8×8"),
        ({"inputs": "N, C, C, W"}, "shape", "gate takes N C C W at x0 and gets N×3×8×8, where C is 3 already"),
        ({"outputs": "N, Q"}, "parameter", "gate states an output that cannot be computed: There is no value called Q"),
        ({"outputs": "N, H / 3"}, "parameter", "gate states an output of H / 3, which is 2.66"),
        ({"outputs": "N, H - 9"}, "parameter", "gate states an output of H - 9, which is -1"),
        ({"widths": ""}, "parameter", "gives 1 arguments to the constructor of Gate, which takes 2"),
        ({"widths": "C, H, W"}, "parameter", "gives 4 arguments to the constructor of Gate, which takes 2"),
        ({"inputs": "N, C, H, W; N"}, "unwired", "gate takes 2 inputs and has 1 wired"),
        ({"weights": "weight: Z"}, "parameter", "gate states a weight weight that cannot be computed"),
        ({"macs": "N ** 9 ** 9"}, "parameter", "gate states multiply-adds that cannot be computed"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, Any], code: str, sentence: str):
    graph = gated(**given)
    if code == "unwired":
        two = GATE.replace("x: Tensor) ->", "x: Tensor, z: Tensor) ->")
        graph.set("k", code=two)
    found = [p for p in analyze(graph.project).problems if p.severity == "error"]
    assert [p.code for p in found] == [code]
    assert sentence in found[0].message


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("code", "class A(nn.Module)\n", "gate: code: Line 1 is no Python: expected ':'."),
        ("code", "x = 1", "code: Line 1 is no part of it; custom code is one class or function, and its imports."),
        ("code", "", "code: It holds no class and no function; write class Name(nn.Module): with a forward."),
        ("code", "class A:\n    pass", "code: A is no module; write class A(nn.Module):."),
        ("code", "class A(nn.Module):\n    pass", "code: A has no forward; write def forward(self, x: Tensor)"),
        ("code", GATE.replace("Gate", "int"), "“int” is a builtin of Python; choose another name."),
        ("code", GATE + GATE, "code: Line 18 is no part of it"),
        ("code", "from os import *\n" + GATE, "code: Line 1 imports what no file by itself can"),
        ("code", "import os as nn\n" + GATE, "code: Line 1 gives nn another meaning; import it under another name."),
        ("code", GATE.replace("(self, x: Tensor)", "(self, *, x)"), "forward needs arguments by keyword"),
        ("code", "#" * 20_001, "code: It has 20,001 characters; custom code may have 20,000."),
        ("code", 3, "code is 3; it takes one nn.Module"),
        ("code", GATE.replace("Scales", "Sc\u202eales"), "code: Line 5 holds a character that is not seen, U+202E"),
        ("code", "def scale(x, *, by):\n    return x", "code: Line 1: scale needs arguments by keyword"),
        ("code", "def print(x):\n    return x", "code: “print” is a builtin of Python"),
        ("code", "async def scale(x):\n    return x", "code: Line 1 is no part of it"),
        ("inputs", "N, a b", "inputs: “a b” names no axis"),
        ("inputs", "", "inputs: It takes the axes of 1 to 8 inputs"),
        ("inputs", "..., ...", "inputs: “..., ...” is no shape"),
        ("outputs", "N, import", "outputs: “import” is not an expression"),
        ("outputs", ";".join("N" * 5), "outputs: It takes the shapes of 1 to 4 outputs"),
        ("weights", "weight C", "weights: “weight C” is no weight; write name: sizes"),
        ("weights", "a: C; a: C", "weights: A weight is stated twice"),
        ("macs", "open('x')", "macs: “open('x')” uses something other than arithmetic"),
        ("dtype", "quaternion", "dtype is 'quaternion'; it takes one of same, float32"),
        ("arguments", ["1 +"], "arguments: “1 +” is not an expression"),
    ],
)
def test_what_is_no_statement_is_refused_and_opens_for_repair(field: str, value: Any, sentence: str):
    graph = gated()
    with pytest.raises(edits.EditError) as error:
        graph.set("k", **{field: value})
    assert sentence in str(error.value)
    with graph.project.editing("break"):
        from dataclasses import replace

        node = graph.nodes["k"]
        graph.project.record("main", "nodes", "k", replace(node, params={**node.params, field: value}))
    project = loads(dumps(graph.project))
    assert "parameter" in {p.code for p in analyze(project).problems}
    assert all(p.message.isprintable() for p in analyze(project).problems)


def test_imports_are_told_apart_from_the_class():
    code = read_code(
        "import torch\nimport math, os.path\nfrom torch import nn, Tensor\n\n\n@final\n" + GATE.split("\n\n\n")[1]
    )
    assert code.imports == ("import math", "import os.path")
    assert code.bound == {"math", "os"}
    assert code.source.startswith("@final\nclass Gate(nn.Module):")
    assert (code.arguments, code.required, code.tensors) == (("channels", "width"), 2, (1, 1))
    assert "class Gate2(nn.Module):" in code.called("Gate2")
    with pytest.raises(CodeError, match="Two custom classes are called Gate"):
        read_code(GATE.replace("super()", "super(Gate, self)")).called("Gate2")


def test_a_function_is_called_by_a_module():
    code = read_code("import math\n\n\ndef scale_by(x, other, factor=math.pi):\n    return x * other * factor\n")
    assert (code.name, code.function, code.tensors, code.arguments) == ("ScaleBy", "scale_by", (2, 3), ())
    assert "        return scale_by(*inputs)" in code.source


def test_lines_are_pythons():
    """What other programs take for the end of a line is no end: the source is the text that was read."""
    code = read_code("def one(x):\r\n    return x\r\n")
    assert code.source.startswith("def one(x):\n    return x\n\n")


def test_a_block_of_custom_code_has_its_names_and_none_of_the_axes():
    graph = gated(arguments=["2 * N"])
    node = collapse(graph, ["k"], "Gates", {"x.y": [1, 3, 8, 8]})
    assert list(graph.project.graphs["Gates"].params) == ["N"]
    assert graph.nodes[node.id].params == {"N": "N"}
    assert analyze(graph.project).params.trainable == 3 * 2 + 3


def test_two_texts_are_not_one_module():
    graph = gated()
    other = GATE.replace("torch.ones", "torch.zeros")
    graph.add("Custom", id="k2", name="gate2", **{**graph.nodes["k"].params, "code": other})
    edits.insert_on_wire(graph, "y.x", "k2")
    edits.use_weights_of(graph, "k2", "k")
    [problem] = [p for p in analyze(graph.project).problems if p.severity == "error"]
    assert (problem.code, problem.node) == ("sharing", "k2")
    graph.set("k2", code=GATE)
    assert analyze(graph.project).sound


def test_nodes_with_code_are_listed():
    assert [(key, node.name, code) for key, node, code in codes_in(gated().project)] == [("main", "gate", GATE)]


NESTS = ["()", "[]", "{}", ("f(", ")"), ("[x for x in ", "]"), ("(lambda x=", "0:0)"), ("{a:", "}"), ("(a for ", ")")]
LONG = [
    "-",
    "not ",
    "a.",
    "lambda: ",
    "x=",
    "9",
    "f'{",
    "1+",
    "**",
    "a[0]",
    "1 if 1 else ",
    "await ",
    "@a\n",
    "\\\n",
    "\0",
]


def test_hostile_texts_are_refused_at_once():
    texts = [part * (20_000 // len(part) - 1) + "1" for part in LONG]
    texts += [opening * k + "1" + closing * k for opening, closing in NESTS for k in (15, 59, 61, 190)]
    texts += ["if 1:\n" + "".join(f"{' ' * k}if 1:\n" for k in range(1, 150))]
    start = time.process_time()
    for text in texts:
        with pytest.raises(CodeError) as error:
            read_code(text)
        assert str(error.value).isprintable()
    assert time.process_time() - start < 20  # a parser that backtracks would take for ever


def test_reading_runs_nothing(tmp_path: Path):
    mark = tmp_path / "ran"
    evil = f"import os\n\n\n@os.mkdir({str(mark)!r})\n" + GATE.split("\n\n\n")[1]
    project = loads(dumps(gated(code=evil).project))
    analyze(project).to_json()
    assert not mark.exists()


def test_what_a_run_showed_is_a_problem_as_long_as_nothing_changed():
    graph = gated()
    project = graph.project
    trust(GATE)
    assert analyze(project).sound
    assert not observe(project, "main", "k", "another text", "gate returned too much")
    assert not observe(project, "main", "gone", GATE, "gate returned too much")
    assert not observe(project, "gone", "k", GATE, "gate returned too much")
    assert observe(project, "main", "k", GATE, "gate returned too much")
    [problem] = analyze(project).problems
    assert (problem.code, problem.severity, problem.node, problem.path) == ("returned", "error", "k", "gate")
    assert problem.message == "gate returned too much"
    history = History(project)
    graph.set("k", outputs="N, C, H // 2, W")
    assert analyze(project).sound
    history.undo()
    assert [p.code for p in analyze(project).problems] == ["returned"]
    graph.set("x", shape=["N", 3, 8, 9])  # it gets something else
    assert analyze(project).sound


def test_what_a_run_showed_inside_of_a_block():
    graph = gated()
    trust(GATE)
    node = collapse(graph, ["k"], "Gates", {"x.y": ["N", 3, 8, 8]})
    edits.set_repeat(graph, node.id, 2)
    assert observe(graph.project, "Gates", "k", GATE, "gate returned too much")
    [problem] = analyze(graph.project).problems
    assert (problem.graph, problem.node, problem.path) == ("Gates", "k", f"{node.name}.0.gate")


def test_an_output_may_be_of_another_type():
    graph = gated(outputs="N, C, H, W; N, H: int64 ;N,W : bool")
    specs = engine_of(graph.project).root().results["k"].specs
    assert [spec.dtype for spec in specs] == ["float32", "int64", "bool"]
    with pytest.raises(EditError, match="“int” is no type of values; it takes float32, float64"):
        graph.set("k", outputs="N: int")
