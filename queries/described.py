"""From what is said of a draft to facts: names looked up, unknown tags taken by their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.content.texts import Texts
from embeddings.errors import ExtraMissing
from embeddings.release import Release
from embeddings.words import nearest_tags
from queries.countries import Countries
from queries.entities import Entities
from queries.errors import BadQuestion, EmptyQuestion, UnknownEntity, UnknownLanguage, UnknownRelation
from queries.facts import Facts
from queries.launches import day
from queries.said import about_text, items, kind, minutes, missing, pairs, text, texts

#: Everything that a draft may be described by.
FIELDS = ("label", "summary", "tags", "kind", "launch", "countries", "languages", "runtime", "people", "facts")
#: Columns of the report on tags.
TAGS = ["given", "taken_as", "id", "relation", "similarity"]

_COLUMNS = ("label", "summary", "kind", "year", "launch", "runtime", "countries", "languages")

#: A tag is taken for a known one if their words' cosine is this at least.
_ALIKE = 0.6


@dataclass(eq=False, kw_only=True)
class Described:
    """What is known of one draft.

    Attributes:
        facts: relation (number) and what it leads to (position).
        rows: of the report on tags, `TAGS`.
        tagged: whether there are tags that are known.
        links: whether facts lead to more than tags.
        words: relation and tag, of what no name is known for.
        notes: what to know about the summary and the tags.
    """

    label: str
    summary: str
    kind: str | None
    launch: date | None
    year: int | None
    runtime: float | None
    countries: list[str]
    languages: list[str]
    facts: list[tuple[int, int]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    tagged: bool = False
    links: bool = False
    words: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Describer:
    """Understands descriptions; names that were looked up once are remembered."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, countries: Countries) -> None:
        self._release, self._entities, self._facts, self._countries = release, entities, facts, countries
        self._known: dict[tuple[str, str], tuple[int, int] | None] = {}

    def __call__(self, given: Mapping[str, Any], what: str) -> Described:
        """What `given`, some of the `FIELDS`, says; `what` names the draft where it says nothing.

        Raises :class:`BadQuestion`, :class:`EmptyQuestion` and errors for unknown names.
        """
        unknown = [name for name in given if name not in FIELDS]
        if unknown:
            near = get_close_matches(str(unknown[0]), FIELDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadQuestion(f"A draft has no {unknown[0]!r}; it has {', '.join(FIELDS)}.{hint}")
        given = {name: value for name, value in given.items() if not missing(value)}
        launch = day(given["launch"], "launch").astype(object) if "launch" in given else None
        draft = Described(
            label=text(given.get("label", ""), "label"),
            summary=text(given.get("summary", ""), "summary"),
            kind=kind(given.get("kind")),
            launch=launch,
            year=launch.year if launch else None,
            runtime=minutes(given.get("runtime")),
            countries=[self._countries.code(name) for name in texts(given.get("countries", ()), "countries")],
            languages=[self._language(name) for name in texts(given.get("languages", ()), "languages")],
        )
        draft.notes += about_text(draft.summary)
        self.tag(draft, given.get("tags", ()))
        for relation, name in pairs(given.get("people", ()), "people"):
            self._say(draft, relation, name, ("person",))
            draft.links |= draft.rows[-1]["taken_as"] is not None
        for fact in items(given.get("facts", ()), "facts"):
            draft.facts.append(self._fact(fact))
            draft.links = True
        for relation, sort, codes in (
            ("produced_in", "country", draft.countries),
            ("in_language", "language", draft.languages),
        ):
            for code in codes:
                found = self._entities.other_names.all_called(f"{sort}:{code}")
                draft.facts += [(which, found[0]) for which in self._facts.numbers(relation) if found]
        draft.facts = list(dict.fromkeys(draft.facts))
        if not (draft.summary or draft.facts or draft.words):
            raise EmptyQuestion(f"{what} says nothing to compare by: give a summary, tags, people or facts.")
        return draft

    def known(self, title: int, launch: date | None) -> Described:
        """What is known of a title of the release, as if it were a draft; `launch` is when it did, if that is known."""
        row: dict[str, Any] = self._release.table("titles.parquet", *_COLUMNS).slice(title, 1).to_pylist()[0]
        relations, entities, learnt = (column.tolist() for column in self._facts.of(title))
        facts = [fact for *fact, used in zip(relations, entities, learnt, strict=True) if used]
        tags = self._entities.of_kind("tag") | self._entities.of_kind("genre")
        return Described(
            label=row["label"],
            summary=row["summary"] or "",
            kind=row["kind"],
            launch=launch or row["launch"],
            year=row["year"],
            runtime=row["runtime"],
            countries=[code.rpartition(":")[2] for code in row["countries"] or ()],
            languages=[code.rpartition(":")[2] for code in row["languages"] or ()],
            facts=[(relation, entity) for relation, entity in facts],
            tagged=any(tags[entity] for _, entity in facts),
            links=not all(tags[entity] for _, entity in facts),
        )

    def called(self, draft: Described, relation: str, name: str) -> list[tuple[int, int]]:
        """The facts of a draft that lead to something called `name`, by this relation or, if it is empty, by any."""
        number = self._relation(relation) if relation else None
        entities = set(self._entities.other_names.all_called(name))
        return [fact for fact in draft.facts if fact[1] in entities and number in (None, fact[0])]

    def tag(self, draft: Described, tags: object) -> None:
        """Give a draft tags: names, or pairs of a relation and a name."""
        for relation, name in pairs(tags, "tags"):
            self._say(draft, relation, name, ("tag", "genre"))
            draft.tagged |= draft.rows[-1]["taken_as"] is not None

    def match_words(self, drafts: Sequence[Described], texts: Callable[[], Texts]) -> None:
        """Take tags that no name is known for as the known ones whose words come nearest, where they come near."""
        words = sorted({tag for draft in drafts for _, tag in draft.words})
        if not words:
            return
        try:
            tags, cosines = nearest_tags(self._release, words, texts())
        except ExtraMissing as error:
            for draft in drafts:
                if draft.words:
                    draft.notes.append(f"Unknown tags were left out: {error}")
            return
        found = dict(zip(words, zip(tags.tolist(), cosines.tolist(), strict=True), strict=True))
        for draft in drafts:
            left = []
            for relation, tag in draft.words:
                entity, cosine = found[tag]
                row = next(row for row in draft.rows if row["given"] == tag and row["taken_as"] is None)
                if entity < 0 or cosine < _ALIKE:
                    row["similarity"] = cosine if entity >= 0 else np.nan
                    left.append((relation, tag))
                    continue
                fact = (int(self._by_relation(entity).argmax()), entity)
                draft.facts.append(fact)
                row |= self._row(tag, fact, cosine)
                draft.tagged = True
            draft.words = left
            draft.facts = list(dict.fromkeys(draft.facts))

    # -- names

    def _say(self, draft: Described, relation: str, name: str, kinds: tuple[str, ...]) -> None:
        """Take a tag or a person into the draft's facts, or among the words that no name is known for."""
        if (relation, name) not in self._known:
            self._known[relation, name] = self._look_up(relation, name, kinds)
        fact = self._known[relation, name]
        if fact is None:
            if "person" not in kinds:  # a name says nothing by its words
                draft.words.append((relation, name))
            draft.rows.append(dict.fromkeys(TAGS) | {"given": name, "relation": relation or None, "similarity": np.nan})
        else:
            draft.facts.append(fact)
            draft.rows.append(self._row(name, fact, 1.0))

    def _row(self, name: str, fact: tuple[int, int], similarity: float) -> dict[str, Any]:
        relation, entity = fact
        return {
            "given": name,
            "taken_as": self._entities.labels([entity])[0],
            "id": self._entities.ids([entity])[0],
            "relation": self._facts.relations[relation].name,
            "similarity": similarity,
        }

    def _look_up(self, relation: str, name: str, kinds: tuple[str, ...]) -> tuple[int, int] | None:
        """The relation and the entity called `name` that most titles have, None if no title has any."""
        wanted = self._relation(relation) if relation else None
        best: tuple[int, tuple[int, int]] | None = None
        for entity in self._entities.other_names.all_called(name):
            if not any(self._entities.of_kind(kind)[entity] for kind in kinds):
                continue
            counts = self._by_relation(entity)
            which = int(counts.argmax()) if wanted is None else wanted
            count = int(counts[which]) if which < len(counts) else 0
            if count and (best is None or count > best[0]):
                best = (count, (which, entity))
        return None if best is None else best[1]

    def _by_relation(self, entity: int) -> npt.NDArray[np.int64]:
        """How many titles lead to `entity` by each relation; what books have says nothing of a title."""
        relations, heads, _ = self._facts.of(entity, "in")
        return np.bincount(relations[heads < self._entities.num_titles], minlength=1).astype(np.int64)

    def _relation(self, name: str) -> int:
        word = name.strip().casefold().replace(" ", "_")
        numbers = self._facts.numbers("has_genre" if word == "genre" else word)  # as in conditions
        if not numbers:
            names = [relation.name for relation in self._facts.relations]
            raise UnknownRelation(name, get_close_matches(name, names, n=2), "")
        return numbers[0]

    def _fact(self, fact: object) -> tuple[int, int]:
        if isinstance(fact, str) or not isinstance(fact, Sequence) or len(fact) != 2:
            raise BadQuestion(
                f'A fact is {fact!r}, but must be a relation and what it leads to: ("based_on", "book:…").'
            )
        relation, name = (text(part, "fact") for part in fact)
        number = self._relation(relation)
        try:
            return number, self._entities.entity(name)
        except UnknownEntity as error:
            raise UnknownEntity(name, error.nearest, f"A draft's {relation} must lead to something known.") from error

    def _language(self, name: str) -> str:
        local = name.strip().removeprefix("language:")
        if 2 <= len(local) <= 3 and local.isascii() and local.isalpha():
            return local.lower()
        ids = self._entities.ids(self._entities.other_names.all_called(name))
        found = [i.removeprefix("language:") for i in ids if i.startswith("language:")]
        if not found:
            raise UnknownLanguage(name, (), "Give a code such as 'es', or a name.")
        return found[0]
