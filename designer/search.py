"""Finding a layer by words: the catalogue of everything that can be placed, and how well a query fits."""

from __future__ import annotations

from dataclasses import dataclass

from designer.words import told, tr
from graph_core import Project
from graph_core.layer import FAMILIES, Layer, layer_types


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to place: a layer type or a block of the project. `type` is empty for an empty family's caption."""

    type: str
    title: str
    family: str
    group: str
    help: str
    words: str
    uses: int = 0
    rare: bool = False  # found by its full name only


def catalogue(project: Project, *, palette: bool = False) -> list[Entry]:
    """Layer types in the order of their families, then the project's blocks; `palette` keeps their caption if none."""
    entries = [
        Entry(name, name, d.family, told(FAMILIES[d.family]), d.help, _words(name, d), rare=d.rare)
        for name, d in layer_types().items()
    ]
    order = list(FAMILIES)
    entries.sort(key=lambda entry: order.index(entry.family))
    uses: dict[str, int] = {}
    for graph in project.graphs.values():
        for node in graph.nodes.values():
            uses[node.type] = uses.get(node.type, 0) + 1
    networks = set(project.network_keys.values())
    blocks = [
        Entry(
            key,
            graph.name,
            "block",
            tr("Blocks"),
            tr("The block {graph} of this project.", graph=graph.name),
            graph.name.lower(),
            uses.get(key, 0),
        )
        for key, graph in project.graphs.items()
        if key not in networks
    ]
    if not blocks and palette:
        blocks = [
            Entry("", tr("none yet"), "block", tr("Blocks"), tr("Collapse a selection to make a block."), "blocks")
        ]
    return entries + blocks


def _words(name: str, declaration: type[Layer]) -> str:
    """What a type is searched by: in English, and in the language of the window."""
    family = FAMILIES[declaration.family]
    return f"{name} {declaration.words} {family} {told(family)} {told(declaration.help)}".lower()


def score(entry: Entry, query: str) -> int:
    """How well an entry fits: the beginning of its name, of a word of it, letters in order; 0 for not at all."""
    query = query.strip().lower()
    name = entry.title.lower()
    if not query:
        return 0 if entry.rare else 1
    if name == query:
        return 100
    if entry.rare:
        return 0
    if name.startswith(query):
        return 80
    if query in name:
        return 60
    if any(word.startswith(query) for word in entry.words.split()):
        return 50
    if query in entry.words:
        return 30
    letters = iter(name)
    return 10 if all(c in letters for c in query) else 0


def matches(entry: Entry, query: str) -> bool:
    """Whether an entry fits every word of a query; any does where there is none, but for what is rare."""
    if not query.strip():
        return not entry.rare
    return all(score(entry, word) > 10 or (len(word) > 2 and score(entry, word)) for word in query.split())


def best(entries: list[Entry], query: str, limit: int = 12) -> list[Entry]:
    """The entries that fit, best first, ties in the order of the catalogue."""
    ranked = sorted(((score(e, query), -k, e) for k, e in enumerate(entries) if e.type), key=lambda t: (-t[0], -t[1]))
    return [entry for points, _, entry in ranked if points][:limit]
