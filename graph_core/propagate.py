"""The incremental analysis: shapes and totals of every graph, kept up to date edit by edit.

There is one context per (graph, parameter values, input specs), shared by all instances and iterations that agree in
them. An edit marks nodes stale in its graph's contexts, and, where results change, upward through their users; a
refresh walks each context in schedule order and stops where outputs stay the same. So what an edit costs is
proportional to what it can affect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graph_core.context import Context, Outcome, Result, total
from graph_core.definitions import defaults, definition_input, definition_scope
from graph_core.dims import Dim, Expr, Named, symbol
from graph_core.expressions import Value
from graph_core.graph import Edit, Graph, Node, Project
from graph_core.layer import Layer, Refusal, Spec, layer_types
from graph_core.names import first_of
from graph_core.nodes import evaluate_node
from graph_core.order import MAX_DEPTH, Schedule, callees_first, mend_schedules, schedule, too_deep
from graph_core.problems import MAX_INSIDE, Finding
from graph_core.refresh import only_renamed, refresh_context
from graph_core.settled import settled_findings
from graph_core.structure import Structure
from graph_core.ties import blocks_tied, users_of


def engine_of(project: Project) -> Engine:
    """The project's analysis, made on first use and fed by its edits from then on."""
    if project.engine is None:
        project.engine = Engine(project)
    engine: Engine = project.engine
    return engine


class Engine:
    """Holds the contexts of a project and refreshes them when asked."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.version = 0
        self._contexts: dict[str, dict[Any, Context]] = {}
        self.memory: dict[tuple[Layer, tuple[Spec | None, ...]], Outcome | Refusal] = {}
        self.layers: dict[Any, Layer] = {}
        self._schedules: dict[str, Schedule] = {}
        self._structures: dict[str, Structure] = {}
        self._roots: dict[str, Context] = {}
        self._definitions: dict[str, Context] = {}
        self._order: tuple[list[str], set[str]] | None = None
        self._recursive: set[str] = set()
        self._loose = False  # whether contexts may have lost their last user
        self._too_deep: set[str] = set()
        self._dirty = False
        self._inside = 0  # nodes and steps in the living instances, as they were made
        self._sizes: dict[int, int] = {}
        self.touched: dict[Context, set[str]] = {}  # nodes whose results were made anew or went, until it is emptied
        self.observed: dict[tuple[str, str], Any] = {}  # what running showed of nodes: see graph_core.observed
        self.living: Any = None  # the memory of activations, made by graph_core.liveness on first use

    # What others ask.

    def root(self, network: str = "main") -> Context:
        """The context of a network at the example sizes, up to date."""
        self.refresh()
        if network not in self._roots:
            graph = self.project.networks[network]
            scope: dict[str, Value] = {n: Named(v, n) for n, v in self.project.symbols.items()}
            scope.update(defaults(graph))
            self._roots[network] = self.new_context(graph, "root", network, scope, {}, {})
        return self._roots[network]

    def symbolic_root(self, network: str = "main") -> Context:
        """The context of a network with its symbols left as symbols: what formulas are made of."""
        self.refresh()
        key = f"root {network}"
        if key not in self._definitions:
            graph = self.project.networks[network]
            scope: dict[str, Value] = {name: symbol(name) for name in self.project.symbols}
            scope.update(defaults(graph))
            self._definitions[key] = self.new_context(graph, "symbolic", network, scope, {}, {})
        return self._definitions[key]

    def definition(self, key: str) -> Context:
        """A graph by itself: inferred widths and size-like parameters are symbols, other parameters concrete.

        A network that is no block has its symbols instead of inferred widths.
        """
        self.refresh()
        if key not in self._definitions:
            graph = self.project.graphs[key]
            instances = [c for c in self._instances(key) if c.role == "instance"]
            if not instances and key in self.project.network_keys.values():
                symbols: dict[str, Value] = {name: symbol(name) for name in self.project.symbols}
                scope = {**symbols, **definition_scope(graph, None)}
                self._definitions[key] = self.new_context(graph, "symbolic", key, scope, {}, {})
                return self._definitions[key]
            example = next(iter(instances), None)
            scope = definition_scope(graph, example)
            inputs: dict[str, Spec | None] = {}
            bound: dict[str, Dim] = {}
            for port in graph.inputs():
                inputs[port.id] = definition_input(port, example, scope, bound)
            self._definitions[key] = self.new_context(graph, "definition", key, scope, bound, inputs)
        return self._definitions[key]

    def schedule_of(self, graph: Graph) -> Schedule:
        """The graph's schedule, remembered until its structure changes."""
        if self.project.is_editing:
            return schedule(graph)  # half an edit: what is remembered is of before
        found = self._schedules.get(graph.key)
        if found is None:
            found = self._schedules[graph.key] = schedule(graph)
        return found

    def example(self, key: str) -> Context:
        """A concrete context of a block: the first living instance, else its definition."""
        self.refresh()
        return next(iter(self._instances(key)), None) or self.definition(key)

    def structures(self, key: str) -> list[tuple[str, list[tuple[str, Finding]]]]:
        """What is wrong with the structure of a network's graph and of each graph it uses."""
        todo, seen, found = [key], {key}, []
        networks = set(self.project.network_keys.values())
        while todo:
            here = todo.pop(0)
            graph = self.project.graphs[here]
            known = self._structures.get(here)
            if known is None:
                known = self._structures[here] = Structure(graph)
            found.append((here, known.findings(self.schedule_of(graph), network=here in networks)))
            used = known.blocks()
            todo += [block for block in used if block not in seen]
            seen.update(used)
        return found

    def is_too_deep(self, key: str) -> bool:
        """Whether too many blocks lie one in another, that of ``key`` included."""
        self._callees()
        return key in self._too_deep

    def recursive_graphs(self) -> set[str]:
        """The keys of graphs that end up using themselves."""
        return self._callees()[1]

    # What edits do.

    def note(self, edit: Edit) -> None:
        """Mark what an edit can affect."""
        self.version += 1
        for context in self._definitions.values():
            self._release(context)
            self._dirty = True
        self._definitions.clear()
        mend_schedules(self._schedules, self.project, edit)
        for change in edit.changes:
            match change.table:
                case "nodes":
                    self._note_node(change.graph, change.key, change.old, change.new)
                case "wires":
                    target = change.key.partition(".")[0]
                    if change.graph in self._structures:
                        self._structures[change.graph].touch_wire(target)
                    self._mark(change.graph, target)
                    for context in self._contexts.get(change.graph, {}).values():
                        self.touched.setdefault(context, set()).add(target)
                case "ties":
                    self._mark(change.graph, first_of(change.key))
                case "head":
                    self._structures.pop(change.graph, None)  # sentences name the graph
                    self._mark_users(change.graph)
                case "params":
                    self._drop_contexts(change.graph)
                case "graphs" | "symbols" | "network_keys":
                    self._forget_all()
        if self._order is None and len(self.project.graphs) > MAX_DEPTH:
            before = self._too_deep
            self._callees()
            if before != self._too_deep:
                self._forget_all()

    def _note_node(self, key: str, id: str, old: Node | None, new: Node | None) -> None:
        if key in self._structures:
            self._structures[key].touch_node(old, new)
        contexts = self._contexts.get(key, {}).values()
        if old and new and not _role(old) and only_renamed(contexts, self.project.graphs[key], old, new):
            return
        if (old and old.type in self.project.graphs) or (new and new.type in self.project.graphs):
            self._order = None
            self._mark_refused()
        ports = [node for node in (old, new) if node and _role(node)]
        if ports:
            self._structures.clear()  # wires to the ports of a block are checked where it is used
        if ports and old and new and replace(old, name=new.name) == new:
            self._mark(key, id)
            self._mark_users(key)  # scans pair states by name, and sentences name ports
        elif ports and key not in self.project.network_keys.values():
            self._drop_contexts(key)
        elif ports:
            self._drop_contexts(key, roots_too=any(_role(node) == "input" for node in ports) and (not old or not new))
            self._mark(key, id)
        else:
            self._mark(key, id)

    def _mark(self, key: str, id: str) -> None:
        self._dirty = True
        ids = {id, *users_of(self.project.graphs[key], id)} if key in self.project.graphs else {id}
        for context in self._contexts.get(key, {}).values():
            context.stale |= ids

    def _drop_contexts(self, *keys: str, roots_too: bool = True) -> None:
        """The ports or parameters of graphs changed: their contexts are void, their users are stale."""
        dropped = set(keys)
        if not dropped:
            return
        self._dirty = True
        for context in [c for key in keys for c in self._contexts.get(key, {}).values()]:
            if context.role == "root" and not roots_too:
                continue
            for user, id in context.users.values():
                user.stale.add(id)
            self._release(context)
        # A user that something keeps from having a context is none of its users, and may have one now.
        self._mark_users(*keys)
        self._roots = {name: c for name, c in self._roots.items() if c.graph.key not in dropped or not roots_too}
        self._mark_refused()

    def _mark_users(self, *keys: str) -> None:
        wanted = set(keys)
        for graph in self.project.graphs.values():
            for node in graph.nodes.values():
                if node.type in wanted:
                    self._mark(graph.key, node.id)

    def _mark_refused(self) -> None:
        """Instances that were refused may be sound now, though no context lists them as users."""
        for context in (c for contexts in self._contexts.values() for c in contexts.values()):
            results, graphs = context.results.items(), self.project.graphs
            context.stale.update(id for id, result in results if not result.calls and result.node.type in graphs)

    def _forget_all(self) -> None:
        self._contexts.clear()
        self._sizes.clear()
        self._inside = 0
        self.touched.clear()
        self._roots.clear()
        self._schedules.clear()
        self._structures.clear()
        self._order = None
        self._dirty = True

    # Refreshing.

    def refresh(self) -> None:
        """Bring every living context up to date."""
        if not self._dirty:
            return
        self._drop_contexts(*(self._recursive ^ self.recursive_graphs()))
        self._recursive = self.recursive_graphs()
        self._dirty = False
        self._evict()
        for key in self._callees()[0]:
            ways = blocks_tied(self.project.graphs[key])
            for context in list(self._contexts.get(key, {}).values()):
                context.stale |= ways
                if context.stale or context.resummed:
                    totals, outputs = context.totals, context.given_out()
                    refresh_context(self, context)
                    self.settle_ties(context)
                    if context.given_out() != outputs:
                        for user, id in context.users.values():
                            user.stale.add(id)
                    elif context.totals != totals:
                        for user, id in context.users.values():
                            user.resummed.add(id)
        self._evict()

    def settle_ties(self, context: Context) -> None:
        """Say what only the whole of a context's graph tells, such as ties, and count it among its errors."""
        found = settled_findings(context)
        if not found and not context.tie_findings:
            return
        errors = context.totals.errors + len(found) - len(context.tie_findings)
        context.tie_findings, context.totals = found, context.totals._replace(errors=errors)

    def forget(self, context: Context, id: str) -> Result:
        """Take a node's result out of a context."""
        result = context.results.pop(id)
        self.touched.setdefault(context, set()).add(id)
        for call in result.calls:
            call.context.users.pop((id_of(context), id), None)
            self._loose = True
        return result

    def put(self, context: Context, id: str, old: Result | None, new: Result) -> None:
        """Replace a node's result in a context."""
        if old and old.calls:
            for call in old.calls:
                call.context.users.pop((id_of(context), id), None)
            self._loose = True
        if new.calls:
            for call in new.calls:
                call.context.users[(id_of(context), id)] = (context, id)
        context.results[id] = new
        if old is None or new.calls or old.calls or old.facts is not new.facts or old.enabled is not new.enabled:
            self.touched.setdefault(context, set()).add(id)

    def _evict(self) -> None:
        """Forget contexts that nothing uses any more; living ones never."""
        if not self._loose:
            return
        self._loose = False
        todo = [c for contexts in self._contexts.values() for c in contexts.values() if not self._living(c)]
        while todo:
            context = todo.pop()
            children = {id_of(call.context): call.context for r in context.results.values() for call in r.calls}
            self._release(context)
            todo += [child for child in children.values() if not self._living(child)]

    def _living(self, context: Context) -> bool:
        return bool(context.users) or context.role == "root"

    def _release(self, context: Context) -> None:
        context.released = True
        for id in list(context.results):
            self.forget(context, id)
        self._contexts.get(context.graph.key, {}).pop((context.role, context.key), None)
        self._inside -= self._sizes.pop(id_of(context), 0)
        self.touched.pop(context, None)

    def _instances(self, key: str) -> list[Context]:
        """The living concrete contexts of a block."""
        return [
            c for c in self._contexts.get(key, {}).values() if all(type(v) is not Expr for v in c.inferred.values())
        ]

    def _callees(self) -> tuple[list[str], set[str]]:
        if self._order is None:
            self._order = callees_first(self.project)
            self._too_deep = too_deep(self.project, self._order[0])
        return self._order

    # Making contexts.

    def instance(self, graph: Graph, key: Any) -> Context | None:
        """The living context of a block for these values and inputs, if there is one."""
        return self._contexts.get(graph.key, {}).get(("instance", key))

    def is_full(self) -> bool:
        """Whether no more instances are worked out: files could ask for more than there is time or memory for."""
        return self._inside >= MAX_INSIDE

    def new_context(
        self,
        graph: Graph,
        role: str,
        key: Any,
        scope: dict[str, Value],
        bound: dict[str, Dim],
        inputs: Mapping[str, Spec | None],
    ) -> Context:
        """Work out a graph under given values and inputs; ``bound`` holds the inferred widths."""
        context = Context(graph, role, key, {**scope, **bound}, bound, inputs)
        if role in ("root", "instance"):
            self._contexts.setdefault(graph.key, {})[(role, key)] = context
        plan = self.schedule_of(graph)
        context.order = plan.order
        if role == "instance":
            self._loose = True  # until somebody uses it
            self._sizes[id_of(context)] = len(plan.order)
            self._inside += len(plan.order)
        results = context.results
        sums = []
        for id in plan.order:
            result = evaluate_node(self, context, graph.nodes[id])
            results[id] = result
            for call in result.calls:
                call.context.users[(id_of(context), id)] = (context, id)
            if role == "instance" and result.calls:
                self._sizes[id_of(context)] += len(result.calls)
                self._inside += len(result.calls)
            sums.append(result.totals)
        context.totals = total(sums)
        self.settle_ties(context)
        return context


def id_of(context: Context) -> int:
    """The key by which a context is listed among the users of another."""
    return id(context)


def _role(node: Node) -> str:
    declaration = layer_types().get(node.type)
    return getattr(declaration.torch, "role", "") if declaration else ""
