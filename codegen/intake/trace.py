"""Runs a module once and records what it does: each torch function as its author spelled it, and who called it.

A ``TorchFunctionMode`` sees every call of torch; ``nn.Module.__call__``, replaced meanwhile, tells which module is at
work. Layers that a drawing knows are recorded as one call. What such a record would get wrong is noted as a fault:
values that decide which way is taken, gradients of a person's own, tensors that come from outside of torch. Values that
are made where gradients are off are recorded as detached where they are used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from codegen.intake.lengths import Length, length, sizes
from codegen.intake.record import Op, Scope, Value, scopes_of, tensors_in, values_in
from codegen.intake.state import Traces

# What looks at a tensor without computing with it.
_LOOK_NAMES = """
size dim ndimension numel stride is_contiguous is_floating_point is_complex data_ptr storage_offset element_size
nelement get_device is_cuda is_sparse has_names __len__ requires_grad_ is_same_size is_inference is_tensor
__hash__ __repr__ __format__ storage untyped_storage is_signed result_type can_cast get_default_dtype is_grad_enabled
is_autocast_enabled iinfo finfo is_pinned retain_grad is_storage __set__ is_leaf __delete__ is_shared
_is_view is_conj is_neg get_default_device broadcast_shapes has_torch_function
"""
# What takes from a tensor its shape and type only.
_SHAPED_NAMES = """
new_zeros new_ones new_full new_empty new_tensor zeros_like ones_like full_like empty_like
"""
# What nobody can draw twice.
_RANDOM_NAMES = """
rand randn randint randperm rand_like randn_like randint_like bernoulli bernoulli_ normal normal_ uniform_ multinomial
poisson exponential_ gumbel_softmax random_
"""
# What turns a tensor into plain numbers, on which Python may then decide.
_READ_NAMES = """
__bool__ item tolist __int__ __float__ __index__ numpy __array__ __contains__ equal allclose is_nonzero
"""
# What changes gradients on their way, which no drawing says.
_HOOK_NAMES = "register_hook register_post_accumulate_grad_hook"
# After these no gradient flows.
_CUT_NAMES = "detach detach_ data"
_LOOKS, _SHAPED = frozenset(_LOOK_NAMES.split()), frozenset(_SHAPED_NAMES.split())
_RANDOM, _READS = frozenset(_RANDOM_NAMES.split()), frozenset(_READ_NAMES.split())
_HOOKS, _CUTS = frozenset(_HOOK_NAMES.split()), frozenset(_CUT_NAMES.split())

_SHAPE = Tensor.shape.__get__  # type: ignore[attr-defined]
_PUT_DATA = Tensor.data.__set__  # type: ignore[attr-defined]
PUT_BACK = "put_back"  # what stands for a change of a part in place: (whole, part, index) to the whole as it is then


class Recorder(TorchFunctionMode):
    """Records one run of a module; use ``record``."""

    def __init__(
        self, module: nn.Module, is_layer: Callable[[nn.Module], bool], open_layers: frozenset[int], *, lengths: bool
    ) -> None:
        super().__init__()
        # Answers of the data, by their order, that are known to decide nothing; one that is turned, to learn that.
        self.idle: frozenset[int] = frozenset()
        self.turned = -1
        self.lengths = lengths  # whether sizes tell what they are compared with
        self.module = module
        self.autocast = _autocast()
        self.open = open_layers  # layers whose weights others read too: recorded as the calls that they make
        self.layers = {id(child) for child in module.modules() if is_layer(child)}
        self.paths = {id(child): path for path, child in module.named_modules()}
        self.known: dict[int, Value] = {}
        self.storages: dict[int, list[Value]] = {}
        self.root = Scope("", module)
        self.here = self.root
        self.quiet = 0  # how many layers deep, where nothing is recorded
        self.before = _reachable(module)
        # Batch norms count their batches in place, which nothing reads.
        self.counters = {path for path, _ in module.named_buffers() if path.endswith("num_batches_tracked")}
        for path, parameter in module.named_parameters(remove_duplicate=False):
            self._weight(parameter, path)
        for path, buffer in module.named_buffers(remove_duplicate=False):
            self._weight(buffer, path)

    def _weight(self, tensor: Tensor, path: str) -> None:
        if id(tensor) not in self.known:
            self.learn(Value(tensor, "weight", path, grows=tensor.requires_grad))

    def learn(self, value: Value) -> Value:
        """Let a tensor be known as a value from now on."""
        self.known[id(value.tensor)] = value
        if torch._C._functorch.is_functorch_wrapped_tensor(value.tensor):
            self.fault("is mapped or differentiated by torch.func")
        elif value.tensor.is_inference():
            self.fault("computes in inference mode")
        elif value.tensor.layout == torch.strided:
            self.storages.setdefault(_storage(value.tensor), []).append(value)
        return value

    # What a call reads.

    def given(self, part: Any) -> Any:
        """Arguments with a value for each tensor."""
        if isinstance(part, Tensor):
            return self.value_of(part)
        if isinstance(part, tuple | list):
            made = [self.given(one) for one in part]
            return tuple(made) if isinstance(part, tuple) else made
        if isinstance(part, dict):
            return {name: self.given(one) for name, one in part.items()}
        if isinstance(part, slice):
            return slice(self.given(part.start), self.given(part.stop), self.given(part.step))
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            return {field.name: self.given(getattr(part, field.name)) for field in dataclasses.fields(part)}
        return int(part) if isinstance(part, Length) else part

    def value_of(self, tensor: Tensor) -> Value:
        """The value that a tensor is now."""
        found = self.known.get(id(tensor))
        if found is not None and (found.tensor is tensor or found.stale):
            if found.stale:
                self.fault(found.stale)
            return self._detached(found) if found.cut and torch.is_grad_enabled() else found
        if id(tensor) not in self.before:
            self.fault("uses a tensor that no torch function made (a compiled or scripted function may have)")
        elif tensor.requires_grad:
            self.fault("uses a tensor that was computed from weights before it was called")
        return self.learn(Value(tensor, "constant", fixed=True))

    def _detached(self, value: Value) -> Value:
        """What was made where gradients are off, as its author uses it: without a gradient."""
        op = Op("torch.Tensor.detach", (value,), {}, scope=self.here)
        op.result = fresh = Value(value.tensor, maker=op, scope=self.here)
        op.outs = [fresh]
        self.here.items.append(op)
        return self.learn(fresh)

    def fault(self, reason: str) -> None:
        """Note why the inside of the present scope cannot be drawn; the first reason stands."""
        self.here.fault = self.here.fault or reason

    # Calls of torch.

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "__get__" and not self.quiet:
            return self._attribute(func, args, kwargs)
        if func == _PUT_DATA and not self.quiet:
            self.fault("puts other values into a tensor by its data")
        if self.quiet or name in _LOOKS or (name == "type" and len(args) + len(kwargs) == 1):
            found = func(*args, **kwargs)
            return found if self.quiet else self._measured(name, found, args, kwargs)
        if name in _READS:
            return self._read(func, name, args, kwargs)
        if name in _HOOKS:
            self.fault("changes gradients by a hook")
            return func(*args, **kwargs)
        full = resolve_name(func) or name
        return self.called(Op(full, (), {}), lambda: func(*args, **kwargs), args, kwargs)

    def _attribute(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """An attribute of a tensor: what is a tensor itself (x.T, x.data) was computed."""
        result = func(*args, **kwargs)
        if not isinstance(result, Tensor):
            return self._measured("size", result, args, {}) if func == _SHAPE else result
        return self.called(Op(resolve_name(func) or "", (), {}), lambda: result, args, kwargs)

    def _measured(self, name: str, found: Any, args: Any, kwargs: Any) -> Any:
        """Sizes, as what tells of comparisons. What counts all values is taken for a size of the first axis."""
        value = self.known.get(id(args[0])) if args and self.lengths else None
        if value is None or not value.shape:
            return found
        decided = self.here.decisions.append
        if name == "size":
            rest = (*args[1:], *kwargs.values())
            known = sizes(value, decided)
            return known[rest[0]] if rest and isinstance(rest[0], int) else known
        return length(found, (value, 0), decided) if name in ("__len__", "numel", "nelement") else found

    def _read(self, func: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
        settled = all(value.fixed for value in values_in(self.given((args, kwargs))))
        found = func(*args, **kwargs)
        if settled:
            return found
        place = self.root.reads
        self.root.reads += isinstance(found, bool)
        if not isinstance(found, bool) or place not in self.idle:
            self.fault("decides by the values of a tensor, so that its way depends on the data")
        return not found if isinstance(found, bool) and place == self.turned else found

    def called(self, op: Op, run: Callable[[], Any], args: Any, kwargs: Any) -> Any:
        """Run a call with nothing recorded inside, and record it as ``op``."""
        op.args, op.kwargs = self.given(args), self.given(kwargs)
        op.scope = self.here
        if _autocast() != self.autocast:
            op.fault = op.fault or "computes in the type that torch.autocast chooses"
        inputs = list(op.inputs())
        self.quiet += 1
        try:
            return self._run(op, run, inputs, args)
        finally:
            self.quiet -= 1

    def _run(self, op: Op, run: Callable[[], Any], inputs: list[Value], args: Any) -> Any:
        versions = [changed_in_place(value.tensor) for value in inputs]
        kept = self._copies(op, inputs)
        result = run()
        changed = [v for v, before in zip(inputs, versions, strict=True) if changed_in_place(v.tensor) != before]
        self.here.items.append(op)
        name = op.name.rpartition(".")[2]
        # Of what only takes a shape and a type, the first tensor does not matter, and the values that are given do.
        fixed = op.module is None and all(value.fixed for value in (inputs[1:] if name in _SHAPED else inputs))
        if name in _RANDOM:
            op.fault, fixed = "draws random values", False
        grows = any(value.grows for value in inputs) or _learns(op.module)
        grows = grows and (op.name.split(".")[-2] if name == "__get__" else name) not in _CUTS
        for value in changed:
            self._overwritten(op, value, fixed, grows)
        for value, before in kept if changed else ():
            value.tensor = before
        same = {id(value.tensor) for value in inputs if value not in changed}
        result = _apart(result, same)
        for tensor in tensors_in(result):
            made = self.known.get(id(tensor))
            if made is None or made.tensor is not tensor or made.maker is not op:
                made = Value(tensor, maker=op, scope=self.here, fixed=fixed)
                if name == "__getitem__" and isinstance(args[0], Tensor) and not list(values_in(op.args[1])):
                    made.whole, made.place = args[0], op.args[1]
                self.learn(self._flowing(made, grows))
                op.outs.append(made)
        op.result = self.given(result)
        return result

    def _copies(self, op: Op, inputs: list[Value]) -> list[tuple[Value, Tensor]]:
        """What never varies, as it is before a call that may change it in place: a drawing has to hold that."""
        name = op.name.rpartition(".")[2]
        if not (name.startswith("__i") or name == "__setitem__" or (name.endswith("_") and name[-2:] != "__")):
            return []
        shared = [other for value in inputs[:1] for other in self.storages.get(_storage(value.tensor), [])]
        return [(value, value.tensor.clone()) for value in shared if value.fixed]

    def _flowing(self, value: Value, grows: bool) -> Value:
        """A value with what gradients do at it."""
        value.grows = grows and not value.fixed and (value.tensor.is_floating_point() or value.tensor.is_complex())
        value.cut = value.grows and not torch.is_grad_enabled()
        return value

    def _overwritten(self, op: Op, value: Value, fixed: bool, grows: bool) -> None:
        """A call changed a tensor in place: it is another value from now on, and whoever shares its memory is stale."""
        if value.kind not in ("made", "input") and value.path not in self.counters:
            op.fault = op.fault or f"changes {value.path or 'a tensor from outside'} in place"
        wholes = self._wholes(value)
        for other in self.storages.get(_storage(value.tensor), []):
            if other.tensor is not value.tensor and self.known.get(id(other.tensor)) is other and other not in wholes:
                other.stale = "changes a tensor in place of which it uses another view"
        part = self._replaced(value, op, fixed, grows)
        op.outs.append(part)
        place = value.place
        for whole in wholes:
            # The whole is what it was, with the changed part put back.
            put = Op(PUT_BACK, (whole, part, place), {}, scope=self.here)
            part = self._replaced(whole, put, fixed and whole.fixed, grows or whole.grows)
            put.outs, put.result, place = [part], part, whole.place
            self.here.items.append(put)

    def _wholes(self, value: Value) -> list[Value]:
        """What a value is a part of, and what that is a part of."""
        found: list[Value] = []
        while value.whole is not None:
            whole = self.known.get(id(value.whole))
            if whole is None or whole.tensor is not value.whole:
                break
            found.append(whole)
            value = whole
        return found

    def _replaced(self, value: Value, op: Op, fixed: bool, grows: bool) -> Value:
        """The same tensor as another value, which a call made."""
        fresh = Value(value.tensor, maker=op, scope=self.here, fixed=fixed, whole=value.whole, place=value.place)
        return self.learn(self._flowing(fresh, grows))

    # Calls of modules.

    def enter(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call of a module: a layer, or a scope of its own."""
        path = self.paths.get(id(module))
        if self.quiet or path is None or id(module) in self.open or (module is self.module and self.here is self.root):
            return original(module, *args, **kwargs)

        def run() -> Any:
            return original(module, *args, **kwargs)

        if id(module) in self.layers:
            op = Op(type(module).__name__, (), {}, module=module, path=path, mode=module.training)
            return self.called(op, run, args, kwargs)
        if isinstance(module, torch.jit.ScriptModule):
            op = Op(type(module).__name__, (), {}, module=module, path=path, fault="is a compiled module")
            return self.called(op, run, args, kwargs)
        scope = Scope(path, module, self.here, self.given(args), self.given(kwargs))
        self.here.items.append(scope)
        self.here = scope
        self.hooked(module)
        try:
            result = run()
            scope.result = self.given(result)
        finally:
            assert scope.parent is not None
            self.here = scope.parent
        return result

    def hooked(self, module: nn.Module) -> None:
        """Note that a module has hooks on its gradients."""
        if module._backward_hooks or module._backward_pre_hooks:
            self.fault("changes gradients by a hook")

    def close(self, traces: Traces) -> None:
        """Note what the run left in modules in the place of their weights."""
        for path, tensor in traces.replaced.items():
            owner, _, name = path.rpartition(".")
            value = self.known.get(id(tensor))
            if (
                value is not None
                and value.fixed
                and name in self.module.get_submodule(owner)._non_persistent_buffers_set
            ):
                continue  # what it would compute again every time
            mark(self.root, owner, f"puts another tensor in the place of {name}")


def mark(root: Scope, path: str, fault: str) -> None:
    """Note a fault of every call of a module; of the whole, where it is never called."""
    found = [scope for scope in scopes_of(root) if scope.path == path]
    for scope in found or [root]:
        scope.fault = scope.fault or fault


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def changed_in_place(tensor: Tensor) -> int:
    """How often a tensor was changed in place; of one in inference mode, which does not count, 0."""
    return 0 if tensor.is_inference() else tensor._version


def _autocast() -> tuple[bool, torch.dtype]:
    return torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")


def _learns(module: nn.Module | None) -> bool:
    return module is not None and any(parameter.requires_grad for parameter in module.parameters())


def _apart(result: Any, same: set[int]) -> Any:
    """A result of which no tensor is one of the inputs: what passes its input on (Dropout) makes a value, too."""
    if isinstance(result, Tensor):
        return result.view(result.shape) if id(result) in same and result.layout == torch.strided else result
    if type(result) in (tuple, list):
        return type(result)(_apart(one, same) for one in result)
    return result


def _reachable(module: nn.Module) -> set[int]:
    """The tensors that modules hold besides their parameters and buffers."""
    found: set[int] = set()

    def look(part: Any, depth: int) -> None:
        if isinstance(part, Tensor):
            found.add(id(part))
        elif depth and isinstance(part, tuple | list):
            for one in part:
                look(one, depth - 1)
        elif depth and isinstance(part, dict):
            for one in part.values():
                look(one, depth - 1)

    for child in module.modules():
        for name, part in vars(child).items():
            if name not in ("_parameters", "_buffers", "_modules"):
                look(part, 3)
    return found
