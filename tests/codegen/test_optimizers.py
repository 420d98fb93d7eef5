"""Optimizers, groups and schedules are torch's: fields, defaults, state, who is in which group, and every rate."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from codegen.build import build_module
from codegen.errors import Unusable
from codegen.train.optimizers import build_optimizer, named_parameters
from codegen.train.state import flatten_state, unflatten_state
from graph_core import Project, analyze, edits
from graph_core.blocks import collapse
from graph_core.groups import ROLES, parameters_of, share_out
from graph_core.layer import layer_types
from graph_core.optimizers import KINDS
from graph_core.propagate import engine_of
from graph_core.schedules import SCHEDULES, Place, rate_at, schedule_values
from graph_core.templates import open_template, templates
from graph_core.ties import tie
from tests.codegen.models import LeNet, Mlp

# How a step is computed, not what it is; the direction, which training gives; and Adam's other name for AdamW.
LEFT_OUT = {"foreach", "fused", "capturable", "differentiable", "maximize", "decoupled_weight_decay"}
NAMES = [template.name for template in templates()]


@pytest.mark.parametrize("name", KINDS)
def test_fields_and_defaults_are_torchs(name: str) -> None:
    signature = inspect.signature(getattr(torch.optim, name).__init__)
    theirs = {p.name: p.default for p in signature.parameters.values()}
    theirs = {key: value for key, value in theirs.items() if key not in {"self", "params", *LEFT_OUT}}
    assert KINDS[name].arguments({}) == theirs
    packed = {field for names in KINDS[name].packs.values() for field in names}
    assert set(KINDS[name].fields) - packed | set(KINDS[name].packs) == set(theirs)


def field_values(name: str) -> list[dict[str, Any]]:
    """The defaults, and each flag, choice and number elsewhere in its range."""
    found: list[dict[str, Any]] = [{}]
    for key, field in KINDS[name].fields.items():
        match field.kind:
            case "flag":
                found.append(
                    {key: not field.default, "momentum": 0.5} if key == "nesterov" else {key: not field.default}
                )
            case "choice":
                found += [{key: option} for option in field.options]
            case "real":
                found.append({key: min(0.5, field.most)})
            case "count":
                found.append({key: 3})
    known = KINDS[name].fields
    return [{key: value for key, value in values.items() if key in known} for values in found]


@pytest.mark.parametrize("name", KINDS)
def test_torch_takes_every_field_and_keeps_as_many_values(name: str) -> None:
    for values in field_values(name):
        weight = nn.Parameter(torch.ones(3, 4))
        history = {"history_size": 3} if name == "LBFGS" else {}
        made = getattr(torch.optim, name)([weight], **KINDS[name].arguments(values | history))
        for _ in range(3 if name == "LBFGS" else 1):
            closure = rosenbrock(weight)
            made.step(closure)
        kept = sum(
            tensor.numel()
            for value in made.state[weight].values()
            for tensor in (value if isinstance(value, list) else [value])
            if isinstance(tensor, torch.Tensor) and tensor.numel() > 1
        )
        assert kept == weight.numel() * KINDS[name].state_per_parameter(values | history), values


@pytest.mark.parametrize("name", KINDS)
def test_torch_takes_the_ends_of_every_range(name: str) -> None:
    """What our check lets pass is nothing that torch refuses."""
    for key, field in KINDS[name].fields.items():
        for end in (getattr(field, "least", None), getattr(field, "most", None)):
            if end is not None:
                field.check(end)
                more = {"momentum": 0.5} if name == "SGD" and key == "dampening" else {}
                made = getattr(torch.optim, name)(
                    [nn.Parameter(torch.ones(2, 2))], **KINDS[name].arguments({key: end, **more})
                )
                assert made.param_groups


def rosenbrock(weight: nn.Parameter) -> Any:
    """A loss that no optimizer here solves in a few steps."""

    def closure() -> torch.Tensor:
        weight.grad = None
        loss = ((1 - weight[:, :-1]) ** 2 + 100 * (weight[:, 1:] * 2 - weight[:, :-1] ** 2) ** 2).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        if weight.grad is None:
            weight.copy_(torch.linspace(-1.5, 1.5, 12).reshape(3, 4))
    closure()
    return closure


GROUPS: list[dict[str, Any]] = [
    {"match": ["fc2"], "frozen": True},
    {"match": "conv*", "role": "weight", "lr": 0.5, "weight_decay": 0.25},
    {"role": "bias", "weight_decay": 0.0, "kind": "SGD", "momentum": 0.5},
    {"match": ["fc1.weight"], "beta1": 0.5},
]


def test_param_groups_hold_what_the_drawing_says() -> None:
    module = LeNet()
    made = build_optimizer(module, {"kind": "Adam", "lr": 0.1, "beta2": 0.9, "groups": GROUPS})
    names = {tensor: path for path, tensor in module.named_parameters()}
    found = [({names[p] for p in group["params"]}, group) for group in made.param_groups]
    assert [type(part).__name__ for part in made.parts] == ["Adam", "SGD"]
    assert [paths for paths, _ in found] == [
        {"conv1.weight", "conv2.weight"},
        {"fc1.weight"},
        {"fc3.weight"},
        {"conv1.bias", "conv2.bias", "fc1.bias", "fc3.bias"},
    ]
    assert sum(len(group["params"]) for _, group in found) == len(set().union(*(paths for paths, _ in found)))
    adam = [(g["lr"], g["peak_lr"], g["betas"], g["weight_decay"]) for _, g in found[:3]]
    assert adam == [(0.5, 0.5, (0.9, 0.9), 0.25), (0.1, 0.1, (0.5, 0.9), 0), (0.1, 0.1, (0.9, 0.9), 0)]
    # Another kind takes its own defaults, torch's.
    assert (found[3][1]["lr"], found[3][1]["momentum"], found[3][1]["weight_decay"]) == (1e-3, 0.5, 0)
    assert [path for path, p in module.named_parameters() if not p.requires_grad] == ["fc2.weight", "fc2.bias"]


@pytest.mark.parametrize("name", NAMES)
def test_the_drawing_and_the_module_share_out_alike(name: str) -> None:
    """What the window counts is what torch gets: same paths, shapes and roles."""
    project = open_template(name)
    drawn = parameters_of(engine_of(project).root("main"))
    built = list(named_parameters(build_module(project)))
    assert {(p.path, p.shape) for p in drawn} == {(p.path, p.shape) for p in built}
    for role in ROLES:
        mine, theirs = (
            {p.path for p in share_out({"groups": [{"role": role}]}, ps)[0].parameters} for ps in (drawn, built)
        )
        assert mine == theirs, role


@pytest.mark.parametrize(
    ("target", "source"), [("h.weight", "e.weight"), ("e.weight", "h.weight"), ("b/l.weight", "h.weight")]
)
def test_a_tied_weight_is_one_parameter_that_any_of_its_names_means(target: str, source: str) -> None:
    project = Project.new("tied")
    graph = project.networks["main"]
    edits.set_symbol(project, "T", 5)
    graph.add("Input", id="x", shape=["N", "T"], dtype="int64")
    graph.add("Embedding", id="e", name="embed", num_embeddings=12, embedding_dim=12)
    graph.add("Linear", id="h", name="head", out_features=12)
    graph.add("Linear", id="l", name="last", out_features=12)
    graph.add("Output", id="y")
    for start, end in (("x.y", "e.x"), ("e.y", "h.x"), ("h.y", "l.x"), ("l.y", "y.x")):
        graph.connect(start, end)
    if target.startswith("b/"):
        block = collapse(graph, ["l"], "tail")
        target = target.replace("b/", f"{block.id}/")
    tie(graph, target, source)
    drawn = parameters_of(engine_of(project).root("main"))
    built = list(named_parameters(build_module(project)))
    assert {(p.path, p.others, p.shape, p.family) for p in drawn} == {
        (p.path, p.others, p.shape, p.family) for p in built
    }
    (shared,) = [parameter for parameter in drawn if parameter.others]
    for path in shared.paths:
        module = build_module(project)
        made = build_optimizer(module, {"kind": "SGD", "groups": [{"match": [path.rpartition(".")[0]], "lr": 0.5}]})
        members = [{id(p) for p in group["params"]} for group in made.param_groups if group["lr"] == 0.5]
        assert id(module.get_parameter(path)) in members[0]
        assert sum(len(group["params"]) for group in made.param_groups) == len(drawn)


def test_a_bias_is_told_by_its_name() -> None:
    """Groups know biases by torch's names, declarations by their role: both agree for every layer type."""
    checked = 0
    for name in NAMES:
        for result in engine_of(open_template(name)).root("main").results.values():
            for weight in result.facts.weights if result.facts else ():
                checked += 1
                assert ("bias" in weight.name.rpartition(".")[2]) == (weight.role == "bias"), weight.name
    assert checked > 10
    assert "norm" in {declaration.family for declaration in layer_types().values()}


def test_frozen_groups_count_as_frozen_and_keep_no_state() -> None:
    project = open_template("lenet")
    before = analyze(project)
    size = before.memory.params
    edits.set_setup(project, "main", "optimizer", {"groups": [{"match": ["conv*"], "frozen": True}]})
    after = analyze(project)
    conv = sum(p.numel for p in parameters_of(engine_of(project).root("main")) if p.path.startswith("conv"))
    assert conv > 0
    assert (after.params.frozen, after.params.trainable) == (conv, before.params.trainable - conv)
    assert after.memory.grads == 4 * after.params.trainable
    assert after.memory.optimizer == 8 * after.params.trainable
    assert after.memory.params == size
    module = build_module(project)
    build_optimizer(module, project.setup()["optimizer"])
    assert sum(p.numel() for p in module.parameters() if not p.requires_grad) == conv


def test_memory_adds_up_the_kinds_of_the_groups() -> None:
    project = open_template("lenet")
    groups = [{"role": "not-matrix", "kind": "SGD", "momentum": 0.9}, {"match": ["fc1"], "amsgrad": True}]
    edits.set_setup(project, "main", "optimizer", {"kind": "Adam", "groups": groups})
    module = build_module(project)
    made = build_optimizer(module, project.setup()["optimizer"])
    module(torch.randn(2, *open_shape(project))).sum().backward()
    made.step()
    tensors, _ = flatten_state(made.state_dict()["state"])
    assert analyze(project).memory.optimizer == 4 * sum(t.numel() for t in tensors.values() if t.dim() > 0)


def open_shape(project: Project) -> list[int]:
    node = project.networks["main"].inputs()[0]
    return [int(size) for size in node.params["shape"][1:]]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"kind": "Muon"}, "takes matrices, but conv1.weight is 6×1×3×3 and 6 more are none either"),
        ({"kind": "LBFGS", "groups": [{"match": ["fc1"], "lr": 0.5}]}, "one set of fields for all parameters"),
        ({"kind": "Adam", "groups": [{"match": ["fc9"]}]}, "Group 1 names fc9, which matches no parameter; name fc"),
        ({"kind": "Adam", "groups": [{"frozen": True}]}, "parameters are frozen; leave some to train"),
        ({"kind": "SGD", "momentum": 0.9, "dampening": 0.5, "nesterov": True}, "needs a dampening of 0"),
        ({"kind": "Adam", "groups": [{"role": "norm"}]}, "matches no parameter of the role norm"),
    ],
)
def test_what_torch_would_refuse_is_said_in_one_sentence(config: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said) as refusal:
        build_optimizer(LeNet(), config)
    assert "\n" not in str(refusal.value)


def test_the_state_survives_being_taken_apart() -> None:
    """LBFGS keeps lists of tensors, some of them None; the others keep tensors and numbers."""
    weight = nn.Parameter(torch.ones(3, 4))
    for name in KINDS:
        made = getattr(torch.optim, name)([weight], **KINDS[name].arguments({"history_size": 4}))
        made.step(rosenbrock(weight))
        state = made.state_dict()["state"]
        again = unflatten_state(*flatten_state(state))
        kept = {i: {k: v for k, v in entries.items() if v is not None} for i, entries in state.items()}
        assert again.keys() == kept.keys(), name
        for index, entries in kept.items():
            assert {k: str(v) for k, v in again[index].items()} == {k: str(v) for k, v in entries.items()}, name
    with pytest.raises((KeyError, TypeError, IndexError)):
        unflatten_state({"0.ro.7": torch.ones(1)}, {"0": {"ro": {"list": 2}}})


# Each kind's own scheduler of torch for a run of 6 epochs of 5 steps, from a rate of 0.3.
EPOCHS, STEPS, RATE = 6, 30, 0.3


def torchs(kind: str, values: dict[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    match kind:
        case "constant":
            return lr_scheduler.ConstantLR(optimizer, 1.0)
        case "one-cycle":
            return lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, cycle_momentum=False, **values)
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, STEPS, **values)
        case "warm-up-cosine":
            warm = round(values["warmup_epochs"] * STEPS / EPOCHS)
            up = lr_scheduler.LinearLR(optimizer, values["start_factor"], 1.0, warm)
            down = lr_scheduler.CosineAnnealingLR(optimizer, STEPS - warm, values["eta_min"])
            return lr_scheduler.SequentialLR(optimizer, [up, down], [warm])
        case "linear":
            return lr_scheduler.LinearLR(optimizer, total_iters=STEPS, **values)
        case "polynomial":
            return lr_scheduler.PolynomialLR(optimizer, STEPS, **values)
    return getattr(lr_scheduler, SCHEDULES[kind].torch)(optimizer, **values)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((kind, {}) for kind in SCHEDULES),
        ("one-cycle", {"three_phase": True, "pct_start": 0.2, "div_factor": 10.0}),
        ("one-cycle", {"anneal_strategy": "linear", "final_div_factor": 100.0}),
        ("cosine", {"eta_min": 0.01}),
        ("warm-up-cosine", {"warmup_epochs": 2.0, "start_factor": 0.1, "eta_min": 0.02}),
        ("cosine-restarts", {"T_0": 1, "T_mult": 2, "eta_min": 0.1}),
        ("cosine-restarts", {"T_0": 2}),
        ("step", {"step_size": 2, "gamma": 0.5}),
        ("multi-step", {"milestones": [1, 4], "gamma": 0.5}),
        ("polynomial", {"power": 2.0}),
        ("linear", {"start_factor": 0.5, "end_factor": 0.1}),
        ("plateau", {"patience": 0, "factor": 0.5, "cooldown": 1, "min_lr": 0.1}),
        ("plateau", {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"}),
    ],
)
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_every_rate_is_that_of_torchs_scheduler(kind: str, given: dict[str, Any]) -> None:
    values = {name: value for name, value in schedule_values({"kind": kind, **given}).items() if name != "kind"}
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=RATE)
    theirs = torchs(kind, values, optimizer)
    losses = [1.0, 0.9, 0.95, 0.99, 0.97, 0.96]
    rates = []
    for step in range(STEPS):
        epoch = step * EPOCHS // STEPS
        if kind == "cosine-restarts":
            theirs.step(step * EPOCHS / STEPS)  # torch's own way with parts of an epoch
        at = Place(step, STEPS, epoch, EPOCHS, losses[:epoch])
        rates.append(rate_at({"kind": kind, **given}, RATE, at))
        assert rates[-1] == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-12), step
        optimizer.step()
        ends = (step + 1) * EPOCHS % STEPS == 0
        if kind == "plateau":
            if ends:
                theirs.step(losses[epoch])
        elif kind != "cosine-restarts" and (SCHEDULES[kind].each == "step" or ends):
            theirs.step()
    assert kind == "constant" or len(set(rates)) > 1 or not given


def test_rates_exist_for_runs_of_any_length() -> None:
    for kind in SCHEDULES:
        for steps, epochs in ((1, 1), (2, 1), (3, 3), (1000, 2)):
            for step in {0, steps // 2, steps - 1}:
                rate = rate_at(kind, 1.0, Place(step, steps, step * epochs // steps, epochs))
                assert 0 <= rate <= 1.0 + 1e-12, (kind, steps, step)


def test_mlp_of_the_trainer_has_every_role() -> None:
    roles = {role for role, means in ROLES.items() if any(means(p) for p in named_parameters(Mlp()))}
    assert roles == set(ROLES) - {"embedding"}
