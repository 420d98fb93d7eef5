"""Runs of equal children: a list of modules that are called one after the other is one block that repeats."""

from __future__ import annotations

from torch import nn

from codegen.intake.steps import Body, Ref, Step
from codegen.intake.turns import form_of
from codegen.intake.unions import definition_of

LEAST = 2


def gather(body: Body) -> None:
    """Let runs of blocks in a body be one step each, in place; the blocks' own classes are known."""
    for step in body.steps:
        if step.body is not None and not step.turns and step.use is None:
            _open(step)
    _lists(body)


def gather_alone(bodies: list[Body]) -> None:
    """Let lists of one block repeat it once where those of that name in other bodies repeat theirs, in place."""
    runs = {step.name for body in bodies for step in body.steps if step.turns}
    for body in bodies:
        for step in body.steps:
            if step.name in runs and step.body is not None and not step.turns and step.use is None:
                _open(step, 1)
        _lists(body, {name for name in runs if all(step.name != name for step in body.steps)}, 1)


def _open(step: Step, least: int = LEAST) -> None:
    """A plain nn.Sequential of equal blocks is that block, repeated."""
    inner = step.body
    assert inner is not None
    if type(inner.module) is not nn.Sequential or len(inner.inputs) != 1 or len(inner.outputs) != 1:
        return
    run = inner.steps
    names = [str(place) for place in range(len(run))]
    if [one.name for one in run] != names or not _chained(run, inner.inputs[0][2]):
        return
    last = inner.outputs[0][1]
    if run and last.step is run[-1] and last.port == "0" and _equal(run, least):
        step.turns = [one.body for one in run if one.body is not None]
        step.body, step.listed = step.turns[0], inner


def _lists(body: Body, wanted: set[str] | None = None, least: int = LEAST) -> None:
    """Blocks named ``layers.0``, ``layers.1``, … that are called in that order become one named ``layers``."""
    stems: dict[str, list[Step]] = {}
    for step in body.steps:
        stem, dot, number = step.name.rpartition(".")
        if dot and number.isdigit():
            stems.setdefault(stem, []).append(step)
    for stem, run in stems.items():
        if wanted is not None and stem not in wanted:
            continue
        if [one.name for one in run] != [f"{stem}.{place}" for place in range(len(run))]:
            continue
        if any(one.body is None or "0" not in one.inputs for one in run) or not _chained(run, run[0].inputs["0"]):
            continue
        if not _equal(run, least) or not _only_in_turn(body, run):
            continue
        first = run[0]
        first.name = stem
        first.turns = [one.body for one in run if one.body is not None]
        gone = set(run[1:])
        for step in body.steps:
            for port, ref in step.inputs.items():
                if ref.step is run[-1]:
                    step.inputs[port] = Ref(first, ref.port)
        body.outputs = [(value, Ref(first, ref.port) if ref.step is run[-1] else ref) for value, ref in body.outputs]
        body.steps = [step for step in body.steps if step not in gone]


def _chained(run: list[Step], start: Ref) -> bool:
    """Whether each goes into the next, and all that comes in besides is the same for all."""
    here: Step | None = None
    for one in run:
        if one.body is None or len(one.body.outputs) != 1:
            return False
        given = one.inputs.get("0")
        if given is None or (given is not start if here is None else given.step is not here):
            return False
        for port, ref in one.inputs.items():
            first = run[0].inputs.get(port)
            if port != "0" and (first is None or (ref.step, ref.port) != (first.step, first.port)):
                return False
            if port != "0" and ref.step is None and first is not None and ref is not first:
                return False
        here = one
    return True


def _only_in_turn(body: Body, run: list[Step]) -> bool:
    """Whether nothing else reads what comes out of any but the last, and the run is not called again."""
    inner, rest = set(run[:-1]), [step for step in body.steps if step not in set(run)]
    read = {ref.step for step in rest for ref in step.inputs.values()} | {ref.step for _, ref in body.outputs}
    again = {step.use for step in body.steps}
    return not (inner & read) and not (set(run) & again)


def _equal(run: list[Step], least: int) -> bool:
    """Whether they are instances of one class whose parameters an expression can tell."""
    if len(run) < least or any(one.use is not None or one.turns for one in run):
        return False
    first = definition_of(run[0])
    if any(definition_of(one) is not first for one in run):
        return False
    bodies = [one.body for one in run if one.body is not None]
    return all(form_of([[body.arguments[name] for body in bodies]]) is not None for name in first.params)
