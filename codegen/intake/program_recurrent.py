"""Recurrent layers of an exported program: one operator over all steps becomes the layer of torch.nn that it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from codegen.intake.dialect_aten import RECURRENT
from codegen.intake.program_nodes import operator_of, outs_of

_BESIDE = frozenset(["zeros", "sym_size"])  # what the layer itself runs where no state is given

Step = Callable[[Any, dict[str, Any]], None]


def recurrent_layer(
    path: str, nodes: list[Any], weights: Mapping[str, Tensor], graph_names: Mapping[str, str]
) -> tuple[nn.RNNBase, Callable[[Callable[[Any, dict[str, Any], str], Any]], Step]] | None:
    """The layer that the operators of one call were, and what runs it; None where they are anything else.

    ``weights`` are the program's by their paths, ``graph_names`` the paths by the names in the graph. What runs the
    layer has to be told how a value is found.
    """
    if not nodes or not all(isinstance(node, dict) for node in nodes):
        return None
    *before, last = nodes
    name, arguments = operator_of(last)
    if name not in RECURRENT or "hx" not in arguments or any(operator_of(node)[0] not in _BESIDE for node in before):
        return None
    try:
        made = _made(path, name, arguments, weights, graph_names)
        fed = arguments["input"]["as_tensor"]["name"]
        given = arguments["hx"]
        states = [given["as_tensor"]["name"]] if "as_tensor" in given else [one["name"] for one in given["as_tensors"]]
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError):
        return None
    if made is None:
        return None
    zeros = {out for node in before for out in map(outs_of, node["outputs"])}
    own = [] if zeros >= set(states) else states
    outs = [outs_of(out) for out in last["outputs"]]

    def runner(value: Callable[[Any, dict[str, Any], str], Any]) -> Step:
        def run(root: Any, values: dict[str, Any]) -> None:
            module, x = root.get_submodule(path), value(root, values, fed)
            hidden = [value(root, values, one) for one in own]
            y, state = module(x) if not own else module(x, tuple(hidden) if name == "lstm" else hidden[0])
            parts = [y, *state] if name == "lstm" else [y, state]
            values.update((str(out), part) for out, part in zip(outs, parts, strict=True))

        return run

    return made, runner


def _made(
    path: str, name: str, arguments: dict[str, Any], weights: Mapping[str, Tensor], graph_names: Mapping[str, str]
) -> nn.RNNBase | None:
    kind, more = RECURRENT[name]
    paths = [graph_names[one["name"]] for one in arguments["params"]["as_tensors"]]
    tensors = [weights[one] for one in paths]
    biases, layers = arguments["has_biases"]["as_bool"], arguments["num_layers"]["as_int"]
    both, first = arguments["bidirectional"]["as_bool"], arguments["batch_first"]["as_bool"]
    with torch.device("meta"):
        made = kind(
            tensors[0].shape[1], tensors[1].shape[1], layers, bias=biases, batch_first=first,
            dropout=arguments["dropout"]["as_float"], bidirectional=both, **more,
        )  # fmt: skip
    names = list(made._parameters)
    if [f"{path}.{one}" if path else one for one in names] != paths:
        return None
    for one, tensor in zip(names, tensors, strict=True):
        if not isinstance(tensor, nn.Parameter) or made._parameters[one].shape != tensor.shape:  # type: ignore[union-attr]
            return None
        setattr(made, one, tensor)
    return made.eval()


def checked(name: str, a: Mapping[str, Any]) -> Any:
    """Run the operator, of which torch itself checks no sizes. Raises ValueError where they do not fit."""
    x, given, params = a["input"], a["hx"], list(a["params"])
    states = [given] if isinstance(given, Tensor) else list(given)
    layers, directions = a["num_layers"], 2 if a["bidirectional"] else 1
    each = 4 if a["has_biases"] else 2
    if x.dim() != 3 or len(params) != each * layers * directions or len(states) != (2 if name == "lstm" else 1):
        raise ValueError("a recurrent layer has other weights or states than it takes")
    batch = x.shape[0] if a["batch_first"] else x.shape[1]
    hidden, gates = params[1].shape[1], {"lstm": 4, "gru": 3}.get(name, 1)
    width = x.shape[2]
    for place in range(layers * directions):
        wanted = [(gates * hidden, width), (gates * hidden, hidden), (gates * hidden,), (gates * hidden,)][:each]
        if [tuple(one.shape) for one in params[each * place : each * (place + 1)]] != wanted:
            raise ValueError("a recurrent layer's weights have sizes that do not fit")
        if place % directions == directions - 1:
            width = directions * hidden
    if any(tuple(one.shape) != (layers * directions, batch, hidden) for one in states):
        raise ValueError("a recurrent layer's states have sizes that do not fit")
    rest = [a[key] for key in ("has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first")]
    return getattr(torch, name)(x, tuple(states) if name == "lstm" else states[0], params, *rest)
