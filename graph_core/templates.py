"""The drawings that one can start from: .netw files among the assets, listed in their index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from graph_core.graph import Project
from graph_core.project import FileError, loads


@dataclass(frozen=True, slots=True)
class Template:
    """One drawing to start from: its name on the command line, its title, a line about it, words for search."""

    name: str
    title: str
    help: str
    tags: tuple[str, ...]


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """All templates, in the order of the gallery."""
    rows = json.loads((files("assets") / "templates" / "index.json").read_text(encoding="utf-8"))
    return tuple(Template(row["name"], row["title"], row["help"], tuple(row["tags"])) for row in rows)


def template_text(name: str) -> str:
    """The text of a template's file; raises FileError for a name that is none."""
    known = [template.name for template in templates()]
    if name not in known:
        raise FileError(f"There is no template {name[:60]}; there are {', '.join(known)}.")
    return (files("assets") / "templates" / f"{name}.netw").read_text(encoding="utf-8")


def open_template(name: str) -> Project:
    """A new project drawn as the template; raises FileError for a name that is none."""
    return loads(template_text(name))
