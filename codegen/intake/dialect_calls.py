"""The dialect of torch's functions and methods: which layers stand for a call, as its author spelled it.

Each entry of ``CALLS`` draws one name of torch; what it cannot say exactly it refuses with ``Unsupported``. Functions
that a declaration spells itself (``F.gelu``) need no entry.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional

from codegen.intake import dialect_choosing as choosing
from codegen.intake import dialect_composed as composed
from codegen.intake import dialect_functional as functional
from codegen.intake import dialect_indexing as indexing
from codegen.intake import dialect_pointwise as pointwise
from codegen.intake import dialect_products as products
from codegen.intake import dialect_reducing as reducing
from codegen.intake import dialect_shapes as shapes
from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.dialect_modules import PASSES, TURNED
from codegen.intake.dialect_pointwise import same_numbers
from codegen.intake.leaves import bound, leaf_of
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported
from graph_core.fields import FieldError
from graph_core.layer import Function, Layer, Module, layer_types

Call = Callable[[Maker, Op], None]


def draw(maker: Maker, op: Op) -> None:
    """Add the steps that stand for one call; raises Unsupported."""
    if op.module is not None:
        same_numbers(op)
        _layer(maker, op)
        return
    name = op.name.rpartition(".")[2]
    plain = name.strip("_") if name.startswith("__") else name.rstrip("_")
    plain = pointwise.IN_PLACE.get(plain, plain)
    if name == "__get__":
        plain = op.name.split(".")[-2]
    if plain not in _SIZED:
        same_numbers(op)
    entry = next((table[plain] for table in _TABLES if plain in table), None)
    if entry is not None:
        entry(maker, op)
        return
    declaration = _functions().get(plain)
    if declaration is None:
        raise Unsupported("has no layer")
    _function(maker, op, declaration)


def _layer(maker: Maker, op: Op) -> None:
    """A call of a module that a drawing has a layer for."""
    module = op.module
    leaf = leaf_of(module) if module is not None else None
    if module is None or leaf is None:
        raise Unsupported(op.fault or "has no layer")
    declaration = layer_types()[leaf.type]
    try:
        inputs = bound(module, declaration, op.args, op.kwargs)
    except (ValueError, TypeError) as error:
        raise Unsupported(str(error)) from None
    fed = {port: value for port, value in inputs.items() if isinstance(value, Value)}
    if len(fed) < len(inputs):
        raise Unsupported("is called with what is no tensor")
    states = [port for port in fed if declaration.inlets[port].state]
    if all(_is_zeros(fed[port]) for port in states):  # as they are where none are given
        fed = {port: value for port, value in fed.items() if port not in states}
    own = maker.relative(op.path) if maker._owns(op.path) else ""
    if leaf.type in PASSES and not own.rpartition(".")[2].isdigit():
        [value] = fed.values()
        maker.bind(op.result, value)
        return
    earlier = maker.by_name.get(own) if own and declaration.owns_weights() else None
    taken = own in maker.by_name
    name = own if own and not taken else maker.free(declaration.stem)
    turned = TURNED[leaf.type] if leaf.turned else ()
    if turned and any(len(value.shape) != 3 for port, value in fed.items() if port in turned):
        raise Unsupported("is called without a batch")
    given = {port: _turned(maker, value) if port in turned else value for port, value in fed.items()}
    ref = maker.add(leaf.type, name, **given, **leaf.params)
    assert ref.step is not None
    ref.step.use = earlier
    maker.by_name.setdefault(own, ref.step)
    spelling = declaration.torch
    returns = spelling.returns if isinstance(spelling, Module) and spelling.returns else tuple(declaration.outlets)
    _bind(maker, ref, returns, op.result)
    for out in op.outs:
        if (found := maker.where.get(out)) is not None and found.step is ref.step and found.port in turned:
            maker.bind(out, maker.add("Transpose", x=found, dim0=0, dim1=1))


def _is_zeros(value: Value) -> bool:
    """Whether a value is zeros, whatever the batch."""
    return value.fixed and not any(bool(one.tensor.any()) for one in (value, value.twin) if one is not None)


def _turned(maker: Maker, value: Value) -> Ref:
    """A value with its first two axes exchanged; what was exchanged before, as it was."""
    ref = maker.ref(value)
    if ref.step is not None and ref.step.type == "Transpose" and set(ref.step.params.values()) == {0, 1}:
        return ref.step.inputs["x"]
    return maker.add("Transpose", x=ref, dim0=0, dim1=1)


def _bind(maker: Maker, ref: Ref, returns: Any, result: Any) -> None:
    parts = result if isinstance(result, tuple | list) else (result,)
    for port, part in zip(returns, parts, strict=False):
        if isinstance(port, tuple):
            _bind(maker, ref, port, part)
        elif isinstance(part, Value) and port != "_":
            maker.bind(part, Ref(ref.step, port))


@lru_cache(maxsize=1)
def _functions() -> Mapping[str, type[Layer]]:
    """Declarations that are spelled as one function of torch, by its name."""
    found: dict[str, type[Layer]] = {}
    for declaration in layer_types().values():
        spelling = declaration.torch
        if isinstance(spelling, Function) and not spelling.takes and not spelling.as_list:
            found[spelling.name.rpartition(".")[2]] = declaration
    return found


def _function(maker: Maker, op: Op, declaration: type[Layer]) -> None:
    """A call of a function that a declaration spells: its other arguments by the names of their fields."""
    assert isinstance(declaration.torch, Function)
    home = torch.nn.functional if declaration.torch.name.startswith("F.") else torch
    function = getattr(home, declaration.torch.name.rpartition(".")[2])
    names = [field.argument for field in declaration.fields.values()]
    try:
        given = dict(inspect.signature(function).bind(*op.args, **op.kwargs).arguments)
        values = list(given.items())[1:]
        subject = next(iter(given.values()))
    except (ValueError, TypeError):
        subject, values = op.args[0], [*zip(names, op.args[1:], strict=False), *op.kwargs.items()]
    if not isinstance(subject, Value):
        raise Unsupported("is called without a tensor first")
    fields = {field.argument: (name, field) for name, field in declaration.fields.items()}
    params: dict[str, Any] = {}
    for name, value in values:
        if name in ("inplace", "_stacklevel") or value is None:
            continue
        if name not in fields or list(values_in(value)):
            raise Unsupported(f"is called with {name}, which its layer does not take")
        own, field = fields[name]
        plain = list(value) if isinstance(value, tuple) else value
        try:
            field.resolve(plain, {})
        except FieldError as error:
            raise Unsupported(str(error)) from None
        params[own] = plain
    maker.bind(op.outs[0], maker.add(declaration.__name__, **{next(iter(declaration.inlets)): subject}, **params))


def _softmax(maker: Maker, op: Op) -> None:
    maker.bind(op.outs[0], _soft(maker, op, "LogSoftmax" if "log" in op.name else "Softmax", turned=False))


def _softmin(maker: Maker, op: Op) -> None:
    maker.bind(op.outs[0], _soft(maker, op, "Softmax", turned=True))


def _soft(maker: Maker, op: Op, type: str, *, turned: bool) -> Ref:
    names = ("input", "dim", "_stacklevel", "dtype") if "functional" in op.name else ("input", "dim", "dtype")
    a = given(op, *names)
    here: Value | Ref = a["input"]
    if a["dim"] is None:
        raise Unsupported("leaves the axis to torch")
    if a["dtype"] not in (None, a["input"].tensor.dtype):
        here = maker.add("Cast", x=here, dtype=op.outs[0].dtype)
    if turned:
        here = maker.add("Map", x=here, function="neg")
    return maker.add(type, x=here, dim=a["dim"])


def _attention(maker: Maker, op: Op) -> None:
    a = given(
        op, "query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa",
        dropout_p=0.0, is_causal=False, enable_gqa=False,
    )  # fmt: skip
    dropout = a["dropout_p"]
    if op.trained is not None:
        trained = given(op.trained, "query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale",
                        "enable_gqa", dropout_p=0.0)  # fmt: skip
        dropout, here = trained["dropout_p"], dropout
        if here:
            raise Unsupported("drops attention in evaluation too")
    params: dict[str, Any] = {"dropout": dropout} if dropout else {}
    for name in ("is_causal", "enable_gqa"):
        params |= {name: True} if a[name] else {}
    if a["scale"] is not None:
        params["scale"] = float(a["scale"])
    mask = {"attn_mask": a["attn_mask"]} if a["attn_mask"] is not None else {}
    if len(a["query"].shape) < 3:
        raise Unsupported("attends without a batch")
    ref = maker.add("ScaledDotProductAttention", query=a["query"], key=a["key"], value=a["value"], **mask, **params)
    maker.bind(op.outs[0], ref)


def _dropout(type: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", "p", "training", "inplace", p=0.5, training=True)
        x = a["input"]
        trained = given(op.trained, "input", "p", "training", "inplace", training=True) if op.trained is not None else a
        if a["training"] and a["p"]:
            raise Unsupported("drops values in evaluation too")
        if not trained["training"] and a["p"]:
            maker.bind(op.outs[0], x)
            return
        inlet = layer_types()[type].inlets["x"]
        if inlet.rank not in (None, len(x.shape)):
            raise Unsupported("drops channels of what has no batch")
        maker.bind(op.outs[0], maker.add(type, x=x, p=float(a["p"])))

    return call


def _one_hot(maker: Maker, op: Op) -> None:
    a = given(op, "tensor", "num_classes", num_classes=-1)
    if a["num_classes"] < 1:
        raise Unsupported("takes as many classes as the data has")
    maker.bind(op.outs[0], maker.add("OneHot", x=a["tensor"], num_classes=a["num_classes"]))


def _masked_fill(maker: Maker, op: Op) -> None:
    a = given(op, "x", "mask", "value")
    value = pointwise.number(a["value"])
    if value is None or not a["x"].tensor.is_floating_point():
        raise Unsupported("fills with what is no number")
    if value in (float("inf"), float("-inf")):
        infinite = "below" if value < 0 else "above"
        maker.bind(op.outs[0], maker.add("MaskedFill", x=a["x"], mask=a["mask"], infinite=infinite))
        return
    maker.bind(op.outs[0], maker.add("MaskedFill", x=a["x"], mask=a["mask"], value=value))


CALLS: Mapping[str, Call] = {
    "softmax": _softmax,
    "log_softmax": _softmax,
    "softmin": _softmin,
    "scaled_dot_product_attention": _attention,
    "dropout": _dropout("Dropout"),
    "dropout1d": _dropout("Dropout1d"),
    "dropout2d": _dropout("Dropout2d"),
    "dropout3d": _dropout("Dropout3d"),
    "masked_fill": _masked_fill,
    "one_hot": _one_hot,
}
_TABLES = (
    CALLS,
    pointwise.CALLS,
    products.CALLS,
    shapes.CALLS,
    indexing.CALLS,
    functional.CALLS,
    reducing.CALLS,
    choosing.CALLS,
    composed.CALLS,
)
# Calls whose sizes may be those of the batch: what they make tells which.
_SIZED = frozenset(
    ["conv2d", "view", "reshape", "unflatten", "expand", "broadcast_to", "repeat", "tile", "getitem", "put_back"]
)
