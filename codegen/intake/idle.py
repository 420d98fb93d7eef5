"""Weights that a run does not read, and those that are known by several names: each keeps its key in the state dict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from torch import Tensor, nn

from codegen.intake.constants import held, held_params
from codegen.intake.record import Value
from codegen.intake.steps import Body, Step
from codegen.weights import weight_end, weight_keys
from graph_core.ends import End, Stop, end_of
from graph_core.graph import Graph, Node, Project, Repeat
from graph_core.ties import tie, untie


def complete(body: Body, module: nn.Module) -> None:
    """Add what the state dict of ``module`` has and no step holds, each in the body of the module that owns it."""
    covered = list(_covered(body, ""))
    for path, tensor in _state(module):
        if not any(path == known or path.startswith(f"{known}.") for known in covered):
            _add(body, path, path, tensor, module)


def _state(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    kept = set(module.state_dict())
    for path, parameter in module.named_parameters(remove_duplicate=False):
        if path in kept:
            yield path, parameter
    for path, buffer in module.named_buffers(remove_duplicate=False):
        if path in kept:
            yield path, buffer


def _covered(body: Body, prefix: str) -> Iterator[str]:
    for step in body.steps:
        if step.use is None and step.body is not None:
            yield from _covered(step.body, f"{prefix}{step.name}.")
        elif step.use is None:
            yield f"{prefix}{step.name}"


def _add(body: Body, rest: str, path: str, tensor: Tensor, module: nn.Module) -> None:
    for step in body.steps:
        if step.body is not None and step.use is None and rest.startswith(f"{step.name}."):
            _add(step.body, rest[len(step.name) + 1 :], path, tensor, module)
            return
    value = Value(tensor, "weight", path)
    type, name = held(value, rest)
    body.steps.append(Step(type, name, held_params(value, module)))


def tie_weights(project: Project, module: nn.Module) -> None:
    """Tie in the drawing what is one parameter under several names in the module."""
    names: dict[int, list[str]] = defaultdict(list)
    for path, parameter in module.named_parameters(remove_duplicate=False):
        names[id(parameter)].append(path)
    several = [paths for paths in names.values() if len(paths) > 1]
    if not several:
        return
    keys = dict(weight_keys(project, "main"))
    graph = project.networks["main"]
    for paths in several:
        ends = [weight_end(keys[path]) for path in paths if path in keys]
        for target in ends[1:]:
            tie(graph, target, ends[0])
    _tie_inside(project, graph)
    _tie_all_steps(graph)


def _tie_inside(project: Project, graph: Graph) -> None:
    """Ties within every use of a block become one inside of it."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for text, source in graph.ties.items():
        target, owner = end_of(text), end_of(source)
        around = target.way[0]
        if len(target.way) > 1 and len(owner.way) > 1 and owner.way[0] == around:
            inner = (End(target.way[1:], target.weight).text, End(owner.way[1:], owner.weight).text)
            found[graph.nodes[around.id].type, *inner].append(text)
    for (key, target_text, source_text), ties in found.items():
        users = [(home, node) for home in project.graphs.values() for node in home.nodes.values() if node.type == key]
        if any(home is not graph or node.use for home, node in users) or len(ties) != sum(_times(n) for _, n in users):
            continue
        for text in ties:
            untie(graph, text)
        tie(project.graphs[key], target_text, source_text)
        _tie_inside(project, project.graphs[key])


def _times(node: Node) -> int:
    """How many sets of weights a node has; none where that is not a plain number."""
    if node.run is None:
        return 1
    return node.run.times if isinstance(node.run, Repeat) and isinstance(node.run.times, int) else -1


def _tie_all_steps(graph: Graph) -> None:
    """Ties of each step of a block to one weight become one of all steps, as a loop over them says it."""
    steps: dict[tuple[str, str], set[int]] = defaultdict(set)
    for text, source in graph.ties.items():
        for end in (end_of(text), end_of(source)):
            if end.way[0].step is not None:
                whole = End((Stop(end.way[0].id), *end.way[1:]), end.weight)
                steps[whole.text, source].add(end.way[0].step)
    for (target, source), found in steps.items():
        run = graph.nodes[end_of(target).way[0].id].run
        if run is not None and isinstance(run, Repeat) and len(found) == run.times:
            tie(graph, target, source)
