"""Helper classes that an emitted file carries: of layers that torch.nn lacks, and of custom code that is trusted.

Custom code that its user does not trust never enters a file: a class of its name stands there and refuses.
"""

from __future__ import annotations

from collections.abc import Iterable

from codegen.emit import trees
from codegen.emit.trees import EmitError
from graph_core.codetext import CodeError, read_code
from graph_core.graph import Graph
from graph_core.layer import Module, layer_types
from graph_core.names import numbered
from graph_core.trust import code_of, is_trusted

_REFUSING = '''class {name}(nn.Module):
    """Custom code that was not trusted when this file was made."""

    def __init__(self, *arguments: object) -> None:
        raise RuntimeError("Trust the code of {name} in Netwright, and make this file again.")
'''


HELD = "HeldTensors"
_HELD = """
class HeldTensors(nn.Module):
    \"\"\"Parameters and buffers that are kept under names of their own.\"\"\"

    def __init__(self, **tensors: Tensor) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            setattr(self, name, tensor)
"""


class Helpers:
    """The helpers of one file. ``reserved`` are the names that they may take; they are known before any class."""

    def __init__(self, graphs: Iterable[Graph], *, trusted_only: bool) -> None:
        spellings = [t.torch for t in layer_types().values() if isinstance(t.torch, Module)]
        declared = {spelling.name for spelling in spellings if spelling.preamble and not spelling.code}
        self._names: dict[str, str] = {}  # custom code -> the name of its class in this file
        self._used: dict[str, tuple[str, bool]] = {}  # name -> preamble, whether it is custom code
        bound: set[str] = set()
        functions: set[str] = set()
        for graph in graphs:
            for node in graph.nodes.values():
                code = code_of(graph.project, node)
                if code is None or code in self._names:
                    continue
                if trusted_only and not is_trusted(code):
                    raise EmitError(
                        f"{node.name} holds code that is not trusted on this computer; read it, and trust it in the "
                        "inspector or with netwright trust."
                    )
                try:
                    self._name(code, declared)
                except CodeError as error:
                    raise EmitError(f"{node.name}: {error}") from error
                known = read_code(code)
                if known.function in functions:
                    raise EmitError(f"Two custom functions are called {known.function}; rename one of them.")
                functions |= {known.function} - {""}
                bound |= known.bound | {known.function} - {""}
        self.reserved = {"OrderedDict", HELD, *declared, *self._names.values(), *bound}

    def _name(self, code: str, declared: set[str]) -> None:
        wish = read_code(code).name
        name = numbered(wish, {*declared, *self._names.values()}, bare=True)
        read_code(code).called(name)
        self._names[code] = trees.name(name).id

    def name_of(self, spelling: Module) -> str:
        """What the module is called in this file, which carries it along from now on."""
        name = self._names[spelling.preamble] if spelling.code else spelling.name
        if spelling.preamble:
            self._used[name] = (spelling.preamble, spelling.code)
        return name

    def holder(self) -> str:
        """The name of the class that holds buffers by their names, which the file carries along from now on."""
        self._used[HELD] = (_HELD, False)
        return HELD

    def write(self) -> tuple[list[str], list[str]]:
        """The imports that the helpers need, and the source of each."""
        imports: dict[str, None] = {}
        sources: list[str] = []
        for name, (text, custom) in self._used.items():
            if not custom:
                sources.append(text.strip("\n"))
            elif is_trusted(text):
                code = read_code(text)
                imports.update(dict.fromkeys(code.imports))
                sources.append(code.called(name))
            else:
                sources.append(_REFUSING.format(name=name).strip("\n"))
        return list(imports), sources
