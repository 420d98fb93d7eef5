"""One model of the survey: imported, built again, and compared with the original."""

from __future__ import annotations

import time
from typing import Any

import torch

from codegen import emit_source
from codegen.build import build_module
from codegen.errors import Refusal
from codegen.intake import import_with_report
from tests.codegen.intake.equal import compare, stir
from tests.survey.models import survey

BATCHES = (2, 3)


def row(kind: str, name: str) -> dict[str, Any]:
    """What came of one model: ``equal``, ``opaque``, ``differs`` or ``refused``, and why."""
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
    found["classes"] = imported.classes
    found["lines"] = len(emit_source(imported.project).splitlines())
    if imported.opaque:
        whys = sorted({f"{note.what} {note.reason}" for note in imported.opaque})
        return found | {"state": "opaque", "why": "; ".join(whys)}
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
