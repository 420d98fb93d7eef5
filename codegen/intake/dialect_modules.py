"""The dialect of torch.nn's constructors: where a module keeps an argument that it was made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codegen.intake.steps import Step

INPUT, OUTPUT, CUSTOM = "Input", "Output", "Custom"
PARAMETER, BUFFER, JOIN = "HeldParameter", "HeldBuffer", "Concat"
COMMUTES = frozenset(["Add", "Mul"])  # what gives the same bits with its inputs exchanged
PASSES = frozenset(["Identity"])  # gives out what comes in, so that only a place in a list needs it
# Functions that are told the mode, of which their layers know.
MODES = frozenset(["scaled_dot_product_attention", "dropout", "dropout1d", "dropout2d", "dropout3d", "batch_norm"])
# What may have its batch as the second axis: the ports of which both axes change places for our layer.
TURNED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("RNN", "GRU", "LSTM"), ("x", "y")),
    "MultiheadAttention": ("query", "key", "value", "y"),
}
IGNORED = frozenset(["self", "device", "dtype", "inplace"])


def _has_bias(module: Any) -> bool:
    return module.bias is not None


def _padding(module: Any) -> Any:
    """The padding of a convolution in numbers; raises AttributeError where its two sides differ."""
    if module.padding == "valid":
        return 0
    if module.padding == "same":
        whole = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        if any(size % 2 for size in whole):
            raise AttributeError("padding")
        return tuple(size // 2 for size in whole)
    return module.padding


_CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d")

# (layer type, argument) -> how to read it off the module; "" for every type. Others are attributes of that name.
ARGUMENTS: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    **{(name, "bias"): _has_bias for name in ("Linear", "LayerNorm", *_CONVOLUTIONS)},
    **{(name, "padding"): _padding for name in _CONVOLUTIONS},
    **{(name, "bias"): _has_bias for name in ("ConvTranspose1d", "ConvTranspose2d", "Bilinear")},
    **{(f"BatchNorm{n}d", "bias"): lambda module: module.bias is not None or not module.affine for n in (1, 2, 3)},
    **{(f"InstanceNorm{n}d", "bias"): lambda module: module.bias is not None or not module.affine for n in (1, 2, 3)},
    ("LayerNorm", "axes"): lambda module: len(module.normalized_shape),
    ("MultiheadAttention", "bias"): lambda module: module.in_proj_bias is not None,
    ("MultiheadAttention", "add_bias_kv"): lambda module: module.bias_k is not None,
    ("MultiheadAttention", "kdim"): lambda module: None if module._qkv_same_embed_dim else module.kdim,
    ("MultiheadAttention", "vdim"): lambda module: None if module._qkv_same_embed_dim else module.vdim,
    ("Dropout", "p"): lambda module: module.p,
}


@dataclass(frozen=True)
class Drop:
    """A module of some package that leaves out whole samples, and where it keeps the arguments of our layer."""

    type: str
    packages: tuple[str, ...]
    params: Mapping[str, str]


DROPS: Mapping[str, Drop] = {
    "StochasticDepth": Drop("DropPath", ("torchvision",), {"p": "p"}),
    "DropPath": Drop("DropPath", ("timm", "transformers"), {"p": "drop_prob"}),
}


def loosened(step: Step) -> Step | None:
    """A step that keeps its batch as one that lays out all axes, which it may be in another body; None for others."""
    if step.type == "ReshapeAll":
        return step
    if step.type != "Reshape" or -1 in step.params["shape"]:
        return None
    return Step("ReshapeAll", step.name, {**step.params, "shape": [-1, *step.params["shape"]]})


def loosen(step: Step) -> None:
    """Let a step be what ``loosened`` says."""
    other = loosened(step)
    if other is not None:
        step.type, step.params = other.type, other.params
