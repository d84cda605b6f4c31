"""Adaptations: films of one book near each other, and books near their films, where nobody has told which is which."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.names import fold
from embeddings.usefulness.measures import Floats, gain_over, interval, reciprocal_rank
from embeddings.views import BoolArray, FloatArray, IntArray, unit

_SOURCE = re.compile(
    r"\b(based (up)?on|adapt\w*|novel\w*|best-?sell\w*|books?|inspired by|short stor\w+|comics?|memoirs?)\b", re.I
)
_LETTERS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Adaptations:
    """Pairs of a film and its book, positions [p] each: held-out facts of based_on."""

    films: IntArray
    books: IntArray

    @classmethod
    def of(cls, catalogue: Catalogue, held_out: Facts, described: BoolArray | None = None) -> Adaptations:
        """Held-out adaptations of books; with `described`, bool [E], only of works that it marks."""
        own = held_out[np.isin(held_out.relations, catalogue.numbers({"based_on"}))]
        right = (own.heads < catalogue.num_titles) & (own.tails >= catalogue.num_titles)
        if described is not None:
            right &= described[own.heads] & described[own.tails]
        pairs = np.unique(np.stack([own.tails[right], own.heads[right]], axis=1), axis=0)
        return cls(films=pairs[:, 1], books=pairs[:, 0])

    def some(self, chosen: BoolArray) -> Adaptations:
        """Those pairs."""
        return Adaptations(films=self.films[chosen], books=self.books[chosen])

    @property
    def works(self) -> IntArray:
        """Positions of the films and books, ascending."""
        return np.unique(np.concatenate([self.films, self.books]))

    def measure(self, scores: FloatArray, works: IntArray, asked: IntArray | None = None) -> dict[str, Floats]:
        """Reciprocal ranks of each book asked about: "films" (another film of the book), "books" (a film of the book).

        Args:
            scores: how alike `works` are, [w, w].
            works: positions, ascending; where books are not among them, only films are asked about.
            asked: books; default: all.

        Candidates are all films of all books. A book's films count together, so that a book of 50 films is one.
        """
        cast = np.unique(self.films)
        columns = np.searchsorted(works, cast)
        films, sources = [], []
        for book in (np.unique(self.books) if asked is None else asked).tolist():
            own = np.searchsorted(cast, self.films[self.books == book])
            right = np.zeros(len(cast), dtype=bool)
            right[own] = True
            at = int(np.searchsorted(works, book))
            known = at < len(works) and works[at] == book
            sources.append(reciprocal_rank(scores[at, columns], right) if known else np.nan)
            ranks = []
            for film in own if len(own) > 1 else []:
                others, score = right.copy(), scores[columns[film], columns].copy()
                others[film], score[film] = False, -np.inf
                ranks.append(reciprocal_rank(score, others))
            films.append(np.mean(ranks) if ranks else np.nan)
        return {"films": np.array(films, dtype=np.float64), "books": np.array(sources, dtype=np.float64)}


def by_name(labels: Sequence[str], works: IntArray) -> FloatArray:
    """How alike works are by their names alone (normalised edit similarity), [w, w]."""
    from rapidfuzz import fuzz, process

    names = [fold(labels[i]) for i in works]
    return np.asarray(process.cdist(names, names, scorer=fuzz.ratio), dtype=np.float32)


def summary(found: Mapping[str, Mapping[str, Floats]], *, own: str = "fused") -> dict[str, Any]:
    """By question and method: mrr with its interval over books, and by how much `own` is ahead of it."""
    table: dict[str, Any] = {}
    for question in ("films", "books"):
        table[question] = {}
        for name, ranks in found.items():
            row: dict[str, Any] = {"mrr": interval(ranks[question])}
            if own in found and name != own:
                row["ahead"] = gain_over(found[own][question], ranks[question])
            table[question][name] = row
    return table


def give_aways(catalogue: Catalogue, facts: Facts, held_out: Facts) -> BoolArray:
    """bool [n]: facts that tag a film or book of a held-out adaptation with the name of the book or of its author."""
    folded = [fold(name) for name in catalogue.entities["label"]]
    told = _names(catalogue, facts, held_out, folded)
    tags = catalogue.numbers(catalogue.describing("Tag", "Genre"))
    given = np.zeros(len(facts), dtype=bool)
    asked = np.isin(facts.relations, tags) & np.isin(facts.heads, np.array(sorted(told), dtype=np.int64))
    for i in np.flatnonzero(asked):
        given[i] = any(name in folded[facts.tails[i]] for name in told[int(facts.heads[i])])
    return given


def without_source(catalogue: Catalogue, facts: Facts, held_out: Facts) -> list[str]:
    """The titles' summaries; those of held-out adaptations without the sentences that name their source."""
    folded = [fold(name) for name in catalogue.entities["label"]]
    told = _names(catalogue, facts, held_out, folded)
    summaries = [text if isinstance(text, str) else "" for text in catalogue.titles["summary"]]
    for title in sorted(told):
        if title < len(summaries) and summaries[title]:
            names = told[title] - {folded[title]}
            sentences = re.split(r"(?<=[.!?])\s+", summaries[title])
            kept = [s for s in sentences if not _SOURCE.search(s) and not any(name in fold(s) for name in names)]
            summaries[title] = " ".join(kept)
    return summaries


def _names(catalogue: Catalogue, facts: Facts, held_out: Facts, folded: Sequence[str]) -> dict[int, set[str]]:
    """By work of a held-out adaptation, what gives it away: names of the book and of its authors, their last too."""
    own = held_out[np.isin(held_out.relations, catalogue.numbers({"based_on"}))]
    wrote = np.isin(facts.relations, catalogue.numbers({"written_by"})) & np.isin(facts.heads, own.tails)
    names: dict[int, set[str]] = {int(book): {folded[book]} for book in own.tails}
    for book, author in zip(facts.heads[wrote].tolist(), facts.tails[wrote].tolist(), strict=True):
        names[book] |= {folded[author], folded[author].split()[-1]}
    told: dict[int, set[str]] = {}
    for film, book in zip(own.heads.tolist(), own.tails.tolist(), strict=True):
        long = {name for name in names[book] if len(name) > _LETTERS}
        told.setdefault(film, set()).update(long)
        told.setdefault(book, set()).update(long)
    return told


def concatenated(parts: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """A simple fusion [n, D]: parts about their means, of length 1, times √weight, missing ones zero."""
    own = []
    for name, weight in weights.items():
        vectors, there = parts[name], parts[name].any(axis=1)
        centred = np.zeros_like(vectors)
        if there.any():
            centred[there] = unit(vectors[there] - vectors[there].mean(axis=0))
        own.append(np.sqrt(np.float32(weight)) * centred)
    return unit(np.concatenate(own, axis=1))
