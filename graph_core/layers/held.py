"""Tensors that a class holds by itself: learned ones, and buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core.fields import Choice, Flag, Real, Sizes
from graph_core.layer import Facts, Held, Layer, Outlet, Spelling, Weight, facts
from graph_core.layers.ports import DTYPES


def _filled(values: Mapping[str, Any], dtype: str = "") -> str:
    """A tensor of ``shape`` full of ``value``, as torch's own functions spell it."""
    value = values.get("value", 0.0)
    name = {0: "zeros", 1: "ones"}.get(value)
    sizes = "*shape" if values.get("shape", [1]) else "()"
    kind = f", dtype=torch.{dtype}" if dtype not in ("", "float32") else ""
    return f"torch.{name}({sizes}{kind})" if name else f"torch.full(shape, value{kind})"


class HeldParameter(Layer):
    """A learned tensor that the class holds by itself, such as a class token or a table of positions."""

    torch = Held("nn.Parameter(torch.zeros(*shape))")
    family, stem, words = "emb", "weight", "learned tensor token scale bias free"
    help = "A learned tensor of its own: a class token, positions, a scale for each channel."
    source = "torch.nn.Parameter"

    y = Outlet("dtype")
    shape = Sizes([1, 1, 64], "Sizes of its axes.")
    value = Real(0.0, "What every value is at first.")
    std = Real(0.0, "Spread of random values at first; 0 for none.", least=0.0)
    dtype = Choice("float32", ("float32", "float16", "bfloat16", "float64"), "What one value is.", advanced=True)
    trainable = Flag(True, "Whether training changes it.", advanced=True)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """Zeros, ones, one number or random values, as a parameter."""
        dtype = str(values.get("dtype", "float32"))
        kind = f", dtype=torch.{dtype}" if dtype != "float32" else ""
        sizes = "*shape" if values.get("shape", [1]) else "()"
        made = f"std * torch.randn({sizes}{kind})" if values.get("std") else _filled(values, dtype)
        frozen = "" if values.get("trainable", True) else ", requires_grad=False"
        return Held(f"nn.Parameter({made}{frozen})")

    def rule(self) -> Facts:
        return facts(self.shape, weights=[Weight("", self.shape, "", "weight", self.dtype)])


class HeldBuffer(Layer):
    """A tensor that goes with the weights and is not learned."""

    torch = Held("nn.Buffer(torch.zeros(*shape))")
    family, stem, words = "emb", "buffer", "constant tensor table index mask fixed"
    help = "A tensor that is kept with the weights but not learned, such as a table of indices or a mask."
    source = "torch.nn.Buffer"

    y = Outlet("dtype")
    shape = Sizes([1, 64], "Sizes of its axes.")
    value = Real(0.0, "What every value is at first.")
    dtype = Choice("float32", DTYPES, "What one value is.")
    persistent = Flag(True, "Whether it is a part of the state dict.", advanced=True)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """Zeros, ones or one number, as a buffer."""
        lost = "" if values.get("persistent", True) else ", persistent=False"
        return Held(f"nn.Buffer({_filled(values, str(values.get('dtype', 'float32')))}{lost})")

    def rule(self) -> Facts:
        return facts(self.shape, weights=[Weight("", self.shape, "", "buffer", self.dtype)])
