"""Normalization of the channels of each sample by themselves, and channels dropped as a whole."""

from __future__ import annotations

from graph_core.dims import Shape, at_least, prod
from graph_core.fields import Flag, Real
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts, require


class _InstanceNorm(Layer):
    """What instance norms of every rank share.

    Stricter than torch: a channel of one value, which evaluation with running statistics would take, is refused.
    """

    family, stem, words = "norm", "norm", "instance normalization style channel"
    saves = ("x",)

    y = Outlet()
    eps = Real(1e-5, "Added to the variance, against division by zero.", least=1e-12, advanced=True)
    momentum = Real(0.1, "Share of the newest batch in the running statistics.", least=0.0, most=1.0, advanced=True)
    affine = Flag(False, "Learn a scale and a shift per channel.")
    track_running_stats = Flag(False, "Keep running statistics for evaluation.", advanced=True)

    def rule(self, x: Shape) -> Facts:
        c = x[1]
        require(at_least(prod(x[2:]), 2), "normalizes one value a channel, which has no variance", "shape")
        weights = []
        if self.affine:
            weights += [Weight("weight", (c,), "C"), Weight("bias", (c,), "C", "bias")]
        if self.track_running_stats:
            weights += [Weight(name, (c,), "C", "buffer") for name in ("running_mean", "running_var")]
            weights.append(Weight("num_batches_tracked", (), "", "buffer", "int64"))
        return facts(x, weights=weights, elementwise=prod(x), keeps=((2 * x[0] * c, "wide"),), num_features=c)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization of sequences."""

    torch = Module("nn.InstanceNorm1d")
    help = "Normalizes each channel of each sequence by itself."
    source = "torch.nn.InstanceNorm1d; Ulyanov et al. 2016, arXiv:1607.08022"

    x = Inlet("N C L", "float")


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization of images."""

    torch = Module("nn.InstanceNorm2d")
    help = "Normalizes each channel of each image by itself."
    source = "torch.nn.InstanceNorm2d; Ulyanov et al. 2016, arXiv:1607.08022"

    x = Inlet("N C H W", "float")


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of volumes."""

    torch = Module("nn.InstanceNorm3d")
    help = "Normalizes each channel of each volume by itself."
    source = "torch.nn.InstanceNorm3d; Ulyanov et al. 2016, arXiv:1607.08022"

    x = Inlet("N C D H W", "float")


class _ChannelDropout(Layer):
    """What dropouts of whole channels share: one value is drawn a channel, and kept for backward."""

    family, stem, words = "norm", "dropout", "drop regularization random channel spatial"
    in_order = True

    y = Outlet()
    p = Real(0.5, "Probability of a zero.", least=0.0, most=1.0)

    def shares_memory(self, training: bool) -> str:
        """Evaluation, and a probability of 0, pass on the very tensor."""
        return "" if training and self.p else "same"

    def rule(self, x: Shape) -> Facts:
        return facts(x, keeps=((x[0] * x[1], "same"),) if self.p else ())


class Dropout1d(_ChannelDropout):
    """Whole channels of a sequence set to zero at random, in training only."""

    torch = Module("nn.Dropout1d")
    help = "In training sets whole channels of a sequence to zero at random; in evaluation passes on what comes."
    source = "torch.nn.Dropout1d; Tompson et al. 2015, arXiv:1411.4280"

    x = Inlet("N C L", "float")


class Dropout2d(_ChannelDropout):
    """Whole channels of an image set to zero at random, in training only."""

    torch = Module("nn.Dropout2d")
    help = "In training sets whole channels of an image to zero at random; in evaluation passes on what comes."
    source = "torch.nn.Dropout2d; Tompson et al. 2015, arXiv:1411.4280"

    x = Inlet("N C H W", "float")


class Dropout3d(_ChannelDropout):
    """Whole channels of a volume set to zero at random, in training only."""

    torch = Module("nn.Dropout3d")
    help = "In training sets whole channels of a volume to zero at random; in evaluation passes on what comes."
    source = "torch.nn.Dropout3d; Tompson et al. 2015, arXiv:1411.4280"

    x = Inlet("N C D H W", "float")
