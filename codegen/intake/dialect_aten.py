"""The dialect of ATen, which exported programs speak: each operator as the torch function that a person would call.

Operators whose arguments are those of the function of the same name need no entry. ``LEAVES`` makes the layer of
torch.nn that a single operator was, from its arguments; whoever uses one compares it with the operator first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Arguments = Mapping[str, Any]
# Arguments that say where and how a tensor lies, which a drawing does not.
PLACES = frozenset(["device", "layout", "pin_memory", "memory_format", "non_blocking", "copy", "cudnn_enable"])
# Arguments that are texts, and name no file.
TEXTS = frozenset(["mode", "approximate", "padding", "equation", "rounding_mode", "indexing", "reduce"])
# Operators on sizes: whole numbers, which Python computes.
SIZES: Mapping[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "mod", "neg")
}
# What checks sizes and has no result.
CHECKS = frozenset(["_assert_scalar", "_assert_async", "_assert_tensor_metadata", "sym_constrain_range",
                    "sym_constrain_range_for_size"])  # fmt: skip


def call(name: str, a: dict[str, Any], order: list[str]) -> Any:
    """Run an operator by its name in ATen (without the overload) with arguments by name, in their order."""
    entry = CALLS.get(name)
    if entry is not None:
        return entry(a)
    given = [(key, a[key]) for key in order if key in a and key not in PLACES]
    if name.endswith("_"):
        function = next((getattr(home, name) for home in (Tensor, functional) if hasattr(home, name)), None)
        if function is None and hasattr(functional, name[:-1]):
            function = partial(getattr(functional, name[:-1]), inplace=True)
    else:
        function = next((getattr(home, name) for home in (functional, torch, Tensor) if hasattr(home, name)), None)
    if function is None:
        raise AttributeError(name)
    plain = [value for key, value in given if key not in KEYWORDS]
    return function(*plain, **{key: value for key, value in given if key in KEYWORDS})


# Arguments that torch's functions take by keyword only.
KEYWORDS = frozenset(["dtype", "alpha", "beta", "rounding_mode", "approximate", "scale", "enable_gqa", "out_dtype"])


def _slice(a: Arguments) -> Any:
    dim, end = a.get("dim", 0), a.get("end")
    cut = slice(a.get("start"), None if end is None or end >= 2**62 else end, a.get("step", 1))
    return a["self"][(*(slice(None),) * (dim % a["self"].dim()), cut)]


def _batch_norm(a: Arguments) -> Any:
    return functional.batch_norm(
        a["input"], a["running_mean"], a["running_var"], a["weight"], a["bias"], a["training"], a["momentum"], a["eps"]
    )


def _instance_norm(a: Arguments) -> Any:
    return functional.instance_norm(
        a["input"], a["running_mean"], a["running_var"], a["weight"], a["bias"], a["use_input_stats"], a["momentum"],
        a["eps"],
    )  # fmt: skip


def _embedding(a: Arguments) -> Any:
    padding = a.get("padding_idx", -1)
    return functional.embedding(a["indices"], a["weight"], None if padding == -1 else padding)


def _index(a: Arguments) -> Any:
    return a["self"][tuple(slice(None) if index is None else index for index in a["indices"])]


def _upsample(mode: str) -> Callable[[Arguments], Any]:
    def run(a: Arguments) -> Any:
        corners = {"align_corners": a["align_corners"]} if "align_corners" in a else {}
        size, scale = a.get("output_size"), a.get("scale_factors")
        return functional.interpolate(a["input"], size, None if size is not None else scale, mode, **corners)

    return run


CALLS: Mapping[str, Callable[[Arguments], Any]] = {
    "sym_size": lambda a: a["self"].shape[a["dim"]],
    "slice": _slice,
    "view": lambda a: a["self"].view(a["size"]),
    "_unsafe_view": lambda a: a["self"].view(a["size"]),
    "reshape": lambda a: a["self"].reshape(a["shape"]),
    "expand": lambda a: a["self"].expand(a["size"]),
    "repeat": lambda a: a["self"].repeat(a["repeats"]),
    "to": lambda a: a["self"].to(a["dtype"]) if a.get("dtype") is not None else a["self"].clone(),
    "_to_copy": lambda a: a["self"].to(a["dtype"]) if a.get("dtype") is not None else a["self"].clone(),
    "clone": lambda a: a["self"].clone(),
    "contiguous": lambda a: a["self"].contiguous(),
    "lift_fresh_copy": lambda a: a["self"].clone(),
    "alias": lambda a: a["self"].view(a["self"].shape),
    "dropout": lambda a: functional.dropout(a["input"], a["p"], a["train"]),
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "embedding": _embedding,
    "index": _index,
    "constant_pad_nd": lambda a: functional.pad(a["self"], a["pad"], value=a.get("value", 0)),
    "layer_norm": lambda a: functional.layer_norm(
        a["input"], a["normalized_shape"], a.get("weight"), a.get("bias"), a.get("eps", 1e-5)
    ),
    "group_norm": lambda a: functional.group_norm(
        a["input"], a["num_groups"], a.get("weight"), a.get("bias"), a.get("eps", 1e-5)
    ),
    "upsample_nearest2d": _upsample("nearest"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "upsample_bicubic2d": _upsample("bicubic"),
}


# Layers -----------------------------------------------------------------------------------------------------------


def _convolution(kind: type[nn.Module]) -> Callable[[Arguments], nn.Module]:
    def make(a: Arguments) -> nn.Module:
        weight, groups = a["weight"], a.get("groups", 1)
        given = {key: _plain(a[key]) for key in ("stride", "padding", "dilation") if key in a}
        return kind(
            weight.shape[1] * groups, weight.shape[0], tuple(weight.shape[2:]), groups=groups,
            bias=a.get("bias") is not None, device="meta", **given,
        )  # fmt: skip

    return make


def _transposed(kind: type[nn.Module]) -> Callable[[Arguments], nn.Module]:
    def make(a: Arguments) -> nn.Module:
        weight, groups = a["weight"], a.get("groups", 1)
        given = {key: _plain(a[key]) for key in ("stride", "padding", "output_padding", "dilation") if key in a}
        return kind(
            weight.shape[0], weight.shape[1] * groups, tuple(weight.shape[2:]), groups=groups,
            bias=a.get("bias") is not None, device="meta", **given,
        )  # fmt: skip

    return make


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _normalization(kind: type[nn.Module]) -> Callable[[Arguments], nn.Module]:
    def make(a: Arguments) -> nn.Module:
        affine = a.get("weight") is not None
        width = a["weight"].shape[0] if affine else a["input"].shape[1]
        tracked = a.get("running_mean") is not None
        return kind(width, a["eps"], a["momentum"], affine, tracked, device="meta")

    return make


def _layer_norm(a: Arguments) -> nn.Module:
    affine, bias = a.get("weight") is not None, a.get("bias") is not None
    return nn.LayerNorm(list(a["normalized_shape"]), a.get("eps", 1e-5), affine, bias, device="meta")


def _group_norm(a: Arguments) -> nn.Module:
    affine = a.get("weight") is not None
    return nn.GroupNorm(a["num_groups"], a["input"].shape[1], a.get("eps", 1e-5), affine, device="meta")


def _linear(a: Arguments) -> nn.Module:
    out, into = a["weight"].shape
    return nn.Linear(into, out, a.get("bias") is not None, device="meta")


def _table(a: Arguments) -> nn.Module:
    padding = a.get("padding_idx", -1)
    rows, width = a["weight"].shape
    return nn.Embedding(rows, width, None if padding == -1 else padding, device="meta")


def _like(kind: type[nn.Module]) -> Callable[[Arguments], nn.Module]:
    """A layer without weights whose constructor names its arguments as the operator does."""

    def make(a: Arguments) -> nn.Module:
        rest = {key: _plain(value) for key, value in a.items() if key not in ("self", "input", "train", "training")}
        return kind(**{_RENAMED.get(key, key): value for key, value in rest.items() if value != ()})

    return make


_RENAMED = {"lambd": "lambd", "end_dim": "end_dim"}
_PLAIN = """
ReLU ReLU6 GELU SiLU Mish Sigmoid Tanh Hardswish Hardsigmoid LeakyReLU ELU SELU CELU Softplus Softsign Softshrink
Hardshrink Hardtanh LogSigmoid Softmax LogSoftmax Dropout Flatten Unflatten MaxPool1d MaxPool2d AvgPool1d AvgPool2d
AdaptiveAvgPool1d AdaptiveAvgPool2d PixelShuffle PixelUnshuffle Identity
"""

# Operators over all steps of a sequence: the layer that each is, and what its constructor is given besides.
RECURRENT: Mapping[str, tuple[Callable[..., nn.RNNBase], dict[str, Any]]] = {
    "lstm": (nn.LSTM, {}),
    "gru": (nn.GRU, {}),
    "rnn_tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "rnn_relu": (nn.RNN, {"nonlinearity": "relu"}),
}
LEAVES: Mapping[str, Callable[[Arguments], nn.Module]] = {
    **{name: _like(getattr(nn, name)) for name in _PLAIN.split()},
    **{f"Conv{n}d": _convolution(getattr(nn, f"Conv{n}d")) for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _transposed(getattr(nn, f"ConvTranspose{n}d")) for n in (1, 2)},
    **{f"BatchNorm{n}d": _normalization(getattr(nn, f"BatchNorm{n}d")) for n in (1, 2, 3)},
    "ReLU6": lambda a: nn.ReLU6(),
    "Linear": _linear,
    "LayerNorm": _layer_norm,
    "GroupNorm": _group_norm,
    "Embedding": _table,
}
