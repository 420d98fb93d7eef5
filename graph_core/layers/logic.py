"""Comparisons and logic: what makes masks, and arithmetic of whole numbers with one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core.dims import Shape, prod
from graph_core.fields import MAX_SIZE, Choice, Count, Real
from graph_core.layer import Facts, Inlet, Layer, Outlet, Phrase, Spelling, facts, require
from graph_core.promotion import broadcast

_OF_TWO = ("a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b")
_WITH_NUMBER = ("x == number", "x != number", "x < number", "x <= number", "x > number", "x >= number")
_WHOLE = ("x + number", "x - number", "number - x", "x * number", "x // number", "x % number")


class Compare(Layer):
    """Whether a comparison of two tensors holds, at each place."""

    torch = Phrase("a == b")
    family, stem, words = "arith", "compare", "equal less greater eq ne lt le gt ge mask condition"
    rare = True
    help = "Compares two tensors place by place, which makes a mask."
    source = "torch.eq, ne, lt, le, gt, ge"
    promotes = True

    a, b, y = Inlet("..."), Inlet("..."), Outlet("bool")
    comparison = Choice("a == b", _OF_TWO, "What is asked.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The comparison as it stands."""
        return Phrase(str(values.get("comparison", "a == b")))

    def rule(self, a: Shape, b: Shape) -> Facts:
        y = broadcast(a, b)
        return facts(y, elementwise=prod(y))


class CompareNumber(Layer):
    """Whether a comparison of each value with one number holds."""

    torch = Phrase("x == number")
    family, stem, words = "arith", "compare", "equal less greater eq ne lt le gt ge mask padding threshold"
    rare = True
    help = "Compares each value with one number, which makes a mask."
    source = "torch.eq, ne, lt, le, gt, ge"

    x, y = Inlet("..."), Outlet("bool")
    comparison = Choice("x == number", _WITH_NUMBER, "What is asked.", emit=False)
    number = Real(0, "The number.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The comparison as it stands."""
        return Phrase(str(values.get("comparison", "x == number")))

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))


class Logic(Layer):
    """Two masks taken together."""

    torch = Phrase("a & b")
    family, stem, words = "arith", "both", "and or xor mask combine logical bitwise"
    rare = True
    help = "Takes two masks together: where both are true, where one is, or where exactly one is."
    source = "torch.logical_and, logical_or, logical_xor"

    a, b, y = Inlet("...", "bool"), Inlet("...", "bool"), Outlet("bool")
    operation = Choice("a & b", ("a & b", "a | b", "a ^ b"), "What is done.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The operation as it stands."""
        return Phrase(str(values.get("operation", "a & b")))

    def rule(self, a: Shape, b: Shape) -> Facts:
        y = broadcast(a, b)
        return facts(y, elementwise=prod(y))


class Not(Layer):
    """A mask turned round."""

    torch = Phrase("~x")
    family, stem, words = "arith", "inverted", "not invert mask logical bitwise"
    rare = True
    help = "Turns a mask round: true where it was false."
    source = "torch.logical_not"

    x, y = Inlet("...", "bool"), Outlet("bool")

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))


class WithInteger(Layer):
    """Arithmetic of whole numbers with one whole number."""

    torch = Phrase("x + number")
    family, stem, words = "arith", "number", "add subtract multiply floor divide remainder modulo integer index"
    rare = True
    help = "Adds, subtracts, multiplies, divides to whole numbers, or takes the remainder, by one whole number."
    source = "torch.add, torch.sub, torch.mul, torch.floor_divide, torch.remainder"

    x, y = Inlet("...", "int"), Outlet()
    operation = Choice("x + number", _WHOLE, "What is done.", emit=False)
    number = Count(1, "The number.", least=-MAX_SIZE)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The operation as it stands."""
        return Phrase(str(values.get("operation", "x + number")))

    def rule(self, x: Shape) -> Facts:
        if self.operation in ("x // number", "x % number"):
            require(self.number != 0, "divides by zero", "parameter", set={"number": 1})
        return facts(x, elementwise=prod(x))
