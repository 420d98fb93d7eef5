"""Merging orders: of a graph's parameters, and of the networks."""

from __future__ import annotations

from collections.abc import Sequence, Set

from graph_core.names import natural
from graph_core.ways import ORDER, Leaves


def merged_orders(merged: Leaves, base: Leaves, ours: Leaves, theirs: Leaves) -> None:
    """Put the orders of the tables in ``merged`` there."""
    for way in {way: None for side in (ours, theirs) for way in side if way[0] == ORDER}:
        table = way[1:]
        keys = {key[-1] for key in merged if key[:-1] == table}
        if keys:
            merged[way] = merged_order(keys, *(side.get(way, ()) for side in (base, ours, theirs)))


def merged_order(keys: set[str], base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The order of ``keys``: that of the side that changed it, what is new after what it stood behind there.

    Which side is which makes no difference unless both changed the order: then ours stands.
    """
    common = [key for key in base if key in keys and key in ours and key in theirs]
    known = set(common)
    kept = [key for key in ours if key in known]
    found = kept if kept != common else [key for key in theirs if key in known]
    ends = [_behind(side, known, keys) for side in (ours, theirs)]
    result: list[str] = []
    for anchor in ("", *found):
        result += [anchor] if anchor else []
        runs = sorted((end[anchor] for end in ends if anchor in end), key=lambda run: [natural(key) for key in run])
        result += dict.fromkeys(key for run in runs for key in run if key not in result)
    return [*result, *sorted(keys - set(result), key=natural)]


def _behind(side: Sequence[str], known: Set[str], keys: Set[str]) -> dict[str, list[str]]:
    """What is new on a side, by the known key that it stands behind; the empty text for the beginning."""
    found: dict[str, list[str]] = {}
    anchor = ""
    for key in side:
        if key in known:
            anchor = key
        elif key in keys:
            found.setdefault(anchor, []).append(key)
    return found
