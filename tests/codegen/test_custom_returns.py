"""What custom code returns is compared with what its author states: when a module is made, and whenever it runs."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from codegen import build_module
from codegen.build import Probed
from codegen.client import Client
from codegen.deploy.program import capture
from codegen.drawing import drawing_of
from codegen.emit import EmitError
from codegen.errors import Refusal
from codegen.verbs import run_verb
from graph_core import Graph, Project, edits, save
from graph_core.blocks import collapse
from graph_core.trust import trust


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trusted texts of the test's own; processes that a test starts see it too."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data" / "netwright"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def own(returns: str, outputs: str = "N, C", *, dtype: str = "same", given: str = "x") -> Graph:
    """A network of one custom node ``own`` on N × 8, which returns an expression."""
    graph = Project.new("owned").networks["main"]
    code = f"class Own(nn.Module):\n    def forward(self, {given}: Tensor) -> Tensor:\n        return {returns}\n"
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Custom", id="k", name="own", code=code, inputs="N, C", outputs=outputs, dtype=dtype)
    graph.connect("x.y", "k.x0")
    for place, port in enumerate(graph.out_ports(graph.nodes["k"])):
        graph.add("Output", id=f"o{place}")
        graph.connect(f"k.{port}", f"o{place}.x")
    trust(code)
    return graph


def said(graph: Graph) -> str:
    with pytest.raises(EmitError) as error:
        build_module(graph.project)
    assert error.value.place is not None
    assert error.value.place[:2] == ("main", "k")
    return str(error.value)


def test_another_shape():
    assert said(own("x[:, ::2]")) == (
        "own states that it returns 1×8 of float32 (N, C) for 1×8 of float32, and its code returned 1×4 of float32; "
        "state what it returns."
    )


def test_another_type():
    assert "and its code returned 1×8 of bool; state" in said(own("x > 0"))
    assert "and its code returned 1×8 of float32; state" in said(own("x", dtype="int64"))
    build_module(own("x > 0", dtype="bool").project)


def test_another_number_of_results():
    assert "and its code returned 1×8 of float32 and 1×8 of float32; state" in said(own("(x, x)"))
    assert "and its code returned no tensor; state" in said(own("[None]"))
    assert "(N, C; N) for" in said(own("x", "N, C; N"))
    build_module(own("(x, x[:, 0])", "N, C; N").project)


def test_what_only_shows_at_another_size_is_said_there():
    module = build_module(own("x[:7]").project)
    module(torch.zeros(7, 8))
    with pytest.raises(Refusal, match="for 9×8 of float32, and its code returned 7×8 of float32"):
        module(torch.zeros(9, 8))
    with pytest.raises(Refusal, match="for 9×8"):
        copy.deepcopy(module)(torch.zeros(9, 8))
    probed = Probed(own("x[:7]").project)
    with pytest.raises(Refusal, match="for 9×8"):
        probed.run(torch.zeros(9, 8))


def test_code_that_keeps_its_word_is_left_alone():
    graph = own("self.seen.add_(1) * x + torch.rand(())")
    code = graph.nodes["k"].params["code"]
    made = "    def __init__(self) -> None:\n        super().__init__()\n"
    made += "        self.register_buffer('seen', torch.zeros(1))\n\n"
    code = code.replace("    def forward", f"{made}    def forward")
    trust(code)
    graph.set("k", code=code, weights="buffer seen: 1")
    torch.manual_seed(3)
    wanted = torch.rand(4)
    torch.manual_seed(3)
    module = build_module(graph.project)
    assert torch.equal(torch.rand(4), wanted)
    assert module.own.seen.item() == 0
    module(torch.zeros(5, 8))
    assert module.own.seen.item() == 1
    assert module.double()(torch.zeros(2, 8, dtype=torch.float64)).dtype == torch.float64


def test_code_that_does_not_take_made_up_values_is_heard_on_real_ones():
    graph = own("x[:, :4]")
    code = graph.nodes["k"].params["code"].replace("        return", "        assert (x == 1).all()\n        return")
    trust(code)
    graph.set("k", code=code)
    module = build_module(graph.project)
    with pytest.raises(AssertionError):
        module(torch.zeros(1, 8))
    with pytest.raises(Refusal, match="its code returned 1×4"):
        module(torch.ones(1, 8))


def test_in_a_block_that_repeats_each_is_looked_at():
    graph = own("x * 2")
    node = collapse(graph, ["k"], "Owns", {"x.y": ["N", 8]})
    edits.set_repeat(graph, node.id, 3)
    module = build_module(graph.project)
    assert torch.equal(module(torch.ones(2, 8)), torch.full((2, 8), 8.0))
    watched = [part for part in module.modules() if part._forward_hooks]
    assert len(watched) == 3


def test_it_is_exported_as_ever():
    graph = own("x * 2")
    drawing = drawing_of(graph.project)
    program = capture(drawing.build(), drawing.signature())
    assert torch.equal(program.module()(torch.ones(5, 8)), torch.full((5, 8), 2.0))


def test_the_worker_says_where_and_a_command_says_it_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]):
    graph = own("x[:, ::2]")
    file = home / "own.netw"
    save(graph.project, file)
    args = {"file": str(file), "out": str(home / "own.pt2"), "format": "pt2"}
    with Client() as client:
        pending = client.submit("export", args)
        with pytest.raises(Refusal, match="own states that it returns"):
            pending.result(120)
    code = graph.nodes["k"].params["code"]
    assert pending.answer["place"] == {"graph": "main", "node": "k", "code": code}
    assert run_verb("export", [str(file), "--format", "pt2", "-o", str(home / "own.pt2")]) == 1
    assert capsys.readouterr().err.startswith("netwright export: own states that it returns 1×8 of float32 (N, C)")
    assert not (home / "own.pt2").exists()


def test_the_networks_own_module_has_no_hooks_without_custom_code():
    graph = Project.new("plain").networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Linear", id="l")
    graph.add("Output", id="y")
    graph.connect("x.y", "l.x")
    graph.connect("l.y", "y.x")
    assert not any(part._forward_hooks for part in build_module(graph.project).modules() if isinstance(part, nn.Module))
