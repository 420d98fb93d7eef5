"""Bodies that are alike become instances of one class: what differs is a parameter, what some lack has a condition.

Bottom-up, so that what a block is given is known when the class around it is made.
"""

from __future__ import annotations

import contextlib

from torch import nn

from codegen.intake.joins import hand_on
from codegen.intake.lists import join_lists
from codegen.intake.parameters import Definer, Unmergeable
from codegen.intake.repeats import gather, gather_alone
from codegen.intake.steps import Body, Definition, Step
from codegen.intake.unions import Union, unite

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def merge_classes(
    root: Body, aligned: list[type], *, sizes: bool = True, align: bool = True, apart: type | None = None
) -> Definition:
    """The class of ``root``; every body inside is an instance of another.

    ``sizes`` lets the sizes of what comes in be named and computed with, ``align`` lets bodies lack steps of others,
    but those of the module class ``apart``. ``aligned`` gets the module classes of which some do, outer ones first.
    """
    hand_on(root)
    waiting: list[Body] = []
    _gather(root, waiting)
    waiting.remove(root)
    while waiting:
        ready = _ready(waiting)
        container = type(ready[0].module) in _CONTAINERS
        for body in ready:
            gather(body)
            waiting.remove(body)
        gather_alone(ready)
        # A list that is longer than another is no case of it.
        listed = container or all(s.body is not None and s.name[-1].isdigit() for body in ready for s in body.steps)
        kind = type(ready[0].module)
        aligns = align and not listed and kind is not apart
        found: list[tuple[Union, Definition]] = []
        for union in _united(ready, sizes=sizes, align=aligns, container=container):
            found += _defined(union, sizes=sizes, align=aligns, container=container)
        if kind not in aligned and any(None in joined.steps for union, _ in found for joined in union.steps):
            aligned.insert(0, kind)
        found.sort(key=lambda pair: -len(pair[0].bodies))  # the name of the class goes to what most of it are
        for place, (_, definition) in enumerate(found):
            definition.alone = len(found) == 1
            definition.kind += str(place + 1) if place and not container else ""
    gather(root)
    [union] = unite([root], align=False)
    return Definer(union, sizes=False).define()


def _united(bodies: list[Body], *, sizes: bool, align: bool, container: bool) -> list[Union]:
    """As few unions of bodies of one class as there are, the lists in them joined where that makes them fewer."""
    unions = unite(bodies, align=align)
    if not align or len(unions) == 1:
        return unions
    joined = join_lists(unions)
    if len(joined) < len(unions):
        return joined
    kept = [_Kept(step, inner) for alike in _lists_in(bodies) for step, inner in alike]
    for alike in _lists_in(bodies):
        for union in join_lists(unite([inner for _, inner in alike], align=False)):
            if union.closed:
                with contextlib.suppress(Unmergeable):
                    Definer(union, sizes=sizes).define(container=True)
                    for step, inner in alike:
                        if inner in union.bodies:
                            step.body, step.turns = inner, []
    fewer = unite(bodies, align=align)
    if len(fewer) < len(unions):
        return fewer
    for one in kept:
        one.put_back()
    return unite(bodies, align=align)


class _Kept:
    """A list in a body as it was."""

    def __init__(self, step: Step, inner: Body) -> None:
        self.step, self.inner = step, inner
        self.was = (step.body, step.turns, inner.definition, inner.arguments)
        self.names = [one.name for one in inner.steps]

    def put_back(self) -> None:
        """Let it be that again."""
        self.step.body, self.step.turns, self.inner.definition, self.inner.arguments = self.was
        for one, name in zip(self.inner.steps, self.names, strict=True):
            one.name = name


def _lists_in(bodies: list[Body]) -> list[list[tuple[Step, Body]]]:
    """The steps of bodies that are lists without a class of their own, by their names; not where all repeat a block."""
    found: dict[str, list[tuple[Step, Body]]] = {}
    for step in (step for body in bodies for step in body.steps):
        inner = step.listed if step.turns else step.body
        if inner is not None and step.use is None and type(inner.module) is nn.Sequential:
            found.setdefault(step.name, []).append((step, inner))
    return [alike for alike in found.values() if not all(step.turns for step, _ in alike)]


def _defined(union: Union, *, sizes: bool, align: bool, container: bool) -> list[tuple[Union, Definition]]:
    """The class of a union; where it cannot be one, that of those that can, and of the rest as few as there are."""
    with contextlib.suppress(Unmergeable):
        return [(union, Definer(union, sizes=sizes).define(container=container))]
    mine, left = union.bodies[:1], list[Body]()
    for body in union.bodies[1:]:
        together = unite([*mine, body], align=align)
        try:
            if len(together) > 1:
                raise Unmergeable
            Definer(together[0], sizes=sizes).define(container=container)
            mine.append(body)
        except Unmergeable:
            left.append(body)
    if not left or len(union.bodies) == 1:
        raise Unmergeable(union.bodies[0].kind)
    parts = [*unite(mine, align=align), *unite(left, align=align)]
    return [pair for part in parts for pair in _defined(part, sizes=sizes, align=align, container=container)]


def _gather(body: Body, found: list[Body]) -> None:
    for step in body.steps:
        if step.body is not None:
            _gather(step.body, found)
    found.append(body)


def _ready(waiting: list[Body]) -> list[Body]:
    """Bodies of one class of which all blocks are known: if possible, all there are of it."""
    partly: list[Body] = []
    seen: set[object] = set()
    for body in waiting:
        kind = _kind(body)
        if kind in seen:
            continue
        seen.add(kind)
        alike = [other for other in waiting if _kind(other) == kind]
        ready = [other for other in alike if all(s.body is None or s.body.definition for s in other.steps)]
        if len(ready) == len(alike):
            return ready
        if ready and (not partly or type(ready[0].module) in _CONTAINERS):
            partly = ready  # lists hold each other, so that of them there are never all
    return partly


def _kind(body: Body) -> object:
    return type(body.module)
