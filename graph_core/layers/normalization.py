"""Normalization and regularization."""

from __future__ import annotations

from graph_core.dims import Shape, prod, shape_text
from graph_core.fields import Count, Flag, Real
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts, require


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
