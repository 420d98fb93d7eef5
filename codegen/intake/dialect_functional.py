"""The dialect of torch.nn.functional where it spells layers: weights come in by a wire, or are a module's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from codegen.intake.bodies import Maker
from codegen.intake.leaves import leaf_of
from codegen.intake.record import Op, Value
from codegen.intake.steps import Unsupported

Call = Callable[[Maker, Op], None]


def given(op: Op, *names: str, **defaults: Any) -> dict[str, Any]:
    """The arguments of a call by name: by position in the order of ``names``, else by keyword, else the default."""
    found = dict(zip(names, op.args, strict=False))
    found |= {name: value for name, value in op.kwargs.items() if name in names}
    lost = set(op.kwargs) - set(names)
    if lost or len(op.args) > len(names):
        raise Unsupported(f"is called with {', '.join(sorted(lost)) or 'more than is known'}")
    return {**{name: defaults.get(name) for name in names}, **found}


# Layers of torch.nn.functional whose weights come in by a wire.


def _own_layer(maker: Maker, op: Op, type: str, weight: Any, bias: Any) -> bool:
    """Draw a functional call on the weights of a module that is never called as that module's layer."""
    homes = maker.homes
    known = homes.path_of(weight, maker.scope) if isinstance(weight, Value) and weight.kind == "weight" else ""
    if not known.endswith(".weight"):
        return False
    path = known.removesuffix(".weight")
    module = homes.root.module.get_submodule(path)
    leaf = leaf_of(module)
    own = getattr(module, "bias", None)
    mine = bias.tensor if isinstance(bias, Value) else None
    inside = homes.weights.get(known) is homes.canonical(maker.scope)
    if leaf is None or leaf.type != type or own is not mine or not inside or not maker._owns(path):
        return False
    name = maker.relative(path)
    read = [homes.path_of(value, maker.scope) for value in (weight, bias) if isinstance(value, Value)]
    if not name or name in maker.by_name or any(homes.uses_of(one) != 1 for one in read):
        return False
    ref = maker.add(type, name, x=op.args[0], **leaf.params)
    assert ref.step is not None
    maker.by_name[name] = ref.step
    maker.bind(op.outs[0], ref)
    return True


def _linear(maker: Maker, op: Op) -> None:
    a = given(op, "input", "weight", "bias")
    if _own_layer(maker, op, "Linear", a["weight"], a["bias"]):
        return
    bias = {"bias": a["bias"]} if a["bias"] is not None else {}
    maker.bind(op.outs[0], maker.add("LinearWith", x=a["input"], weight=a["weight"], **bias))


def _conv_arguments(op: Op) -> dict[str, Any]:
    return given(
        op, "input", "weight", "bias", "stride", "padding", "dilation", "groups",
        stride=1, padding=0, dilation=1, groups=1,
    )  # fmt: skip


def _conv(rank: int) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = _conv_arguments(op)
        twin = _conv_arguments(op.twin) if op.twin is not None else a
        if len(a["input"].shape) != rank + 2 or any(a[n] != twin[n] for n in ("stride", "padding", "dilation")):
            raise Unsupported("slides filters over what has no batch, or otherwise in every batch")
        if twin["groups"] != a["groups"]:
            _in_groups(maker, op, a, rank)
            return
        bias = {"bias": a["bias"]} if a["bias"] is not None else {}
        if isinstance(a["padding"], str):
            a["padding"] = _same_padding(a, rank)
        sizes = {name: one(a[name]) for name in ("stride", "padding", "dilation")}
        type = f"Conv{rank}dWith"
        maker.bind(op.outs[0], maker.add(type, x=a["input"], weight=a["weight"], groups=a["groups"], **bias, **sizes))

    return call


def _in_groups(maker: Maker, op: Op, a: dict[str, Any], rank: int) -> None:
    """A convolution with filters of each sample's own: the batch lies in the channels, and in the groups."""
    if rank != 2 or isinstance(a["padding"], str):
        raise Unsupported("takes a number of groups that depends on the batch")
    bias = {"bias": a["bias"]} if a["bias"] is not None else {}
    sizes = {name: one(a[name]) for name in ("stride", "padding", "dilation")}
    maker.bind(op.outs[0], maker.add("Conv2dInGroups", x=a["input"], weight=a["weight"], **bias, **sizes))


def _same_padding(a: dict[str, Any], rank: int) -> Any:
    """What ``padding="same"`` or ``"valid"`` is in numbers."""
    if a["padding"] == "valid":
        return 0
    dilation = a["dilation"] if isinstance(a["dilation"], tuple | list) else [a["dilation"]] * rank
    whole = [d * (k - 1) for d, k in zip(dilation, a["weight"].shape[2:], strict=False)]
    if any(size % 2 for size in whole):
        raise Unsupported("pads one side more than the other")
    return [size // 2 for size in whole]


def one(value: Any) -> Any:
    """One number where both of a pair are equal."""
    if isinstance(value, tuple | list):
        return value[0] if len(set(value)) == 1 else list(value)
    return value


def _layer_norm(maker: Maker, op: Op) -> None:
    a = given(op, "input", "normalized_shape", "weight", "bias", "eps", "cudnn_enable", eps=1e-5)
    axes = len(a["normalized_shape"])
    if a["weight"] is None:
        params = {"axes": axes, "eps": a["eps"], "elementwise_affine": False}
        maker.bind(op.outs[0], maker.add("LayerNorm", x=a["input"], **params))
        return
    bias = {"bias": a["bias"]} if a["bias"] is not None else {}
    maker.bind(op.outs[0], maker.add("LayerNormWith", x=a["input"], weight=a["weight"], eps=a["eps"], **bias))


def _batch_norm(maker: Maker, op: Op) -> None:
    a = given(
        op, "input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps",
        momentum=0.1, eps=1e-5, training=False,
    )  # fmt: skip
    trained = given(op.trained, "input", "running_mean", "running_var", "weight", "bias", "training", "momentum",
                    "eps", training=False)["training"] if op.trained is not None else True  # fmt: skip
    optional = {name: a[name] for name in ("weight", "bias") if a[name] is not None}
    if a["running_mean"] is None and a["training"] and trained:
        maker.bind(op.outs[0], maker.add("BatchStatisticsNorm", x=a["input"], eps=a["eps"], **optional))
        return
    if a["running_mean"] is None or a["training"] or not trained:
        raise Unsupported("uses the statistics of the batch in evaluation and changes its own, or never uses them")
    ref = maker.add(
        "BatchNormWith", x=a["input"], mean=a["running_mean"], var=a["running_var"],
        eps=a["eps"], momentum=a["momentum"], **optional,
    )  # fmt: skip
    maker.bind(op.outs[0], ref)


def _group_norm(maker: Maker, op: Op) -> None:
    a = given(op, "input", "num_groups", "weight", "bias", "eps", eps=1e-5)
    optional = {name: a[name] for name in ("weight", "bias") if a[name] is not None}
    ref = maker.add("GroupNormWith", x=a["input"], num_groups=a["num_groups"], eps=a["eps"], **optional)
    maker.bind(op.outs[0], ref)


def _instance_norm(maker: Maker, op: Op) -> None:
    """Each channel of each sample by itself: a group norm of groups of one channel."""
    a = given(
        op, "input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps",
        use_input_stats=True, eps=1e-5,
    )  # fmt: skip
    if not a["use_input_stats"] or a["running_mean"] is not None:
        raise Unsupported("uses statistics that it keeps")
    optional = {name: a[name] for name in ("weight", "bias") if a[name] is not None}
    channels = a["input"].shape[1]
    maker.bind(op.outs[0], maker.add("GroupNormWith", x=a["input"], num_groups=channels, eps=a["eps"], **optional))


def _fold(maker: Maker, op: Op) -> None:
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    a = given(op, "input", *names, dilation=1, padding=0, stride=1)
    if len(a["input"].shape) != 3:
        raise Unsupported("lays columns out that have no batch")
    maker.bind(op.outs[0], maker.add("Fold", x=a["input"], **{name: one(a[name]) for name in names}))


def _prelu(maker: Maker, op: Op) -> None:
    a = given(op, "input", "weight")
    if len(a["input"].shape) < 2 or len(a["weight"].shape) != 1:
        raise Unsupported("takes one factor for what has no channels")
    maker.bind(op.outs[0], maker.add("PReLUWith", x=a["input"], weight=a["weight"]))


def _rms_norm(maker: Maker, op: Op) -> None:
    a = given(op, "input", "normalized_shape", "weight", "eps")
    eps = a["eps"] if a["eps"] is not None else torch.finfo(a["input"].tensor.dtype).eps
    if a["weight"] is None:
        if len(a["normalized_shape"]) != 1:
            raise Unsupported("normalizes several axes without a scale")
        maker.bind(op.outs[0], maker.add("RMSNorm", x=a["input"], eps=eps, elementwise_affine=False))
        return
    maker.bind(op.outs[0], maker.add("RMSNormWith", x=a["input"], weight=a["weight"], eps=eps))


_INTERPOLATION = (
    "input", "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias",
)  # fmt: skip


def _interpolate(maker: Maker, op: Op) -> None:
    a = given(op, *_INTERPOLATION, mode="nearest", antialias=False)
    x, y = a["input"], op.outs[0]
    if [axis for axis in x.varies() if axis > 0] or x.varies() != y.varies():
        raise Unsupported("resizes to sizes that depend on the batch")
    scales = a["scale_factor"]
    if a["size"] is None and scales is not None and not a["recompute_scale_factor"]:
        scales = scales if isinstance(scales, list | tuple) else [scales] * (len(x.shape) - 2)
        whole = [size * float(scale) for size, scale in zip(x.shape[2:], scales, strict=True)]
        if any(float(size) != wanted for size, wanted in zip(y.shape[2:], whole, strict=True)):
            raise Unsupported("resizes by a factor that gives no whole size")
    params: dict[str, Any] = {"size": list(y.shape[2:]), "mode": a["mode"]}
    params |= {"align_corners": True} if a["align_corners"] else {}
    params |= {"antialias": True} if a["antialias"] else {}
    maker.bind(y, maker.add("Interpolate", x=x, **params))


def _unfold(maker: Maker, op: Op) -> None:
    if "functional" not in op.name:
        a = given(op, "x", "dimension", "size", "step")
        if a["dimension"] % len(a["x"].shape) in a["x"].varies():
            raise Unsupported("takes windows of the batch")
        part = {name: a[name] for name in ("dimension", "size", "step")}
        maker.bind(op.outs[0], maker.add("Windows", x=a["x"], **part))
        return
    a = given(op, "input", "kernel_size", "dilation", "padding", "stride", dilation=1, padding=0, stride=1)
    if len(a["input"].shape) != 4:
        raise Unsupported("cuts windows of what has no batch")
    sizes = {name: one(a[name]) for name in ("kernel_size", "dilation", "padding", "stride")}
    maker.bind(op.outs[0], maker.add("Unfold", x=a["input"], **sizes))


def _pool(type: str, *names: str) -> Call:
    """A pooling function as the layer of the same meaning."""

    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", *names)
        if isinstance(a.get("output_size"), tuple | list):
            space = a["input"].shape[2:]
            a["output_size"] = [size or own for size, own in zip(a["output_size"], space, strict=True)]
        params = {name: one(value) for name, value in a.items() if name != "input" and value not in (None, [], ())}
        if params.pop("return_indices", False) or params.pop("divisor_override", None):
            raise Unsupported("is called with more than its layer takes")
        if "stride" not in params and "kernel_size" in params:
            params["stride"] = params["kernel_size"]
        if len(op.outs) != 1 or len(a["input"].shape) != int(type[-2]) + 2:
            raise Unsupported("pools what has no batch")
        maker.bind(op.outs[0], maker.add(type, x=a["input"], **params))

    return call


_MAX = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")


def _embedding(maker: Maker, op: Op) -> None:
    a = given(op, "input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")
    if a["max_norm"] is not None or a["scale_grad_by_freq"] or a["sparse"]:
        raise Unsupported("is called with more than its layer takes")
    if a["padding_idx"] is not None:
        padding = a["padding_idx"]
        maker.bind(op.outs[0], maker.add("EmbeddingWith", x=a["input"], weight=a["weight"], padding_idx=padding))
        return
    maker.bind(op.outs[0], maker.add("Lookup", table=a["weight"], index=a["input"]))


CALLS: Mapping[str, Call] = {
    "linear": _linear,
    **{f"conv{rank}d": _conv(rank) for rank in (1, 2, 3)},
    "layer_norm": _layer_norm,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "rms_norm": _rms_norm,
    "instance_norm": _instance_norm,
    "fold": _fold,
    "prelu": _prelu,
    "interpolate": _interpolate,
    "unfold": _unfold,
    "embedding": _embedding,
    "max_pool2d": _pool("MaxPool2d", *_MAX),
    "max_pool1d": _pool("MaxPool1d", *_MAX),
    "boolean_dispatch": _pool("MaxPool2d", *_MAX),
    "avg_pool2d": _pool("AvgPool2d", *_AVG),
    "avg_pool1d": _pool("AvgPool1d", *_AVG),
    "adaptive_avg_pool2d": _pool("AdaptiveAvgPool2d", "output_size"),
    "max_pool3d": _pool("MaxPool3d", *_MAX),
    "adaptive_avg_pool1d": _pool("AdaptiveAvgPool1d", "output_size"),
    "adaptive_avg_pool3d": _pool("AdaptiveAvgPool3d", "output_size"),
    "adaptive_max_pool1d": _pool("AdaptiveMaxPool1d", "output_size", "return_indices"),
    "adaptive_max_pool2d": _pool("AdaptiveMaxPool2d", "output_size", "return_indices"),
}
