"""What titles get for being known to have what was named: by a draft, or by `more` and `less`.

A vector that was foreseen from a few tags is near to titles of their sort, of which most have none of the very tags. A
filter brings nothing else, however far it has to go for them. What is added here stays near and brings some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy

import numpy as np

from queries.asked import Asked
from queries.entities import Positions
from queries.facts import Facts
from queries.nodes import Drafted
from queries.vectors import Floats
from queries.wishes import Wish

#: What being known to have a tag asked for is worth, in similarity, at strength 1.
_WISHED = 0.27
#: What being known to have all that a draft names is worth.
_DRAFTED = 0.15
#: Who watches a title says nothing of what it is about, so a draft's tags count as much as the other views do.
_APART = "audience"


class Named:
    """What is added to the similarity of each title for each of several queries.

    Args:
        facts: who has what.
        num_titles: T.
        asked: the queries; a draft names all that its facts lead to, the rarer the more (the square of the rarity, as
            in a cosine of bags), and a title gets the share of it that it has.
        weights: of the views that are asked, adding up to 1.
        more, less: what is asked for and unwanted in every query.
        strength: how much.
    """

    def __init__(
        self,
        facts: Facts,
        num_titles: int,
        asked: Asked,
        weights: Mapping[str, float],
        more: Sequence[Wish],
        less: Sequence[Wish],
        strength: float,
    ) -> None:
        self._facts, self._num_titles = facts, num_titles
        share = 1 - weights.get(_APART, 0.0)
        self._drafted = share * _DRAFTED
        self._drafts = {i: draft for i, draft in asked.drafts.items() if len(draft.entities)} if share else {}
        self._wished = np.zeros(num_titles, dtype=np.float32)
        for sign, listed in ((1, more), (-1, less)):
            for wish in listed:
                self._wished += np.float32(sign * strength * _WISHED) * wish.titles
        self._wishes = bool(more or less)

    def __bool__(self) -> bool:
        """Whether anything is named at all."""
        return self._wishes or bool(self._drafts)

    def __call__(self, query: int) -> Floats:
        """What each title gets for, or loses by, what a query names: float32 [T], in similarity."""
        total = self._wished.copy()
        if query in self._drafts:
            for titles, share in self._shares(self._drafts[query]):
                total[titles] += np.float32(self._drafted * share)  # a title that is named twice here counts once
        return total

    def only(self, query: int) -> Named:
        """The same for one of the queries, as if it were the only one."""
        one = copy(self)
        one._drafts = {0: self._drafts[query]} if query in self._drafts else {}
        return one

    def _shares(self, draft: Drafted) -> Iterator[tuple[Positions, float]]:
        """What the draft names, one after the other: which titles have it, by whatever relation, and its share."""
        squares: dict[int, float] = {}
        for relation, entity in zip(draft.relations.tolist(), draft.entities.tolist(), strict=True):
            squares[entity] = max(squares.get(entity, 0.0), self._facts.rarity(relation, entity) ** 2)
        for entity, square in squares.items():
            heads = self._facts.of(entity, "in")[1]
            yield heads[heads < self._num_titles].astype(np.int64), square / sum(squares.values())
