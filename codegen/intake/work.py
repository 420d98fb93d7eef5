"""Importing a module by its name, as the worker's verb `import` and the command of that name both do it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.arguments import no_others, take, take_or, take_path
from codegen.emit import EmitError, emit_source
from codegen.errors import Refusal, Unusable
from codegen.intake.module import import_with_report
from codegen.intake.program import load_program
from codegen.intake.proof import prove
from codegen.job import Job
from graph_core import FileError, save
from graph_core.kept import put, weights_path

DTYPES = ("float32", "int64", "bool")
MOST_VALUES = 2**28
PROGRAM = ".pt2"
NOTHING = "none"  # an argument that is left out before others


def import_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Import `model` and write it to `out`, its weights beside it.

    `model` is `package.module:callable`, run on `inputs` (texts of sizes), or a `.pt2` file of torch.export, which
    knows its inputs. Code that is not of an installed package runs with `allow_code` only, and is looked for in
    `folder` too. Answers `{"out", "classes", "lines", "batched", "notes", "opaque", "equal", "comparison", "reason"}`.
    Raises Refusal or Unusable; then nothing was written.
    """
    no_others(args, "model", "out", "inputs", "allow_code", "folder")
    out, name = take_path(args, "out"), take(args, "model", str)
    if out.suffix != ".netw":
        raise Unusable(f"{out} is no drawing; choose a name that ends with .netw.")
    module, inputs = _source(args, name, job)
    job.step("recording", 0.3)
    found = import_with_report(module.eval(), inputs, name=out.stem)
    job.step("comparing", 0.7)
    proof = prove(module, found.project, inputs, batched=found.batched)
    try:
        lines = len(emit_source(found.project).splitlines())
    except EmitError as error:
        raise Refusal(f"{name} cannot be drawn: {error}") from error
    source = found.project.file
    assert source is not None
    try:
        save(found.project, out)
        put(weights_path(source), weights_path(out))
    except (OSError, FileError) as error:
        raise Unusable(f"{out} cannot be written: {error}") from error
    job.step("done", 1.0)
    notes = [{"path": n.path, "what": n.what, "reason": n.reason, "opaque": n.opaque} for n in found.notes]
    return {
        "out": str(out),
        "classes": found.classes,
        "lines": lines,
        "batched": found.batched,
        "notes": notes,
        "opaque": len(found.opaque),
        **proof,
    }


def _source(args: dict[str, Any], name: str, job: Job) -> tuple[nn.Module, tuple[Tensor | None, ...]]:
    """The module to import, and what it is run on."""
    texts = take_or(args, "inputs", list, []) or []
    if name.endswith(PROGRAM):
        if texts:
            raise Unusable(f"{Path(name).name} knows its inputs; give no sizes.")
        job.step("reading the program", 0.1)
        return load_program(Path(name))
    inputs = tuple(_input(text) for text in texts)
    if not any(given is not None for given in inputs):
        raise Unusable("The module needs an input; give its sizes, such as 1,3,224,224.")
    job.step("making the module", 0.1)
    folder = take_or(args, "folder", str, None)
    return _made(name, bool(take_or(args, "allow_code", bool, False)), folder), inputs


def _input(text: Any) -> Tensor | None:
    if text == NOTHING:
        return None
    sizes, _, dtype = str(text).partition(":")
    dtype = dtype or "float32"
    parts = sizes.split(",")
    if dtype not in DTYPES or not all(part.strip().isdecimal() for part in parts):
        raise Unusable(f"{str(text)[:60]!r} are no sizes; write them as 1,3,224,224, or 1,16:int64 for whole numbers.")
    shape = [int(part) for part in parts]
    total = 1
    for size in shape:
        total *= size
    if total > MOST_VALUES:
        raise Unusable(f"An input of {total:,} values is too large; choose smaller sizes.")
    generator = torch.Generator().manual_seed(0)
    if dtype == "float32":
        return torch.randn(shape, generator=generator)
    return torch.randint(0, 2, shape, generator=generator).to(getattr(torch, dtype))


def _made(name: str, allow_code: bool, folder: str | None) -> nn.Module:
    home, colon, attribute = name.partition(":")
    if not colon or not all(part.isidentifier() for part in (*home.split("."), *attribute.split("."))):
        raise Unusable(f"{name[:80]!r} names no module; write package.module:callable.")
    if allow_code and folder:
        sys.path.insert(0, folder)
    if allow_code:
        importlib.invalidate_caches()
    elif not _installed(home.split(".")[0]):
        raise Unusable(
            f"{home} is not of an installed package; importing it runs its code: allow that by --allow-code."
        )
    try:
        made: Any = importlib.import_module(home)
        for part in attribute.split("."):
            made = getattr(made, part)
        made = made() if not isinstance(made, nn.Module) else made
    except ModuleNotFoundError as error:
        raise Unusable(f"{name} cannot be imported: there is no module {error.name}.") from error
    except AttributeError as error:
        raise Unusable(f"{name} cannot be imported: {error}.") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise Refusal(f"{name} cannot be made: {reason}.") from error
    if not isinstance(made, nn.Module):
        raise Unusable(f"{name} gives {type(made).__name__}, and no torch.nn.Module.")
    return made


def _installed(package: str) -> bool:
    """Whether a top-level package lies where installed ones do; nothing of it is run to find out."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    homes = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib", "stdlib")}
    origin = spec.origin if spec is not None and spec.origin not in (None, "built-in", "frozen") else None
    return origin is not None and any(home in Path(origin).resolve().parents for home in homes)
