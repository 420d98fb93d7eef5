"""Normalization and regularization."""

from __future__ import annotations

from graph_core.dims import Shape, at_least, prod, shape_text
from graph_core.fields import Count, Flag, Real, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts, require
from graph_core.layers._rules import splits


class _BatchNorm(Layer):
    """What batch norms of every rank share.

    Where it uses the statistics of the batch (in training, or tracking none) torch asks for two values a channel. No
    drawing can tell that while its batch is open, so a batch of one is not refused here.
    """

    family, stem, words = "norm", "bn", "batch normalization"
    saves = ("x",)

    y = Outlet()
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)
    momentum = Real(0.1, "Share of the newest batch in the running statistics.", least=0.0, most=1.0, advanced=True)
    affine = Flag(True, "Learn a scale and a shift per channel.")
    track_running_stats = Flag(True, "Keep running statistics for evaluation.", advanced=True)

    def rule(self, x: Shape) -> Facts:
        c = x[1]
        weights = []
        if self.affine:
            weights += [Weight("weight", (c,), "C"), Weight("bias", (c,), "C", "bias")]
        if self.track_running_stats:
            weights += [Weight(name, (c,), "C", "buffer") for name in ("running_mean", "running_var")]
            weights.append(Weight("num_batches_tracked", (), "", "buffer", "int64"))
        # Mean and inverse deviation of the batch are kept for backward.
        return facts(x, weights=weights, elementwise=prod(x), keeps=((2 * c, "wide"),), num_features=c)


class BatchNorm1d(_BatchNorm):
    """Batch normalization of features or of sequences."""

    torch = Module("nn.BatchNorm1d")
    help = "Normalizes each feature over the batch, then scales and shifts it."
    source = "torch.nn.BatchNorm1d; Ioffe and Szegedy 2015, arXiv:1502.03167"

    x = Inlet("N C ...", "float")

    def rule(self, x: Shape) -> Facts:
        require(
            len(x) <= 3,
            lambda: f"takes N×C or N×C×L, not the {len(x)} axes of {shape_text(x)}",
            "axes",
            insert="Flatten",
            port="x",
            **{"with": {"start_dim": 2}},
        )
        return super().rule(x)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images."""

    torch = Module("nn.BatchNorm2d")
    help = "Normalizes each channel over the batch and the image, then scales and shifts it."
    source = "torch.nn.BatchNorm2d; Ioffe and Szegedy 2015, arXiv:1502.03167"

    x = Inlet("N C H W", "float")


class BatchNorm3d(_BatchNorm):
    """Batch normalization of volumes."""

    torch = Module("nn.BatchNorm3d")
    help = "Normalizes each channel over the batch and the volume, then scales and shifts it."
    source = "torch.nn.BatchNorm3d; Ioffe and Szegedy 2015, arXiv:1502.03167"

    x = Inlet("N C D H W", "float")


class LayerNorm(Layer):
    """Normalization of the last axes of each sample by itself."""

    torch = Module("nn.LayerNorm")
    family, stem, words = "norm", "norm", "layer normalization"
    saves = ("x",)
    help = "Normalizes the last axis (or several) of each position by itself, then scales and shifts it."
    source = "torch.nn.LayerNorm; Ba, Kiros and Hinton 2016, arXiv:1607.06450"

    x, y = Inlet("... F", "float"), Outlet()
    axes = Count(1, "How many of the last axes are normalized together.", most=8, emit=False)
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=0.0, advanced=True)
    elementwise_affine = Flag(True, "Learn a scale per element.")
    bias = Flag(True, "Learn a shift per element, where there is a scale.", advanced=True)

    def rule(self, x: Shape) -> Facts:
        require(
            len(x) >= self.axes,
            lambda: f"normalizes {self.axes} axes, and its input {shape_text(x)} has {len(x)}",
            "axes",
            set=lambda: {"axes": len(x)},
        )
        shape = x[-self.axes :]
        names = " ".join(f"F{i}" for i in range(1 - self.axes, 0)) + " F"
        weights = []
        if self.elementwise_affine:
            weights.append(Weight("weight", shape, names.strip()))
            if self.bias:
                weights.append(Weight("bias", shape, names.strip(), "bias"))
        return facts(
            x,
            weights=weights,
            elementwise=prod(x),
            keeps=((2 * prod(x[: -self.axes]), "wide"),),  # mean and inverse deviation of each position
            normalized_shape=shape[0] if self.axes == 1 else tuple(shape),
        )


class Dropout(Layer):
    """Zeros at random, in training only; so inference does no work here."""

    torch = Module("nn.Dropout")
    in_order = True
    family, stem, words = "norm", "dropout", "drop regularization random"
    help = "In training sets values to zero at random and scales up the rest; in evaluation passes on what comes."
    source = "torch.nn.Dropout; Hinton et al. 2012, arXiv:1207.0580"

    x, y = Inlet("...", "float"), Outlet()
    p = Real(0.5, "Probability of a zero.", least=0.0, most=1.0)

    def shares_memory(self, training: bool) -> str:
        """Evaluation, and a probability of 0, pass on the very tensor."""
        return "" if training and self.p else "same"

    def rule(self, x: Shape) -> Facts:
        return facts(x, keeps=((prod(x), "bool"),) if self.p else ())  # what was dropped


class DropPath(Layer):
    """Whole samples set to zero at random, in training only: stochastic depth."""

    torch = Module(
        "DropPath",
        preamble='''
class DropPath(nn.Module):
    """In training sets whole samples to zero at random and scales up the rest (Huang et al. 2016)."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        sizes = (x.shape[0],) + (1,) * (x.ndim - 1)
        kept = x.new_empty(sizes).bernoulli_(1.0 - self.p)
        return x * kept if self.p == 1.0 else x * kept.div_(1.0 - self.p)
''',
    )
    family, stem, words = "norm", "drop_path", "stochastic depth residual skip layer random"
    help = "In training leaves out the branch for samples at random; in evaluation passes on what comes."
    source = "Huang et al. 2016, arXiv:1603.09382"

    x, y = Inlet("N ...", "float"), Outlet()
    p = Real(0.1, "Probability that a sample's branch is left out.", least=0.0, most=1.0)

    def shares_memory(self, training: bool) -> str:
        """Evaluation, and a probability of 0, pass on the very tensor."""
        return "" if training and self.p else "same"

    def rule(self, x: Shape) -> Facts:
        return facts(x, keeps=((x[0], "same"),) if self.p else ())


class GroupNorm(Layer):
    """Normalization of groups of channels of each sample by itself."""

    torch = Module("nn.GroupNorm")
    family, stem, words = "norm", "norm", "group normalization channels"
    saves = ("x",)
    help = "Normalizes groups of channels of each sample by itself, then scales and shifts each channel."
    source = "torch.nn.GroupNorm; Wu and He 2018, arXiv:1803.08494"

    x, y = Inlet("N C ...", "float"), Outlet()
    num_groups = Size(1, "Groups of channels.", emit=False)
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)
    affine = Flag(True, "Learn a scale and a shift per channel.")

    def rule(self, x: Shape) -> Facts:
        n, c, groups = x[0], x[1], self.num_groups
        splits("num_groups", groups, {"channels": c})
        require(
            at_least(n * (c // groups) * prod(x[2:]), 2),
            lambda: f"normalizes groups of one value: {shape_text(x)} in {groups} groups",
            "groups",
        )
        weights = [Weight("weight", (c,), "C"), Weight("bias", (c,), "C", "bias")] if self.affine else []
        kept = ((2 * n * groups, "wide"),)
        return facts(x, weights=weights, elementwise=prod(x), keeps=kept, num_groups=groups, num_channels=c)


class RMSNorm(Layer):
    """Division of the last axis by its root mean square."""

    torch = Module("nn.RMSNorm")
    family, stem, words = "norm", "norm", "root mean square normalization llama"
    help = "Divides the last axis of each position by its root mean square, then scales it."
    source = "torch.nn.RMSNorm; Zhang and Sennrich 2019, arXiv:1910.07467"

    x, y = Inlet("... F", "float"), Outlet()
    eps = Real(1e-6, "Added to the mean square, against division by zero.", least=1e-12, torch=None, advanced=True)
    elementwise_affine = Flag(True, "Learn a scale per element.")

    def rule(self, x: Shape) -> Facts:
        weights = [Weight("weight", (x[-1],), "F")] if self.elementwise_affine else []
        return facts(x, weights=weights, elementwise=prod(x), normalized_shape=x[-1])
