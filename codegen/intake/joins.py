"""Lists of tensors that grow from layer to layer: what is joined again and again is joined once and handed on.

A block that takes a list and joins it first takes what is joined; a join of what was joined before and one more goes on
from there; and where each block's result is joined to what came in, the block does that itself. Dense blocks, whose
layers take one tensor more each time, become a chain of equal layers so. The values are the very same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from codegen.intake.dialect_modules import JOIN
from codegen.intake.record import Value
from codegen.intake.steps import Body, Ref, Step

End = tuple[Step | int | None, str]


@dataclass(eq=False)
class _Call:
    """One call of a block: the step, and the body around it."""

    around: Body
    step: Step

    @property
    def body(self) -> Body:
        assert self.step.body is not None
        return self.step.body


def hand_on(root: Body) -> None:
    """Let lists that grow be tensors that are handed on, in place."""
    calls: dict[type, list[_Call]] = defaultdict(list)
    for call in _calls(root):
        calls[type(call.body.module)].append(call)
    for alike in calls.values():
        if all(_takes_a_list(call) or len(call.body.inputs) == 1 for call in alike) and len(alike) > 1:
            taking = [call for call in alike if len(call.body.inputs) > 1]
            for call in taking:
                _take_joined(call)
            if taking:
                for around in {id(call.around): call.around for call in alike}.values():
                    _go_on(around)
                _join_inside(alike)


def _calls(body: Body) -> Iterator[_Call]:
    for step in body.steps:
        if step.body is not None:
            yield _Call(body, step)
            yield from _calls(step.body)


def _end(ref: Ref) -> End:
    return (ref.step, ref.port) if ref.step is not None else (id(ref), "")


def _takes_a_list(call: _Call) -> bool:
    """Whether all that comes in is joined first, in order, and read by nothing else."""
    body = call.body
    if call.step.use is not None or not body.steps or body.steps[0].type != JOIN:
        return False
    read = [_end(ref) for step in body.steps for ref in step.inputs.values()] + [_end(ref) for _, ref in body.outputs]
    given = [_end(ref) for _, _, ref in body.inputs]
    joined = [_end(ref) for ref in body.steps[0].inputs.values()]
    return joined == given and all(read.count(end) == 1 for end in given)


def _take_joined(call: _Call) -> None:
    """Join in front of the block what it joined itself."""
    body, first = call.body, call.body.steps[0]
    _, name, ref = body.inputs[0]
    joined = _joined([value for value, _, _ in body.inputs], int(first.params["dim"]))
    body.inputs = [(joined, name.removesuffix("0"), ref)]
    body.steps = body.steps[1:]
    _redirect(body, first, ref)
    given = [call.step.inputs[str(place)] for place in range(len(call.step.inputs))]
    join = Step(JOIN, f"{first.name}_{call.step.name}".replace(".", "_"), dict(first.params))
    join.inputs = {f"x{place}": one for place, one in enumerate(given)}
    call.step.inputs = {"0": Ref(join, "y")}
    call.around.steps.insert(call.around.steps.index(call.step), join)


def _joined(values: list[Value], dim: int) -> Value:
    """What stands for the values joined; only its sizes are known."""

    def join(parts: list[Value]) -> Value:
        sizes = list(parts[0].shape)
        sizes[dim] = sum(part.shape[dim] for part in parts)
        return Value(torch.empty(sizes, dtype=parts[0].tensor.dtype, device="meta"))

    made = join(values)
    twins = [value.twin for value in values]
    if all(twin is not None for twin in twins):
        made.twin = join([twin for twin in twins if twin is not None])
    return made


def _redirect(body: Body, gone: Step, to: Ref) -> None:
    """Let what read a step read something else."""
    for step in body.steps:
        step.inputs = {port: to if ref.step is gone else ref for port, ref in step.inputs.items()}
    body.outputs = [(value, to if ref.step is gone else ref) for value, ref in body.outputs]


def _go_on(body: Body) -> None:
    """Let each join begin with the longest one before it of which it has all."""
    before: list[tuple[list[End], Step]] = []
    for step in body.steps:
        if step.type != JOIN:
            continue
        refs = list(step.inputs.values())
        ends = [_end(ref) for ref in refs]
        known = [
            (len(shorter), earlier)
            for shorter, earlier in before
            if earlier.params == step.params and len(shorter) < len(ends) and ends[: len(shorter)] == shorter
        ]
        before.append((ends, step))
        if known:
            count, earlier = max(known, key=lambda pair: pair[0])
            rest = [Ref(earlier, "y"), *refs[count:]]
            step.inputs = {f"x{place}": ref for place, ref in enumerate(rest)}


def _join_inside(alike: list[_Call]) -> None:
    """Let blocks join their result to what came in, where that is all that is done with it."""
    joins = [_join_after(call) for call in alike]
    if any(join is None for join in joins) or len({join.params["dim"] for join in joins if join is not None}) > 1:
        return
    for call, join in zip(alike, joins, strict=True):
        assert join is not None
        body = call.body
        (value, out), (given, _, ref) = body.outputs[0], body.inputs[0]
        taken = {*(step.name for step in body.steps), *body.module._modules, *body.module._parameters}
        name = "joined"
        while name in taken:
            name += "_"
        inside = Step(JOIN, name, dict(join.params), {"x0": ref, "x1": out})
        body.steps.append(inside)
        body.outputs = [(_joined([given, value], int(join.params["dim"])), Ref(inside, "y"))]
        call.around.steps.remove(join)
        _redirect(call.around, join, Ref(call.step, "0"))


def _join_after(call: _Call) -> Step | None:
    """The join of what goes into a block and what comes out, if nothing else reads the latter."""
    around, step = call.around, call.step
    if len(call.body.outputs) != 1 or any(ref.step is step for _, ref in around.outputs):
        return None
    readers = [one for one in around.steps if any(ref.step is step for ref in one.inputs.values())]
    if len(readers) != 1 or readers[0].type != JOIN:
        return None
    ends = [_end(ref) for ref in readers[0].inputs.values()]
    return readers[0] if ends == [_end(step.inputs["0"]), (step, "0")] else None
