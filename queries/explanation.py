"""In what ways two titles are comparable, and in what they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from queries.asked import Asked, together
from queries.entities import Entities
from queries.evidence import Evidence
from queries.facts import Facts, Shared
from queries.kin import Kin, Kinship
from queries.nodes import Node
from queries.taste import Taste
from queries.told import Told
from queries.vectors import Vectors

_COLUMNS = ["aspect", "facet", "relation", "what", "id", "weight", "learnt"]
_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Explanation(Told):
    """What two titles have in common, or the two of each of several pairs.

    Attributes:
        frame: one row each: aspect ("similarity", "both", "nearest", "audience", "path", "only a", "only b"), facet
            (storyline, mood, genre, people, source material, place, language, …; the view for a similarity), relation,
            what (in words), id, weight (the similarity, or the rarity: :func:`embeddings.rarity.rarity`), learnt
            (whether vectors were made from it: held-out facts and hints are shown but were not). "nearest" are tags,
            people, … of one that come near to one of the other's (weight: their cosine); "audience" are the countries
            where both were larger than is usual for them (weight: the lesser of the two, in standard deviations).
            Of several pairs, after `a` and `b` (identifiers).
        said: one row a pair: a, b (identifiers), text (the same as a paragraph).
    """


class Explainer:
    """Compares titles by their facts and their vectors."""

    def __init__(self, entities: Entities, facts: Facts, vectors: Vectors, evidence: Evidence, taste: Taste) -> None:
        self._entities, self._facts, self._vectors, self._evidence = entities, facts, vectors, evidence
        self._taste, self._kinship = taste, Kinship(facts, vectors)

    def __call__(self, a: Asked, b: Asked, *, named: bool) -> Explanation:
        """Explain what each of `a` shares with its fellow of `b`; if `named`, rows say of which pair they are."""
        rows: list[dict[str, Any]] = []
        said: list[dict[str, str]] = []
        for first, second in together(a, b):
            pair = {"a": first.ids[0], "b": second.ids[0]}
            found, text = self._explain(first.nodes[0], second.nodes[0], first, second)
            rows += [pair | row for row in found]
            said.append(pair | {"text": text})
        frame = pd.DataFrame(rows, columns=[*(("a", "b") if named else ()), *_COLUMNS]).astype({"weight": float})
        return Explanation(frame, pd.DataFrame(said))

    def _explain(self, a: Node, b: Node, first: Asked, second: Asked) -> tuple[list[dict[str, Any]], str]:
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
        kin = self._kinship(mine, yours)
        rows += self._near(kin)
        rows += [{"aspect": "path", "facet": "path", "what": text} for text in dict.fromkeys(text for _, text in paths)]
        places = self._taste.shared(a, b)
        rows += [
            {"aspect": "audience", "facet": "audience", "what": name, "id": f"country:{code}", "weight": value}
            for code, name, value in places
        ]
        links = [text for path, text in paths if path.middle is None]
        text = self._text(first, second, cosines, both, mine, yours, list(dict.fromkeys(links)))
        if kin:
            shown = sorted(kin, key=lambda each: -each.cosine)[:_SHOWN]
            near = [f"{mine} and {yours}" for mine, yours in self._labels(shown)]
            text += f" Near each other: {'; '.join(near)}."
        if places:
            text += f" Both were watched more than usual in {', '.join(name for _, name, _ in places[:_SHOWN])}."
        return rows, text + self._years(first, second)

    def _near(self, kin: list[Kin]) -> list[dict[str, Any]]:
        return [
            {
                "aspect": "nearest",
                "facet": self._facts.relations[each.mine.relation].facet,
                "relation": self._facts.relations[each.mine.relation].name,
                "what": f"{mine} ~ {yours}",
                "id": " ".join(self._entities.ids([each.mine.entity, each.yours.entity])),
                "weight": each.cosine,
                "learnt": True,
            }
            for each, (mine, yours) in zip(kin, self._labels(kin), strict=True)
        ]

    def _labels(self, kin: list[Kin]) -> list[tuple[str, str]]:
        labels = self._entities.labels([entity for each in kin for entity in (each.mine.entity, each.yours.entity)])
        return list(zip(labels[::2], labels[1::2], strict=True))

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
        a: Asked,
        b: Asked,
        cosines: dict[str, float | None],
        both: list[Shared],
        mine: list[Shared],
        yours: list[Shared],
        links: list[str],
    ) -> str:
        names = [self._card(a), self._card(b)]
        measured = [f"{self._view(name)} {cosine:.2f}" for name, cosine in cosines.items() if cosine is not None]
        text = f"{names[0]} and {names[1]}. Similarity: {', '.join(measured) or 'no view has both'}."
        if links:
            text += f" Linked: {'; '.join(links)}."
        if both:
            text += f" Both: {'; '.join(self._evidence.groups(both))}."
        else:
            text += " They share no fact."
        for label, rest in ((a.labels[0], mine), (b.labels[0], yours)):
            if rest:
                text += f" Only {label}: {'; '.join(self._evidence.groups(rest[:_SHOWN], both=False))}."
        return text

    def _card(self, title: Asked) -> str:
        if title.drafts:
            return f"{title.labels[0]} (draft)"
        [card] = self._entities.cards(title.positions).astype(object).to_dict("records")
        return f"{card['label']} ({', '.join(str(card[key]) for key in ('kind', 'year') if not pd.isna(card[key]))})"

    def _years(self, a: Asked, b: Asked) -> str:
        known = [title.positions for title in (a, b) if not title.drafts]
        years = [int(year) for year in self._entities.cards(np.concatenate(known))["year"].dropna()] if known else []
        if len(years) < 2 or years[0] == years[1]:
            return ""
        return f" {abs(years[0] - years[1])} years lie between them."
