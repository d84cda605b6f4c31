"""What a question is about: titles of the release, or titles that it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from queries.entities import Entities, Flags, Positions
from queries.errors import BadQuestion, EmptyQuestion, NoVector
from queries.nodes import Drafted, Node
from queries.vectors import Floats, Vectors

#: One title or several, each by identifier, label, another label, or "label (year)"; or a draft.
TitleNames = str | Drafted | Sequence[str | Drafted]


@dataclass(frozen=True, eq=False)
class Asked:
    """n things asked about.

    Attributes:
        entities, matrices: of the release.
        positions: where each stands in the release, −1 for a draft; [n].
        drafts: the drafts, by their number among the n.
    """

    entities: Entities
    matrices: Vectors
    positions: Positions
    drafts: Mapping[int, Drafted]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def ids(self) -> list[str]:
        """The identifier of each."""
        return self._each(self.entities.ids, lambda draft: draft.id)

    @property
    def labels(self) -> list[str]:
        """What each is called."""
        return self._each(self.entities.labels, lambda draft: draft.label)

    @property
    def nodes(self) -> list[Node]:
        """Each of them, as facts and evidence take it."""
        return [self.drafts.get(i, at) for i, at in enumerate(self.positions.tolist())]

    def vectors(self, view: str) -> tuple[Floats, Flags]:
        """Vectors in a view, float32 [n, d], and which of them have one, bool [n]."""
        matrix, present = self.matrices.titles(view), self.matrices.present(view)
        if not self.drafts:
            return matrix[self.positions], present[self.positions]
        vectors = np.zeros((len(self), matrix.shape[1]), dtype=np.float32)
        known = np.flatnonzero(self.positions >= 0)
        vectors[known] = matrix[self.positions[known]]
        has = np.zeros(len(self), dtype=bool)
        has[known] = present[self.positions[known]]
        for i, draft in self.drafts.items():
            if view in draft.vectors:
                vectors[i], has[i] = draft.vectors[view], True
        return vectors, has

    def only(self, i: int) -> Asked:
        """One of them."""
        drafts = {0: self.drafts[i]} if i in self.drafts else {}
        return Asked(self.entities, self.matrices, self.positions[i : i + 1], drafts)

    def require(self, has: Flags, view: str) -> None:
        """Raise :class:`NoVector` for the first that has none."""
        for i in np.flatnonzero(~has).tolist():
            raise NoVector(self.labels[i], view, self.matrices.views_of(self.nodes[i]))

    def _each(self, of_known: Callable[[Positions], list[str]], of_draft: Callable[[Drafted], str]) -> list[str]:
        if not self.drafts:
            return list(of_known(self.positions))
        known = of_known(np.maximum(self.positions, 0))
        return [of_draft(self.drafts[i]) if i in self.drafts else name for i, name in enumerate(known)]


def together(*sides: Asked) -> list[tuple[Asked, ...]]:
    """One of each side at a time: the first of all, the second of all, …; a side of one title goes with every one.

    Raises :class:`BadQuestion` where two sides have several titles, and not as many.
    """
    counts = [len(side) for side in sides if len(side) > 1]
    if len(set(counts)) > 1:
        numbers = " and ".join(f"{count:,}" for count in dict.fromkeys(counts))
        raise BadQuestion(f"{numbers} titles can't be told which goes with which: give one, or as many of each.")
    rows = range(max(counts, default=1))
    return [tuple(side.only(i if len(side) > 1 else 0) for side in sides) for i in rows]


def several(names: object) -> bool:
    """Whether `names` is more than one title: a list of any length."""
    return not isinstance(names, str | Drafted)


def as_list(names: object, what: str) -> list[Any]:
    """One name or draft, or several, as a list. Raises :class:`EmptyQuestion`."""
    if isinstance(names, pd.Series | pd.Index | np.ndarray):
        names = names.tolist()
    if not several(names):
        return [names]
    if not isinstance(names, Sequence | set | frozenset) or isinstance(names, bytes):
        raise EmptyQuestion(f"{names!r} is no {what}: give a label, an identifier, a draft, or a list of them.")
    if not names:
        raise EmptyQuestion(f"No {what} is given: the list is empty.")
    return list(names)


def resolve(entities: Entities, matrices: Vectors, names: object) -> Asked:
    """What `names` means: a title's name, a draft, or a list of them.

    Raises :class:`UnknownTitle`, :class:`AmbiguousTitle`, :class:`EmptyQuestion`.
    """
    listed = as_list(names, "title")
    drafts = {i: name for i, name in enumerate(listed) if isinstance(name, Drafted)}
    positions = np.full(len(listed), -1, dtype=np.int64)
    if named := [i for i in range(len(listed)) if i not in drafts]:
        positions[named] = entities.titles([listed[i] for i in named])
    return Asked(entities, matrices, positions, drafts)
