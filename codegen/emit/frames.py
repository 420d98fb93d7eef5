"""Constructor lines: layers, blocks, repetition, and graphs that are written inline as nn.Sequential."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from codegen.emit import trees
from codegen.emit.given import known_arguments, layer_arguments, phrase_tree
from codegen.emit.printing import flat
from codegen.emit.runs import after_first, ordered
from codegen.emit.scopes import Scope, Twin, Width, value_tree
from codegen.emit.structure import never_acts
from codegen.emit.trees import EmitError, Lookup
from graph_core.chains import CLOSED, chain_of, is_inline
from graph_core.context import Call, Context, Result
from graph_core.expressions import names_in
from graph_core.graph import Graph, Node, Repeat
from graph_core.layer import Function, Held, Method, Module, layer_types
from graph_core.nodes import evaluate_node

if TYPE_CHECKING:
    from codegen.emit.plan import Plan

MAX_WRITTEN_OUT = 3
MAX_LINES = 2000
_LONG = re.compile(r"\.\d{7}")  # a number that nobody writes out: its expression reads better


@dataclass(slots=True)
class Group:
    """Consecutive iterations of a block that are written alike: their constructor call, and how many there are."""

    made: ast.expr
    first: int
    count: int


class Frame:
    """One graph where its constructor lines are written: that of a class, or one written inline in another's."""

    def __init__(
        self, plan: Plan, scope: Scope, graph: Graph, context: Context, twins: Sequence[Twin], lookup: Lookup
    ) -> None:
        self.plan = plan
        self.scope = scope
        self.graph = graph
        self.context = context
        self.twins = twins
        self.lookup = lookup

    # What is known of a node.

    def result(self, node: Node) -> Result:
        """The node's result, as if its condition held."""
        found = self.context.results[node.id]
        if found.enabled is False:
            found = evaluate_node(self.plan.engine, self.context, replace(node, when=""))
        return found

    def twin_results(self, node: Node) -> list[tuple[Context, Result]]:
        """The node's results in all instances where it acts."""
        pairs = [(owner, here.results[node.id]) for owner, here in self.twins if node.id in here.results]
        return [(owner, result) for owner, result in pairs if result.enabled is not False]

    def known(self, node: Node) -> Result:
        """The result of a layer where it has one: here, in an instance where it acts, or else in one as if it did."""
        results = [self.result(node), *(result for _, result in self.twin_results(node))]
        found = next((result for result in results if result.facts and result.layer), None)
        found = found or next((result for _, result in self._woken(node) if result.facts and result.layer), None)
        if found is None:
            raise EmitError(f"{node.name} has no shape yet, so it cannot be written; see its problem.")
        return found

    def _woken(self, node: Node) -> list[tuple[Context, Result]]:
        """The node's results in all instances, as if its condition held."""
        awake = replace(node, when="")
        return [(owner, evaluate_node(self.plan.engine, here, awake)) for owner, here in self.twins]

    def condition(self, node: Node, lookup: Lookup | None = None) -> ast.expr | bool:
        """The node's condition; a bool where it names nothing. What repeats ×0 never acts."""
        if never_acts(node):
            return False
        if not node.when:
            return True
        tree = trees.author(node.when, lookup or self.lookup)
        known = trees.truth(tree)
        return tree if known is None else known

    # Layers.

    def layer(self, node: Node, module: str = "") -> ast.expr:
        """The constructor call of a layer, or of the module of the same meaning as a function."""
        known = self.known(node)
        assert known.layer is not None
        assert known.facts is not None
        spelling = known.layer.spelling_for(known.layer.values)
        if isinstance(spelling, Held):
            return phrase_tree(spelling.text, node, known.layer, self.lookup, {})
        positional = [self._follow(node, key) for key in known.facts.follows]
        required, keywords = layer_arguments(node, known.layer, self.lookup, follows=bool(positional))
        if isinstance(spelling, Module):
            module = self.plan.helpers.name_of(spelling)
        if self.graph is not self.scope.graph:  # what its parameters are is known here
            required, keywords = known_arguments(known.layer, required, keywords)
        return trees.call(module, [*positional, *required], keywords)

    def _follow(self, node: Node, key: str) -> ast.expr:
        facts = self.result(node).facts
        guess = facts.follows.get(key) if facts else None
        acting = self.twin_results(node) or ([] if guess is not None else self._woken(node))
        pairs = [(owner, r.facts.follows[key]) for owner, r in acting if r.facts]

        def read(owner: Context) -> Width | None:
            here = owner if self.graph is self.scope.graph else next((h for o, h in self.twins if o is owner), owner)
            result = here.results.get(node.id)
            return result.facts.follows.get(key) if result and result.facts else None

        return self.scope.width(guess, pairs, key, read)

    # Blocks.

    def block(self, node: Node) -> ast.expr:
        """What a block node is in the constructor: one module, or a container of its iterations."""
        groups = self.groups(node)
        if node.run is None or node.run.shared:
            if not groups:
                raise EmitError(f"{node.name} has no shape yet, so it cannot be written; see its problem.")
            return groups[0].made
        return self._container(node, self._steps(node, groups))

    def _container(self, node: Node, steps: list[ast.expr]) -> ast.expr:
        inner = self.plan.project.graphs[node.type]
        if len(inner.inputs()) == 1 and len(inner.outputs()) == 1:
            return trees.call("nn.Sequential", steps)
        if len(steps) == 1 and isinstance(steps[0], ast.Starred):
            return trees.call("nn.ModuleList", [steps[0].value])
        return trees.call("nn.ModuleList", [ast.List(steps)])

    def groups(self, node: Node, variable: ast.expr | None = None, *, steady: bool = False) -> list[Group]:
        """The iterations of a block node, neighbours that are written alike put together.

        With ``steady`` each but the first is written as all that come after it are.
        """
        result = self.result(node)
        calls: list[tuple[Call, bool]] = [(call, True) for call in result.calls]
        longest = max((r for _, r in self.twin_results(node)), key=lambda r: len(r.calls), default=result)
        if result.calls and result.waiting:  # by itself it stops where sizes are not known; an instance goes on
            last = max((r for _, r in self.twin_results(node)), key=_iterations, default=result)
            calls += [(call, False) for call in _from(last.calls, _iterations(result))]
        else:
            calls += [(call, False) for call in longest.calls[len(calls) :]]
        found: list[Group] = []
        second: Call | None = None
        for place, (call, _) in enumerate(calls):
            reach = (call.first, 2**31 if place == len(calls) - 1 else call.first + call.count)
            if steady and call.first:
                second = second or call
                call, reach = replace(call, context=second.context), (1, 2**31)
            made = self._instance(node, call, reach, variable)
            if found and flat(found[-1].made) == flat(made):
                found[-1].count += call.count
            else:
                found.append(Group(made, call.first, call.count))
        return found

    def _instance(self, node: Node, call: Call, reach: tuple[int, int], variable: ast.expr | None) -> ast.expr:
        """The constructor call of the iterations of ``call``, right for all in ``reach``: from one up to another."""
        step = variable if variable is not None else trees.constant(call.first)
        twins = [
            (owner, other)
            for owner, result in self.twin_results(node)
            for other in result.calls
            if other.first < reach[1] and other.first + other.count > reach[0]
        ]

        def lookup(name: str) -> ast.expr:
            return step if name == "i" and isinstance(node.run, Repeat) else self.lookup(name)

        inner = self.plan.project.graphs[node.type]
        if is_inline(inner):
            return self._inline(node, inner, call, twins, lookup)
        made = self.plan.classes[inner.key]
        positional: list[ast.expr] = []
        keywords: list[tuple[str, ast.expr]] = []
        for argument in made.arguments:
            if argument.role == "param":
                if argument.name not in node.params:
                    continue
                value = trees.fold(value_tree(node.params[argument.name], lookup))
                if variable is not None and reach[0]:
                    value = after_first(value)
                if argument.default is None:
                    positional.append(value)
                elif flat(value) != flat(argument.default):
                    keywords.append((argument.python, value))
            elif argument.role == "symbol":
                continue
            else:
                width = self._argument_width(argument.name, call.context, twins, argument.read)
                if argument.default is None:
                    positional.append(width)
                else:
                    keywords.append((argument.python, width))
        return trees.call(made.name, positional, keywords)

    def _argument_width(self, name: str, context: Context, twins: list[tuple[Context, Call]], read: Any) -> ast.expr:
        """A width that a block takes from its wires, in terms of this class."""

        def value(inner: Context) -> Width | None:
            found: Width | None = read(inner) if read else inner.inferred.get(name)
            return found

        pairs = [(owner, width) for owner, other in twins if (width := value(other.context)) is not None]

        def read_here(owner: Context) -> Width | None:
            return next((width for one, width in pairs if one is owner), None)

        return self.scope.width(value(context), pairs, name, read_here)

    def _inline(
        self, node: Node, inner: Graph, call: Call, twins: list[tuple[Context, Call]], lookup: Lookup
    ) -> ast.expr:
        """A chain of nodes named 0, 1, … as nn.Sequential, in terms of the graph around it."""

        def inside(name: str) -> ast.expr:
            if name in inner.params:
                return value_tree(node.params.get(name, inner.params[name].default), lookup)
            return self._argument_width(name, call.context, twins, None)

        pairs = [(owner, other.context) for owner, other in twins]
        frame = Frame(self.plan, self.scope, inner, call.context, pairs, inside)
        return trees.call("nn.Sequential", frame.chain())

    def chain(self) -> list[ast.expr]:
        """What nn.Sequential takes for a graph whose nodes are a chain: the modules in order, with their names."""
        nodes = chain_of(self.graph)
        while len(nodes) > 1 and self.condition(nodes[-1]) is False:
            nodes.pop()
        if self.graph.head.get(CLOSED):
            return self._closed(nodes)
        made = [self._element(node) for node in nodes]
        if nodes[0].name == "0":
            return made
        return [ordered([node.name for node in nodes], made)]

    def _element(self, node: Node) -> ast.expr:
        condition = self.condition(node)
        if condition is False:
            return trees.passing()
        if condition is True:
            return self._module(node)
        return ast.IfExp(trees.fold(condition), self._module(node), trees.passing())

    def _module(self, node: Node) -> ast.expr:
        return self.block(node) if node.type in self.plan.project.graphs else self.layer(node, module_name(node))

    def _closed(self, nodes: list[Node]) -> list[ast.expr]:
        """The modules that are there: ``*([module] if test else [])``, or one of two where there is always one."""
        found: list[ast.expr] = []
        before: ast.expr | None = None  # the test of the last one, where that is not told yet
        for node in nodes:
            condition = self.condition(node)
            if condition is False:
                continue
            made = self._module(node)
            test = None if condition is True else trees.fold(condition)
            if test is not None and before is not None and trees.opposite(before, test):
                last = found.pop()
                assert isinstance(last, ast.Starred)
                found.append(trees.one_of(last, made))
                before = None
                continue
            found.append(made if test is None else trees.maybe(test, made))
            before = test
        return found

    # Repetition.

    def _steps(self, node: Node, groups: list[Group]) -> list[ast.expr]:
        """What a container of iterations holds."""
        assert isinstance(node.run, Repeat)
        times = node.run.times
        varies = any("i" in names for names in map(_names, node.params.values()))
        if isinstance(times, str) and names_in(times):
            return self._open_steps(node, groups, trees.author(times, self.lookup), varies)
        total = sum(group.count for group in groups)
        if total <= MAX_WRITTEN_OUT and not (varies and any(_LONG.search(flat(group.made)) for group in groups)):
            return [group.made for group in groups for _ in range(group.count)]
        if varies and (len(groups) > 2 or total <= MAX_WRITTEN_OUT):
            every = self.groups(node, trees.name("i"))
            if len(every) == 1:
                return [ast.Starred(trees.spread_over(every[0].made, "i", trees.constant(total)))]
        if len(groups) > MAX_LINES:
            raise EmitError(f"{node.name} repeats in {len(groups)} different ways, too many to write out.")
        steps: list[ast.expr] = []
        for group in groups:
            if group.count == 1:
                steps.append(group.made)
            else:
                steps.append(ast.Starred(trees.spread_over(group.made, "_", trees.constant(group.count))))
        return steps

    def _open_steps(self, node: Node, groups: list[Group], times: ast.expr, varies: bool) -> list[ast.expr]:
        """The steps of a repetition whose number is an argument: they must be right for every number."""
        settled = not varies or all(_settles(value, self.lookup) for value in node.params.values())
        ends = any(not result.calls for _, result in self.twin_results(node))  # an instance that repeats 0 times
        if not groups:
            return []
        if settled and len(groups) == 1 and not varies:
            return [ast.Starred(trees.spread_over(groups[0].made, "_", times))]
        if settled and len(groups) == 2 and groups[0].count == 1 and not ends:
            rest = trees.fold(trees.joined(times, "-", trees.constant(1)))
            return [groups[0].made, ast.Starred(trees.spread_over(groups[1].made, "_", rest))]
        every = self.groups(node, trees.name("i"), steady=True)
        if len(every) > 2 or (len(every) == 2 and every[0].count != 1):
            raise EmitError(f"{node.name} repeats in ways that {flat(times)} does not tell; give a number instead.")
        made = every[-1].made
        if len(every) == 2 and not ends:
            rest = trees.spread_over(made, "i", trees.constant(1), times)
            return [groups[0].made, ast.Starred(rest)]
        if len(every) == 2:
            first = ast.Compare(trees.name("i"), [ast.Eq()], [trees.constant(0)])
            made = ast.IfExp(first, every[0].made, made)
        return [ast.Starred(trees.spread_over(made, "i", times))]


def _names(value: Any) -> set[str]:
    if isinstance(value, list | tuple):
        return set().union(*map(_names, value)) if value else set()
    return set(names_in(value)) if isinstance(value, str) else set()


def _settles(value: Any, lookup: Lookup) -> bool:
    """Whether an expression in ``i`` is the same from i = 1 on."""

    def at(step: int) -> str:
        def here(name: str) -> ast.expr:
            return trees.constant(step) if name == "i" else lookup(name)

        return flat(trees.fold(value_tree(value, here)))

    return "i" not in _names(value) or len({at(1), at(2), at(5), at(99)}) == 1


def module_name(node: Node) -> str:
    """The module by which a container can hold a layer; empty where it has none."""
    spelling = layer_types()[node.type].torch
    if isinstance(spelling, Module):
        return spelling.name
    return spelling.module if isinstance(spelling, Function | Method) else ""


def _iterations(result: Result) -> int:
    """How many iterations of a block node were worked out."""
    return result.calls[-1].first + result.calls[-1].count if result.calls else 0


def _from(calls: Sequence[Call], first: int) -> list[Call]:
    """The calls from an iteration on."""
    ends = [(call, call.first + call.count) for call in calls]
    return [replace(c, first=max(c.first, first), count=end - max(c.first, first)) for c, end in ends if end > first]
