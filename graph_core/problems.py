"""Problems: what is wrong with a drawing, in one sentence with the actual shapes, and what would mend it.

The words stand beside the rule that finds the problem; this file has the type and the catalogue of codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ERROR, WARNING, NOTE = "error", "warning", "note"

MAX_INSIDE: Final = 40_000  # nodes, and steps of blocks, in all different instances together

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "shape": (ERROR, "A layer cannot work on the shape it gets."),
    "axes": (ERROR, "A layer needs another number of axes."),
    "broadcast": (ERROR, "Two tensors that are joined element by element have shapes that do not fit."),
    "window": (ERROR, "A window is larger than what it slides over."),
    "groups": (ERROR, "Channels do not split evenly into groups."),
    "heads": (ERROR, "Features do not split evenly over attention heads."),
    "kind": (ERROR, "A layer gets values of a kind it does not take, such as integers for floats."),
    "parameter": (ERROR, "A parameter has a value that it cannot have."),
    "condition": (ERROR, "A condition cannot be computed."),
    "passed": (ERROR, "An output is read that a node does not have where its condition is false."),
    "missing-parameter": (ERROR, "A block needs a parameter that the instance does not give."),
    "width": (ERROR, "One name in a block's input shapes is bound to two sizes."),
    "symbol": (ERROR, "A size symbol has no example value."),
    "unwired": (ERROR, "A required input has no wire."),
    "dangling": (ERROR, "A wire begins or ends at something that is not there."),
    "cycle": (ERROR, "Nodes feed themselves."),
    "recursion": (ERROR, "A block contains itself."),
    "depth": (ERROR, "Blocks are nested too deep."),
    "instances": (ERROR, "Blocks have more different instances than are worked out."),
    "unknown-type": (ERROR, "A node is of a type that is neither a layer nor a block of this project."),
    "name": (ERROR, "Two nodes have one name, or a name that cannot be an identifier."),
    "sharing": (ERROR, "Calls that share one set of weights need weights of different shapes."),
    "tie": (ERROR, "Two weights are tied that cannot be one."),
    "scan-over": (ERROR, "A scan steps along no input."),
    "scan-port": (ERROR, "A scan names an input that is not there, or names one for two purposes."),
    "scan-axis": (ERROR, "A scan steps along an axis, or stacks at one, that is not there."),
    "scan-length": (ERROR, "Inputs that a scan steps along have different lengths."),
    "scan-state": (
        ERROR,
        "A state that a scan carries does not come back as it went in, or has nothing to begin with.",
    ),
    "run": (ERROR, "A layer is told to repeat or to scan, which only blocks can."),
    "empty": (ERROR, "A network has neither nodes nor wires."),
    "no-input": (ERROR, "A network has no input."),
    "no-output": (ERROR, "A network has no output."),
    "unused": (WARNING, "A node's result reaches no output."),
    "identity": (WARNING, "A condition is never true."),
    "optimizer": (ERROR, "The optimizer has a field that its kind does not know, or a value out of range."),
    "optimizer-shape": (ERROR, "The optimizer does not take parameters of such a shape."),
    "group": (ERROR, "A parameter group has a wrong field, or matches no parameter."),
    "group-order": (WARNING, "A parameter group gets nothing, because earlier groups take all it matches."),
    "frozen": (ERROR, "All parameters are frozen, so nothing can be trained."),
    "schedule": (ERROR, "The learning-rate schedule has a kind, a field or a value that there is not."),
    "training": (ERROR, "The training set-up has a value that does not fit."),
    "tuple": (ERROR, "The five-tuple does not conform."),
    "returned": (ERROR, "Custom code returned other shapes or types, when it ran, than are stated of it."),
    "conflict": (ERROR, "A merge found two versions of something; one of them is to be chosen."),
    "untrusted": (NOTE, "A node holds custom code that the user of this computer does not trust yet."),
    "rank-hint": (NOTE, "A layer works on more axes than is usual."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem where it was found, before it is put together over all instances.

    ``message`` begins with the node's name; ``hints`` are the rule's words on what would help; ``port`` is the input
    that fails, where one does.
    """

    code: str
    message: str
    port: str = ""
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """error, warning or note."""
        return CODES[self.code][0]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a drawing, said once, however many instances have it.

    ``path`` is the state-dict path of the first instance, ``id`` the ids on the way down joined by ``/``; ``paths``
    lists all instances (capped). ``fix`` names what one click does; graph_core.fixes makes the edit.
    """

    code: str
    severity: str
    message: str
    graph: str
    node: str
    path: str
    id: str
    port: str = ""
    paths: tuple[str, ...] = ()
    fix: str | None = None
    hints: Mapping[str, Any] = field(default_factory=dict)
