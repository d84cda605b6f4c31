"""In what ways two titles are comparable, and in what they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from queries.entities import Entities
from queries.evidence import Evidence
from queries.facts import Facts, Shared
from queries.vectors import Vectors

_COLUMNS = ["aspect", "facet", "relation", "what", "id", "weight", "learnt"]
_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Explanation:
    """What two titles have in common.

    Attributes:
        frame: one row each: aspect ("similarity", "both", "path", "only a", "only b"), facet (storyline, people, source
            material, …; the view for a similarity), relation, what (in words), id, weight (the similarity, or the
            rarity: :func:`embeddings.rarity.rarity`), learnt (whether vectors were made from it: held-out facts and
            hints are shown but were not).
        text: the same as a paragraph.
    """

    frame: pd.DataFrame
    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<p>{self.text}</p>{self.frame.to_html(index=False)}"


class Explainer:
    """Compares titles by their facts and their vectors."""

    def __init__(self, entities: Entities, facts: Facts, vectors: Vectors, evidence: Evidence) -> None:
        self._entities, self._facts, self._vectors, self._evidence = entities, facts, vectors, evidence

    def __call__(self, a: int, b: int) -> Explanation:
        """Explain what titles `a` and `b` (positions) share."""
        cosines = {name: self._vectors.cosine(name, a, b) for name in self._vectors.names}
        both, mine, yours = self._facts.shared(a, b), self._facts.own(a, b), self._facts.own(b, a)
        paths = [(path, self._evidence.path(path, a, b)) for path in self._facts.paths(a, b)]
        rows = [
            {"aspect": "similarity", "facet": name, "what": self._view(name), "weight": cosine, "learnt": True}
            for name, cosine in cosines.items()
            if cosine is not None
        ]
        for aspect, shared in (("both", both), ("only a", mine), ("only b", yours)):
            rows += self._rows(aspect, shared)
        rows += [{"aspect": "path", "facet": "path", "what": text} for text in dict.fromkeys(text for _, text in paths)]
        frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"weight": float})
        links = [text for path, text in paths if path.middle is None]
        return Explanation(frame, self._text(a, b, cosines, both, mine, yours, list(dict.fromkeys(links))))

    def _rows(self, aspect: str, shared: list[Shared]) -> list[dict[str, Any]]:
        labels = self._entities.labels([row.entity for row in shared])
        ids = self._entities.ids([row.entity for row in shared])
        return [
            {
                "aspect": aspect,
                "facet": self._facts.relations[row.relation].facet,
                "relation": self._facts.relations[row.relation].name,
                "what": label,
                "id": name,
                "weight": row.rarity,
                "learnt": row.learnt,
            }
            for row, label, name in zip(shared, labels, ids, strict=True)
        ]

    def _view(self, name: str) -> str:
        return name + (" (simulated)" if self._vectors.simulated(name) else "")

    def _text(
        self,
        a: int,
        b: int,
        cosines: dict[str, float | None],
        both: list[Shared],
        mine: list[Shared],
        yours: list[Shared],
        links: list[str],
    ) -> str:
        cards = self._entities.cards(np.array([a, b])).astype(object)
        names = [
            f"{label} ({', '.join(str(v) for v in (kind, year) if not pd.isna(v))})"
            for label, kind, year in zip(cards["label"], cards["kind"], cards["year"], strict=True)
        ]
        measured = [f"{self._view(name)} {cosine:.2f}" for name, cosine in cosines.items() if cosine is not None]
        text = f"{names[0]} and {names[1]}. Similarity: {', '.join(measured) or 'no view has both'}."
        if links:
            text += f" Linked: {'; '.join(links)}."
        if both:
            text += f" Both: {'; '.join(self._evidence.groups(both))}."
        else:
            text += " They share no fact."
        for label, rest in zip(cards["label"], (mine, yours), strict=True):
            if rest:
                text += f" Only {label}: {'; '.join(self._evidence.groups(rest[:_SHOWN], both=False))}."
        years = [int(year) for year in cards["year"] if not pd.isna(year)]
        if len(years) == 2 and years[0] != years[1]:
            text += f" {abs(years[0] - years[1])} years lie between them."
        return text
