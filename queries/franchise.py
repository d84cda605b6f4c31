"""What belongs together: sequels, one series or universe, and titles whose names say so."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.names import fold
from embeddings.release import Release
from queries.entities import Positions
from queries.facts import Facts
from queries.nodes import Drafted, Node

_CHAINS = ("follows", "followed_by", "part_of")
#: What follows the name of a series: ": Episode IV", " – The Movie", " 2", " III", " Part Two", " Vol. 2".
_REST = re.compile(
    r"\s*(?:[:–—].*|\s-\s.*|\s(?:part|vol\.?|volume|chapter)\s+\S+.*|\s(?:\d{1,2}|[IVX]+))$", re.IGNORECASE
)
_SHORTEST = 4
_MOST = 2_000


class Franchises:
    """Finds the titles of a title's franchise."""

    def __init__(self, release: Release, facts: Facts) -> None:
        self._release, self._facts = release, facts
        self._num_titles = int(release.manifest["num_titles"])

    def of(self, title: Node, label: str) -> Positions:
        """Titles that continue it or that it continues, at any distance, that are part of the same whole, or whose
        names begin alike and go on with a number or after a colon ("Toy Story", "Toy Story 2"). Without itself.
        """
        found = self._linked(title) | set(self._named_alike(label))
        return np.array(sorted(i for i in found if i < self._num_titles and i != title), dtype=np.int64)

    def _linked(self, title: Node) -> set[int]:
        numbers = [number for name in _CHAINS for number in self._facts.numbers(name)]
        seen: set[int] = set()
        queue: list[Node] = [title]
        while queue and len(seen) < _MOST:
            node = queue.pop()
            for side in ("out",) if isinstance(node, Drafted) else ("out", "in"):
                relations, entities, _ = self._facts.of(node, side)
                new = set(entities[np.isin(relations, numbers)].tolist()) - seen
                seen |= new
                queue += new
        return seen

    def _named_alike(self, label: str) -> list[int]:
        stem = _stem(label)
        if len(stem) < _SHORTEST:
            return []
        labels = self._release.table("titles.parquet", "label")["label"]
        begins = pc.match_substring_regex(labels, f"^{re.escape(stem)}\\b", ignore_case=True)
        near = np.flatnonzero(pc.fill_null(begins, False).to_numpy())
        names = labels.take(pa.array(near)).to_pylist()
        # One name alone says nothing: two films called "Crash" have nothing to do with each other.
        return [
            int(i)
            for i, name in zip(near, names, strict=True)
            if fold(_stem(name)) == fold(stem) and fold(name) != fold(label)
        ]


def _stem(label: str) -> str:
    """A title's name without what tells it from others of its franchise."""
    return _REST.sub("", label).strip() or label
