"""Normalizations whose weights come in by a wire, and products of three: torch's own forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_core.dims import Shape, at_least, prod
from graph_core.fields import Choice, Real, Size
from graph_core.layer import Facts, Function, Inlet, Layer, Outlet, Phrase, Spelling, facts, require
from graph_core.layers._rules import splits
from graph_core.layers.functional import needs
from graph_core.promotion import broadcast


class GroupNormWith(Layer):
    """Group normalization whose scale and shift come in by wires."""

    torch = Phrase("F.group_norm(x, num_groups, weight, bias, eps)")
    family, stem, words = "norm", "norm", "functional group normalization weight given layer2d"
    rare = True
    help = "Normalizes groups of channels of each sample, with a scale and a shift that come in by wires."
    source = "torch.nn.functional.group_norm"

    x = Inlet("N C ...", "float")
    weight, bias, y = Inlet("C", "float", optional=True), Inlet("C", "float", optional=True), Outlet()
    num_groups = Size(1, "Groups of channels.")
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)

    def rule(self, x: Shape, weight: Shape | None = None, bias: Shape | None = None) -> Facts:
        n, c, groups = x[0], x[1], self.num_groups
        splits("num_groups", groups, {"channels": c})
        require(
            at_least(n * (c // groups) * prod(x[2:]), 2),
            lambda: f"normalizes groups of one value, {groups} of {c} channels",
            "groups",
        )
        needs("weight", weight, (c,))
        needs("bias", bias, (c,))
        return facts(x, elementwise=prod(x))


class RMSNormWith(Layer):
    """Division of the last axes by their root mean square, with a scale that comes in by a wire."""

    torch = Phrase("F.rms_norm(x, weight.shape, weight, eps)")
    family, stem, words = "norm", "norm", "functional root mean square normalization weight given"
    rare = True
    help = "Divides the last axes by their root mean square, with a scale that comes in by a wire."
    source = "torch.nn.functional.rms_norm"
    promotes = True

    x, weight, y = Inlet("... F", "float"), Inlet("... F", "float"), Outlet("first")
    eps = Real(1e-6, "Added to the mean square, against division by zero.", least=1e-12, advanced=True)

    def rule(self, x: Shape, weight: Shape) -> Facts:
        require(
            len(x) >= len(weight),
            lambda: f"normalizes {len(weight)} axes, and its input has {len(x)}",
            "axes",
        )
        needs("weight", weight, x[-len(weight) :])
        return facts(x, elementwise=prod(x))


class BatchStatisticsNorm(Layer):
    """Normalization by the statistics of the batch at hand, in training and in evaluation."""

    torch = Phrase("F.batch_norm(x, None, None, weight, bias, True, 0.0, eps)")
    family, stem, words = "norm", "norm", "batch statistics standardize weight functional"
    rare = True
    help = "Normalizes each channel by the mean and variance of the batch at hand, in training and in evaluation."
    source = "torch.nn.functional.batch_norm"

    x = Inlet("N C ...", "float")
    weight, bias, y = Inlet("C", "float", optional=True), Inlet("C", "float", optional=True), Outlet()
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)

    def rule(self, x: Shape, weight: Shape | None = None, bias: Shape | None = None) -> Facts:
        require(
            at_least(x[0] * prod(x[2:]), 2),
            "normalizes one value a channel, which has no variance",
            "shape",
        )
        needs("weight", weight, (x[1],))
        needs("bias", bias, (x[1],))
        return facts(x, elementwise=prod(x))


class AddCMul(Layer):
    """One tensor plus the product of two others."""

    torch = Function("torch.addcmul")
    family, stem, words = "arith", "addcmul", "add multiply fused scale shift affine"
    rare = True
    help = "Adds the product of two tensors to a third, in one step."
    source = "torch.addcmul"
    promotes = True
    saves = ("a", "b")

    x, a, b, y = Inlet("...", "float"), Inlet("...", "float"), Inlet("...", "float"), Outlet()

    def rule(self, x: Shape, a: Shape, b: Shape) -> Facts:
        y = broadcast(x, broadcast(a, b))
        return facts(y, elementwise=2 * prod(y))


class Where(Layer):
    """Values of one tensor where a mask is true, of another elsewhere."""

    torch = Phrase("torch.where(mask, a, b)")
    family, stem, words = "shape", "where", "mask choose condition select either"
    rare = True
    help = "Takes the first tensor's values where a mask is true, and the second's elsewhere."
    source = "torch.where"
    promotes = True
    saves = ("mask",)

    a, mask, b, y = Inlet("..."), Inlet("...", "bool"), Inlet("..."), Outlet()

    def rule(self, a: Shape, mask: Shape, b: Shape) -> Facts:
        y = broadcast(mask, broadcast(a, b))
        return facts(y, elementwise=prod(y))


# Function -> which of its values autograd keeps.
_PAIRS: Mapping[str, tuple[str, ...]] = {
    "maximum": ("a", "b"),
    "minimum": ("a", "b"),
    "pow": ("a", "b", "y"),
    "atan2": ("a", "b"),
    "hypot": ("a", "b", "y"),
    "remainder": ("a", "b"),
    "fmod": ("b",),
    "floor_divide": (),
    "logaddexp": ("a", "b"),
}


class Pairwise(Layer):
    """A function of two values at each place, such as the larger of both."""

    torch = Function("torch.maximum")
    family, stem, words = "arith", "pairwise", "maximum minimum larger smaller power remainder atan2 extreme"
    rare = True
    help = "Applies one function of mathematics to two values at each place, such as the larger of both."
    source = "torch.maximum, torch.minimum, torch.pow and so on"
    promotes = True
    replaces = ("Extreme",)

    a, b, y = Inlet("...", "float"), Inlet("...", "float"), Outlet()
    function = Choice("maximum", tuple(_PAIRS), "Which, by torch's name.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The function of torch by its name."""
        return Function(f"torch.{values.get('function', 'maximum')}")

    def rule(self, a: Shape, b: Shape) -> Facts:
        y = broadcast(a, b)
        return facts(y, elementwise=prod(y), saves=_PAIRS[self.function])
