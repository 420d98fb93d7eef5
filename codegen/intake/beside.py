"""What a module does beside its outputs, which no drawing has: told in the report."""

from __future__ import annotations

import inspect

from torch import nn

from codegen.intake.record import Scope, scopes_of
from codegen.intake.steps import Note


def beside(root: Scope, module: nn.Module) -> list[Note]:
    """Notes on hooks of gradients, inputs that are changed in place, and results that are no tensors."""
    notes = []
    for path, parameter in module.named_parameters():
        if parameter._backward_hooks or parameter._post_accumulate_grad_hooks:
            notes.append(
                Note(path, "a hook", "reads or changes the gradient of this weight; a drawing has none", False)
            )
    for number in root.changes:
        reason = "is changed in place; in the drawing what comes in stays as it is"
        notes.append(Note("", _argument(module, number), reason, False))
    for kind in dict.fromkeys(root.lost):
        notes.append(Note("", kind, "is returned beside the tensors; a drawing returns tensors only", False))
    return notes


def by_batch(root: Scope) -> list[Note]:
    """Notes on modules that decide by the size of the batch, though alike at those that were run."""
    found = [scope for scope in (root, *scopes_of(root)) if any(decision.of_batch() for decision in scope.decisions)]
    reason = "decides by its size which way is taken; what is drawn is the way of those that were run"
    return [Note(path, "the batch", reason, False) for path in dict.fromkeys(scope.path for scope in found)]


def _argument(module: nn.Module, number: int) -> str:
    names = list(inspect.signature(module.forward).parameters)
    return names[number] if number < len(names) else f"input {number}"
