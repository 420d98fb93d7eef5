"""Functions of each value by itself, and arithmetic with one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core.dims import Shape, prod
from graph_core.fields import Choice, Flag, Real
from graph_core.layer import Facts, Function, Inlet, Layer, Outlet, Phrase, Spelling, facts

# Function -> which of its values autograd keeps.
_MAPS = {
    "exp": ("y",),
    "log": ("x",),
    "sqrt": ("y",),
    "rsqrt": ("y",),
    "sin": ("x",),
    "cos": ("x",),
    "abs": ("x",),
    "neg": (),
    "square": ("x",),
    "erf": ("x",),
    "sign": (),
    "floor": (),
    "round": (),
    "ceil": (),
    "reciprocal": ("y",),
    "log1p": ("x",),
    "expm1": ("y",),
    "exp2": ("y",),
    "log2": ("x",),
    "log10": ("x",),
    "tan": ("y",),
    "asin": ("x",),
    "acos": ("x",),
    "atan": ("x",),
    "sinh": ("x",),
    "cosh": ("x",),
    "asinh": ("x",),
    "acosh": ("x",),
    "atanh": ("x",),
    "erfc": ("x",),
    "trunc": (),
    "frac": (),
    "zeros_like": (),
    "ones_like": (),
}


class Map(Layer):
    """A function of each value by itself."""

    torch = Function("torch.exp")
    family, stem, words = "arith", "map", "function exp log sqrt rsqrt sin cos abs neg square erf pointwise elementwise"
    help = "Applies one function of mathematics to each value."
    source = "torch.exp, torch.log, torch.sqrt and so on"

    x, y = Inlet("...", "float"), Outlet()
    function = Choice("exp", tuple(_MAPS), "Which function, by torch's name.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The function of torch by its name."""
        return Function(f"torch.{values.get('function', 'exp')}")

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x), saves=_MAPS[self.function])


# Operation -> its phrase, and which of its values autograd keeps.
_NUMBERS = {
    "x + number": (),
    "x - number": (),
    "number - x": (),
    "x * number": (),
    "x / number": (),
    "number / x": ("x",),
    "x ** number": ("x",),
    "x // number": (),
    "x % number": (),
}


class WithNumber(Layer):
    """Arithmetic of each value with one number."""

    torch = Phrase("x + number")
    family, stem, words = "arith", "number", "add subtract multiply divide power constant scalar square"
    help = "Adds, subtracts, multiplies, divides or raises each value by one number."
    source = "torch.add, torch.sub, torch.mul, torch.div, torch.pow"
    sign = "c"

    x, y = Inlet("...", "float"), Outlet()
    operation = Choice("x + number", tuple(_NUMBERS), "What is done.", emit=False)
    number = Real(1.0, "The number.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The operation as it stands."""
        return Phrase(str(values.get("operation", "x + number")))

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x), saves=_NUMBERS[self.operation])


class Clamp(Layer):
    """Values kept between two bounds."""

    torch = Function("torch.clamp")
    family, stem, words = "arith", "clamp", "clip limit bound minimum maximum"
    saves = ("x",)
    help = "Keeps each value between two bounds."
    source = "torch.clamp"

    x, y = Inlet("...", "float"), Outlet()
    low = Real(0.0, "The lowest value.", torch=None, keyword="min")
    high = Real(1.0, "The highest value.", torch=None, keyword="max")
    has_low = Flag(True, "Whether there is a lowest value.", emit=False)
    has_high = Flag(True, "Whether there is a highest value.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """With the bounds that there are; of neither, the values as they come."""
        bounds = [f"{end}={name}" for end, name in (("min", "low"), ("max", "high")) if values.get(f"has_{name}", True)]
        return Phrase(f"torch.clamp(x, {', '.join(bounds)})" if bounds else "torch.clamp(x, min=-float('inf'))")

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))
