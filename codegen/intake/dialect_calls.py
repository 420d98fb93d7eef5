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

from codegen.intake import dialect_functional as functional
from codegen.intake import dialect_indexing as indexing
from codegen.intake import dialect_reducing as reducing
from codegen.intake import dialect_shapes as shapes
from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.dialect_modules import PASSES
from codegen.intake.leaves import bound, leaf_of
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported
from graph_core.fields import FieldError
from graph_core.layer import Function, Layer, Module, layer_types

Call = Callable[[Maker, Op], None]


def draw(maker: Maker, op: Op) -> None:
    """Add the steps that stand for one call; raises Unsupported."""
    if op.module is not None:
        _layer(maker, op)
        return
    name = op.name.rpartition(".")[2]
    plain = name.strip("_") if name.startswith("__") else name.rstrip("_")
    if plain in ("iadd", "isub", "imul", "itruediv", "imatmul", "ipow", "idiv"):
        plain = plain[1:]
    if name == "__get__":
        plain = op.name.split(".")[-2]
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
    own = maker.relative(op.path) if maker._owns(op.path) else ""
    if leaf.type in PASSES and not own.rpartition(".")[2].isdigit():
        [value] = fed.values()
        maker.bind(op.result, value)
        return
    earlier = maker.by_name.get(own) if own and declaration.owns_weights() else None
    taken = own in maker.by_name
    name = own if own and not taken else maker.free(declaration.stem)
    ref = maker.add(leaf.type, name, **fed, **leaf.params)
    assert ref.step is not None
    ref.step.use = earlier
    maker.by_name.setdefault(own, ref.step)
    spelling = declaration.torch
    returns = spelling.returns if isinstance(spelling, Module) and spelling.returns else tuple(declaration.outlets)
    _bind(maker, ref, returns, op.result)


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


# Arithmetic.


def number(value: Any) -> float | None:
    """A plain number, or a tensor without axes that is always the same."""
    if isinstance(value, bool | int | float):
        return float(value) if not isinstance(value, int) else int(value)
    if isinstance(value, Value) and value.fixed and value.tensor.numel() == 1 and not value.shape:
        item = value.tensor.item()
        return item if isinstance(item, int | float) else None
    return None


def _binary(type: str, forward: str, backward: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a, b = (*op.args, *(op.kwargs[name] for name in ("other", "exponent") if name in op.kwargs))[:2]
        if op.kwargs.get("alpha", 1) != 1 or op.kwargs.get("rounding_mode") or len(op.args) > 2:
            raise Unsupported("is called with a factor or a way of rounding")
        if op.name.rpartition(".")[2].startswith("__r") or op.name.endswith(".rsub"):
            a, b = b, a
        left, right = number(a), number(b)
        if left is None and right is None:
            if not type:
                raise Unsupported("raises a tensor to the power of another")
            if not all(isinstance(one, Value) for one in (a, b)):
                raise Unsupported("is called with what is neither a tensor nor a number")
            ref = maker.add(type, a=a, b=b)
        else:
            tensor: Any = b if left is not None else a
            same_numbers(op)
            if not tensor.tensor.is_floating_point():
                raise Unsupported("computes with whole numbers")
            operation = backward if left is not None else forward
            name = maker.free("scaled" if type in ("Mul", "Div") else "raised" if not type else "shifted")
            value = left if left is not None else right
            ref = maker.add("WithNumber", name, x=tensor, operation=operation, number=value)
        maker.bind(op.outs[0], ref)

    return call


def same_numbers(op: Op) -> None:
    """Refuse a call whose plain numbers depend on the size of the batch."""
    if op.twin is not None and _literals((op.args, op.kwargs)) != _literals((op.twin.args, op.twin.kwargs)):
        raise Unsupported("is called with a number that depends on the batch")


def _literals(part: Any) -> Any:
    if isinstance(part, Value):
        return None
    if isinstance(part, tuple | list):
        return [_literals(one) for one in part]
    if isinstance(part, dict):
        return {name: _literals(one) for name, one in part.items()}
    return repr(part)


def _map(name: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        [x] = op.inputs()
        if len(op.args) > 1 or op.kwargs or not x.tensor.is_floating_point():
            raise Unsupported("is called with more than a tensor of real numbers")
        maker.bind(op.outs[0], maker.add("Map", x=x, function=name))

    return call


def _matmul(maker: Maker, op: Op) -> None:
    a, b = (*op.args, *op.kwargs.values())[:2]
    if min(len(a.shape), len(b.shape)) < 2:
        raise Unsupported("multiplies a single vector")
    if op.name.rpartition(".")[2].startswith("__r"):
        a, b = b, a
    maker.bind(op.outs[0], maker.add("MatMul", a=a, b=b))


def _addmm(maker: Maker, op: Op) -> None:
    a = given(op, "x", "a", "b", "beta", "alpha", beta=1, alpha=1)
    if a["beta"] != 1 or a["alpha"] != 1 or len(a["x"].shape) != 1:
        raise Unsupported("adds more than a row of biases, or weighs it")
    maker.bind(op.outs[0], maker.add("AddMM", x=a["x"], a=a["a"], b=a["b"]))


def _einsum(maker: Maker, op: Op) -> None:
    equation, *operands = op.args
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = list(operands[0])
    if len(operands) != 2:
        raise Unsupported("multiplies other than two tensors")
    try:
        read = layer_types()["Einsum"].fields["equation"]
        read.resolve(equation, {})
        ref = maker.add("Einsum", a=operands[0], b=operands[1], equation=equation)
    except FieldError as error:
        raise Unsupported(str(error)) from None
    maker.bind(op.outs[0], ref)


def _clamp(maker: Maker, op: Op) -> None:
    low = op.args[1] if len(op.args) > 1 else op.kwargs.get("min")
    high = op.args[2] if len(op.args) > 2 else op.kwargs.get("max")
    low, high = (None if end is None else number(end) for end in (low, high))
    params: dict[str, Any] = {}
    params |= {"low": low} if low is not None else {"has_low": False}
    params |= {"high": high} if high is not None else {"has_high": False}
    if not op.args[0].tensor.is_floating_point() or len(list(op.inputs())) > 1:
        raise Unsupported("bounds whole numbers, or by tensors")
    maker.bind(op.outs[0], maker.add("Clamp", x=op.args[0], **params))


def _softmax(maker: Maker, op: Op) -> None:
    names = ("x", "dim", "_stacklevel", "dtype") if "functional" in op.name else ("x", "dim", "dtype")
    a = given(op, *names, input=None)
    if a["dtype"] not in (None, a["x"].tensor.dtype):
        raise Unsupported("computes in another type")
    type = "LogSoftmax" if "log" in op.name else "Softmax"
    if type not in layer_types():
        raise Unsupported("has no layer")
    maker.bind(op.outs[0], maker.add(type, x=a["x"], dim=a["dim"]))


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


def _dropout(maker: Maker, op: Op) -> None:
    a = given(op, "x", "p", "training", "inplace", p=0.5, training=True)
    x = op.args[0] if op.args else op.kwargs["input"]
    trained = given(op.trained, "x", "p", "training", "inplace", training=True) if op.trained is not None else a
    if a["training"]:
        raise Unsupported("drops values in evaluation too")
    if not trained["training"] and a["p"]:
        maker.bind(op.outs[0], x)
        return
    maker.bind(op.outs[0], maker.add("Dropout", x=x, p=float(a["p"])))


def _masked_fill(maker: Maker, op: Op) -> None:
    a = given(op, "x", "mask", "value")
    value = number(a["value"])
    if value is None or not a["x"].tensor.is_floating_point():
        raise Unsupported("fills with what is no number")
    if value in (float("inf"), float("-inf")):
        infinite = "below" if value < 0 else "above"
        maker.bind(op.outs[0], maker.add("MaskedFill", x=a["x"], mask=a["mask"], infinite=infinite))
        return
    maker.bind(op.outs[0], maker.add("MaskedFill", x=a["x"], mask=a["mask"], value=value))


def _normalize(maker: Maker, op: Op) -> None:
    a = given(op, "input", "p", "dim", "eps", "out", p=2.0, dim=1, eps=1e-12)
    if not isinstance(a["dim"], int):
        raise Unsupported("normalizes several axes")
    maker.bind(op.outs[0], maker.add("Normalize", x=a["input"], p=a["p"], dim=a["dim"], eps=a["eps"]))


CALLS: Mapping[str, Call] = {
    "add": _binary("Add", "x + number", "x + number"),
    "radd": _binary("Add", "x + number", "x + number"),
    "sub": _binary("Sub", "x - number", "number - x"),
    "rsub": _binary("Sub", "x - number", "number - x"),
    "mul": _binary("Mul", "x * number", "x * number"),
    "rmul": _binary("Mul", "x * number", "x * number"),
    "div": _binary("Div", "x / number", "number / x"),
    "truediv": _binary("Div", "x / number", "number / x"),
    "rtruediv": _binary("Div", "x / number", "number / x"),
    "rdiv": _binary("Div", "x / number", "number / x"),
    "pow": _binary("", "x ** number", "number ** x"),
    "matmul": _matmul,
    "rmatmul": _matmul,
    "bmm": _matmul,
    "mm": _matmul,
    "zero": _map("zeros_like"),
    "addmm": _addmm,
    "einsum": _einsum,
    "clamp": _clamp,
    "clip": _clamp,
    "softmax": _softmax,
    "log_softmax": _softmax,
    "scaled_dot_product_attention": _attention,
    "dropout": _dropout,
    "masked_fill": _masked_fill,
    "normalize": _normalize,
    **{name: _map(name) for name in layer_types()["Map"].fields["function"].options},  # type: ignore[attr-defined]
}
_TABLES = (CALLS, shapes.CALLS, indexing.CALLS, functional.CALLS, reducing.CALLS)
