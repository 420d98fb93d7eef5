"""One model of the survey: imported, built again, and compared with the original."""

from __future__ import annotations

import inspect
import time
from typing import Any

import torch
from torch import nn

from codegen import emit_source
from codegen.build import build_module
from codegen.errors import Refusal
from codegen.intake import import_with_report
from tests.codegen.intake.equal import compare, stir
from tests.survey.models import survey

BATCHES = (2, 3)


def row(kind: str, name: str, *, proven: bool = True) -> dict[str, Any]:
    """What came of one model: ``equal``, ``opaque``, ``differs`` or ``refused``, and why.

    ``imported`` where it is not to be ``proven``. ``classes`` and ``lines`` are those of the emitted source,
    ``of_classes`` and ``of_lines`` those of the original's own classes in use.
    """
    torch.manual_seed(0)
    module, inputs = survey(kind)[name]()
    stir(module)
    begun = time.perf_counter()
    found = {"kind": kind, "name": name, "state": "refused", "why": ""}
    try:
        imported = import_with_report(module.eval(), inputs)
    except Refusal as error:
        return found | {"why": str(error), "seconds": round(time.perf_counter() - begun, 2)}
    found["seconds"] = round(time.perf_counter() - begun, 2)
    found["notes"] = [f"{note.path}: {note.what} {note.reason}" for note in imported.notes]
    found |= {"classes": imported.classes, "lines": len(emit_source(imported.project).splitlines())} | _own(module)
    if imported.opaque:
        whys = sorted({f"{note.what} {note.reason}" for note in imported.opaque})
        return found | {"state": "opaque", "why": "; ".join(whys)}
    if not proven:
        return found | {"state": "imported"}
    made = build_module(imported.project)
    made.load_state_dict(module.state_dict(), strict=True)
    for training in (False, True):
        for batch in BATCHES if imported.batched else BATCHES[:1]:
            try:
                compare(module, made, inputs, batch, training)
            except AssertionError as error:
                mode = "training" if training else "evaluation"
                why = " ".join(str(error).split())[:300]
                return found | {"state": "differs", "why": f"{mode}, batch {batch}: {why}"}
    return found | {"state": "equal", "batched": imported.batched}


def _own(module: nn.Module) -> dict[str, int]:
    """How many classes that are not torch's own the original is made of, and their lines."""
    own = {type(child) for child in module.modules() if not type(child).__module__.startswith("torch.")}
    return {"of_classes": len(own), "of_lines": sum(len(inspect.getsource(kind).splitlines()) for kind in own)}
