"""What is to be drawn: bodies of steps, each a node with where its inputs come from, and their classes."""

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
    turns: list[Body] = field(default_factory=list)  # of a block that repeats, the body of each iteration
    listed: Body | None = None  # of a list that repeats one block, the list


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
    definition: Definition | None = None  # the class that it is an instance of
    arguments: dict[str, Any] = field(default_factory=dict)  # what that class is given here


End = tuple["Line | None", str]  # an output of a line, or an input of the class by its place


@dataclass(eq=False)
class Line:
    """One node of a class: its parameters are numbers, or expressions of what the class is given."""

    type: str
    name: str
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, End] = field(default_factory=dict)
    definition: Definition | None = None
    use: Line | None = None
    when: str = ""
    times: int | str = 0  # of a block that repeats


@dataclass(eq=False)
class Definition:
    """A class to be drawn as one graph. ``inputs`` have a name, and axes where their sizes matter."""

    kind: str
    inputs: list[tuple[str, list[Any] | None]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    outputs: list[End] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)  # name -> what it is where nothing is given; None for nothing
    widths: set[str] = field(default_factory=set)  # parameters that are sizes
    container: bool = False  # a list of modules without a class of its own
    closed: bool = False  # a list in which what is not there leaves no place
    sequential: bool = False  # whether the original's is an nn.Sequential
    alone: bool = True  # whether the module class that it stands for became no other
    channels: dict[int, int] = field(default_factory=dict)  # input -> the axis of its channels


CONSTANT = "a constant"  # what a note calls values that are kept with the weights; nothing of them is lost


@dataclass(frozen=True)
class Note:
    """One line of the report: what is not as in the original, where, and why."""

    path: str
    what: str
    reason: str
    opaque: bool = True
