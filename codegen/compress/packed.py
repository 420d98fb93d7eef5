"""Quantized models as files: weights packed to n bits in safetensors, the rest of what they need in its header."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codegen.compress.fake import FakeQuantized, fake_layers, quantizable, replace, weight_limit
from codegen.errors import Unusable
from codegen.train.checkpoint import load_tensors, save_tensors

FORMAT = 1


def pack(levels: Tensor, bits: int) -> Tensor:
    """Whole numbers from −2ⁿ⁻¹ to 2ⁿ⁻¹ − 1 as a string of n-bit fields, lowest bit first: uint8 of ⌈n · size / 8⌉."""
    fields = (levels.detach().cpu().numpy().reshape(-1).astype(np.int16) + 2 ** (bits - 1)).astype(np.uint8)
    stream = np.unpackbits(fields[:, None], axis=1, count=bits, bitorder="little")
    return torch.from_numpy(np.packbits(stream.reshape(-1), bitorder="little"))


def unpack(packed: Tensor, bits: int, shape: tuple[int, ...]) -> Tensor:
    """What `pack` packed, as int8 of `shape`. Raises ValueError if the length does not fit."""
    size = int(np.prod(shape))
    if len(packed) != -(-size * bits // 8):
        raise ValueError(f"{len(packed)} bytes do not hold {size} numbers of {bits} bits")
    stream = np.unpackbits(packed.numpy(), count=size * bits, bitorder="little").reshape(size, bits)
    fields = np.packbits(stream, axis=1, bitorder="little")[:, 0]
    return torch.from_numpy((fields.astype(np.int16) - 2 ** (bits - 1)).astype(np.int8).reshape(shape))


def contents(module: nn.Module) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the description that a quantized module is stored as."""
    layers = fake_layers(module)
    tensors: dict[str, Tensor] = {}
    described: dict[str, Any] = {}
    for path, layer in layers.items():
        tensors[f"{path}.weight"] = pack(layer.levels(), layer.bits)
        tensors[f"{path}.step"] = layer.step.detach().abs()
        tensors[f"{path}.input_step"] = layer.input_step.detach().abs()
        if layer.bias is not None:
            tensors[f"{path}.bias"] = layer.bias.detach()
        described[path] = {
            "bits": layer.bits,
            "input_bits": layer.input_bits,
            "input_zero": int(layer.input_zero),
            "shape": list(layer.weight.shape),
        }
    inside = tuple(f"{path}." for path in layers)
    for name, tensor in module.state_dict().items():
        if not name.startswith(inside):
            tensors[name] = tensor
    return tensors, {"netwright_quantized": FORMAT, "layers": described}


def stored_bytes(tensors: dict[str, Tensor]) -> int:
    """The bytes of the tensors themselves, without a file's header."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def save_quantized(module: nn.Module, path: Path) -> None:
    """Write a quantized module to `path`, atomically."""
    tensors, description = contents(module)
    save_tensors(path, tensors, description)


def load_quantized(module: nn.Module, path: Path) -> nn.Module:
    """A copy of the float `module` with the quantized layers and weights of a file: it computes what was saved.

    Raises Unusable if the file is damaged or belongs to another network.
    """
    tensors, description = load_tensors(path)
    if description.get("netwright_quantized") != FORMAT:
        raise Unusable(f"{path} is not a quantized model of this version (netwright_quantized: {FORMAT}).")
    quantized = copy.deepcopy(module)
    known = quantizable(quantized)
    try:
        for name, entry in description["layers"].items():
            if name not in known:
                raise Unusable(f"{path} has a quantized layer {name!r} and the network has none of that name.")
            replace(quantized, name, _restore(known[name], name, entry, tensors))
        layers = tuple(f"{name}." for name in description["layers"])
        rest = {name: tensor for name, tensor in tensors.items() if not name.startswith(layers)}
        missing, surplus = quantized.load_state_dict(rest, strict=False)
        if surplus or any(not name.startswith(layers) for name in missing):
            raise ValueError("names differ")
    except (KeyError, ValueError, TypeError, RuntimeError, AttributeError):
        raise Unusable(f"{path} does not fit this network.") from None
    return quantized.eval()


def _restore(layer: nn.Module, path: str, entry: dict[str, Any], tensors: dict[str, Tensor]) -> FakeQuantized:
    bits, input_bits = int(entry["bits"]), int(entry["input_bits"])
    if not (2 <= bits <= 8 and 2 <= input_bits <= 8):
        raise ValueError("bits out of range")
    fake = FakeQuantized(layer, bits, input_bits)
    levels = unpack(tensors[f"{path}.weight"], bits, tuple(fake.weight.shape))
    if int(levels.abs().max()) > weight_limit(bits):
        raise ValueError("a level out of range")
    step = tensors[f"{path}.step"]
    with torch.no_grad():
        fake.step.copy_(step)
        fake.input_step.copy_(tensors[f"{path}.input_step"])
        fake.input_zero.fill_(int(entry["input_zero"]))
    # Parameters of its own: on its grid a weight is no longer the same as the one that it was tied to.
    fake.layer.weight = nn.Parameter(levels * step.view(-1, *[1] * (levels.ndim - 1)))
    if fake.bias is not None:
        fake.layer.bias = nn.Parameter(tensors[f"{path}.bias"].clone())
    fake.ready = True
    return fake
