"""Bodies that are alike become instances of one class: what differs is a parameter, what some lack has a condition.

Bottom-up, so that what a block is given is known when the class around it is made.
"""

from __future__ import annotations

from torch import nn

from codegen.intake.joins import hand_on
from codegen.intake.parameters import Definer
from codegen.intake.repeats import gather
from codegen.intake.steps import Body, Definition
from codegen.intake.unions import unite

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def merge_classes(root: Body, *, sizes: bool = True, align: bool = True) -> Definition:
    """The class of ``root``; every body inside is an instance of another.

    ``sizes`` lets the sizes of what comes in be named and computed with, ``align`` lets bodies lack steps of others.
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
        # A list that is longer than another is no case of it.
        listed = container or all(s.body is not None and s.name[-1].isdigit() for body in ready for s in body.steps)
        unions = unite(ready, align=align and not listed)
        unions.sort(key=lambda union: -len(union.bodies))  # the name of the class goes to what most of it are
        for place, union in enumerate(unions):
            definition = Definer(union, sizes=sizes).define(container=container)
            definition.alone = len(unions) == 1
            definition.kind += str(place + 1) if place and not container else ""
    gather(root)
    [union] = unite([root], align=False)
    return Definer(union, sizes=False).define()


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
