"""The analyst's side: a release, opened to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from embeddings.release import Release
from queries.answers import Answers
from queries.asked import Asked, TitleNames, resolve, several
from queries.card import best_described, card
from queries.entities import to_frame
from queries.errors import BadCount, BadQuestion, EmptyQuestion
from queries.finding import found
from queries.weights import ViewNames

if TYPE_CHECKING:
    from queries.drafts import Draft
    from queries.explanation import Explanation
    from queries.leaning import Leaning
    from queries.maps import TitleMap

MOST_RESULTS = 10_000


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
        self._answers = Answers(release)

    @classmethod
    def open(cls, path: str | Path) -> TitleSpace:
        """Open the promoted release of a workspace, or the folder of a release.

        Raises :class:`embeddings.errors.NoRelease`, :class:`embeddings.errors.ReleaseDamaged`,
        :class:`embeddings.errors.UnsupportedRelease`.
        """
        return cls(Release.open(path))

    def __repr__(self) -> str:
        views = ", ".join(self._answers.vectors.names)
        return f"TitleSpace({self.release.id}, {self._answers.entities.num_titles:,} titles, views: {views})"

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

    def find(self, text: str | Sequence[str], k: int = 10, *, kind: str | None = None) -> pd.DataFrame:
        """Titles whose names come nearest to `text`, typing errors forgiven.

        Args:
            text: as somebody remembers it, or an identifier; or a list of these.
            k: at most so many.
            kind: film or series, or look for entities of another kind: "book", "person", "genre", …

        Returns:
            id, label, kind, year, score (0 … 100), match (the name that matched); the best first. None may be near.
            For several texts with `query` (the text) first.
        """
        self._count(k)
        return found(self._answers.entities, text, k, kind)

    def examples(self, k: int = 10) -> pd.DataFrame:
        """Titles of which most is known, to begin with: id, label, kind, year."""
        self._count(k)
        return self._answers.entities.cards(best_described(self.release, k))

    def card(self, title: str) -> dict[str, Any]:
        """All that is known of one title, as plain values (see :func:`queries.card.card`)."""
        return card(
            self.release,
            self._answers.entities,
            self._answers.facts,
            self._answers.vectors,
            self._answers.entities.title(title),
        )

    # -- titles near titles

    def similar(
        self,
        titles: TitleNames,
        k: int = 10,
        view: ViewNames = "fused",
        where: Mapping[str, Any] | None = None,
        evidence: bool = True,
        *,
        diversity: float = 0.0,
        same_franchise: bool = True,
        more: object = None,
        less: object = None,
        strength: float = 0.75,
    ) -> pd.DataFrame:
        """The `k` titles most similar to each of `titles`, found exactly.

        Args:
            titles: one, or several.
            k: at most so many for each.
            view: "fused", "theme" (what it is about), "graph" (what it is linked to) or "audience" (who watches it);
                a list of views that count alike, or views with weights, {"graph": 0.3, "theme": 0.7}.
            where: conditions that results must meet: kind, year (one, or (first, last), either None), country,
                language, genre, launched (True, False, or a date before which it must be), or any relation, such as
                {"storyline": "heist"}, {"based_on": True} or {"based_on": {"kind": "book"}}; lists mean any of them;
                "not" holds conditions that may not be met.
            evidence: say what each has in common with the title.
            diversity: 0 … 1; above 0, each result is to be unlike those before it (maximal marginal relevance).
            same_franchise: False leaves out sequels and whatever is part of the same series or universe.
            more, less: tags to be added or taken away ("like X, but darker"): a name, {"mood": "dark"}, or a list.
            strength: how far towards these tags, 0 … 10.

        Returns:
            rank, id, label, kind, year, similarity (cosine), evidence; for several titles with `query` (its id) first.
            With several views, similarity is the weighted mean of the columns similarity_<view>; a view that a result
            lacks is NaN there and counts 0. Where tags are asked for, and for drafts, the column `named` says what part
            of the similarity a result has for being known to have what was named (negative for what it should not
            have); the rest is the cosine. `attrs["note"]` says if viewers or audiences in a view are simulated.

        Raises:
            NoVector: the title has no vector in any of these views.
            BadFilter, BadCount, BadQuestion, UnknownView, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        return self._answers.similar(
            self._titles(titles),
            k,
            view,
            where,
            evidence=evidence,
            diversity=diversity,
            same_franchise=same_franchise,
            more=more,
            less=less,
            strength=strength,
            named=several(titles),
        )

    def facets(self, title: TitleNames, others: Sequence[str]) -> list[list[dict[str, Any]]]:
        """What `title` has in common with each of `others`, by facet: rows of facet and what (in words)."""
        one = self._one(title).nodes[0]
        return (
            [self._answers.evidence.facets(one, other) for other in self._titles(others).nodes] if len(others) else []
        )

    def explain(self, a: TitleNames, b: TitleNames) -> Explanation:
        """In what ways titles are comparable: a frame and a paragraph for each pair (see :class:`Explanation`).

        Args:
            a, b: one of each; one and several, which it is compared with one by one; or as many of each, in pairs.

        Raises:
            BadQuestion: several of each, and not as many. UnknownTitle, AmbiguousTitle, EmptyQuestion: as they say.
        """
        return self._answers.explainer(self._titles(a), self._titles(b), named=several(a) or several(b))

    def blend(
        self,
        *titles: TitleNames,
        k: int = 10,
        view: ViewNames = "fused",
        where: Mapping[str, Any] | None = None,
        evidence: bool = True,
    ) -> pd.DataFrame:
        """ "A meets B": titles that are near to all of `titles`, not merely near to their middle.

        Args:
            titles: at least two.
            k, view, where, evidence: as in :meth:`similar`.

        Returns:
            rank, id, label, kind, year, similarity (to the title it is least similar to), similarity_1, similarity_2, …
            (to each, in the order in which they were given), evidence. Ordered by the least of these, each standardised
            over all titles, so that a result far from one of them does not come first.

        Raises:
            EmptyQuestion: fewer than two titles. Others as :meth:`similar`.
        """
        self._count(k)
        names = [name for given in titles for name in (given if isinstance(given, list | tuple) else [given])]
        return self._answers.blend(self._titles(names), k, view, where, evidence=evidence)

    def lean(self, x: TitleNames, a: TitleNames, b: TitleNames) -> Leaning:
        """Does `x` lean to `a` or to `b`, and by which views and facets: a frame, a figure and a paragraph for each.

        Args:
            x, a, b: one of each, or as many as there are of the others; one stands with all of them.

        Returns:
            A :class:`~queries.leaning.Leaning`.

        Raises:
            BadQuestion: several of two, and not as many. UnknownTitle, AmbiguousTitle, EmptyQuestion: as they say.
        """
        named = any(several(names) for names in (x, a, b))
        return self._answers.leaner(self._titles(x), self._titles(a), self._titles(b), named=named)

    def recommend(
        self,
        watched: TitleNames,
        k: int = 10,
        *,
        weights: Sequence[float] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Titles for somebody who watched these, from what viewers of the same titles watched.

        Titles that too few watched get the score that their content lets expect; a watched title of that sort counts
        as those nearest to it. How well it does is in `metrics["recommendations"]`.

        Args:
            watched: one title, or several.
            k: at most so many.
            weights: how much each of `watched` counts; negative for what was disliked. Default: 1 each.
            where: as in :meth:`similar`.

        Returns:
            rank, id, label, kind, year, score (comparable within one answer only), from ("viewings" or "content"),
            because (the watched titles that speak most for it). `attrs["note"]` says what to know about it.

        Raises:
            NotInRelease: the release is older than this question.
            BadQuestion, EmptyQuestion, BadCount, BadFilter, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        return self._answers.recommender(self._titles(watched), k, weights, where)

    def related(self, entity: TitleNames, kind: str | None = None, k: int = 10) -> pd.DataFrame:
        """Entities nearest to any entity in the graph: books like a film, tags of a book, people of a genre.

        What is common to all entities of a type is taken off first, so different types can be compared.

        Args:
            entity: identifier or label of a title, book, person, tag, …; a draft; or several of these.
            kind: only of this kind ("film", "title", "book", "person", "tag", "storyline", "genre", …).
            k: at most so many.

        Returns:
            rank, id, label, kind, year, similarity, link (a fact that joins the two, if one is known); for several
            entities with `query` (its id) first.

        Raises:
            UnknownEntity, AmbiguousEntity, UnknownKind, BadCount: as they say.
            NoVector: no training fact mentions it.
        """
        self._count(k)
        return self._answers.related(entity, kind, k)

    def predict(self, entity: TitleNames, relation: str, k: int = 10, *, inverse: bool = False) -> pd.DataFrame:
        """Facts that are not known but probable: what `relation` would lead to from `entity`.

        Args:
            entity: identifier or label of a title, book, person, tag, …; of several of that name the one that can have
                the relation. A draft; or several of these.
            relation: "storyline", "based_on", "directed_by", …
            k: at most so many.
            inverse: ask from the other end: `predict("Heart of Darkness", "based_on", inverse=True)` asks for works
                that are based on the book.

        Returns:
            rank, id, label, kind, year, probability, score (the model's, larger is more plausible), evidence (the
            nearest that are known to have the fact); for several entities with `query` (its id) first. Only entities
            of a type that the relation allows and that the model was trained on; never those that are known already. A
            probability is that of being the missing fact where one is missing; how far it can be trusted is in
            `metrics["edge_probabilities"]`. Where too little was
            held out to tell, it is NaN, and `attrs["note"]` says so.

        Raises:
            UnknownRelation, BadRelation: no relation is called that, the entity is of a type that can't have it, or
                nothing was learnt of it.
            UnknownEntity, AmbiguousEntity, BadCount: as they say.
            NoVector: no training fact mentions the entity.
            NotInRelease: the release is older than this question.
        """
        self._count(k)
        return self._answers.predictions(entity, relation, k, inverse=inverse)

    def vectors(self, titles: TitleNames | None = None, view: str = "fused") -> pd.DataFrame:
        """Vectors as a frame: one row a title, its id the index, columns `<view>_0`, `<view>_1`, …

        Without `titles`, all that have a vector; titles asked for that have none get a row of NaN.
        """
        self._answers.vectors.check(view)
        if titles is None:
            present = np.flatnonzero(self._answers.vectors.present(view))
            asked = Asked(self._answers.entities, self._answers.vectors, present, {})
        else:
            asked = self._titles(titles)
        values, has = asked.vectors(view)
        values = np.where(has[:, None], values, np.float32(np.nan))
        index = pd.Index(asked.ids, name="id", dtype="str")
        return pd.DataFrame(values, index=index, columns=[f"{view}_{i}" for i in range(values.shape[1])])

    # -- titles that have not launched

    def draft(self, **described: Any) -> Draft:
        """A title that has not launched, to be asked about like any other; it is stored nowhere.

        Args:
            described: any of `label`; `summary` (English; its beginning is read); `tags` (names, or pairs of a relation
                and a name; one that nobody used is matched by its words); `kind` ("film" or "series"); `launch` (a
                date); `countries`, `languages` (codes or names); `runtime` (minutes); `people` (names, or pairs of a
                relation and a name); `facts` (pairs of a relation and what it leads to: `("based_on", "book:…")`).

        Returns:
            A :class:`~queries.drafts.Draft`: a vector in every view that there is something to make one from, what each
            was derived from and how far to trust it, and what each tag was taken for.

        Raises:
            EmptyQuestion: nothing is said to compare by.
            BadQuestion, UnknownCountry, UnknownRelation, UnknownEntity: as they say.
            embeddings.errors.ExtraMissing: there is only a summary, and no text encoder.
            NotInRelease: the release is older than this question.
        """
        return self._answers.drafts([described])[0]

    def drafts(self, frame: pd.DataFrame) -> list[Draft]:
        """Drafts of the rows of `frame`, whose columns are those that :meth:`draft` takes; empty cells say nothing."""
        if not isinstance(frame, pd.DataFrame):
            raise BadQuestion(f"Drafts come as a DataFrame with one row each, not as {type(frame).__name__}.")
        if frame.empty:
            raise EmptyQuestion("No draft is described: the table is empty.")
        return self._answers.drafts(
            [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
        )

    # -- audiences

    def audience(
        self,
        titles: TitleNames,
        countries: str | Sequence[str] | None = None,
        *,
        k: int = 5,
        before: object | None = None,
    ) -> pd.DataFrame:
        """What audience each of `titles` can expect, by country and unit, were it to launch now.

        A title whose audience is known is answered as if it were not, and as of its launch. Units are never mixed.
        Charts are censored, so what is expected is meant for titles that have an audience in some country.

        Args:
            titles: one, or several; drafts too.
            countries: codes or names; default: every country where there is something to learn from.
            k: at most so many comparables are named.
            before: a date; comparables whose audiences were not known by then are not used.

        Returns:
            title_id, title, country, unit; rank of the country among all of this title's, by `overall`; probability of
            an audience there; expected (its size if there is one), low and high (which hold it four times out of five);
            overall (expected size with absence as zero, a geometric mean); comparables (with their sizes there),
            comparable_ids; simulated (whether the audiences learnt from never were).

        Raises:
            NotInRelease: the release has no model of audiences.
            NoAudience, UnknownCountry, EmptyQuestion, BadCount, BadQuestion, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        return self._answers.forecasts(self._titles(titles), _listed(countries), k, before)

    def what_if(
        self,
        titles: TitleNames,
        countries: str | Sequence[str] | None = None,
        *,
        more: object = None,
        less: object = None,
        launch: object = None,
        k: int = 5,
    ) -> pd.DataFrame:
        """The audience to expect of each of `titles` as it is, and if it had other tags or launched in another month.

        A title of the release is described again by what is known of it, and asked of a model that knows nothing of its
        audience, so that both sides differ by the change alone. What a title says of itself in its summary stays.

        Args:
            titles: one, or several; drafts too.
            countries: codes or names; default: every country where there is something to learn from.
            more, less: tags to be added or taken away: a name, {"mood": "dark"}, or a list.
            launch: another date. Comparables are then those whose audiences were known by then, the year is another,
                and sizes change by what titles launched in that month had beyond what content lets expect (`season`).
            k: at most so many comparables are named.

        Returns:
            title_id, title, country, unit; rank, probability, expected, low, high and overall as in :meth:`audience`,
            each followed by the same with `_if`; change (of overall, in the unit), season (the factor of the month in
            it); comparables, comparable_ids (as they would be), simulated. The country that would be likeliest comes
            first. `attrs["note"]` says what unknown tags were taken for, and what is known of the month.

        Raises:
            BadQuestion: nothing is to be different, or a title has no tag of that name to be taken away.
            NotInRelease: the release has no model of audiences, or none for drafts. Others as :meth:`audience`.
        """
        self._count(k)
        return self._answers.what_if(self._titles(titles), _listed(countries), more, less, launch, k)

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
        return self._answers.audience.features(self._titles(titles), _listed(countries), k, before)

    def languages(self, titles: TitleNames, countries: str | Sequence[str] | None = None, k: int = 10) -> pd.DataFrame:
        """For which languages to prepare dubbing or subtitles first: those that add most of the audience to expect.

        What to expect is what :meth:`audience` foresees in each country; which languages are understood there comes
        from a packaged table (:mod:`queries.languages`), which is ours and approximate. A language adds those who
        understand neither the original nor a language ranked before it. Points of a chart are not people: where the
        unit speaks of points, a country counts by its points times its people (in millions). Where no original language
        is known, that of the producing country is assumed, and `attrs["note"]` says so.

        Args:
            titles: one, or several.
            countries: codes or names; default: every country where an audience is known.
            k: at most so many languages for each title and unit.

        Returns:
            title_id, title, unit, rank, language (ISO 639-1), name, added (in the unit), share (of all that is
            expected), audience (all who understand it, whatever was prepared before), prepare (what most of those added
            are used to: dubbing, voice-over or subtitles), because (the countries with what each adds), simulated.

        Raises:
            UnknownCountry, EmptyQuestion, BadCount, UnknownTitle, AmbiguousTitle: as they say.
        """
        self._count(k)
        return self._answers.languages(self._titles(titles), _listed(countries), k)

    def countries_like(self, country: str | Sequence[str], k: int = 10) -> pd.DataFrame:
        """Countries that watch alike: they watch more than others do what `country` watches more than others do.

        Args:
            country: a code or a name; or a list of these.
            k: at most so many for each unit.

        Returns:
            For several countries with `query` (its code) first:
            rank, country, name, unit, similarity (cosine of the sizes of all titles, in logarithms, less what the title
            and the country explain), titles (with a known size in both), because and because_ids (titles that both
            watch more than others do), simulated.

        Raises:
            UnknownCountry, NoAudience, BadCount: as they say.
        """
        self._count(k)
        return self._answers.taste(country, k)

    def markets(self) -> pd.DataFrame:
        """Where an audience is known: country, unit, titles (how many), simulated; most titles first."""
        return self._answers.taste.markets()

    def trends(
        self,
        country: str | Sequence[str] | None = None,
        by: str = "tags",
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        period: str = "month",
        min_titles: int = 10,
        sure: bool = True,
    ) -> pd.DataFrame:
        """Which tags or genres grow, and which fade: their share of the audience over time.

        Only titles of which anything of the sort is known count, and a title's audience is divided among its tags, so
        that a tag does not grow because more titles were described, or at more length. Errors are those of titles drawn
        at random: a tag that one hit carries has a wide interval.

        Args:
            country: a code or a name, or a list of these, each by itself; default: all countries together.
            by: "tags" (storyline, mood, …), "genre", "cluster", or any relation by name.
            k: at most so many that grow, and so many that fade.
            where: only titles that meet these conditions, as in :meth:`similar`.
            period: "month", "quarter" or "year".
            min_titles: fewer titles than that with a tag show no trend.
            sure: only what grows or fades by more than chance explains; else the `k` likeliest on either side, too.

        Returns:
            trend ("grows", "fades", or "steady" where nobody can tell), what, id, relation, country, unit,
            titles (that support it), share (of the audience, over all of the time), before and last (the share in the
            last quarter but one and in the last; years if `period` is "year"), change (their difference), growth
            (change of the share in one period, as a share of its mean; shrunk towards 0), low and high (its 90 %
            interval), behind and behind_ids (titles that moved it most), simulated.

        Raises:
            NotInRelease: the release is older than this question, or has no clusters.
            BadFilter, BadQuestion, BadCount, UnknownCountry, NoAudience: as they say.
        """
        self._count(k)
        self._count(min_titles)
        return self._answers.trends(country, by, k, where, period, min_titles, bool(sure))

    # -- maps

    def map(self, view: str = "fused", kind: str = "title", color: str = "genre") -> TitleMap:
        """Titles, books or countries laid out in the plane so that near means similar, in named clusters.

        A map that the release does not hold is made now, which takes a minute for 20,000 titles, and kept as long as
        this space is.

        Args:
            view: "fused", "theme", "graph" or "audience".
            kind: "title", or only "film" or "series"; "book" or "country", which have vectors in the graph view alone.
            color: "genre", "year", "country", "kind" or "cluster".

        Returns:
            A :class:`TitleMap`, which a notebook shows: a frame, the clusters, and `to_html`, `to_png`, `place`.

        Raises:
            ExtraMissing: the map must be made and the extra `maps` is not installed.
            BadQuestion, UnknownView, NoVector: as they say.
        """
        return self._answers.maps(view, kind, color, self._titles)

    # -- shared by the above

    def _titles(self, names: object) -> Asked:
        return resolve(self._answers.entities, self._answers.vectors, names)

    def _one(self, name: object) -> Asked:
        asked = self._titles(name)
        if len(asked) != 1:
            raise BadQuestion(f"{len(asked)} titles are given where one is asked for.")
        return asked

    @staticmethod
    def _count(k: object) -> None:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= MOST_RESULTS:
            raise BadCount(k, MOST_RESULTS)


def _listed(countries: object) -> list[str] | None:
    if countries is None or isinstance(countries, str):
        return None if countries is None else [countries]
    if not isinstance(countries, list | tuple | set | frozenset | pd.Series | pd.Index | np.ndarray):
        raise BadQuestion(f"{countries!r} are no countries: give a code such as 'ES', a name, or a list of these.")
    return list(countries)
