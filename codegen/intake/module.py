"""``import_module``: a live module in, a project with its weights out, and a report of what could not be drawn."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import warnings
import weakref
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from codegen.emit import EmitError, emit_source
from codegen.errors import Refusal
from codegen.intake.beside import beside, by_batch
from codegen.intake.bodies import Homes, Maker
from codegen.intake.checking import Original
from codegen.intake.classes import merge_classes
from codegen.intake.dialect_calls import draw
from codegen.intake.drawn import Drawing
from codegen.intake.idle import complete, tie_weights
from codegen.intake.leaves import leaf_of
from codegen.intake.opaque import TooWide
from codegen.intake.pairing import pair_again, pair_batches, pair_training
from codegen.intake.parameters import Unmergeable
from codegen.intake.record import Op, Scope, Value, scopes_of, values_in
from codegen.intake.running import record
from codegen.intake.state import remembers
from codegen.intake.steps import CONSTANT, Note, Unsupported
from codegen.intake.trace import mark
from codegen.train.checkpoint import save_tensors
from codegen.weights import weight_keys
from graph_core.graph import EditError, Project
from graph_core.kept import hash_of, refer, weights_path

MOST_TRIES = 4


class ImportRefused(Refusal):
    """A module that cannot be imported; the message is one sentence."""


@dataclass
class Imported:
    """What an import made: the project, what of the module is not in it as it was, and how its classes came out."""

    project: Project
    notes: list[Note] = field(default_factory=list)
    batched: bool = True  # whether the batch is a symbol
    classes: int = 0

    @property
    def opaque(self) -> list[Note]:
        """What is kept as an opaque node."""
        return [note for note in self.notes if note.opaque]


def import_module(module: nn.Module, inputs: tuple[Any, ...], *, network: str = "main") -> Project:
    """The project that draws ``module`` as it runs on ``inputs``, with its weights.

    ``inputs`` are tensors, the batch their first axis. What is not in the drawing as it was is told by a warning each,
    as ``import_with_report`` tells it. The module is run a few times, and left as it was. Raises ImportRefused.
    """
    found = import_with_report(module, inputs, network=network)
    for note in found.notes:
        if note.what != CONSTANT:
            warnings.warn(f"{note.path or type(module).__name__}: {note.what} {note.reason}", stacklevel=2)
    return found.project


def import_with_report(
    module: nn.Module, inputs: tuple[Any, ...], *, network: str = "main", name: str = ""
) -> Imported:
    """As ``import_module``, with the report."""
    if not isinstance(module, nn.Module):
        raise ImportRefused(f"{type(module).__name__} is no torch.nn.Module; import a module.")
    if network != "main":
        raise ImportRefused(f"An import makes the network main, not {network}; rename it afterwards.")
    flat = _separate(tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,))
    _materialize(module, flat)
    if all(tensor.ndim and tensor.shape[0] == 1 for tensor in flat if isinstance(tensor, Tensor)):
        # With one sample, what is spread over the batch looks as if it were not.
        with contextlib.suppress(ImportRefused):
            found = _imported(module, tuple(_larger(v) if isinstance(v, Tensor) else v for v in flat), name)
            if found.batched:
                return found
    return _imported(module, flat, name)


def _separate(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs, one that is given twice copied: each is an input of its own."""
    return tuple(
        part.clone() if isinstance(part, Tensor) and any(part is other for other in inputs[:place]) else part
        for place, part in enumerate(inputs)
    )


def _materialize(module: nn.Module, inputs: tuple[Any, ...]) -> None:
    """Let weights be made whose sizes follow the first input."""
    if any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers())):
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                module(*inputs)
        except Exception as error:
            raise ImportRefused(_cannot_run(module, error)) from error


def _imported(module: nn.Module, flat: tuple[Any, ...], name: str) -> Imported:
    excluded: set[int] = set()
    forked: frozenset[str] = frozenset()
    for _ in range(MOST_TRIES):
        root = _recorded(module, flat, excluded, training=False)
        homes = Homes(root, forked)
        turns = _forks(root, homes)
        found = _conflicts(root, homes) | {
            id(child) for path in turns for child in module.get_submodule(path).modules()
        }
        if not found - excluded:
            break
        excluded |= found
        forked |= turns
    notes = beside(root, module)
    if root.remembers and remembers(module, flat):
        for path in root.remembers:
            mark(root, path, "remembers something from one call for the next")
    _check(root)
    batched = _batch(root, module, flat, excluded, notes)
    _train(root, module, flat, excluded, notes)
    _check(root)
    homes = Homes(root, forked)
    try:
        drawing = _drawn(root, homes, notes, module, flat, name or root.kind, batched)
    except (TooWide, Unsupported, EditError) as error:
        raise ImportRefused(f"{root.kind} cannot be drawn: {error}") from error
    try:
        source = emit_source(drawing.project)
    except EmitError as error:
        raise ImportRefused(f"{root.kind} cannot be drawn: {error}") from error
    result = Imported(drawing.project, notes, batched, source.count("\nclass "))
    _keep(result, drawing, module)
    return result


def _check(root: Scope) -> None:
    if root.fault:
        raise ImportRefused(f"{root.kind} {root.fault}, in its own forward; nothing of it can be drawn.")


MOST_APART = 6  # module classes whose merging is left out one by one where that of all goes wrong


def _ways(aligned: list[type]) -> Iterator[dict[str, Any]]:
    """How classes are merged, the first that holds: in terms of the sizes that come in, in numbers, not at all.

    ``aligned`` are those of which some lack steps of others, known when the first ways were tried.
    """
    yield {}
    yield {"sizes": False}
    yield from ({"apart": kind} for kind in aligned[:MOST_APART])
    yield {"align": False}
    yield {"sizes": False, "align": False}


def _drawn(
    root: Scope, homes: Homes, notes: list[Note], module: nn.Module, inputs: tuple[Any, ...], name: str, batched: bool
) -> Drawing:
    """The drawing, its classes merged in the first way that makes the module's weights, outputs and gradients."""
    earlier, original = list(notes), Original(module, inputs)
    aligned: list[type] = []
    for way in _ways(aligned):
        notes[:] = earlier
        body = Maker(root, homes, draw, notes).build()
        if not body.outputs:
            raise ImportRefused(f"{root.kind} returns no tensor that depends on its inputs.")
        complete(body, module)
        drawing = Drawing(name)
        try:
            drawing.network(merge_classes(body, aligned, **way), body, batched=batched)
        except Unmergeable:
            continue
        tie_weights(drawing.project, module)
        if original.is_drawn_by(drawing, opaque=any(note.opaque for note in notes)):
            return drawing
    notes.append(Note("", root.kind, "in the drawing it gives other outputs or gradients than the original", False))
    return drawing


def _recorded(module: nn.Module, inputs: tuple[Any, ...], excluded: set[int], *, training: bool) -> Scope:
    def is_layer(child: nn.Module) -> bool:
        return id(child) not in excluded and leaf_of(child) is not None

    opened = frozenset(id(child) for child in module.modules() if id(child) in excluded and leaf_of(child) is not None)
    try:
        return record(module, inputs, is_layer, training=training, open_layers=opened)
    except Exception as error:
        raise ImportRefused(_cannot_run(module, error)) from error


def _cannot_run(module: nn.Module, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
    return f"{type(module).__name__} cannot run on these inputs: {reason}."


def _batch(root: Scope, module: nn.Module, inputs: tuple[Any, ...], excluded: set[int], notes: list[Note]) -> bool:
    """See what follows the batch; where that cannot be, what is another at every call."""
    if _larger_batch(root, module, inputs, excluded, notes):
        notes += by_batch(root)
        return True
    pair_again(root, _recorded(module, inputs, excluded, training=False))
    return False


def _larger_batch(
    root: Scope, module: nn.Module, inputs: tuple[Any, ...], excluded: set[int], notes: list[Note]
) -> bool:
    """Run it at another batch size, to see what follows the batch."""
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    sizes = {tensor.shape[0] for tensor in tensors if tensor.ndim}
    if len(sizes) != 1:
        return False
    [size] = sizes
    larger = tuple(_larger(value) if isinstance(value, Tensor) and value.ndim else value for value in inputs)
    try:
        why = pair_batches(root, _recorded(module, larger, excluded, training=False))
    except ImportRefused:
        why = f"{root.kind} does not run at a batch of {size + 1}"
    if why:
        for op in root.ops():
            for value in [*op.inputs(), *op.outs]:
                value.twin = None
            op.twin = None
        notes.append(Note("", "the batch", f"{why}, so that its size is fixed", False))
    return not why


def _larger(tensor: Tensor) -> Tensor:
    return torch.cat([tensor, tensor[:1]])


def _train(root: Scope, module: nn.Module, inputs: tuple[Any, ...], excluded: set[int], notes: list[Note]) -> None:
    larger = tuple(_larger(v) if isinstance(v, Tensor) and v.ndim and v.shape[0] == 1 else v for v in inputs)
    try:
        differing = pair_training(root, _recorded(module, larger, excluded, training=True))
    except ImportRefused as refused:
        notes.append(Note("", "training", f"{refused} (in training mode)", False))
        return
    for path, reason in differing.items():
        notes.append(Note(path, "training", reason, False))


def _conflicts(root: Scope, homes: Homes) -> set[int]:
    """Layers that cannot be one node each: called from several places, or with a weight that others read too.

    They are looked into instead, so that their weights become values like others.
    """
    calls: dict[int, set[int]] = defaultdict(set)
    modules: dict[int, nn.Module] = {}
    found: set[int] = set()
    used = [(value, op.scope) for op in root.ops() for value in op.inputs() if value.kind == "weight" and op.scope]
    used += [(value, root) for value in values_in(root.result) if value.kind == "weight"]
    weights = {homes.path_of(value, scope) for value, scope in used}
    for op in _layer_calls(root):
        module = op.module
        assert module is not None
        assert op.scope is not None
        if not any(True for _ in module.parameters()):
            continue
        modules[id(module)] = module
        calls[id(module)].add(id(homes.canonical(op.scope)))
        own = op.scope.path
        shared = any(f"{op.path}.{name}" in weights for name, _ in module.named_parameters())
        if shared or (own and not op.path.startswith(f"{own}.")):
            found.add(id(module))
    return found | {key for key, scopes in calls.items() if len(scopes) > 1}


def _forks(root: Scope, homes: Homes) -> set[str]:
    """Modules of which a later call does other things than the first."""
    return {scope.path for scope in scopes_of(root) if _outline(scope) != _outline(homes.canonical(scope))}


def _outline(scope: Scope) -> list[Any]:
    """What a call did: the names of its calls, and their plain arguments."""
    return [
        (item.path, _outline(item)) if isinstance(item, Scope) else (item.path, item.name, _plain(item.args))
        for item in scope.items
    ]


def _plain(part: Any) -> Any:
    if isinstance(part, tuple | list):
        return [_plain(one) for one in part]
    if isinstance(part, Value):
        return part.path if part.kind == "weight" else "tensor"
    return repr(part)


def _layer_calls(root: Scope) -> Iterator[Op]:
    return (op for op in root.ops() if op.module is not None)


def _keep(result: Imported, drawing: Drawing, module: nn.Module) -> None:
    """Put the weights into a file beside the project's, in a folder that lives as long as the project."""
    project = result.project
    folder = tempfile.mkdtemp(prefix="netwright-import-")
    weakref.finalize(project, shutil.rmtree, folder, ignore_errors=True)
    project.file = Path(folder) / "imported.netw"
    state: dict[str, Tensor] = {**module.state_dict()}
    tensors: dict[str, Tensor] = {}
    state |= drawing.contents
    for path, key in weight_keys(project, "main"):
        tensor = state.get(path)
        if tensor is not None:
            tensors[key] = tensor.detach().clone().contiguous()
    target = weights_path(project.file)
    save_tensors(target, tensors, {})
    refer(project, hash_of(target))
