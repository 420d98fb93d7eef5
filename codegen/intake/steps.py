"""What is to be drawn: bodies of steps, each a node with where its inputs come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from codegen.intake.record import Value


class Unsupported(Exception):
    """A call that no layer stands for; the message goes on from the call's name."""


@dataclass(eq=False)
class Step:
    """One node to be drawn: a layer, or a block with a ``body``; ``inputs`` are where each port's value comes from."""

    type: str
    name: str
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Ref] = field(default_factory=dict)
    body: Body | None = None
    use: Step | None = None
    again: str = ""  # the attribute of which this is a later call


@dataclass(eq=False)
class Ref:
    """An output of a step, or an input of the body."""

    step: Step | None
    port: str


@dataclass(eq=False)
class Body:
    """What is inside of one call of a module."""

    kind: str
    path: str
    module: nn.Module
    inputs: list[tuple[Value, str, Ref]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: list[tuple[Value, Ref]] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)  # what its class takes, with this one's values


@dataclass(frozen=True)
class Note:
    """One line of the report: what is not as in the original, where, and why."""

    path: str
    what: str
    reason: str
    opaque: bool = True
