"""Drafts: titles that have not launched, described by whatever is known of them, asked about like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.content.inputs import METADATA, TitleInputs
from embeddings.draft_trust import INPUTS
from embeddings.drafting import MEANS, Drafter, DraftInputs
from embeddings.errors import ExtraMissing
from embeddings.release import Release
from embeddings.words import TAGS, nearest_tags
from queries.countries import Countries
from queries.entities import Entities
from queries.errors import BadQuestion, EmptyQuestion, NotInRelease, UnknownEntity, UnknownLanguage, UnknownRelation
from queries.facts import Facts
from queries.launches import day
from queries.nodes import Drafted

#: Everything that a draft may be described by.
FIELDS = ("label", "summary", "tags", "kind", "launch", "countries", "languages", "runtime", "people", "facts")

#: A tag is taken for a known one if their words' cosine is this at least.
_ALIKE = 0.6
_MOST_TEXT = 100_000
_READ_WORDS = 190  # about as many as the text encoder reads
_TAGS = ["given", "taken_as", "id", "relation", "similarity"]
_VIEWS = ["view", "made_from", "trust"]
#: The commonest words of English prose: a text of some length without any of them is in another language.
_ENGLISH = frozenset(
    ("the", "of", "and", "to", "is", "his", "her", "their", "with", "who", "for", "by", "from", "that", "when", "it")
).union(("he", "she", "they", "at", "an", "are", "must", "after", "while", "has"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft(Drafted):
    """A title that the release does not hold; give it to any question in the place of a title.

    Attributes:
        notes: what to know about the summary and the tags.
    """

    notes: list[str] = field(default_factory=list)
    _views: list[dict[str, Any]] = field(repr=False)
    _tags: list[dict[str, Any]] = field(repr=False)

    @cached_property
    def views(self) -> pd.DataFrame:
        """One row a view that it has a vector in: view, made_from (in words), trust.

        Trust is, of the ten titles nearest to a title, the share that are also nearest to a draft of it with as much
        known; NaN where that was not measured.
        """
        return pd.DataFrame(self._views, columns=_VIEWS).astype({"trust": float})

    @cached_property
    def tags(self) -> pd.DataFrame:
        """One row a tag or person given: given, taken_as, id, relation, similarity.

        `taken_as` is the label of what it was taken for, none if it is not known; the similarity is 1 where the name is
        known, else the cosine of the words.
        """
        return pd.DataFrame(self._tags, columns=_TAGS).astype({"similarity": float})

    def __repr__(self) -> str:
        return f"Draft({self.label}, views: {', '.join(self.vectors)})"

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        tables = self.views.to_html(index=False) + (self.tags.to_html(index=False) if len(self.tags) else "")
        return f"<p><b>{escape(self.label)}</b> (draft)</p>{said}{tables}"


@dataclass(eq=False)
class _Described:
    """One draft on its way."""

    label: str
    summary: str
    kind: str | None
    launch: date | None
    runtime: float | None
    countries: list[str]
    languages: list[str]
    facts: list[tuple[int, int]]
    rows: list[dict[str, Any]]  # of the report on tags
    tagged: bool  # whether there are tags that are known
    links: bool  # whether facts lead to more than tags
    words: list[tuple[str, str]]  # relation and tag, of what no name is known for
    notes: list[str]


class Drafts:
    """Answers :meth:`queries.space.TitleSpace.draft` and :meth:`~queries.space.TitleSpace.drafts`."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, countries: Countries) -> None:
        self._release, self._entities, self._facts, self._countries = release, entities, facts, countries
        self._known: dict[tuple[str, str], tuple[int, int] | None] = {}

    def __call__(self, described: Sequence[Mapping[str, Any]]) -> list[Draft]:
        """Drafts of `described`, each with some of the `FIELDS`."""
        if MEANS not in self._release.manifest["files"] or TAGS not in self._release.manifest["files"]:
            raise NotInRelease(self._release.id, "models for drafts")
        drafts = [self._described(number, given) for number, given in enumerate(described)]
        self._match_words(drafts)
        inputs = _inputs(self._facts, drafts, self._entities)
        try:
            made = self._drafter(inputs)
        except ExtraMissing as error:
            if not all(draft.facts for draft in drafts):
                raise
            inputs = _without_summaries(inputs)
            for draft in drafts:
                if draft.summary:
                    draft.notes.append(f"The summary was not read: {error}")
            made = self._drafter(inputs)
        return [
            self._draft(number, draft, made.views, bool(made.by_facts[number])) for number, draft in enumerate(drafts)
        ]

    @cached_property
    def _drafter(self) -> Drafter:
        return Drafter(self._release)

    # -- what was said

    def _described(self, number: int, given: Mapping[str, Any]) -> _Described:
        unknown = [name for name in given if name not in FIELDS]
        if unknown:
            near = get_close_matches(str(unknown[0]), FIELDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadQuestion(f"A draft has no {unknown[0]!r}; it has {', '.join(FIELDS)}.{hint}")
        given = {name: value for name, value in given.items() if not _missing(value)}
        launch = day(given["launch"], "launch").astype(object) if "launch" in given else None
        draft = _Described(
            label=_text(given.get("label", ""), "label"),
            summary=_text(given.get("summary", ""), "summary"),
            kind=_kind(given.get("kind")),
            launch=launch,
            runtime=_runtime(given.get("runtime")),
            countries=[self._countries.code(name) for name in _texts(given.get("countries", ()), "countries")],
            languages=[self._language(name) for name in _texts(given.get("languages", ()), "languages")],
            facts=[],
            rows=[],
            tagged=False,
            links=False,
            words=[],
            notes=[],
        )
        draft.notes += _about_text(draft.summary)
        for relation, tag in _pairs(given.get("tags", ()), "tags"):
            self._say(draft, relation, tag, ("tag", "genre"))
            draft.tagged |= draft.rows[-1]["taken_as"] is not None
        for relation, name in _pairs(given.get("people", ()), "people"):
            self._say(draft, relation, name, ("person",))
            draft.links |= draft.rows[-1]["taken_as"] is not None
        for fact in given.get("facts", ()):
            draft.facts.append(self._fact(fact))
            draft.links = True
        for relation, kind, codes in (
            ("produced_in", "country", draft.countries),
            ("in_language", "language", draft.languages),
        ):
            for code in codes:
                found = self._entities.other_names.all_called(f"{kind}:{code}")
                draft.facts += [(which, found[0]) for which in self._facts.numbers(relation) if found]
        draft.facts = list(dict.fromkeys(draft.facts))
        if not (draft.summary or draft.facts or draft.words):
            what = "This draft" if number == 0 else f"Draft {number}"
            raise EmptyQuestion(f"{what} says nothing to compare by: give a summary, tags, people or facts.")
        return draft

    def _say(self, draft: _Described, relation: str, name: str, kinds: tuple[str, ...]) -> None:
        """Take a tag or a person into the draft's facts, or among the words that no name is known for."""
        if (relation, name) not in self._known:
            self._known[relation, name] = self._look_up(relation, name, kinds)
        fact = self._known[relation, name]
        if fact is None:
            if "person" not in kinds:  # a name says nothing by its words
                draft.words.append((relation, name))
            draft.rows.append(
                dict.fromkeys(_TAGS) | {"given": name, "relation": relation or None, "similarity": np.nan}
            )
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
        numbers = self._facts.numbers(name.strip().casefold().replace(" ", "_"))
        if not numbers:
            names = [relation.name for relation in self._facts.relations]
            raise UnknownRelation(name, get_close_matches(name, names, n=2), "")
        return numbers[0]

    def _fact(self, fact: object) -> tuple[int, int]:
        if isinstance(fact, str) or not isinstance(fact, Sequence) or len(fact) != 2:
            raise BadQuestion(
                f'A fact is {fact!r}, but must be a relation and what it leads to: ("based_on", "book:…").'
            )
        relation, name = (_text(part, "fact") for part in fact)
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

    def _match_words(self, drafts: Sequence[_Described]) -> None:
        """Take tags that no name is known for as the known ones whose words come nearest, where they come near."""
        words = sorted({tag for draft in drafts for _, tag in draft.words})
        if not words:
            return
        try:
            tags, cosines = nearest_tags(self._release, words, self._drafter.texts)
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

    # -- what was made

    def _draft(self, number: int, draft: _Described, vectors: Mapping[str, Any], by_facts: bool) -> Draft:
        facts = sorted(draft.facts)
        given = _Given(draft)
        own = {name: rows[number] for name, rows in vectors.items() if rows[number].any()}
        order = [name for name in self._release.manifest["views"] if name in own]
        trust = self._trust(given)
        views = [
            {"view": name, "made_from": given.words(name, by_facts), "trust": trust.get(name, np.nan)} for name in order
        ]
        named = f"{draft.label}|{draft.summary}|{facts}|{draft.words}|{draft.kind}|{draft.launch}"
        return Draft(
            id="draft:" + hashlib.sha256(named.encode()).hexdigest()[:12],
            label=draft.label or "the draft",
            vectors=own,
            relations=np.array([relation for relation, _ in facts], dtype=np.int16),
            entities=np.array([entity for _, entity in facts], dtype=np.int32),
            learnt=np.ones(len(facts), dtype=bool),
            kind=draft.kind,
            launch=draft.launch,
            notes=draft.notes,
            _views=views,
            _tags=draft.rows,
        )

    def _trust(self, given: _Given) -> Mapping[str, float]:
        measured = self._release.manifest["metrics"].get("drafts", {}).get("by_inputs", {})
        return measured.get(" + ".join(given.inputs), {})


class _Given:
    """What is known of a draft, in words."""

    def __init__(self, draft: _Described) -> None:
        self.summary = bool(draft.summary)
        self.facts = len(draft.facts)
        self.links = draft.links
        self.unknown = len(draft.words)
        self.tags = draft.tagged or bool(self.unknown)

    @property
    def inputs(self) -> list[str]:
        """Names of what trust was measured for."""
        there = {"summary": self.summary, "tags": self.tags, "links": self.links}
        return [name for name in INPUTS if there[name]]

    def words(self, view: str, by_facts: bool) -> str:
        """What the vector of a view comes from."""
        facts = f"{self.facts} facts" if self.facts != 1 else "1 fact"
        parts = [*(["the summary"] if self.summary else []), *([facts] if self.facts else [])]
        if self.unknown:
            parts.append("words of unknown tags")
        if view == "graph":
            return f"its {facts}" if by_facts else f"foreseen from {' and '.join(parts)}"
        prefix = "what content tells of audiences: " if view == "audience" else ""
        return prefix + ", ".join(parts)


def _inputs(facts: Facts, drafts: Sequence[_Described], entities: Entities) -> DraftInputs:
    said = [(row, relation, entity) for row, draft in enumerate(drafts) for relation, entity in draft.facts]
    rows, relations, tails = (
        np.array(column, dtype=np.int64) for column in (zip(*said, strict=True) if said else ((), (), ()))
    )
    names = np.array([relation.name for relation in facts.relations], dtype=object)
    known = pd.DataFrame({"row": rows, "relation": names[relations], "tag": entities.ids(tails)})
    words = [(row, relation, tag) for row, draft in enumerate(drafts) for relation, tag in draft.words]
    unknown = pd.DataFrame(words, columns=["row", "relation", "tag"])
    metadata = pd.DataFrame(
        [
            (
                draft.kind,
                draft.launch.year if draft.launch else None,
                draft.runtime,
                draft.countries or None,
                draft.languages or None,
            )
            for draft in drafts
        ],
        columns=METADATA,
    )
    tags = pd.concat([known, unknown], ignore_index=True) if len(unknown) else known
    content = TitleInputs(summaries=[draft.summary for draft in drafts], tags=tags, metadata=metadata)
    labels = [draft.label for draft in drafts]
    return DraftInputs(labels=labels, content=content, drafts=rows, relations=relations, entities=tails)


def _without_summaries(inputs: DraftInputs) -> DraftInputs:
    content = TitleInputs(summaries=[""] * len(inputs), tags=inputs.content.tags, metadata=inputs.content.metadata)
    return DraftInputs(
        labels=inputs.labels,
        content=content,
        drafts=inputs.drafts,
        relations=inputs.relations,
        entities=inputs.entities,
    )


def _missing(value: object) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadQuestion(f"Among the draft's {what} is {value!r}, but it must be text.")
    return " ".join(value[:_MOST_TEXT].split())


def _texts(value: object, what: str) -> list[str]:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, Sequence | set | frozenset):
        raise BadQuestion(f"The draft's {what} are {value!r}, but must be a list of texts.")
    texts = [_text(each, what) for each in value]
    return [text for text in dict.fromkeys(texts) if text]


def _pairs(value: object, what: str) -> list[tuple[str, str]]:
    """Texts, or pairs of a relation and a text, as pairs; the relation is empty where none is given."""
    if isinstance(value, Mapping):
        return [(str(relation), text) for relation, several in value.items() for text in _texts(several, what)]
    if isinstance(value, str | set | frozenset | np.ndarray):
        return [("", text) for text in _texts(value, what)]
    if not isinstance(value, Sequence):
        raise BadQuestion(f"The draft's {what} are {value!r}, but must be a list of texts.")
    pairs = []
    for each in value:
        if isinstance(each, tuple | list) and len(each) == 2:
            pairs.append((_text(each[0], what), _text(each[1], what)))
        else:
            pairs.append(("", _text(each, what)))
    return [pair for pair in dict.fromkeys(pairs) if pair[1]]


def _kind(value: object) -> str | None:
    if value is None:
        return None
    kind = str(value).strip().casefold()
    if kind not in ("film", "series"):
        raise BadQuestion(f"The draft's kind is {value!r}, but must be film or series.")
    return kind


def _runtime(value: Any) -> float | None:
    if value is None:
        return None
    try:
        minutes = float(value)
    except (TypeError, ValueError):
        minutes = -1.0
    if not 0 < minutes < 100_000:
        raise BadQuestion(f"The draft's runtime is {value!r}, but must be a number of minutes.")
    return minutes


def _about_text(summary: str) -> list[str]:
    words = summary.casefold().split()
    notes = []
    if len(words) >= 8 and sum(word.strip(".,;:!?\"'()") in _ENGLISH for word in words) < len(words) / 16:
        notes.append("The summary does not seem to be English, which is all that the packaged text encoder knows well.")
    if len(words) > _READ_WORDS:
        notes.append(f"Of the summary's {len(words):,} words only about the first {_READ_WORDS} are read.")
    return notes
