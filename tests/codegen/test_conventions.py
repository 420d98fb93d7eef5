"""Conventions named after a tool give that tool's figures: the tools are run, where they are installed."""

from __future__ import annotations

import importlib
import inspect
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from codegen import build_module
from codegen.measure.dialect import CONVENTIONS
from codegen.verbs import run_verb
from graph_core import Project, analyze, edits
from graph_core.layer import layer_types
from graph_core.ledger import ledger
from graph_core.propagate import engine_of
from graph_core.templates import open_template

NAMES = ("lenet", "resnet18", "transformer_encoder", "lstm_classifier")


def drawing(name: str, batch: int) -> Project:
    project = open_template(name)
    edits.set_symbol(project, "N", batch)
    if "T" in project.symbols:
        edits.set_symbol(project, "T", 16)
    return project


def inputs_of(project: Project) -> tuple[torch.Tensor, ...]:
    root = engine_of(project).root()
    made = []
    for node in root.graph.inputs():
        spec = root.results[node.id].specs[0]
        assert spec is not None
        shape = tuple(map(int, spec.shape))  # type: ignore[arg-type]
        made.append(torch.zeros(shape, dtype=getattr(torch, spec.dtype)))
    return tuple(made)


def tool(name: str) -> Any:
    """A tool's module; the test is skipped where it is not there, or does not go with what else is installed."""
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"{name} cannot be loaded: {error}")


def by_torch(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    with FlopCounterMode(display=False) as counter:
        model.to("meta")(*(tensor.to("meta") for tensor in inputs))
    return int(counter.get_total_flops())


def by_fvcore(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    count: Any = tool("fvcore.nn").FlopCountAnalysis(model, inputs)
    count.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return int(count.total())


def by_torchinfo(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    return int(tool("torchinfo").summary(model, input_data=inputs, verbose=0).total_mult_adds)


def by_ptflops(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    macs, _ = tool("ptflops").get_model_complexity_info(
        model,
        tuple(inputs[0].shape[1:]),
        as_strings=False,
        print_per_layer_stat=False,
        backend="aten",
        input_constructor=lambda _: dict(zip(inspect.signature(model.forward).parameters, inputs, strict=True)),
    )
    return int(macs)


TOOLS: dict[str, Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], int]] = {
    "torch": by_torch,
    "fvcore": by_fvcore,
    "torchinfo": by_torchinfo,
    "ptflops": by_ptflops,
}


@pytest.fixture(autouse=True)
def _slow_path() -> Iterator[None]:
    """Fused inference of MultiheadAttention is seen by no tool."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.backends.mha.set_fastpath_enabled(before)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", TOOLS)
def test_the_figure_is_the_tools(other: str, name: str, batch: int) -> None:
    if (other, name, batch) == ("ptflops", "transformer_encoder", 3):
        pytest.skip("adds the biases of attention only for a single sample; see the dialect")
    project = drawing(name, batch)
    theirs = TOOLS[other](build_module(project).eval(), inputs_of(project))
    assert ledger(project).operations(CONVENTIONS[other]) == theirs
    assert theirs > 0


# What one layer alone is given where its declaration does not say: shapes by port, and parameters.
SHAPES: dict[str, Any] = {
    "MatMul": [["N", 6, 8], ["N", 8, 5]],
    "ScaledDotProductAttention": [["N", 2, 6, 8]] * 3,
    "Embedding": [["N", 6]],
}
# No tool has a rule for these, whose weights or tables come in by wires, or which have no input at all.
BY_WIRE = frozenset(
    [
        "ExpandBatch",
        "Lookup",
        "MaskedFill",
        "LinearWith",
        "Conv1dWith",
        "Conv2dWith",
        "Conv3dWith",
        "Conv2dInGroups",
        "EmbeddingWith",
        "PReLUWith",
        "Fold",
        "OneHot",
        "LayerNormWith",
        "BatchNormWith",
        "HeldParameter",
        "HeldBuffer",
        "AddMM",
        "Einsum",
        "SliceScatter",
        "Gather",
        "GroupNormWith",
        "RMSNormWith",
        "BatchStatisticsNorm",
        "AddCMul",
        "Where",
    ]
)
PARAMS: dict[str, dict[str, Any]] = {
    "Expand": {"sizes": [-1, -1, -1]},
    "ReshapeAll": {"shape": [-1, 8]},
    "Permute": {"dims": [0, 2, 1]},
    "Interpolate": {"size": [16]},
    "Tile": {"repeats": [1, 2, 1]},
    "Embedding": {"num_embeddings": 50, "embedding_dim": 8},
    "MultiheadAttention": {"num_heads": 2},
    **{name: {"hidden_size": 5} for name in ("RNN", "GRU", "LSTM")},
}


def one_layer(name: str) -> Project:
    """A network of one layer, a batch of three."""
    declaration = layer_types()[name]
    project = Project.new("one")
    edits.set_symbol(project, "N", 3)
    graph = project.networks["main"]
    graph.add(name, id="l", **PARAMS.get(name, {}))
    ports = [port for port in declaration.inlets if not declaration.inlets[port].optional]
    if not declaration.simple:
        ports = [f"{port}{k}" for port in ports for k in range(declaration.inlets[port].least)]
    for k, port in enumerate(ports):
        inlet = declaration.inlets.get(port) or next(iter(declaration.inlets.values()))
        usual = {4: ["N", 6, 8, 8], 5: ["N", 6, 8, 8, 8]}.get(inlet.rank or 0, ["N", 6, 8])
        shape = SHAPES.get(name, {k: usual})[k]
        dtype = "float32" if "float" in inlet.kinds else "int64" if "int" in inlet.kinds else "bool"
        graph.add("Input", id=f"i{k}", shape=shape, dtype=dtype)
        graph.connect(f"i{k}.y", f"l.{port}")
    graph.add("Output", id="o")
    graph.connect(f"l.{graph.out_ports(graph.nodes['l'])[0]}", "o.x")
    return project


@pytest.mark.parametrize("other", ["torch", "fvcore", "torchinfo"])
def test_each_layer_alone_is_counted_as_by_the_tool(other: str) -> None:
    different = {}
    for name, declaration in layer_types().items():
        if declaration.family == "io" or getattr(declaration.torch, "code", False):
            continue
        if name in BY_WIRE:
            continue
        project = one_layer(name)
        assert analyze(project).sound, (name, analyze(project).problems)
        ours = ledger(project).operations(CONVENTIONS[other])
        theirs = TOOLS[other](build_module(project).eval(), inputs_of(project))
        if ours != theirs:
            different[name] = (ours, theirs)
    assert different == {}


def test_every_rule_is_of_a_declared_layer() -> None:
    for convention in CONVENTIONS.values():
        assert set(convention.rules) <= set(layer_types()), convention.name


def test_summary_counts_by_a_convention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "r.netw")
    run_verb("new", ["resnet18", "-o", path])
    assert run_verb("summary", [path, "--json", "--convention", "fvcore"]) == 0
    found = json.loads(capsys.readouterr().out)["operations"]
    assert (found["convention"], found["unit"], found["total"]) == ("fvcore", "FLOPs", 1_819_065_856)
    assert sum(row["operations"] for row in found["layers"]) == found["total"]
    assert run_verb("summary", [path, "--convention", "torch"]) == 0
    told = capsys.readouterr().out
    assert "counted as torch FlopCounterMode" in told
    assert "3,628,146,688 FLOPs" in told
    assert run_verb("summary", [path]) == 0
    assert "counted as" not in capsys.readouterr().out
