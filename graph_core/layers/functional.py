"""Layers whose weights come in by a wire, for what computes or shares them: torch.nn.functional's own forms."""

from __future__ import annotations

from graph_core.dims import Shape, at_least, prod, same, shape_text
from graph_core.fields import MAX_SIZE, Count, Real
from graph_core.layer import Facts, Function, Inlet, Layer, Outlet, Phrase, facts, require
from graph_core.layers._rules import axis_of


def needs(name: str, shape: Shape | None, wanted: Shape) -> None:
    """Refuse a weight of another shape than is wanted; None is fine."""
    if shape is None:
        return
    fits = len(shape) == len(wanted)
    for given, size in zip(shape, wanted, strict=True) if fits else [(0, 1)]:
        require(same(given, size), lambda: f"takes {name} of {shape_text(wanted)}, not {shape_text(shape)}", port=name)


class LinearWith(Layer):
    """y = x Wᵀ + b, with W and b from wires."""

    torch = Function("F.linear", takes=("x", "weight", "bias"))
    family, stem, words = "linear", "linear", "functional dense matrix weight given tied"
    rare = True
    help = "Multiplies the last axis by a matrix that comes in by a wire, and adds a bias."
    source = "torch.nn.functional.linear"
    saves = ("x", "weight")

    x, weight = Inlet("... F", "float"), Inlet("O F", "float")
    bias, y = Inlet("O", "float", optional=True), Outlet()

    def rule(self, x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
        out, width = weight
        require(
            same(x[-1], width),
            lambda: f"multiplies {x[-1]} features by a matrix of {shape_text(weight)}",
            port="weight",
        )
        needs("bias", bias, (out,))
        y = (*x[:-1], out)
        added = prod(y) if bias is not None else 0
        return facts(y, macs=prod(y) * width, elementwise=added, biases=added)


class EmbeddingWith(Layer):
    """Rows of a table that comes in by a wire, of which one does not learn."""

    torch = Function("F.embedding", takes=("x", "weight"))
    family, stem, words = "emb", "embed", "functional lookup table given padding"
    rare = True
    help = "Looks up rows of a table that comes in by a wire; the row of the padding does not learn."
    source = "torch.nn.functional.embedding"
    saves = ("x",)
    promotes = True

    x, weight, y = Inlet("...", "int"), Inlet("V F", "float"), Outlet()
    padding_idx = Count(0, "The index whose vector does not learn; negative from the end.", least=-MAX_SIZE, torch=None)

    def rule(self, x: Shape, weight: Shape) -> Facts:
        padding = self.padding_idx
        require(
            at_least(weight[0], padding + 1 if padding >= 0 else -padding),
            lambda: f"has padding_idx {padding} in a table of {weight[0]} rows",
            "parameter",
            set={"padding_idx": 0},
        )
        return facts((*x, weight[1]))


class PReLUWith(Layer):
    """x where positive, a multiple of it elsewhere that comes in by a wire."""

    torch = Function("F.prelu", takes=("x", "weight"))
    family, stem, words = "act", "prelu", "functional activation learned slope given"
    rare = True
    help = "Keeps what is positive; what is negative is multiplied by a factor, one a channel, from a wire."
    source = "torch.nn.functional.prelu; He et al. 2015, arXiv:1502.01852"
    saves = ("x", "weight")

    x, weight, y = Inlet("N C ...", "float"), Inlet("P", "float"), Outlet()

    def rule(self, x: Shape, weight: Shape) -> Facts:
        if not same(weight[0], 1):
            require(
                same(weight[0], x[1]),
                lambda: f"takes one factor, or one for each of {x[1]} channels, not {weight[0]}",
                port="weight",
            )
        return facts(x, elementwise=prod(x))


class LayerNormWith(Layer):
    """Layer normalization whose scale and shift come in by wires."""

    torch = Phrase("F.layer_norm(x, weight.shape, weight, bias, eps)")
    family, stem, words = "norm", "norm", "functional layer normalization weight given"
    rare = True
    help = "Normalizes the last axes of each position, with a scale and a shift that come in by wires."
    source = "torch.nn.functional.layer_norm"
    saves = ("x", "weight")

    x, weight = Inlet("... F", "float"), Inlet("... F", "float")
    bias, y = Inlet("... F", "float", optional=True), Outlet()
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=0.0, advanced=True)

    def rule(self, x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
        require(
            len(x) >= len(weight),
            lambda: f"normalizes {len(weight)} axes, and its input {shape_text(x)} has {len(x)}",
            "axes",
        )
        needs("weight", weight, x[-len(weight) :])
        needs("bias", bias, weight)
        return facts(x, elementwise=prod(x))


class BatchNormWith(Layer):
    """Batch normalization whose statistics, scale and shift come in by wires."""

    torch = Phrase("F.batch_norm(x, mean, var, weight, bias, self.training, momentum, eps)")
    family, stem, words = "norm", "bn", "functional batch normalization weight given"
    rare = True
    help = "Normalizes each channel over the batch, with statistics, a scale and a shift that come in by wires."
    source = "torch.nn.functional.batch_norm"

    x, mean, var = Inlet("N C ...", "float"), Inlet("C", "float"), Inlet("C", "float")
    weight, bias = Inlet("C", "float", optional=True), Inlet("C", "float", optional=True)
    y = Outlet()
    momentum = Real(0.1, "Share of the newest batch in the statistics.", least=0.0, most=1.0, advanced=True)
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)

    def rule(self, x: Shape, mean: Shape, var: Shape, weight: Shape | None = None, bias: Shape | None = None) -> Facts:
        for name, shape in (("mean", mean), ("var", var), ("weight", weight), ("bias", bias)):
            needs(name, shape, (x[1],))
        return facts(x, elementwise=prod(x))


class Normalize(Layer):
    """Vectors along an axis made of length one."""

    torch = Function("F.normalize")
    family, stem, words = "norm", "normalize", "unit length cosine l2"
    help = "Divides the vectors along an axis by their length."
    source = "torch.nn.functional.normalize"

    x, y = Inlet("N ...", "float"), Outlet()
    p = Real(2.0, "Which length: 2 for Euclid's.", least=1.0)
    dim = Count(1, "The axis; negative from the end.", least=-8, most=7)
    eps = Real(1e-12, "The least length that is divided by.", least=1e-30, advanced=True)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim, x)
        return facts(x, elementwise=2 * prod(x))
