"""Bodies that differ in numbers only become one class: the numbers that differ are its parameters.

Bottom-up: bodies of one Python class with the same steps and wires are one class; each number that is not the same in
all of them is a hole, and holes that always hold the same number are one parameter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from codegen.intake.dialect_modules import BUFFER, PARAMETER
from codegen.intake.steps import Body, Ref, Step
from graph_core.layer import Layer, layer_types
from graph_core.names import BadName, check_identifier, numbered

# What a tensor holds at first tells nothing of its class.
FIRST = frozenset(["std", "value", "content"])
Hole = tuple[int, str, int]  # step, parameter, place in a list (-1 for a number alone)


def merge_classes(root: Body) -> None:
    """Give bodies their parameters (``Body.params``) and the steps that use them their values, in place."""
    order: list[Body] = []
    _gather(root, order)
    kinds: dict[int, Any] = {}
    done: set[int] = set()
    # Deepest first, so that what a body asks of its blocks is known when its own holes are looked for.
    for depth in sorted({_depth(body) for body in order}):
        groups: dict[Any, list[Body]] = defaultdict(list)
        for body in order:
            if _depth(body) == depth and id(body) not in done:
                groups[_skeleton(body, kinds)].append(body)
        for place, (key, bodies) in enumerate(groups.items()):
            for body in bodies:
                kinds[id(body)] = (depth, place, key[0])
                done.add(id(body))
            if bodies[0] is not root:
                _unite(bodies, order)


def _gather(body: Body, found: list[Body]) -> None:
    for step in body.steps:
        if step.body is not None:
            _gather(step.body, found)
    found.append(body)


def _depth(body: Body) -> int:
    return 1 + max((_depth(step.body) for step in body.steps if step.body is not None), default=0)


def _skeleton(body: Body, kinds: dict[int, Any]) -> Any:
    """What bodies of one class share: everything but the numbers that may be parameters."""
    places: dict[Step | None, int] = {step: place for place, step in enumerate(body.steps)}
    inputs = {id(ref): place for place, (_, _, ref) in enumerate(body.inputs)}

    def end(ref: Ref) -> tuple[Any, ...]:
        return ("in", inputs[id(ref)]) if ref.step is None else (places[ref.step], ref.port)

    steps = []
    for step in body.steps:
        kind = kinds[id(step.body)] if step.body is not None else step.type
        open_ones = {(name, place) for name, place, _ in _numbers(step)}
        fixed = [
            (name, repr(value) if (name, -1) not in open_ones else type(value).__name__)
            for name, value in sorted(step.params.items())
            if name not in FIRST and not isinstance(value, list)
        ]
        lists = [
            (name, [repr(one) if (name, place) not in open_ones else "" for place, one in enumerate(value)])
            for name, value in sorted(step.params.items())
            if isinstance(value, list)
        ]
        wired = tuple((port, end(ref)) for port, ref in sorted(step.inputs.items()))
        steps.append((repr(kind), step.name, repr(fixed), repr(lists), places.get(step.use), wired))
    names = tuple(name for _, name, _ in body.inputs)
    return (body.kind, names, tuple(steps), tuple(end(ref) for _, ref in body.outputs))


def _numbers(step: Step) -> Iterator[tuple[str, int, Any]]:
    """The numbers of a step that may differ between two bodies of a class: parameter, place in a list, value."""
    if step.body is not None:
        for name, value in step.params.items():
            yield name, -1, value
        return
    declaration = layer_types()[step.type]
    held = step.type in (PARAMETER, BUFFER)
    if not held and declaration.spelling_for.__func__ is not Layer.spelling_for.__func__:  # type: ignore[attr-defined]
        return  # its spelling depends on its numbers
    for name, value in step.params.items():
        field = declaration.fields.get(name)
        if field is None or not field.emit or (held and name != "shape") or field.kind not in _KINDS:
            continue
        if isinstance(value, list):
            for place, one in enumerate(value):
                if _is_number(one) and one != -1:
                    yield name, place, one
        elif _is_number(value):
            yield name, -1, value


_KINDS = ("size", "sizes", "count", "shape", "real", "flag")


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _unite(bodies: list[Body], everyone: list[Body]) -> None:
    """Turn the numbers that differ between bodies of one class into its parameters."""
    vectors: dict[tuple[str, ...], list[Hole]] = defaultdict(list)
    values: dict[tuple[str, ...], list[Any]] = {}
    for place, step in enumerate(bodies[0].steps):
        for name, at, _ in list(_numbers(step)):
            column = [_at(body.steps[place], name, at) for body in bodies]
            vector = tuple(map(repr, column))
            if len(set(vector)) > 1:
                vectors[vector].append((place, name, at))
                values[vector] = column
    taken = {name for _, name, _ in bodies[0].inputs} | {"i"}
    first: dict[int, dict[str, Any]] = {id(body): {} for body in bodies}
    for vector, holes in vectors.items():
        name = numbered(_name(bodies, values[vector], holes[0][1]), taken, bare=True)
        taken.add(name)
        for place, parameter, at in holes:
            for body in bodies:
                _put(body.steps[place], parameter, at, name)
        for body, value in zip(bodies, values[vector], strict=True):
            first[id(body)][name] = value
    for body in bodies:
        body.params = first[id(body)]
    users = {id(step.body): step for body in everyone for step in body.steps if step.body is not None}
    for body in bodies:
        if id(body) in users:
            users[id(body)].params = dict(body.params)


def _name(bodies: list[Body], column: list[Any], field: str) -> str:
    """What the original calls the number: an attribute of its modules, else the field's own name."""
    attributes = [name for name in vars(bodies[0].module) if not name.startswith("_")]
    for name in attributes:
        found = [getattr(body.module, name, None) for body in bodies]
        if all(type(a) is type(b) and a == b for a, b in zip(found, column, strict=True)):
            try:
                return check_identifier(name)
            except BadName:
                continue
    return {"shape": "dim", "i": "size"}.get(field, field)


def _at(step: Step, name: str, at: int) -> Any:
    value = step.params[name]
    return value if at < 0 else value[at]


def _put(step: Step, name: str, at: int, text: str) -> None:
    if at < 0:
        step.params[name] = text
    else:
        step.params[name] = [*step.params[name][:at], text, *step.params[name][at + 1 :]]
