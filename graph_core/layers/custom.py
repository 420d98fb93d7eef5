"""Custom code: a class of the person's own, with the shapes and weights that they state of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core import stated
from graph_core.codetext import CodeError, read_code
from graph_core.dims import Dim, Shape
from graph_core.expressions import Value
from graph_core.fields import Choice
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Spelling, require
from graph_core.layers.ports import DTYPES
from graph_core.stated import Source, Text, Values

DEFAULT_CODE = '''class Custom(nn.Module):
    """What comes in goes out; write a forward of your own."""

    def forward(self, x: Tensor) -> Tensor:
        return x
'''
UNTRUSTED = "holds code that is not trusted on this computer; read it, and trust it where you do"
OUTPUTS = ("y", "y1", "y2", "y3")


class Custom(Layer):
    """A class that a person writes. A drawing never runs it; torch does, once its user trusts it.

    Stricter than torch: the class is one nn.Module, and what it is called with is what is stated here.
    """

    torch = Module("Custom", preamble=f"\n{DEFAULT_CODE}", code=True)
    family, stem, words = "shape", "custom", "own code python class module function script"
    help = "A class of your own: its code, and the shapes, weights and work that you state of it."
    source = "stated by its author"
    promotes = True

    x = Inlet("...", variadic=True, least=1)
    y, y1, y2, y3 = Outlet("dtype"), Outlet("dtype"), Outlet("dtype"), Outlet("dtype")
    code = Source(DEFAULT_CODE, "One class, a torch.nn.Module, or one function of tensors.")
    inputs = Text("...", "Names of the axes of each input.", stated.axes_of, "axes such as N, C, H, W")
    outputs = Text("...", "Sizes of each output, over those names.", stated.outputs_of, "sizes such as N, C, H // 2")
    dtype = Choice(
        "same",
        ("same", *DTYPES),
        "What one value of the outputs is; of one output, behind its sizes: N, C: int64.",
        emit=False,
    )
    widths = Text("", "Sizes that the constructor takes first.", stated.widths_of, "sizes such as C, 4 * C")
    arguments = Values("What the constructor takes after the widths.")
    weights = Text("", "Its weights and buffers.", stated.weights_of, "weights such as weight: C, C; buffer mean: C")
    macs = Text("", "Its multiply-adds.", stated.size_or_nothing, "a size such as N * C * C")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """Its class as a helper that the emitted file carries, called with the stated inputs and outputs."""
        text = values.get("code", DEFAULT_CODE)
        returns = OUTPUTS[: len(stated.outputs_of(values.get("outputs", "...")))]
        return Module(read_code(text).name, returns=returns, preamble=text, code=True)

    @classmethod
    def ports_for(cls, params: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """As many inputs and outputs as are stated; one of each where that cannot be read."""
        return (
            [f"x{k}" for k in range(_count(stated.axes_of, params.get("inputs", "...")))],
            list(OUTPUTS[: _count(stated.outputs_of, params.get("outputs", "..."))]),
        )

    def rule(self, *x: Shape) -> Facts:
        inputs, code = stated.axes_of(self.inputs), read_code(self.code)
        _require_called(code.tensors, len(inputs), f"forward of {code.name}", "tensors")
        require(len(x) == len(inputs), f"takes {len(inputs)} inputs and has {len(x)} wired", "unwired")
        sizes, rest = stated.bind(inputs, x)
        widths = [stated.size(text, sizes, "a width") for text in stated.widths_of(self.widths)]
        given = [*widths, *self.arguments]
        _require_called((code.required, len(code.arguments)), len(given), f"constructor of {code.name}", "arguments")
        named = dict(zip(code.arguments, given, strict=False))
        scope: dict[str, Value] = {**named, **sizes}
        said = stated.outputs_of(self.outputs)
        outputs = [_shape(sizes, scope, rest) for sizes, _ in said]
        follows: dict[str, Dim] = dict(zip(code.arguments, widths, strict=False))
        macs = stated.size(self.macs, scope, "multiply-adds") if self.macs.strip() else 0
        weights = tuple(stated.weights(self.weights, scope))
        note = ("untrusted", UNTRUSTED, {"code": self.code})
        # What it keeps for backward nobody can tell; an ordinary layer keeps what comes in.
        kept = tuple(f"x{k}" for k in range(len(x)))
        return Facts(
            tuple(outputs),
            weights,
            macs,
            0,
            follows,
            saves=kept,
            notes=(note,),
            dtypes=tuple(dtype for _, dtype in said),
        )


def _shape(sizes: tuple[str, ...], scope: Mapping[str, Value], rest: Shape) -> Shape:
    shape: list[Dim] = []
    for text in sizes:
        shape += rest if text == stated.REST else [stated.size(text, scope, "an output")]
    return tuple(shape)


def _require_called(takes: tuple[int, int], given: int, what: str, things: str) -> None:
    least, most = takes
    count = f"{least}" if least == most else f"{least} to {most}" if most < 1000 else f"{least} or more"
    require(least <= given <= most, lambda: f"gives {given} {things} to the {what}, which takes {count}", "parameter")


def _count(read: Any, text: Any) -> int:
    try:
        return len(read(text)) if isinstance(text, str) else 1
    except (ValueError, CodeError):
        return 1
