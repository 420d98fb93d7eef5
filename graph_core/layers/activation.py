"""Activations: functions of every element by itself, and softmax along an axis.

Stricter than torch: integers are refused, since only some of these functions take them.
"""

from __future__ import annotations

from graph_core.dims import Shape, divides, prod, same
from graph_core.fields import REQUIRED, Axes, Choice, Real, Size
from graph_core.layer import Facts, Function, Inlet, Layer, Module, Outlet, Weight, facts, require
from graph_core.layers._rules import axis_of


class _Activation(Layer):
    """What element-wise functions share."""

    family, words = "act", "activation nonlinearity"
    saves, in_order = ("x",), True

    x, y = Inlet("...", "float"), Outlet()

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))


class ReLU(_Activation):
    """max(0, x)."""

    torch, stem = Function("F.relu", module="nn.ReLU"), "relu"
    saves = ("y",)
    words = "activation nonlinearity rectifier"
    help = "Keeps what is positive, sets the rest to zero: max(0, x)."
    source = "torch.nn.functional.relu"


class LeakyReLU(_Activation):
    """x where positive, a small multiple of it elsewhere."""

    torch, stem = Function("F.leaky_relu", module="nn.LeakyReLU"), "leaky_relu"
    help = "Keeps what is positive, and a small part of what is negative."
    source = "torch.nn.functional.leaky_relu; Maas, Hannun and Ng 2013"

    negative_slope = Real(0.01, "Factor for what is negative.")


class PReLU(Layer):
    """x where positive, a learned multiple of it elsewhere."""

    torch = Module("nn.PReLU")
    family, stem, words = "act", "prelu", "activation nonlinearity parametric rectifier learned slope"
    rare = True
    help = "Keeps what is positive; what is negative is multiplied by a learned factor."
    source = "torch.nn.PReLU; He et al. 2015, arXiv:1502.01852"
    saves = ("x",)

    x, y = Inlet("N C ...", "float"), Outlet()
    num_parameters = Size(1, "How many factors: one, or one a channel.")
    init = Real(0.25, "What the factors are at first.", advanced=True)

    def rule(self, x: Shape) -> Facts:
        count = self.num_parameters
        if not same(count, 1):
            require(
                same(count, x[1]),
                lambda: f"has {count} factors for {x[1]} channels",
                "parameter",
                set={"num_parameters": 1},
            )
        return facts(x, weights=[Weight("weight", (count,), "P")], elementwise=prod(x))


class ELU(_Activation):
    """x where positive, α (eˣ − 1) elsewhere."""

    torch, stem = Function("F.elu", module="nn.ELU"), "elu"
    help = "Keeps what is positive, and bends smoothly to −alpha below: alpha (eˣ − 1)."
    source = "torch.nn.functional.elu; Clevert, Unterthiner and Hochreiter 2015, arXiv:1511.07289"

    alpha = Real(1.0, "Where it ends on the negative side.", least=0.0)


class CELU(_Activation):
    """x where positive, α (e^(x/α) − 1) elsewhere."""

    torch, stem = Function("F.celu", module="nn.CELU"), "celu"
    rare = True
    help = "An ELU that bends without a corner for every alpha: alpha (e^(x / alpha) − 1) below zero."
    source = "torch.nn.functional.celu; Barron 2017, arXiv:1704.07483"

    alpha = Real(1.0, "Where it ends on the negative side.", least=1e-6)


class GELU(_Activation):
    """x Φ(x)."""

    torch, stem = Function("F.gelu", module="nn.GELU"), "gelu"
    words = "activation nonlinearity gaussian"
    help = "Weighs x by the probability that a normal variable is below it: x Φ(x)."
    source = "torch.nn.functional.gelu; Hendrycks and Gimpel 2016, arXiv:1606.08415"

    approximate = Choice("none", ("none", "tanh"), "The exact function, or its approximation by tanh.", advanced=True)


class SiLU(_Activation):
    """x σ(x)."""

    torch, stem = Function("F.silu", module="nn.SiLU"), "silu"
    words = "activation nonlinearity swish"
    help = "Weighs x by its sigmoid: x σ(x)."
    source = "torch.nn.functional.silu; Elfwing, Uchibe and Doya 2017, arXiv:1702.03118"


class Sigmoid(_Activation):
    """1 / (1 + e⁻ˣ)."""

    torch, stem = Function("torch.sigmoid", module="nn.Sigmoid"), "sigmoid"
    saves = ("y",)
    words = "activation nonlinearity logistic gate"
    help = "Squeezes x into 0 to 1: 1 / (1 + e⁻ˣ)."
    source = "torch.sigmoid"


class Tanh(_Activation):
    """tanh(x)."""

    torch, stem = Function("torch.tanh", module="nn.Tanh"), "tanh"
    saves = ("y",)
    words = "activation nonlinearity hyperbolic"
    help = "Squeezes x into −1 to 1."
    source = "torch.tanh"


class Hardswish(_Activation):
    """x min(max(x + 3, 0), 6) / 6."""

    torch, stem = Function("F.hardswish", module="nn.Hardswish"), "hardswish"
    help = "A SiLU made of straight pieces, cheap on small devices: x min(max(x + 3, 0), 6) / 6."
    source = "torch.nn.functional.hardswish; Howard et al. 2019, arXiv:1905.02244"


class Softplus(_Activation):
    """ln(1 + e^(βx)) / β."""

    torch, stem = Function("F.softplus", module="nn.Softplus"), "softplus"
    help = "A smooth ReLU that stays positive: ln(1 + e^(beta x)) / beta."
    source = "torch.nn.functional.softplus"

    beta = Real(1.0, "Sharpness of the bend.", least=1e-6)
    threshold = Real(20.0, "Where beta x is above it, x itself is passed on.", advanced=True)


class Mish(_Activation):
    """x tanh(softplus(x))."""

    torch, stem = Function("F.mish", module="nn.Mish"), "mish"
    help = "A smooth function like SiLU: x tanh(ln(1 + eˣ))."
    source = "torch.nn.functional.mish; Misra 2019, arXiv:1908.08681"


class Softmax(Layer):
    """eˣ over the sum of eˣ along an axis."""

    torch = Function("F.softmax", module="nn.Softmax")
    family, stem, words = "act", "softmax", "activation probabilities normalize"
    saves = ("y",)
    help = "Turns the values along an axis into probabilities that sum to one."
    source = "torch.nn.functional.softmax"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(-1, "The axis along which the values sum to one.", single=True, torch=None)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, elementwise=prod(x))


class LogSoftmax(Layer):
    """ln of a softmax along an axis."""

    torch = Function("F.log_softmax", module="nn.LogSoftmax")
    family, stem, words = "act", "log_softmax", "activation log probabilities normalize"
    saves = ("y",)
    help = "Turns the values along an axis into logarithms of probabilities."
    source = "torch.nn.functional.log_softmax"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(-1, "The axis along which the probabilities sum to one.", single=True, torch=None)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, elementwise=prod(x))


class ReLU6(_Activation):
    """min(max(0, x), 6)."""

    torch, stem = Function("F.relu6", module="nn.ReLU6"), "relu"
    words = "activation nonlinearity rectifier mobile"
    help = "Keeps what is positive, up to six: min(max(0, x), 6)."
    source = "torch.nn.functional.relu6; Krizhevsky 2010"


class Hardtanh(_Activation):
    """min(max(a, x), b)."""

    torch, stem = Function("F.hardtanh", module="nn.Hardtanh"), "hardtanh"
    help = "Keeps each value between two bounds."
    source = "torch.nn.functional.hardtanh"

    min_val = Real(-1.0, "The lowest value.")
    max_val = Real(1.0, "The highest value.")

    def rule(self, x: Shape) -> Facts:
        require(
            self.min_val <= self.max_val,
            lambda: f"keeps values between {self.min_val:g} and {self.max_val:g}, of which the first is the larger",
            "parameter",
            set={"min_val": -1.0, "max_val": 1.0},
        )
        return super().rule(x)


class Hardsigmoid(_Activation):
    """min(max(x + 3, 0), 6) / 6."""

    torch, stem = Function("F.hardsigmoid", module="nn.Hardsigmoid"), "hardsigmoid"
    words = "activation nonlinearity gate"
    help = "A sigmoid made of straight pieces, cheap on small devices: min(max(x + 3, 0), 6) / 6."
    source = "torch.nn.functional.hardsigmoid"


class SELU(_Activation):
    """λ x where positive, λ α (eˣ − 1) elsewhere."""

    torch, stem = Function("F.selu", module="nn.SELU"), "selu"
    saves = ("y",)
    help = "An ELU whose constants keep the spread of the values from layer to layer."
    source = "torch.nn.functional.selu; Klambauer et al. 2017, arXiv:1706.02515"


class Softshrink(_Activation):
    """x moved towards zero by λ, zero where it is nearer."""

    torch, stem = Function("F.softshrink", module="nn.Softshrink"), "softshrink"
    rare = True
    help = "Moves each value towards zero by a fixed amount, and sets those nearer to zero."
    source = "torch.nn.functional.softshrink"

    lambd = Real(0.5, "The amount.", least=0.0)


class Hardshrink(_Activation):
    """x where it is far from zero, zero elsewhere."""

    torch, stem = Function("F.hardshrink", module="nn.Hardshrink"), "hardshrink"
    rare = True
    help = "Keeps values that are farther from zero than a bound, and sets the others to zero."
    source = "torch.nn.functional.hardshrink"

    lambd = Real(0.5, "The bound.", least=0.0)


class Threshold(_Activation):
    """x where it is above a bound, one number elsewhere."""

    torch, stem = Function("F.threshold", module="nn.Threshold"), "threshold"
    rare = True
    help = "Keeps values above a bound, and puts one number in the place of the others."
    source = "torch.nn.functional.threshold"

    threshold = Real(0.0, "The bound.", torch=REQUIRED)
    value = Real(0.0, "What stands below it.", torch=REQUIRED)


class Softsign(_Activation):
    """x / (1 + |x|)."""

    torch, stem = Function("F.softsign", module="nn.Softsign"), "softsign"
    help = "Squeezes x into −1 to 1, more gently than tanh: x / (1 + |x|)."
    source = "torch.nn.functional.softsign"


class LogSigmoid(_Activation):
    """ln σ(x)."""

    torch, stem = Function("F.logsigmoid", module="nn.LogSigmoid"), "logsigmoid"
    help = "The logarithm of the sigmoid."
    source = "torch.nn.functional.logsigmoid"


def _even(x: Shape) -> dict[str, int] | None:
    axis = next((axis for axis, size in enumerate(x) if divides(2, size)), None)
    return None if axis is None else {"dim": axis}


class GLU(Layer):
    """One half of an axis times the sigmoid of the other."""

    torch = Function("F.glu", module="nn.GLU")
    family, stem, words = "act", "glu", "activation gate linear unit half"
    saves = ("x",)
    help = "Multiplies the first half of an axis by the sigmoid of the second."
    source = "torch.nn.functional.glu; Dauphin et al. 2016, arXiv:1612.08083"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(-1, "The axis that is halved.", single=True)

    def rule(self, x: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        require(divides(2, x[axis]), lambda: f"halves an axis of {x[axis]}", "shape", set=lambda: _even(x))
        y = (*x[:axis], x[axis] // 2, *x[axis + 1 :])
        return facts(y, elementwise=prod(y))
