"""Between titles: to which of two a third leans, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from queries.asked import Asked, together
from queries.errors import BadQuestion
from queries.evidence import Evidence
from queries.facts import Facts, Shared
from queries.nodes import Node
from queries.told import Told
from queries.vectors import Vectors

_COLUMNS = ["aspect", "facet", "to_a", "to_b", "lean", "with_a", "with_b"]
#: Nobody leans by less than this share of the sum of both sides.
_BALANCED = 0.1


@dataclass(frozen=True, eq=False)
class Leaning(Told):
    """To which of two titles a third leans, and by what; or each of several.

    Attributes:
        frame: one row for each view that all three have and each facet: aspect ("view" or "facet"), facet, to_a and
            to_b (the similarity, or the summed rarity of what is shared with a and not with b), lean ("a", "b" or
            "neither"), with_a and with_b (what is shared with that one alone, in words). Of several, after `x`, `a`
            and `b` (identifiers).
        said: one row each: x, a, b (identifiers), lean (−1, to a, … 1, to b, by the facts and views together; 0 is in
            the middle), text (the same in a paragraph).
    """

    @property
    def lean(self) -> float:
        """−1 (to a) … 1 (to b). Raises :class:`BadQuestion` where several were asked about: each leans its own way."""
        if len(self.said) != 1:
            raise BadQuestion(f"Each of {len(self.said)} leans its own way: see `said`.")
        return float(self.said["lean"].iloc[0])


class Leaner:
    """Answers :meth:`queries.space.TitleSpace.lean`."""

    def __init__(self, facts: Facts, vectors: Vectors, evidence: Evidence) -> None:
        self._facts, self._vectors, self._evidence = facts, vectors, evidence

    def __call__(self, x: Asked, a: Asked, b: Asked, *, named: bool) -> Leaning:
        """Where each of `x` leans, between its fellows of `a` and `b`; if `named`, rows say which three they are of."""
        rows: list[dict[str, Any]] = []
        said: list[dict[str, Any]] = []
        for one, left, right in together(x, a, b):
            names = {"x": one.ids[0], "a": left.ids[0], "b": right.ids[0]}
            views, facets = self._sides(one.nodes[0], left.nodes[0], right.nodes[0])
            lean = self._overall(views, facets)
            text = self._text(one.labels[0], left.labels[0], right.labels[0], lean, views, facets)
            rows += [names | row for row in (*views, *facets)]
            said.append(names | {"lean": lean, "text": text})
        frame = pd.DataFrame(rows, columns=[*(("x", "a", "b") if named else ()), *_COLUMNS])
        return Leaning(frame.astype({"to_a": float, "to_b": float}), pd.DataFrame(said))

    def _sides(self, x: Node, a: Node, b: Node) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        views = [row for name in self._vectors.names if (row := self._by_view(name, x, a, b)) is not None]
        return views, self._by_facet(x, a, b)

    def _by_view(self, name: str, x: Node, a: Node, b: Node) -> dict[str, Any] | None:
        to_a, to_b = self._vectors.cosine(name, x, a), self._vectors.cosine(name, x, b)
        if to_a is None or to_b is None:
            return None
        # What counts is the difference as a share of what sets a and b apart: two near titles differ little to anybody.
        apart = 1 - (self._vectors.cosine(name, a, b) or 0.0)
        share = float(np.clip((to_b - to_a) / max(apart, 1e-6), -1, 1))
        words = name + (" (simulated)" if self._vectors.simulated(name) else "")
        row = {"aspect": "view", "facet": words, "to_a": to_a, "to_b": to_b, "lean": _side(share)}
        return row | {"with_a": "", "with_b": "", "share": share, "view": name}

    def _by_facet(self, x: Node, a: Node, b: Node) -> list[dict[str, Any]]:
        with_a, with_b = self._facts.shared(x, a), self._facts.shared(x, b)
        common = {(row.relation, row.entity) for row in with_a} & {(row.relation, row.entity) for row in with_b}
        sides: dict[str, tuple[list[Shared], list[Shared]]] = {}
        for number, shared in enumerate((with_a, with_b)):
            for row in shared:
                if (row.relation, row.entity) not in common:
                    facet = self._facts.relations[row.relation].facet
                    sides.setdefault(facet, ([], []))[number].append(row)
        rows: list[dict[str, Any]] = []
        for facet, (mine, yours) in sides.items():
            to_a, to_b = (float(sum(row.rarity for row in side)) for side in (mine, yours))
            words = ["; ".join(self._evidence.groups(side[:6], both=False)) for side in (mine, yours)]
            lean = _side((to_b - to_a) / (to_a + to_b))
            sums = {"aspect": "facet", "facet": facet, "to_a": to_a, "to_b": to_b, "lean": lean}
            rows.append(sums | {"with_a": words[0], "with_b": words[1]})
        return sorted(rows, key=lambda row: -max(row["to_a"], row["to_b"]))

    @staticmethod
    def _overall(views: list[dict[str, Any]], facets: list[dict[str, Any]]) -> float:
        parts = [row["share"] for row in views if row["view"] == "fused"] or [row["share"] for row in views]
        to_a, to_b = (sum(row[side] for row in facets) for side in ("to_a", "to_b"))
        if to_a + to_b:
            parts.append((to_b - to_a) / (to_a + to_b))
        return float(np.mean(parts)) if parts else 0.0

    @staticmethod
    def _text(x: str, a: str, b: str, lean: float, views: list[dict[str, Any]], facets: list[dict[str, Any]]) -> str:
        if not views and not facets:
            return f"Nothing is known that sets {a} and {b} apart for {x}: it shares no fact with either, and no view."
        side = {"a": a, "b": b}.get(_side(lean))
        text = f"{x} leans to {side} ({abs(lean):.2f} of 1)." if side else f"{x} stands between {a} and {b}."
        if views:
            measured = [f"{row['facet']} {row['to_a']:.2f} to {row['to_b']:.2f}" for row in views]
            text += f" Similarity to {a} and to {b}: {', '.join(measured)}."
        for name, key in ((a, "with_a"), (b, "with_b")):
            if words := [row[key] for row in facets if row[key]]:
                text += f" With {name} alone: {'; '.join(words[:4])}."
        return text


def _side(share: float) -> str:
    return "neither" if abs(share) < _BALANCED else ("a" if share < 0 else "b")
