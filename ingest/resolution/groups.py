"""Things joined so far, and the reasons why two of them can never be one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kg.keys import Flags, Ints


class Groups:
    """A partition of `count` things that only ever grows coarser, with a veto.

    Two groups clash where one *is* what the other *is not* (bit masks, for instance "numbered by IMDb" on both
    sides, or film against series), where their years together span more than `slack`, or where somebody said that they
    differ. A clash is inherited by whatever a group is joined with. Union–find with path halving.
    """

    def __init__(self, count: int, *, slack: int = 2) -> None:
        self._parent = list(range(count))
        self._are = [0] * count
        self._are_not = [0] * count
        self._years: dict[int, tuple[int, int]] = {}
        self._foes: dict[int, set[int]] = {}
        self._slack = slack
        self._bits: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._parent)

    def mark(self, things: Iterable[int], *, one: str, other: str | None = None) -> None:
        """Say of `things` that they are `one` and so not `other`; without `other`, that no two of them are one."""
        is_bit, not_bit = self._bit(one), self._bit(other or one)
        for thing in things:
            self._are[thing] |= is_bit
            self._are_not[thing] |= not_bit

    def date(self, things: Ints, years: Ints) -> None:
        """Say that `things` [n] are of `years` [n]."""
        for thing, year in zip(things.tolist(), years.tolist(), strict=True):
            low, high = self._years.get(thing, (year, year))
            self._years[thing] = min(low, year), max(high, year)

    def differ(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Say that the two things of each pair are not one."""
        for a, b in pairs:
            a, b = self.root(a), self.root(b)
            if a != b:
                self._foes.setdefault(a, set()).add(b)
                self._foes.setdefault(b, set()).add(a)

    def _bit(self, name: str) -> int:
        return self._bits.setdefault(name, 1 << len(self._bits))

    def root(self, thing: int) -> int:
        """The thing that stands for the group of `thing`."""
        parent = self._parent
        while parent[thing] != thing:
            parent[thing] = parent[parent[thing]]
            thing = parent[thing]
        return thing

    def roots(self, things: Ints | None = None) -> Ints:
        """int64 [n]: the root of each of `things`, or of all."""
        asked = range(len(self)) if things is None else things.tolist()
        return np.fromiter((self.root(thing) for thing in asked), dtype=np.int64, count=len(asked))

    def clash(self, a: int, b: int) -> bool:
        """Whether the groups of `a` and `b` can't be one."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return False
        return bool(
            self._are[a] & self._are_not[b]
            or self._are_not[a] & self._are[b]
            or self._span(a, b) > self._slack
            or b in self._foes.get(a, ())
        )

    def _span(self, a: int, b: int) -> int:
        """How many years lie between the first and the last of both groups; 0 where one has none."""
        if a not in self._years or b not in self._years:
            return 0
        (low_a, high_a), (low_b, high_b) = self._years[a], self._years[b]
        return max(high_a, high_b) - min(low_a, low_b)

    def clashes(self, a: Ints, b: Ints) -> Flags:
        """bool [n]: whether the groups of `a` [n] and `b` [n] can't be one."""
        pairs = zip(a.tolist(), b.tolist(), strict=True)
        return np.fromiter((self.clash(x, y) for x, y in pairs), dtype=bool, count=len(a))

    def join(self, a: int, b: int) -> None:
        """Make the groups of `a` and `b` one. The caller has seen to it that they don't clash."""
        a, b = sorted((self.root(a), self.root(b)))
        if a == b:
            return
        self._parent[b] = a
        self._are[a] |= self._are[b]
        self._are_not[a] |= self._are_not[b]
        if b in self._years:
            low, high = self._years.pop(b)
            self._years[a] = min(low, self._years.get(a, (low, high))[0]), max(high, self._years.get(a, (low, high))[1])
        for foe in self._foes.pop(b, ()):
            self._foes[foe].discard(b)
            self._foes[foe].add(a)
            self._foes.setdefault(a, set()).add(foe)
