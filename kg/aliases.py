"""One thing under several identifiers: from same_as and different_from statements to a canonical row for each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kg.keys import Ints


def resolve(count: int, same: Iterable[tuple[int, int]], different: Iterable[tuple[int, int]]) -> Ints:
    """int64 [count]: the canonical row of every row, the oldest of its group.

    `same` and `different` are pairs of rows. Statements of sameness are taken in the order given, so put the surest
    first: one that would join two rows known to be different is left out, however long the chain between them.
    Union–find with path halving; each root keeps the set of roots it must not join.
    """
    parent = list(range(count))
    foes: dict[int, set[int]] = {}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in different:
        if a != b:
            foes.setdefault(a, set()).add(b)
            foes.setdefault(b, set()).add(a)
    for a, b in same:
        old, young = sorted((root(a), root(b)))
        if old == young or young in foes.get(old, ()):
            continue
        parent[young] = old
        for foe in foes.pop(young, ()):
            foes[foe].discard(young)
            foes[foe].add(old)
            foes.setdefault(old, set()).add(foe)
    return np.fromiter((root(row) for row in range(count)), dtype=np.int64, count=count)
