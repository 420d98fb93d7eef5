"""Rules run unchanged on symbols: they never compare sizes, they ask."""

from __future__ import annotations

import pytest

from graph_core.layer import layer_types
from tests.house.sizes import declared_sizes, offences
from tests.house.source import Source, sources

MADE_UP = """
class Base(Layer):
    kernel_size = Pair(3)
    channels: Size

class MadeUp(Base):
    heads = Count(8)
    def rule(self, x: Shape, *more: Shape, mask: Shape | None = None):
        n, c, *space = x
        total = prod(space)
        shapes: list[Shape] = []
        {}
"""


def found_in(line: str) -> list[str]:
    """The offences of a rule that contains ``line``."""
    source = Source("graph_core/layers/made_up.py", MADE_UP.format(line))
    return offences(source, declared_sizes([source]))


def test_rules_never_compare_sizes():
    modules = sources("graph_core/layers")
    parameters = declared_sizes(modules)
    assert [line for source in modules for line in offences(source, parameters)] == []


def test_the_reader_knows_the_declared_sizes():
    parameters = declared_sizes(sources("graph_core/layers"))
    for name, declaration in layer_types().items():
        wanted = {key for key, field in declaration.fields.items() if field.kind in ("size", "sizes", "shape")}
        assert wanted <= set(parameters[name]), name


@pytest.mark.parametrize(
    "line",
    [
        "if c == 64: pass",
        "if n: pass",
        "y = 1 if not c else 2",
        "y = c % self.channels",
        "y = [s for s in space if s > 1]",
        "for s in space: y = s <= 0",
        "for i, (s, k) in enumerate(zip(space, self.kernel_size)): y = s < k",
        "for i in range(c): pass",
        "y = max(c, 1)",
        "require(total >= 1, 'a')",
        "require(c * 2 != 4, 'a')",
        "y = x == mask",
        "y = x[-1] == 3",
        "y = x[1:][0] == 3",
        "y = more[0][1] != c",
        "y = all(size == 1 for shape in more for size in shape)",
        "y = 1 in space",
        "y = c and 3",
        "assert c",
        "last = x[-1]; y = last == 2",
        "a, b = c // 2, self.heads; y = a == 3",
        "y = (lambda: c == 3)()",
        "f(width=c == 3)",
    ],
)
def test_a_comparison_is_seen(line: str):
    assert found_in(line) != []


@pytest.mark.parametrize(
    "line",
    [
        "if len(x) == 4: pass",
        "if self.heads == 8: pass",
        "if mask is not None: pass",
        "for i in range(self.heads): pass",
        "require(same(c, 64), 'a')",
        "require(divides(self.channels, c), f'{c} channels')",
        "y = (n, *[s // 2 for s in space])",
        "for s, k in zip(space, self.kernel_size): require(at_least(s, k), 'a')",
        "a, b = self.heads, c; y = a == 3",
        "if same(c, 1): pass",
    ],
)
def test_asking_passes(line: str):
    assert found_in(line) == []
