"""Whole drawings with inputs of several kinds, put together at random, against the module that they become.

Every declared layer may come in, wired to whatever there is; what the analysis accepts must run in torch, with the
shapes, dtypes, parameters and multiply-adds that it says.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from codegen import build_module
from graph_core import EditError, Project, analyze, edits
from graph_core.fields import Axes, Choice, Count, Field, Flag, Maybe, PerAxis, Size, Sizes
from graph_core.graph import Graph
from graph_core.layer import Spec, layer_types
from graph_core.propagate import engine_of
from tests.graph_core.drawn_layers import is_drawn

# What comes in: images, token ids, a mask over them, feature vectors, a sequence, whole-number labels, one number.
INPUTS: dict[str, tuple[list[Any], str]] = {
    "image": (["N", 4, 8, 8], "float32"),
    "tokens": (["N", "T"], "int64"),
    "mask": (["N", "T"], "bool"),
    "vector": (["N", 6], "float32"),
    "sequence": (["N", "T", 8], "float32"),
    "fine": (["N", 6], "float64"),
    "labels": (["N"], "int32"),
    "scale": ([1], "float32"),
}
TYPES = [name for name, declaration in layer_types().items() if is_drawn(declaration)]
SEEDS = 24


@pytest.fixture(autouse=True)
def _slow_path() -> Iterator[None]:
    """The fused path of MultiheadAttention counts nothing."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.backends.mha.set_fastpath_enabled(before)


def drawing(seed: int, steps: int = 30) -> Project:
    """A sound project whose network has several inputs and outputs."""
    rng = random.Random(seed)
    project = Project.new("drawn")
    edits.set_symbol(project, "N", 2)
    edits.set_symbol(project, "T", 5)
    graph = project.networks["main"]
    for name in rng.sample(sorted(INPUTS), 5):
        shape, dtype = INPUTS[name]
        graph.add("Input", id=name, name=name, shape=shape, dtype=dtype)
    for _ in range(steps):
        grow(project, graph, rng)
    for id, node in list(graph.nodes.items()):
        if not graph.outgoing.get(id) and graph.out_ports(node):
            graph.add("Output", id=f"o{id}", name=f"out_{node.name}")
            graph.connect(f"{id}.{graph.out_ports(node)[0]}", f"o{id}.x")
    return project


def grow(project: Project, graph: Graph, rng: random.Random) -> None:
    """One more layer, of whatever type, wired to whatever there is; taken back where the analysis refuses it."""
    type = rng.choice(TYPES)
    done: list[Any] = []
    project.listeners.append(done.append)
    try:
        with project.editing("Grow"):
            params = {name: value(f, rng) for name, f in layer_types()[type].fields.items() if rng.random() < 0.3}
            node = edits.add(graph, type, params={name: v for name, v in params.items() if v is not None})
            specs = {f"{id}.{port}": spec for id, port, spec in flowing(project, graph) if id != node.id}
            for name, inlet in layer_types()[type].inlets.items():
                for port in [f"{name}0", f"{name}1"] if inlet.variadic else [name]:
                    fitting = [source for source, spec in specs.items() if spec.kind in inlet.kinds]
                    if inlet.kinds == ("int",):  # numbers that point at rows: computed ones may point at none
                        fitting = [source for source in fitting if source.partition(".")[0] in INPUTS]
                    if fitting and not (inlet.optional and rng.random() < 0.6):
                        edits.connect(graph, rng.choice(fitting), f"{node.id}.{port}")
    except EditError:
        return
    finally:
        project.listeners.remove(done.append)
    if any(problem.severity == "error" and problem.node == node.id for problem in analyze(project).problems):
        project.apply(done[0].inverse())


def flowing(project: Project, graph: Graph) -> Iterator[tuple[str, str, Spec]]:
    """Every output with what comes out of it."""
    for id, result in engine_of(project).root().results.items():
        for port, spec in zip(graph.out_ports(result.node), result.specs, strict=False):
            if spec is not None:
                yield id, port, spec


def value(field: Field[Any], rng: random.Random) -> Any:
    """A small value of a parameter, or None for the default."""
    match field:
        case Flag():
            return rng.random() < 0.5
        case Choice():
            return rng.choice(field.options)
        case Axes(single=True):
            return rng.choice([0, 1, 2, -1])
        case Maybe() | Sizes() | Axes():
            return None
        case Size() | Count():
            return max(field.least, rng.choice([1, 2, 3, 4, 8]))
        case PerAxis():
            return max(field.least, rng.choice([1, 2, 3]))
    return None


def tensors(project: Project, device: str) -> list[torch.Tensor]:
    """A tensor for each input, in the order of the module's arguments."""
    graph, results = project.networks["main"], engine_of(project).root().results
    found = []
    for node in graph.inputs():
        spec = results[node.id].specs[0]
        assert spec is not None
        dtype = getattr(torch, spec.dtype)
        shape = [int(size) for size in spec.shape]  # type: ignore[arg-type]
        make = torch.randn if dtype.is_floating_point else torch.zeros
        found.append(make(shape, dtype=dtype, device=device))
    return found


def said(project: Project) -> list[tuple[tuple[int, ...], str]]:
    """What the analysis says of each output."""
    root = engine_of(project).root()
    specs = [root.results[node.id].specs[0] for node in root.graph.outputs()]
    return [(tuple(int(s) for s in spec.shape), f"torch.{spec.dtype}") for spec in specs if spec]  # type: ignore[arg-type]


def run(project: Project, device: str) -> tuple[torch.nn.Module, list[tuple[tuple[int, ...], str]]]:
    """The module and what it returns for each output."""
    # The counter looks for the gradient of what a module returns, and a parameter by itself has none.
    module = build_module(project).to(device).eval().requires_grad_(False)
    with torch.no_grad():
        returned = module(*tensors(project, device))
    outputs = returned if isinstance(returned, tuple) else (returned,)
    return module, [(tuple(t.shape), str(t.dtype)) for t in outputs]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_accepted_runs_with_the_shapes_and_types_that_are_said(seed: int):
    check(drawing(seed))


def check(project: Project) -> None:
    analysis = analyze(project)
    assert analysis.sound, [problem.message for problem in analysis.problems]
    module, found = run(project, "cpu")
    assert found == said(project)
    assert sum(p.numel() for p in module.parameters()) == analysis.params.total
    assert sum(b.numel() for b in module.buffers()) == analysis.params.buffers
    with FlopCounterMode(display=False) as counter:
        _, found = run(project, "meta")
    assert found == said(project)
    assert counter.get_total_flops() == 2 * analysis.macs


def test_drawings_are_varied():
    counts = Counter(node.type for seed in range(SEEDS) for node in drawing(seed).networks["main"].nodes.values())
    assert len(counts) > 0.7 * len(TYPES), f"seldom drawn: {sorted(set(TYPES) - set(counts))}"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1600))
def test_many_drawings_run(seed: int):
    check(drawing(seed, 60))
