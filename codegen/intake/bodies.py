"""From a record to graphs that are still to be drawn: a body for each call of a module, with steps and ports.

What goes in at a body's ports are its free values: those it uses and does not make. What comes out are those that it
makes and others use. A weight lies in the innermost call of a module that owns it and holds all of its uses.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from codegen.intake.constants import constant_params, held, held_params
from codegen.intake.dialect_batch import repeated
from codegen.intake.dialect_modules import BUFFER
from codegen.intake.opaque import TooWide, opaque_call, opaque_scope
from codegen.intake.pairing import same_values
from codegen.intake.record import Op, Scope, Value, scopes_of, values_in
from codegen.intake.steps import CONSTANT, Body, Note, Ref, Step, Unsupported
from graph_core.fields import Field, FieldError
from graph_core.layer import layer_types
from graph_core.names import BadName, check_name, numbered


class Homes:
    """Where each value belongs, known of the whole record before anything is built."""

    def __init__(self, root: Scope, forked: frozenset[str] = frozenset()) -> None:
        self.root = root
        self.forked = forked  # paths of modules that do other things at a later call
        self.first: dict[Scope, Scope] = {}  # a later call of a module -> the first one
        # Paths of what is drawn as a block or a layer.
        self.drawn = {scope.path for scope in scopes_of(root)} | {op.path for op in root.ops() if op.module}
        self.weights: dict[str, Scope] = {}  # path of a weight -> the scope whose body holds it
        self.exported: dict[Scope, list[Value]] = defaultdict(list)  # scope -> what it makes and others use
        self.aliases: dict[int, list[str]] = defaultdict(list)  # tied parameter -> its paths
        for path, parameter in root.module.named_parameters(remove_duplicate=False):
            self.aliases[id(parameter)].append(path)
        given = (value for value in values_in((root.args, root.kwargs)) if value.varies()[:1] == [0])
        first = next(given, None)
        # The size of the batch, in this run and in the other; 0 where it is fixed.
        self.batch = (first.shape[0], first.twin.shape[0]) if first is not None and first.twin is not None else (0, 0)
        self._find_repeats()
        self._find_homes()

    def canonical(self, scope: Scope) -> Scope:
        """The first call of the same module at the same place."""
        return self.first.get(scope, scope)

    def _find_repeats(self) -> None:
        seen: dict[tuple[int, str], Scope] = {}
        for scope in scopes_of(self.root):
            parent = self.canonical(scope.parent) if scope.parent is not None else None
            key = (id(parent), scope.path)
            earlier = seen.setdefault(key, scope)
            if earlier is not scope and scope.path not in self.forked:
                self.first[scope] = earlier

    def _find_homes(self) -> None:
        uses: dict[Value, list[Scope]] = defaultdict(list)
        order: dict[Value, int] = {}
        for op in self.root.ops():
            assert op.scope is not None
            if op.outs and all(out.fixed for out in op.outs):
                continue
            for value in op.inputs():
                uses[value].append(op.scope)
        for value in values_in(self.root.result):
            uses[value].append(self.root)
        self.used = set(uses)
        for op in self.root.ops():
            for value in op.outs:
                order[value] = len(order)
        by_path: dict[str, list[Scope]] = defaultdict(list)
        for value, scopes in uses.items():
            if value.kind == "weight":
                for scope in scopes:
                    by_path[self.path_of(value, scope)].append(scope)
            elif value.scope is not None and not value.fixed:
                for scope in value.scope.chain():
                    if any(scope not in user.chain() for user in scopes):
                        self.exported[scope].append(value)
        for exported in self.exported.values():
            exported.sort(key=lambda value: order[value])
        self.counts = {path: len(scopes) for path, scopes in by_path.items()}
        for path, scopes in by_path.items():
            home = self._home(path, [self.canonical(scope) for scope in scopes])
            if not self._loose(path, home):
                self.weights[path] = home

    def _loose(self, path: str, home: Scope) -> bool:
        """Whether a buffer that no state dict has is used outside of its owner, of which a block or a layer is drawn.

        Each user then holds its values: a list of modules has no place for a tensor.
        """
        owner, _, name = path.rpartition(".")
        known = name in self.root.module.get_submodule(owner)._non_persistent_buffers_set
        return known and owner != home.path and any(f"{at}.".startswith(f"{owner}.") for at in self.drawn)

    def path_of(self, value: Value, scope: Scope) -> str:
        """The name of a weight for a user: of a tied one, that inside of the user's own module."""
        paths = self.aliases.get(id(value.tensor), [])
        if len(paths) > 1:
            for around in reversed(scope.chain()[1:]):
                own = next((path for path in paths if path.startswith(f"{around.path}.")), "")
                if own:
                    return own
        return value.path

    def uses_of(self, path: str) -> int:
        """How many calls read a weight by itself."""
        return self.counts.get(path, 0)

    def _home(self, path: str, scopes: list[Scope]) -> Scope:
        """The innermost scope that holds all uses and owns the weight."""
        chains = [[self.canonical(scope) for scope in scope.chain()] for scope in scopes]
        home = self.root
        for level in zip(*chains, strict=False):
            own = level[0].path
            inside = own not in self.forked and (not own or path.startswith(f"{own}."))
            if any(scope is not level[0] for scope in level) or not inside:
                break
            home = level[0]
        return home


Draw = Callable[["Maker", Op], None]


class Maker:
    """Builds the body of one scope; the dialects of calls say what to ``add``."""

    def __init__(self, scope: Scope, homes: Homes, draw: Draw, notes: list[Note]) -> None:
        self.scope = scope
        self.homes = homes
        self.draw = draw
        self.notes = notes
        self.body = Body(scope.kind, scope.path, scope.module)
        self.where: dict[Value, Ref] = {}
        self.again: list[tuple[Value, int]] = []  # values that another output, at that place, is too
        self.by_name: dict[str, Step] = {}
        self.tables: dict[int, Ref] = {}  # constants by identity
        module = scope.module
        self.taken = {*module._modules, *module._parameters, *module._buffers}

    def build(self) -> Body:
        """The body with everything inside, blocks included."""
        self._name_arguments()
        for item in self.scope.items:
            if isinstance(item, Scope):
                self._block(item)
            elif any(not out.fixed for out in item.outs):
                self._op(item)
        for value in self._results():
            ref = self.ref(value)
            same = [place for place, (_, known) in enumerate(self.body.outputs) if _end(known) == _end(ref)]
            if same and self.scope is not self.homes.root:
                self.again.append((value, same[0]))
            else:
                self.body.outputs.append((value, ref))
        self._prune()
        return self.body

    def _results(self) -> list[Value]:
        if self.scope is self.homes.root:
            return list(values_in(self.scope.result))
        exported = self.homes.exported[self.scope]
        returned = list(dict.fromkeys(value for value in values_in(self.scope.result) if value in exported))
        return [*returned, *(value for value in exported if value not in returned)]

    def _name_arguments(self) -> None:
        """Names for the values that come in by forward's arguments."""
        self.names: dict[Value, str] = {}
        try:
            given = inspect.signature(self.scope.module.forward).bind(*self.scope.args, **self.scope.kwargs).arguments
        except (TypeError, ValueError):
            return
        for name, argument in given.items():
            inner = list(values_in(argument))
            for number, value in enumerate(inner):
                self.names.setdefault(value, name if len(inner) == 1 else f"{name}{number}")
        if self.scope is self.homes.root:
            for value in values_in((self.scope.args, self.scope.kwargs)):
                self.ref(value)

    # What the dialects use.

    def add(self, type: str, name: str = "", /, **parts: Any) -> Ref:
        """A step of a layer type; of ``parts`` those named as inlets are values or refs, the others parameters."""
        declaration = layer_types()[type]
        step = Step(type, name or self.free(declaration.stem))
        for key, part in parts.items():
            if isinstance(part, Value | Ref):
                step.inputs[key] = self.ref(part) if isinstance(part, Value) else part
            else:
                step.params[key] = part
                if key in declaration.fields:
                    self._resolve(declaration.fields[key], part)
        self.body.steps.append(step)
        return Ref(step, next(iter(declaration.outlets)))

    def _resolve(self, field: Field[Any], part: Any) -> None:
        try:
            field.resolve(list(part) if isinstance(part, tuple) else part, {})
        except FieldError as error:
            raise Unsupported(f"is called with other than its layer takes: {error}") from None

    def bind(self, value: Value, ref: Ref | Value) -> None:
        """Let a value of the record be what comes out there."""
        self.where[value] = self.ref(ref) if isinstance(ref, Value) else ref

    def ref(self, value: Value) -> Ref:
        """Where a value comes from inside this body."""
        if value in self.where:
            return self.where[value]
        if value.kind == "weight":
            return self._weight(value)
        if value.kind == "constant" or value.fixed:
            return self._constant(value)
        if value.kind == "made" and not value.tensor.numel():
            raise Unsupported("uses a tensor without values")
        return self._input(value)

    def free(self, stem: str) -> str:
        """A name that no attribute of the module and no other step has."""
        name = numbered(stem, self.taken, bare=True)
        self.taken.add(name)
        return name

    def relative(self, path: str) -> str:
        """A path from this scope's module on."""
        own = self.scope.path
        return path[len(own) + 1 :] if own else path

    # Parts.

    def _input(self, value: Value) -> Ref:
        ref = Ref(None, "")
        wish = self.names.get(value, "x" if not self.body.inputs else "other")
        try:
            check_name(wish)
        except BadName:
            wish = "x"
        name = self.free(wish)
        self.body.inputs.append((value, name, ref))
        self.where[value] = ref
        return ref

    def _weight(self, value: Value) -> Ref:
        path = self.homes.path_of(value, self.scope)
        home = self.homes.weights.get(path)
        if home is None:
            return self._constant(value)
        if home is not self.homes.canonical(self.scope):
            return self._input(value)
        ref = self.add(*held(value, self.relative(path)))
        ref.step.params.update(held_params(value, self.homes.root.module))  # type: ignore[union-attr]
        self.where[value] = ref
        return ref

    def _constant(self, value: Value) -> Ref:
        if value.varies():
            self.where[value] = repeated(self, value)
            return self.where[value]
        if value.twin is not None and not same_values(value.tensor, value.twin.tensor):
            raise Unsupported("makes a constant whose values depend on the batch, or are others at every call")
        name = self.free(value.path.rpartition(".")[2] or "constant" if value.kind == "weight" else "constant")
        ref = self.add(BUFFER, name, **constant_params(value))
        path = f"{self.scope.path}.{name}" if self.scope.path else name
        self.notes.append(Note(path, CONSTANT, "its values are kept with the weights, not in the source", False))
        ref.step.params["content"] = value.tensor  # type: ignore[union-attr]
        self.where[value] = ref
        return ref

    def sample(self, wanted: Value | None = None) -> Value:
        """A value at hand whose first axis is the batch, or as long as that of ``wanted``; raises Unsupported."""
        given = [v for scope in reversed(self.scope.chain()) for v in values_in((scope.args, scope.kwargs))]
        size, twin = self.homes.batch
        if wanted is not None:
            size, twin = wanted.shape[0], wanted.twin.shape[0] if wanted.twin is not None else 0
        for value in [*self.where, *given]:
            first = value.twin.shape[:1] if value.twin is not None else ()
            if not value.fixed and value.varies()[:1] == [0] and value.shape[0] == size and first == (twin,):
                return value
        raise Unsupported("spreads over a batch that nothing at hand has")

    def _op(self, op: Op) -> None:
        if op.outs and not any(out.tensor.numel() for out in op.outs):
            return  # nothing of nothing: what joins it with something leaves it out
        before = len(self.body.steps)
        try:
            if op.fault:
                raise Unsupported(op.fault)
            self.draw(self, op)
            if any(out in self.homes.used and out not in self.where for out in op.outs):
                raise Unsupported("gives more than its layer")
        except Unsupported as reason:
            self._forget(before)
            self._opaque(op, str(reason))

    def _forget(self, before: int) -> None:
        """Take back the steps from a place on, and what is known to come from them."""
        gone = set(self.body.steps[before:])
        del self.body.steps[before:]
        self.where = {value: ref for value, ref in self.where.items() if ref.step not in gone}
        self.by_name = {name: step for name, step in self.by_name.items() if step not in gone}

    def _opaque(self, op: Op, reason: str) -> None:
        name = op.name.rpartition(".")[2].strip("_") or "call"
        try:
            opaque_call(self, op, name, reason)
        except TooWide as wide:
            raise TooWide(f"calls {name}, which {wide}") from None
        self.notes.append(Note(self.scope.path, name, reason))

    def _block(self, scope: Scope) -> None:
        if scope.fault:
            opaque_scope(self, scope)
            self.notes.append(Note(scope.path, scope.kind, scope.fault))
            return
        before = len(self.notes)
        try:
            maker = Maker(scope, self.homes, self.draw, self.notes)
            body = maker.build()
        except TooWide as wide:
            del self.notes[before:]
            scope.fault = str(wide)
            self._block(scope)
            return
        if not body.steps or not body.outputs:
            # It passes on what comes in, or nothing of it is used.
            given_out = [*body.outputs, *((value, body.outputs[place][1]) for value, place in maker.again)]
            for value, ref in given_out:
                inner = next((given for given, _, found in body.inputs if found is ref), None)
                if inner is not None:
                    self.bind(value, inner)
            return
        own = self._owns(scope.path) and not self._holds_weights_of(scope.path)
        name = self.relative(scope.path) if own else self.free("block")
        earlier = self.by_name.get(name)
        step = Step("", name if earlier is None else self.free(name.rpartition(".")[2] or "block"), body=body)
        step.use = earlier if scope.path not in self.homes.forked else None  # what is forked holds no weights
        self.by_name.setdefault(name, step)
        step.inputs = {str(place): self.ref(value) for place, (value, _, _) in enumerate(body.inputs)}
        self.body.steps.append(step)
        for place, value in [*enumerate(value for value, _ in body.outputs), *((at, one) for one, at in maker.again)]:
            self.bind(value, Ref(step, str(place)))

    def _holds_weights_of(self, path: str) -> bool:
        """Whether weights of a module lie in this body, so that no block can have its name."""
        here, inside = self.homes.canonical(self.scope), f"{path}."
        return any(home is here and weight.startswith(inside) for weight, home in self.homes.weights.items())

    def _owns(self, path: str) -> bool:
        return not self.scope.path or path.startswith(f"{self.scope.path}.")

    def _prune(self) -> None:
        """Take away steps without weights that nothing uses."""
        steps = self.body.steps
        while True:
            used = {ref.step for step in steps for ref in step.inputs.values()}
            used |= {ref.step for _, ref in self.body.outputs}
            used |= {step.use for step in steps}
            kept = [step for step in steps if step in used or not _may_go(step)]
            if len(kept) == len(steps):
                break
            steps = kept
        self.body.steps = steps


def _end(ref: Ref) -> tuple[object, str]:
    return (ref.step, ref.port) if ref.step is not None else (id(ref), "")


def _may_go(step: Step) -> bool:
    if step.body is not None:
        return False
    declaration = layer_types()[step.type]
    if step.type == BUFFER:
        return not step.params.get("persistent", True)
    return not declaration.owns_weights() or step.use is not None
