"""Traps as small modules, each with what becomes of it: the very same function, or what the report says instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.emit import EmitError
from codegen.intake import Imported, import_with_report
from codegen.intake.module import ImportRefused
from graph_core import analyze
from tests.codegen.intake.equal import compare, imported, stir


class Case(NamedTuple):
    """A module, what it is run on, what becomes of it, and what has to be said."""

    make: type[nn.Module]
    inputs: tuple[Any, ...]
    verdict: str
    reason: str


class Cases:
    """A list of traps, to which the decorators add."""

    def __init__(self, *inputs: Any) -> None:
        self.inputs = inputs
        self.all: list[Case] = []

    def _add(self, verdict: str, reason: str, inputs: tuple[Any, ...]) -> Callable[[type[nn.Module]], type[nn.Module]]:
        def add(make: type[nn.Module]) -> type[nn.Module]:
            self.all.append(Case(make, inputs or self.inputs, verdict, reason))
            return make

        return add

    def right(self, *inputs: Any) -> Callable[[type[nn.Module]], type[nn.Module]]:
        """It is the very same function, with nothing to be told."""
        return self._add("right", "", inputs)

    def told(self, reason: str, *inputs: Any) -> Callable[[type[nn.Module]], type[nn.Module]]:
        """In evaluation it is the same function; the report says what is not as in the original."""
        return self._add("told", reason, inputs)

    def opaque(self, reason: str, *inputs: Any) -> Callable[[type[nn.Module]], type[nn.Module]]:
        """A part is an opaque node that the report names."""
        return self._add("opaque", reason, inputs)

    def refused(self, reason: str, *inputs: Any) -> Callable[[type[nn.Module]], type[nn.Module]]:
        """Nothing is drawn, and the sentence says why."""
        return self._add("refused", reason, inputs)

    @property
    def parameters(self) -> list[Any]:
        """For pytest, by the names of the modules."""
        return [pytest.param(case, id=case.make.__name__) for case in self.all]


def judge(case: Case) -> None:
    """Assert what becomes of a trap."""
    torch.manual_seed(0)
    module = case.make()
    if case.verdict == "right":
        found = imported(module, *case.inputs)
        assert {note.what for note in found.notes} <= {"a constant"}, found.notes
        return
    stir(module)
    module.eval()
    if case.verdict == "refused":
        with pytest.raises(ImportRefused, match=case.reason):
            import_with_report(module, case.inputs)
        return
    if case.verdict == "opaque":
        assert any(case.reason in note.reason for note in opaque(module, *case.inputs).opaque)
        return
    found = import_with_report(module, case.inputs)
    assert not found.opaque
    assert any(case.reason in note.reason for note in found.notes), found.notes
    made = build_module(found.project)
    made.load_state_dict(module.state_dict(), strict=True)
    compare(module, made, case.inputs, case.inputs[0].shape[0], False)


def opaque(module: nn.Module, *inputs: Tensor) -> Imported:
    """An import of which some part is opaque: named in the report, with right shapes, and never run unseen."""
    stir(module)
    found = import_with_report(module.eval(), inputs)
    assert found.opaque
    result = analyze(found.project)
    assert not [p for p in result.problems if p.severity == "error"]
    with torch.no_grad():
        wanted = module(*inputs)
    drawn = found.project.networks["main"].outputs()[0]
    last = next(row for row in reversed(result.layers) if row.output)
    assert drawn is not None
    assert tuple(last.output[0][1:]) == tuple(wanted.shape[1:])
    with pytest.raises(EmitError, match="not trusted"):
        build_module(found.project)
    return found
