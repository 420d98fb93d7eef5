"""Peak memory of activations: against torch while it runs, and after any edits against a cold analysis."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from codegen import build_module
from codegen.emit import EmitError
from graph_core import EditError, Graph, Project, analyze, dumps, edits, loads
from graph_core.blocks import add_graph
from graph_core.liveness import LARGE, living_of
from graph_core.memory import PRECISIONS, Parts, parts_of, peak_path
from graph_core.pieces import INFERENCE, TRAINING
from graph_core.propagate import engine_of
from graph_core.templates import open_template, templates
from tests.graph_core.test_propagate import random_edit, residual_block
from tests.scans import scanned


class Watched(TorchDispatchMode):
    """The most bytes in distinct living storages at once, but for those that were there before."""

    def __init__(self, before: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self._before = {tensor.untyped_storage()._cdata for tensor in before}
        self._living: dict[int, tuple[StorageWeakRef, int]] = {}
        self.ignored: set[tuple[int, ...]] = set()
        self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self._living = {key: held for key, held in self._living.items() if not held[0].expired()}
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tuple(tensor.shape) not in self.ignored:
                storage = tensor.untyped_storage()
                if storage._cdata not in self._before and storage._cdata not in self._living:
                    self._living[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.most = max(self.most, sum(size for _, size in self._living.values()))
        return out


class Loss(torch.autograd.Function):
    """A loss that keeps nothing, whose gradient is a tensor that only autograd holds."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.shape = x.shape
        return x.new_zeros(())

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return torch.ones(ctx.shape)


def without_dropout(name: str) -> Project:
    """A template with a batch of 2 and short sequences; a CPU drops out in another way than what is declared."""
    project = open_template(name)
    for symbol, size in project.symbols.items():
        edits.set_symbol(project, symbol, 2 if symbol == "N" else min(size, 32))
    for graph in project.graphs.values():
        for node in list(graph.nodes.values()):
            for field in ("p", "dropout"):
                if field in (edits.fields_of(project, node.type) or {}) and node.type not in project.graphs:
                    edits.set_params(graph, node.id, {field: 0.0})
    return project


def inputs_of(project: Project) -> list[torch.Tensor]:
    root = engine_of(project).root()
    made = []
    for node in root.graph.inputs():
        spec = root.results[node.id].specs[0]
        assert spec is not None
        shape = tuple(map(int, spec.shape))  # type: ignore[arg-type]
        made.append(torch.randn(shape) if spec.kind == "float" else torch.zeros(shape, dtype=torch.int64))
    return made


@pytest.fixture
def _plain_kernels() -> Any:
    """Without fused inference of attention, whose steps nobody can watch."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.backends.mha.set_fastpath_enabled(fast)


# The least share of torch's peak that ours is: recurrent kernels of a CPU hold every step's state twice, and emitted
# code keeps a variable until it is assigned again.
INFERENCE_SHARE = {"lstm_classifier": 0.6, "lstm_gates": 0.99, "transformer_encoder": 0.9}
TRAINING_SHARE = {"lstm_classifier": 0.7, "lstm_gates": 0.99}


@pytest.mark.usefixtures("_plain_kernels")
@pytest.mark.parametrize("name", [template.name for template in templates()])
def test_peaks_are_those_of_torch(name: str) -> None:
    project = without_dropout(name)
    model, inputs = build_module(project), inputs_of(project)
    known = [*model.parameters(), *model.buffers(), *inputs]
    with torch.no_grad(), Watched(known) as watched:
        model.eval()(*inputs)
    ours = parts_of(engine_of(project), "main", training=False)
    assert ours.inputs == sum(tensor.nbytes for tensor in inputs)
    assert INFERENCE_SHARE.get(name, 1.0) * watched.most <= ours.working <= 1.001 * watched.most

    for weight in model.parameters():  # gradients of weights are another part
        weight.register_post_accumulate_grad_hook(lambda weight: setattr(weight, "grad", None))
    with torch.backends.mkldnn.flags(enabled=False), Watched(known) as watched:
        loss = Loss.apply(model.train()(*inputs))
        watched.ignored = {shape for w in model.parameters() for shape in (tuple(w.shape), tuple(w.shape)[::-1])}
        loss.backward()
    ours = parts_of(engine_of(project), "main", training=True)
    scalars = 8  # the loss and its gradient
    most = watched.most - scalars
    assert TRAINING_SHARE.get(name, 1.0) * most <= ours.kept + ours.working <= 1.02 * most


@pytest.mark.usefixtures("_plain_kernels")
@pytest.mark.parametrize("name", ["mlp", "lenet", "resnet18", "resblock", "scan"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_kept_is_what_torch_keeps(name: str, precision: str) -> None:
    project = scanned()[0] if name == "scan" else without_dropout(name)
    model, inputs = build_module(project).train(), inputs_of(project)
    if precision == "bf16":
        model, inputs = model.to(torch.bfloat16), [tensor.to(torch.bfloat16) for tensor in inputs]
    kept = kept_by_torch(model, inputs)
    engine = engine_of(project)
    ours = parts_of(engine, "main", training=True, precision=precision)
    assert ours.kept == pytest.approx(kept, rel=0.002)
    if precision == "fp32":
        assert ours.kept == kept
    weights = sum(t.nbytes for t in model.state_dict().values())
    assert (ours.weights, ours.gradients) == (weights, sum(w.nbytes for w in model.parameters()))


def kept_by_torch(model: torch.nn.Module, inputs: list[torch.Tensor]) -> int:
    """Bytes of distinct memory that autograd keeps of one forward pass, weights and inputs aside."""
    known = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers(), *inputs]}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in known:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(*inputs)
    return sum(t.untyped_storage().nbytes() for t in kept.values())


def drawing() -> tuple[Project, Graph]:
    """Views, dropout, a shortcut, and a block with a condition that repeats."""
    project = Project.new("live")
    block = residual_block(project)
    block.add("Dropout", id="d")
    edits.insert_on_wire(block, "y.x", "d")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8, 16, 16])
    graph.add("Residual", id="b", out_channels=8)
    edits.set_repeat(graph, "b", 4)
    graph.add("Dropout", id="d")
    graph.add("Permute", id="p", dims=[0, 2, 3, 1])
    graph.add("Flatten", id="f")
    graph.add("Linear", id="l", out_features=10)
    graph.add("Output", id="y")
    for wire in (("x.y", "b.x"), ("b.y", "d.x"), ("d.y", "p.x"), ("p.y", "f.x"), ("f.y", "l.x"), ("l.y", "y.x")):
        graph.connect(*wire)
    return project, graph


def both(project: Project) -> tuple[Parts, Parts, str, str]:
    """What is said of it in both modes."""
    engine = engine_of(project)
    parts = [parts_of(engine, "main", training=training) for training in (False, True)]
    return parts[0], parts[1], peak_path(engine, "main", INFERENCE), peak_path(engine, "main", TRAINING)


def other_edit(project: Project, rng: random.Random) -> None:
    """An edit of what the other random edits leave alone: blocks, repeats, views."""
    graph = project.networks["main"]
    ids = list(graph.nodes)
    match rng.randrange(6):
        case 0 if "b" in graph.nodes:
            edits.set_repeat(graph, "b", rng.choice([0, 1, 2, 3, 7]), shared=rng.random() < 0.3)
        case 1:
            blocks = [id for id, node in graph.nodes.items() if node.type in project.graphs]
            if blocks:
                edits.set_params(graph, rng.choice(blocks), {"out_channels": rng.choice([8, 16]), "stride": 1})
        case 2:
            type = rng.choice(["Residual", "Dropout", "Permute", "Identity", "Mul", "Flatten", "LSTM"])
            if graph.wires:
                edits.insert_on_wire(graph, rng.choice(list(graph.wires)), edits.add(graph, type).id)
        case 5 if "b" in graph.nodes:
            ins = list(project.graphs["Residual"].ports_of_role["input"])
            edits.set_scan(graph, "b", rng.randrange(3), ins[:1], ins[1:])
        case 3:
            block = project.graphs["Residual"]
            random_edit(block, rng)
        case 4 if len(ids) > 12:
            edits.remove(graph, rng.sample(ids, 2), heal=True)


def nested() -> tuple[Project, Graph]:
    """Blocks in blocks, both repeated, one of whose outputs is what came in."""
    project = Project.new("nested")
    residual_block(project)
    outer = add_graph(project, "Outer")
    outer.add("Input", id="x", shape=["N", "C", "H", "W"])
    outer.add("Residual", id="r", out_channels=8)
    outer.add("Dropout", id="d")
    outer.add("Add", id="s")
    outer.add("Output", id="y")
    outer.add("Output", id="y2")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8, 8, 8])
    graph.add("Outer", id="b")
    graph.add("Outer", id="b2")
    graph.add("Flatten", id="f")
    graph.add("Linear", id="l", out_features=10)
    graph.add("Output", id="y")
    for here, wires in (
        (outer, "x.y-r.x r.y-d.x d.y-s.a x.y-s.b s.y-y.x x.y-y2.x"),
        (graph, "x.y-b.x b.y-b2.x b2.y-f.x f.y-l.x l.y-y.x"),
    ):
        for wire in wires.split():
            here.connect(*wire.split("-"))
    edits.set_repeat(outer, "r", 2)
    edits.set_repeat(graph, "b", 3)
    return project, graph


@pytest.mark.parametrize("large", [0, LARGE])
@pytest.mark.parametrize("make", [drawing, nested])
@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(k, marks=pytest.mark.soak) for k in range(4, 60))])
def test_edits_leave_what_a_cold_analysis_says(
    seed: int, make: Callable[[], tuple[Project, Graph]], large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether graphs are kept up to date or walked again: a cold analysis walks them once."""
    monkeypatch.setattr("graph_core.liveness.LARGE", large)
    rng = random.Random(seed)
    project, _ = make()
    assert both(project)[1].kept
    done: list[Any] = []
    project.listeners.append(done.append)
    seen = 0
    for step in range(50):
        try:
            if done and rng.random() < (0.2 if analyze(project).sound else 0.6):
                project.apply(done[-1].inverse())
            elif rng.random() < 0.5:
                random_edit(rng.choice(list(project.graphs.values())), rng)
            else:
                other_edit(project, rng)
        except EditError:
            continue
        if rng.random() < 0.7:
            live = both(project)
            assert live == both(loads(dumps(project))), f"seed {seed}, step {step}"
            seen += 1
    assert seen


def sound_drawing(seed: int) -> Project:
    """A drawing after many random edits; what makes an error is mostly undone. No dropout: see without_dropout."""
    rng = random.Random(seed)
    project, _ = nested() if seed % 2 else drawing()
    done: list[Any] = []
    project.listeners.append(done.append)
    for _ in range(25):
        try:
            if done and not analyze(project).sound and rng.random() < 0.8:
                project.apply(done[-1].inverse())
            elif rng.random() < 0.6:
                random_edit(rng.choice(list(project.graphs.values())), rng)
            else:
                other_edit(project, rng)
        except EditError:
            continue
    for graph in project.graphs.values():
        for node in list(graph.nodes.values()):
            if node.type == "Dropout":
                edits.set_params(graph, node.id, {"p": 0.0})
    return project


@pytest.mark.usefixtures("_plain_kernels")
@pytest.mark.parametrize("start", [0, *(pytest.param(k, marks=pytest.mark.soak) for k in range(100, 1000, 100))])
def test_random_drawings_keep_what_torch_keeps(start: int) -> None:
    compared = 0
    for seed in range(start, start + 100):
        project = sound_drawing(seed)
        found = analyze(project)
        if not found.sound or any(problem.code == "unused" for problem in found.problems):
            continue  # what nothing reads is not written
        try:
            model = build_module(project)
        except EmitError:
            continue  # a block that has no shapes by itself
        inputs = [one.requires_grad_() for one in inputs_of(project)]
        assert parts_of(engine_of(project), "main", training=True).kept == kept_by_torch(model.train(), inputs), seed
        compared += 1
    assert compared


def peak(graph: Graph, *, training: bool = False) -> Parts:
    return parts_of(engine_of(graph.project), "main", training=training)


def line(*types: tuple[str, dict[str, Any]]) -> Graph:
    """A chain of layers behind an input of N × 8 float32 values, N being 1."""
    graph = Project.new("line").networks["main"]
    graph.add("Input", id="x", shape=["N", 2, 4])
    last = "x.y"
    for place, (type, params) in enumerate(types):
        graph.add(type, id=f"n{place}", **params)
        graph.connect(last, f"n{place}.x")
        last = f"n{place}.y"
    graph.add("Output", id="y")
    graph.connect(last, "y.x")
    return graph


def test_views_cost_nothing_and_a_flattened_permutation_is_a_copy() -> None:
    values = 8 * 4
    assert peak(line(("Flatten", {}), ("Identity", {}))).activations == values
    assert peak(line(("Permute", {}), ("Flatten", {}))).activations == 2 * values
    assert peak(line(("Permute", {}), ("ReLU", {}), ("Flatten", {}))).activations == 3 * values
    assert peak(line(("Permute", {}), ("LayerNorm", {}), ("Flatten", {}))).activations == 2 * values
    assert peak(line(("ReLU", {}), ("Flatten", {}), ("ReLU", {}))).activations == 3 * values
    assert peak(line(("Dropout", {}))).activations == values
    assert peak(line(("Dropout", {})), training=True).kept == 8  # one byte for each value


def test_a_wire_across_keeps_its_tensor_alive() -> None:
    graph = line(("ReLU", {}), ("ReLU", {}), ("ReLU", {}))
    assert peak(graph).working == 2 * 32
    graph.add("Add", id="sum")
    edits.insert_on_wire(graph, "y.x", "sum")
    graph.connect("n0.y", "sum.b")
    assert peak(graph).working == 3 * 32


def test_equal_iterations_keep_as_much_each() -> None:
    project, graph = drawing()
    kept = []
    for times in (1, 2, 3, 4, 5, 10**6):
        edits.set_repeat(graph, "b", times)
        kept.append(peak(graph, training=True).kept)
    steps = [after - before for before, after in itertools.pairwise(kept[:5])]
    assert steps[1:] == [steps[1]] * 3
    assert kept[-1] == kept[4] + (10**6 - 5) * steps[1]
    assert len(living_of(engine_of(project)).sweep(engine_of(project).root(), TRAINING).piece.outs) == 1


def test_what_each_precision_means() -> None:
    project = open_template("lenet")
    engine = engine_of(project)
    plain = parts_of(engine, "main", training=True)
    mixed = parts_of(engine, "main", training=True, precision="mixed")
    half = parts_of(engine, "main", training=True, precision="bf16")
    assert mixed.weights == plain.weights * 3 // 2
    assert (mixed.gradients, mixed.optimizer) == (plain.gradients, plain.optimizer)
    assert mixed.kept == half.kept < plain.kept
    assert [2 * part for part in (half.weights, half.gradients, half.optimizer, half.inputs)] == [
        plain.weights,
        plain.gradients,
        plain.optimizer,
        plain.inputs,
    ]
    small = parts_of(engine, "main", training=False, precision="int8")
    full = parts_of(engine, "main", training=False)
    assert (4 * small.weights, 4 * small.activations) == (full.weights, full.activations)
    assert [name for name, precision in PRECISIONS.items() if not precision.trains] == ["int8"]


def test_what_waits_to_be_booked_in_a_network_that_lost_its_input_is_forgotten() -> None:
    project = Project.new("tiny")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 4])
    graph.add("Linear", id="a", out_features=8)
    graph.add("Output", id="y")
    graph.connect("x.y", "a.x")
    graph.connect("a.y", "y.x")
    engine = engine_of(project)
    parts_of(engine, "main", training=True)
    edits.set_params(graph, "a", {"out_features": 16})
    parts_of(engine, "main", training=False)  # what the edit touched now waits for whoever asks for training
    edits.remove(graph, ["x"])
    assert parts_of(engine, "main", training=True) == parts_of(engine_of(loads(dumps(project))), "main", training=True)
