"""The analyst's side: a release, opened to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.release import Release
from queries.audience import Audience
from queries.countries import Countries
from queries.entities import Entities, Positions, to_frame
from queries.errors import BadCount, EmptyQuestion, NoVector
from queries.evidence import Evidence
from queries.explanation import Explainer, Explanation
from queries.facts import Facts
from queries.filters import Filters
from queries.vectors import Floats, Vectors, nearest

MOST_RESULTS = 10_000

#: One title or several, each by identifier, label, another label, or "label (year)".
TitleNames = str | Sequence[str]


class TitleSpace:
    """Titles and what they are near to, as one release knows them.

    Opening maps the release's files into memory and reads little; tables are read when a question first needs them.
    Where titles are asked for by name, an exact label comes before another label; several titles of one name raise
    :class:`~queries.errors.AmbiguousTitle`, and an unknown name :class:`~queries.errors.UnknownTitle`.

    >>> space = TitleSpace.open("workspace")                                       # doctest: +SKIP
    >>> space.similar("Apocalypse Now", where={"kind": "film", "year": (1990, None)})  # doctest: +SKIP
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self._entities = Entities(release)
        self._facts = Facts(release)
        self._vectors = Vectors(release)
        self._evidence = Evidence(self._entities, self._facts, self._vectors)
        countries = Countries(self._entities)
        self._filters = Filters(release, self._entities, self._facts, countries)
        self._audience = Audience(release, self._entities, self._vectors, countries)

    @classmethod
    def open(cls, path: str | Path) -> TitleSpace:
        """Open the promoted release of a workspace, or the folder of a release.

        Raises :class:`embeddings.errors.NoRelease`, :class:`embeddings.errors.ReleaseDamaged`,
        :class:`embeddings.errors.UnsupportedRelease`.
        """
        return cls(Release.open(path))

    def __repr__(self) -> str:
        views = ", ".join(self._vectors.names)
        return f"TitleSpace({self.release.id}, {self._entities.num_titles:,} titles, views: {views})"

    # -- what there is

    @property
    def metrics(self) -> dict[str, Any]:
        """What was measured on this release, with the protocol in words."""
        return dict(self.release.manifest["metrics"])

    @property
    def views(self) -> pd.DataFrame:
        """One row a view: view, dim, titles (how many have a vector), made_from, simulated."""
        rows = [{"view": name} | about for name, about in self.release.manifest["views"].items()]
        return pd.DataFrame(rows, columns=["view", "dim", "titles", "made_from", "simulated"])

    def titles(self) -> pd.DataFrame:
        """Every title: id, label, kind, year, launch, runtime, countries, languages, summary."""
        return to_frame(self.release.table("titles.parquet"))

    def find(self, text: str, k: int = 10, *, kind: str | None = None) -> pd.DataFrame:
        """Titles whose names come nearest to `text`, typing errors forgiven.

        Args:
            text: as somebody remembers it.
            k: at most so many.
            kind: film or series, or look for entities of another kind: "book", "person", "genre", …

        Returns:
            id, label, kind, year, score (0 … 100), match (the name that matched); the best first. None may be near.
        """
        self._count(k)
        if not isinstance(text, str) or not text.strip():
            raise EmptyQuestion(f"{text!r} is no name to look for.")
        allowed = None if kind is None else self._entities.of_kind(kind)
        hits = (
            []
            if allowed is not None and not allowed[: self._entities.num_titles].any()
            else (self._entities.title_names.search(text, k, allowed))
        )
        if allowed is not None and allowed[self._entities.num_titles :].any():
            hits = sorted(hits + self._entities.other_names.search(text, k, allowed), key=lambda hit: -hit[1])[:k]
        frame = self._entities.cards(np.array([i for i, _, _ in hits], dtype=np.int64))
        return frame.assign(
            score=np.array([round(score, 1) for _, score, _ in hits], dtype=float),
            match=pd.array([name for _, _, name in hits], dtype="str"),
        )

    # -- titles near titles

    def similar(
        self,
        titles: TitleNames,
        k: int = 10,
        view: str = "fused",
        where: Mapping[str, Any] | None = None,
        evidence: bool = True,
    ) -> pd.DataFrame:
        """The `k` titles most similar to each of `titles`, found exactly.

        Args:
            titles: one, or several.
            k: at most so many for each.
            view: "fused", "theme" (what it is about), "graph" (what it is linked to) or "audience" (who watches it).
            where: conditions that results must meet: kind, year (one, or (first, last), either None), country,
                language, genre, or any relation, such as {"storyline": "heist"}; lists mean any of them.
            evidence: say what each has in common with the title.

        Returns:
            rank, id, label, kind, year, similarity (cosine), evidence; for several titles with `query` (its id) first.
            `attrs["note"]` says if viewers or audiences in this view are simulated.

        Raises:
            NoVector: the title has no vector in this view.
            BadFilter, BadCount, UnknownView, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        vectors, present = self._vectors.titles(view), self._vectors.present(view)
        asked = self._entities.titles(titles)
        for title in asked[~present[asked]].tolist():
            raise NoVector(self._entities.label(title), view, self._vectors.views_of(title))
        allowed = present & self._filters(where) if where else present
        hits = nearest(vectors, vectors[asked], k, allowed, asked)
        result = self._ranked(hits)
        if evidence:
            pairs = [(title, other) for title, (found, _) in zip(asked, hits, strict=True) for other in found]
            sentences = [self._evidence.sentence(int(title), int(other), view) for title, other in pairs]
            result["evidence"] = pd.array(sentences, dtype="str")
        if not isinstance(titles, str):
            names = np.repeat(np.array(self._entities.ids(asked), dtype=object), [len(found) for found, _ in hits])
            result.insert(0, "query", pd.Series(names, dtype="str"))
        if self._vectors.simulated(view):
            result.attrs["note"] = f"The view {view!r} was made with simulated viewers or audiences: nobody watched."
        return result

    def explain(self, a: str, b: str) -> Explanation:
        """In what ways two titles are comparable: a frame and a paragraph (see :class:`Explanation`)."""
        return Explainer(self._entities, self._facts, self._vectors, self._evidence)(
            self._entities.title(a), self._entities.title(b)
        )

    def related(self, entity: str, kind: str | None = None, k: int = 10) -> pd.DataFrame:
        """Entities nearest to any entity in the graph: books like a film, tags of a book, people of a genre.

        What is common to all entities of a type is taken off first, so different types can be compared.

        Args:
            entity: identifier or label of a title, book, person, tag, …
            kind: only of this kind ("film", "title", "book", "person", "tag", "storyline", "genre", …).
            k: at most so many.

        Returns:
            rank, id, label, kind, year, similarity, link (a fact that joins the two, if one is known).

        Raises:
            UnknownEntity, AmbiguousEntity, UnknownKind, BadCount: as they say.
            NoVector: no training fact mentions it.
        """
        self._count(k)
        vectors, present = self._vectors.entities()
        one = self._entities.entity(entity)
        if not present[one]:
            raise NoVector(self._entities.labels([one])[0], "graph", [])
        allowed = present if kind is None else present & self._entities.of_kind(kind)
        hits = nearest(vectors, vectors[[one]], k, allowed, np.array([one]))
        links = ["; ".join(self._links(one, other)) for other in hits[0][0].tolist()]
        return self._ranked(hits).assign(link=pd.array(links, dtype="str"))

    def vectors(self, titles: TitleNames | None = None, view: str = "fused") -> pd.DataFrame:
        """Vectors as a frame: one row a title, its id the index, columns `<view>_0`, `<view>_1`, …

        Without `titles`, all that have a vector; titles asked for that have none get a row of NaN.
        """
        matrix, present = self._vectors.titles(view), self._vectors.present(view)
        asked = np.flatnonzero(present) if titles is None else self._entities.titles(titles)
        values = matrix[asked].copy()
        values[~present[asked]] = np.nan
        index = pd.Index(self._entities.ids(asked), name="id", dtype="str")
        return pd.DataFrame(values, index=index, columns=[f"{view}_{i}" for i in range(matrix.shape[1])])

    # -- audiences

    def audience_features(
        self,
        titles: TitleNames,
        countries: str | Sequence[str] | None = None,
        *,
        k: int = 10,
        before: object | None = None,
    ) -> pd.DataFrame:
        """What titles comparable to each of `titles` had for an audience, by country and unit: features for a model.

        Comparables are the nearest in graph and theme, never by audience, launched before the title. If its own
        audience was measured, theirs must have been known by then. Units are never mixed.

        Args:
            titles: one, or several.
            countries: codes or names; default: every country where an audience is known.
            k: at most so many comparables in each country.
            before: a date; nothing launched or measured later is used. For asking as of then.

        Returns:
            title_id, title, country, unit; observed (the title's own size there, NaN if none is known);
            comparable_size (their sizes' geometric mean, weighted by similarity), comparable_count,
            comparable_share (of the k nearest titles with an audience anywhere, weighted by similarity, those with one
            there), comparable_similarity (their mean similarity); country_mean (geometric mean of every size there
            that was known by then); comparables (with their sizes), comparable_ids; simulated (whether any of it was).

        Raises:
            UnknownCountry, EmptyQuestion, BadCount, BadQuestion, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        asked = self._entities.titles(titles)
        where = [countries] if isinstance(countries, str) else countries
        return self._audience.features(asked, where, k, before)

    # -- shared by the above

    def _ranked(self, hits: Sequence[tuple[Positions, Floats]]) -> pd.DataFrame:
        """rank, id, label, kind, year, similarity of what several searches found, one after the other."""
        frame = self._entities.cards(np.concatenate([found for found, _ in hits]))
        frame["similarity"] = np.concatenate([scores for _, scores in hits])
        frame.insert(0, "rank", np.concatenate([np.arange(1, len(found) + 1) for found, _ in hits]))
        return frame

    def _links(self, a: int, b: int) -> list[str]:
        return list(dict.fromkeys(self._evidence.path(link, a, b) for link in self._facts.links(a, b)))

    @staticmethod
    def _count(k: object) -> None:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= MOST_RESULTS:
            raise BadCount(k, MOST_RESULTS)
