"""Reading what torch.export.save wrote: the graph from its JSON, the tensors from their bytes. Nothing is unpickled.

torch.export.load unpickles a program's example inputs, its objects, and weights of unusual kinds, and reads its
expressions with eval (torch 2.13, torch/export/pt2_archive/_package.py). Here the file is a zip of stored entries:
``models/NAME.json`` is a graph by torch/_export/serde/schema.py, and ``data/weights`` and ``data/constants`` hold plain
bytes with their sizes in JSON beside them. Entries that torch pickles are never opened; a program that cannot do
without one is refused.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.errors import Unusable

# torch/_export/serde/schema.py, ScalarType.
DTYPES: Mapping[int, torch.dtype] = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}
MOST_JSON = 512 * 2**20
SCHEMA = 8  # the major version that this reads


@dataclass
class Program:
    """A graph as JSON has it, its tensors by name, and which names of the graph they go by."""

    graph: dict[str, Any]
    signature: dict[str, Any]
    weights: dict[str, Tensor] = field(default_factory=dict)  # by path: parameters, buffers and constants
    lasting: set[str] = field(default_factory=set)  # paths that a state dict has


def read_program(path: Path) -> Program:
    """The program in a ``.pt2`` file. Raises Unusable in one sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path.name)
    except FileNotFoundError:
        raise Unusable(f"There is no file {path}.") from None
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        raise Unusable(f"{path.name} is no file of torch.export.save.") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise Unusable(f"{path.name} is damaged, or not of torch.export.save: {reason}.") from None


def _read(archive: zipfile.ZipFile, name: str) -> Program:
    entries = {info.filename.partition("/")[2]: info for info in archive.infolist()}
    if any(info.compress_type != zipfile.ZIP_STORED for info in entries.values()):
        raise Unusable(f"{name} is compressed, which torch.export.save does not do.")
    models = [entry for entry in entries if entry.startswith("models/") and entry.endswith(".json")]
    if not models:
        if "serialized_exported_program.json" in entries or "serialized_state_dict.pt" in entries:
            raise Unusable(f"{name} is of an older torch, which pickled its weights; save it again with torch 2.9.")
        raise Unusable(f"{name} holds no exported program.")
    if len(models) > 1:
        raise Unusable(f"{name} holds {len(models)} programs; save one of them by itself.")
    model = models[0].removeprefix("models/").removesuffix(".json")

    def text(entry: str) -> Any:
        if entries[entry].file_size > MOST_JSON:
            raise Unusable(f"{entry} in {name} is too large to read.")
        return json.loads(archive.read(entries[entry]))

    def data(entry: str) -> bytes:
        return archive.read(entries[entry])

    if data("byteorder") != b"little":
        raise Unusable(f"{name} was saved by a machine with another byte order.")
    head = text(models[0])
    version = head["schema_version"]["major"]
    if version != SCHEMA:
        raise Unusable(
            f"{name} is of format {version}, and this reads {SCHEMA}; save it again with torch 2.9 or newer."
        )
    program = Program(head["graph_module"]["graph"], head["graph_module"]["signature"])
    for folder in ("weights", "constants"):
        config = text(f"data/{folder}/model_{folder}_config.json".replace("model", model))["config"]
        _load(program, config, lambda entry, folder=folder: data(f"data/{folder}/{entry}"), name)
    for spec in program.signature["input_specs"]:
        if "parameter" in spec:
            program.lasting.add(spec["parameter"]["parameter_name"])
        elif "buffer" in spec and spec["buffer"]["persistent"]:
            program.lasting.add(spec["buffer"]["buffer_name"])
    return program


def _load(program: Program, config: dict[str, Any], data: Any, name: str) -> None:
    """The tensors of one folder; those that share bytes are one tensor."""
    made: dict[str, Tensor] = {}
    for path, entry in config.items():
        meta = entry["tensor_meta"]
        if entry["use_pickle"] or meta is None:
            raise Unusable(f"{name} keeps {path} as a pickle, which is not read; save it without {path}.")
        key = json.dumps([entry["path_name"], meta, entry["is_param"]])
        if key not in made:
            tensor = _tensor(data(entry["path_name"]), meta)
            learns = bool(meta["requires_grad"]) and tensor.is_floating_point()
            made[key] = nn.Parameter(tensor, requires_grad=learns) if entry["is_param"] else tensor
        program.weights[path] = made[key]


def _tensor(data: bytes, meta: dict[str, Any]) -> Tensor:
    """A tensor from its bytes; raises ValueError where its sizes do not fit them."""
    dtype = DTYPES.get(meta["dtype"])
    if dtype is None or meta["layout"] != 7:
        raise ValueError("a tensor is of a kind that cannot be drawn")
    sizes, strides = _whole(meta["sizes"]), _whole(meta["strides"])
    offset = _whole([meta["storage_offset"]])[0]
    last = offset + sum(max(size - 1, 0) * stride for size, stride in zip(sizes, strides, strict=True))
    if math.prod(sizes) == 0:
        return torch.zeros(sizes, dtype=dtype)
    flat = torch.frombuffer(bytearray(data), dtype=dtype)
    if last >= flat.numel():
        raise ValueError("a tensor is larger than its bytes")
    return flat.as_strided(sizes, strides, offset).clone(memory_format=torch.contiguous_format)


def _whole(sizes: list[dict[str, Any]]) -> list[int]:
    found = [size["as_int"] for size in sizes]
    if not all(isinstance(size, int) and 0 <= size < 2**40 for size in found):
        raise ValueError("a size is no whole number")
    return found


def sizes_of(values: dict[str, Any]) -> list[int]:
    """The sizes of a value of the graph, with the example's for those that are open."""
    return [int(size["as_int"] if "as_int" in size else size["as_expr"]["hint"]["as_int"]) for size in values["sizes"]]
